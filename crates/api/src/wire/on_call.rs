//! People, rotations, and who is on call.

use domain::{
    id::ContactId,
    rotation::{Contact, Duty, Handover, Layer, Override, Period, Rotation, Shift, Source},
};
use serde::Serialize;
use utoipa::{ToSchema, openapi::schema::Object};

use super::{Time, hours::WeekHours, one_of};

/// What a person sets. An unknown field is refused by its name.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ContactDraft {
    #[schema(max_length = 120)]
    pub name: String,
    /// How to reach them.
    #[schema(min_items = 1, max_items = 20)]
    pub channels: Vec<i64>,
}

/// A person and how to reach them. Not an account: it cannot log in.
#[derive(Debug, Serialize, ToSchema)]
pub struct ContactView {
    pub id: i64,
    pub name: String,
    /// Empty when the channels were deleted: nobody can reach them.
    pub channels: Vec<i64>,
}

/// What a person sets. An unknown field is refused by its name.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RotationDraft {
    #[schema(max_length = 120)]
    pub name: String,
    /// Of its handovers, by its IANA name.
    #[schema(example = "Europe/Berlin")]
    pub zone: String,
    /// Where several apply, the last one counts.
    #[schema(min_items = 1, max_items = 10)]
    pub layers: Vec<LayerBody>,
}

/// People who take turns.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LayerBody {
    #[schema(max_length = 120)]
    pub name: String,
    /// Contacts in the order of their turns.
    #[schema(min_items = 1, max_items = 50)]
    pub people: Vec<i64>,
    pub handover: HandoverBody,
    /// It applies in these hours alone; `null`: always.
    pub hours: Option<WeekHours>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HandoverBody {
    #[schema(minimum = 1, example = 1)]
    pub every: u32,
    #[schema(schema_with = units)]
    pub unit: &'static str,
    /// By the clock on the wall.
    #[schema(example = "09:00")]
    pub at: String,
    /// The day of the first turn; with weeks, its weekday is that of all handovers.
    #[schema(example = "2026-11-30")]
    pub from: String,
}

fn units() -> Object {
    one_of(Period::ALL.iter().map(|p| p.as_str()))
}

#[derive(Debug, Serialize, ToSchema)]
pub struct RotationView {
    pub id: i64,
    pub name: String,
    pub zone: String,
    pub layers: Vec<LayerBody>,
    /// Oldest first. Of several the newest one counts.
    pub overrides: Vec<OverrideView>,
}

/// Somebody takes over, whatever the layers say.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OverrideDraft {
    pub contact: i64,
    #[schema(format = DateTime, example = "2026-12-24T12:00:00Z")]
    pub from: String,
    #[schema(format = DateTime, example = "2026-12-27T08:00:00Z")]
    pub to: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200)]
    pub note: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct OverrideView {
    pub id: i64,
    pub contact: i64,
    pub from: Time,
    pub to: Time,
    pub note: String,
    /// Who entered it.
    pub by: String,
}

/// A time in which one is on call, or nobody.
#[derive(Debug, Serialize, ToSchema)]
pub struct ShiftView {
    pub from: Time,
    pub to: Time,
    /// `null`: nobody is on call.
    pub contact: Option<i64>,
    /// Name of the layer that it comes from.
    pub layer: Option<String>,
    /// Id of the override that it comes from.
    pub r#override: Option<i64>,
}

/// Who is on call in one rotation.
#[derive(Debug, Serialize, ToSchema)]
pub struct OnCallView {
    pub rotation: i64,
    pub rotation_name: String,
    /// `null`: nobody.
    pub contact: Option<ContactView>,
    /// The shift ends then; `null`: not within eight weeks.
    pub until: Option<Time>,
    /// Name of the layer that it comes from.
    pub layer: Option<String>,
    /// Id of the override that it comes from.
    pub r#override: Option<i64>,
}

impl From<Contact> for ContactView {
    fn from(c: Contact) -> Self {
        Self {
            id: c.id.0,
            name: c.name,
            channels: c.channels.iter().map(|id| id.0).collect(),
        }
    }
}

impl From<&Layer> for LayerBody {
    fn from(l: &Layer) -> Self {
        Self {
            name: l.name.clone(),
            people: l.people.iter().map(|p| p.0).collect(),
            handover: l.handover.into(),
            hours: l.hours.as_ref().map(Into::into),
        }
    }
}

impl From<Handover> for HandoverBody {
    fn from(h: Handover) -> Self {
        Self {
            every: h.every,
            unit: h.unit.as_str(),
            at: h.at.to_string(),
            from: h.first_day(),
        }
    }
}

impl From<Rotation> for RotationView {
    fn from(r: Rotation) -> Self {
        Self {
            id: r.id.0,
            zone: r.plan.zone.name().to_owned(),
            layers: r.plan.layers.iter().map(Into::into).collect(),
            name: r.plan.name,
            overrides: r.overrides.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<Override> for OverrideView {
    fn from(o: Override) -> Self {
        Self {
            id: o.id.0,
            contact: o.contact.0,
            from: Time(o.from),
            to: Time(o.to),
            note: o.note,
            by: o.by,
        }
    }
}

/// Name of the layer, id of the override.
fn source(rotation: &Rotation, duty: Option<Duty>) -> (Option<String>, Option<i64>) {
    match duty.map(|d| d.source) {
        Some(Source::Layer { layer, .. }) => (rotation.plan.layers.get(layer).map(|l| l.name.clone()), None),
        Some(Source::Override(id)) => (None, Some(id.0)),
        None => (None, None),
    }
}

impl ShiftView {
    pub(crate) fn new(rotation: &Rotation, shift: &Shift) -> Self {
        let (layer, over) = source(rotation, shift.duty);
        Self {
            from: Time(shift.from),
            to: Time(shift.to),
            contact: shift.duty.map(|d| d.contact.0),
            layer,
            r#override: over,
        }
    }
}

impl OnCallView {
    /// `now` is the shift that runs, and whether it ends within what was looked at.
    pub(crate) fn new(
        rotation: &Rotation,
        now: &Shift,
        ends: bool,
        find: impl Fn(ContactId) -> Option<Contact>,
    ) -> Self {
        let (layer, over) = source(rotation, now.duty);
        Self {
            rotation: rotation.id.0,
            rotation_name: rotation.plan.name.clone(),
            contact: now.duty.and_then(|d| find(d.contact)).map(Into::into),
            until: ends.then_some(Time(now.to)),
            layer,
            r#override: over,
        }
    }
}
