use domain::bounce::Effect;
use proptest::prelude::*;

use super::*;

/// As Postfix writes them.
const POSTFIX: &str = "\
Return-Path: <>\r
Delivered-To: bounce+mark@bounces.example\r
Date: Thu, 26 Nov 2026 12:00:00 +0000 (UTC)\r
From: MAILER-DAEMON@mx.example.org (Mail Delivery System)\r
Subject: Undelivered Mail Returned to Sender\r
To: bounce+mark@bounces.example\r
Auto-Submitted: auto-replied\r
MIME-Version: 1.0\r
Content-Type: multipart/report; report-type=delivery-status;\r
\tboundary=\"4XyZ.1/mx.example.org\"\r
\r
This is a MIME-encapsulated message.\r
\r
--4XyZ.1/mx.example.org\r
Content-Description: Notification\r
Content-Type: text/plain; charset=us-ascii\r
\r
This is the mail system at host mx.example.org.\r
\r
<gone@example.org>: host mail.example.org[192.0.2.1] said: 550 5.1.1 No such user\r
\r
--4XyZ.1/mx.example.org\r
Content-Description: Delivery report\r
Content-Type: message/delivery-status\r
\r
Reporting-MTA: dns; mx.example.org\r
X-Postfix-Queue-ID: 4XyZ\r
Arrival-Date: Thu, 26 Nov 2026 12:00:00 +0000 (UTC)\r
\r
Final-Recipient: rfc822; gone@example.org\r
Original-Recipient: rfc822;gone@example.org\r
Action: failed\r
Status: 5.1.1\r
Remote-MTA: dns; mail.example.org\r
Diagnostic-Code: smtp; 550 5.1.1\r
    No such user here\r
\r
--4XyZ.1/mx.example.org\r
Content-Description: Undelivered Message Headers\r
Content-Type: message/rfc822\r
\r
From: watch@example.com\r
To: gone@example.org\r
Subject: [DOWN] Shop\r
\r
Status: 2.0.0\r
--4XyZ.1/mx.example.org--\r
";

fn status(text: &str) -> Option<String> {
    read_status(text.as_bytes()).status.map(|s| s.to_string())
}

#[test]
fn a_report_of_postfix_is_read() {
    let report = read_message(POSTFIX.as_bytes());
    assert_eq!(report.status.unwrap().to_string(), "5.1.1");
    assert_eq!(report.status.unwrap().effect(), Effect::Suspend);
    assert_eq!(report.text, "550 5.1.1 No such user here");
    assert_eq!(report.addresses, ["bounce+mark@bounces.example"; 2]);
    // The same with bare line feeds, as some scripts hand it on.
    assert_eq!(read_message(POSTFIX.replace('\r', "").as_bytes()), report);
}

#[test]
fn the_part_alone_is_read() {
    for (text, expected) in [
        (
            "Reporting-MTA: dns; a\n\nFinal-Recipient: rfc822; x@y\nAction: failed\nStatus: 5.1.1\n",
            Some("5.1.1"),
        ),
        ("action: FAILED\nstatus: 5.2.2 (mailbox full)\n", Some("5.2.2")),
        ("Action: delayed\nStatus: 4.4.7\n", Some("4.4.7")),
        // A number that does not go with its word counts as the word does.
        ("Action: delayed\nStatus: 5.4.7\n", Some("4.4.7")),
        ("Action: delivered\nStatus: 5.0.0\n", Some("2.0.0")),
        // No status, but the answer of the other server.
        (
            "Action: failed\nDiagnostic-Code: smtp; 550 5.7.1 no\n",
            Some("5.7.1"),
        ),
        ("Action: failed\nDiagnostic-Code: smtp;554-no\n", Some("5.0.0")),
        ("Action: failed\nDiagnostic-Code: x-unix; no such file\n", None),
        (
            "Final-Recipient: rfc822; a@b\nStatus: 4.0.0\n\nFinal-Recipient: rfc822; c@d\nStatus: 5.1.1\n",
            Some("4.0.0"),
        ),
        ("Status: none\n", None),
        ("", None),
    ] {
        assert_eq!(status(text).as_deref(), expected, "{text:?}");
    }
}

#[test]
fn an_envelope_id_is_an_address_too() {
    let report = read_status(b"Original-Envelope-Id: abc\nStatus: 5.1.1\n");
    assert_eq!(report.addresses, ["abc"]);
}

#[test]
fn what_is_no_report_has_no_status() {
    for text in [
        "",
        "Subject: Out of office\r\nTo: bounce+mark@bounces.example\r\n\r\nStatus: 5.1.1\r\n",
        "no header at all",
    ] {
        assert_eq!(read_message(text.as_bytes()).status, None, "{text:?}");
    }
}

#[test]
fn a_report_of_many_addresses_is_cut() {
    let to = "a@b.example, ".repeat(10_000);
    let report = read_message(format!("To: {to}\r\n\r\n").as_bytes());
    assert!(report.addresses.len() <= MOST_ADDRESSES);
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        read_message(&bytes);
        read_status(&bytes);
    }

    #[test]
    fn no_damaged_report_panics(at in 0..POSTFIX.len(), length in 0usize..200, with in proptest::collection::vec(any::<u8>(), 0..40)) {
        let mut bytes = POSTFIX.as_bytes().to_vec();
        let end = (at + length).min(bytes.len());
        bytes.splice(at..end, with);
        read_message(&bytes);
        read_status(&bytes);
    }
}
