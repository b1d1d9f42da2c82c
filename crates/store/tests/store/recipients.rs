//! Addresses that are refused for good get nothing more until a person says so.

use std::time::Duration;

use domain::{
    channel::Channel,
    delivery::{Attempt, DeliveryState},
    id::ProfileId,
    monitor::Monitor,
    recipient::Cause,
};
use store::{
    StoreError,
    outbox::{Claimed, DeliveryFilter, Next},
    recipients::{Recipient, RecipientFilter},
};

use crate::harness::{Db, attempt, both};

const DAY: Duration = Duration::from_hours(24);
const DEAD: &str = "Dead@example.org";

async fn scene(db: &Db) -> (Channel, Monitor) {
    let mail = db.mail_channel(&[DEAD, "ok@example.org"]).await;
    let monitor = db.monitor(&[&mail]).await;
    (mail, monitor)
}

/// What a mail server says to a recipient, and what becomes of the row.
async fn answer(db: &Db, claimed: &Claimed, code: u16, next: Next) {
    let attempt = Attempt {
        profile: Some((ProfileId(1), "Main".into())),
        settings_revision: Some(1),
        step: Some("rcpt_to".into()),
        reply_code: Some(code),
        reply_text: Some("5.1.1 No such user".into()),
        ..attempt(db.now(), claimed.attempt, next)
    };
    assert!(
        db.store
            .outbox()
            .finish(&claimed.lease, &attempt, next)
            .await
            .unwrap()
    );
}

/// One outage and its end: the dead address is refused, the other one accepted. Gives who was written to.
async fn outage(db: &Db, mail: &Channel, monitor: &Monitor) -> Vec<String> {
    let mut written = Vec::new();
    for up in [false, true] {
        if up {
            db.come_up(monitor).await;
        } else {
            db.go_down(monitor).await;
        }
        for claimed in db.claim(mail).await {
            written.push(claimed.notice.recipient.clone());
            if claimed.notice.recipient == DEAD {
                answer(db, &claimed, 550, Next::Failed).await;
            } else {
                answer(db, &claimed, 250, Next::Sent).await;
            }
        }
    }
    written.sort();
    written.dedup();
    written
}

async fn dead(db: &Db) -> Recipient {
    db.store
        .recipients()
        .get("dead@EXAMPLE.org")
        .await
        .unwrap()
        .unwrap()
}

both! {
    async fn two_days_of_refusals_suspend_and_a_person_enables_again(db: Db) {
        let (mail, monitor) = scene(&db).await;
        assert_eq!(outage(&db, &mail, &monitor).await, [DEAD, "ok@example.org"]);
        assert_eq!(dead(&db).await.standing.run.unwrap().count, 2);
        assert_eq!(db.store.recipients().suspended_count().await.unwrap(), 0);
        db.advance(DAY);
        assert_eq!(outage(&db, &mail, &monitor).await, [DEAD, "ok@example.org"]);
        let standing = dead(&db).await.standing;
        assert_eq!(standing.suspended.unwrap().cause, Cause::Refused);
        assert_eq!(standing.last_refusal.unwrap().1, "550 5.1.1 No such user");
        assert_eq!(db.store.recipients().suspended_count().await.unwrap(), 1);

        // What is planned from now on ends unsent, visibly, whoever planned it.
        db.advance(DAY);
        assert_eq!(outage(&db, &mail, &monitor).await, ["ok@example.org"]);
        let filter = DeliveryFilter {
            state: Some(DeliveryState::Cancelled), recipient: Some(DEAD.into()), limit: 9, ..Default::default()
        };
        let cancelled = db.store.outbox().page(&filter).await.unwrap().items;
        assert_eq!(cancelled.len(), 3, "the recovery of the second day and everything of the third");
        let reason = cancelled[1].reason.as_deref().unwrap();
        assert!(reason.contains(DEAD) && reason.contains("No such user") && reason.contains("enable it"), "{reason}");
        db.store.outbox().resend(cancelled[0].id, "me@example.org").await.unwrap().unwrap();
        assert_eq!(db.store.outbox().due_channels(db.now()).await.unwrap(), [mail.id]);
        assert!(db.claim(&mail).await.is_empty());
        assert_eq!(db.store.outbox().next_due(db.now()).await.unwrap(), None, "nobody spins on it");

        assert!(db.store.recipients().enable("DEAD@example.org").await.unwrap());
        assert!(!db.store.recipients().enable("DEAD@example.org").await.unwrap());
        assert!(!db.store.recipients().enable("nobody@example.org").await.unwrap());
        db.advance(DAY);
        assert_eq!(outage(&db, &mail, &monitor).await, [DEAD, "ok@example.org"]);
        assert_eq!(db.store.recipients().suspended_count().await.unwrap(), 0, "the counting began again");
    }

    async fn what_waits_for_its_next_try_is_not_tried_any_more(db: Db) {
        let (mail, monitor) = scene(&db).await;
        outage(&db, &mail, &monitor).await;
        db.advance(DAY);
        let other = db.mail_channel(&[DEAD]).await;
        let second = db.monitor(&[&other]).await;
        db.go_down(&second).await;
        let waiting = db.claim_one(&other).await;
        answer(&db, &waiting, 451, Next::Retry { at: db.now().plus(Duration::from_mins(5)) }).await;
        outage(&db, &mail, &monitor).await;
        db.advance(Duration::from_mins(5));
        assert!(db.claim(&other).await.is_empty());
        let (row, _) = db.store.outbox().get(waiting.notice.delivery).await.unwrap().unwrap();
        assert_eq!(row.state, DeliveryState::Cancelled);
    }

    async fn only_a_refusal_of_the_address_for_good_counts(db: Db) {
        let (mail, monitor) = scene(&db).await;
        for _ in 0..3 {
            db.go_down(&monitor).await;
            let claimed = db.claim(&mail).await;
            answer(&db, &claimed[0], 450, Next::Failed).await;
            let at_data = Attempt {
                profile: Some((ProfileId(1), "Main".into())), settings_revision: Some(1), step: Some("reply".into()), reply_code: Some(554),
                ..attempt(db.now(), 1, Next::Failed)
            };
            assert!(db.store.outbox().finish(&claimed[1].lease, &at_data, Next::Failed).await.unwrap());
            db.come_up(&monitor).await;
            for claimed in db.claim(&mail).await {
                // A relay that is not open says so to the recipient, and it is not the recipient's fault.
                answer(&db, &claimed, 554, Next::Retry { at: db.now().plus(DAY) }).await;
            }
            db.advance(DAY * 2);
        }
        let all = RecipientFilter { limit: 9, ..Default::default() };
        assert!(db.store.recipients().page(&all).await.unwrap().items.is_empty());
    }

    async fn an_accepted_mail_begins_the_counting_again(db: Db) {
        let (mail, monitor) = scene(&db).await;
        outage(&db, &mail, &monitor).await;
        db.advance(domain::gathering::WINDOW);
        db.go_down(&monitor).await;
        for claimed in db.claim(&mail).await {
            answer(&db, &claimed, 250, Next::Sent).await;
        }
        db.come_up(&monitor).await;
        for claimed in db.claim(&mail).await {
            answer(&db, &claimed, 250, Next::Sent).await;
        }
        let standing = dead(&db).await.standing;
        assert_eq!((standing.run, standing.last_accepted), (None, Some(db.now())));
        assert!(standing.last_refusal.is_some(), "what was said last stays readable");
        db.advance(DAY);
        outage(&db, &mail, &monitor).await;
        assert_eq!(dead(&db).await.standing.suspended, None);
    }

    async fn addresses_are_paged_and_found(db: Db) {
        let mail = db.mail_channel(&["c@example.org", "A@example.org", "b@example.net"]).await;
        let monitor = db.monitor(&[&mail]).await;
        db.go_down(&monitor).await;
        for claimed in db.claim(&mail).await {
            answer(&db, &claimed, 250, Next::Sent).await;
        }
        let mut filter = RecipientFilter { limit: 2, ..Default::default() };
        let first = db.store.recipients().page(&filter).await.unwrap();
        filter.cursor = first.next.clone();
        let second = db.store.recipients().page(&filter).await.unwrap();
        let seen: Vec<&str> = first.items.iter().chain(&second.items).map(|r| r.address.as_str()).collect();
        assert_eq!((seen, second.next), (vec!["A@example.org", "b@example.net", "c@example.org"], None));
        let part = RecipientFilter { part: Some("EXAMPLE.NET".into()), limit: 9, ..Default::default() };
        assert_eq!(db.store.recipients().page(&part).await.unwrap().items.len(), 1);
        for part in ["\0".to_owned(), "_".repeat(30_000)] {
            let nothing = RecipientFilter { part: Some(part), limit: 9, ..Default::default() };
            assert!(db.store.recipients().page(&nothing).await.unwrap().items.is_empty());
        }
        let forged = RecipientFilter { cursor: Some("Ilx1MDAwMCI".into()), limit: 9, ..Default::default() };
        assert!(matches!(db.store.recipients().page(&forged).await, Err(StoreError::Cursor)), "a NUL in a cursor");
        let suspended = RecipientFilter { suspended: true, limit: 9, ..Default::default() };
        assert!(db.store.recipients().page(&suspended).await.unwrap().items.is_empty());
    }
}
