//! The page before anything is set up, with everything going well, and with a failed test.

use std::time::Duration;

use alert::mail::{CertificateReport, ChainLink, MailTest, Step, StepReport};
use domain::{id::ProfileId, mail::MailSettings};
use serde_json::json;
use store::{MailProfile, mail::MailQueue};

use super::*;
use crate::{
    locale::Language,
    pages::samples::{NOW, shell},
};

pub(crate) fn samples(language: Language) -> Vec<MailPage> {
    let blank = MailPage {
        preset: presets::find("gmail"),
        ..sample(
            language,
            Form::new(language)
                .with("port", "465")
                .with("security", "tls")
                .tick("verify_certificate", true),
        )
    };
    let filled = filled(language);
    let wrong = FieldError::new("password", "password-reenter", "Enter the password again.");
    let mut errors = FieldErrors::from(wrong);
    errors.push(FieldError::new(
        "config",
        "unknown-field",
        "There is no such field.",
    ));
    vec![
        blank,
        MailPage {
            in_use: Some(in_use(language, true)),
            has_password: true,
            test: Some(test(language, true)),
            ..sample(language, filled.clone())
        },
        MailPage {
            in_use: Some(in_use(language, false)),
            waiting: 3,
            has_password: true,
            password_again: true,
            test: Some(test(language, false)),
            ..sample(language, filled.with("port", "465").refused(errors))
        },
    ]
}

fn sample(language: Language, form: Form) -> MailPage {
    let shell = shell(language, Section::Settings, "settings-mail");
    MailPage {
        tabs: links(&shell, Tab::Mail),
        warning: Notice::about(
            language,
            form.value("host"),
            form.value("port"),
            form.value("security"),
        ),
        has_password: false,
        password_again: false,
        presets: presets::ALL,
        preset: None,
        in_use: None,
        waiting: 0,
        test: None,
        form: form.with("test_to", "me@example.org"),
        shell,
    }
}

fn filled(language: Language) -> Form {
    Form::new(language)
        .with("host", "smtp.example.org")
        .with("port", "587")
        .with("security", "starttls")
        .with("username", "watch@example.org")
        .with("from", "watch@example.org")
        .tick("verify_certificate", true)
}

fn in_use(language: Language, well: bool) -> InUse {
    let settings = json!({
        "host": "smtp.example.org", "port": 587, "security": "starttls", "username": "watch@example.org",
        "password": "sample", "from": "watch@example.org",
    });
    let profile = MailProfile {
        id: ProfileId(1),
        revision: 7,
        settings: MailSettings::from_json(settings, None).unwrap(),
        saved_at: NOW.minus(Duration::from_hours(50)),
        saved_by: "me@example.org".to_owned(),
    };
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
        ..MailHealth::default()
    };
    let queue = MailQueue {
        waiting: if well { 0 } else { 3 },
        oldest_waiting: (!well).then(|| NOW.minus(Duration::from_mins(3))),
        ..MailQueue::default()
    };
    InUse::new(language, &profile, health, queue)
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
            "S: 220 smtp.example.org ESMTP",
            "C: EHLO watch.example.org",
            "C: AUTH PLAIN <hidden>",
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
