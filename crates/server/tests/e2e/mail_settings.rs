//! What the settings page shows is what the next message uses.

use std::{io::ErrorKind, net::TcpListener};

use testkit::{HttpTarget, Script, SmtpServer};

use crate::scene::{Db, PATIENCE, Scene};

#[tokio::test(flavor = "multi_thread")]
async fn the_very_next_alert_uses_the_server_that_was_saved() {
    let target = HttpTarget::start().await;
    let (old, new) = (
        SmtpServer::start(Script::plain()).await,
        SmtpServer::start(Script::plain()).await,
    );
    let scene = Scene::start(Db::Sqlite, &[]).await;
    scene.set_mail(&old).await;
    let channel = scene.email(&["a@example.org"]).await;
    let monitor = scene.watch(&target, &[channel]).await;

    let saved = scene.set_mail(&new).await;
    target.close().await;
    scene.until_status(monitor, "down").await;
    let deliveries = scene.until_settled(1).await;

    assert_eq!(new.messages().len(), 1);
    assert_eq!(old.connection_count(), 0, "the old server must hear nothing");
    let id = deliveries[0]["id"].as_str().expect("an id");
    let (_, delivery) = scene.api.get(&format!("/deliveries/{id}")).await;
    let attempt = &delivery["attempts"][0];
    assert_eq!(attempt["settings_revision"], saved["revision"], "{delivery:#}");
    assert_eq!(attempt["remote"], new.addr().to_string(), "{delivery:#}");
    scene.end().await;
}

/// The bug that the product exists for: a default server that nobody entered.
#[tokio::test(flavor = "multi_thread")]
async fn without_settings_no_socket_is_opened_whatever_the_environment_says() {
    // Ports below 1024 need root or net.ipv4.ip_unprivileged_port_start=0.
    let doors = [25, 465, 587].map(|port| TcpListener::bind(("127.0.0.1", port)).expect("a port of mail"));
    let target = HttpTarget::start().await;
    let vars = [
        ("SMTP_HOST", "127.0.0.1"),
        ("SMTP_PORT", "587"),
        ("MAIL_SERVER", "127.0.0.1"),
        ("WATCHBELL_SMTP_HOST", "127.0.0.1"),
    ];
    let scene = Scene::start(Db::Sqlite, &vars).await;
    for (name, _) in vars {
        let line = scene.bell.wait_for_line(name, PATIENCE).await;
        assert!(
            line.contains("ignored") && line.contains("Settings > Mail"),
            "{line}"
        );
    }
    let channel = scene.email(&["a@example.org"]).await;
    let monitor = scene.watch(&target, &[channel]).await;
    target.close().await;
    scene.until_status(monitor, "down").await;
    let waiting = testkit::wait_for(PATIENCE, "the delivery to say what it waits for", || async {
        let all = scene.deliveries().await;
        all.into_iter()
            .find(|d| d["state"] == "pending" && !d["reason"].is_null())
    })
    .await;
    assert!(
        waiting["reason"]
            .as_str()
            .expect("a reason")
            .contains("Settings > Mail"),
        "{waiting}"
    );

    let smtp = SmtpServer::start(Script::plain()).await;
    scene.set_mail(&smtp).await;
    testkit::wait_until(PATIENCE, "the waiting mail to go out", || {
        smtp.messages().len() == 1
    })
    .await;
    for door in &doors {
        door.set_nonblocking(true).expect("a socket");
        let caller = door.accept().map_err(|e| e.kind());
        assert_eq!(
            caller.unwrap_err(),
            ErrorKind::WouldBlock,
            "somebody dialled {door:?}"
        );
    }
    scene.end().await;
}
