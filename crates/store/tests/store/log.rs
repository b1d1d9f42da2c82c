//! The log of deliveries as people look through it: filters, transcripts, the table for spreadsheets.

use std::time::Duration;

use domain::{
    channel::Channel,
    clock::Timestamp,
    delivery::{Attempt, DeliveryState, Event, LONGEST_TRANSCRIPT},
    id::ProfileId,
    monitor::Monitor,
};
use store::outbox::{DeliveryFilter, Next};

use crate::harness::{Db, attempt, both};

/// Two mail recipients and a hook hear of two outages of two monitors, an hour apart.
async fn history(db: &Db) -> (Channel, Channel, [Monitor; 2]) {
    let mail = db.mail_channel(&["Ann@example.org", "bob_x@example.net"]).await;
    let hook = db.webhook("https://hooks.example/x").await;
    let first = db.monitor(&[&mail, &hook]).await;
    let second = db.monitor(&[&mail]).await;
    db.go_down(&first).await;
    db.advance(Duration::from_hours(1));
    db.go_down(&second).await;
    (mail, hook, [first, second])
}

async fn found(db: &Db, filter: DeliveryFilter) -> Vec<(Event, String)> {
    let filter = DeliveryFilter { limit: 50, ..filter };
    let page = db.store.outbox().page(&filter).await.unwrap();
    page.items.into_iter().map(|d| (d.event, d.recipient)).collect()
}

async fn recipients(db: &Db, part: &str) -> Vec<String> {
    let filter = DeliveryFilter {
        recipient: Some(part.to_owned()),
        ..DeliveryFilter::default()
    };
    let mut all: Vec<String> = found(db, filter).await.into_iter().map(|(_, r)| r).collect();
    all.dedup();
    all.sort();
    all.dedup();
    all
}

async fn table(db: &Db, filter: DeliveryFilter) -> Vec<String> {
    let mut export = db.store.outbox().export(filter);
    let mut text = String::new();
    while let Some(lines) = export.next().await.unwrap() {
        text.push_str(&lines);
    }
    text.split_terminator("\r\n").map(str::to_owned).collect()
}

both! {
    async fn each_filter_finds_its_own(db: Db) {
        let (mail, hook, [first, second]) = history(&db).await;
        let all = DeliveryFilter::default();
        assert_eq!(found(&db, all.clone()).await.len(), 5);
        assert_eq!(found(&db, DeliveryFilter { channel: Some(hook.id), ..all.clone() }).await.len(), 1);
        assert_eq!(found(&db, DeliveryFilter { monitor: Some(first.id), ..all.clone() }).await.len(), 3);
        let both = DeliveryFilter { monitor: Some(second.id), channel: Some(mail.id), ..all.clone() };
        assert_eq!(found(&db, both).await.len(), 2);
        assert_eq!(found(&db, DeliveryFilter { event: Some(Event::Opened), ..all.clone() }).await.len(), 5);
        assert_eq!(found(&db, DeliveryFilter { event: Some(Event::Resolved), ..all.clone() }).await.len(), 0);
        let hour = db.now();
        assert_eq!(found(&db, DeliveryFilter { from: Some(hour), ..all.clone() }).await.len(), 2);
        assert_eq!(found(&db, DeliveryFilter { to: Some(hour), ..all.clone() }).await.len(), 3);
        let none = DeliveryFilter { from: Some(hour.plus(Duration::from_millis(1))), ..all.clone() };
        assert_eq!(found(&db, none).await.len(), 0);
        let far = Some(Timestamp::from_millis(i64::MAX));
        assert_eq!(found(&db, DeliveryFilter { from: far, ..all.clone() }).await.len(), 0);
        assert_eq!(found(&db, DeliveryFilter { to: far, ..all.clone() }).await.len(), 5);
        let failed = DeliveryFilter { state: Some(DeliveryState::Failed), ..all };
        assert_eq!(found(&db, failed).await.len(), 0);
    }

    async fn an_address_is_found_whole_or_in_part(db: Db) {
        history(&db).await;
        assert_eq!(recipients(&db, "ann@EXAMPLE.org").await, ["Ann@example.org"]);
        assert_eq!(recipients(&db, "@example.").await, ["Ann@example.org", "bob_x@example.net"]);
        assert_eq!(recipients(&db, "b_x").await, ["bob_x@example.net"]);
        assert_eq!(recipients(&db, "a_n").await, Vec::<String>::new(), "an underscore is an underscore");
        assert_eq!(recipients(&db, "%").await, Vec::<String>::new());
        assert_eq!(recipients(&db, "\\").await, Vec::<String>::new());
        for nothing in ["\0", "ann\0", "\0ann"] {
            assert_eq!(recipients(&db, nothing).await, Vec::<String>::new(), "{nothing:?}");
        }
        let longer = db.mail_channel(&["joann@example.org"]).await;
        let monitor = db.monitor(&[&longer]).await;
        db.go_down(&monitor).await;
        assert_eq!(recipients(&db, "ann@example.org").await, ["Ann@example.org"], "whole goes before part");
        assert_eq!(recipients(&db, "ann@").await, ["Ann@example.org", "joann@example.org"]);
    }

    async fn so_many_addresses_that_each_row_is_looked_at(db: Db) {
        let many: Vec<String> = (0..510).map(|i| format!("p{i}@many.example")).collect();
        for chunk in many.chunks(50) {
            let chunk: Vec<&str> = chunk.iter().map(String::as_str).collect();
            let mail = db.mail_channel(&chunk).await;
            let monitor = db.monitor(&[&mail]).await;
            db.go_down(&monitor).await;
        }
        let mut filter = DeliveryFilter { recipient: Some("MANY.example".into()), limit: 200, ..Default::default() };
        let mut seen = 0;
        loop {
            let page = db.store.outbox().page(&filter).await.unwrap();
            seen += page.items.len();
            let Some(next) = page.next else { break };
            filter.cursor = Some(next);
        }
        assert_eq!(seen, 510);
        let table = table(&db, DeliveryFilter { recipient: Some("p509@".into()), ..Default::default() }).await;
        assert_eq!(table.len(), 2);
    }

    async fn what_was_said_is_kept_with_its_attempt(db: Db) {
        let (_, hook, _) = history(&db).await;
        let claimed = db.claim_one(&hook).await;
        let later = Next::Retry { at: db.now() };
        let said = "+0.000 s S: 220 hello\n+0.001 s C: QUIT";
        let first = Attempt { transcript: Some(said.into()), ..attempt(db.now(), 1, later) };
        assert!(db.store.outbox().finish(&claimed.lease, &first, later).await.unwrap());
        let claimed = db.claim_one(&hook).await;
        let long = "+0.000 s S: 250-é\n".repeat(5000);
        let second = Attempt { transcript: Some(long.clone()), ..attempt(db.now(), 2, Next::Sent) };
        assert!(db.store.outbox().finish(&claimed.lease, &second, Next::Sent).await.unwrap());
        let (_, attempts) = db.store.outbox().get(claimed.notice.delivery).await.unwrap().unwrap();
        assert_eq!(attempts[0].transcript.as_deref(), Some(said));
        let kept = attempts[1].transcript.as_deref().unwrap();
        assert!(kept.len() <= LONGEST_TRANSCRIPT && kept.len() > LONGEST_TRANSCRIPT - 100 && long.starts_with(kept));
        assert!(kept.ends_with('é'), "cut between lines");
    }

    async fn the_table_has_a_line_for_each_attempt(db: Db) {
        let (_, hook, _) = history(&db).await;
        let claimed = db.claim_one(&hook).await;
        let later = Next::Retry { at: db.now() };
        let through = Some((ProfileId(3), "Spare".into()));
        let evil = Attempt { profile: through, tls: Some("TLS 1.3".into()), reply_text: Some("=1+1, \"x\"".into()), ..attempt(db.now(), 1, later) };
        assert!(db.store.outbox().finish(&claimed.lease, &evil, later).await.unwrap());
        let claimed = db.claim_one(&hook).await;
        db.finish(&claimed, Next::Sent).await;
        let again = db.store.outbox().resend(claimed.notice.delivery, "me@example.org").await.unwrap().unwrap();
        let lines = table(&db, DeliveryFilter { channel: Some(hook.id), ..Default::default() }).await;
        assert_eq!(lines.len(), 4, "{lines:#?}");
        assert!(lines[0].starts_with("delivery_id,planned_at,event,"));
        let columns = lines[0].split(',').count();
        assert!(lines[1].starts_with(&again.to_string()) && lines[1].contains("me@example.org"));
        assert_eq!(lines[1].split(',').count(), columns);
        assert!(lines[2].contains("\"'=1+1, \"\"x\"\"\""), "{}", lines[2]);
        assert!(lines[2].contains(",Spare,") && lines[2].contains(",TLS 1.3,"), "{}", lines[2]);
        assert!(lines[3].contains(",accepted,,4711"), "{}", lines[3]);
        assert_eq!(found(&db, DeliveryFilter { profile: Some(ProfileId(3)), ..Default::default() }).await.len(), 1);
        assert_eq!(found(&db, DeliveryFilter { profile: Some(ProfileId(1)), ..Default::default() }).await.len(), 0);
        assert_eq!(table(&db, DeliveryFilter { event: Some(Event::Test), ..Default::default() }).await.len(), 1);
        let all = table(&db, DeliveryFilter { limit: 1, cursor: Some("x".into()), ..Default::default() }).await;
        assert_eq!(all.len(), 8, "neither cursor nor limit counts");
    }

    async fn a_profile_that_was_used_much_is_found_as_well(db: Db) {
        let (mail, hook, _) = history(&db).await;
        let claimed = db.claim_one(&hook).await;
        let through = |id| Attempt { profile: Some((ProfileId(id), "P".into())), ..attempt(db.now(), 1, Next::Sent) };
        assert!(db.store.outbox().finish(&claimed.lease, &through(1), Next::Sent).await.unwrap());
        for claimed in db.claim(&mail).await {
            assert!(db.store.outbox().finish(&claimed.lease, &through(2), Next::Sent).await.unwrap());
        }
        db.sql(
            "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 600) \
             INSERT INTO delivery_attempts (delivery_id, number, started_at, duration_ms, verdict, profile_id) \
             SELECT a.delivery_id, n.i, 0, 0, a.verdict, 1 FROM delivery_attempts a, n WHERE a.profile_id = 1",
        )
        .await;
        for (profile, expected) in [(1, 1), (2, 4), (3, 0)] {
            let filter = DeliveryFilter { profile: Some(ProfileId(profile)), ..Default::default() };
            assert_eq!(found(&db, filter).await.len(), expected, "{profile}");
        }
    }

    async fn a_long_table_comes_in_pieces(db: Db) {
        let hook = db.webhook("https://hooks.example/x").await;
        let monitor = db.monitor(&[&hook]).await;
        db.go_down(&monitor).await;
        let first = db.claim_one(&hook).await.notice.delivery;
        for _ in 0..249 {
            db.store.outbox().resend(first, "me@example.org").await.unwrap().unwrap();
        }
        let mut export = db.store.outbox().export(DeliveryFilter::default());
        let mut pieces = Vec::new();
        while let Some(lines) = export.next().await.unwrap() {
            pieces.push(lines.matches("\r\n").count());
        }
        assert_eq!(pieces, [101, 100, 50]);
    }

    async fn who_had_it_sent_again_is_kept(db: Db) {
        let (_, hook, _) = history(&db).await;
        let claimed = db.claim_one(&hook).await;
        let again = db.store.outbox().resend(claimed.notice.delivery, "me@example.org").await.unwrap().unwrap();
        let (again, _) = db.store.outbox().get(again).await.unwrap().unwrap();
        assert_eq!(again.requested_by.as_deref(), Some("me@example.org"));
        let (first, _) = db.store.outbox().get(claimed.notice.delivery).await.unwrap().unwrap();
        assert_eq!(first.requested_by, None);
    }
}
