//! Will receivers believe mail that leaves by these settings? Records of DNS in, findings out.
//!
//! Flow: [`Subject::parse`] reads whose mail it is about. [`judge`] looks at a [`Zone`] of answers and gives the
//! [`Finding`]s that they permit, together with the [`Question`]s that are still open; whoever can ask DNS asks them,
//! adds the answers and calls again, until none is open. [`results::parse`] reads what a receiver wrote into the
//! headers of a mail that did arrive, which is the better evidence.
//!
//! The number of questions is bounded by [`zone::MOST_QUESTIONS`], whatever a hostile zone contains.

mod alignment;
mod codes;
mod dkim;
mod dmarc;
mod finding;
mod mx;
mod organisation;
mod provider;
pub mod results;
mod spf;
mod subject;
mod tags;
pub mod zone;

pub use codes::Code;
pub use finding::{Finding, Publish, Status, Topic};
pub use provider::Provider;
pub use subject::{Selector, Subject};
pub use zone::{Answer, Kind, Question, Zone};

use zone::Look;

/// What the answers so far permit to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// In the order of the topics. Complete when `open` is empty.
    pub findings: Vec<Finding>,
    /// What else to ask. Every answer, also a failure, goes into the zone before the next call.
    pub open: Vec<Question>,
}

/// Judges what is known and names what is not. The same subject and zone always give the same judgement.
pub fn judge(subject: &Subject, zone: &Zone) -> Judgement {
    let mut look = Look::new(zone);
    let policy = dmarc::find(subject, &mut look);
    let mut findings = spf::judge(subject, &mut look);
    findings.extend(dkim::judge(subject, &mut look));
    findings.extend(dmarc::judge(subject, &policy));
    findings.extend(alignment::judge(subject, policy.record()));
    findings.extend(mx::judge(subject, &mut look));
    Judgement {
        findings,
        open: look.into_open(),
    }
}
