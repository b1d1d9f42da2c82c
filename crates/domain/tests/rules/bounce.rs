//! What a mail that came back means.

use domain::bounce::{Effect, Status};
use proptest::prelude::*;

#[test]
fn every_status_has_one_effect() {
    for (text, effect) in [
        ("5.1.1", Effect::Suspend),
        ("5.0.0", Effect::Suspend),
        ("5.2.2", Effect::Suspend),
        ("5.7.1", Effect::Suspend),
        ("5.4.4", Effect::Note),
        ("5.4.40", Effect::Suspend),
        ("5.1.1 (bad destination mailbox address)", Effect::Suspend),
        (" 4.4.7", Effect::Note),
        ("4.2.2", Effect::Note),
        ("2.1.5", Effect::Nothing),
    ] {
        let status: Status = text.parse().expect("a status");
        assert_eq!(status.effect(), effect, "{text}");
    }
}

#[test]
fn what_is_no_status_is_none() {
    for text in [
        "", "5", "5.1", "5.1.1.1", "3.1.1", "5.x.1", "5.1234.1", "five", "5.1.-1", "5.1.", "+5.1.1",
    ] {
        assert!(text.parse::<Status>().is_err(), "{text:?}");
    }
}

proptest! {
    #[test]
    fn a_status_reads_back_as_it_prints(class in prop_oneof![Just(2u8), Just(4), Just(5)], subject in 0u16..1000, detail in 0u16..1000) {
        let status = Status { class, subject, detail };
        prop_assert_eq!(status.to_string().parse::<Status>(), Ok(status));
    }

    #[test]
    fn no_text_panics(text in ".*") {
        let _ = text.parse::<Status>();
    }
}
