//! Whatever a zone or a pasted text holds: no panic, an end, and nothing unsafe in a finding.

use domain::{
    deliverability::{Answer, Finding, Kind, Zone, judge, results, zone::MOST_QUESTIONS},
    text::is_unsafe,
};
use proptest::prelude::*;

use super::{World, complete, subject};

fn harmless(findings: &[Finding]) {
    complete(findings);
    for finding in findings {
        let texts = [finding.seen(), finding.advice().unwrap_or_default()];
        let publish = finding
            .publish
            .iter()
            .flat_map(|p| [p.name.clone(), p.value.clone()]);
        for text in texts.into_iter().chain(publish) {
            assert!(!text.chars().any(is_unsafe), "{text:?}");
            assert!(text.chars().count() < 4000);
        }
    }
}

/// Text with the words of these records in it, so that chance gets deep into the parsers.
fn record() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "v=spf1 ",
        "v=DMARC1;",
        "v=DKIM1;",
        "p=",
        "p=none;",
        "rua=mailto:",
        "@",
        "include:",
        "a:",
        "a/",
        "mx:",
        "mx/",
        "//",
        "ip4:192.0.2.1",
        "ip6:::1/",
        "redirect=",
        "exists:%{i}",
        "all",
        "-all",
        "+all ",
        "ptr",
        " ",
        ";",
        "=",
        "%",
        "{",
        "}",
        "example.org",
        "a.example",
        "b.example",
        "_spf.google.com",
        "k=rsa;",
        "MIIBIjANBgkqhkiG9w0BAQEFAAOC",
        "sp=",
        "pct=",
    ]);
    prop::collection::vec(prop_oneof![words.prop_map(str::to_owned), ".{0,12}"], 0..12)
        .prop_map(|w| w.concat())
}

proptest! {
    #[test]
    fn any_zone_has_an_end(records in prop::collection::vec(record(), 1..4), names in prop::collection::vec("[a-c]", 0..4)) {
        let mut world = World::default();
        for name in ["example.org", "_dmarc.example.org", "google._domainkey.example.org", "a.example", "b.example", "_spf.google.com"] {
            for record in &records {
                world.add(name, Kind::Txt, record);
            }
        }
        for name in &names {
            world.add("example.org", Kind::Mx, name);
        }
        let (findings, asked) = world.judge(&subject("smtp.gmail.com", "me@example.org", ""));
        harmless(&findings);
        prop_assert!(asked <= MOST_QUESTIONS);
    }

    #[test]
    fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        for head in ["", "v=spf1 ", "v=DMARC1; ", "v=DKIM1; p="] {
            let answer = Answer::Records(vec![format!("{head}{text}")]);
            let mut zone = Zone::default();
            for _ in 0..100 {
                let judgement = judge(&subject("mail.example.org", "me@example.org", "s1"), &zone);
                harmless(&judgement.findings);
                if judgement.open.is_empty() { break; }
                for question in judgement.open { zone.add(question, answer.clone()); }
            }
        }
    }

    #[test]
    fn any_text_may_be_pasted(text in ".{0,300}", noise in prop::collection::vec(prop::sample::select(vec![
        "Authentication-Results:", "ARC-Authentication-Results: i=1;", " mx.example;", "spf=", "pass", "(", ")", "\\", "\"", ";", "=", "\n", "\n ",
        "dkim/1", " header.d=", "smtp.mailfrom=", "@", "example.org", "From: <", ">", "DKIM-Signature: d=", "s=",
    ]), 0..40)) {
        for pasted in [text.clone(), noise.concat(), format!("Authentication-Results: {text}"), format!("{}{text}", noise.concat())] {
            if let Ok(pasted) = results::parse("headers", &pasted) {
                harmless(&pasted.findings());
            }
        }
    }
}

/// Every name includes ten more, without end.
#[test]
fn a_tree_without_end_is_cut() {
    struct Endless;
    impl Endless {
        fn answer(name: &str) -> Answer {
            let includes: Vec<String> = (0..10).map(|i| format!("include:{i}.{name}")).collect();
            Answer::Records(vec![format!("v=spf1 {} -all", includes.join(" "))])
        }
    }
    let subject = subject("mail.example.org", "me@example.org", "");
    let mut zone = Zone::default();
    let mut rounds = 0;
    let findings = loop {
        let judgement = judge(&subject, &zone);
        if judgement.open.is_empty() {
            break judgement.findings;
        }
        rounds += 1;
        for question in judgement.open {
            let answer = Endless::answer(&question.name);
            zone.add(question, answer);
        }
    };
    assert!(
        zone.len() <= MOST_QUESTIONS && rounds <= MOST_QUESTIONS,
        "{} {rounds}",
        zone.len()
    );
    assert!(
        findings.iter().any(|f| f.code.as_str() == "spf-too-many-lookups"),
        "{findings:#?}"
    );
}
