//! Between the fields of the form and the JSON that the domain reads: the one validation is there.

use domain::{
    condition::Warnings,
    id::ChannelId,
    monitor::MonitorConfig,
    schedule::Schedule,
    target::{Kind, Target},
};
use serde_json::{Value, json};

use crate::{
    components::Form,
    locale::Language,
    pages::{
        form::{between_commas, ticked, value},
        header_lines,
    },
};

/// Values of request headers; never sent to a browser.
pub(super) const HEADERS: &str = "target.headers";
/// One for each channel that is ticked.
pub(super) const CHANNEL: &str = "channel";

/// Monitors on which it depends, one on each line; [`super::parents`] finds them.
pub(super) const PARENTS: &str = "parents";

/// How long before its certificate expires somebody is told, in days between commas.
pub(super) const DAYS: &str = "certificate_days";

/// The fields that carry their own complaints.
pub(super) const NAMES: [&str; 24] = [
    "name",
    "target.url",
    "target.method",
    HEADERS,
    "target.body",
    "target.accept_status",
    "target.max_redirects",
    "target.verify_certificate",
    "target.host",
    "target.port",
    "schedule.every",
    "schedule.cron",
    "schedule.timezone",
    "timeout",
    "confirm_after",
    "recheck_every",
    "recover_after",
    "slow_above",
    DAYS,
    "zone",
    "channels",
    "policy",
    PARENTS,
    "tags",
];

/// The details of an HTTP request.
pub(super) const REQUEST: [&str; 6] = [
    "target.method",
    HEADERS,
    "target.body",
    "target.accept_status",
    "target.max_redirects",
    "target.verify_certificate",
];

/// What was typed, as the body of the API.
pub(super) fn body(typed: &[(String, String)], kind: Kind, enabled: bool) -> Value {
    let text = |name: &str| {
        Some(value(typed, name).trim())
            .filter(|v| !v.is_empty())
            .map(Value::from)
    };
    // What is not a number goes on as it is: the domain says what is wrong with it.
    let as_number = |typed: &str| {
        let number = typed.parse::<i64>().map(Value::from);
        number.unwrap_or_else(|_| Value::from(typed))
    };
    let number = |name: &str| {
        let typed = value(typed, name).trim();
        (!typed.is_empty()).then(|| as_number(typed))
    };
    // Empty means never, which is not the same as nothing said.
    let days = ticked(typed, DAYS).then(|| {
        let days = between_commas(value(typed, DAYS));
        days.into_iter().map(as_number).collect::<Vec<_>>()
    });
    let target = match kind {
        Kind::Http => json!({
            "url": value(typed, "target.url"),
            "method": text("target.method"),
            "headers": header_lines::parse(value(typed, HEADERS)),
            "body": Some(value(typed, "target.body")).filter(|b| !b.is_empty()),
            "accept_status": text("target.accept_status").map(|_| between_commas(value(typed, "target.accept_status"))),
            "max_redirects": number("target.max_redirects"),
            "verify_certificate": ticked(typed, "target.verify_certificate"),
        }),
        Kind::Tcp => json!({ "host": value(typed, "target.host"), "port": number("target.port") }),
        Kind::Ping => json!({ "host": value(typed, "target.host") }),
    };
    let schedule = if value(typed, "rhythm") == "cron" {
        json!({
            "cron": value(typed, "schedule.cron"),
            "timezone": text("schedule.timezone"),
        })
    } else {
        json!({ "every": value(typed, "schedule.every") })
    };
    json!({
        "name": value(typed, "name"),
        "kind": kind.as_str(),
        "target": target,
        "schedule": schedule,
        "timeout": text("timeout"),
        "confirm_after": number("confirm_after"),
        "recheck_every": text("recheck_every"),
        "recover_after": number("recover_after"),
        "slow_above": text("slow_above"),
        "certificate_days": days,
        "zone": text("zone"),
        "channels": chosen(typed).iter().map(|c| c.0).collect::<Vec<_>>(),
        "policy": number("policy"),
        "tags": between_commas(value(typed, "tags")),
        "enabled": enabled,
    })
}

/// The channels that are ticked.
pub(super) fn chosen(typed: &[(String, String)]) -> Vec<ChannelId> {
    let values = typed.iter().filter(|(name, _)| name == CHANNEL);
    values.filter_map(|(_, v)| v.parse().ok()).collect()
}

/// The form as it begins.
pub(super) fn fresh(language: Language) -> Form {
    defaults(language).tick("target.verify_certificate", true)
}

fn defaults(language: Language) -> Form {
    Form::new(language)
        .with("rhythm", "every")
        .with("schedule.every", "1m")
        .with("schedule.timezone", "UTC")
        .with("target.method", "GET")
        .with("target.accept_status", "200-299")
        .with("target.max_redirects", 5)
        .with("confirm_after", 2)
        .with("recheck_every", "5s")
        .with("recover_after", 1)
        .with(DAYS, days(&Warnings::default()))
}

fn days(warnings: &Warnings) -> String {
    let days: Vec<String> = warnings.certificate_days.iter().map(u16::to_string).collect();
    days.join(", ")
}

/// The form of a monitor as it is stored.
pub(super) fn stored(language: Language, config: &MonitorConfig) -> Form {
    let json = config.to_json();
    let text = |name: &str| json[name].as_str().unwrap_or_default().to_owned();
    let form = defaults(language)
        .with("name", &config.name)
        .with("timeout", text("timeout"))
        .with("confirm_after", config.thresholds.confirm_after)
        .with("recheck_every", text("recheck_every"))
        .with("recover_after", config.thresholds.recover_after)
        .with("slow_above", text("slow_above"))
        .with(DAYS, days(&config.warnings))
        .with("zone", &config.zone)
        .with("policy", config.policy.map(|p| p.to_string()).unwrap_or_default())
        .with("tags", config.tags.join(", "));
    let form = match &config.schedule {
        Schedule::Every(_) => form.with(
            "schedule.every",
            json["schedule"]["every"].as_str().unwrap_or_default(),
        ),
        Schedule::Cron(c) => form
            .with("rhythm", "cron")
            .with("schedule.cron", c.expression())
            .with("schedule.timezone", c.timezone().name()),
    };
    match &config.target {
        Target::Http(t) => {
            let accept: Vec<String> = t.accept_status.iter().map(ToString::to_string).collect();
            let names = header_lines::of(t.headers.iter().map(|h| h.name.as_str()));
            form.with("target.url", &t.url)
                .with("target.method", t.method)
                .with(HEADERS, names)
                .with("target.body", t.body.as_deref().unwrap_or_default())
                .with("target.accept_status", accept.join(", "))
                .with("target.max_redirects", t.max_redirects)
                .tick("target.verify_certificate", t.verify_certificate)
        }
        Target::Tcp(t) => form.with("target.host", &t.host).with("target.port", t.port),
        Target::Ping(host) => form.with("target.host", host),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
        list.iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
            .collect()
    }

    #[test]
    fn what_a_form_shows_reads_back_as_the_same_monitor() {
        let bodies = [
            json!({
                "name": "Shop", "kind": "http", "channels": [3, 7], "policy": 4, "tags": ["eu", "prod"],
                "target": {"url": "https://shop.example/", "method": "POST", "body": "x\ny", "accept_status": ["200-299", "401"],
                           "max_redirects": 0, "verify_certificate": false, "headers": {"Authorization": "Bearer x", "X-A": "b: c"}},
                "schedule": {"cron": "*/5 * * * *", "timezone": "Asia/Shanghai"},
                "timeout": "7s", "confirm_after": 3, "recheck_every": "2s", "recover_after": 4,
                "slow_above": "800ms", "certificate_days": [14, 3],
            }),
            json!({"name": "Old", "kind": "http", "target": {"url": "https://old.example/"}, "schedule": {"every": "30s"},
                   "certificate_days": []}),
            json!({"name": "DB", "kind": "tcp", "target": {"host": "::1", "port": 5432}, "schedule": {"every": "30s"}}),
            json!({"name": "Router", "kind": "ping", "target": {"host": "router.lan"}, "schedule": {"every": "1h"}}),
        ];
        for original in bodies {
            let config = MonitorConfig::from_json(original, None).unwrap();
            let form = stored(Language::English, &config);
            let mut typed: Vec<(String, String)> = NAMES
                .iter()
                .chain(&["rhythm"])
                .filter(|n| form.ticked(n))
                .map(|n| ((*n).to_owned(), form.value(n).to_owned()))
                .collect();
            typed.extend(
                config
                    .channels
                    .iter()
                    .map(|c| (CHANNEL.to_owned(), c.to_string())),
            );
            let again = body(&typed, config.target.kind(), config.enabled);
            let again = MonitorConfig::from_json(again, Some(&config)).unwrap();
            assert_eq!(again.to_json(), config.to_json());
        }
    }

    #[test]
    fn nonsense_reaches_the_domain_and_comes_back_by_field() {
        let typed = pairs(&[
            ("name", ""),
            ("target.host", "tcp://db"),
            ("target.port", "many"),
            ("schedule.every", "often"),
            ("confirm_after", "2.5"),
            ("slow_above", "fast"),
            (DAYS, "30, soon"),
        ]);
        let errors = MonitorConfig::from_json(body(&typed, Kind::Tcp, true), None).unwrap_err();
        let fields: Vec<&str> = errors.0.iter().map(|e| e.field.as_str()).collect();
        assert_eq!(
            fields,
            [
                "name",
                "target.host",
                "target.port",
                "schedule.every",
                "confirm_after",
                "slow_above",
                "certificate_days"
            ]
        );
        assert!(fields.iter().all(|f| NAMES.contains(f)));
    }
}
