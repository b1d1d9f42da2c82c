//! What the parts say and how: complete, short lines, nothing that filters dislike, nothing loaded from elsewhere.

use domain::delivery::Event;
use mail_parser::{MessageParser, MimeHeaders};

use super::*;
use crate::message::wrap::{COLUMNS, width};

#[test]
fn every_event_renders_in_every_language() {
    for event in Event::ALL {
        for language in Language::ALL {
            for subject in [true, false] {
                let mut notice = opened();
                notice.event = *event;
                if !subject {
                    notice.subject = None;
                }
                let letter = letter(&notice, language);
                let text = text_of(&letter) + &html_of(&letter);
                assert!(
                    !text.contains("mail-") && !text.contains("hint-"),
                    "{event} {language:?}: {text}"
                );
            }
        }
    }
}

#[test]
fn the_text_part_is_first_and_complete() {
    let letter = letter(&opened(), Language::English);
    let message = MessageParser::default().parse(letter.bytes()).unwrap();
    let kinds: Vec<_> = message
        .parts
        .iter()
        .filter_map(|p| p.content_type())
        .map(|c| c.subtype().unwrap())
        .collect();
    assert_eq!(kinds, ["alternative", "plain", "html"]);
    // Wherever the lines were broken.
    let text = message.body_text(0).unwrap();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for needed in [
        "Shop <front> & \"Co\" is down",
        "https://shop.example/health?a=1&b=2",
        "2026-11-23 14:02:05 UTC (15 minutes ago)",
        "Connection refused by 192.0.2.1:443.",
        "https://watch.example.org/incidents/7",
        "me@example.net gets this",
        "channel \"Ops\"",
        "https://watch.example.org/unsubscribe/",
        "Last checks (UTC):",
        "2026-11-23 14:01:05 up: 1.24 s",
        "2026-11-23 14:02:05 down: Connection refused",
    ] {
        assert!(text.contains(needed), "{needed}: {text}");
    }
    assert!(
        letter.bytes().split(|b| *b == b'\n').all(|line| line.len() < 200),
        "long lines"
    );
    assert!(
        letter.bytes().len() < 100 * 1024,
        "larger than what mail programs show"
    );
}

#[test]
fn html_is_escaped_and_loads_nothing() {
    let mut notice = opened();
    if let Some(subject) = &mut notice.subject {
        subject.monitor.name = "<img src=https://evil.example/x>".to_owned();
        subject.incident.reason.detail = "</td><script>alert(1)</script>".to_owned();
    }
    let letter = letter(&notice, Language::English);
    let message = MessageParser::default().parse(letter.bytes()).unwrap();
    let html = message.body_html(0).unwrap();
    assert!(!html.contains("<img") && !html.contains("<script"), "{html}");
    for external in ["src=", "url(", "@import", "<link", "javascript:"] {
        let mine = html.replace("src=https://evil", "");
        assert!(!mine.contains(external), "{external}");
    }
    for href in html.split("href=\"").skip(1) {
        assert!(href.starts_with("https://watch.example.org/"), "{href}");
    }
}

#[test]
fn a_clock_that_is_far_off_does_no_harm() {
    for now in [i64::MIN, -1, 0, 253_402_300_800_000, i64::MAX] {
        let now = Timestamp::from_millis(now);
        let mut desk = Desk::new(Language::English);
        desk.reader.now = now;
        desk.reader.zone = Tz::Pacific__Kiritimati;
        let letter = desk.write(&opened());
        assert!(letter.is_ok());
    }
}

#[test]
fn times_are_those_of_the_reader() {
    let mut desk = Desk::new(Language::SimplifiedChinese);
    desk.reader.zone = Tz::Asia__Shanghai;
    let text = text_of(&desk.write(&opened()).unwrap());
    for needed in [
        "2026-11-23 22:02:05 +08:00 Asia/Shanghai (15 分钟前)",
        "最近的检查（+08:00 Asia/Shanghai）:",
        "  2026-11-23 22:00:05 正常: 87 ms",
    ] {
        assert!(
            text.replace("\n  ", " ").contains(needed.trim()),
            "{needed}: {text}"
        );
    }
}

#[test]
fn without_checks_nothing_is_said_of_them() {
    let mut notice = opened();
    notice.subject.as_mut().unwrap().checks.clear();
    let letter = letter(&notice, Language::English);
    assert!(!(text_of(&letter) + &html_of(&letter)).contains("Last checks"));
}

/// Messages about every event, in both languages, with plain and with impossible names.
fn corpus() -> Vec<Notice> {
    let mut all = Vec::new();
    let names = [
        "Shop".to_owned(),
        "商店".repeat(5000),
        "A".repeat(10_000),
        "DATABASE IS DOWN CALL NOW ".repeat(400),
        "<td style='position:fixed'>\r\n.\r\n\0".repeat(300),
        "🛒\u{202e}".repeat(2000),
    ];
    for name in names {
        for event in Event::ALL {
            let mut notice = match event {
                Event::Resolved => resolved(None),
                _ => opened(),
            };
            notice.event = *event;
            notice.channel_name.clone_from(&name);
            let subject = notice.subject.as_mut().unwrap();
            subject.monitor.name.clone_from(&name);
            subject.monitor.target.clone_from(&name);
            subject.monitor.tags = vec![name.clone(); 20];
            subject.incident.reason.detail.clone_from(&name);
            for check in &mut subject.checks {
                check.reason = Some(name.clone());
            }
            all.push(notice);
        }
    }
    all
}

/// what sends an alert to the spam folder, or hides half of it.
#[test]
fn filters_and_readers_find_nothing_to_dislike() {
    let note = "Runbook: {{link}}\n{{monitor}} {{reason}}";
    let wordings = [
        json!({ "note": note }),
        json!({ "note": note, "subject_style": "thread" }),
        json!({ "note": note, "subject_style": "thread", "subject": "{{monitor}} by {{channel}} #{{incident}}" }),
    ];
    for (language, wording) in Language::ALL
        .iter()
        .flat_map(|language| wordings.iter().map(|wording| (*language, wording)))
    {
        let desk = Desk::new(language).worded(wording.clone());
        let answers = corpus().into_iter().map(|mut notice| {
            notice.thread = Some(OPENING_ID.to_owned());
            notice
        });
        let threaded = wording.get("subject_style").is_some();
        for notice in corpus().into_iter().chain(answers.filter(|_| threaded)) {
            let letter = desk.write(&notice).unwrap();
            let (text, html) = (text_of(&letter), html_of(&letter));
            // Gmail cuts at 102 KB.
            assert!(
                letter.bytes().len() < 100 * 1024,
                "{} bytes",
                letter.bytes().len()
            );
            assert!(letter.bytes().split(|b| *b == b'\n').all(|l| l.len() <= 998));
            for line in text.lines().filter(|l| width(l) > COLUMNS) {
                assert!(!line.trim().contains(' '), "could have been broken: {line}");
            }
            let subject = parsed(&letter).subject().unwrap().to_owned();
            assert!(
                subject.chars().count() <= 150 && !subject.chars().any(char::is_control),
                "{subject}"
            );
            // The text alone says it all: HTML adds its frame and no content.
            let words = |t: &str| t.split_whitespace().count();
            let bare = bare(&html);
            assert!(words(&bare) < words(&text) * 2 + 40, "{bare}\n{text}");
            assert!(
                html.len() < 40 * text.len().max(400),
                "{} of {}",
                html.len(),
                text.len()
            );
        }
    }
}

/// Gmail cuts at 102 KB, and how to stop the messages stands at the end.
#[test]
fn however_many_travel_together_all_of_it_is_shown() {
    let name = |long: &str, n: usize| format!("{n} {}", long.repeat(300));
    for language in Language::ALL {
        for (long, counts) in [
            ("eu-west-1 ", &[2, 10, 11, 50, 500][..]),
            ("商店", &[10, 50, 500]),
            ("&<>\"", &[10, 50]),
            ("🛒", &[3, 10, 50, 500]),
        ] {
            for count in counts {
                let one = |n: usize| {
                    let mut notice = if n % 5 == 4 { resolved(None) } else { opened() };
                    let subject = notice.subject.as_mut().unwrap();
                    subject.incident.reason.detail = name(long, n);
                    subject.monitor.target = name(long, n);
                    subject.monitor.name = name(long, n);
                    notice
                };
                let mut all = (0..*count).map(one);
                let mut notice = all.next().unwrap();
                notice.channel_name = name(long, 0);
                notice.also = all.collect();
                let letter = Desk::new(language).write(&notice).unwrap();
                let size = letter.bytes().len();
                assert!(size < 100 * 1024, "{count} of {long}: {size} bytes");
                let (text, html) = (text_of(&letter), html_of(&letter));
                assert!(text.contains("/unsubscribe/") && html.contains("/unsubscribe/"));
                // Nobody is left out in silence.
                let told = html.matches("/incidents/7\"").count();
                let left = count - told;
                assert!(told >= 1, "{count} of {long}");
                assert_eq!(
                    left > 0,
                    html.contains(&reads_more(language, left)),
                    "{left} left"
                );
                if *count <= 50 && long == "eu-west-1 " {
                    assert_eq!(left, 0, "{count} with long names");
                }
            }
        }
    }
}

fn reads_more(language: Language, left: usize) -> String {
    language.text_with("mail-digest-more", &[("n", left.into())])
}

#[test]
fn a_note_leaves_room_for_how_to_stop_the_messages() {
    for language in Language::ALL {
        for (note, shown) in [
            ("商店".repeat(1024), "商店".repeat(1024)),
            ("🛒".repeat(2048), "🛒".repeat(2048)),
            ("<".repeat(2048), "&#60;".repeat(2048)),
            ("{{reason}}\n".repeat(186), String::new()),
        ] {
            let desk = Desk::new(language).worded(json!({ "note": note }));
            let mut notice = opened();
            if shown.is_empty() {
                let subject = notice.subject.as_mut().unwrap();
                subject.incident.reason.detail = "🛒".repeat(300);
                subject.monitor.target = "🛒".repeat(300);
            }
            let letter = desk.write(&notice).unwrap();
            let size = letter.bytes().len();
            assert!(size < 100 * 1024, "{size} bytes");
            let html = html_of(&letter);
            assert!(html.contains(&shown), "all that was typed is shown");
            assert!(html.contains("/unsubscribe/") && text_of(&letter).contains("/unsubscribe/"));
        }
    }
}

#[test]
fn nobody_is_shouted_at() {
    for language in Language::ALL {
        for event in Event::ALL {
            let mut notice = opened();
            notice.event = *event;
            // A signature has the letters that it has.
            let text = text_of(&letter(&notice, language)).replace(TOKEN, "");
            let loud = text.chars().filter(|c| c.is_ascii_uppercase()).count();
            let quiet = text.chars().filter(char::is_ascii_lowercase).count();
            assert!(loud * 5 < quiet, "{loud} of {quiet}: {text}");
            assert!(!text.contains('!') && !text.contains('！'), "{text}");
        }
    }
}

#[test]
fn whoever_is_told_of_an_outage_can_acknowledge_it() {
    let page = format!("https://watch.example.org/ack/7.{TOKEN}");
    let anna = Progress::Acknowledged {
        at: SINCE,
        by: "ana".to_owned(),
    };
    for event in Event::ALL {
        let offered = matches!(event, Event::Opened | Event::Reminder | Event::Flapping);
        for (progress, offered) in [(Progress::Open, offered), (anna.clone(), false)] {
            let mut notice = opened();
            notice.event = *event;
            notice.subject.as_mut().unwrap().incident.progress = progress;
            let letter = letter(&notice, Language::English);
            let (text, html) = (text_of(&letter), html_of(&letter));
            assert_eq!(
                text.contains(&format!("\nAcknowledge:\n{page}\n")),
                offered,
                "{event}: {text}"
            );
            assert_eq!(html.contains(&format!("href=\"{page}\"")), offered, "{event}");
            assert_eq!(
                text.contains("/ack/") || html.contains("/ack/"),
                offered,
                "{event}"
            );
        }
    }
    let recovery = letter(&resolved(None), Language::English);
    assert!(!text_of(&recovery).contains("/ack/"));
}

#[test]
fn a_link_that_only_works_here_acknowledges_nothing() {
    for local in [
        "http://127.0.0.1:8380",
        "http://localhost:8380",
        "http://[::1]:8380",
    ] {
        let mut desk = Desk::new(Language::English);
        desk.public_url = Url::parse(local).unwrap();
        let letter = desk.write(&opened()).unwrap();
        assert!(
            !text_of(&letter).contains("/ack/") && !html_of(&letter).contains("/ack/"),
            "{local}"
        );
    }
}

/// The words of a document, without its tags and styles.
fn bare(html: &str) -> String {
    let body = html.split_once("<body").unwrap().1;
    let mut out = String::new();
    for piece in body.split('<') {
        out.push_str(piece.split_once('>').map_or("", |(_, text)| text));
        out.push(' ');
    }
    out
}

/// Mail programs drop what they do not know: the layout is made of tables, and every colour stands inline as well.
#[test]
fn the_html_survives_mail_programs() {
    let html = html_of(&letter(&opened(), Language::English));
    for needed in [
        "<meta name=\"color-scheme\" content=\"light dark\">",
        "prefers-color-scheme: dark",
        "lang=\"en\"",
        "max-width:600px",
        "<!--[if mso]><table role=\"presentation\" width=\"600\"",
        "bgcolor=\"#b42318\"",
        "role=\"presentation\"",
    ] {
        assert!(html.contains(needed), "{needed}");
    }
    let tables = html.matches("<table").count();
    assert_eq!(tables, html.matches("role=\"presentation\"").count());
    assert_eq!(tables, html.matches("</table>").count());
    for forbidden in [
        "<div class",
        "display:flex",
        "display:grid",
        "var(--",
        "position:",
        "<svg",
        "<img",
        "<form",
    ] {
        assert!(!html.contains(forbidden), "{forbidden}");
    }
    // Every colour is one of the palette, which is measured.
    let known = format!(
        "{:?}{:?}",
        crate::message::palette::LIGHT,
        crate::message::palette::DARK
    );
    for (at, _) in html.match_indices('#') {
        let colour: String = html[at..].chars().take(7).collect();
        if colour[1..].chars().all(|c| c.is_ascii_hexdigit()) && colour.len() == 7 {
            assert!(known.contains(&colour), "{colour}");
        }
    }
}
