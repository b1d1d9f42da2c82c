//! Who would hear of an outage: several people in order, or nobody.

use std::{collections::HashMap, time::Duration};

use domain::{
    channel::ChannelKind,
    hold::{HeldBy, Hold},
    id::{ChannelId, MonitorId, PolicyId, RotationId},
    policy::{Concern, Reminders, Severity},
};
use store::{Because, ChannelHealth, Forecast, ForecastStep, Reach};

use super::super::{
    outlook::{self, Outlook},
    show::Relative,
};
use crate::{
    Shell,
    pages::{alerting::Held, samples::NOW},
};

pub(super) fn relatives(list: &[(i64, &str)], there: bool) -> Vec<Relative> {
    let relative = |(id, name): &(i64, &str)| Relative {
        id: MonitorId(*id),
        name: (*name).to_owned(),
    };
    list.iter().filter(|_| there).map(relative).collect()
}

/// A policy with several steps, held back for now.
pub(super) fn escalating(shell: &Shell) -> Outlook {
    let reach = |id, name: &str, recipients: &[&str]| Reach {
        channel: ChannelId(id),
        name: name.to_owned(),
        kind: ChannelKind::Email,
        recipients: recipients.iter().map(|r| (*r).to_owned()).collect(),
    };
    let step = |minutes, reaches, of_recoveries| ForecastStep {
        after: Duration::from_mins(minutes),
        reaches,
        on_call: Vec::new(),
        events: Concern::ALL
            .iter()
            .copied()
            .filter(|concern| of_recoveries || *concern != Concern::Recovered)
            .collect(),
    };
    let forecast = Forecast {
        policy: Some((
            PolicyId(1),
            "Night shift".to_owned(),
            Because::Tag("prod".to_owned()),
        )),
        severity: Severity::Critical,
        hold: None,
        steps: vec![
            step(
                0,
                vec![
                    reach(2, "Chat", &[""]),
                    reach(1, "Team mail", &["me@example.org", "you@example.org"]),
                ],
                true,
            ),
            step(10, vec![reach(3, "Log", &[])], true),
            step(30, vec![reach(4, "Pager", &[""])], false),
            step(60, Vec::new(), true),
            ForecastStep {
                events: [Concern::Certificate, Concern::Recovered].into_iter().collect(),
                ..step(60, vec![reach(7, "Web team", &["web@example.org"])], true)
            },
            ForecastStep {
                on_call: vec![(RotationId(1), Some("Ada".to_owned())), (RotationId(2), None)],
                ..step(90, vec![reach(6, "Ada's telephone", &[""])], true)
            },
        ],
        reminders: Some(Reminders {
            first: Duration::from_hours(1),
            longest: Duration::from_hours(24),
        }),
        recovery_after: Duration::from_mins(2),
    };
    let works = ChannelHealth {
        last_success: Some(NOW),
        ..ChannelHealth::default()
    };
    let fails = ChannelHealth {
        waiting: 2,
        ..ChannelHealth::default()
    };
    let health = [(ChannelId(1), works), (ChannelId(2), fails)]
        .into_iter()
        .collect();
    let rotations = [(RotationId(2), "Weekends".to_owned())].into_iter().collect();
    let hold = Hold {
        by: HeldBy::Parent(MonitorId(3)),
        until: None,
    };
    Outlook {
        held: Some(Held::new(shell, hold, "Router".to_owned(), None)),
        off: vec![(ChannelId(5), "Old phone".to_owned())],
        ..outlook::view(shell, "/monitors/7", &forecast, (&health, &rotations))
    }
}

/// Nobody.
pub(super) fn silent(shell: &Shell) -> Outlook {
    let forecast = Forecast {
        policy: None,
        severity: Severity::Critical,
        hold: None,
        steps: Vec::new(),
        reminders: None,
        recovery_after: Duration::ZERO,
    };
    outlook::view(
        shell,
        "/monitors/7",
        &forecast,
        (&HashMap::new(), &HashMap::new()),
    )
}
