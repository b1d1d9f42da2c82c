//! Between the fields of the form and the JSON that the domain reads: the one validation is there.

use domain::{
    channel::{Channel, ChannelConfig, ChannelKind, catalogue},
    zone::Tz,
};
use serde_json::{Value, json};

use super::service;
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
const SECRETS: [&str; 3] = [URL, SECRET, HEADERS];

/// The fields of the forms that are written out which carry their own complaints.
const NAMES: [&str; 11] = [
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

/// The fields that carry their own complaints.
pub(super) fn names(kind: ChannelKind) -> Vec<String> {
    let of_service = catalogue::of(kind)
        .into_iter()
        .flat_map(|s| s.fields.iter().map(service::path));
    NAMES
        .iter()
        .map(|name| (*name).to_owned())
        .chain(of_service)
        .collect()
}

/// Those that are never sent to a browser.
pub(super) fn secrets(kind: ChannelKind) -> Vec<String> {
    let of_service = catalogue::of(kind).into_iter().flat_map(|s| s.fields);
    let of_service = of_service.filter(|f| f.secret).map(service::path);
    SECRETS
        .iter()
        .map(|name| (*name).to_owned())
        .chain(of_service)
        .collect()
}

/// In whose words and times.
pub(super) fn reader(form: Form, language: Option<domain::language::Language>, zone: Option<Tz>) -> Form {
    form.with(
        "config.language",
        language.map_or("", domain::language::Language::as_str),
    )
    .with("config.timezone", zone.map_or("", Tz::name))
}

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
        kind => catalogue::of(kind).map_or(Value::Null, |s| service::body(typed, s)),
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
            let form = form
                .with("config.to", lines(&e.to))
                .with("config.cc", lines(&e.cc))
                .with("config.bcc", lines(&e.bcc))
                .with(PROFILE, number(e.profile.map(|id| id.0)));
            reader(form, e.language, e.timezone)
        }
        Some(ChannelConfig::Webhook(w)) => {
            let names = header_lines::of(w.headers.iter().map(|h| h.name.as_str()));
            form.with(HEADERS, names)
        }
        Some(ChannelConfig::Service(s)) => service::stored(form, s),
        None => form,
    }
}
