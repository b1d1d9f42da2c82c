//! A person and how to reach them.

use serde_json::Value;

use crate::{
    field::{FieldError, FieldErrors},
    id::{ChannelId, ContactId},
    json::Object,
    monitor::LONGEST_NAME,
    text::parse_line,
};

pub const MOST_WAYS: usize = 20;

/// A stored contact. No account: it cannot log in, and it is reached by channels alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    pub id: ContactId,
    pub name: String,
    /// In the order in which they were chosen. Empty when the channels were deleted: nobody can reach them.
    pub channels: Vec<ChannelId>,
}

/// The body of `POST /api/v1/contacts`, valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactDraft {
    pub name: String,
    /// At least one.
    pub channels: Vec<ChannelId>,
}

impl ContactDraft {
    /// `{"name": "Ada", "channels": [1, 2]}`.
    pub fn from_json(value: Value) -> Result<Self, FieldErrors> {
        let mut o = Object::new("", value)?;
        let name = o.required_text("name");
        let name = o.parse("name", name, |f, v| parse_line(f, &v, LONGEST_NAME));
        let channels = o.integers("channels");
        let given = channels.is_some() || o.errors.of("channels").next().is_some();
        let channels = o.parse("channels", channels, |f, ids| {
            let mut channels: Vec<ChannelId> = Vec::new();
            for id in ids.into_iter().map(ChannelId) {
                if !channels.contains(&id) {
                    channels.push(id);
                }
            }
            if channels.len() > MOST_WAYS {
                let message = format!("These are too many. Choose at most {MOST_WAYS} channels.");
                return Err(FieldError::new(f, "contact-ways", message).with("most", MOST_WAYS));
            }
            Ok(channels)
        });
        if !given || channels.as_ref().is_some_and(Vec::is_empty) {
            let _: Option<()> = o.complain(
                "channels",
                "contact-unreachable",
                "Choose at least one channel: nobody could reach this person.",
            );
        }
        let errors = o.finish();
        let draft = (|| {
            Some(Self {
                name: name?,
                channels: channels?,
            })
        })();
        draft.filter(|_| errors.is_empty()).ok_or(errors)
    }
}
