use std::{collections::BTreeMap, time::Duration};

use domain::{
    clock::Timestamp,
    hold::HeldBy,
    id::{MaintenanceId, MonitorId},
    maintenance::{Maintenance, MaintenanceConfig},
    outcome::Phases,
    state::Status,
};
use serde_json::{Value, json};
use store::{
    MaintenanceFilter, MaintenanceState, MonitorFilter, StoreError,
    samples::{Sample, SampleKind},
};

use crate::harness::{Db, both, config};

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);

fn announced(db: &Db, matcher: Value, when: Value) -> MaintenanceConfig {
    let body = json!({"title": "New disks", "note": "", "matcher": matcher, "when": when});
    MaintenanceConfig::from_json(body, db.now(), None).unwrap()
}

/// A single window, so far from now and so long.
async fn window(db: &Db, matcher: Value, ahead: Duration, length: Duration) -> Maintenance {
    let from = db.now().plus(ahead);
    let when = json!({"from": from.to_rfc3339(), "to": from.plus(length).to_rfc3339()});
    let config = announced(db, matcher, when);
    db.store
        .maintenances()
        .create(&config, "me@example.org")
        .await
        .unwrap()
}

fn sample(monitor: MonitorId, at: Timestamp, kind: SampleKind) -> Sample {
    Sample {
        monitor,
        at,
        kind,
        latency: (kind == SampleKind::Up).then_some(Duration::from_millis(20)),
        phases: Phases::default(),
        cause: None,
        maintenance: false,
    }
}

async fn marks(db: &Db, monitor: MonitorId) -> Vec<bool> {
    let tail = db.store.samples().tail(&[monitor], 60).await.unwrap();
    tail[&monitor].iter().map(|s| s.maintenance).collect()
}

async fn with(db: &Db, status: Status) -> Vec<i64> {
    let filter = MonitorFilter {
        status: Some(status),
        limit: 50,
        ..MonitorFilter::default()
    };
    let page = db.store.monitors().page(&filter).await.unwrap();
    page.items.iter().map(|(m, _)| m.id.0).collect()
}

async fn counts(db: &Db) -> BTreeMap<&'static str, u64> {
    let counts = db.store.monitors().counts().await.unwrap();
    counts.into_iter().map(|(s, n)| (s.as_str(), n)).collect()
}

/// Checks every five minutes for `hours`, up but for those of `down`, with the housekeeping going along.
async fn run(db: &mut Db, monitor: MonitorId, hours: u64, down: impl Fn(Timestamp) -> bool) {
    for n in 0..hours * 12 {
        let kind = if down(db.now()) {
            SampleKind::Down
        } else {
            SampleKind::Up
        };
        db.store.samples().push(sample(monitor, db.now(), kind));
        db.advance(MINUTE * 5);
        if n % 12 == 11 {
            db.store.samples().flush().await.unwrap();
            db.store.samples().tend().await.unwrap();
        }
    }
}

both! {
    async fn samples_are_marked_by_their_time_with_no_word_from_anybody(db: Db) {
        let id = db.monitor_with(json!({"tags": ["db"]})).await.id;
        let other = db.monitor(&[]).await.id;
        window(&db, json!({"tags": ["db"]}), MINUTE * 10, MINUTE * 10).await;
        let start = db.now();
        for minute in [9, 10, 19, 20] {
            for monitor in [id, other] {
                db.store.samples().push(sample(monitor, start.plus(MINUTE * minute), SampleKind::Down));
            }
        }
        assert_eq!(marks(&db, id).await, [false, true, true, false]);
        assert_eq!(marks(&db, other).await, [false; 4]);
        let stats = db.store.samples().stats(id, start, start.plus(HOUR)).await.unwrap();
        assert_eq!((stats.down, stats.maintenance, stats.uptime), (2, 2, Some(0.0)));
    }

    async fn the_sample_of_a_transition_is_marked_as_well(db: Db) {
        let mut db = db;
        let monitor = db.monitor_with(json!({"tags": ["db"]})).await;
        window(&db, json!({"tags": ["db"]}), Duration::ZERO, HOUR).await;
        db.go_down(&monitor).await;
        assert_eq!(marks(&db, monitor.id).await, [true]);
        db.reopen().await;
        assert_eq!(marks(&db, monitor.id).await, [true], "read back from the journal");
        db.advance(HOUR);
        db.come_up(&monitor).await;
        assert_eq!(marks(&db, monitor.id).await, [true, false]);
    }

    async fn a_monitor_that_comes_under_a_window_by_an_edit_is_under_it_at_once(db: Db) {
        let monitor = db.monitor(&[]).await;
        window(&db, json!({"tags": ["db"]}), Duration::ZERO, HOUR).await;
        let push = |seconds: u64| {
            let at = db.now().plus(Duration::from_secs(seconds));
            db.store.samples().push(sample(monitor.id, at, SampleKind::Down));
        };
        push(0);
        db.store.monitors().update(monitor.id, &config(json!({"tags": ["db"]}))).await.unwrap();
        push(1);
        db.store.monitors().update(monitor.id, &config(json!({}))).await.unwrap();
        push(2);
        assert_eq!(marks(&db, monitor.id).await, [false, true, false]);
        let born = db.monitor_with(json!({"tags": ["db"]})).await.id;
        db.store.samples().push(sample(born, db.now(), SampleKind::Up));
        assert_eq!(marks(&db, born).await, [true]);
    }

    async fn a_window_is_left_out_of_uptime_and_coverage_over_rollups_and_a_restart(db: Db) {
        let mut db = db;
        let every = json!({"schedule": {"every": "5m"}, "tags": ["db"]});
        let monitor = db.monitor_with(every).await.id;
        // From the beginning of a day, so that two days are closed.
        let day = 86_400_000;
        let to_midnight = day - db.now().as_millis().rem_euclid(day);
        db.advance(Duration::from_millis(u64::try_from(to_midnight).unwrap()));
        let start = db.now();
        // Every night from 1:30 to 4:00, in which it is down.
        let when = json!({"cron": "30 1 * * *", "duration": "150m"});
        let nightly = announced(&db, json!({"tags": ["db"]}), when);
        db.store.maintenances().create(&nightly, "me").await.unwrap();
        let minute_of_day = |at: Timestamp| at.as_millis().rem_euclid(day) / 60_000;
        // And really down for an hour around noon.
        let down = |at: Timestamp| {
            let m = minute_of_day(at);
            (90..240).contains(&m) || (720..780).contains(&m)
        };
        run(&mut db, monitor, 30, down).await;
        db.reopen().await;
        run(&mut db, monitor, 24, down).await;

        let of_days = async |db: &Db, days: u64| {
            let to = start.plus(HOUR * 24 * u32::try_from(days).unwrap());
            db.store.samples().stats(monitor, start, to).await.unwrap()
        };
        for _ in 0..2 {
            for days in [1, 2] {
                let stats = of_days(&db, days).await;
                // 288 checks a day, 30 of them in the window, 12 of the others down.
                assert_eq!((stats.up, stats.down, stats.maintenance), (246 * days, 12 * days, 30 * days));
                assert_eq!(stats.uptime, Some(246.0 / 258.0));
                assert!((stats.coverage - 1.0).abs() < 0.001, "{}", stats.coverage);
            }
            // Within the window there is nothing to say, and nothing is missing.
            let within = (start.plus(MINUTE * 90), start.plus(MINUTE * 240));
            let stats = db.store.samples().stats(monitor, within.0, within.1).await.unwrap();
            assert_eq!((stats.up, stats.down, stats.maintenance, stats.uptime), (0, 0, 30, None));
            assert!((stats.coverage - 1.0).abs() < 0.001, "{}", stats.coverage);
            let series = db.store.samples().series(monitor, start, start.plus(HOUR * 24), 24).await.unwrap();
            let marked: Vec<u64> = series.iter().map(|p| p.maintenance).collect();
            assert_eq!(marked[..6], [0, 6, 12, 12, 0, 0]);
            assert_eq!(series[2].down, 0);
            db.reopen().await;
        }
        // What was measured in a window stays so when the window is deleted.
        db.store.maintenances().delete(MaintenanceId(1)).await.unwrap();
        assert_eq!(of_days(&db, 2).await.maintenance, 60);
    }

    async fn what_was_missed_outside_of_a_window_is_missing(db: Db) {
        let mut db = db;
        let monitor = db.monitor_with(json!({"schedule": {"every": "5m"}, "tags": ["db"]})).await.id;
        let start = db.now();
        window(&db, json!({"all": true}), HOUR, HOUR * 2).await;
        run(&mut db, monitor, 4, |_| false).await;
        // Of eight hours two are left out, two were observed, four were not.
        let stats = db.store.samples().stats(monitor, start, start.plus(HOUR * 8)).await.unwrap();
        assert!((stats.coverage - 2.0 / 6.0).abs() < 0.03, "{}", stats.coverage);
        assert_eq!((stats.up, stats.maintenance), (24, 24));
    }

    async fn the_status_is_maintenance_in_lists_and_counts_while_a_window_is_open(db: Db) {
        let down = db.monitor_with(json!({"name": "a", "tags": ["db"]})).await;
        let new = db.monitor_with(json!({"name": "b", "tags": ["db"]})).await.id;
        db.monitor_with(json!({"name": "c", "tags": ["db"], "enabled": false})).await;
        let other = db.monitor_with(json!({"name": "d"})).await.id;
        db.go_down(&down).await;
        assert_eq!(counts(&db).await, BTreeMap::from([("down", 1), ("paused", 1), ("pending", 2)]));
        window(&db, json!({"tags": ["db"]}), HOUR, HOUR).await;
        assert_eq!(with(&db, Status::Maintenance).await, [0_i64; 0]);
        assert_eq!(with(&db, Status::Down).await, [down.id.0]);
        db.advance(HOUR);
        assert_eq!(counts(&db).await, BTreeMap::from([("maintenance", 2), ("paused", 1), ("pending", 1)]));
        assert_eq!(with(&db, Status::Maintenance).await, [down.id.0, new.0]);
        assert_eq!(with(&db, Status::Down).await, [0_i64; 0]);
        assert_eq!(with(&db, Status::Pending).await, [other.0]);
        let hold = db.store.held(&down).await.unwrap().unwrap();
        assert_eq!((hold.by, hold.until), (HeldBy::Maintenance(MaintenanceId(1)), Some(db.now().plus(HOUR))));
        db.advance(HOUR);
        assert_eq!(with(&db, Status::Down).await, [down.id.0]);
        assert_eq!(db.store.held(&down).await.unwrap(), None);
        window(&db, json!({"all": true}), Duration::ZERO, HOUR).await;
        assert_eq!(counts(&db).await, BTreeMap::from([("maintenance", 3), ("paused", 1)]));
    }

    async fn a_running_window_is_ended_and_a_coming_one_called_off_and_back(db: Db) {
        let mut db = db;
        let monitor = db.monitor_with(json!({"tags": ["db"]})).await;
        let daily = announced(&db, json!({"tags": ["db"]}), json!({"cron": "0 * * * *", "duration": "30m"}));
        let id = db.store.maintenances().create(&daily, "me").await.unwrap().id;
        let to_hour = 3_600_000 - db.now().as_millis().rem_euclid(3_600_000);
        db.advance(Duration::from_millis(u64::try_from(to_hour).unwrap()) + MINUTE);
        assert!(db.store.held(&monitor).await.unwrap().is_some());
        let ended = db.store.maintenances().end(id, "you@example.org").await.unwrap().unwrap();
        assert_eq!(ended.active(db.now()), None);
        let exception = &ended.exceptions[0];
        assert_eq!((exception.by.as_str(), exception.ends_at, exception.is_cancelled()), ("you@example.org", db.now(), false));
        assert_eq!(db.store.held(&monitor).await.unwrap(), None);
        assert_eq!(db.store.maintenances().end(id, "me").await.unwrap(), None, "it is not running any more");

        let next = ended.next(db.now()).unwrap();
        let wrong = next.from.plus(MINUTE);
        assert_eq!(db.store.maintenances().cancel(id, wrong, "me").await.unwrap(), None);
        assert_eq!(db.store.maintenances().cancel(id, exception.starts_at, "me").await.unwrap(), None);
        let called_off = db.store.maintenances().cancel(id, next.from, "me").await.unwrap().unwrap();
        assert_eq!(called_off.next(db.now()).unwrap().from, next.from.plus(HOUR));
        assert_eq!(db.store.maintenances().cancel(id, next.from, "me").await.unwrap(), None);
        db.reopen().await;
        let back = db.store.maintenances().restore(id, next.from).await.unwrap().unwrap();
        assert_eq!(back.next(db.now()), Some(next));
        assert_eq!(db.store.maintenances().restore(id, next.from).await.unwrap(), None);
        db.store.maintenances().cancel(id, next.from, "me").await.unwrap().unwrap();
        db.advance(HOUR);
        assert_eq!(db.store.held(&monitor).await.unwrap(), None, "it does not happen");
        assert_eq!(db.store.maintenances().restore(id, next.from).await.unwrap(), None, "its time has come");
        db.advance(HOUR);
        assert!(db.store.held(&monitor).await.unwrap().is_some(), "the one after it does");
    }

    async fn windows_are_listed_by_where_they_stand(db: Db) {
        let all = || json!({"all": true});
        let now = window(&db, all(), Duration::ZERO, HOUR).await.id.0;
        let later = window(&db, all(), HOUR * 2, HOUR).await.id.0;
        let cron = announced(&db, all(), json!({"cron": "0 3 1 1 *", "duration": "1h"}));
        let cron = db.store.maintenances().create(&cron, "me").await.unwrap().id.0;
        let ids = async |state, limit, cursor| {
            let filter = MaintenanceFilter { state, limit, cursor };
            let page = db.store.maintenances().page(&filter).await.unwrap();
            (page.items.iter().map(|m| m.id.0).collect::<Vec<_>>(), page.next)
        };
        assert_eq!(ids(None, 50, None).await, (vec![cron, later, now], None));
        let (first, next) = ids(Some(MaintenanceState::Pending), 1, None).await;
        assert_eq!(first, [cron]);
        assert_eq!(ids(Some(MaintenanceState::Pending), 1, next).await, (vec![later], None));
        assert_eq!(ids(Some(MaintenanceState::Active), 50, None).await.0, [now]);
        assert_eq!(ids(Some(MaintenanceState::Over), 50, None).await.0, [0_i64; 0]);
        db.advance(HOUR);
        assert_eq!(ids(Some(MaintenanceState::Over), 50, None).await.0, [now]);
        let open: Vec<i64> = db.store.maintenances().not_over().await.unwrap().iter().map(|m| m.id.0).collect();
        assert_eq!(open, [later, cron]);
    }

    async fn a_window_is_changed_and_deleted(db: Db) {
        let monitor = db.monitor(&[]).await;
        let made = window(&db, json!({"monitors": [monitor.id.0]}), Duration::ZERO, HOUR).await;
        let body = json!({"title": "Other", "note": "Two\nlines", "matcher": {"tags": ["db"]}, "when": made.config.when.to_json()});
        let changed = MaintenanceConfig::from_json(body, db.now(), Some(&made.config)).unwrap();
        db.store.maintenances().change(made.id, &changed).await.unwrap().unwrap();
        let stored = db.store.maintenances().get(made.id).await.unwrap().unwrap();
        assert_eq!((stored.config, stored.author.as_str()), (changed.clone(), "me@example.org"));
        assert_eq!(db.store.held(&monitor).await.unwrap(), None);
        assert_eq!(db.store.maintenances().change(MaintenanceId(77), &changed).await.unwrap(), None);
        let body = json!({"title": "X", "matcher": {"monitors": [77]}, "when": made.config.when.to_json()});
        let unknown = MaintenanceConfig::from_json(body, db.now(), None).unwrap();
        let refused = db.store.maintenances().create(&unknown, "me").await;
        assert!(matches!(refused, Err(StoreError::UnknownMonitor(MonitorId(77)))));
        db.store.maintenances().end(made.id, "me").await.unwrap().unwrap();
        assert!(db.store.maintenances().delete(made.id).await.unwrap());
        assert!(!db.store.maintenances().delete(made.id).await.unwrap());
        assert_eq!(db.store.maintenances().get(made.id).await.unwrap(), None);
    }
}
