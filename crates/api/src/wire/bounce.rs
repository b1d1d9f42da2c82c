//! Mails that come back.

use domain::bounce::{Effect, Status};
use serde::Serialize;
use store::bounces::Returned;
use utoipa::{ToSchema, openapi::schema::Object};
use uuid::Uuid;

use super::one_of;

fn effects() -> Object {
    one_of(["suspended", "noted", "ignored"])
}

/// What became of a report.
#[derive(Debug, Serialize, ToSchema)]
pub struct BounceResult {
    /// The delivery that came back.
    pub delivery_id: Uuid,
    pub recipient: String,
    /// RFC 3463.
    #[schema(example = "5.1.1")]
    pub status: String,
    /// `suspended`: the recipient gets nothing more until a person enables it. `noted`: it stands in the log.
    /// `ignored`: the report is of a success.
    #[schema(schema_with = effects)]
    pub effect: &'static str,
}

impl BounceResult {
    pub(crate) fn new(returned: Returned, status: Status) -> Self {
        Self {
            delivery_id: returned.delivery.0,
            recipient: returned.recipient,
            status: status.to_string(),
            effect: match returned.effect {
                Effect::Suspend => "suspended",
                Effect::Note => "noted",
                Effect::Nothing => "ignored",
            },
        }
    }
}
