use std::time::Duration;

use domain::{clock::Timestamp, id::ProfileId, mail::MailSettings};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use store::{Grant, GrantState, MasterKey, outbox::Next};

use crate::harness::{Db, attempt, both};

const FIRST: ProfileId = ProfileId(1);

fn settings(over: Value) -> MailSettings {
    let mut body = json!({
        "host": "smtp.example.org", "port": 587, "security": "starttls", "from": "watch@example.org",
        "auth": "xoauth2", "username": "watch@example.org",
        "oauth": { "provider": "microsoft", "client_id": "c", "client_secret": "s3cret" },
    });
    for (name, value) in over.as_object().unwrap() {
        body[name] = value.clone();
    }
    MailSettings::from_json(body, None).unwrap()
}

/// A profile that is set up; connected with `at` and `rt` until an hour from now.
async fn connected(db: &Db) -> MailSettings {
    let settings = settings(json!({}));
    db.store.mail().save_primary(&settings, "ada").await.unwrap();
    connect(db, &settings, "at").await;
    settings
}

async fn connect(db: &Db, settings: &MailSettings, access: &str) {
    let (access, refresh) = (SecretString::from(access), SecretString::from("rt"));
    let tokens = db.store.mail_tokens();
    tokens
        .connect(FIRST, settings, &access, &refresh, in_an_hour(db))
        .await
        .unwrap();
}

fn in_an_hour(db: &Db) -> Timestamp {
    db.now().plus(Duration::from_hours(1))
}

async fn grant(db: &Db, settings: &MailSettings) -> Option<Grant> {
    db.store.mail_tokens().get(FIRST, settings).await.unwrap()
}

fn exposed(grant: &Grant) -> Option<(String, String)> {
    let tokens = grant.tokens.as_ref()?;
    let text = |s: &SecretString| s.expose_secret().to_owned();
    Some((text(&tokens.access), text(&tokens.refresh)))
}

fn pair(access: &str, refresh: &str) -> Option<(String, String)> {
    Some((access.to_owned(), refresh.to_owned()))
}

both! {
    async fn a_grant_is_kept_renewed_refused_and_forgotten(db: Db) {
        let settings = connected(&db).await;
        let begun = db.now();
        let held = grant(&db, &settings).await.unwrap();
        assert_eq!(exposed(&held), pair("at", "rt"));
        assert_eq!((held.status.connected_at, held.status.expires_at), (begun, in_an_hour(&db)));
        db.advance(Duration::from_mins(56));
        let (access, refresh) = (SecretString::from("at-2"), SecretString::from("rt-2"));
        let tokens = db.store.mail_tokens();
        let until = in_an_hour(&db);
        assert!(tokens.refreshed(FIRST, &settings, &access, &refresh, until).await.unwrap());
        let held = grant(&db, &settings).await.unwrap();
        assert_eq!(exposed(&held), pair("at-2", "rt-2"));
        assert_eq!((held.status.connected_at, held.status.refreshed_at), (begun, db.now()));
        assert!(tokens.needs_attention(FIRST, &settings, "oauth-revoked", "gone").await.unwrap());
        let held = grant(&db, &settings).await.unwrap();
        let (kind, detail) = ("oauth-revoked".to_owned(), "gone".to_owned());
        assert_eq!(held.status.state, GrantState::NeedsAttention { kind, detail });
        assert_eq!(exposed(&held), pair("at-2", "rt-2"));

        assert!(tokens.forget(FIRST).await.unwrap());
        assert!(!tokens.refreshed(FIRST, &settings, &access, &refresh, until).await.unwrap(), "it stays forgotten");
        assert!(grant(&db, &settings).await.is_none());
    }

    async fn a_grant_is_found_by_what_it_was_given_for_alone(db: Db) {
        let given = connected(&db).await;
        let other = settings(json!({ "host": "smtp.example.net" }));
        assert!(grant(&db, &other).await.is_none());
        assert_eq!(db.store.mail_tokens().given_for(&given).await.unwrap(), Some(FIRST));
        assert_eq!(db.store.mail_tokens().given_for(&other).await.unwrap(), None);

        db.store.mail_tokens().needs_attention(FIRST, &given, "oauth-client", "no").await.unwrap();
        let renamed = settings(json!({ "from": "other@example.org" }));
        db.store.mail().save(FIRST, &renamed, "ada").await.unwrap().unwrap();
        let held = grant(&db, &renamed).await.unwrap();
        assert_eq!(held.status.state, GrantState::Ok, "a save asks the provider once more");

        db.store.mail().save(FIRST, &other, "ada").await.unwrap().unwrap();
        db.store.mail().save(FIRST, &given, "ada").await.unwrap().unwrap();
        assert!(grant(&db, &given).await.is_none(), "going back does not bring it back");
    }

    async fn a_deleted_profile_takes_its_grant_with_it(db: Db) {
        let settings = connected(&db).await;
        assert!(db.store.mail().delete(FIRST).await.unwrap());
        assert!(grant(&db, &settings).await.is_none());
        assert_eq!(db.store.mail_tokens().given_for(&settings).await.unwrap(), None);
    }

    async fn another_key_locks_a_grant_until_somebody_connects_again(db: Db) {
        let mut db = db;
        let given = connected(&db).await;
        db.key = MasterKey::generate().unwrap();
        db.reopen().await;
        assert!(!db.store.key_matches());
        let held = grant(&db, &given).await.unwrap();
        assert!(held.status.locked && held.tokens.is_none());
        let stored = db.store.mail().primary().await.unwrap().unwrap().settings;
        assert!(stored.oauth.as_ref().unwrap().secret_locked);
        db.store.mail().save_primary(&given, "ada").await.unwrap();
        assert!(!db.store.key_matches(), "the tokens are still locked");
        connect(&db, &given, "at-2").await;
        assert!(db.store.key_matches());
        assert_eq!(exposed(&grant(&db, &given).await.unwrap()), pair("at-2", "rt"));
    }

    async fn connecting_sends_what_waited_for_it(db: Db) {
        let settings = settings(json!({}));
        db.store.mail().save_primary(&settings, "ada").await.unwrap();
        let to = db.mail_channel(&["a@example.org", "b@example.org"]).await;
        let monitor = db.monitor(&[&to]).await;
        db.advance(Duration::from_secs(1));
        db.go_down(&monitor).await;
        let mut claimed = db.claim(&to).await;
        let (early, late) = (claimed.remove(0), claimed.remove(0));
        let without = |db: &Db| {
            let mut attempt = attempt(db.now(), 1, Next::Wait);
            attempt.profile = Some((FIRST, "smtp.example.org:587".to_owned()));
            attempt.settings_revision = Some(1);
            attempt
        };
        db.store.outbox().finish(&early.lease, &without(&db), Next::Wait).await.unwrap();
        assert!(db.claim(&to).await.is_empty());
        // Somebody connects while the other one is on its way to its failure.
        let attempt = without(&db);
        db.advance(Duration::from_secs(1));
        connect(&db, &settings, "at").await;
        assert_eq!(db.claim_one(&to).await.notice.recipient, early.notice.recipient);
        db.store.outbox().finish(&late.lease, &attempt, Next::Wait).await.unwrap();
        assert_eq!(db.claim_one(&to).await.notice.recipient, late.notice.recipient);
    }
}
