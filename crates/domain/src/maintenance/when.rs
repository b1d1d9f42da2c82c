//! When a window is open: once, at each run of a cron expression, or in hours of the week.

use std::time::Duration;

use serde_json::{Value, json};

use super::Window;
use crate::{
    clock::Timestamp,
    duration,
    field::{FieldError, FieldErrors},
    hours::{self, Hours},
    json::Object,
    schedule::CronSchedule,
};

pub const SHORTEST: Duration = Duration::from_mins(1);
pub const LONGEST_ONCE: Duration = Duration::from_hours(24 * 90);
/// Of each window of a cron expression.
pub const LONGEST_REPEATED: Duration = Duration::from_hours(24 * 7);
/// So many windows are looked at to see whether they run into each other.
const LOOKED_AT: usize = 50;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum When {
    Once(Window),
    /// From each run on; a run ends the window of the one before.
    Cron {
        schedule: CronSchedule,
        duration: Duration,
    },
    Weekly(Hours),
}

impl When {
    /// `{"from": "…", "to": "…"}`, `{"cron": "0 2 * * SUN", "timezone": "Europe/Berlin", "duration": "2h"}` or
    /// `{"hours": {"zone": "…", "spans": […]}}`.
    pub fn from_json(prefix: &str, value: Value) -> Result<Self, FieldErrors> {
        let mut o = Object::new(prefix, value)?;
        let (once, cron, weekly) = (o.has("from") || o.has("to"), o.has("cron"), o.has("hours"));
        let when = match (once, cron, weekly) {
            (true, false, false) => read_once(&mut o),
            (false, true, false) => read_cron(&mut o),
            (false, false, true) => o.required_part("hours", Hours::from_json).map(Self::Weekly),
            _ => {
                for name in ["from", "to", "cron", "timezone", "duration", "hours"] {
                    o.value(name);
                }
                o.errors.push(FieldError::new(
                    prefix,
                    "when-one-of",
                    "Say when in one way: \"from\" and \"to\", or \"cron\" with \"duration\", or \"hours\".",
                ));
                None
            }
        };
        let errors = o.finish();
        when.filter(|_| errors.is_empty()).ok_or(errors)
    }

    pub fn to_json(&self) -> Value {
        match self {
            Self::Once(w) => json!({ "from": w.from.to_rfc3339(), "to": w.to.to_rfc3339() }),
            Self::Cron { schedule, duration } => json!({
                "cron": schedule.expression(),
                "timezone": schedule.timezone().name(),
                "duration": duration::format(*duration),
            }),
            Self::Weekly(hours) => json!({ "hours": hours.to_json() }),
        }
    }

    /// The window that is open at `at`, by the rule alone.
    pub fn window(&self, at: Timestamp) -> Option<Window> {
        match self {
            Self::Once(window) => Some(*window).filter(|w| w.from <= at && at < w.to),
            Self::Cron { schedule, duration } => {
                let from = schedule.last_until(at)?;
                Some(cron_window(schedule, from, *duration)).filter(|w| at < w.to)
            }
            Self::Weekly(hours) => {
                // From so far back that the begin is the real one.
                let back = at.minus(hours::LONGEST_STRETCH + Duration::from_hours(24));
                let stretches = hours.stretches(back, at.plus(hours::LONGEST_STRETCH));
                let (from, to) = stretches.into_iter().find(|(b, e)| *b <= at && at < *e)?;
                Some(Window { from, to })
            }
        }
    }

    /// The first window that begins strictly after `after`, by the rule alone.
    pub fn next(&self, after: Timestamp) -> Option<Window> {
        match self {
            Self::Once(window) => Some(*window).filter(|w| w.from > after),
            Self::Cron { schedule, duration } => {
                let from = schedule.next_after(after)?;
                Some(cron_window(schedule, from, *duration))
            }
            Self::Weekly(hours) => {
                let from = hours.next_begin(after)?;
                let to = hours.until(from)?;
                Some(Window { from, to })
            }
        }
    }

    /// When its last window ends. `None`: it goes on for ever.
    pub fn last_end(&self) -> Option<Timestamp> {
        match self {
            Self::Once(window) => Some(window.to),
            Self::Cron { .. } | Self::Weekly(_) => None,
        }
    }

    /// As somebody announces it at `now`.
    pub(super) fn announced(self, prefix: &str, now: Timestamp) -> Result<Self, FieldErrors> {
        let to = || format!("{prefix}.to");
        match self {
            Self::Once(window) => {
                let from = window.from.max(now);
                if window.to <= now {
                    let message = "This has passed already. Choose a later end.";
                    return Err(FieldError::new(to(), "end-passed", message).into());
                }
                if window.to <= from {
                    let message = "The end must come after the start.";
                    return Err(FieldError::new(to(), "end-before-start", message).into());
                }
                if window.to.since(from) > LONGEST_ONCE {
                    let message = "A window lasts 90 days at most. Pause the monitors if they are out of use for longer.";
                    return Err(FieldError::new(to(), "maintenance-too-long", message).into());
                }
                Ok(Self::Once(Window { from, ..window }))
            }
            Self::Cron { schedule, duration } => {
                let runs = std::iter::successors(schedule.next_after(now), |run| schedule.next_after(*run));
                let runs: Vec<Timestamp> = runs.take(LOOKED_AT).collect();
                if runs.windows(2).any(|two| two[1].since(two[0]) < duration) {
                    let message = "The next window would begin before the one before it ends. Make it shorter, or rarer.";
                    let field = format!("{prefix}.duration");
                    return Err(FieldError::new(field, "windows-overlap", message).into());
                }
                Ok(Self::Cron { schedule, duration })
            }
            Self::Weekly(hours) => Ok(Self::Weekly(hours)),
        }
    }
}

/// Windows never overlap, so that each has one beginning by which it is known.
fn cron_window(schedule: &CronSchedule, from: Timestamp, duration: Duration) -> Window {
    let to = from.plus(duration);
    let next = schedule.next_after(from);
    Window {
        from,
        to: next.map_or(to, |next| to.min(next)),
    }
}

fn read_once(o: &mut Object) -> Option<When> {
    let given = (o.has("from"), o.has("to"));
    let (from, to) = (o.time("from"), o.time("to"));
    if !given.0 {
        let _: Option<()> = o.complain("from", "required", "This field is required.");
    }
    if !given.1 {
        let _: Option<()> = o.complain("to", "required", "This field is required.");
    }
    let (from, to) = (from?, to?);
    if to <= from {
        return o.complain("to", "end-before-start", "The end must come after the start.");
    }
    Some(When::Once(Window { from, to }))
}

fn read_cron(o: &mut Object) -> Option<When> {
    let expression = o.required_text("cron");
    let zone = o.text("timezone").unwrap_or_else(|| "UTC".to_owned());
    let (field, zone_field) = (o.path("cron"), o.path("timezone"));
    let schedule = expression.and_then(|e| {
        let parsed = CronSchedule::parse(&field, &e, &zone_field, &zone);
        o.errors.take(parsed)
    });
    let length = o.required_text("duration");
    let length = o.parse("duration", length, |f, v| {
        duration::parse_between(f, &v, SHORTEST, LONGEST_REPEATED)
    });
    Some(When::Cron {
        schedule: schedule?,
        duration: length?,
    })
}
