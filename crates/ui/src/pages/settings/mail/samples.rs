//! The page before anything is set up, with everything going well, and with a failed test.

use std::time::Duration;

use alert::{
    Outlook,
    mail::{CertificateReport, ChainLink, MailTest, Step, StepReport},
};
use domain::{
    id::ProfileId,
    mail::{
        MailSettings,
        breaker::{Breaker, Fault},
    },
};
use serde_json::json;
use store::{
    MailProfile,
    mail::{Canary, MailHealth, MailQueue},
};

use super::*;
use crate::{
    locale::Language,
    pages::samples::{NOW, shell},
};

pub(crate) fn samples(language: Language) -> Vec<MailPage> {
    let blank = Form::new(language)
        .with("port", "465")
        .with("security", "tls")
        .with("auth", "auto")
        .tick("verify_certificate", true);
    let chosen = |id: &str, region: &str| presets::find(id, region);
    let filled = filled(language);
    let wrong = FieldError::new("password", "password-reenter", "Enter the password again.");
    let mut errors = FieldErrors::from(wrong);
    errors.push(FieldError::new(
        "config",
        "unknown-field",
        "There is no such field.",
    ));
    vec![
        MailPage {
            chosen: chosen("gmail", ""),
            ..sample(language, &stored(Target::Primary, 0, true), blank.clone())
        },
        MailPage {
            chosen: chosen("ses", "eu-west-1"),
            ..sample(language, &stored(Target::New, 2, true), blank)
        },
        MailPage {
            has_password: true,
            test: Some(test(language, true)),
            ..sample(language, &stored(Target::Primary, 1, true), filled.clone())
        },
        MailPage {
            has_password: true,
            password_again: true,
            test: Some(test(language, false)),
            ..sample(
                language,
                &stored(Target::One(ProfileId(2)), 3, false),
                filled.with("port", "465").refused(errors),
            )
        },
    ]
}

pub(crate) fn deletions(language: Language) -> Vec<profiles::Deletion> {
    let deletion = |is_only| {
        let shell = shell(language, Section::Settings, "mail-delete-title");
        profiles::Deletion {
            tabs: links(&shell, Tab::Mail),
            id: ProfileId(1),
            title: "smtp.example.org:587".to_owned(),
            is_only,
            shell,
        }
    };
    vec![deletion(true), deletion(false)]
}

fn sample(language: Language, stored: &Stored, form: Form) -> MailPage {
    let shell = shell(language, Section::Settings, "settings-mail");
    let outlook = match stored.profiles.len() {
        0 => Outlook::Stuck("Mail is not set up.".to_owned()),
        3 => Outlook::Waits {
            until: NOW.plus(Duration::from_secs(90)),
            why: "Not tried now, because it has just failed.".to_owned(),
        },
        _ => Outlook::Uses(ProfileId(1)),
    };
    MailPage {
        tabs: links(&shell, Tab::Mail),
        target: stored.target,
        profiles: Profiles::new(language, stored, &outlook, NOW),
        warning: Notice::about(
            language,
            form.value("host"),
            form.value("port"),
            form.value("security"),
        ),
        has_password: false,
        password_again: false,
        has_client_secret: false,
        client_secret_again: false,
        concerns: Concerns::of(language, stored, NOW),
        groups: presets::GROUPS,
        chosen: None,
        in_use: InUse::of(language, stored, &outlook),
        test: None,
        form: form.with("test_to", "me@example.org"),
        shell,
    }
}

/// So many profiles, the second one switched off, the first one with its check of certificates off when not `well`.
fn stored(target: Target, profiles: i64, well: bool) -> Stored {
    let profile = |id: i64| {
        let settings = json!({
            "host": "smtp.example.org", "port": 587, "security": "starttls", "username": "watch@example.org",
            "password": "sample", "from": "watch@example.org", "enabled": id != 2 || !well,
            "name": (id == 2).then_some("Relay of the office"), "verify_certificate": well,
        });
        MailProfile {
            id: ProfileId(id),
            revision: 7,
            settings: MailSettings::from_json(settings, None).unwrap(),
            saved_at: NOW.minus(Duration::from_hours(50)),
            saved_by: "me@example.org".to_owned(),
            changed: vec!["host".to_owned(), "password".to_owned()],
        }
    };
    let mut breaker = Breaker::default();
    if !well {
        let then = NOW.minus(Duration::from_mins(3));
        for _ in 0..5 {
            breaker = breaker.failed(Fault::Failed, then, then);
        }
    }
    let health = MailHealth {
        last_success: Some((
            NOW.minus(Duration::from_mins(42)),
            "250 2.0.0 Ok: queued as 4Xk2".to_owned(),
            7,
        )),
        last_error: (!well).then(|| {
            (
                NOW.minus(Duration::from_mins(3)),
                "535 5.7.8 Authentication credentials invalid".to_owned(),
            )
        }),
        last_error_step: (!well).then(|| "auth".to_owned()),
        breaker,
        canary: Canary {
            at: Some(NOW.minus(Duration::from_hours(40))),
            error: (!well).then(|| "The server did not answer.".to_owned()),
            tried: Some(NOW.minus(Duration::from_hours(if well { 40 } else { 2 }))),
        },
    };
    Stored {
        target,
        profiles: (1..=profiles).map(profile).collect(),
        health: (1..=profiles).map(|id| (ProfileId(id), health.clone())).collect(),
        grants: std::collections::HashMap::new(),
        canary: well,
        queue: MailQueue {
            pending: if well { 0 } else { 3 },
            oldest_pending: (!well).then(|| NOW.minus(Duration::from_mins(3))),
            ..MailQueue::default()
        },
    }
}

fn filled(language: Language) -> Form {
    Form::new(language)
        .with("host", "smtp.example.org")
        .with("port", "587")
        .with("security", "starttls")
        .with("auth", "auto")
        .with("username", "watch@example.org")
        .with("from", "watch@example.org")
        .tick("verify_certificate", true)
}

fn test(language: Language, ok: bool) -> TestView {
    let step = |step, ok, ms, detail: &str| StepReport {
        step,
        ok,
        ms,
        detail: detail.to_owned(),
    };
    let mut steps = vec![
        step(
            Step::Dns,
            true,
            3,
            "smtp.example.org is 192.0.2.25 and 2001:db8::25.",
        ),
        step(Step::Connect, true, 21, "Connected to 192.0.2.25:587."),
        step(Step::Greeting, true, 38, "220 smtp.example.org ESMTP"),
        step(
            Step::StartTls,
            true,
            64,
            "TLS 1.3, certificate of smtp.example.org, 61 days left.",
        ),
    ];
    if ok {
        steps.push(step(Step::Reply, true, 112, "250 2.0.0 Ok: queued as 4Xk2"));
    } else {
        steps.push(step(
            Step::Auth,
            false,
            203,
            "535 5.7.8 Authentication credentials invalid",
        ));
    }
    let report = MailTest {
        ok,
        failed_step: (!ok).then_some(Step::Auth),
        dry_run: false,
        detail: steps.last().map(|s| s.detail.clone()).unwrap_or_default(),
        hint: (!ok).then(|| "The server refused user name or password. Check both.".to_owned()),
        steps,
        not_reached: if ok {
            Vec::new()
        } else {
            vec![Step::MailFrom, Step::RcptTo]
        },
        certificate: Some(CertificateReport {
            subject: "smtp.example.org".to_owned(),
            issuer: "Example CA".to_owned(),
            names: vec!["smtp.example.org".to_owned()],
            not_before: "2026-09-01T00:00:00.000Z".to_owned(),
            not_after: "2026-11-30T00:00:00.000Z".to_owned(),
            days_left: 61,
            fingerprint_sha256: "00:11:22".to_owned(),
            chain: vec![ChainLink {
                subject: "smtp.example.org".to_owned(),
                issuer: "Example CA".to_owned(),
                not_after: "2026-11-30T00:00:00.000Z".to_owned(),
            }],
        }),
        transcript: [
            "+0.041 s S: 220 smtp.example.org ESMTP",
            "+0.042 s C: EHLO watch.example.org",
            "+0.097 s C: AUTH PLAIN ***",
        ]
        .map(str::to_owned)
        .to_vec(),
        reply_code: None,
        queue_id: None,
        server: None,
        remote: None,
        revision: None,
    };
    let to = Address::parse("to", "me@example.org").unwrap();
    TestView::new(language, &report, &to, !ok)
}
