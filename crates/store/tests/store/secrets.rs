use std::time::Duration;

use domain::{channel::ChannelConfig, id::ProfileId, mail::MailSettings};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use store::{General, MasterKey, mail::MailHealth, outbox::Next};

use crate::harness::{Db, attempt, both, channel_draft};

fn mail(password: &str) -> MailSettings {
    let body = json!({
        "host": "smtp.example.org", "port": 465, "security": "tls", "username": "watch", "password": password,
        "from": "watch@example.org",
    });
    MailSettings::from_json(body, None).unwrap()
}

fn password_of(settings: &MailSettings) -> Option<String> {
    let password = settings.credentials.as_ref()?.password.as_ref()?;
    Some(password.expose_secret().to_owned())
}

async fn health(db: &Db) -> MailHealth {
    db.store.mail().health(ProfileId(1)).await.unwrap()
}

fn url_of(config: Option<&ChannelConfig>) -> Option<String> {
    match config? {
        ChannelConfig::Webhook(w) => Some(w.url.expose_secret().to_owned()),
        ChannelConfig::Email(_) | ChannelConfig::Service(_) => None,
    }
}

both! {
    async fn every_save_is_a_revision_and_the_latest_is_read(db: Db) {
        assert!(db.store.mail().primary().await.unwrap().is_none());
        assert_eq!(db.store.mail().save_primary(&mail("one"), "ada").await.unwrap().revision, 1);
        db.advance(Duration::from_secs(1));
        assert_eq!(db.store.mail().save_primary(&mail("two"), "bob").await.unwrap().revision, 2);
        let read = db.store.mail().primary().await.unwrap().unwrap();
        assert_eq!((read.revision, read.saved_by.as_str(), read.saved_at), (2, "bob", db.now()));
        assert_eq!(password_of(&read.settings).as_deref(), Some("two"));
    }

    async fn general_settings_have_defaults(db: Db) {
        assert_eq!(db.store.settings().general().await.unwrap(), General::default());
        let general = General { metrics_open: true, language: Some("de".into()), timezone: Some("Europe/Berlin".into()), ..General::default() };
        db.store.settings().save_general(&general, "ada").await.unwrap();
        assert_eq!(db.store.settings().general().await.unwrap(), general);
    }

    async fn saving_mail_releases_the_mails_that_wait_for_it(db: Db) {
        db.store.mail().save_primary(&mail("wrong"), "ada").await.unwrap();
        let to = db.mail_channel(&["a@example.org"]).await;
        let hook = db.webhook("https://hooks.example/x").await;
        let monitor = db.monitor(&[&to, &hook]).await;
        db.go_down(&monitor).await;
        let (letter, call) = (db.claim_one(&to).await, db.claim_one(&hook).await);
        assert!(letter.notice.message_id.ends_with("@example.org"), "the sender's domain");
        db.advance(Duration::from_secs(1));
        let mut refused = attempt(db.now(), 1, Next::Wait);
        refused.settings_revision = Some(1);
        refused.profile = Some((ProfileId(1), "mail".into()));
        db.store.outbox().finish(&letter.lease, &refused, Next::Wait).await.unwrap();
        db.finish(&call, Next::Wait).await;
        let (status, queue) = (health(&db).await, db.store.mail().queue().await.unwrap());
        assert_eq!((queue.waiting, status.last_success), (1, None));
        assert_eq!(status.last_error.unwrap().1, "451 greylisted");
        assert!(queue.oldest_waiting.is_some());

        db.advance(Duration::from_mins(1));
        db.store.mail().save_primary(&mail("right"), "ada").await.unwrap();
        assert!(db.claim(&hook).await.is_empty(), "a webhook has nothing to do with mail");
        let letter = db.claim_one(&to).await;
        let mut sent = attempt(db.now(), 2, Next::Sent);
        sent.settings_revision = Some(2);
        sent.profile = Some((ProfileId(1), "mail".into()));
        db.store.outbox().finish(&letter.lease, &sent, Next::Sent).await.unwrap();
        let (status, queue) = (health(&db).await, db.store.mail().queue().await.unwrap());
        assert_eq!(status.last_success, Some((db.now(), "2.0.0 Ok: queued as 4711".into(), 2)));
        assert_eq!((queue.waiting, queue.pending), (0, 0));
    }

    async fn mail_settings_saved_during_an_attempt_are_tried_at_once(db: Db) {
        db.store.mail().save_primary(&mail("wrong"), "ada").await.unwrap();
        let to = db.mail_channel(&["a@example.org"]).await;
        let monitor = db.monitor(&[&to]).await;
        db.go_down(&monitor).await;
        let letter = db.claim_one(&to).await;
        let mut refused = attempt(db.now(), 1, Next::Wait);
        refused.settings_revision = Some(1);
        refused.profile = Some((ProfileId(1), "mail".into()));
        db.store.mail().save_primary(&mail("right"), "ada").await.unwrap();
        db.store.outbox().finish(&letter.lease, &refused, Next::Wait).await.unwrap();
        assert_eq!(db.claim_one(&to).await.attempt, 2);
    }

    async fn mail_settings_that_come_during_the_first_attempt_are_tried_at_once(db: Db) {
        let to = db.mail_channel(&["a@example.org"]).await;
        let monitor = db.monitor(&[&to]).await;
        db.go_down(&monitor).await;
        let letter = db.claim_one(&to).await;
        let without = attempt(db.now(), 1, Next::Wait);
        db.advance(Duration::from_secs(1));
        db.store.mail().save_primary(&mail("right"), "ada").await.unwrap();
        db.store.outbox().finish(&letter.lease, &without, Next::Wait).await.unwrap();
        let again = db.claim_one(&to).await;
        db.advance(Duration::from_secs(1));
        db.finish(&again, Next::Wait).await;
        assert!(db.claim(&to).await.is_empty(), "what did not read the settings is not repeated for ever");
    }

    async fn no_secret_is_in_the_database_in_the_open(db: Db) {
        db.store.mail().save_primary(&mail("goldfish-password"), "ada").await.unwrap();
        db.webhook("https://hooks.example/goldfish-token").await;
        db.monitor_with(json!({
            "kind": "http", "target": {"url": "https://x.example/", "headers": {"X-Key": "goldfish-header"}},
        })).await;
        let (cookie, _) = {
            let email = domain::mail::Address::parse("e", "a@example.org").unwrap();
            let password = store::accounts::Password::parse("p", "goldfish-login-pw").unwrap();
            let user = db.store.accounts().create_first_admin(&email, &password).await.unwrap();
            db.store.accounts().start_session(user.id, false).await.unwrap()
        };
        if db.is_sqlite() {
            db.store.close().await;
            let bytes = std::fs::read(db.dir.path().join("watchbell.db")).unwrap();
            for goldfish in ["goldfish", cookie.expose_secret()] {
                assert!(!bytes.windows(goldfish.len()).any(|w| w == goldfish.as_bytes()), "{goldfish}");
            }
            assert!(bytes.windows(10).any(|w| w == b"a@example."), "the search would find something");
        }
    }

    async fn another_key_locks_secrets_and_nothing_else(db: Db) {
        db.store.mail().save_primary(&mail("one"), "ada").await.unwrap();
        let to = db.mail_channel(&["a@example.org"]).await;
        let hook = db.webhook("https://hooks.example/x").await;
        let plain = db.monitor(&[&to, &hook]).await;
        let keyed = db.monitor_with(json!({
            "kind": "http", "target": {"url": "https://x.example/", "headers": {"X-Key": "v"}},
        })).await;
        db.store.close().await;

        let store = db.open_with(MasterKey::generate().unwrap()).await.unwrap();
        assert!(!store.key_matches());
        assert!(store.channels().get(hook.id).await.unwrap().unwrap().config.is_none());
        assert!(store.channels().get(to.id).await.unwrap().unwrap().config.is_some());
        assert!(store.monitors().get(keyed.id).await.unwrap().unwrap().locked);
        assert!(!store.monitors().get(plain.id).await.unwrap().unwrap().locked);
        let settings = store.mail().primary().await.unwrap().unwrap().settings;
        assert_eq!((settings.credentials.is_some(), password_of(&settings)), (true, None));
        store.close().await;

        // Nothing was overwritten: the right key opens everything again.
        let store = db.open_with(db.key.clone()).await.unwrap();
        assert!(store.key_matches());
        assert!(url_of(store.channels().get(hook.id).await.unwrap().unwrap().config.as_ref()).is_some());
        assert!(!store.monitors().get(keyed.id).await.unwrap().unwrap().locked);
    }

    async fn entering_secrets_again_unlocks_them_and_delivers_what_waited(db: Db) {
        let hook = db.webhook("https://hooks.example/old").await;
        let monitor = db.monitor(&[&hook]).await;
        db.store.mail().save_primary(&mail("one"), "ada").await.unwrap();
        db.store.close().await;
        let mut db = db;
        db.key = MasterKey::generate().unwrap();
        db.reopen().await;

        // An outage while the channel is locked is planned all the same, and waits.
        db.go_down(&monitor).await;
        let claimed = db.claim_one(&hook).await;
        assert!(claimed.channel.config.is_none());
        db.advance(Duration::from_secs(1));
        db.finish(&claimed, Next::Wait).await;
        db.advance(Duration::from_secs(1));

        let draft = channel_draft(json!({"name": "Hook", "kind": "webhook", "config": {"url": "https://hooks.example/new"}}));
        db.store.channels().update(hook.id, &draft).await.unwrap();
        assert!(!db.store.key_matches(), "the mail password is still locked");
        let claimed = db.claim_one(&hook).await;
        assert_eq!(url_of(claimed.channel.config.as_ref()).as_deref(), Some("https://hooks.example/new"));
        db.store.mail().save_primary(&mail("two"), "ada").await.unwrap();
        assert!(db.store.key_matches(), "nothing is left that only the old key opens");
        db.reopen().await;
        assert!(db.store.key_matches());
        assert_eq!(password_of(&db.store.mail().primary().await.unwrap().unwrap().settings).as_deref(), Some("two"));
    }

    async fn a_secret_that_was_moved_to_another_row_does_not_open(db: Db) {
        let one = db.webhook("https://hooks.example/one").await;
        let two = db.webhook("https://hooks.example/two").await;
        db.sql(&format!(
            "UPDATE channels SET sealed = (SELECT sealed FROM channels WHERE id = {}) WHERE id = {}", one.id, two.id
        )).await;
        let error = db.store.channels().get(two.id).await.unwrap_err();
        assert!(error.to_string().contains("sealed"), "{error}");
        assert!(db.store.channels().get(one.id).await.unwrap().is_some());
    }
}

#[test]
fn a_key_from_the_environment_may_lack_its_padding() {
    let text = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    for text in [text, text.trim_end_matches('='), &format!(" {text}\n")] {
        MasterKey::from_base64(&SecretString::from(text)).unwrap();
    }
    assert!(MasterKey::from_base64(&SecretString::from("AAEC")).is_err());
    assert!(MasterKey::from_base64(&SecretString::from("not base64!")).is_err());
}
