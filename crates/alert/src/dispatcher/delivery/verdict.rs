//! What became of an attempt, for its row and for the log.

use std::time::Duration;

use domain::{clock::Timestamp, delivery::AttemptVerdict, retry::RetryPolicy};
use store::outbox::{Claimed, Next};

use super::super::patience::LONGEST_STEP;
use crate::channel::{Receipt, Retry, SendError, Trace};

#[cfg(test)]
mod tests;

/// [`Retry::Briefly`] ends with this attempt.
const FEW_ATTEMPTS: u32 = 3;

/// What an attempt's result means for the row.
pub(super) fn judge(
    result: Result<Receipt, SendError>,
    attempt: u32,
    policy: RetryPolicy,
    now: Timestamp,
    random: f64,
) -> (Trace, AttemptVerdict, Next) {
    let error = match result {
        Ok(receipt) => {
            let verdict = AttemptVerdict::Accepted {
                reference: receipt.reference,
            };
            return (receipt.trace, verdict, Next::Sent);
        }
        Err(error) => error,
    };
    let reason = error.reason;
    let wait = policy.delay(attempt, random);
    let backoff = Next::Retry { at: now.plus(wait) };
    let (verdict, next) = match error.retry {
        Retry::Backoff => (AttemptVerdict::Deferred { reason }, backoff),
        Retry::Briefly if attempt < FEW_ATTEMPTS => (AttemptVerdict::Deferred { reason }, backoff),
        Retry::Briefly | Retry::Never => (AttemptVerdict::Refused { reason }, Next::Failed),
        Retry::Within(limit) => {
            let at = now.plus(wait.min(limit));
            (AttemptVerdict::Deferred { reason }, Next::Retry { at })
        }
        Retry::After(wait) => (
            AttemptVerdict::Deferred { reason },
            Next::Retry {
                at: now.plus(wait.min(LONGEST_STEP)),
            },
        ),
        Retry::OnSettings => (AttemptVerdict::Waiting { reason }, Next::Wait),
    };
    (error.trace, verdict, next)
}

pub(super) fn log(claimed: &Claimed, verdict: &AttemptVerdict, duration: Duration) {
    let delivery = claimed.notice.delivery;
    let (channel, event) = (claimed.channel.id, claimed.notice.event);
    let (attempt, duration_ms) = (claimed.attempt, duration.as_millis() as u64);
    match verdict {
        AttemptVerdict::Accepted { .. } => {
            tracing::info!(
                delivery.id = %delivery, channel.id = %channel, %event, attempt, duration_ms,
                "message accepted"
            );
        }
        AttemptVerdict::Deferred { reason }
        | AttemptVerdict::Waiting { reason }
        | AttemptVerdict::Refused { reason } => {
            tracing::warn!(
                delivery.id = %delivery, channel.id = %channel, %event, attempt, duration_ms, reason,
                "message not accepted"
            );
        }
    }
}
