//! Between the fields of the form and the JSON that the domain reads: the one validation is there.

use domain::channel::{Channel, ChannelConfig, ChannelKind};
use serde_json::{Value, json};

use crate::{
    components::Form,
    locale::Language,
    pages::{form::value, header_lines},
};

pub(super) const PROFILE: &str = "config.profile";
pub(super) const FALLBACK: &str = "fallback";
pub(super) const URL: &str = "config.url";
pub(super) const SECRET: &str = "config.secret";
pub(super) const HEADERS: &str = "config.headers";
/// Never sent to a browser.
pub(super) const SECRETS: [&str; 3] = [URL, SECRET, HEADERS];

/// The fields that carry their own complaints.
pub(super) const NAMES: [&str; 11] = [
    "name",
    PROFILE,
    FALLBACK,
    "config.to",
    "config.cc",
    "config.bcc",
    "config.language",
    "config.timezone",
    URL,
    SECRET,
    HEADERS,
];

/// What was typed, as the body of the API.
pub(super) fn body(typed: &[(String, String)], kind: ChannelKind, enabled: bool) -> Value {
    let secret = |name: &str| Some(value(typed, name).trim()).filter(|v| !v.is_empty());
    // Chosen from a list; empty: in order, or none.
    let number = |name: &str| value(typed, name).parse::<i64>().ok();
    let config = match kind {
        ChannelKind::Email => json!({
            "to": addresses(value(typed, "config.to")),
            "cc": addresses(value(typed, "config.cc")),
            "bcc": addresses(value(typed, "config.bcc")),
            "language": value(typed, "config.language"),
            "timezone": value(typed, "config.timezone"),
            "profile": number(PROFILE),
        }),
        ChannelKind::Webhook => json!({
            "url": secret(URL),
            "secret": secret(SECRET),
            "headers": header_lines::parse(value(typed, HEADERS)),
        }),
    };
    json!({ "name": value(typed, "name"), "kind": kind.as_str(), "config": config, "enabled": enabled,
            "fallback": number(FALLBACK) })
}

/// One address on each line, or between commas.
fn addresses(text: &str) -> Vec<&str> {
    text.split(['\n', ',', ';', '，', '；'])
        .map(str::trim)
        .filter(|t| !t.is_empty())
        .collect()
}

/// The form of a channel as it is stored.
pub(super) fn stored(language: Language, channel: &Channel) -> Form {
    let number = |id: Option<i64>| id.map(|id| id.to_string()).unwrap_or_default();
    let form = Form::new(language)
        .with("name", &channel.name)
        .with(FALLBACK, number(channel.fallback.map(|id| id.0)));
    match &channel.config {
        Some(ChannelConfig::Email(e)) => {
            let lines = |list: &[domain::mail::Address]| {
                let texts: Vec<&str> = list.iter().map(domain::mail::Address::as_str).collect();
                texts.join("\n")
            };
            form.with("config.to", lines(&e.to))
                .with("config.cc", lines(&e.cc))
                .with("config.bcc", lines(&e.bcc))
                .with(
                    "config.language",
                    e.language.map_or("", domain::language::Language::as_str),
                )
                .with("config.timezone", e.timezone.map_or("", domain::zone::Tz::name))
                .with(PROFILE, number(e.profile.map(|id| id.0)))
        }
        Some(ChannelConfig::Webhook(w)) => {
            let names = header_lines::of(w.headers.iter().map(|h| h.name.as_str()));
            form.with(HEADERS, names)
        }
        None => form,
    }
}
