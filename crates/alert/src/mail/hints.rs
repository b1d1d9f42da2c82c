//! The catalogue of what goes wrong with mail: from what was seen to its likely cause and what to do, in plain words.
//!
//! The texts are `hint-<key>-cause` and `hint-<key>-fix` in `web/locales/<language>/emails.ftl`. The first row that fits
//! wins, so the particular stands before the general.

use super::{
    failure::{Class, Failure, Symptom},
    steps::Step,
};
use crate::{message::Language, oauth::ProblemKind};

mod catalogue;
#[cfg(test)]
mod tests;
mod words;

use catalogue::CATALOGUE;

/// A refused login of which nothing more is known.
pub(super) const WRONG_PASSWORD: &str = "wrong-password";

/// Cause and fix in one language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// Stable name, the key of the texts.
    pub key: &'static str,
    pub cause: String,
    pub fix: String,
}

pub(super) struct Row {
    pub(super) key: &'static str,
    when: When,
    /// Overrides the class that the step alone would give: what hits every message must not end this one.
    pub(super) class: Option<Class>,
    /// What must not stand in the answer.
    unless: &'static [&'static str],
}

enum When {
    Seen(Symptom),
    SeenAt(Symptom, Step),
    /// An answer. An empty list means "any"; one of the words is enough ([`words::any`]).
    Said {
        steps: &'static [Step],
        codes: &'static [u16],
        enhanced: &'static [&'static str],
        words: &'static [&'static str],
    },
}

const fn seen_at(key: &'static str, symptom: Symptom, step: Step) -> Row {
    Row {
        when: When::SeenAt(symptom, step),
        ..seen(key, symptom)
    }
}

const fn seen(key: &'static str, symptom: Symptom) -> Row {
    Row {
        key,
        when: When::Seen(symptom),
        class: None,
        unless: &[],
    }
}

/// The key is [`ProblemKind::as_str`]; a test holds it.
const fn token(key: &'static str, kind: ProblemKind) -> Row {
    seen(key, Symptom::OAuth(kind))
}

/// The code or the enhanced code is proof enough.
const fn coded(key: &'static str, codes: &'static [u16], enhanced: &'static [&'static str]) -> Row {
    said(key, &[], codes, enhanced, &[])
}

const fn worded(key: &'static str, codes: &'static [u16], words: &'static [&'static str]) -> Row {
    said(key, &[], codes, &[], words)
}

const fn said(
    key: &'static str,
    steps: &'static [Step],
    codes: &'static [u16],
    enhanced: &'static [&'static str],
    words: &'static [&'static str],
) -> Row {
    Row {
        key,
        when: When::Said {
            steps,
            codes,
            enhanced,
            words,
        },
        class: None,
        unless: &[],
    }
}

impl Row {
    const fn blames(self, class: Class) -> Self {
        Self {
            class: Some(class),
            ..self
        }
    }

    const fn unless(self, words: &'static [&'static str]) -> Self {
        Self {
            unless: words,
            ..self
        }
    }

    /// `said`: the answer's own words.
    fn fits(&self, failure: &Failure, said: &str) -> bool {
        match &self.when {
            When::Seen(symptom) => failure.symptom == *symptom,
            When::SeenAt(symptom, step) => failure.symptom == *symptom && failure.step == *step,
            When::Said {
                steps,
                codes,
                enhanced,
                words,
            } => failure.reply.as_ref().is_some_and(|reply| {
                (steps.is_empty() || steps.contains(&failure.step))
                    && (codes.is_empty() || codes.contains(&reply.code))
                    && (enhanced.is_empty() || reply.enhanced().is_some_and(|e| enhanced.contains(&e)))
                    && (words.is_empty() || words::any(said, words))
                    && !words::any(said, self.unless)
            }),
        }
    }

    pub(super) fn text(&self, language: Language) -> Hint {
        Hint {
            key: self.key,
            cause: language.text(&format!("hint-{}-cause", self.key)),
            fix: language.text(&format!("hint-{}-fix", self.key)),
        }
    }
}

/// The row that explains a failure.
pub(super) fn find(failure: &Failure) -> Option<&'static Row> {
    let said = failure.reply.as_ref().map(words::own).unwrap_or_default();
    CATALOGUE.iter().find(|row| row.fits(failure, &said))
}
