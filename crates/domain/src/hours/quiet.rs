//! Quiet hours: what happens to messages that come up in them.

use serde_json::{Value, json};

use super::Hours;
use crate::{field::FieldErrors, json::Object, outcome::named};

named! {
    /// What becomes of a message that comes up in quiet hours.
    QuietAction {
        /// It is told when they end, if it is still true then.
        Hold = "hold",
        /// Everything of those hours is told in one message when they end, what is over too.
        Digest = "digest",
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quiet {
    pub hours: Hours,
    pub action: QuietAction,
}

impl Quiet {
    /// `{"hours": {"zone": …, "spans": […]}, "action": "hold"}`.
    pub fn from_json(prefix: &str, value: Value) -> Result<Self, FieldErrors> {
        let mut o = Object::new(prefix, value)?;
        let hours = o.required_part("hours", Hours::from_json);
        let action = o.required_text("action");
        let action = action.and_then(|text| match QuietAction::parse(&text) {
            Some(action) => Some(action),
            None => o.complain("action", "quiet-action", "Choose \"hold\" or \"digest\"."),
        });
        let errors = o.finish();
        let quiet = (|| {
            Some(Self {
                hours: hours?,
                action: action?,
            })
        })();
        quiet.filter(|_| errors.is_empty()).ok_or(errors)
    }

    pub fn to_json(&self) -> Value {
        json!({ "hours": self.hours.to_json(), "action": self.action.as_str() })
    }
}
