//! Messages as they leave: golden files, read back with a parser that is not ours, and hostile input.

use std::time::Duration;

use domain::{
    clock::Timestamp,
    delivery::{CheckResult, Event, LastCheck, MonitorLabel, Notice, Subject},
    id::{ChannelId, DeliveryId, IncidentId, MonitorId},
    incident::{Incident, Origin, Progress},
    mail::MailSettings,
    mail_message::MessageSettings,
    outcome::{Reason, ReasonKind},
    policy::Severity,
    zone::Tz,
};
use mail_parser::MessageParser;
use serde_json::json;
use url::Url;
use uuid::Uuid;

use super::{ComposeError, Language, Reader, Writing, notice_letter};
use crate::mail::Letter;

mod content;
mod deleted;
mod golden;
mod headers;
mod hostile;
mod own;
mod wording;

/// 2026-11-23 14:02:05 UTC.
const SINCE: Timestamp = Timestamp::from_millis(1_795_442_525_000);
const OPENING_ID: &str = "01939d1c-0000-7000-8000-000000000001@example.org";

fn settings() -> MailSettings {
    MailSettings::from_json(
        json!({ "host": "smtp.example.org", "port": 465, "security": "tls", "from": "watch@example.org",
                "from_name": "Watchbell", "reply_to": "ops@example.org" }),
        None,
    )
    .unwrap()
}

/// Signed by nobody: here it only has to travel.
const TOKEN: &str = "1.bWVAZXhhbXBsZS5uZXQ.c2lnbmF0dXJlLW9mLTE2";

/// What a message is written with; the public ones are what the tests vary.
struct Desk {
    settings: MailSettings,
    wording: MessageSettings,
    public_url: Url,
    reader: Reader,
}

impl Desk {
    fn new(language: Language) -> Self {
        Self {
            settings: settings(),
            wording: MessageSettings::default(),
            public_url: public_url(),
            reader: Reader {
                language,
                zone: Tz::UTC,
                now: SINCE.plus(Duration::from_mins(15)),
            },
        }
    }

    fn worded(mut self, wording: serde_json::Value) -> Self {
        self.wording = MessageSettings::from_json(wording).unwrap();
        self
    }

    fn write(&self, notice: &Notice) -> Result<Letter, ComposeError> {
        let writing = Writing {
            settings: &self.settings,
            wording: &self.wording,
            public_url: &self.public_url,
            reader: self.reader,
            token: TOKEN,
            told: &|incident| format!("{incident}.{TOKEN}"),
        };
        notice_letter(notice, &writing)
    }
}

fn public_url() -> Url {
    Url::parse("https://watch.example.org").unwrap()
}

fn shop() -> MonitorLabel {
    MonitorLabel {
        id: MonitorId(3),
        name: "Shop <front> & \"Co\"".to_owned(),
        kind: "http".to_owned(),
        target: "https://shop.example/health?a=1&b=2".to_owned(),
        tags: vec!["prod".to_owned()],
    }
}

fn opened() -> Notice {
    Notice {
        delivery: DeliveryId(Uuid::from_u128(0x0193_9d1c_0000_7000_8000_0000_0000_0001)),
        event: Event::Opened,
        at: SINCE.plus(Duration::from_secs(5)),
        recipient: "me@example.net".to_owned(),
        channel: ChannelId(1),
        channel_name: "Ops".to_owned(),
        subject: Some(Subject {
            took_down: Vec::new(),
            deleted: false,
            incident: Incident {
                severity: Severity::default(),
                id: IncidentId(7),
                origin: Origin::Monitor(MonitorId(3)),
                kind: domain::incident::IncidentKind::Down,
                since: SINCE,
                opened_at: SINCE.plus(Duration::from_secs(5)),
                reason: Reason::new(ReasonKind::Connect, "Connection refused by 192.0.2.1:443."),
                progress: Progress::Open,
            },
            monitor: shop(),
            opened_as: shop(),
            checks: checks(),
        }),
        message_id: OPENING_ID.to_owned(),
        thread: None,
        thread_reference: None,
        also: Vec::new(),
        counted: Vec::new(),
        shared_with: Vec::new(),
    }
}

/// Three good ones, and the outage begins.
fn checks() -> Vec<LastCheck> {
    let check = |seconds: i64, result, latency: Option<u64>, reason: Option<&str>| LastCheck {
        at: Timestamp::from_millis(SINCE.as_millis() + seconds * 1000),
        result,
        latency: latency.map(Duration::from_millis),
        reason: reason.map(ToOwned::to_owned),
    };
    vec![
        check(-120, CheckResult::Up, Some(87), None),
        check(-60, CheckResult::Up, Some(1240), None),
        check(
            -30,
            CheckResult::Unknown,
            None,
            Some("No name server of ours answers."),
        ),
        check(
            0,
            CheckResult::Down,
            None,
            Some("Connection refused by 192.0.2.1:443."),
        ),
        check(
            5,
            CheckResult::Down,
            None,
            Some("Connection refused by 192.0.2.1:443."),
        ),
    ]
}

fn resolved(thread: Option<&str>) -> Notice {
    let mut notice = opened();
    notice.event = Event::Resolved;
    notice.message_id = "01939d1c-0000-7000-8000-000000000002@example.org".to_owned();
    notice.thread = thread.map(ToOwned::to_owned);
    if let Some(subject) = &mut notice.subject {
        subject.incident.progress = Progress::Resolved {
            at: SINCE.plus(Duration::from_mins(12)),
            acknowledged: Some((SINCE.plus(Duration::from_mins(2)), "ana".to_owned())),
        };
    }
    notice
}

fn letter(notice: &Notice, language: Language) -> Letter {
    Desk::new(language).write(notice).unwrap()
}

fn parsed(letter: &Letter) -> mail_parser::Message<'_> {
    MessageParser::default().parse(letter.bytes()).unwrap()
}

fn text_of(letter: &Letter) -> String {
    parsed(letter).body_text(0).unwrap().replace("\r\n", "\n")
}

fn html_of(letter: &Letter) -> String {
    parsed(letter).body_html(0).unwrap().replace("\r\n", "\n")
}
