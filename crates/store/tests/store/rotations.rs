//! People, rotations and what overrides them.

use std::time::Duration;

use domain::{
    clock::Timestamp,
    id::{ChannelId, ContactId, OverrideId, RotationId},
    rotation::{Contact, ContactDraft, OverrideDraft, RotationDraft},
};
use serde_json::json;
use store::StoreError;

use crate::harness::{Db, both};

fn draft(name: &str, channels: &[ChannelId]) -> ContactDraft {
    let ids: Vec<i64> = channels.iter().map(|c| c.0).collect();
    ContactDraft::from_json(json!({ "name": name, "channels": ids })).unwrap()
}

async fn contact(db: &Db, name: &str, channels: &[ChannelId]) -> Contact {
    db.store.contacts().create(&draft(name, channels)).await.unwrap()
}

/// Each of them has a day from nine to nine.
fn daily(name: &str, people: &[&Contact]) -> RotationDraft {
    let people: Vec<i64> = people.iter().map(|p| p.id.0).collect();
    let layer = json!({ "name": "Days", "people": people, "handover": { "every": 1, "unit": "days", "at": "09:00", "from": "2025-12-29" } });
    RotationDraft::from_json(json!({ "name": name, "zone": "UTC", "layers": [layer] })).unwrap()
}

fn takes_over(contact: &Contact, from: Timestamp, to: Timestamp) -> OverrideDraft {
    OverrideDraft {
        contact: contact.id,
        from,
        to,
        note: "Holidays".into(),
    }
}

both! {
    async fn what_was_stored_is_read_back(db: Db) {
        let (mail, hook) = (db.mail_channel(&["a@example.org"]).await, db.webhook("https://hooks.example/x").await);
        let ada = contact(&db, "Ada", &[hook.id, mail.id]).await;
        let bob = contact(&db, "Bob", &[mail.id]).await;
        assert_eq!(db.store.contacts().all().await.unwrap(), [ada.clone(), bob.clone()]);
        let renamed = db.store.contacts().update(bob.id, &draft("Aaron", &[hook.id])).await.unwrap().unwrap();
        assert_eq!(db.store.contacts().all().await.unwrap(), [renamed.clone(), ada.clone()]);
        assert_eq!(db.store.contacts().update(ContactId(99), &draft("X", &[mail.id])).await.unwrap(), None);

        let plan = daily("Operations", &[&ada, &renamed]);
        let rotation = db.store.rotations().create(&plan).await.unwrap();
        let takes = takes_over(&renamed, db.now(), db.now().plus(Duration::from_hours(1)));
        let over = db.store.rotations().add_override(rotation.id, &takes, "admin").await.unwrap().unwrap();
        let read = db.store.rotations().get(rotation.id).await.unwrap().unwrap();
        assert_eq!((&read.plan, &read.overrides), (&plan, &vec![over.clone()]));
        assert_eq!(db.store.rotations().all().await.unwrap(), std::slice::from_ref(&read));
        let plan = daily("Night", &[&ada]);
        let changed = db.store.rotations().update(rotation.id, &plan).await.unwrap().unwrap();
        assert_eq!((&changed.plan, &changed.overrides), (&plan, &vec![over.clone()]), "overrides stay");
        assert_eq!(db.store.rotations().remove_override(OverrideId(99)).await.unwrap(), None);
        assert_eq!(db.store.rotations().remove_override(over.id).await.unwrap(), Some(rotation.id));
        assert_eq!(db.store.rotations().get(rotation.id).await.unwrap().unwrap().overrides, []);
        assert!(db.store.rotations().delete(rotation.id).await.unwrap());
        assert!(!db.store.rotations().delete(rotation.id).await.unwrap());
        assert_eq!(db.store.rotations().update(rotation.id, &plan).await.unwrap(), None);
        assert_eq!(db.store.rotations().add_override(rotation.id, &takes, "admin").await.unwrap(), None);
    }

    async fn who_is_on_call_comes_with_the_ways_to_reach_them(db: Db) {
        let (mail, hook) = (db.mail_channel(&["a@example.org"]).await, db.webhook("https://hooks.example/x").await);
        let ada = contact(&db, "Ada", &[hook.id, mail.id]).await;
        let bob = contact(&db, "Bob", &[mail.id]).await;
        let rotation = db.store.rotations().create(&daily("Operations", &[&ada, &bob])).await.unwrap();
        let now = async || db.store.rotations().on_call(rotation.id).await.unwrap();
        assert_eq!(now().await, Some((ada.clone(), vec![hook.id, mail.id])));
        db.advance(Duration::from_hours(9));
        assert_eq!(now().await, Some((bob.clone(), vec![mail.id])));
        let takes = takes_over(&ada, db.now(), db.now().plus(Duration::from_hours(1)));
        db.store.rotations().add_override(rotation.id, &takes, "admin").await.unwrap();
        assert_eq!(now().await.unwrap().0, ada);
        db.advance(Duration::from_hours(1));
        assert_eq!(now().await.unwrap().0, bob);
        assert_eq!(db.store.rotations().on_call(RotationId(99)).await.unwrap(), None);
        // Their only channel goes, and they stay.
        db.store.channels().delete(mail.id).await.unwrap();
        let (unreachable, channels) = now().await.unwrap();
        assert_eq!((unreachable.id, channels), (bob.id, vec![]));
        assert_eq!(db.store.contacts().get(ada.id).await.unwrap().unwrap().channels, [hook.id]);
    }

    async fn nothing_names_what_does_not_exist(db: Db) {
        let mail = db.mail_channel(&["a@example.org"]).await;
        let ada = contact(&db, "Ada", &[mail.id]).await;
        let unknown = db.store.contacts().create(&draft("Bob", &[mail.id, ChannelId(99)])).await;
        assert!(matches!(unknown, Err(StoreError::UnknownChannel(ChannelId(99)))), "{unknown:?}");
        let unknown = db.store.contacts().update(ada.id, &draft("Bob", &[ChannelId(99)])).await;
        assert!(matches!(unknown, Err(StoreError::UnknownChannel(ChannelId(99)))), "{unknown:?}");
        assert_eq!(db.store.contacts().get(ada.id).await.unwrap().unwrap(), ada, "nothing of it was written");
        let ghost = Contact { id: ContactId(99), ..ada.clone() };
        let unknown = db.store.rotations().create(&daily("Operations", &[&ada, &ghost])).await;
        assert!(matches!(unknown, Err(StoreError::UnknownContact(ContactId(99)))), "{unknown:?}");
        let rotation = db.store.rotations().create(&daily("Operations", &[&ada])).await.unwrap();
        let takes = takes_over(&ghost, db.now(), db.now().plus(Duration::from_hours(1)));
        let unknown = db.store.rotations().add_override(rotation.id, &takes, "admin").await;
        assert!(matches!(unknown, Err(StoreError::UnknownContact(ContactId(99)))), "{unknown:?}");
    }

    async fn who_is_needed_is_not_deleted(db: Db) {
        let mail = db.mail_channel(&["a@example.org"]).await;
        let (ada, bob) = (contact(&db, "Ada", &[mail.id]).await, contact(&db, "Bob", &[mail.id]).await);
        let rotation = db.store.rotations().create(&daily("Operations", &[&ada])).await.unwrap();
        db.store.rotations().create(&daily("Nights", &[&ada])).await.unwrap();
        let takes = takes_over(&bob, db.now(), db.now().plus(Duration::from_hours(1)));
        db.store.rotations().add_override(rotation.id, &takes, "admin").await.unwrap();
        let refused = async |id| match db.store.contacts().delete(id).await {
            Err(StoreError::ContactInUse(names)) => names,
            other => panic!("{other:?}"),
        };
        assert_eq!(refused(ada.id).await, ["Nights", "Operations"]);
        assert_eq!(refused(bob.id).await, ["Operations"]);
        db.advance(Duration::from_hours(1));
        assert!(db.store.contacts().delete(bob.id).await.unwrap(), "an override that is over needs nobody");
        assert!(!db.store.contacts().delete(bob.id).await.unwrap());
    }

    async fn the_address_of_a_calendar_ends_when_it_is_renewed(db: Db) {
        let mail = db.mail_channel(&["a@example.org"]).await;
        let ada = contact(&db, "Ada", &[mail.id]).await;
        let rotations = db.store.rotations();
        let rotation = rotations.create(&daily("Operations", &[&ada])).await.unwrap();
        let created = db.now();
        let token = rotations.feed_token(rotation.id).await.unwrap().unwrap();
        let feed = rotations.by_feed_token(&token).await.unwrap().unwrap();
        assert_eq!((feed.rotation.id, feed.changed_at), (rotation.id, created));
        db.advance(Duration::from_hours(1));
        let takes = takes_over(&ada, db.now(), db.now().plus(Duration::from_hours(1)));
        rotations.add_override(rotation.id, &takes, "admin").await.unwrap();
        assert_eq!(rotations.by_feed_token(&token).await.unwrap().unwrap().changed_at, db.now());
        assert!(rotations.renew_feed(rotation.id).await.unwrap());
        assert_eq!(rotations.by_feed_token(&token).await.unwrap(), None);
        let renewed = rotations.feed_token(rotation.id).await.unwrap().unwrap();
        assert!(rotations.by_feed_token(&renewed).await.unwrap().is_some());
        rotations.delete(rotation.id).await.unwrap();
        assert_eq!(rotations.by_feed_token(&renewed).await.unwrap(), None);
        assert_eq!(rotations.by_feed_token("nonsense").await.unwrap(), None);
        assert!(!rotations.renew_feed(rotation.id).await.unwrap());
    }
}
