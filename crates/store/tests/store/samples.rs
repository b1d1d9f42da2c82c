use std::{collections::BTreeMap, time::Duration};

use domain::{
    clock::Timestamp,
    id::MonitorId,
    outcome::{FaultKind, Phases, ReasonKind},
};
use serde_json::json;
use store::samples::{Cause, Sample, SampleKind};

use crate::harness::{Db, both};

const HOUR: Duration = Duration::from_hours(1);

/// A sample that is made from its number alone: mostly up, latency rising and falling.
fn sample(monitor: MonitorId, at: Timestamp, n: u64) -> Sample {
    let kind = match n % 10 {
        7 => SampleKind::Down,
        9 => SampleKind::Unknown,
        _ => SampleKind::Up,
    };
    let total = Duration::from_micros(10_000 + (n * 7918) % 90_000);
    let cause = match kind {
        SampleKind::Up => None,
        SampleKind::Down => Some((ReasonKind::Timeout.as_str(), format!("No answer {}.", n % 3))),
        SampleKind::Unknown => Some((FaultKind::Resolver.as_str(), "No name server.".to_owned())),
    };
    Sample {
        monitor,
        at,
        kind,
        latency: (kind == SampleKind::Up).then_some(total),
        phases: Phases {
            connect: (kind == SampleKind::Up).then_some(total / 2),
            total,
            ..Phases::default()
        },
        cause: cause.map(|(kind, detail)| Cause {
            kind,
            detail: detail.into(),
        }),
        maintenance: false,
    }
}

/// One check every five minutes for `hours`, with the clock and the housekeeping going along.
async fn run(db: &Db, monitor: MonitorId, hours: u64) -> Vec<Sample> {
    let mut all = Vec::new();
    for n in 0..hours * 12 {
        let s = sample(monitor, db.now(), n);
        db.store.samples().push(s.clone());
        all.push(s);
        db.advance(Duration::from_mins(5));
        if n % 12 == 11 {
            db.store.samples().flush().await.unwrap();
            db.store.samples().tend().await.unwrap();
        }
    }
    all
}

fn count(samples: &[Sample], from: Timestamp, to: Timestamp) -> BTreeMap<&'static str, u64> {
    let mut counts = BTreeMap::from([("down", 0), ("unknown", 0), ("up", 0)]);
    for s in samples.iter().filter(|s| from <= s.at && s.at < to) {
        *counts.get_mut(s.kind.as_str()).unwrap() += 1;
    }
    counts
}

fn quantile(samples: &[Sample], from: Timestamp, to: Timestamp, share: f64) -> f64 {
    let within = samples.iter().filter(|s| from <= s.at && s.at < to);
    let mut latencies: Vec<f64> = within.filter_map(|s| Some(s.latency?.as_secs_f64())).collect();
    latencies.sort_by(f64::total_cmp);
    let rank = (share * latencies.len() as f64).ceil() as usize;
    latencies[rank.clamp(1, latencies.len()) - 1]
}

both! {
    async fn samples_are_read_in_the_order_of_their_time(db: Db) {
        let monitor = db.monitor(&[]).await;
        let before = db.now().minus(Duration::from_secs(20));
        // The transition is written at once, past a sample that waits in the buffer.
        db.store.samples().push(sample(monitor.id, before, 0));
        db.go_down(&monitor).await;
        let expected = [before, db.now()];
        for _ in 0..2 {
            let tail = db.store.samples().tail(&[monitor.id], 5).await.unwrap().remove(&monitor.id).unwrap();
            assert_eq!(tail.iter().map(|s| s.at).collect::<Vec<_>>(), expected);
            let to = db.now().plus(HOUR);
            let range = db.store.samples().range(monitor.id, before, to, 5).await.unwrap();
            assert_eq!(range.iter().map(|s| s.at).collect::<Vec<_>>(), expected);
            db.advance(HOUR * 2);
            db.store.samples().flush().await.unwrap();
            db.store.samples().tend().await.unwrap();
        }
    }

    async fn what_was_pushed_is_there_at_once_after_a_flush_and_after_a_restart(db: Db) {
        let mut db = db;
        let monitor = db.monitor(&[]).await.id;
        let pushed: Vec<_> = (0..5).map(|n| sample(monitor, db.now().plus(Duration::from_secs(n)), n + 5)).collect();
        for s in &pushed {
            db.store.samples().push(s.clone());
        }
        let tail = |db: &Db| {
            let store = db.store.clone();
            async move { store.samples().tail(&[monitor], 60).await.unwrap().remove(&monitor).unwrap() }
        };
        assert_eq!(tail(&db).await, pushed);
        db.store.samples().flush().await.unwrap();
        assert_eq!(tail(&db).await, pushed);
        // Closing writes what is still buffered.
        let last = sample(monitor, db.now().plus(Duration::from_secs(9)), 1);
        db.store.samples().push(last.clone());
        db.reopen().await;
        let mut all = pushed.clone();
        all.push(last);
        assert_eq!(tail(&db).await, all);
        assert_eq!(db.store.samples().tail(&[monitor], 2).await.unwrap()[&monitor], all[4..]);
        let range = db.store.samples().range(monitor, all[1].at, all[5].at, 3).await.unwrap();
        assert_eq!(range, all[1..4]);
    }

    async fn statistics_agree_with_counting_by_hand(db: Db) {
        let mut db = db;
        let monitor = db.monitor_with(json!({"schedule": {"every": "5m"}})).await.id;
        let begin = db.now();
        // Three days and a few hours: whole days, whole hours and an open one.
        let all = run(&db, monitor, 77).await;
        let end = db.now();
        let at = |minutes: u64| begin.plus(Duration::from_mins(minutes));
        let spans = [
            (begin, end),
            (at(0), at(60)),
            (at(17), at(43)),
            (at(17), at(200)),
            (at(17), at(60 * 75 + 3)),
            (at(60 * 24), at(60 * 48)),
            (at(60 * 3 + 1), at(60 * 76 + 59)),
            (at(60 * 76), end),
            (end, end.plus(HOUR)),
        ];
        for restarted in [false, true] {
            if restarted {
                db.reopen().await;
            }
            for (from, to) in spans {
                let stats = db.store.samples().stats(monitor, from, to).await.unwrap();
                let counted = BTreeMap::from([("down", stats.down), ("unknown", stats.unknown), ("up", stats.up)]);
                assert_eq!(counted, count(&all, from, to), "{from} to {to}");
                if stats.up == 0 {
                    assert_eq!(stats.p50, None);
                    continue;
                }
                let known = (stats.up + stats.down) as f64;
                assert!((stats.uptime.unwrap() - stats.up as f64 / known).abs() < 1e-9);
                for (found, share) in [(stats.p50, 0.5), (stats.p90, 0.9), (stats.p95, 0.95), (stats.p99, 0.99)] {
                    let (found, truth) = (found.unwrap().as_secs_f64(), quantile(&all, from, to, share));
                    assert!((found / truth - 1.0).abs() < 0.1, "{share}: {found} and not {truth}");
                }
            }
        }
        let whole = db.store.samples().stats(monitor, begin, end).await.unwrap();
        assert!((whole.coverage - 0.9).abs() < 0.02, "one in ten is unknown: {}", whole.coverage);
        let mostly_empty = db.store.samples().stats(monitor, begin, begin.plus(HOUR * 770)).await.unwrap();
        assert!((mostly_empty.coverage - 0.09).abs() < 0.01, "{}", mostly_empty.coverage);

        let raw = db.store.samples().range(monitor, begin, end, 10_000).await.unwrap();
        assert_eq!(raw, all);
        let tail = db.store.samples().tail(&[monitor], 60).await.unwrap();
        assert_eq!(tail[&monitor], all[all.len() - 60..]);
    }

    async fn a_chart_has_every_bucket(db: Db) {
        let monitor = db.monitor_with(json!({"schedule": {"every": "5m"}})).await.id;
        let begin = db.now();
        let all = run(&db, monitor, 30).await;
        // From raw samples, from hours, from days.
        for (hours, buckets) in [(6, 24), (30, 30), (48, 2), (30, 1)] {
            let to = begin.plus(HOUR * hours);
            let points = db.store.samples().series(monitor, begin, to, buckets).await.unwrap();
            assert_eq!(points.len(), buckets);
            let width = HOUR * hours / buckets as u32;
            for (i, point) in (0..).zip(&points) {
                assert_eq!(point.at, begin.plus(width * i));
                let expected = count(&all, point.at, point.at.plus(width));
                assert_eq!((point.up, point.down, point.unknown), (expected["up"], expected["down"], expected["unknown"]));
                assert_eq!(point.p50.is_some(), point.up > 0);
                assert_eq!(point.phases.connect.is_some(), point.up > 0);
                assert_eq!(point.phases.dns, None);
            }
        }
    }

    async fn a_sample_that_comes_too_late_for_its_hour_is_kept(db: Db) {
        let mut db = db;
        let monitor = db.monitor(&[]).await.id;
        let begin = db.now();
        db.advance(HOUR * 2);
        db.store.samples().push(sample(monitor, db.now(), 1));
        db.store.samples().flush().await.unwrap();
        db.store.samples().tend().await.unwrap();
        // The clock was set back.
        db.store.samples().push(sample(monitor, begin, 2));
        db.store.samples().flush().await.unwrap();
        db.reopen().await;
        db.advance(HOUR * 3);
        db.store.samples().tend().await.unwrap();
        let stats = db.store.samples().stats(monitor, begin, db.now()).await.unwrap();
        assert_eq!(stats.up, 2);
    }

    async fn old_samples_go_and_old_counts_stay(db: Db) {
        let monitor = db.monitor_with(json!({"schedule": {"every": "5m"}})).await.id;
        let begin = db.now();
        let all = run(&db, monitor, 26).await;
        db.advance(HOUR * 24 * 8);
        db.store.samples().tend().await.unwrap();
        assert!(db.store.samples().range(monitor, begin, db.now(), 9999).await.unwrap().is_empty());
        let stats = db.store.samples().stats(monitor, begin, db.now()).await.unwrap();
        assert_eq!(stats.up + stats.down + stats.unknown, all.len() as u64);
        db.advance(HOUR * 24 * 740);
        db.store.samples().tend().await.unwrap();
        let stats = db.store.samples().stats(monitor, begin, db.now()).await.unwrap();
        assert_eq!(stats.up, 0);
    }

    async fn a_deleted_monitor_leaves_no_samples(db: Db) {
        let monitor = db.monitor(&[]).await.id;
        let begin = db.now();
        run(&db, monitor, 3).await;
        db.store.monitors().delete(monitor).await.unwrap();
        db.store.samples().tend().await.unwrap();
        let stats = db.store.samples().stats(monitor, begin, db.now()).await.unwrap();
        assert_eq!(stats.up, 0);
    }
}

#[tokio::test]
async fn a_full_buffer_drops_the_newest_and_counts_them() {
    let db = Db::sqlite().await;
    let monitor = db.monitor(&[]).await.id;
    // Nobody can write meanwhile.
    let other = sea_orm::Database::connect(format!(
        "sqlite://{}",
        db.dir.path().join("watchbell.db").display()
    ))
    .await
    .unwrap();
    let options = sea_orm::TransactionOptions {
        sqlite_transaction_mode: Some(sea_orm::SqliteTransactionMode::Immediate),
        ..Default::default()
    };
    let held = sea_orm::TransactionTrait::begin_with_options(&other, options)
        .await
        .unwrap();
    for n in 0..21_000 {
        db.store
            .samples()
            .push(sample(monitor, db.now().plus(Duration::from_millis(n)), n));
    }
    let dropped = db.store.samples().dropped();
    assert!((1..=1000).contains(&dropped), "{dropped}");
    drop(held);
    other.close().await.unwrap();
    db.store.samples().flush().await.unwrap();
    let stats = db
        .store
        .samples()
        .stats(monitor, db.now(), db.now().plus(HOUR))
        .await
        .unwrap();
    assert_eq!(stats.up + stats.down + stats.unknown, 21_000 - dropped);
}
