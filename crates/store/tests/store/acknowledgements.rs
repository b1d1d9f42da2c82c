//! Whoever has the link of a message about an incident acknowledges, snoozes or silences it, and nothing else.

use std::time::Duration;

use domain::{
    channel::Channel,
    delivery::Event,
    id::{ChannelId, IncidentId},
    incident::Progress,
    matcher::Matcher,
};
use serde_json::json;
use store::{SilenceFilter, outbox::Next};

use crate::harness::{Db, both, channel_draft, incident_of};

const ME: &str = "Me@example.net";
const YOU: &str = "you@example.net";
const DAY: Duration = Duration::from_hours(24);

fn token(db: &Db, incident: IncidentId, channel: &Channel, recipient: &str) -> String {
    db.store.acknowledgements().token(incident, channel.id, recipient)
}

both! {
    async fn the_first_one_counts_and_is_told_to_all(db: Db) {
        let mail = db.mail_channel(&[ME, YOU]).await;
        let monitor = db.monitor(&[&mail]).await;
        let id = incident_of(db.go_down(&monitor).await);
        for opened in db.claim(&mail).await {
            db.finish(&opened, Next::Sent).await;
        }
        let links = db.store.acknowledgements();
        let (mine, yours) = (token(&db, id, &mail, ME), token(&db, id, &mail, YOU));

        let seen = links.find(&mine).await.unwrap().unwrap();
        assert_eq!((seen.monitor_name.as_str(), seen.monitor_exists), ("Shop", true));
        assert_eq!(seen.by, "Me@example.net (by mail)");
        assert_eq!(seen.incident.progress, Progress::Open, "looking changes nothing");
        assert!(db.claim(&mail).await.is_empty());

        let done = links.acknowledge(&mine).await.unwrap().unwrap();
        let acknowledged = Progress::Acknowledged { at: db.now(), by: "Me@example.net (by mail)".into() };
        assert_eq!(done.incident.progress, acknowledged);
        db.advance(Duration::from_secs(9));
        for again in [&mine, &yours] {
            let again = links.acknowledge(again).await.unwrap().unwrap();
            assert_eq!(again.incident.progress, acknowledged);
        }
        let told = db.claim(&mail).await;
        assert_eq!(told.len(), 2, "once for each");
        assert!(told.iter().all(|t| t.notice.event == Event::Acknowledged));
    }

    async fn the_holder_of_a_link_has_it_quiet_for_a_while_in_their_own_name(db: Db) {
        let mail = db.mail_channel(&[ME]).await;
        let (shop, other) = (db.monitor(&[&mail]).await, db.monitor(&[&mail]).await);
        let id = incident_of(db.go_down(&shop).await);
        db.finish(&db.claim_one(&mail).await, Next::Sent).await;
        let (links, mine) = (db.store.acknowledgements(), token(&db, id, &mail, ME));

        let until = db.now().plus(Duration::from_hours(1));
        assert_eq!(links.snooze(&mine, until).await.unwrap(), Some(true));
        let standing = db.store.incidents().standing(id).await.unwrap().unwrap();
        assert_eq!(standing.escalation.snoozed_until, Some(until));
        assert_eq!(standing.snoozed_by.as_deref(), Some("Me@example.net (by mail)"));
        assert_eq!(links.find(&mine).await.unwrap().unwrap().quiet_until, Some(until));

        assert_eq!(links.silence(&mine, 30 * DAY).await.unwrap(), Some(true));
        let silences = db.store.silences().page(&SilenceFilter { limit: 10, ..Default::default() }).await.unwrap();
        let [silence] = &silences.items[..] else { panic!("{silences:?}") };
        assert_eq!(silence.matcher, Matcher::of(shop.id), "its own monitor and no other");
        assert_eq!(silence.ends_at, db.now().plus(DAY), "a day at most");
        assert_eq!(links.find(&mine).await.unwrap().unwrap().quiet_until, Some(silence.ends_at));
        assert_eq!(silence.author, "Me@example.net (by mail)");
        assert_eq!(silence.reason, format!("By the link of incident #{id}"));
        db.go_down(&other).await;
        db.advance(Duration::from_secs(31));
        let told = db.claim_one(&mail).await.notice.subject.unwrap();
        assert_eq!(told.monitor.id, other.id);

        for token in ["", "7.1.x.y", &mine[..mine.len() - 1]] {
            assert_eq!(links.snooze(token, until).await.unwrap(), None);
            assert_eq!(links.silence(token, DAY).await.unwrap(), None);
        }
        db.come_up(&shop).await;
        assert_eq!(links.snooze(&mine, until).await.unwrap(), Some(false), "it is over");
        assert_eq!(links.silence(&mine, DAY).await.unwrap(), Some(false));
    }

    async fn only_its_own_incident_is_touched(db: Db) {
        let mail = db.mail_channel(&[ME]).await;
        let (one, other) = (db.monitor(&[&mail]).await, db.monitor(&[&mail]).await);
        let one = incident_of(db.go_down(&one).await);
        let other = incident_of(db.go_down(&other).await);
        db.store.acknowledgements().acknowledge(&token(&db, one, &mail, ME)).await.unwrap().unwrap();
        let untouched = db.store.incidents().get(other).await.unwrap().unwrap();
        assert_eq!(untouched.incident.progress, Progress::Open);
    }

    async fn a_channel_without_addresses_signs_with_its_name(db: Db) {
        let hook = db.webhook("https://hooks.example/x").await;
        let mail = db.mail_channel(&[ME, YOU]).await;
        let monitor = db.monitor(&[&hook, &mail]).await;
        let id = incident_of(db.go_down(&monitor).await);
        let links = db.store.acknowledgements();
        for (channel, by) in [(&hook, "Hook (by message)"), (&mail, "Mail (by mail)")] {
            let seen = links.find(&token(&db, id, channel, "")).await.unwrap().unwrap();
            assert_eq!(seen.by, by);
        }
    }

    async fn a_link_ends_a_month_after_its_incident(db: Db) {
        let mail = db.mail_channel(&[ME]).await;
        let monitor = db.monitor(&[&mail]).await;
        let id = incident_of(db.go_down(&monitor).await);
        let (links, token) = (db.store.acknowledgements(), token(&db, id, &mail, ME));
        db.advance(90 * DAY);
        assert!(links.find(&token).await.unwrap().is_some(), "as long as it lasts");
        db.come_up(&monitor).await;
        let over = links.acknowledge(&token).await.unwrap().unwrap();
        assert_eq!(over.incident.progress, Progress::Resolved { at: db.now(), acknowledged: None });
        db.advance(29 * DAY + Duration::from_hours(23));
        assert!(links.find(&token).await.unwrap().is_some());
        db.advance(Duration::from_hours(1));
        assert_eq!(links.find(&token).await.unwrap(), None);
        assert_eq!(links.acknowledge(&token).await.unwrap(), None);
    }

    async fn a_monitor_that_is_gone_is_said_to_be(db: Db) {
        let mail = db.mail_channel(&[ME]).await;
        let monitor = db.monitor(&[&mail]).await;
        let id = incident_of(db.go_down(&monitor).await);
        db.store.monitors().delete(monitor.id).await.unwrap();
        let gone = db.store.acknowledgements().acknowledge(&token(&db, id, &mail, ME)).await.unwrap().unwrap();
        assert_eq!((gone.monitor_name.as_str(), gone.monitor_exists), ("Shop", false));
        assert_eq!(gone.incident.progress, Progress::Resolved { at: db.now(), acknowledged: None });
    }

    async fn who_gets_nothing_any_more_has_no_say(db: Db) {
        let mail = db.mail_channel(&[ME, YOU]).await;
        let other = db.mail_channel(&[ME]).await;
        let monitor = db.monitor(&[&mail, &other]).await;
        let id = incident_of(db.go_down(&monitor).await);
        let links = db.store.acknowledgements();
        let (mine, theirs) = (token(&db, id, &mail, ME), token(&db, id, &other, ME));
        let draft = channel_draft(json!({ "name": "Mail", "kind": "email", "config": { "to": [YOU] } }));
        db.store.channels().update(mail.id, &draft).await.unwrap().unwrap();
        db.store.channels().delete(other.id).await.unwrap();
        for token in [mine, theirs] {
            assert_eq!(links.acknowledge(&token).await.unwrap(), None);
        }
        let incident = db.store.incidents().get(id).await.unwrap().unwrap().incident;
        assert_eq!(incident.progress, Progress::Open);
    }

    async fn what_was_not_signed_here_is_unknown(db: Db) {
        let mail = db.mail_channel(&[ME]).await;
        let monitor = db.monitor(&[&mail]).await;
        let id = incident_of(db.go_down(&monitor).await);
        let links = db.store.acknowledgements();
        let elsewhere = Db::sqlite().await;
        for token in [
            db.store.optouts().token(mail.id, ME),
            format!("{id}.{}", db.store.optouts().token(mail.id, ME)),
            elsewhere.store.acknowledgements().token(id, mail.id, ME),
            links.token(IncidentId(99), mail.id, ME),
            links.token(id, ChannelId(99), ME),
            String::new(),
        ] {
            assert_eq!(links.acknowledge(&token).await.unwrap(), None, "{token}");
        }
        assert_eq!(db.store.optouts().open_token(&links.token(id, mail.id, ME)), None);
    }
}
