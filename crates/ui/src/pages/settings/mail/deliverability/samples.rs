//! Nothing set up, a domain with trouble of every kind, pasted headers.

use domain::deliverability::{Code, Finding};

use super::*;
use crate::{
    locale::Language,
    pages::samples::{NOW, shell},
};

pub(crate) fn samples(language: Language) -> Vec<DeliverabilityPage> {
    let empty = || {
        let shell = shell(language, Section::Settings, "deliverability-title");
        DeliverabilityPage {
            tabs: links(&shell, Tab::Mail),
            profile_href: "/settings/mail/2".to_owned(),
            form: Form::new(language).with("profile", "2"),
            report: None,
            paste: Form::new(language),
            pasted: None,
            shell,
        }
    };
    let record = "v=spf1 include:_spf.google.com ~all";
    // Every sentence there is, so that each is seen in both languages.
    let all: Vec<Finding> = Code::ALL
        .iter()
        .map(|code| {
            let finding = every_value(*code);
            let names_a_record = code.advice().contains("this ");
            if names_a_record {
                finding.publish("example.org", record)
            } else {
                finding
            }
        })
        .collect();
    let report = Report {
        domain: "example.org".to_owned(),
        provider: Some("Google"),
        at: NOW.minus(std::time::Duration::from_mins(7)),
        topics: findings::by_topic(language, &all),
    };
    let pasted = PastedView {
        topics: findings::by_topic(
            language,
            &[
                every_value(Code::ResultSpfPass),
                every_value(Code::ResultDmarcFail),
            ],
        ),
        signatures: vec![(
            "s1".to_owned(),
            "example.org".to_owned(),
            "/settings/mail/deliverability?selector=s1".to_owned(),
        )],
    };
    let wrong = domain::field::FieldError::new("domain", "domain-invalid", "This is not a domain.");
    let form = Form::new(language)
        .with("domain", "example.org")
        .with("selector", "s1, s2");
    vec![
        DeliverabilityPage {
            form: Form::new(language).with("domain", "<b>").refused(wrong.into()),
            ..empty()
        },
        DeliverabilityPage {
            form,
            report: Some(report),
            ..empty()
        },
        DeliverabilityPage {
            pasted: Some(pasted),
            ..empty()
        },
    ]
}

/// A finding with a value for each placeholder of its sentences.
fn every_value(code: Code) -> Finding {
    let names = [code.seen(), code.advice()]
        .into_iter()
        .flat_map(|t| t.split('{').skip(1).filter_map(|p| p.split('}').next()));
    names.fold(Finding::new(code), |f, name| {
        let value = match name {
            "record" => "v=spf1 <script>alert(1)</script> ~all",
            "count" | "void" => "11",
            "most" => "10",
            "bits" => "1024",
            _ => "example.org",
        };
        f.with(name, value)
    })
}
