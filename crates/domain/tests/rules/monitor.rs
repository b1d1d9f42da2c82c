//! Monitors: bad bodies, round trips, write-only values.

use std::time::Duration;

use domain::{
    clock::Timestamp,
    monitor::MonitorConfig,
    sealed,
    target::{Kind, Method, Target},
};
use proptest::prelude::*;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::refused;

fn body() -> Value {
    json!({
        "name": "Shop", "kind": "http",
        "target": {"url": "https://shop.example/health", "headers": {"Authorization": "Bearer canary"}},
        "schedule": {"every": "30s"}, "channels": [1],
    })
}

fn with(path: &str, value: impl Into<Value>) -> Value {
    let mut body = body();
    let slot = path.split('.').fold(&mut body, |v, name| &mut v[name]);
    *slot = value.into();
    body
}

fn config(body: Value) -> MonitorConfig {
    MonitorConfig::from_json(body, None).unwrap_or_else(|e| panic!("{e}"))
}

fn header(config: &MonitorConfig) -> &str {
    match &config.target {
        Target::Http(t) => t.headers[0].value.expose_secret(),
        Target::Tcp(_) | Target::Ping(_) => panic!("not http"),
    }
}

#[test]
fn every_mistake_is_named() {
    let tags: Vec<String> = (0..21).map(|i| i.to_string()).collect();
    for (path, value, code) in [
        ("name", Value::Null, "required"),
        ("name", json!("  "), "required"),
        ("name", json!("x".repeat(1 << 20)), "too-long"),
        ("name", json!("two\nlines"), "control-characters"),
        ("kind", json!("gopher"), "kind-unknown"),
        ("target", Value::Null, "required"),
        ("target", json!("https://shop.example"), "type-object"),
        ("target.url", json!("https://"), "url-invalid"),
        ("target.url", json!("https:///health"), "url-host"),
        ("target.url", json!("file:///etc/passwd"), "url-scheme"),
        ("target.url", json!("gopher://shop.example"), "url-scheme"),
        (
            "target.url",
            json!("https://me:pw@shop.example"),
            "url-credentials",
        ),
        ("target.method", json!("BREW"), "method-unknown"),
        ("target.body", json!("x".repeat(70_000)), "body-too-long"),
        ("target.accept_status", json!([]), "status-range"),
        ("target.accept_status", json!(["299-200"]), "status-range"),
        ("target.accept_status", json!(["99"]), "status-range"),
        ("target.accept_status", json!(["600"]), "status-range"),
        ("target.accept_status", json!(["2xx"]), "status-range"),
        ("target.accept_status", json!([200]), "type-text-list"),
        ("target.max_redirects", json!(11), "redirects-range"),
        ("target.max_redirects", json!(-1), "redirects-range"),
        ("target.verify_certificate", json!(1), "type-boolean"),
        ("target.uri", json!("x"), "unknown-field"),
        ("schedule", Value::Null, "required"),
        ("schedule.every", json!("0s"), "duration-range"),
        ("schedule.every", json!("30 seconds"), "duration-invalid"),
        ("timeout", json!("0s"), "duration-range"),
        ("timeout", json!("121s"), "duration-range"),
        ("timeout", json!(10), "type-text"),
        ("confirm_after", json!(0), "count-range"),
        ("confirm_after", json!(101), "count-range"),
        ("recover_after", json!(-1), "count-range"),
        ("recheck_every", json!("2h"), "duration-range"),
        ("channels", json!(["1"]), "type-integer-list"),
        ("channels", json!(1), "type-list"),
        ("tags", json!(["a\r\nb"]), "control-characters"),
        ("tags", json!(tags), "tags-too-many"),
        ("enabled", json!("yes"), "type-boolean"),
        ("intervall", json!("30s"), "unknown-field"),
    ] {
        let found = refused(MonitorConfig::from_json(with(path, value.clone()), None));
        assert_eq!(found, [(path.to_owned(), code)], "{path} = {value:.60}");
    }
    assert_eq!(
        refused(MonitorConfig::from_json(json!("x"), None)),
        [(String::new(), "type-object")]
    );
}

#[test]
fn hosts_and_ports_of_the_other_kinds() {
    for (kind, target, expected) in [
        (
            "tcp",
            json!({"host": "db.example", "port": 0}),
            ("target.port", "port-range"),
        ),
        (
            "tcp",
            json!({"host": "db.example", "port": 65536}),
            ("target.port", "port-range"),
        ),
        ("tcp", json!({"host": "db.example"}), ("target.port", "required")),
        (
            "tcp",
            json!({"host": "tcp://db.example", "port": 1}),
            ("target.host", "host-with-scheme"),
        ),
        ("tcp", json!({"port": 1}), ("target.host", "required")),
        (
            "ping",
            json!({"host": "0x7f000001"}),
            ("target.host", "host-invalid"),
        ),
        (
            "ping",
            json!({"host": "017700000001"}),
            ("target.host", "host-invalid"),
        ),
        (
            "ping",
            json!({"host": "2130706433"}),
            ("target.host", "host-invalid"),
        ),
        (
            "ping",
            json!({"host": "db.example", "port": 1}),
            ("target.port", "unknown-field"),
        ),
    ] {
        let mut body = with("target", target.clone());
        body["kind"] = kind.into();
        let found = refused(MonitorConfig::from_json(body, None));
        assert_eq!(found, [(expected.0.to_owned(), expected.1)], "{target}");
    }
}

#[test]
fn what_is_left_out_has_a_sensible_value() {
    let c = config(body());
    assert_eq!(c.timeout, Duration::from_secs(10));
    assert_eq!(
        (c.thresholds.confirm_after.get(), c.thresholds.recover_after.get()),
        (2, 1)
    );
    assert!(c.enabled);
    // A check does not by default last longer than its interval.
    assert_eq!(
        config(with("schedule.every", "3s")).timeout,
        Duration::from_secs(3)
    );
    let Target::Http(t) = c.target else {
        panic!("not http")
    };
    assert_eq!(
        (t.method, t.max_redirects, t.verify_certificate),
        (Method::Get, 5, true)
    );
    let accepted: Vec<u16> = [199, 200, 299, 300]
        .into_iter()
        .filter(|s| t.accepts(*s))
        .collect();
    assert_eq!(accepted, [200, 299]);
}

#[test]
fn no_data_is_not_up_but_quiet_hours_are_quiet() {
    let now = Timestamp::parse_rfc3339("2026-06-01T20:00:00Z").expect("a time");
    assert_eq!(config(body()).stale_after(now), Duration::from_secs(70));
    let office = json!({"cron": "*/5 9-17 * * *", "timezone": "UTC"});
    let stale_after = config(with("schedule", office)).stale_after(now);
    assert_eq!(stale_after, Duration::from_mins(130) + Duration::from_secs(10));
}

#[test]
fn write_only_values_are_kept_for_the_same_place_alone() {
    let stored = config(body());
    assert!(!stored.to_json().to_string().contains("canary"));
    assert!(!format!("{stored:?}").contains("canary"));
    let edited = |path: &str, value: Value| {
        let mut body = stored.to_json();
        body["target"][path] = value;
        MonitorConfig::from_json(body, Some(&stored))
    };
    for (path, value) in [
        ("url", json!("https://shop.example/other?x=1")),
        ("url", json!("https://SHOP.example:443/health")),
        ("method", json!("POST")),
        ("body", json!("x")),
    ] {
        let c = edited(path, value.clone()).unwrap_or_else(|e| panic!("{path} = {value}: {e}"));
        assert_eq!(header(&c), "Bearer canary", "{path} = {value}");
    }
    for (path, value) in [
        ("url", json!("https://evil.example/health")),
        ("url", json!("http://shop.example/health")),
        ("url", json!("https://shop.example:8443/health")),
        ("verify_certificate", json!(false)),
    ] {
        let expected = ("target.headers".to_owned(), "header-reenter");
        assert_eq!(
            refused(edited(path, value.clone())),
            [expected],
            "{path} = {value}"
        );
    }
    // What is wrong is named once.
    let expected = ("target.url".to_owned(), "url-scheme");
    assert_eq!(refused(edited("url", json!("ftp://shop.example"))), [expected]);
}

#[test]
fn without_its_key_a_monitor_is_all_there_but_the_secrets() {
    let stored = config(body());
    let mut public = stored.to_json();
    sealed::without_secrets(&mut public);
    let locked = MonitorConfig::from_json(public, None).expect("valid");
    let Target::Http(t) = &locked.target else {
        panic!("not http")
    };
    assert!(t.headers.is_empty());
    assert_eq!(locked.name, stored.name);
}

#[test]
fn a_target_is_shown_without_its_secrets() {
    let c = config(body());
    assert_eq!(c.target.to_string(), "https://shop.example/health");
    assert_eq!(
        (c.target.host(), c.target.kind()),
        ("shop.example".to_owned(), Kind::Http)
    );
}

fn target() -> impl Strategy<Value = (&'static str, Value)> {
    let http = (
        "https?://[a-z]{1,10}\\.example(:[1-9][0-9]{0,3})?/[a-z0-9/]{0,20}(\\?[a-z=&]{0,10})?",
        0..Method::ALL.len(),
        proptest::collection::btree_map("X-[a-z]{1,8}", "[ -~]{0,30}", 0..4),
        proptest::option::of("\\PC{1,40}"),
        proptest::collection::vec((100..600u16, 0..50u16), 1..4),
        0..=10u32,
        any::<bool>(),
    )
        .prop_map(|(url, method, headers, body, accept, max_redirects, verify)| {
            let accept: Vec<String> = accept
                .into_iter()
                .map(|(first, more)| format!("{first}-{}", (first + more).min(599)))
                .collect();
            let target = json!({
                "url": url, "method": Method::ALL[method].as_str(), "headers": headers, "body": body,
                "accept_status": accept, "max_redirects": max_redirects, "verify_certificate": verify,
            });
            ("http", target)
        });
    prop_oneof![
        3 => http,
        1 => ("[a-z]{1,10}\\.example", 1..=65535u16).prop_map(|(host, port)| ("tcp", json!({"host": host, "port": port}))),
        1 => any::<std::net::IpAddr>().prop_map(|ip| ("ping", json!({"host": ip.to_string()}))),
    ]
}

fn any_body() -> impl Strategy<Value = Value> {
    let schedule = prop_oneof![
        (1..=86_400u64).prop_map(|s| json!({"every": format!("{s}s")})),
        (1..60u32, 0..7u32)
            .prop_map(|(m, d)| json!({"cron": format!("*/{m} * * * {d}"), "timezone": "Europe/Berlin"})),
    ];
    (
        ("[^\\p{C}\\p{Z}]{1,30}", target(), schedule, any::<bool>()),
        (1..=100u32, 1..=100u32, 100..=120_000u64, 100..=3_600_000u64),
        proptest::collection::vec(1..1000i64, 0..5),
        proptest::collection::vec("[a-z]{1,10}", 0..5),
    )
        .prop_map(
            |(
                (name, (kind, target), schedule, enabled),
                (confirm, recover, timeout, recheck),
                channels,
                tags,
            )| {
                json!({
                    "name": name, "kind": kind, "target": target, "schedule": schedule, "enabled": enabled,
                    "timeout": format!("{timeout}ms"), "confirm_after": confirm, "recover_after": recover,
                    "recheck_every": format!("{recheck}ms"), "channels": channels, "tags": tags,
                })
            },
        )
}

proptest! {
    /// What is written down and read back is the same monitor, with its secrets beside it or kept from before.
    #[test]
    fn a_monitor_survives_being_written_down(body in any_body()) {
        let first = MonitorConfig::from_json(body, None).map_err(|e| TestCaseError::fail(e.to_string()))?;
        let public = first.to_json();
        let secrets = |c: &MonitorConfig| c.target.secrets().map(|s| s.expose_secret().to_owned());

        let edited = MonitorConfig::from_json(public.clone(), Some(&first)).map_err(|e| TestCaseError::fail(e.to_string()))?;
        prop_assert_eq!(edited.to_json(), public.clone());
        prop_assert_eq!(secrets(&edited), secrets(&first));

        let mut joined = public.clone();
        if let Some(secret) = secrets(&first) {
            sealed::join(&mut joined["target"], serde_json::from_str(&secret).expect("JSON"));
        }
        let opened = MonitorConfig::from_json(joined, None).map_err(|e| TestCaseError::fail(e.to_string()))?;
        prop_assert_eq!(opened.to_json(), public);
        prop_assert_eq!(secrets(&opened), secrets(&first));
    }

    #[test]
    fn no_body_makes_the_reader_fall_over(name in "\\PC{0,20}", field in "[a-z_.]{0,12}", value in any::<i64>()) {
        let body = json!({ "name": name, field: value, "kind": value, "target": [value], "schedule": value });
        prop_assert!(MonitorConfig::from_json(body, None).is_err_and(|e| !e.is_empty()));
    }
}
