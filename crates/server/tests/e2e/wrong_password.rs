//! A mail password that is wrong while twenty things go down, and is then corrected in the page.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use reqwest::header::{COOKIE, LOCATION, ORIGIN, SET_COOKIE};
use serde_json::json;
use testkit::{
    HttpTarget, Script, SmtpServer, Watchbell,
    smtp::Message,
    tls::ca_pem,
    wait_for, wait_until,
    watchbell::{ADMIN, ADMIN_PASSWORD},
};

use crate::scene::{Db, PATIENCE, Scene};

const INCIDENTS: usize = 20;

#[tokio::test(flavor = "multi_thread")]
async fn twenty_alerts_are_told_once_when_the_password_is_corrected_in_the_page() {
    let target = HttpTarget::start().await;
    let server = SmtpServer::start(Script::implicit().login("watch", "right one")).await;
    let scene = Scene::start(Db::Sqlite, &[]).await;
    let settings = json!({
        "host": "127.0.0.1", "port": server.port(), "security": "tls", "ca_pem": ca_pem(),
        "from": "watch@example.org", "username": "watch", "password": "wrong one",
    });
    scene.put("/settings/mail", settings).await;
    let channel = scene.email(&["a@example.org"]).await;
    let mut monitors = Vec::new();
    for i in 0..INCIDENTS {
        let body = json!({
            "name": format!("Shop {i:02}"), "kind": "http", "target": { "url": target.url("/health") },
            "schedule": { "every": "1s" }, "timeout": "1s", "recheck_every": "200ms",
            "confirm_after": 2, "channels": [channel],
        });
        monitors.push(
            scene.api.create("/monitors", body).await["id"]
                .as_i64()
                .expect("an id"),
        );
    }
    for monitor in &monitors {
        scene.until_status(*monitor, "up").await;
    }
    target.close().await;
    // The first one is tried at once; what comes within half a minute after it is collected.
    wait_for(
        PATIENCE,
        "twenty alerts that wait, and one that says why",
        || async {
            let all = scene.deliveries().await;
            let refused = |d: &serde_json::Value| d["reason"].as_str().is_some_and(|r| r.contains("535"));
            let pending = all.iter().all(|d| d["state"] == "pending");
            (all.len() == INCIDENTS && pending && all.iter().any(refused)).then_some(())
        },
    )
    .await;
    assert_eq!(
        server.auth_attempts().len(),
        1,
        "the others wait for the answer to the first"
    );

    let console = Console::sign_in(&scene.bell).await;
    let corrected = Instant::now();
    console.correct_password(&server, "right one").await;
    let told = || -> usize { server.messages().iter().map(alerts_in).sum() };
    wait_until(Duration::from_secs(10), "twenty alerts", || told() == INCIDENTS).await;
    let took = corrected.elapsed();
    eprintln!("twenty alerts {took:?} after the password was corrected");
    let deliveries = scene.until_settled(INCIDENTS).await;
    assert!(deliveries.iter().all(|d| d["state"] == "sent"), "{deliveries:#?}");

    let messages = server.messages();
    let opened = scene
        .incidents()
        .await
        .iter()
        .filter_map(|i| i["id"].as_i64())
        .min();
    let first = deliveries.iter().find(|d| d["incident_id"].as_i64() == opened);
    let id = first.and_then(|d| d["message_id"].as_str()).expect("its message");
    let arrived = messages[0].header("Message-ID").unwrap_or_default();
    assert!(arrived.contains(id), "the first outage is told first");
    let ids: HashSet<_> = messages.iter().map(|m| m.header("Message-ID")).collect();
    assert_eq!(ids.len(), messages.len(), "each message once");
    let refused = server
        .auth_attempts()
        .iter()
        .filter(|a| a.password == "wrong one")
        .count();
    assert!(refused <= 2, "{refused} logins with the wrong password");
    scene.end().await;
}

/// `[19 DOWN] …` tells of 19, `[DOWN] …` of one.
fn alerts_in(message: &Message) -> usize {
    let subject = message.header("Subject").unwrap_or_default();
    let count = subject.trim_start_matches('[').split(' ').next();
    count.and_then(|n| n.parse().ok()).unwrap_or(1)
}

/// A browser without a screen: one session and its form tokens.
struct Console<'a> {
    bell: &'a Watchbell,
    cookie: String,
}

impl<'a> Console<'a> {
    async fn sign_in(bell: &'a Watchbell) -> Self {
        let page = bell
            .client()
            .get(bell.url("/login"))
            .send()
            .await
            .expect("a page");
        let cookie = cookies(&page);
        let mut console = Self { bell, cookie };
        let token = token(&page.text().await.expect("a page"));
        let fields = [
            ("csrf", token.as_str()),
            ("email", ADMIN),
            ("password", ADMIN_PASSWORD),
        ];
        let answer = console.post("/login", &fields).await;
        console.cookie = cookies(&answer);
        console
    }

    async fn correct_password(&self, server: &SmtpServer, password: &str) {
        let page = self.bell.client().get(self.bell.url("/settings/mail"));
        let page = page.header(COOKIE, &self.cookie).send().await.expect("a page");
        let token = token(&page.text().await.expect("a page"));
        let (port, ca) = (server.port().to_string(), ca_pem());
        let fields = [
            ("csrf", token.as_str()),
            ("do", "save"),
            ("enabled", "on"),
            ("host", "127.0.0.1"),
            ("port", &port),
            ("security", "tls"),
            ("auth", "auto"),
            ("username", "watch"),
            ("password", password),
            ("from", "watch@example.org"),
            ("verify_certificate", "on"),
            ("ca_pem", &ca),
        ];
        let answer = self.post("/settings/mail", &fields).await;
        let location = answer
            .headers()
            .get(LOCATION)
            .map(|l| l.to_str().expect("a path").to_owned());
        assert_eq!(
            answer.status(),
            303,
            "{}",
            answer.text().await.unwrap_or_default()
        );
        assert!(location.expect("a redirect").starts_with("/settings/mail"));
    }

    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> reqwest::Response {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(fields);
        let origin = self.bell.url("");
        self.bell
            .client()
            .post(self.bell.url(path))
            .header(COOKIE, &self.cookie)
            .header(ORIGIN, origin.trim_end_matches('/'))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form.finish())
            .send()
            .await
            .expect("an answer")
    }
}

fn cookies(answer: &reqwest::Response) -> String {
    let set = answer.headers().get_all(SET_COOKIE).iter();
    let pairs = set.filter_map(|c| c.to_str().ok()?.split(';').next().map(str::to_owned));
    pairs.collect::<Vec<_>>().join("; ")
}

fn token(page: &str) -> String {
    let (_, rest) = page.split_once("name=\"csrf\" value=\"").expect("a form token");
    rest.split('"').next().expect("its end").to_owned()
}
