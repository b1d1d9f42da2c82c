//! The runner, tried on a stand-in for the program: this very test binary, which answers `serve` with the test below.
#![expect(
    clippy::disallowed_methods,
    reason = "the stand-in reads the environment that the runner made"
)]

use std::{
    io::{Read, Write},
    net::TcpListener,
    os::unix::process::ExitStatusExt,
    time::Duration,
};

use serde_json::json;
use testkit::{Watchbell, WatchbellOptions};

/// Prints a set-up address and answers every request with its head. Does nothing when it runs as a test.
#[test]
fn serve() {
    let Ok(listen) = std::env::var("WATCHBELL_LISTEN") else {
        return;
    };
    let mut out = std::io::stdout();
    writeln!(
        out,
        "\n  http://{listen}/setup?token={}\n",
        std::env::var("TOKEN").unwrap()
    )
    .unwrap();
    writeln!(std::io::stderr(), "HOME is {:?}", std::env::var("HOME")).unwrap();
    let door = TcpListener::bind(listen).unwrap();
    loop {
        let (mut stream, _) = door.accept().unwrap();
        let mut head = [0; 4096];
        let n = stream.read(&mut head).unwrap();
        let body = json!({ "head": String::from_utf8_lossy(&head[..n]) }).to_string();
        let length = body.len();
        write!(
            stream,
            "HTTP/1.1 201 Created\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
        )
        .unwrap();
    }
}

#[tokio::test]
async fn runs_kills_and_restarts_the_program() {
    let stand_in = std::env::current_exe().unwrap();
    let mut watchbell = Watchbell::start(WatchbellOptions::new(stand_in).env("TOKEN", "one")).await;
    let address = watchbell.setup_url().await;
    assert_eq!(address, watchbell.url("/setup?token=one"));
    let made = watchbell
        .api("wb_1_x")
        .create("/monitors", json!({ "name": "a" }))
        .await;
    let head = made["head"].as_str().unwrap().to_ascii_lowercase();
    assert!(head.starts_with("post /api/v1/monitors http/1.1"), "{head}");
    assert!(head.contains("authorization: bearer wb_1_x"), "{head}");

    watchbell.kill9();
    watchbell.set_env("TOKEN", "two");
    watchbell.restart().await;
    assert_eq!(watchbell.setup_url().await, watchbell.url("/setup?token=two"));
    assert_eq!(watchbell.stop().await.signal(), Some(15));
    assert!(watchbell.pid().is_none());
    let answer = watchbell.client().get(address).send().await;
    assert!(answer.is_err(), "nobody listens after the stop");

    let listed = watchbell.run(&["--list"], "").await.expect_success();
    assert!(listed.stdout.contains("serve: test"), "{listed:?}");
    assert!(
        watchbell.output().contains("HOME is Err(NotPresent)"),
        "nothing of our environment reaches it"
    );
    assert_eq!(watchbell.run(&["--no-such-flag"], "").await.code(), Some(101));
    watchbell.wait_for_line("token=one", Duration::from_secs(1)).await;
}
