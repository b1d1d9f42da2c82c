//! A message as it lies in a mailbox, read by a parser that had no part in writing it.

use mail_parser::{Message, MessageParser, MimeHeaders};

/// Everything that we wrote is there, and nothing was broken on the way. Gives the headers that the server put on top,
/// folded into single lines.
pub(crate) fn check(raw: &[u8], to: &str) -> String {
    let message = MessageParser::default()
        .parse(raw)
        .unwrap_or_else(|| panic!("no message: {}", String::from_utf8_lossy(raw)));
    let shown = || String::from_utf8_lossy(raw).into_owned();
    let subject = message.subject().unwrap_or_default();
    assert!(subject.ends_with("Watchbell mail settings"), "{}", shown());
    assert_eq!(
        address(message.from()),
        ("Watchbell".to_owned(), "watch@example.org".to_owned())
    );
    assert_eq!(address(message.to()).1, to);
    assert!(message.date().is_some(), "{}", shown());
    assert!(
        message
            .message_id()
            .is_some_and(|id| id.ends_with("@example.org")),
        "{}",
        shown()
    );
    assert_eq!(auto_submitted(&message), Some("auto-generated"), "{}", shown());

    assert_eq!(
        (message.text_body_count(), message.html_body_count()),
        (1, 1),
        "{}",
        shown()
    );
    let text = message.body_text(0).expect("a text").into_owned();
    // The first and the last thing that the text says.
    assert!(text.contains("The mail settings work"), "{text}");
    assert!(text.contains("because somebody entered the address"), "{text}");
    let html = message.body_html(0).expect("an HTML part").into_owned();
    assert!(html.trim_end().ends_with("</html>"), "{html}");
    assert!(html.contains("because somebody entered the address"), "{html}");
    for part in &message.parts {
        assert!(!part.is_encoding_problem, "{}", shown());
        assert!(part.attachment_name().is_none(), "{}", shown());
    }
    let text = shown().replace("\r\n", "\n");
    let (headers, _) = text.split_once("\n\n").expect("headers and a body");
    headers.replace("\n\t", " ").replace("\n ", " ")
}

fn address(header: Option<&mail_parser::Address<'_>>) -> (String, String) {
    let first = header.and_then(|a| a.first()).expect("an address");
    let text = |t: Option<&str>| t.unwrap_or_default().to_owned();
    (text(first.name()), text(first.address()))
}

fn auto_submitted<'a>(message: &'a Message<'_>) -> Option<&'a str> {
    message.header("Auto-Submitted").and_then(|h| h.as_text())
}
