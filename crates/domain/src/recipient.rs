//! What is known of a mail address from sending to it, and when nothing more is sent to it.
//!
//! A provider counts mails to addresses that do not exist, and one that counts enough of them sends nobody's mail any
//! more. So an address that is refused for good on two different days is suspended, visibly, until a person enables it
//! again. One day is not enough: a broken directory on the other side refuses everybody for an afternoon.

use crate::{
    clock::Timestamp,
    delivery::{Attempt, AttemptVerdict},
    outcome::named,
};

named! {
    /// What an address was suspended for.
    Cause {
        /// Refused for good on two different days.
        Refused = "refused",
        /// A mail that was accepted came back.
        Bounced = "bounced",
    }
}

/// Two spellings of one mailbox, as far as anybody can know from outside, have one key.
pub fn key(address: &str) -> String {
    address.trim().to_ascii_lowercase()
}

/// What is known of one address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// When a server last took a mail to it.
    pub last_accepted: Option<Timestamp>,
    /// When it was last refused for good, and in which words.
    pub last_refusal: Option<(Timestamp, String)>,
    /// Refusals since the last accepted mail.
    pub run: Option<Run>,
    pub last_bounce: Option<Bounce>,
    /// Nothing is sent to it.
    pub suspended: Option<Suspension>,
}

/// Refusals with no accepted mail in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    pub first: Timestamp,
    pub count: u32,
}

/// A mail that came back after a server had accepted it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bounce {
    pub at: Timestamp,
    /// As `5.1.1` (RFC 3463).
    pub status: String,
    /// The words of whoever returned it, sanitised.
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suspension {
    pub since: Timestamp,
    pub cause: Cause,
}

impl Standing {
    /// A mail was accepted: what was refused before counts no more. A suspension is lifted by a person alone, since
    /// whoever is suspended for a bounce was accepted first.
    #[must_use]
    pub fn accepted(self, at: Timestamp) -> Self {
        Self {
            last_accepted: self.last_accepted.max(Some(at)),
            run: None,
            ..self
        }
    }

    /// The address was refused for good; `reply` is what the server said.
    #[must_use]
    pub fn refused(self, at: Timestamp, reply: &str) -> Self {
        let run = match self.run {
            // A clock that was set back makes the earlier of the two the first, and so never two days of one.
            Some(run) => Run {
                first: run.first.min(at),
                count: run.count.saturating_add(1),
            },
            None => Run { first: at, count: 1 },
        };
        let dead = run.count > 1 && day(at) > day(run.first);
        let suspension = Suspension {
            since: at,
            cause: Cause::Refused,
        };
        Self {
            last_refusal: Some((at, reply.to_owned())),
            run: Some(run),
            suspended: self.suspended.or(dead.then_some(suspension)),
            ..self
        }
    }

    /// A mail came back. `for_good`: the address itself is dead, not only that one mail.
    #[must_use]
    pub fn bounced(self, bounce: Bounce, for_good: bool) -> Self {
        let suspension = Suspension {
            since: bounce.at,
            cause: Cause::Bounced,
        };
        Self {
            last_bounce: Some(bounce),
            suspended: self.suspended.or(for_good.then_some(suspension)),
            ..self
        }
    }

    /// A person says that the address works: the counting begins again.
    #[must_use]
    pub fn enabled(self) -> Self {
        Self {
            run: None,
            suspended: None,
            ..self
        }
    }

    /// Why nothing is sent, in a sentence that is kept with what was not sent.
    pub fn why_suspended(&self) -> Option<String> {
        let words = match self.suspended?.cause {
            Cause::Refused => {
                let reply = self.last_refusal.as_ref().map_or("", |(_, reply)| reply);
                format!("the mail server refused it for good on two different days, last with: {reply}")
            }
            Cause::Bounced => {
                let (status, text) = self
                    .last_bounce
                    .as_ref()
                    .map_or(("", ""), |b| (b.status.as_str(), b.text.as_str()));
                format!("a mail to it came back: {status} {text}")
            }
        };
        Some(words.trim_end().to_owned())
    }
}

/// The server said that this address will never take a mail. What it says about the sender or the account, be it in
/// answer to the recipient, is not such an attempt: that one is tried again.
pub fn is_refusal_for_good(attempt: &Attempt) -> bool {
    matches!(attempt.verdict, AttemptVerdict::Refused { .. })
        && attempt.step.as_deref() == Some("rcpt_to")
        && attempt.reply_code.is_some_and(|code| (500..600).contains(&code))
}

/// Number of the UTC day.
fn day(at: Timestamp) -> i64 {
    at.as_millis().div_euclid(86_400_000)
}
