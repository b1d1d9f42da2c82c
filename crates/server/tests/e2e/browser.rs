//! The main job in a real browser: from the printed address to a delivered alert and its recovery.
//!
//! The journey itself is `tests/browser/first_run.mjs` (playwright-core in Debian's Chromium). It asks this side to act
//! on the world by writing `do <what>` and waits for `done`.

use std::{path::PathBuf, process::Stdio, time::Duration};

use serde_json::json;
use testkit::{HttpTarget, Script, SmtpServer, Watchbell, WebhookSink};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::Command,
};

use crate::scene::{PATIENCE, options};

const JOURNEY: Duration = Duration::from_mins(3);

#[tokio::test(flavor = "multi_thread")]
async fn from_the_printed_address_to_a_delivered_alert() {
    let target = HttpTarget::start().await;
    let (smtp, sink) = (
        SmtpServer::start(Script::plain()).await,
        WebhookSink::start().await,
    );
    let mut bell = Watchbell::start(options()).await;
    // Pictures of every page of the journey, for people to look at.
    let shots = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("shots");
    let scenery = json!({
        "setup": bell.setup_url().await,
        "base": bell.url(""),
        "target": target.url("/health"),
        "smtpPort": smtp.port(),
        "hook": sink.url(),
        "shots": shots,
    })
    .to_string();

    let journey = drive("first_run.mjs", &scenery, async |what| match what {
        "close-target" => target.close().await,
        "open-target" => target.reopen(),
        "expect-alert" => {
            sink.wait_for(1, PATIENCE).await;
            testkit::wait_until(PATIENCE, "the alert by mail", || alerts(&smtp, "[DOWN]") == 1).await;
        }
        "expect-recovery" => {
            sink.wait_for(2, PATIENCE).await;
            testkit::wait_until(PATIENCE, "the recovery by mail", || alerts(&smtp, "[UP]") == 1).await;
        }
        other => panic!("the journey asks for {other:?}"),
    });
    tokio::time::timeout(JOURNEY, journey)
        .await
        .expect("the journey ends in time");
    assert!(bell.stop().await.success());
}

/// The script, the policies of the two pages, and the form, as only a browser puts them together.
#[tokio::test(flavor = "multi_thread")]
async fn the_preview_of_a_mail_follows_what_is_typed() {
    let mut bell = Watchbell::start(options()).await;
    let shots = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("shots");
    let scenery = json!({ "setup": bell.setup_url().await, "base": bell.url(""), "shots": shots });
    let scenery = scenery.to_string();
    let journey = drive("messages.mjs", &scenery, async |what| {
        panic!("the journey asks for {what:?}")
    });
    tokio::time::timeout(JOURNEY, journey)
        .await
        .expect("the journey ends in time");
    assert!(bell.stop().await.success());
}

fn alerts(smtp: &SmtpServer, word: &str) -> usize {
    smtp.messages()
        .iter()
        .filter(|m| m.header("Subject").is_some_and(|s| s.contains(word)))
        .count()
}

/// Runs a script under Node and does what it asks for.
async fn drive(script: &str, scenery: &str, mut act: impl AsyncFnMut(&str)) {
    let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/browser");
    assert!(
        dir.join("node_modules").exists(),
        "run `npm ci` in {}, or scripts/test",
        dir.display()
    );
    let mut node = Command::new("node")
        .arg(dir.join(script))
        .arg(scenery)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("node runs");
    let mut input = node.stdin.take().expect("its input");
    let mut lines = BufReader::new(node.stdout.take().expect("its output")).lines();
    while let Some(line) = lines.next_line().await.expect("its output is text") {
        match line.strip_prefix("do ") {
            Some(what) => {
                act(what).await;
                input.write_all(b"done\n").await.expect("it listens");
            }
            None => eprintln!("{line}"),
        }
    }
    let status = node.wait().await.expect("it ends");
    assert!(status.success(), "{script}: {status}");
}
