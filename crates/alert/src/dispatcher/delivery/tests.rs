use super::*;

#[test]
fn randomness_stays_within_the_unit() {
    for _ in 0..1000 {
        assert!((0.0..1.0).contains(&random()));
    }
}

/// The time of a conversation has its access token in it, and ends with the farewell to the connection before it and to
/// its own.
#[test]
fn a_mail_is_over_before_it_would_be_cut_off() {
    let deadlines = crate::mail::Deadlines::default();
    assert!(deadlines.session + 2 * deadlines.farewell < SEND_DEADLINE);
}
