//! Services: what is filled in, for each of them by its own fields.

use domain::{
    channel::{ChannelConfig, ChannelDraft, Need, Service, ServiceField, Shape, catalogue::SERVICES},
    sealed,
};
use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};

use crate::refused;

/// A value that nobody takes by itself.
fn value(field: &ServiceField) -> String {
    match field.shape {
        Shape::Line(_) => format!("c4n4ry-{}", field.name),
        Shape::Url => format!("https://own.example/c4n4ry-{}", field.name),
        Shape::Choice(known) => known[0].to_owned(),
    }
}

fn body(service: &Service, fields: impl Fn(&ServiceField) -> Value) -> Value {
    let config: Map<String, Value> = service
        .fields
        .iter()
        .map(|f| (f.name.to_owned(), fields(f)))
        .collect();
    json!({ "name": "Ops", "kind": service.kind.as_str(), "config": config })
}

fn full(service: &Service) -> Value {
    body(service, |f| value(f).into())
}

fn config(body: Value, previous: Option<&ChannelConfig>) -> ChannelConfig {
    ChannelDraft::from_json(body, previous)
        .unwrap_or_else(|e| panic!("{e}"))
        .config
}

fn sealed_part(config: &ChannelConfig) -> Value {
    let secrets = config.secrets().expect("each has one");
    serde_json::from_str(secrets.expose_secret()).expect("they are sealed as JSON")
}

fn get(config: &ChannelConfig, field: &str) -> Option<String> {
    let ChannelConfig::Service(service) = config else {
        panic!("{config:?}")
    };
    service.get(field).map(ToOwned::to_owned)
}

#[test]
fn every_field_survives_being_stored_and_no_secret_is_in_the_open() {
    for service in SERVICES {
        let kind = service.kind;
        let mut filled = full(service);
        filled["config"]["language"] = "zh-CN".into();
        filled["config"]["timezone"] = "Asia/Shanghai".into();
        let first = config(filled, None);
        let mut open = first.to_json();
        for field in service.fields {
            let shown = open[field.name].as_str();
            assert_eq!(shown.is_none(), field.secret, "{kind} {}", field.name);
        }
        let shown = format!("{first:?} {open} {}", first.summary());
        for field in service.fields.iter().filter(|f| f.secret) {
            assert!(
                !shown.contains(&format!("c4n4ry-{}", field.name)),
                "{kind}: {shown}"
            );
        }
        sealed::join(&mut open, sealed_part(&first));
        let again = ChannelConfig::from_json("", kind, open, None).unwrap();
        for field in service.fields {
            assert_eq!(
                get(&again, field.name),
                Some(value(field)),
                "{kind} {}",
                field.name
            );
        }
        assert_eq!(again.to_json(), first.to_json(), "{kind}");
    }
}

#[test]
fn what_is_left_out_is_complained_about_or_has_its_default() {
    for service in SERVICES {
        let errors = refused(ChannelDraft::from_json(body(service, |_| Value::Null), None));
        let required = service.fields.iter().filter(|f| f.need == Need::Required);
        let mut expected: Vec<_> = required
            .map(|f| (format!("config.{}", f.name), "required".to_owned()))
            .collect();
        let mut found: Vec<_> = errors
            .into_iter()
            .map(|(field, code)| (field, code.to_owned()))
            .collect();
        expected.sort();
        found.sort();
        assert_eq!(found, expected, "{}", service.kind);
        let least = body(service, |f| match f.need {
            Need::Required => value(f).into(),
            Need::Optional | Need::Default(_) => "".into(),
        });
        let least = config(least, None);
        for field in service.fields {
            let expected = match field.need {
                Need::Required => Some(value(field)),
                Need::Optional => None,
                Need::Default(default) => Some(default.to_owned()),
            };
            assert_eq!(
                get(&least, field.name),
                expected,
                "{} {}",
                service.kind,
                field.name
            );
        }
    }
}

#[test]
fn secrets_are_kept_only_for_the_server_that_they_were_entered_for() {
    for service in SERVICES {
        let kind = service.kind;
        let stored = config(full(service), None);
        let keep = |f: &ServiceField| if f.secret { Value::Null } else { value(f).into() };
        let kept = config(body(service, keep), Some(&stored));
        assert_eq!(sealed_part(&kept), sealed_part(&stored), "{kind}");
        let Some(server) = service.fields.iter().find(|f| f.shape == Shape::Url && !f.secret) else {
            continue;
        };
        for elsewhere in [
            "https://evil.example/",
            "http://own.example/",
            "https://own.example:8443/",
        ] {
            let mut moved = body(service, keep);
            moved["config"][server.name] = elsewhere.into();
            let errors = refused(ChannelDraft::from_json(moved, Some(&stored)));
            let secrets = service.fields.iter().filter(|f| f.secret).count();
            assert_eq!(errors.len(), secrets, "{kind}: {errors:?}");
            assert!(
                errors.iter().all(|(_, code)| *code == "secret-moved"),
                "{kind}: {errors:?}"
            );
        }
        // The same server under another path is the same server.
        let mut path = body(service, keep);
        path["config"][server.name] = "https://own.example/other".into();
        assert_eq!(
            sealed_part(&config(path, Some(&stored))),
            sealed_part(&stored),
            "{kind}"
        );
    }
}

#[test]
fn an_empty_text_takes_an_optional_secret_away_and_no_other() {
    for service in SERVICES {
        let stored = config(full(service), None);
        for field in service.fields.iter().filter(|f| f.secret) {
            let emptied = body(service, |f| match f.secret {
                true if f.name == field.name => "".into(),
                true => Value::Null,
                false => value(f).into(),
            });
            match ChannelDraft::from_json(emptied, Some(&stored)) {
                Ok(draft) => {
                    assert_eq!(field.need, Need::Optional, "{} {}", service.kind, field.name);
                    assert_eq!(get(&draft.config, field.name), None);
                }
                Err(_) => assert_eq!(field.need, Need::Required, "{} {}", service.kind, field.name),
            }
        }
    }
}

#[test]
fn a_value_of_another_shape_is_refused_at_its_field() {
    for service in SERVICES {
        for field in service.fields {
            let wrong: Vec<(Value, &str)> = match field.shape {
                Shape::Line(most) => vec![
                    (json!("a\r\nb"), "control-characters"),
                    (json!("x".repeat(most + 1)), "too-long"),
                    (json!(7), "type-text"),
                ],
                Shape::Url => vec![
                    (json!("ftp://own.example"), "url-scheme"),
                    (json!("own.example"), "url-invalid"),
                    (json!("https://user:pw@own.example"), "url-credentials"),
                ],
                Shape::Choice(_) => vec![(json!("nothing of the kind"), "choice-unknown")],
            };
            for (bad, code) in wrong {
                let mut filled = full(service);
                filled["config"][field.name] = bad.clone();
                let errors = refused(ChannelDraft::from_json(filled, None));
                let expected = [(format!("config.{}", field.name), code)];
                let found: Vec<_> = errors.iter().map(|(f, c)| (f.clone(), *c)).collect();
                assert_eq!(found, expected, "{} {bad}", service.kind);
            }
        }
    }
}
