//! Whatever anybody puts into a name, an answer or a setting.

use mail_parser::MessageParser;
use proptest::prelude::*;

use super::*;

#[test]
fn a_recipient_that_is_no_address_is_refused_before_anything_is_sent() {
    for bad in [
        "",
        "nobody",
        "a@b\r\nRCPT TO:<c@d.example>",
        "a@@b.example",
        "<a@b.example>",
    ] {
        let mut notice = opened();
        notice.recipient = bad.to_owned();
        let result = Desk::new(Language::English).write(&notice);
        assert!(matches!(result, Err(ComposeError::Recipient)), "{bad:?}");
    }
}

#[test]
fn addresses_beyond_ascii_are_left_to_the_server() {
    let mut notice = opened();
    notice.recipient = "jürgen@bücher.example".to_owned();
    let letter = letter(&notice, Language::English);
    assert_eq!(letter.to.as_str(), "jürgen@xn--bcher-kva.example");
    let raw = String::from_utf8_lossy(letter.bytes()).into_owned();
    assert!(raw.contains("\r\nTo: jürgen@xn--bcher-kva.example\r\n"), "{raw}");
}

fn hostile() -> impl Strategy<Value = String> {
    let bits = prop_oneof![
        Just("\r\n".to_owned()),
        Just("\r".to_owned()),
        Just("\n.\n".to_owned()),
        Just("\0".to_owned()),
        Just("\"".to_owned()),
        Just("=?utf-8?q?=0D=0A?=".to_owned()),
        Just("Bcc: x@evil.example".to_owned()),
        Just("{{ 7*7 }}{% raw %}".to_owned()),
        Just("{ $n }".to_owned()),
        Just("\u{202e}\u{2028}".to_owned()),
        Just("商店🛒é".to_owned()),
        any::<char>().prop_map(String::from),
        "[ -~]{0,40}",
    ];
    proptest::collection::vec(bits, 0..12).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_recipient_breaks_a_message(local in "\\PC{1,20}", domain in "\\PC{1,20}", whole in hostile()) {
        for recipient in [format!("{local}@{domain}.example"), format!("{local}@example.org"), whole] {
            let mut notice = opened();
            notice.recipient = recipient;
            if let Ok(letter) = Desk::new(Language::English).write(&notice) {
                let raw = String::from_utf8_lossy(letter.bytes());
                let (head, _) = raw.split_once("\r\n\r\n").unwrap();
                prop_assert_eq!(head.matches("\r\nTo: ").count(), 1);
                prop_assert_eq!(head.matches("\r\nSubject: ").count(), 1);
            }
        }
    }

    #[test]
    fn no_input_breaks_a_message(
        name in hostile(), reason in hostile(), target in hostile(), channel in hostile(),
        tag in hostile(), id in hostile(), by in hostile(), from_name in hostile(),
    ) {
        let mut desk = Desk::new(Language::English).worded(json!({
            "subject": "{{status}} {{monitor}} {{reason}} {{tags}}", "note": "{{monitor}}\n{{target}} {{reason}} {{channel}}",
        }));
        desk.settings.from_name = Some(from_name);
        let mut notice = resolved(Some(&id));
        notice.channel_name = channel;
        notice.message_id = id;
        if let Some(subject) = &mut notice.subject {
            subject.monitor.name = name;
            subject.monitor.target = target;
            subject.monitor.tags = vec![tag.clone()];
            subject.checks[3].reason = Some(tag);
            subject.incident.reason.detail = reason;
            subject.incident.progress = Progress::Acknowledged { at: SINCE, by };
        }
        let letter = desk.write(&notice).unwrap();
        let raw = std::str::from_utf8(letter.bytes()).unwrap();
        prop_assert!(raw.is_ascii());
        let (head, _) = raw.split_once("\r\n\r\n").unwrap();
        let allowed = ["From", "To", "Date", "Message-ID", "Subject", "Auto-Submitted", "X-Auto-Response-Suppress", "List-Id",
            "Reply-To", "In-Reply-To", "References", "List-Unsubscribe", "List-Unsubscribe-Post", "MIME-Version", "Content-Type"];
        for line in head.split("\r\n").filter(|l| !l.starts_with([' ', '\t'])) {
            let header = line.split(':').next().unwrap();
            prop_assert!(allowed.contains(&header), "{}", line);
            prop_assert!(line.len() < 998);
        }
        let message = MessageParser::default().parse(letter.bytes()).unwrap();
        prop_assert_eq!(message.parts.len(), 3);
        prop_assert_eq!(message.to().unwrap().first().unwrap().address(), Some("me@example.net"));
        prop_assert_eq!(message.from().unwrap().first().unwrap().address(), Some("watch@example.org"));
    }
}
