//! Channels that work, that do not, and none.

use std::time::Duration;

use alert::channel::{Receipt, Retry, SendError, Trace};
use domain::{
    attention::Rejection,
    channel::ChannelDraft,
    id::{ContactId, MonitorId, PolicyId},
};
use serde_json::{Value, json};

use super::{
    actions::DeletePage,
    edit::{EditPage, Existing, Lists, SecretPage, quiet_words},
    fields,
    test::Outcome,
    *,
};
use crate::{
    components::Form,
    locale::Language,
    pages::samples::{NOW, shell},
};

fn channel(id: i64, body: Value) -> Channel {
    let draft = ChannelDraft::from_json(body, None).unwrap();
    Channel {
        id: ChannelId(id),
        name: draft.name,
        kind: draft.config.kind(),
        enabled: draft.enabled,
        fallback: draft.fallback,
        quiet: draft.quiet,
        config: Some(draft.config),
    }
}

fn email() -> Channel {
    channel(
        1,
        json!({"name": "On call", "kind": "email", "config": {"to": ["me@example.org"], "cc": ["you@example.org"]},
               "quiet": {"action": "hold", "hours": {"zone": "Europe/Berlin", "spans": [
                   {"days": ["mon", "tue", "wed", "thu", "fri"], "from": "22:00", "to": "07:00"}]}}}),
    )
}

fn webhook() -> Channel {
    channel(
        2,
        json!({"name": "Chat", "kind": "webhook",
               "config": {"url": "https://chat.example/hooks/secret", "headers": {"X-Token": "secret"}}}),
    )
}

/// With a body of its own.
fn own_words(fields: &Value) -> Channel {
    let mut config =
        json!({"url": "https://pager.example/in", "format": "template", "events": ["opened", "resolved"]});
    if let (Some(all), Some(fields)) = (config.as_object_mut(), fields.as_object()) {
        all.extend(fields.clone());
    }
    channel(3, json!({"name": "Pager", "kind": "webhook", "config": config}))
}

fn works() -> ChannelHealth {
    ChannelHealth {
        last_success: Some(NOW.minus(Duration::from_secs(5000))),
        ..ChannelHealth::default()
    }
}

fn fails() -> ChannelHealth {
    let failure = (
        NOW.minus(Duration::from_secs(97)),
        "The server refused the password.".to_owned(),
    );
    ChannelHealth {
        last_failure: Some(failure),
        pending: 3,
        waiting: 2,
        ..works()
    }
}

fn gone() -> ChannelHealth {
    ChannelHealth {
        attention: Some(Attention {
            since: NOW.minus(Duration::from_secs(4000)),
            rejection: Rejection::Gone,
            reason: "The receiver says that this address is gone for good (410). Remove the channel or enter the new address.".to_owned(),
            said: Some("<gone>".to_owned()),
            until: NOW.plus(Duration::from_secs(700)),
        }),
        ..fails()
    }
}

pub(crate) fn lists(language: Language) -> Vec<ChannelsPage> {
    let row = |c: &Channel, enabled, locked, health| Row {
        id: c.id,
        name: c.name.clone(),
        kind: c.kind,
        summary: c.config.as_ref().unwrap().summary(),
        health: Health {
            enabled,
            locked,
            ..Health::new(c, health)
        },
    };
    let (email, webhook) = (email(), webhook());
    let rows = vec![
        row(&email, true, false, fails()),
        row(&webhook, true, false, works()),
        row(&webhook, true, false, ChannelHealth::default()),
        row(&webhook, false, false, works()),
        row(&webhook, true, false, gone()),
        row(&webhook, true, true, works()),
    ];
    let titled = || shell(language, Section::Channels, "nav-channels");
    vec![
        ChannelsPage {
            suspended: 1,
            shell: titled(),
            rows,
            mail_missing: true,
        },
        ChannelsPage {
            suspended: 0,
            shell: titled(),
            rows: Vec::new(),
            mail_missing: false,
        },
    ]
}

pub(crate) fn edits(language: Language) -> Vec<EditPage> {
    let fresh = |kind| EditPage {
        shell: shell(language, Section::Channels, "channel-new-title"),
        form: fields::fresh(language, kind, "me@example.org"),
        kind,
        channel: None,
        mail_missing: kind == ChannelKind::Email,
        lists: Lists {
            profiles: vec![(1, "smtp.example.org:587".to_owned()), (2, "Relay".to_owned())],
            others: vec![(2, "Chat".to_owned())],
        },
    };
    let trace = |code, text: &str, step: &str| Trace {
        remote: Some("203.0.113.25:465".parse().unwrap()),
        server: Some("smtp.example.org:465".to_owned()),
        step: Some(step.to_owned()),
        reply_code: Some(code),
        reply_text: Some(text.to_owned()),
        ..Trace::default()
    };
    let good = Receipt {
        reference: Some("4XyZ1c2d3e".to_owned()),
        trace: trace(250, "2.0.0 Ok: queued as 4XyZ1c2d3e", "reply"),
        ..Receipt::default()
    };
    let bad = |retry| SendError {
        reason: "The server refused the user name or password. Check both, or use an app password."
            .to_owned(),
        retry,
        trace: trace(535, "5.7.8 Authentication failed", "auth"),
        refused: Vec::new(),
    };
    let results = [
        Ok(good),
        Err(bad(Retry::OnSettings)),
        Err(bad(Retry::Never)),
        Err(bad(Retry::Briefly)),
        Err(bad(Retry::Backoff)),
        Err(bad(Retry::After(Duration::from_secs(90)))),
    ];
    let mut pages = vec![
        fresh(ChannelKind::Email),
        fresh(ChannelKind::Webhook),
        fresh(ChannelKind::Slack),
        fresh(ChannelKind::Ntfy),
        fresh(ChannelKind::Twilio),
        refused(language, fresh(ChannelKind::Email)),
        refused_webhook(language, fresh(ChannelKind::Webhook)),
    ];
    let own = [
        json!({"content_type": "text/plain; charset=utf-8", "body": "{{status}}: {{monitor}}\n{{reason}} <b>\n{{link}}"}),
        json!({"body": "{\n  \"text\": {{json:reason}},\n  \"query\": \"https://logs.example/?q={{url:monitor}}\"\n}"}),
        json!({"method": "GET"}),
    ];
    for fields in own {
        let mut page = fresh(ChannelKind::Webhook);
        page.form = fields::stored(language, &own_words(&fields));
        pages.push(page);
    }
    for (i, result) in results.into_iter().enumerate() {
        let stored = if i % 2 == 0 { webhook() } else { email() };
        let health = match i {
            0 => works(),
            2 | 3 => gone(),
            _ => fails(),
        };
        let mut page = fresh(stored.kind);
        page.shell.title.clone_from(&stored.name);
        page.form = fields::stored(language, &stored);
        page.channel = Some(Existing {
            service: None,
            href: "/channels/1".to_owned(),
            id: 1,
            name: stored.name.clone(),
            summary: stored.config.as_ref().unwrap().summary(),
            quiet: stored.quiet.as_ref().map(|quiet| quiet_words(language, quiet)),
            health: Health {
                locked: i == 5,
                ..Health::new(&stored, health)
            },
            users: if i == 0 { Vec::new() } else { users() },
            people: if i == 0 { Vec::new() } else { people() },
            optouts: if i == 1 { optouts() } else { Vec::new() },
            all_out: i == 1,
            outcome: Some(Outcome::new(&page.shell, result)),
        });
        pages.push(page);
    }
    pages
}

pub(crate) fn kinds(language: Language) -> Vec<KindsPage> {
    vec![KindsPage::new(shell(
        language,
        Section::Channels,
        "channel-new-title",
    ))]
}

fn refused(language: Language, mut page: EditPage) -> EditPage {
    let typed = [
        ("name".to_owned(), String::new()),
        ("config.to".to_owned(), "nobody".to_owned()),
        (fields::QUIET.to_owned(), "digest".to_owned()),
        ("quiet.hours.zone".to_owned(), "Europe/Atlantis".to_owned()),
        ("quiet.hours.spans.0.from".to_owned(), "22:00".to_owned()),
    ];
    let errors = ChannelDraft::from_json(fields::body(&typed, ChannelKind::Email, true), None).unwrap_err();
    page.form = Form::typed(language, &typed, &[]).refused(errors);
    page
}

fn refused_webhook(language: Language, mut page: EditPage) -> EditPage {
    let typed = [
        ("name", "Pager"),
        ("config.url", "https://pager.example/in"),
        ("config.format", "template"),
        ("config.method", "POST"),
        ("config.content_type", "application/json"),
        ("config.body", "{\"text\": \"{{reason}}\"}"),
    ];
    let typed = typed.map(|(n, v)| (n.to_owned(), v.to_owned()));
    let errors = ChannelDraft::from_json(fields::body(&typed, ChannelKind::Webhook, true), None).unwrap_err();
    page.form = Form::typed(language, &typed, &["config.url"]).refused(errors);
    page
}

fn optouts() -> Vec<store::Optout> {
    let out = |address: &str| store::Optout {
        address: address.to_owned(),
        at: NOW.minus(Duration::from_hours(30)),
    };
    vec![out("me@example.org"), out("you@example.org")]
}

fn people() -> Vec<(ContactId, String)> {
    vec![
        (ContactId(1), "Ada".to_owned()),
        (ContactId(2), "Bo <b>".to_owned()),
    ]
}

fn users() -> Vec<(MonitorId, String)> {
    vec![
        (MonitorId(7), "Shop".to_owned()),
        (MonitorId(8), "Mail gateway".to_owned()),
    ]
}

pub(crate) fn secrets(language: Language) -> Vec<SecretPage> {
    vec![SecretPage {
        shell: shell(language, Section::Channels, "channel-secret-title"),
        name: "Chat".to_owned(),
        href: "/channels/2".to_owned(),
        secret: "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=".to_owned(),
    }]
}

pub(crate) fn deletes(language: Language) -> Vec<DeletePage> {
    let policy = |id, name: &str, needed| (PolicyId(id), name.to_owned(), needed);
    let page = |pending, users, policies| DeletePage {
        shell: shell(language, Section::Channels, "channel-delete-title"),
        href: "/channels/1".to_owned(),
        name: "On call".to_owned(),
        summary: "me@example.org".to_owned(),
        pending,
        people: if pending > 0 { people() } else { Vec::new() },
        users,
        policies,
        enabled: true,
    };
    vec![
        page(2, users(), vec![policy(1, "Night shift", false)]),
        page(0, Vec::new(), Vec::new()),
        page(0, Vec::new(), vec![policy(1, "Night shift", true)]),
    ]
}
