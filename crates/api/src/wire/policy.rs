//! Alerting policies.

use domain::{
    duration,
    policy::{Concern, Policy, Reminders, Severity, Step},
};
use serde::Serialize;
use utoipa::{
    ToSchema,
    openapi::schema::{Array, ArrayBuilder, Object},
};

use super::{hours::QuietHours, one_of};

pub(super) fn severities() -> Object {
    one_of(Severity::ALL.iter().map(|s| s.as_str()))
}

fn events() -> Array {
    ArrayBuilder::new()
        .items(one_of(Concern::ALL.iter().map(|c| c.as_str())))
        .min_items(Some(1))
        .build()
}

/// What a person sets. Left out: the default. An unknown field is refused by its name.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyDraft {
    #[schema(max_length = 80)]
    pub name: String,
    /// For services that sort by it. Default `critical`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = severities)]
    pub severity: Option<&'static str>,
    #[schema(min_items = 1, max_items = 20)]
    pub steps: Vec<PolicyStepDraft>,
    /// `null`, the default: nobody is reminded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reminders: Option<RemindersBody>,
    /// So long a monitor must be up again before anybody hears of it, at most 1h. Default 0s.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "2m")]
    pub recovery_after: Option<String>,
    /// For monitors with one of these tags that name no policy and have no channels of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 20)]
    pub tags: Option<Vec<String>>,
    /// For monitors for which nothing else was said. At most one policy is; saving another one as it takes its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<bool>,
}

/// Who is told, and when.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyStepDraft {
    /// So long after the opening, as long as nobody has acknowledged it; at most 7d. Default 0s: at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "10m")]
    pub after: Option<String>,
    /// Ids of channels. A step names a channel or a rotation at least.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channels: Option<Vec<i64>>,
    /// Ids of on-call rotations: whoever is on call when the step is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotations: Option<Vec<i64>>,
    /// What it tells of. Default: everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = events)]
    pub events: Option<Vec<&'static str>>,
    /// Beside the quiet hours of each channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quiet: Option<QuietHours>,
}

/// While an incident is open and nobody has acknowledged it: after `first`, then after twice as long each time.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RemindersBody {
    /// From 5m to 7d. Default 1h.
    #[schema(required = false, example = "1h")]
    pub first: String,
    /// No wait is longer than this, at most 7d. Default 1d.
    #[schema(required = false, example = "1d")]
    pub longest: String,
}

/// A policy as it is read.
#[derive(Debug, Serialize, ToSchema)]
pub struct PolicyView {
    pub id: i64,
    /// How many monitors name it.
    pub monitors: u64,
    pub name: String,
    #[schema(schema_with = severities)]
    pub severity: &'static str,
    /// The earliest first.
    pub steps: Vec<PolicyStepView>,
    pub reminders: Option<RemindersBody>,
    pub recovery_after: String,
    pub tags: Vec<String>,
    pub default: bool,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct PolicyStepView {
    pub after: String,
    pub channels: Vec<i64>,
    pub rotations: Vec<i64>,
    #[schema(schema_with = events)]
    pub events: Vec<&'static str>,
    pub quiet: Option<QuietHours>,
}

impl PolicyView {
    pub(crate) fn new(policy: &Policy, monitors: u64) -> Self {
        let c = &policy.config;
        Self {
            id: policy.id.0,
            monitors,
            name: c.name.clone(),
            severity: c.severity.as_str(),
            steps: c.steps.iter().map(Into::into).collect(),
            reminders: c.reminders.map(Into::into),
            recovery_after: duration::format(c.recovery_after),
            tags: c.tags.clone(),
            default: c.default,
        }
    }
}

impl From<&Step> for PolicyStepView {
    fn from(step: &Step) -> Self {
        Self {
            after: duration::format(step.after),
            channels: step.channels.iter().map(|c| c.0).collect(),
            rotations: step.rotations.iter().map(|r| r.0).collect(),
            events: step.events.iter().map(|e| e.as_str()).collect(),
            quiet: step.quiet.as_ref().map(Into::into),
        }
    }
}

impl From<Reminders> for RemindersBody {
    fn from(r: Reminders) -> Self {
        Self {
            first: duration::format(r.first),
            longest: duration::format(r.longest),
        }
    }
}
