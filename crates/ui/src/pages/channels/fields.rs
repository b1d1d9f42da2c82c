//! Between the fields of the form and the JSON that the domain reads: the one validation is there.

use domain::{
    channel::{Channel, ChannelConfig, ChannelKind, catalogue},
    zone::Tz,
};
use serde_json::{Value, json};

use super::{service, webhook};
use crate::{
    components::Form,
    locale::Language,
    pages::{form::value, header_lines, hours_fields},
};

pub(super) const PROFILE: &str = "config.profile";
pub(super) const FALLBACK: &str = "fallback";
pub(super) const QUIET: &str = "quiet.action";
/// Before the names of the fields about its quiet hours.
pub(super) const QUIET_HOURS: &str = "quiet.hours";
pub(super) const URL: &str = "config.url";
pub(super) const SECRET: &str = "config.secret";
pub(super) const HEADERS: &str = "config.headers";
const SECRETS: [&str; 3] = [URL, SECRET, HEADERS];

/// The fields of the forms that are written out which carry their own complaints.
const NAMES: [&str; 17] = [
    "name",
    PROFILE,
    FALLBACK,
    QUIET,
    "config.to",
    "config.cc",
    "config.bcc",
    "config.language",
    "config.timezone",
    URL,
    SECRET,
    HEADERS,
    webhook::FORMAT,
    webhook::METHOD,
    webhook::CONTENT_TYPE,
    webhook::BODY,
    webhook::EVENTS,
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
        .chain(hours_fields::names(QUIET_HOURS))
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
        ChannelKind::Webhook => {
            let mut all = webhook::body(typed);
            all.insert("url".to_owned(), secret(URL).into());
            all.insert("secret".to_owned(), secret(SECRET).into());
            all.insert(
                "headers".to_owned(),
                header_lines::parse(value(typed, HEADERS)).into(),
            );
            all.into()
        }
        kind => catalogue::of(kind).map_or(Value::Null, |s| service::body(typed, s)),
    };
    json!({ "name": value(typed, "name"), "kind": kind.as_str(), "config": config, "enabled": enabled,
            "fallback": number(FALLBACK), "quiet": quiet(typed) })
}

/// `null` while there are none.
fn quiet(typed: &[(String, String)]) -> Value {
    let action = value(typed, QUIET);
    if action.is_empty() {
        return Value::Null;
    }
    let zone = value(typed, &format!("{QUIET_HOURS}.zone"));
    json!({ "action": action, "hours": hours_fields::body(typed, QUIET_HOURS, zone) })
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
    let form = match &channel.quiet {
        Some(quiet) => hours_fields::stored(form.with(QUIET, quiet.action), QUIET_HOURS, &quiet.hours),
        None => form,
    };
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
            webhook::stored(form.with(HEADERS, names), w)
        }
        Some(ChannelConfig::Service(s)) => service::stored(form, s),
        // Locked: it is entered again.
        None => begun(form, channel.kind),
    }
}

/// The form of a channel that there is not yet.
pub(super) fn fresh(language: Language, kind: ChannelKind, user: &str) -> Form {
    begun(Form::new(language).with("config.to", user), kind)
}

fn begun(form: Form, kind: ChannelKind) -> Form {
    if kind == ChannelKind::Webhook {
        webhook::fresh(form)
    } else {
        form
    }
}

#[cfg(test)]
mod tests {
    use domain::{channel::ChannelDraft, id::ChannelId};

    use super::*;

    fn channel(config: &Value) -> Channel {
        let body = json!({ "name": "Hook", "kind": "webhook", "config": config });
        let draft = ChannelDraft::from_json(body, None).unwrap();
        Channel {
            id: ChannelId(1),
            name: draft.name,
            kind: draft.config.kind(),
            enabled: true,
            fallback: None,
            quiet: draft.quiet,
            config: Some(draft.config),
        }
    }

    /// What a browser would send of it.
    fn sent(form: &Form) -> Vec<(String, String)> {
        let events = ["opened", "acknowledged", "resolved"].map(|e| format!("config.events.{e}"));
        let all = names(ChannelKind::Webhook).into_iter().chain(events);
        let there = all.filter(|n| form.ticked(n));
        // Browsers end lines by both characters.
        there
            .map(|n| (n.clone(), form.value(&n).replace('\n', "\r\n")))
            .collect()
    }

    #[test]
    fn every_field_of_a_webhook_survives_its_form() {
        let url = "https://hooks.example/x";
        for config in [
            json!({"url": url, "headers": {"X-Key": "v"}}),
            json!({"url": url, "format": "alertmanager", "events": ["resolved"]}),
            json!({"url": url, "format": "template", "method": "PUT", "content_type": "text/plain",
                   "body": "{{status}}\n\n{{reason}}\n", "events": ["opened", "acknowledged"]}),
            json!({"url": url, "format": "template", "method": "GET", "content_type": "text/x"}),
        ] {
            let channel = channel(&config);
            let stored_config = channel.config.as_ref().unwrap();
            let form = stored(Language::English, &channel);
            let again = body(&sent(&form), ChannelKind::Webhook, true);
            let again = ChannelDraft::from_json(again, channel.config.as_ref()).unwrap();
            assert_eq!(again.config.to_json(), stored_config.to_json());
        }
    }

    #[test]
    fn a_new_webhook_is_the_standard_one_and_has_a_body_to_begin_with() {
        let form = fresh(Language::English, ChannelKind::Webhook, "me@example.org");
        let mut typed = sent(&form);
        typed.extend(
            [("name", "Hook"), (URL, "https://hooks.example/x")].map(|(n, v)| (n.to_owned(), v.to_owned())),
        );
        let read = |typed: &[(String, String)]| {
            ChannelDraft::from_json(body(typed, ChannelKind::Webhook, true), None)
        };
        typed.retain(|(n, v)| n != "name" || !v.is_empty());
        let usual = read(&typed).unwrap().config.to_json();
        assert_eq!(usual["format"], "standard");
        assert_eq!(usual["events"], json!(["opened", "acknowledged", "resolved"]));
        for (name, value) in &mut typed {
            if name == webhook::FORMAT {
                "template".clone_into(value);
            }
        }
        let own = read(&typed).unwrap().config.to_json();
        assert!(own["body"].as_str().unwrap().contains("{{json:reason}}"));
    }

    #[test]
    fn what_is_wrong_with_a_body_is_said_at_its_field() {
        let typed = [
            ("name", "Hook"),
            (URL, "https://hooks.example/x"),
            (webhook::FORMAT, "template"),
            (webhook::METHOD, "POST"),
            (webhook::CONTENT_TYPE, "application/json"),
            (webhook::BODY, "{{reason}}"),
        ]
        .map(|(n, v)| (n.to_owned(), v.to_owned()));
        let errors = ChannelDraft::from_json(body(&typed, ChannelKind::Webhook, true), None).unwrap_err();
        let fields: Vec<&str> = errors.0.iter().map(|e| e.field.as_str()).collect();
        assert_eq!(fields, [webhook::BODY, webhook::EVENTS]);
        let known = names(ChannelKind::Webhook);
        assert!(fields.iter().all(|f| known.iter().any(|n| n == f)));
    }
}
