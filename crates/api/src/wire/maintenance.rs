//! Maintenance windows.

use domain::{
    clock::Timestamp,
    duration,
    hours::{Hours, day_name},
    maintenance::{Exception, Maintenance, When, Window},
};
use serde::Serialize;
use store::MaintenanceState;
use utoipa::{ToSchema, openapi::schema::Object};

use super::{Time, matcher::MatcherBody, one_of};

fn states() -> Object {
    one_of(MaintenanceState::ALL.iter().map(|s| s.as_str()))
}

/// What a person sets.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MaintenanceDraft {
    /// One line of at most 120 characters.
    #[schema(max_length = 120, example = "New disks")]
    pub title: String,
    /// For people, at most 2000 characters.
    #[schema(max_length = 2000)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    pub matcher: MatcherBody,
    pub when: WhenBody,
}

/// When it is open, in one of three ways.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum WhenBody {
    Once(MaintenanceOnce),
    Cron(MaintenanceCron),
    Weekly(MaintenanceWeekly),
}

/// Once.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MaintenanceOnce {
    /// RFC 3339; for a time that has passed: now.
    #[schema(example = "2026-01-31T12:00:00Z")]
    pub from: String,
    /// RFC 3339, at most 90 days after `from`.
    #[schema(example = "2026-01-31T14:00:00Z")]
    pub to: String,
}

/// From each run of a cron expression.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MaintenanceCron {
    #[schema(example = "0 2 * * SUN")]
    pub cron: String,
    /// Name from the IANA time zone database. Default UTC.
    #[schema(example = "Europe/Berlin")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    /// From 1m to 7d, and over before the next run.
    #[schema(example = "2h")]
    pub duration: String,
}

/// In hours of every week.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MaintenanceWeekly {
    pub hours: MaintenanceHours,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MaintenanceHours {
    #[schema(example = "Europe/Berlin")]
    pub zone: String,
    #[schema(min_items = 1, max_items = 20)]
    pub spans: Vec<MaintenanceSpan>,
}

/// On each of the days; an end that is not later than the begin is one of the next day.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MaintenanceSpan {
    #[schema(example = json!(["sat", "sun"]))]
    pub days: Vec<String>,
    #[schema(example = "22:00")]
    pub from: String,
    #[schema(example = "04:00")]
    pub to: String,
}

/// Names one window that comes.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OccurrenceBody {
    /// RFC 3339: when it begins, as `next` or GET /upcoming-maintenance says it.
    #[schema(example = "2026-01-31T12:00:00Z")]
    pub from: String,
}

/// A maintenance window as it is read.
#[derive(Debug, Serialize, ToSchema)]
pub struct MaintenanceView {
    pub id: i64,
    /// `active`: it is open. `pending`: it will be.
    #[schema(schema_with = states)]
    pub state: &'static str,
    pub title: String,
    pub note: String,
    pub matcher: MatcherBody,
    pub when: WhenBody,
    /// The account or token that made it.
    pub author: String,
    pub created_at: Time,
    /// The window that is open.
    pub current: Option<WindowView>,
    /// The first one that begins after now.
    pub next: Option<WindowView>,
    /// What ended early or was called off, of the last hundred days and ahead.
    pub exceptions: Vec<ExceptionView>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct WindowView {
    pub from: Time,
    pub to: Time,
}

/// One window that ended before its time, or does not happen.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExceptionView {
    /// When the window begins by its rule.
    pub from: Time,
    /// When it ended; `null`: it was called off.
    pub ended_at: Option<Time>,
    pub by: String,
    pub at: Time,
}

/// One window that comes.
#[derive(Debug, Serialize, ToSchema)]
pub struct UpcomingView {
    pub maintenance_id: i64,
    pub title: String,
    pub from: Time,
    pub to: Time,
}

impl From<&Hours> for MaintenanceHours {
    fn from(hours: &Hours) -> Self {
        let spans = hours.spans().iter().map(|s| MaintenanceSpan {
            days: s.days().iter().map(|d| day_name(*d).to_owned()).collect(),
            from: s.from().to_string(),
            to: s.to().to_string(),
        });
        Self {
            zone: hours.zone().name().to_owned(),
            spans: spans.collect(),
        }
    }
}

impl From<&When> for WhenBody {
    fn from(when: &When) -> Self {
        match when {
            When::Once(w) => Self::Once(MaintenanceOnce {
                from: w.from.to_rfc3339(),
                to: w.to.to_rfc3339(),
            }),
            When::Cron { schedule, duration } => Self::Cron(MaintenanceCron {
                cron: schedule.expression().to_owned(),
                timezone: Some(schedule.timezone().name().to_owned()),
                duration: duration::format(*duration),
            }),
            When::Weekly(hours) => Self::Weekly(MaintenanceWeekly { hours: hours.into() }),
        }
    }
}

impl From<Window> for WindowView {
    fn from(w: Window) -> Self {
        Self {
            from: Time(w.from),
            to: Time(w.to),
        }
    }
}

impl From<&Exception> for ExceptionView {
    fn from(e: &Exception) -> Self {
        Self {
            from: Time(e.starts_at),
            ended_at: (!e.is_cancelled()).then_some(Time(e.ends_at)),
            by: e.by.clone(),
            at: Time(e.at),
        }
    }
}

impl UpcomingView {
    pub(crate) fn new(m: &Maintenance, w: Window) -> Self {
        Self {
            maintenance_id: m.id.0,
            title: m.config.title.clone(),
            from: Time(w.from),
            to: Time(w.to),
        }
    }
}

impl MaintenanceView {
    pub(crate) fn new(m: &Maintenance, now: Timestamp) -> Self {
        let c = &m.config;
        Self {
            id: m.id.0,
            state: MaintenanceState::of(m, now).as_str(),
            title: c.title.clone(),
            note: c.note.clone(),
            matcher: (&c.matcher).into(),
            when: (&c.when).into(),
            author: m.author.clone(),
            created_at: Time(m.created_at),
            current: m.window(now).map(Into::into),
            next: m.next(now).map(Into::into),
            exceptions: m.exceptions.iter().map(Into::into).collect(),
        }
    }
}
