//! Who is on call: people take turns in layers, and an override takes over from all of them.
//!
//! Dramatis personae: a *contact* is a person and how to reach them. A *layer* hands over from one to the next every so
//! many days or weeks, maybe in some hours of the week alone. Where several layers apply, the last one counts. An
//! *override* is somebody who takes over from one moment to another, whatever the layers say; of several the newest
//! counts. A *shift* is a time in which one of them is on call, or nobody: a gap.
//!
//! Handovers are at a time of the clock on the wall, and so are the hours of a layer: what [`crate::hours`] says about
//! clocks that are changed holds here as well.

use serde_json::{Value, json};

use crate::{
    clock::Timestamp,
    field::{FieldError, FieldErrors},
    id::{ContactId, OverrideId, RotationId},
    json::Object,
    monitor::LONGEST_NAME,
    text::parse_line,
    zone::{self, Tz},
};

mod calendar;
mod contact;
mod handover;
mod layer;
mod overriding;
mod shifts;
#[cfg(test)]
mod tests;

pub use calendar::{AHEAD, BACK, calendar};
pub use contact::{Contact, ContactDraft, MOST_WAYS};
pub use handover::{Handover, Period};
pub use layer::{Layer, MOST_PEOPLE};
pub use overriding::{LONGEST_OVERRIDE, Override, OverrideDraft};
pub use shifts::{Duty, Shift, Source, on_call, shifts};

pub const MOST_LAYERS: usize = 10;

/// A stored rotation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotation {
    pub id: RotationId,
    pub plan: RotationDraft,
    /// Oldest first.
    pub overrides: Vec<Override>,
}

/// The body of `POST /api/v1/rotations`, valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RotationDraft {
    pub name: String,
    pub zone: Tz,
    /// The last one that applies counts.
    pub layers: Vec<Layer>,
}

impl RotationDraft {
    /// `{"name": "Operations", "zone": "Europe/Berlin", "layers": [{"name": "Weekdays", "people": [1, 2], "handover":
    /// {"every": 1, "unit": "weeks", "at": "09:00", "from": "2026-11-30"}, "hours": null}]}`.
    pub fn from_json(value: Value) -> Result<Self, FieldErrors> {
        let mut o = Object::new("", value)?;
        let name = o.required_text("name");
        let name = o.parse("name", name, |f, v| parse_line(f, &v, LONGEST_NAME));
        let zone = o.required_text("zone");
        let zone = o.parse("zone", zone, |f, v| zone::parse(f, &v));
        let layers = match o.value("layers") {
            Some(Value::Array(items)) => read_layers(&mut o, items),
            Some(_) => o.complain("layers", "type-list", "This must be a list."),
            None => o.complain("layers", "required", "This field is required."),
        };
        let errors = o.finish();
        let draft = (|| {
            Some(Self {
                name: name?,
                zone: zone?,
                layers: layers?,
            })
        })();
        draft.filter(|_| errors.is_empty()).ok_or(errors)
    }

    pub fn to_json(&self) -> Value {
        let layers: Vec<Value> = self.layers.iter().map(Layer::to_json).collect();
        json!({ "name": self.name, "zone": self.zone.name(), "layers": layers })
    }

    /// Everybody in its layers, in their order, each once.
    pub fn people(&self) -> Vec<ContactId> {
        let mut all: Vec<ContactId> = Vec::new();
        for person in self.layers.iter().flat_map(|l| &l.people) {
            if !all.contains(person) {
                all.push(*person);
            }
        }
        all
    }
}

fn read_layers(o: &mut Object, items: Vec<Value>) -> Option<Vec<Layer>> {
    if items.is_empty() {
        return o.complain("layers", "rotation-empty", "Give at least one layer.");
    }
    if items.len() > MOST_LAYERS {
        let message = format!("These are too many. Give at most {MOST_LAYERS} layers.");
        let error = FieldError::new(o.path("layers"), "rotation-layers", message);
        o.errors.push(error.with("most", MOST_LAYERS));
        return None;
    }
    let count = items.len();
    let mut layers = Vec::new();
    for (i, item) in items.into_iter().enumerate() {
        let layer = Layer::from_json(&o.path(&format!("layers.{i}")), item);
        layers.extend(o.errors.absorb(layer));
    }
    (layers.len() == count).then_some(layers)
}

impl Rotation {
    /// The newest override that covers this moment.
    pub fn overridden(&self, at: Timestamp) -> Option<&Override> {
        let covering = self.overrides.iter().filter(|o| o.covers(at));
        covering.max_by_key(|o| o.id)
    }

    pub fn find_override(&self, id: OverrideId) -> Option<&Override> {
        self.overrides.iter().find(|o| o.id == id)
    }
}
