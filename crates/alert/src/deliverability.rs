//! Asks DNS what [`domain::deliverability`] wants to know, and remembers the answers for an hour.
//!
//! A look takes at most 10 s, a single lookup at most 5 s, whatever the zones and their name servers do: what is not
//! answered in time goes into the findings as unknown.

use std::{sync::Arc, time::Duration};

use domain::{
    clock::{Clock, Timestamp},
    deliverability::{Answer, Finding, Kind, Question, Subject, Zone, judge},
    host::Host,
};
use egress::{Dialer, ResolveError};
use futures_util::{StreamExt as _, stream};
use tokio::{sync::Semaphore, time::Instant};

mod memory;

use memory::Memory;

/// What was found about one subject, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Looked {
    pub findings: Arc<[Finding]>,
    pub at: Timestamp,
}

/// The way to DNS, and what was found there lately. Cheap to clone.
#[derive(Clone)]
pub struct Deliverability(Arc<Inner>);

struct Inner {
    dialer: Dialer,
    clock: Arc<dyn Clock>,
    memory: Memory,
    /// Looks at a time; others wait their turn within their own time.
    turns: Semaphore,
}

const WHOLE: Duration = Duration::from_secs(10);
const EACH: Duration = Duration::from_secs(5);
const AT_ONCE: usize = 16;
const TURNS: usize = 4;
const TOO_LATE: &str = "There was no time left for this lookup.";

impl Deliverability {
    pub(crate) fn new(dialer: Dialer, clock: Arc<dyn Clock>) -> Self {
        Self(Arc::new(Inner {
            dialer,
            clock,
            memory: Memory::default(),
            turns: Semaphore::new(TURNS),
        }))
    }

    /// What is known about the subject: from the last hour, or from DNS. `again` asks DNS in any case. What could not
    /// be looked up is not remembered.
    pub async fn look(&self, subject: &Subject, again: bool) -> Looked {
        let now = self.0.clock.now();
        if !again && let Some(looked) = self.0.memory.recall(subject, now) {
            return looked;
        }
        let (findings, complete) = self.ask(subject).await;
        let looked = Looked {
            findings: findings.into(),
            at: now,
        };
        if complete {
            self.0.memory.keep(subject.clone(), looked.clone());
        } else {
            self.0.memory.forget(subject);
        }
        looked
    }

    /// Findings, and whether every question had an answer.
    async fn ask(&self, subject: &Subject) -> (Vec<Finding>, bool) {
        let deadline = Instant::now() + WHOLE;
        let turn = tokio::time::timeout_at(deadline, self.0.turns.acquire()).await;
        let mut zone = Zone::default();
        loop {
            let judgement = judge(subject, &zone);
            if judgement.open.is_empty() {
                drop(turn);
                let complete = !zone.has_failures();
                tracing::debug!(lookups = zone.len(), complete, "deliverability looked up");
                return (judgement.findings, complete);
            }
            let budget = EACH.min(deadline.saturating_duration_since(Instant::now()));
            let answers = stream::iter(judgement.open)
                .map(|question| self.answer(question, budget))
                .buffer_unordered(AT_ONCE);
            for (question, answer) in answers.collect::<Vec<_>>().await {
                zone.add(question, answer);
            }
        }
    }

    async fn answer(&self, question: Question, budget: Duration) -> (Question, Answer) {
        if budget.is_zero() {
            return (question, Answer::Failed(TOO_LATE.to_owned()));
        }
        let name = question.name.as_str();
        let dialer = &self.0.dialer;
        let lookup = async {
            match question.kind {
                Kind::Txt => dialer.txt(name, budget).await,
                Kind::Mx => {
                    let all = dialer.mx(name, budget).await;
                    all.map(|all| all.into_iter().map(|e| e.host).collect())
                }
                Kind::Address => {
                    let all = dialer.resolve(&Host::Name(name.to_owned())).await;
                    all.map(|all| all.iter().map(ToString::to_string).collect())
                }
            }
        };
        let answer = match tokio::time::timeout(budget, lookup).await {
            Ok(Ok(records)) if records.is_empty() => Answer::Empty,
            Ok(Ok(records)) => Answer::Records(records),
            Ok(Err(ResolveError::NotFound(_))) => Answer::NoName,
            Ok(Err(error)) => Answer::Failed(sentence(&error)),
            Err(_) => Answer::Failed(sentence(&ResolveError::Timeout)),
        };
        (question, answer)
    }
}

/// With a full stop, as it stands at the end of a sentence of ours.
fn sentence(error: &ResolveError) -> String {
    let text = error.to_string();
    if text.ends_with('.') {
        text
    } else {
        format!("{text}.")
    }
}
