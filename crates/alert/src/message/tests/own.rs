//! Messages about Watchbell itself.

use super::*;
use crate::{
    links::{Links, Pages},
    message::Brief,
};

fn about(origin: Origin, event: Event, progress: Progress) -> Notice {
    let mut notice = Notice { event, ..opened() };
    let subject = notice.subject.as_mut().unwrap();
    let name = match &origin {
        Origin::Zone(name) => name.clone(),
        Origin::Channel(_) | Origin::Monitor(_) => "Ops chat <b>".to_owned(),
    };
    subject.incident.reason = Reason::new(ReasonKind::Status, "The address is gone for good (410).");
    subject.incident.origin = origin;
    subject.incident.progress = progress;
    subject.monitor = MonitorLabel {
        id: MonitorId(0),
        name: format!("Watchbell: {name}"),
        kind: "watchbell".to_owned(),
        target: name,
        tags: Vec::new(),
    };
    subject.checks = Vec::new();
    notice
}

fn gap() -> Notice {
    let over = Progress::Resolved {
        at: SINCE.plus(Duration::from_mins(12)),
        acknowledged: None,
    };
    about(Origin::Zone("wan".to_owned()), Event::Resolved, over)
}

fn brief(notice: &Notice, language: Language) -> Brief {
    let links = Links::new(public_url());
    let pages = Pages {
        links: &links,
        token: &|incident| format!("{incident}.{TOKEN}"),
    };
    Brief::new(notice, pages, Desk::new(language).reader)
}

#[test]
fn a_gap_says_from_when_to_when_and_that_nothing_was_down() {
    let desk = Desk::new(Language::English);
    let letter = desk.write(&gap()).unwrap();
    golden::keep("own_gap", &letter);
    let text = parsed(&letter).body_text(0).unwrap().into_owned();
    assert!(
        !text.contains("Monitor:") && !text.contains("Last checks"),
        "{text}"
    );
    assert!(!text.contains("/monitors/"), "{text}");
    let said = brief(&gap(), Language::English);
    assert_eq!(
        said.headline,
        "Watchbell was offline 2026-11-23 14:02–14:14 UTC (zone wan)"
    );
    assert_eq!(said.title, format!("[OK] {}", said.headline));
    let note = "What was found in this time is unknown, not down.";
    assert!(said.note.unwrap().starts_with(note));
    let said = brief(&gap(), Language::SimplifiedChinese);
    assert_eq!(
        said.headline,
        "Watchbell 曾在 2026-11-23 14:02–14:14 UTC 离线（区域 wan）"
    );
}

#[test]
fn a_gap_over_midnight_names_both_days() {
    let mut notice = gap();
    notice.subject.as_mut().unwrap().incident.since = SINCE.minus(Duration::from_hours(15));
    let said = brief(&notice, Language::English);
    assert_eq!(
        said.headline,
        "Watchbell was offline 2026-11-22 23:02–2026-11-23 14:14 UTC (zone wan)"
    );
}

#[test]
fn a_channel_in_trouble_is_named_and_can_be_acknowledged() {
    let origin = || Origin::Channel(ChannelId(3));
    let notice = about(origin(), Event::Opened, Progress::Open);
    let letter = Desk::new(Language::English).write(&notice).unwrap();
    golden::keep("own_channel", &letter);
    assert_eq!(
        parsed(&letter).subject(),
        Some("[TROUBLE] Watchbell: the channel Ops chat <b> needs attention")
    );
    let said = brief(&notice, Language::English);
    assert!(said.acknowledge.is_some());
    assert_eq!(said.source, "Ops chat <b>");
    let words = |event, progress| {
        let said = brief(&about(origin(), event, progress), Language::English);
        (said.title, said.note.is_some())
    };
    let taken = Progress::Acknowledged {
        at: SINCE,
        by: "Ann".to_owned(),
    };
    assert_eq!(
        words(Event::Acknowledged, taken),
        (
            "[ACK] Somebody is looking after the channel Ops chat <b>".to_owned(),
            false
        )
    );
    let over = Progress::Resolved {
        at: SINCE,
        acknowledged: None,
    };
    assert_eq!(
        words(Event::Resolved, over),
        (
            "[OK] Watchbell: the channel Ops chat <b> works again".to_owned(),
            false
        )
    );
}

#[test]
fn a_subject_of_ones_own_speaks_of_monitors_and_is_left_aside() {
    for style in ["status", "thread"] {
        let wording = serde_json::json!({ "subject": "{{monitor}} is broken", "subject_style": style });
        let desk = Desk::new(Language::English).worded(wording);
        let letter = desk.write(&gap()).unwrap();
        let message = parsed(&letter);
        let subject = message.subject().unwrap();
        assert!(
            subject.contains("Watchbell") && !subject.contains("is broken"),
            "{subject}"
        );
    }
}

#[test]
fn among_others_it_keeps_its_words() {
    let mut notice = opened();
    notice.also = vec![gap()];
    let letter = Desk::new(Language::English).write(&notice).unwrap();
    let message = parsed(&letter);
    let subject = message.subject().unwrap();
    assert!(subject.starts_with("[1 DOWN, 1 OK] "), "{subject}");
    assert!(message.body_text(0).unwrap().contains("OK: Watchbell: wan"));
}
