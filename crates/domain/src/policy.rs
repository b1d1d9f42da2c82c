//! An alerting policy: what happens when an incident opens, step by step, until somebody takes care of it.
//!
//! Which policy an incident has is decided when it opens and stays; what the policy says is read each time it is due, so
//! that what its page shows is what happens next.

use std::{collections::BTreeSet, time::Duration};

use serde_json::{Value, json};

use crate::{
    duration,
    field::{FieldError, FieldErrors},
    hours::Quiet,
    id::{ChannelId, PolicyId, RotationId},
    json::Object,
    outcome::named,
    text::parse_line,
};

pub const LONGEST_NAME: usize = 80;
const MOST_STEPS: usize = 20;
/// A step later than this would outlast what people remember of the incident.
const LONGEST_DELAY: Duration = Duration::from_hours(7 * 24);
const SHORTEST_REMINDER: Duration = Duration::from_mins(5);
const LONGEST_REMINDER: Duration = Duration::from_hours(7 * 24);
const LONGEST_RECOVERY: Duration = Duration::from_hours(1);

/// A stored policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    pub id: PolicyId,
    pub config: PolicyConfig,
}

/// What a person sets. Valid by construction: build it with [`PolicyConfig::from_json`].
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyConfig {
    pub name: String,
    pub severity: Severity,
    /// By their delay, the earliest first. At least one.
    pub steps: Vec<Step>,
    pub reminders: Option<Reminders>,
    /// So long a monitor must be up again before anybody hears of it.
    pub recovery_after: Duration,
    /// Monitors with one of these tags have it, unless they name another one or channels of their own. Sorted.
    pub tags: Vec<String>,
    /// Of monitors for which nothing else was said. One policy at most.
    pub default: bool,
}

/// Who is told, and when.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// After the opening of the incident, as long as nobody has acknowledged it.
    pub after: Duration,
    pub channels: Vec<ChannelId>,
    /// Whoever is on call in these when the step is due.
    pub rotations: Vec<RotationId>,
    /// Never empty.
    pub events: BTreeSet<Concern>,
    /// Beside the quiet hours of each channel.
    pub quiet: Option<Quiet>,
}

/// While an incident is open and nobody has acknowledged it: after `first`, then after twice as long each time, at most
/// `longest`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reminders {
    pub first: Duration,
    pub longest: Duration,
}

named! {
    /// What a step tells of.
    #[derive(PartialOrd, Ord)]
    Concern {
        Down = "down",
        /// Up, and slower than it should be.
        Degraded = "degraded",
        /// Its certificate is about to expire.
        Certificate = "certificate",
        /// Watchbell cannot look.
        NoData = "no_data",
        /// Whatever it was is over.
        Recovered = "recovered",
    }
}

named! {
    /// How bad it is, the worst first, for services that sort by it. Of what nobody decided about it is critical.
    #[derive(Default, PartialOrd, Ord)]
    Severity {
        #[default]
        Critical = "critical",
        Error = "error",
        Warning = "warning",
        Info = "info",
    }
}

impl Reminders {
    /// Between the message before and the next one; `sent` = reminders so far.
    pub fn interval(self, sent: u32) -> Duration {
        let doubled = self
            .first
            .checked_mul(1_u32.checked_shl(sent).unwrap_or(u32::MAX));
        doubled.unwrap_or(self.longest).min(self.longest)
    }
}

impl Step {
    /// At once, of everything: what a monitor's own channels are.
    pub fn at_once(channels: Vec<ChannelId>) -> Self {
        Self {
            after: Duration::ZERO,
            channels,
            rotations: Vec::new(),
            events: Concern::ALL.iter().copied().collect(),
            quiet: None,
        }
    }

    pub fn tells(&self, concern: Concern) -> bool {
        self.events.contains(&concern)
    }

    /// Of anything but ends.
    pub fn tells_of_openings(&self) -> bool {
        self.events.iter().any(|concern| *concern != Concern::Recovered)
    }
}

impl PolicyConfig {
    /// The body of `POST /api/v1/policies`, which is also what the form builds and the database keeps.
    pub fn from_json(value: Value) -> Result<Self, FieldErrors> {
        let mut o = Object::new("", value)?;
        let name = o.required_text("name");
        let name = o.parse("name", name, |f, v| parse_line(f, &v, LONGEST_NAME));
        let severity = o.text("severity").unwrap_or_else(|| "critical".to_owned());
        let severity = o.parse("severity", Some(severity), |f, v| {
            let known: Vec<&str> = Severity::ALL.iter().map(|s| s.as_str()).collect();
            Severity::parse(&v).ok_or_else(|| FieldError::choice_unknown(f, &known))
        });
        let steps = read_steps(&mut o);
        let reminders = o.part("reminders", read_reminders);
        let recovery_after = o.text("recovery_after").unwrap_or_else(|| "0s".to_owned());
        let recovery_after = o.parse("recovery_after", Some(recovery_after), |f, v| {
            duration::parse_between(f, &v, Duration::ZERO, LONGEST_RECOVERY)
        });
        let tags = o.texts("tags").unwrap_or_default();
        let tags = o.parse("tags", Some(tags), crate::monitor::parse_tags);
        let default = o.boolean("default").unwrap_or(false);
        let errors = o.finish();
        let config = (|| {
            Some(Self {
                name: name?,
                severity: severity?,
                steps: steps?,
                reminders,
                recovery_after: recovery_after?,
                tags: tags?,
                default,
            })
        })();
        config.filter(|_| errors.is_empty()).ok_or(errors)
    }

    /// The body that makes this policy again.
    pub fn to_json(&self) -> Value {
        let steps: Vec<Value> = self.steps.iter().map(Step::to_json).collect();
        let reminders = self
            .reminders
            .map(|r| json!({ "first": duration::format(r.first), "longest": duration::format(r.longest) }));
        json!({
            "name": self.name,
            "severity": self.severity.as_str(),
            "steps": steps,
            "reminders": reminders,
            "recovery_after": duration::format(self.recovery_after),
            "tags": self.tags,
            "default": self.default,
        })
    }

    /// The first of its tags that one of these is.
    pub fn matching_tag(&self, tags: &[String]) -> Option<&str> {
        let found = self.tags.iter().find(|t| tags.contains(t));
        found.map(String::as_str)
    }

    /// Every channel that a step names.
    pub fn channels(&self) -> BTreeSet<ChannelId> {
        self.steps
            .iter()
            .flat_map(|s| s.channels.iter().copied())
            .collect()
    }

    /// Every on-call rotation that a step names.
    pub fn rotations(&self) -> BTreeSet<RotationId> {
        self.steps
            .iter()
            .flat_map(|s| s.rotations.iter().copied())
            .collect()
    }
}

impl Step {
    fn from_json(prefix: &str, value: Value) -> Result<Self, FieldErrors> {
        let mut o = Object::new(prefix, value)?;
        let after = o.text("after").unwrap_or_else(|| "0s".to_owned());
        let after = o.parse("after", Some(after), |f, v| {
            duration::parse_between(f, &v, Duration::ZERO, LONGEST_DELAY)
        });
        let mut channels = o.integers("channels").unwrap_or_default();
        let mut rotations = o.integers("rotations").unwrap_or_default();
        for ids in [&mut channels, &mut rotations] {
            ids.sort_unstable();
            ids.dedup();
        }
        if channels.is_empty() && rotations.is_empty() {
            o.complain::<()>(
                "channels",
                "step-nobody",
                "Name a channel or an on-call rotation that this step tells.",
            );
        }
        let events = o.texts("events").unwrap_or_else(|| {
            let all = Concern::ALL.iter().map(|c| c.as_str().to_owned());
            all.collect()
        });
        let events = o.parse("events", Some(events), |f, all| {
            let known: Vec<&str> = Concern::ALL.iter().map(|c| c.as_str()).collect();
            let parse =
                |text: &String| Concern::parse(text).ok_or_else(|| FieldError::choice_unknown(f, &known));
            all.iter().map(parse).collect::<Result<BTreeSet<_>, _>>()
        });
        if events.as_ref().is_some_and(BTreeSet::is_empty) {
            o.complain::<()>("events", "step-no-events", "Choose what this step tells of.");
        }
        let quiet = o.part("quiet", Quiet::from_json);
        let errors = o.finish();
        let step = (|| {
            Some(Self {
                after: after?,
                channels: channels.into_iter().map(ChannelId).collect(),
                rotations: rotations.into_iter().map(RotationId).collect(),
                events: events?,
                quiet,
            })
        })();
        step.filter(|_| errors.is_empty()).ok_or(errors)
    }

    fn to_json(&self) -> Value {
        let events: Vec<&str> = self.events.iter().map(|e| e.as_str()).collect();
        json!({
            "after": duration::format(self.after),
            "channels": self.channels,
            "rotations": self.rotations,
            "events": events,
            "quiet": self.quiet.as_ref().map(Quiet::to_json),
        })
    }
}

fn read_steps(o: &mut Object) -> Option<Vec<Step>> {
    let steps = match o.value("steps") {
        Some(Value::Array(steps)) if !steps.is_empty() => steps,
        Some(Value::Array(_)) | None => {
            return o.complain(
                "steps",
                "steps-none",
                "A policy needs a step that tells somebody.",
            );
        }
        Some(_) => return o.complain("steps", "type-list", "This must be a list."),
    };
    if steps.len() > MOST_STEPS {
        return o.complain("steps", "steps-too-many", "Use at most 20 steps.");
    }
    let count = steps.len();
    let mut read = Vec::with_capacity(count);
    for (n, step) in steps.into_iter().enumerate() {
        let step = Step::from_json(&o.path(&format!("steps.{n}")), step);
        read.extend(o.errors.absorb(step));
    }
    read.sort_by_key(|s: &Step| s.after);
    (read.len() == count).then_some(read)
}

fn read_reminders(prefix: &str, value: Value) -> Result<Reminders, FieldErrors> {
    let mut o = Object::new(prefix, value)?;
    let mut field = |name: &str, usual: &str| {
        let text = o.text(name).unwrap_or_else(|| usual.to_owned());
        o.parse(name, Some(text), |f, v| {
            duration::parse_between(f, &v, SHORTEST_REMINDER, LONGEST_REMINDER)
        })
    };
    let (first, longest) = (field("first", "1h"), field("longest", "1d"));
    if let (Some(first), Some(longest)) = (first, longest)
        && longest < first
    {
        o.complain::<()>(
            "longest",
            "reminders-shrink",
            "This must be at least as long as the time before the first reminder.",
        );
    }
    let errors = o.finish();
    let reminders = first
        .zip(longest)
        .map(|(first, longest)| Reminders { first, longest });
    reminders.filter(|_| errors.is_empty()).ok_or(errors)
}
