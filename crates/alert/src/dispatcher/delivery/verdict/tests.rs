use super::*;

fn judged(retry: Retry, attempt: u32) -> (AttemptVerdict, Next) {
    let error = SendError::new(retry, "no", Trace::default());
    let now = Timestamp::from_millis(1_000);
    let (_, verdict, next) = judge(Err(error), attempt, RetryPolicy::HTTP, now, 0.5);
    (verdict, next)
}

#[test]
fn every_classification_has_one_consequence() {
    let reason = || "no".to_owned();
    let (deferred, waiting, refused) = (
        AttemptVerdict::Deferred { reason: reason() },
        AttemptVerdict::Waiting { reason: reason() },
        AttemptVerdict::Refused { reason: reason() },
    );
    let at = |ms| Next::Retry {
        at: Timestamp::from_millis(ms),
    };
    for (retry, attempt, verdict, next) in [
        (Retry::Never, 1, &refused, Next::Failed),
        (Retry::OnSettings, 1, &waiting, Next::Wait),
        (Retry::Backoff, 1, &deferred, at(6_000)),
        (Retry::Backoff, 2, &deferred, at(31_000)),
        (Retry::Backoff, 99, &deferred, at(3_601_000)),
        (Retry::After(Duration::from_secs(7)), 5, &deferred, at(8_000)),
        (Retry::Within(Duration::from_secs(2)), 1, &deferred, at(3_000)),
        (Retry::Within(Duration::from_secs(7)), 1, &deferred, at(6_000)),
        (Retry::Briefly, 1, &deferred, at(6_000)),
        (Retry::Briefly, 2, &deferred, at(31_000)),
        (Retry::Briefly, 3, &refused, Next::Failed),
        (Retry::Briefly, 4, &refused, Next::Failed),
    ] {
        assert_eq!(
            judged(retry, attempt),
            (verdict.clone(), next),
            "{retry:?} {attempt}"
        );
    }
}
