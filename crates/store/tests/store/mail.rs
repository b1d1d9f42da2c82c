//! What is known of a mail profile.

use domain::{delivery::Attempt, mail::MailSettings};
use serde_json::json;
use store::outbox::Next;

use crate::harness::{Db, attempt, both};

both! {
    async fn a_failure_of_settings_that_were_saved_again_is_not_the_last_one(db: Db) {
        let settings = json!({
            "host": "smtp.example.org", "port": 465, "security": "tls", "from": "watch@example.org",
        });
        let settings = MailSettings::from_json(settings, None).unwrap();
        let old = db.store.mail().create(&settings, "ana").await.unwrap();
        let mail = db.mail_channel(&["a@example.org"]).await;
        let monitor = db.monitor(&[&mail]).await;
        db.go_down(&monitor).await;
        for (saved, shown) in [(true, false), (false, true)] {
            let claimed = db.claim_one(&mail).await;
            let current = db.store.mail().profile(old.id).await.unwrap().unwrap();
            if saved {
                db.store.mail().save(old.id, &settings, "ana").await.unwrap().unwrap();
            }
            let next = Next::Retry { at: db.now() };
            let failed = Attempt {
                profile: Some((old.id, "Main".into())),
                settings_revision: Some(current.revision),
                ..attempt(db.now(), claimed.attempt, next)
            };
            assert!(db.store.outbox().finish(&claimed.lease, &failed, next).await.unwrap());
            let health = db.store.mail().health(old.id).await.unwrap();
            assert_eq!(health.last_error.is_some(), shown, "{health:?}");
        }
    }
}
