//! "If this went down now": who would be told, when and by which channel, before it happens.

use std::collections::{BTreeSet, HashMap};

use domain::{
    channel::Channel,
    id::{ChannelId, RotationId},
    monitor::Monitor,
    policy::Concern,
};
use store::{Because, ChannelHealth, Forecast, ForecastStep, Reach, Store};

use crate::{
    Shell,
    components::Mark,
    error,
    pages::alerting::{self, Held, words},
};

pub(crate) struct Outlook {
    /// Nobody would be told, and what to do about it.
    pub(super) warning: Option<Warning>,
    /// Where the steps come from.
    pub(super) source: String,
    /// Address of its policy.
    pub(super) policy: Option<(String, String)>,
    pub(super) held: Option<Held>,
    pub(super) moments: Vec<Moment>,
    pub(super) reminders: String,
    pub(super) recovery: String,
    /// Channels that would be told if they were switched on.
    pub(super) off: Vec<(ChannelId, String)>,
}

pub(crate) struct Warning {
    pub(super) words: String,
    pub(super) href: String,
    pub(super) action: String,
}

/// One step.
pub(crate) struct Moment {
    pub(super) when: String,
    pub(super) only: Option<String>,
    pub(super) told: Vec<Told>,
    pub(super) on_call: words::OnCall,
}

pub(crate) struct Told {
    pub(super) channel: ChannelId,
    pub(super) name: String,
    pub(super) recipients: String,
    pub(super) shape: &'static str,
    pub(super) word: String,
}

impl Told {
    pub(super) fn mark(&self, shell: &Shell) -> Mark {
        shell.mark(self.shape, &self.word)
    }
}

pub(super) async fn read(store: &Store, shell: &Shell, monitor: &Monitor) -> error::Result<Option<Outlook>> {
    let Some(forecast) = store.forecast(monitor.id, shell.now).await? else {
        return Ok(None);
    };
    let mut wanted: BTreeSet<ChannelId> = monitor.config.channels.iter().copied().collect();
    let on_call: BTreeSet<&str> = forecast
        .steps
        .iter()
        .flat_map(|s| s.on_call.iter().filter_map(|(_, person)| person.as_deref()))
        .collect();
    if !on_call.is_empty() {
        let people = store.contacts().all().await?;
        let people = people.into_iter().filter(|p| on_call.contains(p.name.as_str()));
        wanted.extend(people.flat_map(|p| p.channels));
    }
    if let Some((id, ..)) = &forecast.policy
        && let Some(policy) = store.policies().get(*id).await?
    {
        wanted.extend(policy.config.channels());
    }
    let channels = store.channels().all().await?;
    let off = |c: &&Channel| !c.enabled && wanted.contains(&c.id);
    let off = channels.iter().filter(off).map(|c| (c.id, c.name.clone()));
    // Whoever is on call is told by channels that no policy names.
    let reaches = forecast.steps.iter().flat_map(|s| &s.reaches);
    let told: BTreeSet<ChannelId> = reaches.map(|r| r.channel).collect();
    let told: Vec<ChannelId> = told.into_iter().collect();
    let health = store.channels().health(&told).await?;
    let held = match forecast.hold {
        Some(hold) => Some(Held::read(store, shell, hold).await?),
        None => None,
    };
    let rotations = alerting::rotations(store).await?.into_iter().collect();
    let href = format!("/monitors/{}", monitor.id);
    Ok(Some(Outlook {
        held,
        off: off.collect(),
        ..view(shell, &href, &forecast, (&health, &rotations))
    }))
}

/// How channels do, and what rotations are called.
pub(super) type Known<'a> = (
    &'a HashMap<ChannelId, ChannelHealth>,
    &'a HashMap<RotationId, String>,
);

/// Without what holds it back and what is switched off.
pub(super) fn view(shell: &Shell, href: &str, forecast: &Forecast, known: Known<'_>) -> Outlook {
    let hears = |s: &ForecastStep| of_outages(s) && s.reaches.iter().any(|r| !r.recipients.is_empty());
    let unmanned = |s: &ForecastStep| of_outages(s) && s.on_call.iter().any(|(_, person)| person.is_none());
    let warning = if forecast.steps.is_empty() {
        Some(Warning {
            words: shell.t("monitor-nobody").to_string(),
            href: format!("{href}/edit#channels"),
            action: shell.t("monitor-choose").to_string(),
        })
    } else if forecast.steps.iter().any(hears) {
        None
    } else if forecast.steps.iter().any(unmanned) {
        Some(Warning {
            words: shell.t("outlook-unmanned").to_string(),
            href: "/on-call".to_owned(),
            action: shell.t("outlook-unmanned-do").to_string(),
        })
    } else {
        Some(Warning {
            words: shell.t("outlook-deaf").to_string(),
            href: "/channels".to_owned(),
            action: shell.t("outlook-deaf-do").to_string(),
        })
    };
    let source = match &forecast.policy {
        Some((.., Because::Named)) => shell.t("outlook-by-name"),
        Some((.., Because::Tag(tag))) => shell.t("outlook-by-tag").arg("tag", tag),
        Some((.., Because::Default)) => shell.t("outlook-by-default"),
        None => shell.t("outlook-own"),
    };
    let policy = forecast.policy.as_ref();
    let of_outages: Vec<&ForecastStep> = forecast.steps.iter().filter(|s| of_outages(s)).collect();
    let told = words::told_of(of_outages.iter().map(|s| &s.events));
    Outlook {
        warning,
        source: source.to_string(),
        policy: policy.map(|(id, name, _)| (format!("/policies/{id}"), name.clone())),
        held: None,
        moments: forecast.steps.iter().map(|s| moment(shell, s, known)).collect(),
        reminders: words::reminders(shell, forecast.reminders, &told),
        recovery: words::recovery(shell, forecast.recovery_after, &told),
        off: Vec::new(),
    }
}

fn of_outages(step: &ForecastStep) -> bool {
    step.events.contains(&Concern::Down)
}

fn moment(shell: &Shell, step: &ForecastStep, (health, rotations): Known<'_>) -> Moment {
    let told = step.reaches.iter().map(|reach| {
        let health = health.get(&reach.channel).cloned().unwrap_or_default();
        let told = told(shell, reach, &health);
        if of_outages(step) {
            return told;
        }
        Told {
            shape: "paused",
            word: shell.t("outlook-not-of-outages").to_string(),
            ..told
        }
    });
    let on_call = words::on_call(shell, &step.on_call, rotations);
    Moment {
        when: words::when_unacknowledged(shell, step.after),
        only: words::only(shell, &step.events),
        told: told.collect(),
        // That nobody is on call is no trouble of a step that would not run.
        on_call: words::OnCall {
            nobody: on_call.nobody.filter(|_| of_outages(step)),
            ..on_call
        },
    }
}

fn told(shell: &Shell, reach: &Reach, health: &ChannelHealth) -> Told {
    let failed = health.last_failure.as_ref().map(|(at, _)| *at);
    let (shape, key) = if reach.recipients.is_empty() {
        ("paused", "outlook-not-of-outages")
    } else if health.waiting > 0 || failed > health.last_success {
        ("down", "channel-failing")
    } else if health.last_success.is_some() {
        ("up", "channel-works")
    } else {
        ("pending", "channel-untried")
    };
    let named = reach.recipients.iter().filter(|r| !r.is_empty());
    Told {
        channel: reach.channel,
        name: reach.name.clone(),
        recipients: named.cloned().collect::<Vec<_>>().join(", "),
        shape,
        word: shell.t(key).to_string(),
    }
}
