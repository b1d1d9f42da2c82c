//! kill -9 at the worst moments: nothing is lost, and at most one message is doubled, with the same id.

use std::{collections::HashSet, os::unix::process::ExitStatusExt as _};

use testkit::{Hold, HttpTarget, Script, SmtpServer, Step};

use crate::scene::{Db, PATIENCE, Scene};

/// Where the process dies, and how often the message may arrive.
enum Moment {
    /// A point inside the process.
    Inside(&'static str),
    /// A point of the conversation, as the mail server sees it.
    Wire(Step),
}

macro_rules! crash {
    ($($name:ident: $moment:expr, at most $copies:literal;)+) => {$(
        mod $name {
            use super::*;

            #[tokio::test(flavor = "multi_thread")]
            async fn on_sqlite() {
                dies(Db::Sqlite, $moment, $copies).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn on_postgres() {
                dies(Db::Postgres, $moment, $copies).await;
            }
        }
    )+};
}

crash! {
    before_commit: Moment::Inside("before_commit"), at most 1;
    after_commit: Moment::Inside("after_commit"), at most 1;
    after_claim: Moment::Inside("after_claim"), at most 1;
    after_rcpt: Moment::Wire(Step::RcptTo), at most 1;
    after_final_dot: Moment::Wire(Step::FinalDot), at most 2;
    after_reply: Moment::Inside("after_reply"), at most 2;
}

async fn dies(db: Db, moment: Moment, copies: usize) {
    let (target, smtp) = (
        HttpTarget::start().await,
        SmtpServer::start(Script::plain()).await,
    );
    let vars: Vec<_> = match moment {
        Moment::Inside(point) => vec![("WATCHBELL_CRASH_AT", point)],
        Moment::Wire(_) => vec![],
    };
    let mut scene = Scene::start(db, &vars).await;
    scene.set_mail(&smtp).await;
    let channel = scene.email(&["a@example.org"]).await;
    let monitor = scene.watch(&target, &[channel]).await;
    let hold: Option<Hold> = match moment {
        Moment::Inside(_) => None,
        Moment::Wire(step) => Some(smtp.hold(step)),
    };

    target.close().await;
    match &hold {
        Some(hold) => {
            hold.reached(PATIENCE).await;
            scene.bell.kill9();
            hold.open();
        }
        None => {
            let status = scene.bell.wait_exit(PATIENCE).await;
            assert_eq!(status.signal(), Some(9), "{status}");
        }
    }
    smtp.behave();
    scene.kill_and_restart().await;
    scene.until_status(monitor, "down").await;
    scene.until_settled(1).await;
    target.reopen();
    scene.until_status(monitor, "up").await;
    let deliveries = scene.until_settled(2).await;

    assert_eq!(scene.incidents().await.len(), 1, "one outage, one incident");
    assert_eq!(deliveries.len(), 2, "{deliveries:#?}");
    assert!(deliveries.iter().all(|d| d["state"] == "sent"), "{deliveries:#?}");
    let received = smtp.received();
    let subject = |m: &testkit::smtp::Message| m.header("Subject").unwrap_or_default();
    let down: Vec<_> = received
        .iter()
        .filter(|m| subject(m).contains("[DOWN]"))
        .collect();
    let up: Vec<_> = received.iter().filter(|m| subject(m).contains("[UP]")).collect();
    assert!(
        (1..=copies).contains(&down.len()),
        "{} copies of the alert",
        down.len()
    );
    assert_eq!(up.len(), 1);
    let ids: HashSet<_> = down.iter().map(|m| m.header("Message-ID")).collect();
    assert_eq!(ids.len(), 1, "a copy carries the same id");
    scene.end().await;
}
