//! What was found, how bad it is, and what to do about it.

use std::fmt;

use super::Code;
use crate::{outcome::named, text::sanitize};

named! {
    /// How much a finding matters.
    Status {
        Good = "good",
        /// Mail arrives, but something is weaker than it should be.
        Warning = "warning",
        /// Receivers have a reason to refuse or to hide the mail.
        Bad = "bad",
        /// It could not be found out from here.
        Unknown = "unknown",
    }
}

named! {
    /// What a finding is about, in the order in which findings are read.
    Topic {
        Spf = "spf",
        Dkim = "dkim",
        Dmarc = "dmarc",
        Alignment = "alignment",
        Mx = "mx",
        /// What a receiver wrote into the headers.
        Results = "results",
    }
}

/// Characters of one value: a DKIM key of 4096 bits has about 740.
const LONGEST_VALUE: usize = 1200;

/// One thing that was found. Every value is on one line, without control characters, whatever the zone holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub code: Code,
    /// The values that its sentences name.
    pub args: Vec<(&'static str, String)>,
    /// The exact record that would cure it, where there is one.
    pub publish: Option<Publish>,
}

/// A TXT record as it is typed at a DNS provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publish {
    /// Complete name, without a final dot.
    pub name: String,
    pub value: String,
}

impl Finding {
    pub fn new(code: Code) -> Self {
        Self {
            code,
            args: Vec::new(),
            publish: None,
        }
    }

    pub fn with(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        let value = sanitize(&value.to_string(), LONGEST_VALUE);
        self.args.push((name, value));
        self
    }

    pub fn publish(mut self, name: impl Into<String>, value: &str) -> Self {
        self.publish = Some(Publish {
            name: name.into(),
            value: sanitize(value, LONGEST_VALUE),
        });
        self
    }

    pub fn status(&self) -> Status {
        self.code.status()
    }

    pub fn topic(&self) -> Topic {
        self.code.topic()
    }

    /// One English sentence, or two, of what was seen.
    pub fn seen(&self) -> String {
        self.fill(self.code.seen())
    }

    /// What to do, in English; `None` where there is nothing to do.
    pub fn advice(&self) -> Option<String> {
        Some(self.code.advice())
            .filter(|a| !a.is_empty())
            .map(|a| self.fill(a))
    }

    /// Puts the values in, in one pass: a value that looks like a placeholder stays as it is.
    fn fill(&self, template: &str) -> String {
        let mut out = String::with_capacity(template.len() + 64);
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('{') {
            out.push_str(before);
            let Some((name, after)) = after.split_once('}') else {
                rest = after;
                break;
            };
            let value = self.args.iter().find(|(n, _)| *n == name);
            out.push_str(value.map_or(name, |(_, v)| v));
            rest = after;
        }
        out.push_str(rest);
        out
    }
}
