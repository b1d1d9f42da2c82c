//! A message as it would be, for the page on which people word it: made by the function that alerts use.

use std::time::Duration;

use domain::{
    delivery::{CheckResult, Event, LastCheck, MonitorLabel, Notice, Subject},
    id::{ChannelId, DeliveryId, IncidentId, MonitorId},
    incident::{Incident, IncidentKind, Origin, Progress},
    mail_message::MessageSettings,
    outcome::{Reason, ReasonKind},
    policy::Severity,
};
use url::Url;
use uuid::Uuid;

use super::{View, custom::Wording, space::Space, words::Reader};
use crate::links::{Links, Pages};

/// What a recipient would see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    pub subject: String,
    /// What a list of messages shows after the subject.
    pub preheader: String,
    pub text: String,
    /// A whole document. It is safe to show, but not with the scripts and styles of another page.
    pub html: String,
}

pub(crate) fn preview(
    settings: &MessageSettings,
    event: Event,
    public_url: &Url,
    reader: Reader,
) -> askama::Result<Preview> {
    let notice = sample(event, reader);
    let links = Links::new(public_url.clone());
    // Nobody gets this one, so there is nothing to be signed.
    let unsubscribe = links.is_reachable().then(|| links.unsubscribe("…"));
    let pages = Pages {
        links: &links,
        token: &|_| "…".to_owned(),
    };
    let view = View::of_notice(
        &notice,
        &Wording { settings },
        pages,
        unsubscribe,
        (reader, Space::AMPLE),
    );
    Ok(Preview {
        subject: view.subject.clone(),
        preheader: view.preheader.clone(),
        text: view.text()?,
        html: view.html()?,
    })
}

/// An outage that nobody had, told as `event` would tell it.
pub(super) fn sample(event: Event, reader: Reader) -> Notice {
    let since = reader.now.minus(Duration::from_mins(7));
    let resolved = event == Event::Resolved;
    let check = |minutes_ago: u64, down: bool| LastCheck {
        at: reader.now.minus(Duration::from_mins(minutes_ago)),
        result: if down { CheckResult::Down } else { CheckResult::Up },
        latency: Some(Duration::from_millis(if down { 41 } else { 87 })),
        reason: down.then(|| reader.text("mail-sample-reason")),
    };
    let monitor = MonitorLabel {
        id: MonitorId(1),
        name: reader.text("mail-sample-monitor"),
        kind: "http".to_owned(),
        target: "https://shop.example/health".to_owned(),
        tags: vec!["prod".to_owned(), "eu".to_owned()],
    };
    Notice {
        delivery: DeliveryId(Uuid::nil()),
        event,
        at: reader.now,
        recipient: "me@example.org".to_owned(),
        channel: ChannelId(1),
        channel_name: reader.text("mail-sample-channel"),
        subject: Some(Subject {
            took_down: Vec::new(),
            deleted: false,
            incident: Incident {
                severity: Severity::default(),
                id: IncidentId(42),
                origin: Origin::Monitor(MonitorId(1)),
                kind: IncidentKind::Down,
                since,
                opened_at: since.plus(Duration::from_mins(1)),
                reason: Reason::new(ReasonKind::Status, reader.text("mail-sample-reason")),
                progress: match event {
                    Event::Resolved => Progress::Resolved {
                        at: reader.now,
                        acknowledged: None,
                    },
                    Event::Acknowledged => Progress::Acknowledged {
                        at: reader.now,
                        by: "ana@example.org".to_owned(),
                    },
                    Event::Opened | Event::Reminder | Event::Flapping | Event::Test => Progress::Open,
                },
            },
            opened_as: monitor.clone(),
            monitor,
            checks: [4, 3, 2, 1, 0].map(|ago| check(ago, ago > 0 || !resolved)).into(),
        }),
        message_id: "sample@example.org".to_owned(),
        thread: (event != Event::Opened).then(|| "opening@example.org".to_owned()),
        thread_reference: None,
        also: Vec::new(),
        counted: Vec::new(),
        shared_with: Vec::new(),
    }
}
