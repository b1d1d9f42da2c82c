use std::time::Duration;

use domain::{
    hold::{HeldBy, Hold},
    id::{MonitorId, SilenceId},
    silence::{Silence, SilenceDraft, SilenceState},
};
use serde_json::{Value, json};
use store::{SilenceFilter, Store, StoreError};

use crate::harness::{Db, both, config};

const HOUR: Duration = Duration::from_hours(1);

fn draft(db: &Db, changes: Value) -> SilenceDraft {
    let mut body = json!({"matcher": {"tags": ["prod"]}, "reason": "Moving the rack", "duration": "1h"});
    for (k, v) in changes.as_object().unwrap() {
        body[k] = v.clone();
    }
    SilenceDraft::from_json(body, db.now()).unwrap()
}

async fn create(db: &Db, changes: Value) -> Silence {
    let draft = draft(db, changes);
    db.store
        .silences()
        .create(&draft, "me@example.org")
        .await
        .unwrap()
}

async fn ids(db: &Db, state: Option<SilenceState>) -> Vec<i64> {
    let filter = SilenceFilter {
        state,
        limit: 50,
        ..SilenceFilter::default()
    };
    let page = db.store.silences().page(&filter).await.unwrap();
    page.items.iter().map(|s| s.id.0).collect()
}

async fn held(store: &Store, id: MonitorId) -> Option<Hold> {
    let monitor = store.monitors().get(id).await.unwrap().unwrap();
    store.held(&monitor).await.unwrap()
}

fn by(silence: &Silence) -> Option<Hold> {
    Some(Hold {
        by: HeldBy::Silence(silence.id),
        until: Some(silence.ends_at),
    })
}

both! {
    async fn a_silence_is_pending_then_active_then_over_and_stays_in_the_list(db: Db) {
        let later = db.now().plus(HOUR * 2).to_rfc3339();
        let now = create(&db, json!({})).await;
        let then = create(&db, json!({"starts_at": later})).await;
        assert_eq!(ids(&db, None).await, [then.id.0, now.id.0], "newest first");
        assert_eq!(ids(&db, Some(SilenceState::Active)).await, [now.id.0]);
        assert_eq!(ids(&db, Some(SilenceState::Pending)).await, [then.id.0]);
        assert_eq!(ids(&db, Some(SilenceState::Over)).await, [0_i64; 0]);
        db.advance(HOUR * 2);
        assert_eq!(ids(&db, Some(SilenceState::Active)).await, [then.id.0]);
        assert_eq!(ids(&db, Some(SilenceState::Over)).await, [now.id.0]);
        assert_eq!(db.store.silences().get(now.id).await.unwrap().unwrap(), now);
    }

    async fn who_ends_it_is_kept_and_what_is_over_does_not_change(db: Db) {
        let silence = create(&db, json!({})).await;
        db.advance(Duration::from_mins(10));
        let ended = db.store.silences().end(silence.id, "you@example.org").await.unwrap().unwrap();
        assert_eq!(ended.ends_at, db.now());
        assert_eq!(ended.ended_by.as_deref(), Some("you@example.org"));
        assert_eq!(ended.author, "me@example.org");
        db.advance(Duration::from_mins(10));
        let again = db.store.silences().end(silence.id, "she@example.org").await.unwrap().unwrap();
        assert_eq!(again, ended, "the first one counts");
        let draft = draft(&db, json!({"reason": "Other"}));
        assert_eq!(db.store.silences().change(silence.id, &draft).await.unwrap(), None);
        assert_eq!(db.store.silences().get(silence.id).await.unwrap().unwrap(), ended);
        assert_eq!(db.store.silences().end(SilenceId(77), "me").await.unwrap(), None);

        // One that never begins is called off the same way.
        let later = db.now().plus(HOUR).to_rfc3339();
        let pending = create(&db, json!({"starts_at": later})).await;
        db.store.silences().end(pending.id, "me").await.unwrap().unwrap();
        db.advance(HOUR + Duration::from_mins(1));
        assert_eq!(ids(&db, Some(SilenceState::Active)).await, [0_i64; 0]);
    }

    async fn it_holds_the_monitors_that_match_for_as_long_as_it_lasts(db: Db) {
        let prod = db.monitor_with(json!({"tags": ["prod"]})).await.id;
        let other = db.monitor_with(json!({"tags": ["test"]})).await.id;
        assert_eq!(held(&db.store, prod).await, None);
        let silence = create(&db, json!({})).await;
        assert_eq!(held(&db.store, prod).await, by(&silence));
        assert_eq!(held(&db.store, other).await, None);
        db.advance(Duration::from_mins(30));
        let change = SilenceDraft::changed(&silence, json!({"duration": "2h"}), db.now()).unwrap();
        let longer = db.store.silences().change(silence.id, &change).await.unwrap().unwrap();
        assert_eq!(held(&db.store, prod).await, by(&longer));
        let change = SilenceDraft::changed(&longer, json!({"matcher": {"monitors": [other.0]}}), db.now());
        let moved = db.store.silences().change(silence.id, &change.unwrap()).await.unwrap().unwrap();
        assert_eq!((held(&db.store, prod).await, held(&db.store, other).await), (None, by(&moved)));
        db.advance(HOUR * 2);
        assert_eq!(held(&db.store, other).await, None, "it ran out");
        let again = create(&db, json!({"matcher": {"all": true}})).await;
        assert_eq!(held(&db.store, prod).await, by(&again));
        db.store.silences().end(again.id, "me").await.unwrap();
        assert_eq!(held(&db.store, prod).await, None, "it was ended");
    }

    async fn it_is_in_force_after_a_restart_and_in_another_instance(db: Db) {
        let mut db = db;
        let id = db.monitor_with(json!({"tags": ["prod"]})).await.id;
        let other = db.open_with(db.key.clone()).await.unwrap();
        assert_eq!(held(&other, id).await, None);
        let silence = create(&db, json!({})).await;
        assert_eq!(held(&other, id).await, by(&silence), "it does not wait to be told");
        other.silences().end(silence.id, "me").await.unwrap();
        assert_eq!(held(&db.store, id).await, None);
        other.close().await;
        let silence = create(&db, json!({})).await;
        db.reopen().await;
        assert_eq!(held(&db.store, id).await, by(&silence));
    }

    async fn a_monitor_that_gets_the_tag_is_held_with_the_others(db: Db) {
        let monitor = db.monitor_with(json!({"tags": ["test"]})).await;
        let silence = create(&db, json!({})).await;
        assert_eq!(held(&db.store, monitor.id).await, None);
        let tagged = config(json!({"tags": ["prod"]}));
        db.store.monitors().update(monitor.id, &tagged).await.unwrap();
        assert_eq!(held(&db.store, monitor.id).await, by(&silence));
    }

    async fn a_monitor_that_does_not_exist_is_refused_unless_it_was_there_before(db: Db) {
        let monitor = db.monitor(&[]).await.id;
        let named = |ids: &[i64]| json!({"matcher": {"monitors": ids}});
        let unknown = draft(&db, named(&[monitor.0, 77]));
        let refused = db.store.silences().create(&unknown, "me").await;
        assert!(matches!(refused, Err(StoreError::UnknownMonitor(MonitorId(77)))), "{refused:?}");
        let silence = create(&db, named(&[monitor.0])).await;
        db.store.monitors().delete(monitor).await.unwrap();
        let change = SilenceDraft::changed(&silence, json!({"reason": "Other"}), db.now()).unwrap();
        let changed = db.store.silences().change(silence.id, &change).await.unwrap().unwrap();
        assert_eq!(changed.reason, "Other");
        let refused = db.store.silences().change(silence.id, &unknown).await;
        assert!(matches!(refused, Err(StoreError::UnknownMonitor(MonitorId(77)))));
    }

    async fn what_it_is_about_is_counted(db: Db) {
        let down = db.monitor_with(json!({"name": "b", "tags": ["prod"]})).await;
        db.monitor_with(json!({"name": "A", "tags": ["prod"]})).await;
        let ping = json!({"name": "c", "tags": ["prod"], "kind": "ping", "target": {"host": "c.example"}});
        db.monitor_with(ping).await;
        db.monitor_with(json!({"name": "d"})).await;
        db.go_down(&down).await;
        let matcher = |value: Value| domain::matcher::Matcher::from_json("", value).unwrap();
        let table = [
            (json!({"tags": ["prod", "else"]}), vec!["A", "b"], 3, 1),
            (json!({"tags": ["prod"], "kinds": ["ping"]}), vec!["c"], 1, 0),
            (json!({"monitors": [down.id.0, 77]}), vec!["b"], 1, 1),
            (json!({"all": true}), vec!["A", "b"], 4, 1),
            (json!({"tags": ["nobody"]}), vec![], 0, 0),
        ];
        for (value, names, monitors, open) in table {
            let found = db.store.monitors().matched(&matcher(value.clone()), 2).await.unwrap();
            let first: Vec<&str> = found.first.iter().map(|(_, n)| n.as_str()).collect();
            assert_eq!((first, found.monitors, found.open_incidents), (names, monitors, open), "{value}");
        }
    }

    async fn a_damaged_silence_holds_nothing_and_keeps_no_other_from_holding(db: Db) {
        let mut db = db;
        let id = db.monitor_with(json!({"tags": ["prod"]})).await.id;
        let broken = create(&db, json!({"duration": "3h"})).await;
        let silence = create(&db, json!({})).await;
        db.sql(&format!("UPDATE silences SET matcher = '{{}}' WHERE id = {}", broken.id)).await;
        db.reopen().await;
        assert_eq!(held(&db.store, id).await, by(&silence));
    }
}
