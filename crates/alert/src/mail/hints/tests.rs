//! The catalogue of answers and its texts.

use super::*;
use crate::mail::Reply;

mod answers;

fn answered(step: Step, reply: &str) -> Failure {
    let code = reply[..3].parse().unwrap();
    let lines = vec![reply[3..].trim_start().to_owned()];
    Failure::answered(step, Reply { code, lines })
}

#[test]
fn only_the_recipient_and_the_message_end_a_delivery() {
    use crate::channel::Retry;
    for (step, reply, retry) in [
        (Step::RcptTo, "550 5.1.1 no", Retry::Never),
        (Step::Reply, "554 5.6.0 no", Retry::Never),
        (Step::Auth, "535 5.7.8 no", Retry::Backoff),
        (Step::MailFrom, "550 no", Retry::Backoff),
        (Step::RcptTo, "450 later", Retry::Backoff),
        (Step::RcptTo, "554 5.7.1 relay access denied", Retry::Backoff),
        (Step::Reply, "354 go on", Retry::Backoff),
        (Step::Data, "250 what", Retry::Backoff),
    ] {
        assert_eq!(answered(step, reply).retry(), retry, "{reply}");
    }
}

#[test]
fn every_row_has_its_texts() {
    for row in CATALOGUE {
        for language in Language::ALL {
            let hint = row.text(language);
            assert!(
                !hint.cause.starts_with("hint-") && !hint.fix.starts_with("hint-"),
                "{}",
                row.key
            );
        }
    }
}

#[test]
fn every_text_has_its_row() {
    let english = include_str!("../../../../../web/locales/en/emails.ftl");
    for line in english.lines() {
        let Some(key) = line.strip_prefix("hint-").and_then(|l| l.split_once("-cause =")) else {
            continue;
        };
        assert!(CATALOGUE.iter().any(|row| row.key == key.0), "{}", key.0);
    }
}

#[test]
fn a_reason_says_what_happened_and_what_to_do() {
    let reason = answered(Step::Auth, "535 5.7.8 bad credentials").reason();
    assert_eq!(
        reason,
        "The server refused the login: 535 5.7.8 bad credentials. Enter both again. Many providers want the whole \
         address as user name, or an app password."
    );
}

#[test]
fn every_problem_with_a_token_has_its_hint_and_its_class() {
    use crate::{channel::Retry, oauth::ProblemKind};
    for kind in ProblemKind::ALL {
        let failure = Failure::profile(Step::Auth, Symptom::OAuth(kind), "no token");
        assert_eq!(find(&failure).map(|row| row.key), Some(kind.as_str()));
        let expected = if kind.needs_person() {
            Retry::OnSettings
        } else {
            Retry::Backoff
        };
        assert_eq!(failure.retry(), expected, "{kind:?}");
    }
}

#[test]
fn a_refused_token_is_told_from_a_mailbox_that_takes_no_smtp() {
    for (reply, symptom) in [
        (
            "535 5.7.8 Username and Password not accepted.",
            Symptom::TokenRefused,
        ),
        ("535 5.7.3 Authentication unsuccessful", Symptom::TokenRefused),
        (
            "535 5.7.139 SmtpClientAuthentication is disabled for the Mailbox",
            Symptom::Answer,
        ),
        ("454 4.7.0 Temporary authentication failure", Symptom::Answer),
    ] {
        let failure = answered(Step::Auth, reply).about_a_token();
        assert_eq!(failure.symptom, symptom, "{reply}");
    }
}
