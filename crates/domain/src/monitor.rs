//! A monitor: what is checked, how often, how sure we must be, and who hears of it.

use std::{num::NonZeroU32, time::Duration};

use serde_json::{Value, json};

use crate::{
    clock::Timestamp,
    condition::Warnings,
    duration,
    field::{FieldError, FieldErrors},
    id::{ChannelId, MonitorId, PolicyId},
    json::Object,
    reach::ZoneName,
    schedule::Schedule,
    target::{Kind, Target},
    text::parse_line,
};

pub const LONGEST_NAME: usize = 120;
const MOST_PARENTS: usize = 20;
const SHORTEST_TIMEOUT: Duration = Duration::from_millis(100);
const LONGEST_TIMEOUT: Duration = Duration::from_mins(2);
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// A stored monitor.
#[derive(Clone, Debug)]
pub struct Monitor {
    pub id: MonitorId,
    /// Counts up with every edit. An outcome of an older revision is discarded.
    pub revision: i64,
    pub created_at: Timestamp,
    pub config: MonitorConfig,
    /// Its write-only values were sealed with a key that we do not have: checking would send something else than what
    /// was set up, so every check is an internal fault until they are entered again.
    pub locked: bool,
}

/// What a person sets. Valid by construction: build it with [`MonitorConfig::from_json`].
#[derive(Clone, Debug)]
pub struct MonitorConfig {
    pub name: String,
    pub target: Target,
    pub schedule: Schedule,
    /// Total for one check, redirects and body included.
    pub timeout: Duration,
    pub thresholds: Thresholds,
    pub warnings: Warnings,
    /// The network that it is reached by.
    pub zone: ZoneName,
    /// Told at once, of everything.
    pub channels: Vec<ChannelId>,
    /// `None`: by its tags, or the default one, unless it has channels of its own.
    pub policy: Option<PolicyId>,
    /// While one of these is down, nobody is told that this one is too. Sorted, without doubles.
    pub parents: Vec<MonitorId>,
    /// Sorted, without doubles.
    pub tags: Vec<String>,
    /// `false` = paused.
    pub enabled: bool,
}

/// How many checks in a row decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thresholds {
    /// Failures in a row until DOWN.
    pub confirm_after: NonZeroU32,
    /// Successes in a row until UP again.
    pub recover_after: NonZeroU32,
    /// Wait before the next check while a first failure is unconfirmed.
    pub recheck_every: Duration,
}

impl MonitorConfig {
    /// Reads the body of `POST /api/v1/monitors`, which is also what forms build and what the database keeps.
    /// `previous` supplies write-only values that the new body leaves as `null`.
    pub fn from_json(value: Value, previous: Option<&Self>) -> Result<Self, FieldErrors> {
        let mut o = Object::new("", value)?;
        let name = o.required_text("name");
        let name = o.parse("name", name, |f, v| parse_line(f, &v, LONGEST_NAME));
        let kind = o.required_text("kind");
        let kind = o.parse("kind", kind, |f, v| Kind::parse_field(f, &v));
        let target = o
            .required_part("target", |p, v| match kind {
                Some(kind) => Target::from_json(p, kind, v, previous.map(|m| &m.target)).map(Some),
                None => Ok(None),
            })
            .flatten();
        let schedule = o.required_part("schedule", Schedule::from_json);

        let timeout = o.text("timeout").unwrap_or_else(|| {
            let longest = match &schedule {
                Some(Schedule::Every(d)) => DEFAULT_TIMEOUT.min(*d),
                _ => DEFAULT_TIMEOUT,
            };
            duration::format(longest)
        });
        let timeout = o.parse("timeout", Some(timeout), |f, v| {
            duration::parse_between(f, &v, SHORTEST_TIMEOUT, LONGEST_TIMEOUT)
        });
        let confirm_after = o.integer("confirm_after").unwrap_or(2);
        let confirm_after = o.parse("confirm_after", Some(confirm_after), parse_count);
        let recover_after = o.integer("recover_after").unwrap_or(1);
        let recover_after = o.parse("recover_after", Some(recover_after), parse_count);
        let recheck_every = o.text("recheck_every").unwrap_or_else(|| "5s".to_owned());
        let recheck_every = o.parse("recheck_every", Some(recheck_every), |f, v| {
            duration::parse_between(f, &v, Duration::from_millis(100), Duration::from_hours(1))
        });
        let warnings = Warnings::read(&mut o);
        let zone = match o.text("zone").filter(|z| !z.trim().is_empty()) {
            Some(zone) => o.parse("zone", Some(zone), |f, v| ZoneName::parse(f, &v)),
            None => target.as_ref().map(ZoneName::usual),
        };
        let mut channels: Vec<ChannelId> = o
            .integers("channels")
            .unwrap_or_default()
            .into_iter()
            .map(ChannelId)
            .collect();
        channels.sort_unstable();
        channels.dedup();
        let policy = o.integer("policy").map(PolicyId);
        let mut parents: Vec<MonitorId> = o
            .integers("parents")
            .unwrap_or_default()
            .into_iter()
            .map(MonitorId)
            .collect();
        parents.sort_unstable();
        parents.dedup();
        if parents.len() > MOST_PARENTS {
            o.complain::<()>("parents", "parents-too-many", "Use at most 20 parents.");
        }
        let tags = o.texts("tags").unwrap_or_default();
        let tags = o.parse("tags", Some(tags), parse_tags);
        let enabled = o.boolean("enabled").unwrap_or(true);

        let errors = o.finish();
        let config = (|| {
            Some(Self {
                name: name?,
                target: target?,
                schedule: schedule?,
                timeout: timeout?,
                thresholds: Thresholds {
                    confirm_after: confirm_after?,
                    recover_after: recover_after?,
                    recheck_every: recheck_every?,
                },
                warnings: warnings?,
                zone: zone?,
                channels,
                policy,
                parents,
                tags: tags?,
                enabled,
            })
        })();
        config.filter(|_| errors.is_empty()).ok_or(errors)
    }

    /// The body of `POST /api/v1/monitors` that makes this monitor again. Write-only values are `null`.
    pub fn to_json(&self) -> Value {
        let channels: Vec<i64> = self.channels.iter().map(|c| c.0).collect();
        let mut monitor = json!({
            "name": self.name,
            "kind": self.target.kind().as_str(),
            "target": self.target.to_json(),
            "schedule": self.schedule.to_json(),
            "timeout": duration::format(self.timeout),
            "confirm_after": self.thresholds.confirm_after,
            "recheck_every": duration::format(self.thresholds.recheck_every),
            "recover_after": self.thresholds.recover_after,
            "zone": self.zone.as_str(),
            "channels": channels,
            "policy": self.policy,
            "parents": self.parents,
            "tags": self.tags,
            "enabled": self.enabled,
        });
        self.warnings.write(&mut monitor);
        monitor
    }

    /// No data is not UP. `last` is when the last result came, or when the monitor began to be looked at.
    pub fn is_stale(&self, last: Timestamp, now: Timestamp) -> bool {
        self.enabled && now.since(last) > self.stale_after(now)
    }

    /// After this long without a result the status is UNKNOWN: no data is not UP.
    pub fn stale_after(&self, now: Timestamp) -> Duration {
        self.schedule.longest_silence(now) + self.timeout
    }
}

fn parse_count(field: &str, n: i64) -> Result<NonZeroU32, FieldError> {
    u32::try_from(n)
        .ok()
        .filter(|n| *n <= 100)
        .and_then(NonZeroU32::new)
        .ok_or_else(|| FieldError::new(field, "count-range", "Use a whole number from 1 to 100."))
}

pub(crate) fn parse_tags(field: &str, texts: Vec<String>) -> Result<Vec<String>, FieldError> {
    if texts.len() > 20 {
        return Err(FieldError::new(field, "tags-too-many", "Use at most 20 tags."));
    }
    let mut tags = texts
        .iter()
        .map(|t| parse_line(field, t, 50))
        .collect::<Result<Vec<_>, _>>()?;
    tags.sort_unstable();
    tags.dedup();
    Ok(tags)
}
