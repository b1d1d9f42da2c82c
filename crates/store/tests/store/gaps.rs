//! When we were offline: on record over a restart, and told once.

use std::time::Duration;

use domain::{
    incident::Origin,
    outcome::{Fault, FaultKind, Reason, ReasonKind, Verdict},
    reach::{ZoneName, Zones},
};
use serde_json::json;
use store::{
    IncidentFilter, StoreError,
    samples::{Sample, SampleKind},
};

use crate::harness::{Db, both, outcome};

both! {
    async fn a_gap_is_silent_until_it_is_over(db: Db) {
        let mut db = db;
        let channel = db.mail_channel(&["a@example.org"]).await;
        let since = db.store.now();
        let (wan, lan) = (ZoneName::wan(), ZoneName::lan());
        assert!(db.store.gaps().begin(&wan, since).await.unwrap());
        assert!(!db.store.gaps().begin(&wan, since).await.unwrap(), "it is known");
        assert_eq!(db.store.gaps().end(&lan, since).await.unwrap(), None);
        assert_eq!(db.store.outbox().backlog().await.unwrap().pending, 0);
        let open = db.store.troubles().all_open().await.unwrap();
        assert_eq!((open.len(), &open[0].origin), (1, &Origin::Zone("wan".to_owned())));

        db.reopen().await;
        assert_eq!(db.store.gaps().open().await.unwrap()[0].since, since);
        db.clock.advance(Duration::from_mins(15));
        let until = db.store.now();
        let gap = db.store.gaps().end(&wan, until).await.unwrap().unwrap();
        assert_eq!((gap.since, gap.until), (since, Some(until)));
        assert_eq!(db.store.gaps().end(&wan, until).await.unwrap(), None);
        assert_eq!(db.store.gaps().recent(5).await.unwrap(), [gap]);
        assert!(db.store.gaps().open().await.unwrap().is_empty());
        assert_eq!(db.store.outbox().backlog().await.unwrap().pending, 1, "one message about it");
        let told = db.claim_one(&channel).await;
        assert_eq!(told.notice.subject.unwrap().incident.since, since);
        // The next one is another.
        assert!(db.store.gaps().begin(&wan, until).await.unwrap());
        let filter = IncidentFilter { limit: 10, ..IncidentFilter::default() };
        assert_eq!(db.store.incidents().page(&filter).await.unwrap().items.len(), 2);
    }

    async fn what_answered_is_kept_as_long_as_it_is_set_up(db: Db) {
        let zones = |references: &[&str]| {
            let body = json!({ "zones": [{ "name": "wan", "references": references }] });
            Zones::from_json(body).unwrap()
        };
        let wan = ZoneName::wan();
        let first = zones(&["192.0.2.1:1", "192.0.2.2:2"]);
        let set_up = first.get(&wan).unwrap().references.clone();
        let gaps = db.store.gaps();
        gaps.note_answers(&wan, &set_up, &set_up[..1], db.store.now()).await.unwrap();
        let before = db.store.now();
        db.clock.advance(Duration::from_mins(1));
        gaps.note_answers(&wan, &set_up, &set_up[1..], db.store.now()).await.unwrap();
        let answers = gaps.answers(&first).await.unwrap();
        assert_eq!(answers.len(), 2);
        assert_eq!(answers[&(wan.clone(), "192.0.2.1:1".to_owned())], before, "silence takes nothing away");
        let second = zones(&["192.0.2.2:2"]);
        assert_eq!(gaps.answers(&second).await.unwrap().len(), 1);
        gaps.forget_answers(&wan).await.unwrap();
        assert!(gaps.answers(&first).await.unwrap().is_empty());
    }

    async fn zones_have_revisions_and_stay_while_monitors_are_in_them(db: Db) {
        let settings = db.store.settings();
        assert_eq!(settings.zones().await.unwrap().revision, 0);
        let vpn = json!({ "zones": [{ "name": "vpn", "references": ["10.8.0.1:22"] }] });
        let vpn = Zones::from_json(vpn).unwrap();
        assert_eq!(settings.save_zones(&vpn, "ada").await.unwrap().revision, 1);
        assert_eq!(settings.zones().await.unwrap().zones, vpn);
        let monitor = db.monitor(&[]).await;
        let mut config = monitor.config.clone();
        config.zone = ZoneName::parse("zone", "nowhere").unwrap();
        let refused = db.store.monitors().update(monitor.id, &config).await;
        assert!(matches!(refused, Err(StoreError::UnknownZone(_))), "{refused:?}");
        config.zone = ZoneName::parse("zone", "vpn").unwrap();
        db.store.monitors().update(monitor.id, &config).await.unwrap();
        let refused = settings.save_zones(&Zones::default(), "ada").await;
        assert!(matches!(refused, Err(StoreError::ZoneInUse { monitors: 1, .. })), "{refused:?}");
        assert_eq!(settings.zones().await.unwrap().zones, vpn);
    }

    async fn a_doubted_sample_takes_the_place_of_the_first(db: Db) {
        let mut db = db;
        let monitor = db.monitor(&[]).await;
        let from = db.store.now();
        let failure = |db: &Db| {
            let refused = Verdict::Down(Reason::new(ReasonKind::Connect, "refused"));
            Sample::from_outcome(monitor.id, &outcome(db.store.now(), refused))
        };
        let fault = Fault::new(FaultKind::SelfOffline, "offline");
        let first = failure(&db);
        db.store.samples().push(first.clone());
        db.store.samples().flush().await.unwrap();
        db.clock.advance(Duration::from_secs(5));
        let second = failure(&db);
        db.store.samples().push(second.clone());
        db.store.samples().push(first.doubted(&fault));
        db.store.samples().push(second.doubted(&fault));
        for _ in 0..2 {
            let to = db.store.now().plus(Duration::from_secs(1));
            let kept = db.store.samples().range(monitor.id, from, to, 10).await.unwrap();
            let kinds: Vec<SampleKind> = kept.iter().map(|s| s.kind).collect();
            assert_eq!(kinds, [SampleKind::Unknown; 2]);
            assert_eq!(kept[0].cause.as_ref().unwrap().kind, "self_offline");
            let stats = db.store.samples().stats(monitor.id, from, to).await.unwrap();
            assert_eq!((stats.down, stats.unknown, stats.uptime), (0, 2, None));
            let tail = db.store.samples().tail(&[monitor.id], 10).await.unwrap();
            assert_eq!(tail[&monitor.id].len(), 2);
            // Again from the file.
            db.reopen().await;
        }
    }
}
