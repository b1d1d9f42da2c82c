//! What DNS said, and what is still to be asked.

use std::collections::{BTreeMap, BTreeSet};

use crate::outcome::named;

named! {
    /// Which records are asked for.
    Kind {
        Txt = "TXT",
        Mx = "MX",
        /// A and AAAA.
        Address = "A",
    }
}

/// One question to DNS. The name is lower case and has no final dot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Question {
    pub name: String,
    pub kind: Kind,
}

impl PartialOrd for Kind {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Kind {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (*self as u8).cmp(&(*other as u8))
    }
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// TXT: each record with its strings joined. MX: the servers, the preferred one first, `""` for the null MX
    /// (RFC 7505). Address: the addresses.
    Records(Vec<String>),
    /// The name exists, without records of this kind.
    Empty,
    /// NXDOMAIN.
    NoName,
    /// Nobody answered, or not in a way that can be used; why, as a sentence.
    Failed(String),
}

/// Everything that was answered so far.
#[derive(Clone, Debug, Default)]
pub struct Zone(BTreeMap<Question, Answer>);

/// More are not asked for one subject: RFC 7208 lets receivers stop at ten, and nobody else needs many.
pub const MOST_QUESTIONS: usize = 80;

impl Zone {
    pub fn add(&mut self, question: Question, answer: Answer) {
        self.0.insert(question, answer);
    }

    /// True when some question had no usable answer.
    pub fn has_failures(&self) -> bool {
        self.0.values().any(|a| matches!(a, Answer::Failed(_)))
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<(Question, Answer)> for Zone {
    fn from_iter<T: IntoIterator<Item = (Question, Answer)>>(all: T) -> Self {
        Self(all.into_iter().collect())
    }
}

/// A look at the zone that remembers what was not there yet.
pub(super) struct Look<'a> {
    zone: &'a Zone,
    open: BTreeSet<Question>,
}

/// An answer, or that there is none yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen<'a> {
    Records(&'a [String]),
    Empty,
    NoName,
    Failed(&'a str),
    /// Will be asked; nothing can be said yet.
    Pending,
}

impl<'a> Look<'a> {
    pub(super) fn new(zone: &'a Zone) -> Self {
        Self {
            zone,
            open: BTreeSet::new(),
        }
    }

    pub(super) fn at(&mut self, kind: Kind, name: &str) -> Seen<'a> {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        let question = Question { name, kind };
        match self.zone.0.get(&question) {
            Some(Answer::Records(all)) if all.is_empty() => Seen::Empty,
            Some(Answer::Records(all)) => Seen::Records(all),
            Some(Answer::Empty) => Seen::Empty,
            Some(Answer::NoName) => Seen::NoName,
            Some(Answer::Failed(why)) => Seen::Failed(why),
            None if self.zone.len() + self.open.len() < MOST_QUESTIONS || self.open.contains(&question) => {
                self.open.insert(question);
                Seen::Pending
            }
            None => Seen::Failed("Too many lookups are needed, so this one was not made."),
        }
    }

    pub(super) fn into_open(self) -> Vec<Question> {
        self.open.into_iter().collect()
    }
}
