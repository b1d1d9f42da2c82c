//! When a monitor is due: every so often, or by a cron expression in a time zone.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{clock::Timestamp, duration, field::FieldErrors, id::MonitorId, json::Object};

mod cron;
pub use cron::{CronSchedule, Rhythm, Weekday};

pub const SHORTEST: Duration = Duration::from_secs(1);
pub const LONGEST: Duration = Duration::from_hours(24);

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Schedule {
    Every(Duration),
    Cron(CronSchedule),
}

impl Schedule {
    /// `{"every": "30s"}` or `{"cron": "*/5 * * * *", "timezone": "Asia/Shanghai"}`.
    pub fn from_json(prefix: &str, value: Value) -> Result<Self, FieldErrors> {
        let mut o = Object::new(prefix, value)?;
        let every = o.text("every");
        let cron = o.text("cron");
        let zone = o.text("timezone");
        let schedule = match (every, cron) {
            (Some(every), None) => o
                .parse("every", Some(every), |f, v| {
                    duration::parse_between(f, &v, SHORTEST, LONGEST)
                })
                .map(Self::Every),
            (None, Some(cron)) => {
                let (field, zone_field) = (o.path("cron"), o.path("timezone"));
                let parsed =
                    CronSchedule::parse(&field, &cron, &zone_field, zone.as_deref().unwrap_or("UTC"));
                o.errors.take(parsed).map(Self::Cron)
            }
            (Some(_), Some(_)) | (None, None) if o.errors.is_empty() => o.complain(
                "every",
                "schedule-one-of",
                "Give either \"every\" or \"cron\", and not both.",
            ),
            _ => None,
        };
        let errors = o.finish();
        schedule.filter(|_| errors.is_empty()).ok_or(errors)
    }

    pub fn to_json(&self) -> Value {
        match self {
            Self::Every(d) => json!({ "every": duration::format(*d) }),
            Self::Cron(c) => json!({ "cron": c.expression(), "timezone": c.timezone().name() }),
        }
    }

    /// The first due time strictly after `after`. `None` when a cron expression never fires again.
    ///
    /// `Every` counts from a fixed phase of the monitor, so checks spread evenly over the interval, nothing drifts,
    /// and a restart does not bunch them. A tick that was missed is not replayed: the caller asks again from now.
    pub fn next_after(&self, monitor: MonitorId, after: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Every(interval) => {
                let interval = i64::try_from(interval.as_millis()).unwrap_or(i64::MAX).max(1);
                let phase = phase_of(monitor, interval);
                let elapsed = (after.as_millis() - phase).div_euclid(interval);
                Some(Timestamp::from_millis(phase + (elapsed + 1) * interval))
            }
            Self::Cron(c) => c.next_after(after),
        }
    }

    /// How long a monitor may have been silent by `now` before that means something: two checks were missed.
    /// Quiet hours in a cron expression count as quiet, not as missing.
    pub fn longest_silence(&self, now: Timestamp) -> Duration {
        match self {
            Self::Every(d) => *d * 2,
            Self::Cron(c) => c.since_last_but_one(now).unwrap_or(LONGEST),
        }
    }

    /// The usual distance between two checks, for the page.
    pub fn nominal_interval(&self, around: Timestamp) -> Duration {
        match self {
            Self::Every(d) => *d,
            Self::Cron(c) => {
                let first = c.next_after(around);
                let second = first.and_then(|f| c.next_after(f));
                match (first, second) {
                    (Some(a), Some(b)) => b.since(a),
                    _ => LONGEST,
                }
            }
        }
    }
}

/// Spreads consecutive ids over the interval: multiples of the golden ratio are never far from evenly spaced,
/// however many monitors there are.
fn phase_of(monitor: MonitorId, interval_ms: i64) -> i64 {
    const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
    let fraction = (monitor.0 as u64).wrapping_mul(GOLDEN);
    ((u128::from(fraction) * (interval_ms as u128)) >> 64) as i64
}
