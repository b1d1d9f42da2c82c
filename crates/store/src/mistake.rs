//! What a person named that is not there, or does not fit to what is stored, as a complaint about their field.

use domain::{
    field::FieldError,
    id::{ChannelId, PolicyId},
};
use serde_json::Value;

use crate::error::StoreError;

impl StoreError {
    /// The complaint about `body`, which was to become a policy. `Err`: nothing in it is wrong.
    pub fn in_policy(self, body: &Value) -> Result<FieldError, Self> {
        match self {
            Self::UnknownChannel(id) => Ok(channel_unknown(&step_with(body, "channels", id.0), id)),
            Self::UnknownRotation(id) => {
                let message = format!("There is no on-call rotation with the id {id}.");
                let field = step_with(body, "rotations", id.0);
                Ok(FieldError::new(field, "rotation-unknown", message).with("id", id))
            }
            other => Err(other),
        }
    }

    /// The complaint about what was to become a monitor. `Err`: nothing in it is wrong.
    pub fn in_monitor(self) -> Result<FieldError, Self> {
        match self {
            Self::UnknownChannel(id) => Ok(channel_unknown("channels", id)),
            Self::UnknownPolicy(id) => Ok(policy_unknown(id)),
            Self::UnknownMonitor(id) => {
                let message = format!("There is no monitor with the id {id}.");
                Ok(FieldError::new("parents", "parent-unknown", message).with("id", id))
            }
            Self::UnknownZone(zone) => {
                let message = format!("There is no zone \"{zone}\". PUT /settings/zones makes it.");
                Ok(FieldError::new("zone", "zone-unknown", message).with("name", zone))
            }
            Self::DependsOnItself => Ok(FieldError::new(
                "parents",
                "depends-on-itself",
                "A monitor cannot depend on itself, nor on one that depends on it. Take that parent out.",
            )),
            other => Err(other),
        }
    }
}

fn channel_unknown(field: &str, id: ChannelId) -> FieldError {
    let message = format!("There is no channel with the id {id}.");
    FieldError::new(field, "channel-unknown", message).with("id", id)
}

fn policy_unknown(id: PolicyId) -> FieldError {
    let message = format!("There is no policy with the id {id}.");
    FieldError::new("policy", "policy-unknown", message).with("id", id)
}

/// The first step that has `id` in this list, in the order in which the steps were written.
fn step_with(body: &Value, list: &str, id: i64) -> String {
    let steps = body["steps"].as_array().map_or(&[][..], Vec::as_slice);
    let names = |step: &Value| {
        let ids = step[list].as_array();
        ids.is_some_and(|ids| ids.iter().any(|v| v.as_i64() == Some(id)))
    };
    match steps.iter().position(names) {
        Some(n) => format!("steps.{n}.{list}"),
        None => "steps".to_owned(),
    }
}
