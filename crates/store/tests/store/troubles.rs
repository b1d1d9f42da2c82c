//! Troubles of Watchbell itself: told to those who look after it, by the same outbox.

use std::{collections::BTreeSet, time::Duration};

use domain::{
    channel::Channel,
    delivery::{Event, Notice},
    id::{ChannelId, IncidentId},
    incident::Origin,
    outcome::{Reason, ReasonKind},
};
use serde_json::json;
use store::{
    General, IncidentFilter, StoreError, Trouble,
    outbox::{DeliveryFilter, Next},
};

use crate::harness::{Db, both, channel_draft, incident_of};

fn zone() -> Origin {
    Origin::Zone("wan".to_owned())
}

fn trouble(db: &Db, origin: Origin) -> Trouble {
    Trouble {
        origin,
        since: db.now(),
        reason: Reason::new(ReasonKind::Connect, "None of the reference targets answered."),
    }
}

async fn choose(db: &Db, channels: Option<&[&Channel]>) {
    let general = General {
        operations_channels: channels.map(|all| all.iter().map(|c| c.id).collect()),
        ..General::default()
    };
    db.store.settings().save_general(&general, "me").await.unwrap();
}

async fn heard(db: &Db, channel: &Channel) -> Vec<Notice> {
    let mut heard = Vec::new();
    for claimed in db.claim(channel).await {
        db.finish(&claimed, Next::Sent).await;
        heard.push(claimed.notice);
    }
    heard
}

fn of(notices: &[Notice]) -> Vec<Event> {
    notices.iter().map(|n| n.event).collect()
}

both! {
    async fn a_gap_is_told_once_when_it_is_over(db: Db) {
        let (hook, mail) = (db.webhook("https://hook.example/a").await, db.mail_channel(&["me@example.net"]).await);
        let began = db.now();
        let id = db.store.troubles().open(&trouble(&db, zone()), false).await.unwrap();
        assert!(heard(&db, &hook).await.is_empty() && heard(&db, &mail).await.is_empty());
        assert_eq!(db.store.troubles().all_open().await.unwrap().len(), 1);

        db.advance(Duration::from_mins(15));
        let over = db.now();
        assert_eq!(db.store.troubles().resolve(&zone(), over, true).await.unwrap(), Some(id));
        for channel in [&hook, &mail] {
            let told = heard(&db, channel).await;
            assert_eq!(of(&told), [Event::Resolved]);
            let subject = told[0].subject.as_ref().unwrap();
            assert_eq!(subject.incident.origin, zone());
            assert_eq!((subject.incident.since, subject.incident.resolved_at()), (began, Some(over)));
            assert_eq!((subject.monitor.name.as_str(), subject.monitor.target.as_str()), ("Watchbell: wan", "wan"));
            assert!(subject.checks.is_empty());
        }
        assert!(db.store.troubles().all_open().await.unwrap().is_empty());
    }

    async fn doing_it_twice_changes_nothing(db: Db) {
        let hook = db.webhook("https://hook.example/a").await;
        let first = db.store.troubles().open(&trouble(&db, zone()), true).await.unwrap();
        assert_eq!(db.store.troubles().open(&trouble(&db, zone()), true).await.unwrap(), first);
        let lan = Origin::Zone("lan".to_owned());
        let other = db.store.troubles().open(&trouble(&db, lan.clone()), true).await.unwrap();
        assert_ne!(other, first, "another zone is another trouble");
        assert_eq!(of(&heard(&db, &hook).await), [Event::Opened, Event::Opened]);
        let now = db.now();
        assert_eq!(db.store.troubles().resolve(&zone(), now, true).await.unwrap(), Some(first));
        assert_eq!(db.store.troubles().resolve(&zone(), now, true).await.unwrap(), None);
        assert_eq!(of(&heard(&db, &hook).await), [Event::Resolved]);
        let again = db.store.troubles().open(&trouble(&db, zone()), false).await.unwrap();
        assert_ne!(again, first, "what is over does not come back");
        assert_eq!(db.store.troubles().resolve(&lan, now, false).await.unwrap(), Some(other));
        assert!(heard(&db, &hook).await.is_empty());
    }

    async fn those_who_were_chosen_hear_of_it_and_somebody_always_does(db: Db) {
        let one = db.webhook("https://hook.example/1").await;
        let two = db.webhook("https://hook.example/2").await;
        let off = json!({"name": "Off", "kind": "webhook", "enabled": false, "config": {"url": "https://hook.example/3"}});
        let off = db.channel(off).await;
        let ids = |all: &[&Channel]| all.iter().map(|c| c.id).collect::<BTreeSet<ChannelId>>();
        let now = || async { db.store.troubles().heard_by(None).await.unwrap() };
        assert_eq!(now().await, ids(&[&one, &two]), "nobody chose");
        choose(&db, Some(&[&two, &off])).await;
        assert_eq!(now().await, ids(&[&two]));
        let by_other = db.store.troubles().heard_by(Some(two.id)).await.unwrap();
        assert_eq!(by_other, ids(&[&one]), "not by the channel that is in trouble");
        choose(&db, Some(&[&off])).await;
        assert_eq!(now().await, ids(&[&one, &two]), "none of those who were chosen is there");
        choose(&db, Some(&[&two])).await;
        db.store.troubles().open(&trouble(&db, Origin::Channel(two.id)), true).await.unwrap();
        let told = heard(&db, &one).await;
        assert_eq!(told[0].subject.as_ref().unwrap().monitor.name, "Watchbell: Hook");
        assert!(heard(&db, &two).await.is_empty());
    }

    async fn whoever_heard_of_the_beginning_hears_of_the_end(db: Db) {
        let (one, two) = (db.webhook("https://hook.example/1").await, db.webhook("https://hook.example/2").await);
        choose(&db, Some(&[&one])).await;
        db.store.troubles().open(&trouble(&db, zone()), true).await.unwrap();
        assert_eq!(of(&heard(&db, &one).await), [Event::Opened]);
        choose(&db, Some(&[&two])).await;
        db.store.troubles().resolve(&zone(), db.now(), true).await.unwrap();
        assert_eq!(of(&heard(&db, &one).await), [Event::Resolved]);
        assert_eq!(of(&heard(&db, &two).await), [Event::Resolved]);
    }

    async fn it_stays_apart_from_monitors(db: Db) {
        let hook = db.webhook("https://hook.example/a").await;
        let monitor = db.monitor(&[&hook]).await;
        let outage = incident_of(db.go_down(&monitor).await);
        let own = db.store.troubles().open(&trouble(&db, zone()), true).await.unwrap();
        let second = db.monitor(&[&hook]).await;
        incident_of(db.go_down(&second).await);
        let all = db.store.incidents().page(&IncidentFilter { limit: 9, ..IncidentFilter::default() }).await.unwrap();
        let origins: Vec<Option<String>> = all.items.iter().map(|r| r.incident.origin.own()).collect();
        assert_eq!(origins, [None, Some("zone:wan".to_owned()), None]);
        assert_eq!(all.items[1].monitor_name, "Watchbell: wan");
        for id in [0, monitor.id.0] {
            let filter = IncidentFilter { monitor: Some(domain::id::MonitorId(id)), limit: 9, ..IncidentFilter::default() };
            let of_one = db.store.incidents().page(&filter).await.unwrap().items;
            let ids: Vec<IncidentId> = of_one.iter().map(|r| r.incident.id).collect();
            assert_eq!(ids, if id == 0 { vec![] } else { vec![outage] });
        }
        db.advance(Duration::from_secs(1));
        let acknowledged = db.store.incidents().acknowledge(own, "me").await.unwrap().unwrap();
        assert_eq!(acknowledged.origin, zone());
        let filter = DeliveryFilter { incident: Some(own), limit: 9, ..DeliveryFilter::default() };
        let page = db.store.outbox().page(&filter).await.unwrap();
        let told: Vec<(Event, &str)> = page.items.iter().map(|d| (d.event, d.monitor_name.as_str())).collect();
        assert_eq!(told, [(Event::Acknowledged, "Watchbell: wan"), (Event::Opened, "Watchbell: wan")]);
        let mine = Trouble { origin: Origin::Monitor(monitor.id), ..trouble(&db, zone()) };
        assert!(matches!(db.store.troubles().open(&mine, true).await, Err(StoreError::NotOurs)));
    }

    async fn the_link_in_its_message_acknowledges_it(db: Db) {
        let hook = db.webhook("https://hook.example/a").await;
        let id = db.store.troubles().open(&trouble(&db, zone()), true).await.unwrap();
        let token = db.store.acknowledgements().token(id, hook.id, "");
        let errand = db.store.acknowledgements().find(&token).await.unwrap().unwrap();
        assert!(errand.monitor_exists, "what is our own was not deleted");
        assert_eq!(errand.monitor_name, "Watchbell: wan");
    }

    async fn a_fallback_that_is_itself_in_trouble_does_not_stand_in(db: Db) {
        let broken = db.webhook("https://hook.example/broken").await;
        let body = json!({"name": "Other", "kind": "webhook", "fallback": broken.id.0, "config": {"url": "https://hook.example/b"}});
        let other = db.store.channels().create(&channel_draft(body)).await.unwrap();
        db.store.troubles().open(&trouble(&db, Origin::Channel(broken.id)), true).await.unwrap();
        let claimed = db.claim(&other).await.remove(0);
        db.finish(&claimed, Next::Failed).await;
        assert!(db.claim(&broken).await.is_empty());
    }
}
