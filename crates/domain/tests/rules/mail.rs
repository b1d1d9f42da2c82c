//! Mail settings: what is refused, and when a stored password may be used again.

use domain::mail::{Address, MailSettings};
use proptest::prelude::*;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::{named, refused};

mod stored;

const PEM: &str = "-----BEGIN CERTIFICATE-----\nMAcwADAAAwEA\n-----END CERTIFICATE-----";

fn body() -> Value {
    json!({
        "host": "mail.example.org", "port": 587, "security": "starttls", "username": "watch", "password": "s3cret",
        "from": "watch@example.org", "from_name": "Watchbell", "reply_to": "ops@example.org",
        "hello_name": "watch.example.org", "verify_certificate": true, "ca_pem": PEM, "allow_insecure_auth": false,
    })
}

fn with(field: &str, value: impl Into<Value>) -> Value {
    let mut body = body();
    body[field] = value.into();
    body
}

fn stored() -> MailSettings {
    MailSettings::from_json(body(), None).expect("valid")
}

fn password(settings: &MailSettings) -> Option<&str> {
    let password = settings.credentials.as_ref()?.password.as_ref()?;
    Some(password.expose_secret())
}

#[test]
fn every_mistake_is_named() {
    for (field, value, code) in [
        ("host", json!(""), "required"),
        ("host", Value::Null, "required"),
        ("host", json!("smtp://mail.example.org"), "host-with-scheme"),
        ("host", json!("mail.example.org:587"), "host-with-port"),
        ("host", json!("2130706433"), "host-invalid"),
        ("host", json!(7), "type-text"),
        ("port", json!(0), "port-range"),
        ("port", json!(65536), "port-range"),
        ("port", json!(-25), "port-range"),
        ("port", json!(25.5), "type-integer"),
        ("port", json!("25"), "type-integer"),
        ("port", Value::Null, "required"),
        ("security", json!("auto"), "security-unknown"),
        ("from", json!("watch"), "address-invalid"),
        ("from", json!(""), "required"),
        ("reply_to", json!("Ops <ops@example.org>"), "address-invalid"),
        ("from_name", json!("x".repeat(1 << 20)), "too-long"),
        ("hello_name", json!("https://watch"), "host-with-scheme"),
        ("hello_name", json!("box"), "hello-short"),
        ("hello_name", json!("localhost"), "hello-short"),
        ("hello_name", json!("[IPv6:192.0.2.1]"), "host-invalid"),
        ("hello_name", json!("[watch.example.org]"), "host-invalid"),
        ("ca_pem", json!("not a certificate"), "pem-invalid"),
        (
            "ca_pem",
            json!("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"),
            "pem-invalid",
        ),
        ("verify_certificate", json!("yes"), "type-boolean"),
        ("smtp_host", json!("x"), "unknown-field"),
        ("username", Value::Null, "username-missing"),
    ] {
        let at = if code == "username-missing" {
            "username"
        } else {
            field
        };
        let found = refused(MailSettings::from_json(with(field, value.clone()), None));
        assert_eq!(found, [(at.to_owned(), code)], "{field} = {value:.60}");
    }
    // All at once, not one after the other.
    let found = refused(MailSettings::from_json(json!({"port": 0, "x": 1}), None));
    let fields: Vec<_> = found.iter().map(|(f, _)| f.as_str()).collect();
    assert_eq!(fields, ["host", "port", "security", "from", "x"]);
}

/// A line break in a field is a second command or header in the conversation. None gets through, wherever it stands.
#[test]
fn no_field_carries_a_line_break() {
    for field in [
        "host",
        "security",
        "username",
        "password",
        "from",
        "from_name",
        "reply_to",
        "hello_name",
    ] {
        for line_break in ["\r\n", "\n", "\r", "\u{2028}", "\0"] {
            let good = body()[field].as_str().expect("text").to_owned();
            for bad in [
                format!("{good}{line_break}"),
                format!("{line_break}{good}"),
                format!("{good}{line_break}RCPT TO:<evil@example.com>"),
            ] {
                if field == "password" && line_break == "\u{2028}" {
                    continue; // A character like any other: the password travels as base64.
                }
                let found = refused(MailSettings::from_json(with(field, bad.as_str()), None));
                assert_eq!(found.len(), 1, "{field} = {bad:?}: {found:?}");
                assert_eq!(found[0].0, field, "{bad:?}");
            }
        }
    }
}

#[test]
fn a_blank_password_is_kept_only_for_the_same_server() {
    let stored = stored();
    let changes: [(&str, Value, bool); 11] = [
        ("host", json!("evil.example.com"), false),
        ("port", json!(2525), false),
        ("security", json!("tls"), false),
        ("username", json!("other"), false),
        ("verify_certificate", json!(false), false),
        ("ca_pem", Value::Null, false),
        ("from", json!("other@example.org"), true),
        ("from_name", Value::Null, true),
        ("reply_to", Value::Null, true),
        ("hello_name", Value::Null, true),
        ("allow_insecure_auth", json!(true), true),
    ];
    for (field, value, kept) in changes {
        for blank in [Value::Null, json!("")] {
            let mut body = with(field, value.clone());
            body["password"] = blank;
            let result = MailSettings::from_json(body, Some(&stored));
            if kept {
                let settings = result.unwrap_or_else(|e| panic!("{field}: {e}"));
                assert_eq!(password(&settings), Some("s3cret"), "{field}");
            } else {
                let expected = ("password".to_owned(), "password-reenter");
                assert_eq!(refused(result), [expected], "{field}");
            }
        }
        // Typed again, every change is fine.
        let settings = MailSettings::from_json(with(field, value), Some(&stored));
        assert!(settings.is_ok_and(|s| password(&s) == Some("s3cret")), "{field}");
    }
    // The same host in another spelling is the same host.
    let mut body = with("host", "MAIL.example.org.");
    body["password"] = Value::Null;
    assert!(MailSettings::from_json(body, Some(&stored)).is_ok());
}

#[test]
fn a_password_goes_only_by_word() {
    let stored = stored();
    let mut body = with("clear_password", true);
    body["password"] = Value::Null;
    assert_eq!(
        refused(MailSettings::from_json(body.clone(), Some(&stored))),
        [("password".to_owned(), "password-missing")]
    );
    body["username"] = Value::Null;
    let settings = MailSettings::from_json(body, Some(&stored)).expect("valid");
    assert!(settings.credentials.is_none());
}

#[test]
fn a_password_in_the_open_needs_a_yes() {
    for (host, allow, fine) in [
        ("mail.example.org", false, false),
        ("mail.example.org", true, true),
        ("127.0.0.1", false, true),
        ("::1", false, true),
        ("localhost", false, true),
        ("localhost.example.org", false, false),
        ("127.0.0.1.example.org", false, false),
    ] {
        let mut body = with("security", "none");
        body["host"] = host.into();
        body["allow_insecure_auth"] = allow.into();
        let result = MailSettings::from_json(body.clone(), None);
        assert_eq!(result.is_ok(), fine, "{host}");
        body["username"] = Value::Null;
        body["password"] = Value::Null;
        assert!(
            MailSettings::from_json(body, None).is_ok(),
            "{host} without a password"
        );
    }
}

#[test]
fn settings_survive_being_stored() {
    let settings = stored();
    let public = settings.to_json();
    assert!(!public.to_string().contains("s3cret"));
    assert!(!format!("{settings:?}").contains("s3cret"));
    let secret = settings.secrets().expect("a password");
    let secret: Value = serde_json::from_str(secret.expose_secret()).expect("JSON");
    let back = MailSettings::from_stored(public.clone(), Some(secret)).expect("valid");
    assert_eq!(
        (back.to_json(), password(&back)),
        (public.clone(), Some("s3cret"))
    );
    // With another key the password is locked, and everything else is there.
    let locked = MailSettings::from_stored(public.clone(), None).expect("valid");
    assert_eq!((locked.to_json(), password(&locked)), (public, None));
    assert!(locked.secrets().is_none());
    // A new revision without the sealed password would lose it even for the right key, so it must be entered again.
    let mut body = body();
    body["password"] = Value::Null;
    let refused = MailSettings::from_json(body, Some(&locked)).expect_err("nothing to keep");
    assert_eq!(
        refused.of("password").map(|e| e.code).collect::<Vec<_>>(),
        ["password-reenter"]
    );
}

#[test]
fn what_we_say_in_ehlo() {
    for (typed, said) in [
        ("Watch.Example.org", "watch.example.org"),
        ("192.0.2.1", "[192.0.2.1]"),
        ("2001:db8::1", "[IPv6:2001:db8::1]"),
        ("[192.0.2.1]", "[192.0.2.1]"),
        ("[2001:db8::1]", "[IPv6:2001:db8::1]"),
        ("[IPv6:2001:DB8::1]", "[IPv6:2001:db8::1]"),
        ("[ipv6:::1]", "[IPv6:::1]"),
    ] {
        let settings = MailSettings::from_json(with("hello_name", typed), None).expect("valid");
        assert_eq!(settings.hello_name.as_deref(), Some(said));
    }
}

#[test]
fn addresses() {
    for (text, kept) in [
        ("me@example.org", "me@example.org"),
        (" Me.Too+tag@Example.ORG ", "Me.Too+tag@example.org"),
        ("o'hara@example.org", "o'hara@example.org"),
        ("me@bücher.example", "me@xn--bcher-kva.example"),
        ("root@localhost", "root@localhost"),
    ] {
        let address = Address::parse("to", text).unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_eq!(address.as_str(), kept);
        assert_eq!(Some(address.domain()), kept.rsplit('@').next());
    }
    let long = format!("{}@example.org", "x".repeat(65));
    for (text, code) in [
        ("", "required"),
        ("me", "address-invalid"),
        ("@example.org", "address-invalid"),
        ("me@", "address-invalid"),
        ("me@@example.org", "address-invalid"),
        ("me@192.0.2.1", "address-invalid"),
        ("me@[192.0.2.1]", "address-invalid"),
        ("me@example.org:25", "address-invalid"),
        ("<me@example.org>", "address-invalid"),
        ("Me <me@example.org>", "address-invalid"),
        ("me,you@example.org", "address-invalid"),
        ("me you@example.org", "address-invalid"),
        ("\"me\"@example.org", "address-invalid"),
        (".me@example.org", "address-invalid"),
        ("me.@example.org", "address-invalid"),
        ("m..e@example.org", "address-invalid"),
        ("me@-example.org", "address-invalid"),
        ("me@example.org\r\nBcc: you@example.org", "control-characters"),
        ("me@example.org\n", "control-characters"),
        (&long, "address-invalid"),
    ] {
        let e = Address::parse("to", text)
            .map(|a| panic!("{text:?} was taken as {a}"))
            .err();
        assert_eq!(e.as_ref().map(named), Some(("to".to_owned(), code)), "{text:?}");
    }
}

proptest! {
    #[test]
    fn an_address_holds_nothing_that_ends_it(text in "\\PC{0,12}@?[a-z.\\-<>\r\n ]{0,12}") {
        if let Ok(a) = Address::parse("to", &text) {
            prop_assert!(!a.as_str().contains(['\r', '\n', ' ', '<', '>', ',', ';']), "{a}");
            prop_assert_eq!(Address::parse("to", a.as_str()), Ok(a.clone()));
            let json = serde_json::to_string(&a).expect("text");
            prop_assert_eq!(serde_json::from_str::<Address>(&json).ok(), Some(a));
        }
    }
}
