//! A database of the time when there was one mail server.

use domain::{
    channel::{ChannelConfig, WebhookEvent, WebhookShape},
    id::ProfileId,
    mail::MailSettings,
};
use secrecy::ExposeSecret;
use serde_json::json;
use store::outbox::Next;

use crate::harness::{Db, both};

const NEW_TABLES: &[&str] = &[
    "silences",
    "maintenance_exceptions",
    "maintenances",
    "rotation_overrides",
    "rotations",
    "contact_channels",
    "contacts",
    "escalations",
    "monitor_parents",
    "policies",
    "channel_windows",
    "offline_gaps",
    "reference_answers",
    "mail_tokens",
    "mail_optouts",
    "delivery_transcripts",
    "mail_recipients",
    "mail_profiles",
];
const NEW_INDEXES: &[&str] = &[
    "deliveries_of_incident",
    "deliveries_by_digest",
    "deliveries_by_expiry",
    "incidents_open",
    "incidents_open_own",
    "deliveries_by_recipient",
    "deliveries_by_event",
    "delivery_attempts_by_profile",
];
const NEW_COLUMNS: &[(&str, &[&str])] = &[
    ("monitors", &["policy_id"]),
    ("incidents", &["severity", "origin", "kind"]),
    (
        "mail_status",
        &[
            "error_step",
            "breaker",
            "breaker_revision",
            "canary_at",
            "canary_error",
            "canary_tried_at",
        ],
    ),
    (
        "delivery_attempts",
        &["profile_id", "profile_name", "tls", "enhanced_code"],
    ),
    (
        "deliveries",
        &[
            "number",
            "digest_of",
            "fallback_of",
            "fallback_at",
            "requested_by",
            "bounced_at",
            "bounce_status",
            "bounce_text",
            "letter_of",
            "follows",
            "held_until",
            "held_as",
            "held_by",
            "rotation_id",
        ],
    ),
    ("sample_rollups", &["maintenance", "excluded_ms"]),
    (
        "channels",
        &[
            "fallback_id",
            "quiet",
            "refused_as",
            "refusals",
            "attention_at",
            "attention_reason",
            "attention_said",
            "attention_until",
        ],
    ),
    ("settings", &["changed"]),
];

/// As it was: without what the later migrations added, and with the fields that there were.
async fn turn_back(db: &Db) {
    db.store.close().await;
    db.sql("DELETE FROM seaql_migrations WHERE version >= 'm20261126'")
        .await;
    for index in NEW_INDEXES {
        db.sql(&format!("DROP INDEX {index}")).await;
    }
    for table in NEW_TABLES {
        db.sql(&format!("DROP TABLE {table}")).await;
    }
    for (table, columns) in NEW_COLUMNS {
        for column in *columns {
            db.sql(&format!("ALTER TABLE {table} DROP COLUMN {column}")).await;
        }
    }
    db.sql("DELETE FROM installation WHERE key = 'holds_version'")
        .await;
    db.sql("CREATE INDEX deliveries_by_incident ON deliveries (incident_id, id)")
        .await;
    db.sql("CREATE UNIQUE INDEX incidents_open ON incidents (monitor_id) WHERE resolved_at IS NULL")
        .await;
    let body = json!({
        "host": "smtp.example.org", "port": 465, "security": "tls", "username": "watch", "from": "watch@example.org",
        "from_name": null, "reply_to": null, "hello_name": null, "verify_certificate": true, "ca_pem": null,
        "allow_insecure_auth": false,
    });
    db.sql(&format!(
        "UPDATE settings SET body = '{body}' WHERE scope = 'mail'"
    ))
    .await;
    let channel = json!({ "to": ["a@example.org"], "cc": [], "bcc": [] });
    db.sql(&format!(
        "UPDATE channels SET config = '{channel}' WHERE kind = 'email'"
    ))
    .await;
}

both! {
    async fn the_mail_server_that_there_was_is_the_first_profile(db: Db) {
        let mut db = db;
        let settings = json!({
            "host": "smtp.example.org", "port": 465, "security": "tls", "username": "watch", "password": "s3cret",
            "from": "watch@example.org",
        });
        let settings = MailSettings::from_json(settings, None).unwrap();
        for by in ["ada", "bob"] {
            db.store.mail().save_primary(&settings, by).await.unwrap();
        }
        let channel = db.mail_channel(&["a@example.org"]).await;
        let monitor = db.monitor(&[&channel]).await;
        db.go_down(&monitor).await;
        let told = db.claim_one(&channel).await;
        db.finish(&told, Next::Sent).await;

        turn_back(&db).await;
        db.reopen().await;

        let profiles = db.store.mail().profiles().await.unwrap();
        let [first] = &profiles[..] else { panic!("{profiles:?}") };
        assert_eq!((first.id, first.revision, first.saved_by.as_str()), (ProfileId(1), 2, "bob"));
        let password = first.settings.credentials.as_ref().unwrap().password.as_ref().unwrap();
        assert_eq!(password.expose_secret(), "s3cret");
        assert!(first.settings.enabled && first.settings.max_recipients == 1);
        let (row, attempts) = db.store.outbox().get(told.notice.delivery).await.unwrap().unwrap();
        assert!(row.state.is_final() && attempts.len() == 1 && attempts[0].profile.is_none());

        // Everything goes on: the recovery is planned and claimed, and a second profile comes behind the first.
        db.come_up(&monitor).await;
        let recovery = db.claim_one(&channel).await;
        assert_eq!(recovery.notice.thread.as_deref(), Some(told.notice.message_id.as_str()));
        assert!(db.finish(&recovery, Next::Sent).await);
        let second = db.store.mail().create(&settings, "ada").await.unwrap();
        assert_eq!((second.id, second.revision), (ProfileId(2), 1));
    }

    async fn a_webhook_of_the_time_before_formats_sends_what_it_sent(db: Db) {
        let hook = db.webhook("https://hooks.example/x").await;
        db.sql(r#"UPDATE channels SET config = '{"headers":{},"secret":null,"url":null}'"#).await;
        let read = db.store.channels().get(hook.id).await.unwrap().unwrap();
        let Some(ChannelConfig::Webhook(read)) = read.config else { panic!("not a webhook") };
        assert_eq!(read.shape, WebhookShape::Standard);
        assert_eq!(read.events, WebhookEvent::ALL);
        assert_eq!(read.url.expose_secret(), "https://hooks.example/x");
        let monitor = db.monitor(&[&hook]).await;
        db.go_down(&monitor).await;
        db.claim_one(&hook).await;
    }
}
