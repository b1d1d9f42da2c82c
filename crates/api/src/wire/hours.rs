//! Hours of the week, and what is quiet in them.

use domain::hours::{Hours, Quiet, QuietAction, Span, day_name};
use serde::Serialize;
use utoipa::{
    ToSchema,
    openapi::schema::{Array, ArrayBuilder, Object},
};

use super::one_of;

/// Hours of a channel in which it does not ring.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuietHours {
    pub hours: WeekHours,
    /// `hold`: what happens in them is told when they end, if it is still true. `digest`: all of it is told in one message
    /// then.
    #[schema(schema_with = actions)]
    pub action: &'static str,
}

/// Some part of every week, not all of it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WeekHours {
    /// By its IANA name.
    #[schema(example = "Europe/Berlin")]
    pub zone: String,
    #[schema(min_items = 1, max_items = 20)]
    pub spans: Vec<HoursSpan>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HoursSpan {
    /// On which it begins.
    #[schema(schema_with = days)]
    pub days: Vec<&'static str>,
    #[schema(example = "22:00")]
    pub from: String,
    /// On the next day when it is not later than `from`.
    #[schema(example = "07:00")]
    pub to: String,
}

fn actions() -> Object {
    one_of(QuietAction::ALL.iter().map(|a| a.as_str()))
}

fn days() -> Array {
    ArrayBuilder::new()
        .items(one_of(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]))
        .min_items(Some(1))
        .build()
}

impl From<&Quiet> for QuietHours {
    fn from(quiet: &Quiet) -> Self {
        Self {
            hours: (&quiet.hours).into(),
            action: quiet.action.as_str(),
        }
    }
}

impl From<&Hours> for WeekHours {
    fn from(hours: &Hours) -> Self {
        Self {
            zone: hours.zone().name().to_owned(),
            spans: hours.spans().iter().map(Into::into).collect(),
        }
    }
}

impl From<&Span> for HoursSpan {
    fn from(span: &Span) -> Self {
        Self {
            days: span.days().iter().map(|d| day_name(*d)).collect(),
            from: span.from().to_string(),
            to: span.to().to_string(),
        }
    }
}
