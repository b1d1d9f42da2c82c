//! Whatever a person enters.

use std::cell::Cell;

use alert::mail::{Batch, Language, Letter, Trial};
use domain::{
    host::{Host, HostPort},
    mail::{Address, MailSettings, Security},
    zone::Tz,
};
use mail_parser::MessageParser;
use proptest::prelude::*;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use testkit::{FakeClock, tls::ca_pem};

use super::{grammar, in_time, plain_settings, profile, read_all, server::RawServer, try_many};
use crate::scene::{PASSWORD, USER, mailer, recipient, short};

/// The headers of a test message.
const HEADERS: [&str; 12] = [
    "From",
    "To",
    "Date",
    "Message-ID",
    "Subject",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
    "List-Id",
    "Reply-To",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
];

/// Pieces that broke mail programs before, next to what is harmless and not plain.
fn hostile_text() -> impl Strategy<Value = String> {
    let bits = prop_oneof![
        Just("\r\nRCPT TO:<x@evil.example>\r\n".to_owned()),
        Just("\r\n.\r\nMAIL FROM:<x@evil.example>".to_owned()),
        Just("\n".to_owned()),
        Just("\r".to_owned()),
        Just("\0".to_owned()),
        Just("> SIZE=1".to_owned()),
        Just("\u{2028}\u{202e}\u{85}".to_owned()),
        Just("=?utf-8?q?=0D=0A?=".to_owned()),
        Just("@".to_owned()),
        Just("%s".to_owned()),
        Just("\"<>,;:\\()".to_owned()),
        Just("商店é🛒".to_owned()),
        Just("-----BEGIN CERTIFICATE-----".to_owned()),
        Just("x".repeat(300)),
        any::<char>().prop_map(String::from),
        "[ -~]{0,20}",
        "[a-zA-Z0-9.-]{1,12}",
    ];
    prop_oneof![
        proptest::collection::vec(bits, 0..5).prop_map(|parts| parts.concat()),
        "\\PC{1,8}@\\PC{1,8}\\.example",
        "[!#$&'*+/=?^_`{|}~é商.a-z0-9-]{1,12}@example\\.org",
        "\\PC{0,40}",
    ]
}

fn hostile_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        8 => hostile_text().prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => Just(json!([])),
        1 => hostile_text().prop_map(|t| json!({ "provider": "custom", "client_id": t })),
    ]
}

/// Those below another one are written as a pointer.
const FIELDS: [&str; 30] = [
    "name",
    "host",
    "username",
    "password",
    "from",
    "from_name",
    "reply_to",
    "envelope_from",
    "hello_name",
    "ca_pem",
    "oauth",
    "oauth/provider",
    "oauth/client_id",
    "oauth/client_secret",
    "oauth/tenant",
    "oauth/token_url",
    "oauth/device_url",
    "oauth/authorize_url",
    "oauth/scope",
    "auth",
    "security",
    "connect_timeout",
    "rate_per_minute",
    "max_recipients",
    "port",
    "allow_local_from",
    "allow_insecure_auth",
    "verify_certificate",
    "enabled",
    "clear_password",
];

/// Sometimes a login by token, which ends before the message: nobody has connected the account.
fn token_client() -> impl Strategy<Value = Option<Value>> {
    prop_oneof![
        8 => Just(None),
        1 => Just(Some(json!({ "provider": "google", "client_id": "us", "client_secret": "s3cret" }))),
        1 => Just(Some(json!({ "provider": "microsoft", "client_id": "us", "tenant": "Example.org" }))),
        1 => Just(Some(json!({
            "provider": "custom", "client_id": "us", "scope": "smtp", "token_url": "https://login.example/token",
            "device_url": "https://login.example/device",
        }))),
    ]
}

/// Settings that work, and a few fields that hold something else.
fn settings() -> impl Strategy<Value = Value> {
    let security = proptest::sample::select(vec!["none", "none", "starttls", "tls"]);
    let field = (proptest::sample::select(&FIELDS[..]), hostile_value());
    let changes = proptest::collection::vec(field, 0..4);
    (security, token_client(), changes).prop_map(|(security, client, changes)| {
        let mut all = json!({
            "host": "127.0.0.1", "port": 25, "security": security, "from": "watch@example.org", "from_name": "Watchbell",
            "username": USER, "password": PASSWORD, "reply_to": "desk@example.org",
        });
        if security != "none" {
            all["ca_pem"] = ca_pem().into();
        }
        if let Some(client) = client {
            all["auth"] = "xoauth2".into();
            all["password"] = Value::Null;
            all["oauth"] = client;
        }
        for (name, value) in changes {
            match name.split_once('/') {
                None => all[name] = value,
                // Where there is no client, a part of one would be no settings at all.
                Some((parent, name)) if all[parent].is_object() => all[parent][name] = value,
                Some(_) => {}
            }
        }
        all
    })
}

#[test]
fn whatever_is_entered_only_meant_lines_are_said() {
    let (valid, sent, tokens) = (Cell::new(0), Cell::new(0), Cell::new(0));
    let to = prop_oneof![3 => Just("me@example.net".to_owned()), 1 => hostile_text()];
    try_many(512, (settings(), to), async |(body, to)| {
        let (Ok(mut settings), Ok(to)) = (MailSettings::from_json(body, None), Address::parse("to", &to))
        else {
            return Ok(());
        };
        valid.set(valid.get() + 1);
        tokens.set(tokens.get() + usize::from(settings.oauth.is_some()));
        judge_stored(&settings)?;
        let server = RawServer::start(settings.security == Security::Tls, Vec::new()).await;
        let addr = server.addr();
        // Only this machine is called, whatever the name was.
        settings.server = HostPort {
            host: Host::Ip(addr.ip()),
            port: addr.port(),
        };
        let profile = profile(&settings);
        let mailer = mailer(short());
        let clock = FakeClock::new();
        let test = mailer.test(
            profile,
            &to,
            (Language::English, Tz::UTC),
            &clock,
            Trial::default(),
        );
        let test = in_time(short(), test).await?;
        for message in read_all(&server.heard())? {
            sent.set(sent.get() + 1);
            judge_message(&grammar::unstuffed(&message), &settings, &to)?;
        }
        let ended = server.heard().iter().any(|h| !h.messages.is_empty());
        prop_assert!(!test.ok || ended);
        Ok(())
    });
    // About a quarter is valid: so many cases that chance alone does not come near the bound.
    let (valid, sent, tokens) = (valid.get(), sent.get(), tokens.get());
    assert!(
        valid > 60 && sent > 40 && tokens > 5,
        "too little was tried: {valid} valid, {sent} sent, {tokens} by token"
    );
}

/// A profile that is taken and cannot be read back is lost.
fn judge_stored(settings: &MailSettings) -> Result<(), TestCaseError> {
    let secrets = |s: &MailSettings| s.secrets().map(|s| s.expose_secret().to_owned());
    let sealed = secrets(settings).map(|s| serde_json::from_str(&s).unwrap());
    let back = MailSettings::from_stored(settings.to_json(), sealed);
    let back = back.map_err(|e| TestCaseError::fail(format!("{e:?}: {settings:?}")))?;
    prop_assert_eq!(format!("{back:?}"), format!("{settings:?}"));
    prop_assert_eq!(secrets(&back), secrets(settings));
    Ok(())
}

fn judge_message(message: &[u8], settings: &MailSettings, to: &Address) -> Result<(), TestCaseError> {
    let parsed = MessageParser::default().parse(message);
    let parsed = parsed.ok_or_else(|| TestCaseError::fail("no message"))?;
    let (head, _) = std::str::from_utf8(message)
        .ok()
        .and_then(|text| text.split_once("\r\n\r\n"))
        .ok_or_else(|| TestCaseError::fail("a message without a head"))?;
    for line in head.split("\r\n").filter(|l| !l.starts_with([' ', '\t'])) {
        let name = line.split(':').next().unwrap_or_default();
        prop_assert!(HEADERS.contains(&name), "{line:?}");
    }
    let all = |name: &str| head.split("\r\n").filter(|l| l.starts_with(name)).count();
    prop_assert_eq!((all("From:"), all("To:"), all("Subject:")), (1, 1, 1), "{}", head);
    prop_assert_eq!(parsed.parts.len(), 3);
    let address = |a: Option<&mail_parser::Address<'_>>| {
        let first = a.and_then(|a| a.first()).and_then(|a| a.address());
        first.unwrap_or_default().to_owned()
    };
    prop_assert_eq!(address(parsed.from()), settings.from.as_str());
    prop_assert_eq!(address(parsed.to()), to.as_str());
    Ok(())
}

#[test]
fn whatever_a_message_holds_it_ends_once() {
    let byte = prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'.'), any::<u8>()];
    let bytes = proptest::collection::vec(byte, 0..400);
    try_many(96, bytes, async |bytes| {
        let server = RawServer::start(false, Vec::new()).await;
        let settings = plain_settings(server.addr().port(), "none");
        let letter = Letter::new(settings.from.clone(), recipient(), &bytes);
        let (alone, mailer) = (Batch::single(), mailer(short()));
        let sending = mailer.deliver(&alone, profile(&settings), &letter, &|_| ());
        let done = in_time(short(), sending).await?;
        let messages = read_all(&server.heard())?;
        prop_assert!(done.result.is_ok(), "{:?}", done.result);
        prop_assert_eq!(messages.len(), 1);
        let arrived = grammar::unstuffed(&messages[0]);
        prop_assert_eq!(arrived.strip_suffix(b"\r\n"), Some(letter.bytes()));
        Ok(())
    });
}
