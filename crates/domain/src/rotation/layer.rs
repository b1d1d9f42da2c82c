//! People who take turns.

use serde_json::{Value, json};

use super::Handover;
use crate::{
    clock::Timestamp,
    field::{FieldError, FieldErrors},
    hours::Hours,
    id::ContactId,
    json::Object,
    monitor::LONGEST_NAME,
    text::parse_line,
    zone::Tz,
};

pub const MOST_PEOPLE: usize = 50;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    pub name: String,
    /// In the order of their turns; the same one may have several.
    pub people: Vec<ContactId>,
    pub handover: Handover,
    /// The layer applies in these hours alone. Turns go on outside them.
    pub hours: Option<Hours>,
}

impl Layer {
    pub(super) fn from_json(prefix: &str, value: Value) -> Result<Self, FieldErrors> {
        let mut o = Object::new(prefix, value)?;
        let name = o.required_text("name");
        let name = o.parse("name", name, |f, v| parse_line(f, &v, LONGEST_NAME));
        let people = o.integers("people");
        let given = people.is_some() || o.errors.of(&o.path("people")).next().is_some();
        let people = o.parse("people", people, |f, ids| {
            if ids.len() > MOST_PEOPLE {
                let message = format!("These are too many. Give at most {MOST_PEOPLE} people.");
                return Err(FieldError::new(f, "layer-people", message).with("most", MOST_PEOPLE));
            }
            Ok(ids.into_iter().map(ContactId).collect::<Vec<_>>())
        });
        if !given || people.as_ref().is_some_and(Vec::is_empty) {
            let _: Option<()> = o.complain("people", "layer-empty", "Choose at least one person.");
        }
        let handover = o.required_part("handover", Handover::from_json);
        let hours = o.part("hours", Hours::from_json);
        let errors = o.finish();
        let layer = (|| {
            Some(Self {
                name: name?,
                people: people?,
                handover: handover?,
                hours,
            })
        })();
        layer.filter(|_| errors.is_empty()).ok_or(errors)
    }

    pub(super) fn to_json(&self) -> Value {
        let people: Vec<i64> = self.people.iter().map(|p| p.0).collect();
        let hours = self.hours.as_ref().map(Hours::to_json);
        json!({ "name": self.name, "people": people, "handover": self.handover.to_json(), "hours": hours })
    }

    pub(super) fn person_of(&self, turn: u64) -> Option<ContactId> {
        let count = u64::try_from(self.people.len()).ok().filter(|n| *n > 0)?;
        self.people.get(usize::try_from(turn % count).ok()?).copied()
    }

    /// Whose turn it is, by number; `None` outside the layer's hours and before its first turn.
    pub(super) fn turn_at(&self, zone: Tz, at: Timestamp) -> Option<u64> {
        if self.hours.as_ref().is_some_and(|h| h.until(at).is_none()) {
            return None;
        }
        self.handover.turn_at(zone, at)
    }

    /// The turns in `[from, to)` as far as they lie in the layer's hours, in order: number, begin, end.
    pub(super) fn turns(&self, zone: Tz, from: Timestamp, to: Timestamp) -> Vec<(u64, Timestamp, Timestamp)> {
        let mut turns = Vec::new();
        let mut turn = match self.handover.turn_at(zone, from) {
            Some(turn) => turn,
            None if self.handover.begin(zone, 0).is_some_and(|first| first < from) => return turns,
            None => 0,
        };
        while let Some(begin) = self.handover.begin(zone, turn).filter(|begin| *begin < to) {
            let end = self.handover.begin(zone, turn + 1).unwrap_or(to);
            let (begin, end) = (begin.max(from), end.min(to));
            match &self.hours {
                // A day that a zone skipped had no turn.
                _ if begin >= end => {}
                None => turns.push((turn, begin, end)),
                Some(hours) => {
                    let pieces = hours.stretches(begin, end);
                    turns.extend(pieces.into_iter().map(|(begin, end)| (turn, begin, end)));
                }
            }
            turn += 1;
        }
        turns
    }
}
