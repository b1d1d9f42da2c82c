//! The OpenAPI document says what is there, no more and no less.

use std::collections::BTreeMap;

use api::wire::{
    channel::{ChannelConfigDraft, ChannelDraft, EmailConfig, WebhookConfigDraft},
    hours::{HoursSpan, QuietHours, WeekHours},
    mail::MailDraft,
    messages::MessagesDraft,
    monitor::{
        CronBody, EverySchedule, HttpTargetDraft, MonitorDraft, PingTarget, ScheduleBody, TargetDraft,
        TcpTarget,
    },
    oauth::OAuthDraft,
    on_call::{ContactDraft, HandoverBody, LayerBody, OverrideDraft, RotationDraft},
    policy::{PolicyDraft, PolicyStepDraft, RemindersBody},
    service::ServiceConfigDraft,
};
use domain::{
    channel::{self, ServiceField, Shape, catalogue::SERVICES},
    mail::MailSettings,
    monitor::MonitorConfig,
    policy::PolicyConfig,
    rotation,
};
use http::Method;
use serde_json::{Value, json};

use crate::fixture::Api;

#[tokio::test]
async fn it_is_openapi_3_1_and_holds_together() {
    let api = Api::start().await;
    let document = &api.document.0;
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["servers"][0]["url"], "http://watch.test/api/v1");
    let mut ids = Vec::new();
    for (path, method, operation) in api.document.operations() {
        ids.push(operation["operationId"].as_str().unwrap());
        let secured = operation["security"][0]["token"][0].as_str();
        let expected = match (path, method.as_str()) {
            ("/mail/bounces", _) => "push",
            (_, "GET") => "read",
            _ => "write",
        };
        if path == "/openapi.json" {
            assert_eq!(secured, None);
        } else {
            assert_eq!(secured, Some(expected), "{method} {path}");
        }
        assert!(operation["responses"]["default"]["content"]["application/problem+json"].is_object());
        assert!(operation["summary"].is_string(), "{method} {path}");
    }
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count, "operation ids are unique");
    references(document, &mut |reference| {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    });
}

fn references(value: &Value, found: &mut impl FnMut(&str)) {
    match value {
        Value::Object(map) => {
            if let Some(Value::String(reference)) = map.get("$ref") {
                found(reference);
            }
            map.values().for_each(|v| references(v, found));
        }
        Value::Array(items) => items.iter().for_each(|v| references(v, found)),
        _ => {}
    }
}

/// The contract's table.
#[tokio::test]
async fn it_has_every_route_of_the_contract() {
    let api = Api::start().await;
    let mut found: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (path, method, _) in api.document.operations() {
        found.entry(path).or_default().push(method.to_string());
    }
    for methods in found.values_mut() {
        methods.sort();
    }
    let found: Vec<String> = found
        .iter()
        .map(|(p, m)| format!("{} {p}", m.join(" ")))
        .collect();
    assert_eq!(
        found,
        [
            "GET POST /channels",
            "DELETE GET PATCH /channels/{id}",
            "POST /channels/{id}/test",
            "GET POST /contacts",
            "DELETE GET PATCH /contacts/{id}",
            "GET /deliveries",
            "GET /deliveries.csv",
            "GET /deliveries/{id}",
            "POST /deliveries/{id}/resend",
            "GET /incidents",
            "GET /incidents/{id}",
            "POST /incidents/{id}/ack",
            "DELETE POST /incidents/{id}/snooze",
            "POST /mail/bounces",
            "GET POST /maintenance",
            "DELETE GET PATCH /maintenance/{id}",
            "POST /maintenance/{id}/cancel",
            "POST /maintenance/{id}/end",
            "POST /maintenance/{id}/restore",
            "GET POST /monitors",
            "DELETE GET PATCH /monitors/{id}",
            "POST /monitors/{id}/check",
            "GET /monitors/{id}/forecast",
            "POST /monitors/{id}/pause",
            "GET /monitors/{id}/results",
            "POST /monitors/{id}/resume",
            "GET /monitors/{id}/stats",
            "GET /on-call",
            "GET /openapi.json",
            "DELETE /overrides/{id}",
            "GET POST /policies",
            "DELETE GET PATCH /policies/{id}",
            "GET POST /rotations",
            "DELETE GET PATCH /rotations/{id}",
            "GET /rotations/{id}/now",
            "POST /rotations/{id}/overrides",
            "GET /rotations/{id}/shifts",
            "GET PUT /settings/dead-man",
            "GET PUT /settings/mail",
            "POST /settings/mail/authentication-results",
            "GET /settings/mail/deliverability",
            "PUT /settings/mail/order",
            "GET POST /settings/mail/profiles",
            "DELETE GET PUT /settings/mail/profiles/{id}",
            "DELETE GET POST PUT /settings/mail/profiles/{id}/authorize",
            "POST /settings/mail/profiles/{id}/test",
            "POST /settings/mail/profiles/{id}/try-now",
            "POST /settings/mail/test",
            "GET PUT /settings/messages",
            "GET PUT /settings/operations",
            "GET PUT /settings/zones",
            "GET POST /silences",
            "DELETE GET PATCH /silences/{id}",
            "GET /upcoming-maintenance",
        ]
    );
}

/// Each documented operation exists; each method that is not documented is refused and the rest named.
#[tokio::test]
async fn the_router_has_what_it_says_and_nothing_else() {
    let api = Api::start().await;
    let paths: Vec<&str> = api.document.0["paths"]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    for template in paths {
        let path = template.replace("{id}", "1");
        for method in [
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
        ] {
            let documented = api.document.operation(&method, template).is_some();
            let answer = api.call(method.clone(), &path, Some(&api.write), None).await;
            assert_eq!(answer.status != 405, documented, "{method} {path}");
            if !documented {
                let allow = answer.headers["allow"].to_str().unwrap();
                for (_, method, _) in api.document.operations().filter(|(p, ..)| *p == template) {
                    assert!(allow.contains(method.as_str()), "{path}: {allow}");
                }
            }
        }
    }
}

/// Routes come into the router by the macro that documents them, and by nothing else.
#[test]
fn no_route_is_added_past_the_document() {
    let source = include_str!("../../src/lib.rs");
    for way in [
        ".route(",
        ".route_service(",
        ".nest(",
        ".nest_service(",
        "fallback_service(",
    ] {
        assert!(!source.contains(way), "{way}");
    }
}

/// The draft types only document what the domain reads; so the domain must read all of it.
#[tokio::test]
async fn drafts_name_exactly_the_fields_that_the_domain_reads() {
    let api = Api::start().await;
    let hold = |schema: &str, value: &Value| {
        let schema = json!({ "$ref": format!("#/components/schemas/{schema}") });
        api.document.hold(&schema, value, "draft");
    };
    let monitor = MonitorDraft {
        name: "Shop".into(),
        kind: "http",
        target: TargetDraft::Http(HttpTargetDraft {
            url: "https://shop.example/health".into(),
            method: Some("POST".into()),
            headers: Some(BTreeMap::from([("X-Key".to_owned(), "v".to_owned())])),
            body: Some("ping".into()),
            accept_status: Some(vec!["200-299".into(), "401".into()]),
            max_redirects: Some(0),
            verify_certificate: Some(false),
        }),
        schedule: ScheduleBody::Cron(CronBody {
            cron: "*/5 * * * *".into(),
            timezone: Some("Asia/Shanghai".into()),
        }),
        timeout: Some("10s".into()),
        confirm_after: Some(2),
        recheck_every: Some("5s".into()),
        slow_above: Some("800ms".into()),
        certificate_days: Some(vec![14, 3]),
        recover_after: Some(1),
        zone: Some("wan".to_owned()),
        channels: Some(Vec::new()),
        policy: Some(1),
        parents: Some(vec![2, 3]),
        tags: Some(vec!["prod".into()]),
        enabled: Some(true),
    };
    let others = [
        (
            "tcp",
            TargetDraft::Tcp(TcpTarget {
                host: "db".into(),
                port: 5432,
            }),
        ),
        (
            "ping",
            TargetDraft::Ping(PingTarget {
                host: "10.0.0.1".into(),
            }),
        ),
    ];
    let others = others.map(|(kind, target)| MonitorDraft {
        kind,
        target,
        schedule: ScheduleBody::Every(EverySchedule { every: "30s".into() }),
        ..monitor.clone()
    });
    for draft in [monitor].into_iter().chain(others) {
        let body = serde_json::to_value(draft).unwrap();
        hold("MonitorDraft", &body);
        MonitorConfig::from_json(body, None).unwrap();
    }
    let email = ChannelConfigDraft::Email(EmailConfig {
        to: vec!["a@example.org".into()],
        cc: vec!["b@example.org".into()],
        bcc: vec!["c@example.org".into()],
        language: Some("zh-CN".into()),
        timezone: Some("Asia/Shanghai".into()),
        profile: Some(1),
    });
    let webhook = ChannelConfigDraft::Webhook(WebhookConfigDraft {
        url: "https://hooks.example/x".into(),
        secret: Some("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".into()),
        headers: Some(BTreeMap::from([("X-Key".to_owned(), "v".to_owned())])),
        format: Some("template"),
        events: Some(vec!["opened", "resolved"]),
        method: Some("PUT"),
        content_type: Some("application/json".into()),
        body: Some("{\"text\": {{json:reason}}}".into()),
    });
    let services = SERVICES.iter().map(|service| {
        let value = |field: &ServiceField| match field.shape {
            Shape::Url => "https://service.example/x".to_owned(),
            Shape::Line(_) => "abc".to_owned(),
            Shape::Choice(known) => known[0].to_owned(),
        };
        let fields = service
            .fields
            .iter()
            .map(|f| (f.name.to_owned(), value(f).into()));
        let config = ChannelConfigDraft::Service(ServiceConfigDraft(fields.collect()));
        (service.kind.as_str(), config)
    });
    for (kind, config) in [("email", email), ("webhook", webhook)]
        .into_iter()
        .chain(services)
    {
        let draft = ChannelDraft {
            name: "Ops".into(),
            kind,
            config,
            enabled: Some(true),
            fallback: Some(1),
            quiet: Some(QuietHours {
                hours: WeekHours {
                    zone: "Asia/Shanghai".into(),
                    spans: vec![HoursSpan {
                        days: vec!["mon", "sun"],
                        from: "22:00".into(),
                        to: "07:00".into(),
                    }],
                },
                action: "digest",
            }),
        };
        let body = serde_json::to_value(draft).unwrap();
        hold("ChannelDraft", &body);
        channel::ChannelDraft::from_json(body, None).unwrap();
    }
    let policy = PolicyDraft {
        name: "Night shift".into(),
        severity: Some("error"),
        steps: vec![PolicyStepDraft {
            after: Some("10m".into()),
            channels: Some(vec![1]),
            rotations: Some(vec![1]),
            events: Some(vec!["down", "recovered"]),
            quiet: Some(QuietHours {
                hours: WeekHours {
                    zone: "Europe/Berlin".into(),
                    spans: vec![HoursSpan {
                        days: vec!["mon"],
                        from: "22:00".into(),
                        to: "07:00".into(),
                    }],
                },
                action: "hold",
            }),
        }],
        reminders: Some(RemindersBody {
            first: "1h".into(),
            longest: "1d".into(),
        }),
        recovery_after: Some("2m".into()),
        tags: Some(vec!["prod".into()]),
        default: Some(true),
    };
    let body = serde_json::to_value(policy).unwrap();
    hold("PolicyDraft", &body);
    PolicyConfig::from_json(body).unwrap();
    let contact = ContactDraft {
        name: "Ada".into(),
        channels: vec![1],
    };
    let body = serde_json::to_value(contact).unwrap();
    hold("ContactDraft", &body);
    rotation::ContactDraft::from_json(body).unwrap();
    let layer = LayerBody {
        name: "Nights".into(),
        people: vec![1, 2],
        handover: HandoverBody {
            every: 1,
            unit: "weeks",
            at: "09:00".into(),
            from: "2026-11-30".into(),
        },
        hours: Some(WeekHours {
            zone: "Asia/Shanghai".into(),
            spans: vec![HoursSpan {
                days: vec!["sat"],
                from: "00:00".into(),
                to: "00:00".into(),
            }],
        }),
    };
    let rotation = RotationDraft {
        name: "Operations".into(),
        zone: "Asia/Shanghai".into(),
        layers: vec![layer],
    };
    let body = serde_json::to_value(rotation).unwrap();
    hold("RotationDraft", &body);
    rotation::RotationDraft::from_json(body).unwrap();
    let takes_over = OverrideDraft {
        contact: 1,
        from: "2026-12-24T12:00:00Z".into(),
        to: "2026-12-27T08:00:00Z".into(),
        note: Some("Holidays".into()),
    };
    let body = serde_json::to_value(takes_over).unwrap();
    hold("OverrideDraft", &body);
    rotation::OverrideDraft::from_json(body).unwrap();
    let messages = MessagesDraft {
        subject_style: Some("thread"),
        subject: Some("{{monitor}}".into()),
        note: Some("{{link}}".into()),
    };
    let body = serde_json::to_value(messages).unwrap();
    hold("MessagesDraft", &body);
    domain::mail_message::MessageSettings::from_json(body).unwrap();
    let mail = MailDraft {
        host: "smtp.example.org".into(),
        port: 465,
        security: "tls",
        username: Some("watch".into()),
        password: Some("pw".into()),
        clear_password: Some(false),
        from: "watch@example.org".into(),
        from_name: Some("Watchbell".into()),
        reply_to: Some("ops@example.org".into()),
        hello_name: Some("watch.example.org".into()),
        verify_certificate: Some(true),
        ca_pem: Some("-----BEGIN CERTIFICATE-----\nMAcwADAAAwEA\n-----END CERTIFICATE-----".into()),
        allow_insecure_auth: Some(false),
        allow_local_from: Some(false),
        name: Some("Primary".into()),
        enabled: Some(true),
        auth: Some("auto".into()),
        oauth: None,
        envelope_from: Some("bounce+%s@example.org".into()),
        connect_timeout: Some("5s".into()),
        rate_per_minute: Some(30),
        max_recipients: Some(1),
    };
    let by_token = MailDraft {
        auth: Some("xoauth2".into()),
        password: None,
        oauth: Some(OAuthDraft {
            provider: "custom",
            client_id: "watchbell".into(),
            client_secret: Some("s".into()),
            clear_client_secret: Some(false),
            client_secret_set: Some(true),
            tenant: None,
            token_url: Some("https://login.example.org/token".into()),
            device_url: Some("https://login.example.org/device".into()),
            authorize_url: None,
            scope: Some("smtp offline".into()),
        }),
        ..mail.clone()
    };
    for mail in [mail, by_token] {
        let body = serde_json::to_value(mail).unwrap();
        hold("MailDraft", &body);
        MailSettings::from_json(body, None).unwrap();
    }
}

/// Of two shapes with one name the document would have one, without a word.
#[test]
fn no_two_shapes_share_a_name() {
    let mut open = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    let mut seen: BTreeMap<String, std::path::PathBuf> = BTreeMap::new();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(std::fs::read_dir(&path).unwrap().map(|e| e.unwrap().path()));
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        for shape in text.split("ToSchema)]").skip(1) {
            let words = shape.split(|c: char| !c.is_alphanumeric() && c != '_');
            let name = words
                .skip_while(|w| !matches!(*w, "struct" | "enum"))
                .nth(1)
                .unwrap();
            let other = seen.insert(name.to_owned(), path.clone());
            assert_eq!(other, None, "{name} is also in {}", path.display());
        }
    }
    assert!(seen.len() > 50, "{}", seen.len());
}
