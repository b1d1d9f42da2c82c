//! Hosts, ports, URLs: what a person may type, and what only looks like it.

use domain::{
    host::{Host, HostPort, parse_port},
    target::parse_url,
};
use proptest::prelude::*;

use crate::named;

#[test]
fn hosts_that_are_taken() {
    for (text, kept) in [
        ("example.org", "example.org"),
        ("  Mail.Example.ORG. ", "mail.example.org"),
        ("localhost", "localhost"),
        ("shop_web_1", "shop_web_1"),
        ("_service.example.org", "_service.example.org"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("例子.测试", "xn--fsqu00a.xn--0zwm56d"),
        ("192.0.2.10", "192.0.2.10"),
        ("2001:DB8::1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("::ffff:127.0.0.1", "::ffff:127.0.0.1"),
        ("3com.example", "3com.example"),
        ("1.2.3.4.example", "1.2.3.4.example"),
    ] {
        let host = Host::parse("host", text).unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_eq!(host.to_string(), kept, "{text}");
    }
}

#[test]
fn hosts_that_are_refused() {
    let long_label = format!("{}.example", "a".repeat(64));
    let long_name = "ab.".repeat(84) + "org";
    for (text, code) in [
        ("", "required"),
        ("   ", "required"),
        ("https://example.org", "host-with-scheme"),
        ("smtp://mail.example.org:587/x", "host-with-scheme"),
        ("example.org:8080", "host-with-port"),
        ("192.0.2.1:25", "host-with-port"),
        ("example.org/path", "host-invalid"),
        ("user@example.org", "host-invalid"),
        ("exa mple.org", "host-invalid"),
        ("-example.org", "host-invalid"),
        ("example-.org", "host-invalid"),
        ("example..org", "host-invalid"),
        (".", "host-invalid"),
        ("*", "host-invalid"),
        ("[example.org]", "host-invalid"),
        ("[::1", "host-invalid"),
        ("[::1]:25", "host-invalid"),
        ("fe80::1%eth0", "host-invalid"),
        // Addresses in disguise: decimal, octal, hexadecimal, short, full width.
        ("2130706433", "host-invalid"),
        ("0177.0.0.1", "host-invalid"),
        ("0x7f.0.0.1", "host-invalid"),
        ("0x7f000001", "host-invalid"),
        ("127.1", "host-invalid"),
        ("127.0.0.1.", "host-invalid"),
        ("１２７.0.0.1", "host-invalid"),
        ("256.1.1.1", "host-invalid"),
        ("example.org\r\nRCPT TO:<x@y>", "control-characters"),
        ("example.org\n", "control-characters"),
        ("exam\u{202e}ple.org", "control-characters"),
        (&long_label, "host-invalid"),
        (&long_name, "host-invalid"),
    ] {
        let e = Host::parse("host", text)
            .map(|h| panic!("{text:?} was taken as {h:?}"))
            .err();
        assert_eq!(e.as_ref().map(named), Some(("host".to_owned(), code)), "{text:?}");
    }
}

#[test]
fn ports_end_at_65535() {
    for port in [1, 25, 65535] {
        assert_eq!(parse_port("port", port).map(i64::from), Ok(port));
    }
    for port in [0, -1, 65536, i64::MAX, i64::MIN] {
        assert_eq!(
            parse_port("port", port).map_err(|e| e.code),
            Err("port-range"),
            "{port}"
        );
    }
}

#[test]
fn an_address_with_a_port_has_its_brackets() {
    let text = |host: &str| {
        let host = Host::parse("host", host).expect("valid");
        HostPort { host, port: 25 }.to_string()
    };
    assert_eq!(text("mail.example.org"), "mail.example.org:25");
    assert_eq!(text("192.0.2.1"), "192.0.2.1:25");
    assert_eq!(text("2001:db8::1"), "[2001:db8::1]:25");
}

#[test]
fn urls_that_are_refused() {
    for (text, code) in [
        ("", "required"),
        ("example.org", "url-invalid"),
        ("/health", "url-invalid"),
        ("http://", "url-invalid"),
        ("https:///health", "url-host"),
        ("http:/example.org", "url-host"),
        ("http:example.org", "url-host"),
        ("http://?x", "url-invalid"),
        ("http://exa mple.org", "url-invalid"),
        ("http://example.org:65536/", "url-invalid"),
        ("http://example.org:0/", "port-range"),
        ("file:///etc/passwd", "url-scheme"),
        ("gopher://example.org/", "url-scheme"),
        ("ftp://example.org/", "url-scheme"),
        ("javascript:alert(1)", "url-scheme"),
        ("data:text/plain,x", "url-scheme"),
        ("ws://example.org/", "url-scheme"),
        ("https://me@example.org/", "url-credentials"),
        ("https://:secret@example.org/", "url-credentials"),
        ("https://example.org/\r\nX: y", "control-characters"),
    ] {
        let e = parse_url("url", text)
            .map(|u| panic!("{text:?} was taken as {u}"))
            .err();
        assert_eq!(e.as_ref().map(named), Some(("url".to_owned(), code)), "{text:?}");
    }
    let long = format!("https://example.org/{}", "x".repeat(3000));
    assert_eq!(parse_url("url", &long).map_err(|e| e.code), Err("too-long"));
}

/// A URL shows the address that is really meant, so that the egress policy and people see the same.
#[test]
fn urls_unmask_addresses() {
    for text in [
        "http://2130706433/",
        "http://0x7f.1/",
        "http://0177.0.0.1/",
        "http://127.1/",
    ] {
        let url = parse_url("url", text).unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_eq!(url.host_str(), Some("127.0.0.1"), "{text}");
    }
}

proptest! {
    #[test]
    fn a_host_reads_back_as_itself(text in "\\PC{0,30}") {
        if let Ok(host) = Host::parse("host", &text) {
            prop_assert_eq!(Host::parse("host", &host.to_string()), Ok(host));
        }
    }

    #[test]
    fn a_plausible_host_reads_back_as_itself(text in "[a-zA-Z0-9._\\-:\\[\\]ü]{1,20}") {
        if let Ok(host) = Host::parse("host", &text) {
            prop_assert_eq!(Host::parse("host", &host.to_string()), Ok(host));
        }
    }
}
