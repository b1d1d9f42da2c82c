//! Hours of the week, and quiet hours.

use domain::hours::{Hours, Quiet, QuietAction, day_name};
use serde::Serialize;
use utoipa::{ToSchema, openapi::schema::Object};

use super::one_of;

/// Hours on the clocks of a time zone.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HoursBody {
    /// Name from the IANA time zone database.
    #[schema(example = "Europe/Berlin")]
    pub zone: String,
    #[schema(min_items = 1, max_items = 20)]
    pub spans: Vec<SpanBody>,
}

/// On these days from one time to another; past midnight where `to` is not later than `from`.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SpanBody {
    /// On which it begins: `mon` to `sun`.
    pub days: Vec<&'static str>,
    #[schema(example = "22:00")]
    pub from: String,
    #[schema(example = "07:00")]
    pub to: String,
}

/// When messages wait, and what becomes of them.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuietBody {
    pub hours: HoursBody,
    /// `hold`: told when the hours end, if it is still true. `digest`: everything of those hours in one message.
    #[schema(schema_with = actions)]
    pub action: &'static str,
}

fn actions() -> Object {
    one_of(QuietAction::ALL.iter().map(|a| a.as_str()))
}

impl From<&Quiet> for QuietBody {
    fn from(quiet: &Quiet) -> Self {
        Self {
            hours: (&quiet.hours).into(),
            action: quiet.action.as_str(),
        }
    }
}

impl From<&Hours> for HoursBody {
    fn from(hours: &Hours) -> Self {
        let spans = hours.spans().iter().map(|span| SpanBody {
            days: span.days().iter().map(|d| day_name(*d)).collect(),
            from: span.from().to_string(),
            to: span.to().to_string(),
        });
        Self {
            zone: hours.zone().name().to_owned(),
            spans: spans.collect(),
        }
    }
}
