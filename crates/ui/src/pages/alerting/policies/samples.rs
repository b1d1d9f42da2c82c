//! Policies in use, none yet, and their form with and without mistakes.

use domain::{channel::ChannelDraft, id::MonitorId};
use serde_json::{Value, json};

use super::{
    actions::{DeletePage, User},
    edit::{EditPage, existing},
    summary::Summary,
    *,
};
use crate::{components::Form, locale::Language, pages::samples::shell};

fn channel(id: i64, name: &str, enabled: bool) -> Channel {
    let body =
        json!({"name": name, "kind": "email", "config": {"to": ["me@example.org"]}, "enabled": enabled});
    let draft = ChannelDraft::from_json(body, None).unwrap();
    Channel {
        id: ChannelId(id),
        name: draft.name,
        kind: draft.config.kind(),
        enabled: draft.enabled,
        fallback: None,
        quiet: None,
        config: Some(draft.config),
    }
}

fn names(shell: &Shell) -> Names {
    let channels = [
        channel(1, "Chat", true),
        channel(2, "Team mail", true),
        channel(3, "Pager", true),
        channel(4, "Old phone", false),
    ];
    let rotations = vec![(RotationId(1), "Operations".to_owned())];
    Names::new(shell, &channels, rotations)
}

fn night_shift() -> Value {
    json!({
        "name": "Night shift", "recovery_after": "2m", "tags": ["eu", "prod"],
        "reminders": {"first": "1h", "longest": "1d"},
        "steps": [
            {"channels": [1]},
            {"after": "10m", "channels": [2, 4], "rotations": [1], "events": ["down"],
             "quiet": {"action": "hold", "hours": {"zone": "Europe/Berlin", "spans": [
                {"days": ["sat", "sun"], "from": "22:00", "to": "07:00"}]}}},
            {"after": "30m", "channels": [3]},
            {"after": "1h", "channels": [2], "events": ["down", "certificate", "no_data", "recovered"]},
        ],
    })
}

fn policy(id: i64, body: Value) -> Policy {
    Policy {
        id: PolicyId(id),
        config: PolicyConfig::from_json(body).unwrap(),
    }
}

pub(crate) fn lists(language: Language) -> Vec<PoliciesPage> {
    let all = [
        (policy(1, night_shift()), 3),
        (
            policy(
                2,
                json!({"name": "Everybody else", "severity": "warning", "default": true, "steps": [{"channels": [2]}]}),
            ),
            0,
        ),
        (
            policy(
                4,
                json!({"name": "Certificates", "tags": ["web"], "steps": [{"channels": [2], "events": ["certificate"]}]}),
            ),
            0,
        ),
        (
            policy(3, json!({"name": "Forgotten", "steps": [{"channels": [4]}]})),
            0,
        ),
    ];
    let page = |policies: &[(Policy, u64)]| {
        let shell = shell(language, Section::Alerting, "alerting-policies");
        let names = names(&shell);
        PoliciesPage {
            tabs: tabs::links(&shell, Tab::Policies),
            rows: policies
                .iter()
                .map(|(p, users)| Row::new(&shell, p, &names, *users))
                .collect(),
            shell,
        }
    };
    vec![page(&all), page(&[])]
}

pub(crate) fn edits(language: Language) -> Vec<EditPage> {
    let page = |form: Form, known: bool| {
        let shell = shell(language, Section::Alerting, "policy-new-title");
        let names = names(&shell);
        EditPage {
            tabs: tabs::links(&shell, Tab::Policies),
            summary: Summary::typed(&shell, fields::body(&form.pairs()), &names),
            policy: known.then(|| existing(PolicyId(1), "Night shift")),
            names,
            focus: known.then_some(1),
            form,
            shell,
        }
    };
    let stored = fields::stored(language, &policy(1, night_shift()).config);
    let typed = [
        ("steps.0.after", "soon"),
        ("steps.1.after", "5m"),
        ("steps.1.channels.1", "on"),
        ("steps.1.events.down", "on"),
        ("recovery_after", "2h"),
        ("reminders", "on"),
        ("reminders.first", "2h"),
        ("reminders.longest", "1h"),
    ];
    let typed: Vec<(String, String)> = typed
        .iter()
        .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
        .collect();
    let errors = PolicyConfig::from_json(fields::body(&typed)).unwrap_err();
    let refused = Form::typed(language, &typed, &[]).refused(errors);
    let mut lonely = page(fields::fresh(language), false);
    lonely.names = Names::default();
    vec![
        page(fields::fresh(language), false),
        page(stored, true),
        page(refused, false),
        lonely,
    ]
}

pub(crate) fn deletes(language: Language) -> Vec<DeletePage> {
    let page = |users: Vec<User>, more| {
        let shell = shell(language, Section::Alerting, "policy-delete-title");
        DeletePage {
            href: "/policies/1".to_owned(),
            name: "Night shift".to_owned(),
            default: users.is_empty(),
            tags: vec!["prod".to_owned()],
            users,
            more,
            shell,
        }
    };
    let texts = shell(language, Section::Alerting, "policy-delete-title");
    let user = |id, name: &str, key: &str, nobody| User {
        id: MonitorId(id),
        name: name.to_owned(),
        then: texts.t(key).to_string(),
        nobody,
    };
    let users = vec![
        user(7, "Shop", "policy-then-own", false),
        user(8, "Router", "policy-then-nobody", true),
    ];
    vec![page(users, 12), page(Vec::new(), 0)]
}
