//! What is accepted must come back from its stored form: a profile that does not can neither send nor be repaired.

use std::net::{Ipv4Addr, Ipv6Addr};

use domain::mail::MailSettings;
use proptest::prelude::*;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::{body, with};
use crate::refused;

/// Everything of it that can be told apart.
fn whole(settings: &MailSettings) -> (Value, Option<String>, String) {
    let secrets = settings.secrets().map(|s| s.expose_secret().to_owned());
    (settings.to_json(), secrets, format!("{settings:?}"))
}

/// As the database gives it back.
fn back(settings: &MailSettings) -> Result<MailSettings, String> {
    let (public, secrets, _) = whole(settings);
    let secrets = secrets.map(|s| serde_json::from_str(&s).expect("JSON"));
    MailSettings::from_stored(public.clone(), secrets).map_err(|e| format!("{public}: {e:?}"))
}

/// A domain of several labels, some of which are longer in their ASCII form.
fn domain_name() -> impl Strategy<Value = String> {
    let label = prop_oneof![
        4 => "[a-z0-9]{1,12}",
        1 => "[a-z]{1,5}é[a-z]{0,20}",
        1 => "商{1,20}",
        1 => "[A-Z]{2,40}",
    ];
    proptest::collection::vec(label, 1..7).prop_map(|labels| labels.join(".") + ".example")
}

fn mail_address() -> impl Strategy<Value = String> {
    let local = prop_oneof![
        4 => "[a-zA-Z0-9+=_-]{1,60}",
        1 => "[a-zé商'%]{1,20}",
        1 => "[a-z]{0,16}%s",
    ];
    (local, domain_name()).prop_map(|(local, domain)| format!(" {local}@{domain} "))
}

fn own_name() -> impl Strategy<Value = String> {
    prop_oneof![
        domain_name(),
        any::<u32>().prop_map(|n| Ipv4Addr::from(n).to_string()),
        any::<u32>().prop_map(|n| format!("[{}]", Ipv4Addr::from(n))),
        any::<u128>().prop_map(|n| Ipv6Addr::from(n).to_string()),
        any::<u128>().prop_map(|n| format!("[{}]", Ipv6Addr::from(n))),
        any::<u128>().prop_map(|n| format!("[IPv6:{}]", Ipv6Addr::from(n))),
        any::<u32>().prop_map(|n| Ipv4Addr::from(n).to_ipv6_mapped().to_string()),
    ]
}

fn endpoint() -> impl Strategy<Value = String> {
    let path = prop_oneof![
        4 => "[ -~]{0,30}",
        1 => "\\PC{0,30}",
        1 => "é{300,700}",
    ];
    (domain_name(), path).prop_map(|(domain, path)| format!("https://{domain}/{path}"))
}

fn token_client() -> impl Strategy<Value = Value> {
    let secret = proptest::option::of("[ -~é]{1,40}");
    let custom = (endpoint(), endpoint(), any::<bool>(), "[a-z:/. ]{1,40}");
    let microsoft = proptest::option::of(prop_oneof![Just("common".to_owned()), "[a-zA-Z0-9.-]{1,30}"]);
    let way = prop_oneof![
        custom.prop_map(|(token, other, device, scope)| {
            let name = if device { "device_url" } else { "authorize_url" };
            json!({ "provider": "custom", "token_url": token, name: other, "scope": scope })
        }),
        microsoft.prop_map(|tenant| json!({ "provider": "microsoft", "tenant": tenant })),
        Just(json!({ "provider": "google" })),
    ];
    (way, "[ -~]{1,40}", secret).prop_map(|(mut client, id, secret)| {
        client["client_id"] = id.into();
        client["client_secret"] = secret.into();
        client
    })
}

fn entered() -> impl Strategy<Value = Value> {
    let text = || prop_oneof![4 => "[ -~]{0,40}", 1 => "\\PC{0,130}"].prop_map(Value::from);
    let line = |strategy: BoxedStrategy<String>| strategy.prop_map(Value::from).boxed();
    let switch = || any::<bool>().prop_map(Value::from).boxed();
    let field = prop_oneof![
        (Just("name"), text().boxed()),
        (Just("enabled"), switch()),
        (Just("host"), line(prop_oneof![domain_name(), own_name()].boxed())),
        (Just("port"), (1..=65_535).prop_map(Value::from).boxed()),
        (
            Just("security"),
            line(prop_oneof!["tls", "starttls", "none"].boxed())
        ),
        (Just("auth"), line(prop_oneof!["auto", "none"].boxed())),
        (Just("username"), text().boxed()),
        (Just("password"), text().boxed()),
        (Just("from"), line(mail_address().boxed())),
        (Just("from_name"), text().boxed()),
        (Just("reply_to"), line(mail_address().boxed())),
        (Just("envelope_from"), line(mail_address().boxed())),
        (Just("hello_name"), line(own_name().boxed())),
        (Just("verify_certificate"), switch()),
        (Just("allow_insecure_auth"), switch()),
        (Just("allow_local_from"), switch()),
        (
            Just("connect_timeout"),
            line("[1-9][0-9]{0,4}(ms|s|m| s)".boxed())
        ),
        (
            Just("rate_per_minute"),
            (1..=100_000).prop_map(Value::from).boxed()
        ),
        (Just("max_recipients"), (1..=50).prop_map(Value::from).boxed()),
    ];
    let changes = proptest::collection::vec(field, 0..4);
    (changes, proptest::option::of(token_client())).prop_map(|(changes, client)| {
        let mut all = body();
        for (name, value) in changes {
            all[name] = value;
        }
        if let Some(client) = client {
            all["auth"] = "xoauth2".into();
            all["password"] = Value::Null;
            all["oauth"] = client;
        }
        all
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn what_is_accepted_survives_being_stored(body in entered()) {
        if let Ok(settings) = MailSettings::from_json(body, None) {
            let stored = back(&settings);
            prop_assert!(stored.is_ok(), "{:?}", stored);
            prop_assert_eq!(stored.as_ref().map(whole), Ok(whole(&settings)));
        }
    }
}

/// What grows when it is brought into its stored form is measured in that form.
#[test]
fn what_grows_is_measured_in_its_stored_form() {
    let growing = format!("{}.example", vec!["é".repeat(40); 4].join("."));
    let local = "x".repeat(60);
    for field in ["from", "reply_to"] {
        let address = format!("{local}@{growing}");
        assert!(address.chars().count() <= 254);
        let found = refused(MailSettings::from_json(with(field, address), None));
        assert_eq!(found, [(field.to_owned(), "too-long")]);
    }
    // Room for a short mark, and none for the longest.
    let domain = format!(
        "{}.example",
        ["x".repeat(62), "y".repeat(62), "z".repeat(62)].join(".")
    );
    let template = with("envelope_from", format!("bounces-of-us+%s@{domain}"));
    let found = refused(MailSettings::from_json(template, None));
    assert_eq!(found, [("envelope_from".to_owned(), "envelope-invalid")]);

    let mut by_token = with("password", Value::Null);
    by_token["auth"] = "xoauth2".into();
    by_token["oauth"] = json!({
        "provider": "custom", "client_id": "us", "scope": "mail", "token_url": "https://login.example/token",
        "device_url": format!("https://login.example/{}", "é".repeat(700)),
    });
    let found = refused(MailSettings::from_json(by_token, None));
    assert_eq!(found, [("oauth.device_url".to_owned(), "too-long")]);
}

/// Rules that came later are for what is typed from then on.
#[test]
fn what_was_stored_under_other_rules_can_still_be_read() {
    let mut public = MailSettings::from_json(body(), None).expect("valid").to_json();
    public["hello_name"] = "box".into();
    public["ca_pem"] = "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----".into();
    let secrets = json!({ "password": "s3cret" });
    let settings = MailSettings::from_stored(public.clone(), Some(secrets)).expect("readable");
    assert_eq!(settings.to_json(), public);
}
