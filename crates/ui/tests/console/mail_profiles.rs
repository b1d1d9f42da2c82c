//! Settings > Mail: every field keeps its value, no password goes elsewhere, and the order of several servers.

use std::{collections::BTreeMap, time::Duration};

use domain::{
    id::ProfileId,
    mail::{MailSettings, breaker::Fault, oauth::OAuthClient},
};
use http::StatusCode;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use store::mail::Outcome;
use testkit::{Logs, Script, SmtpServer, tls::ca_pem};

use crate::{
    log,
    visitor::{EMAIL, Scene, Visitor},
};

const SECRET: &str = "hunter2-canary-91cd";

/// What a browser would send if nobody touched the form with this action.
fn untouched(page: &str, action: &str) -> BTreeMap<String, String> {
    let head = format!("action=\"{action}\"");
    let form = page
        .split("<form")
        .find(|f| f.split('>').next().unwrap().contains(&head));
    let form = form.and_then(|f| f.split("</form>").next()).unwrap();
    let mut fields = BTreeMap::new();
    for tag in form.split('<').skip(1) {
        let (inside, text) = tag.split_once('>').unwrap_or((tag, ""));
        let attribute = |name: &str| {
            let at = inside.find(&format!(" {name}=\""))?;
            let value = &inside[at + name.len() + 3..];
            Some(plain(&value[..value.find('"')?]))
        };
        let has = |name: &str| inside.split_whitespace().any(|word| word == name);
        let name = attribute("name");
        if inside.starts_with("input") {
            let kind = attribute("type").unwrap_or_default();
            let sent = !["checkbox", "radio"].contains(&kind.as_str()) || has("checked");
            if let Some(name) = name.filter(|_| sent) {
                fields.insert(name, attribute("value").unwrap_or_else(|| "on".to_owned()));
            }
        } else if inside.starts_with("textarea") {
            // Browsers leave out the first line end, and send the others as CR LF.
            let text = plain(text.strip_prefix('\n').unwrap_or(text));
            fields.insert(name.unwrap(), text.replace('\n', "\r\n"));
        } else if inside.starts_with("select") {
            fields.insert("(select)".to_owned(), name.unwrap());
        } else if inside.starts_with("option") && has("selected") {
            let name = fields.get("(select)").cloned().unwrap();
            fields.insert(name, attribute("value").unwrap());
        }
    }
    fields.remove("(select)");
    fields
}

/// Numeric and the usual named entities.
fn plain(text: &str) -> String {
    let mut out = String::new();
    for (i, part) in text.split('&').enumerate() {
        let Some((entity, rest)) = part.split_once(';').filter(|_| i > 0) else {
            out.push_str(part);
            continue;
        };
        let c = match entity {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            number => char::from_u32(number[1..].parse().unwrap()).unwrap(),
        };
        out.push(c);
        out.push_str(rest);
    }
    out
}

async fn post(
    visitor: &mut Visitor,
    path: &str,
    button: &str,
    fields: &BTreeMap<String, String>,
) -> (StatusCode, String) {
    let mut all: Vec<(&str, &str)> = fields
        .iter()
        .filter(|(name, _)| *name != "csrf")
        .map(|(n, v)| (n.as_str(), v.as_str()))
        .collect();
    all.push(("do", button));
    let answer = visitor.post(path, &all).await;
    (answer.status, answer.body)
}

/// No field at its default. The login is by password: `auth` has its own test.
fn filled(port: u16) -> Value {
    json!({
        "name": "Relay \"A\" & <B>", "enabled": false, "host": "127.0.0.1", "port": port, "security": "tls",
        "username": "watch@example.org", "password": SECRET, "from": "watch@office", "from_name": "Wächter",
        "reply_to": "answers@example.org", "envelope_from": "bounce+%s@example.org", "hello_name": "watch.example.org",
        "verify_certificate": false, "ca_pem": ca_pem(), "allow_insecure_auth": true, "allow_local_from": true,
        "connect_timeout": "7s", "rate_per_minute": 30, "max_recipients": 5,
    })
}

/// The keys are those that the domain prints: a new field that the form does not carry fails here.
#[tokio::test]
async fn every_field_survives_a_form_that_nobody_touched() {
    let server = SmtpServer::start(Script::implicit().login("watch@example.org", SECRET)).await;
    let least = json!({ "host": "127.0.0.2", "port": 2525, "security": "none", "from": "a@example.org" });
    let least = MailSettings::from_json(least, None).unwrap().to_json();
    let by_token = |client: Value| {
        json!({
            "host": "127.0.0.1", "port": 587, "security": "starttls", "auth": "xoauth2", "username": "me@example.org",
            "from": "me@example.org", "oauth": client,
        })
    };
    let clients = clients();
    for key in OAuthClient::from_json("", clients[0].clone(), None)
        .unwrap()
        .to_json()
        .as_object()
        .unwrap()
        .keys()
    {
        let shown = |client: &Value| {
            OAuthClient::from_json("", client.clone(), None)
                .unwrap()
                .to_json()[key]
                .clone()
        };
        let is_filled = clients.iter().any(|c| !shown(c).is_null());
        assert!(is_filled, "fill oauth.{key} in one of the clients");
    }
    let without = json!({ "host": "127.0.0.1", "port": 25, "security": "none", "auth": "none", "from": "a@example.org" });

    let mut bodies = vec![(filled(server.port()), true), (without, false)];
    bodies.extend(clients.into_iter().map(|client| (by_token(client), false)));
    for (body, by_password) in bodies {
        let settings = MailSettings::from_json(body, None).unwrap();
        let before = settings.to_json();
        if by_password {
            for (key, value) in before.as_object().unwrap() {
                let is_filled = !value.is_null() && *value != least[key];
                assert!(
                    is_filled || ["auth", "oauth"].contains(&key.as_str()),
                    "fill {key} with something else than its default"
                );
            }
        }
        let scene = Scene::new().await;
        let mut admin = scene.admin().await;
        let id = scene.store.mail().create(&settings, EMAIL).await.unwrap().id;

        for path in ["/settings/mail".to_owned(), format!("/settings/mail/{id}")] {
            let page = admin.get(&path).await.body;
            assert!(!page.contains(SECRET));
            let fields = untouched(&page, &path);
            let (status, body) = post(&mut admin, &path, "save", &fields).await;
            assert_eq!(status, StatusCode::SEE_OTHER, "{body}");
            let saved = scene.store.mail().profile(id).await.unwrap().unwrap();
            assert_eq!(saved.settings.to_json(), before, "{path}");
            let kept = |s: &MailSettings| s.secrets().map(|s| s.expose_secret().to_owned());
            assert_eq!(kept(&saved.settings), kept(&settings), "{path}");
        }
        if !by_password {
            continue;
        }
        // what is stored is the password, and no placeholder.
        let saved = scene.store.mail().profile(id).await.unwrap().unwrap().settings;
        let password = saved.credentials.unwrap().password.unwrap();
        assert_eq!(password.expose_secret(), SECRET);
        let id = id.to_string();
        let tested = admin
            .post("/settings/mail/test", &[("test_to", EMAIL), ("profile", &id)])
            .await;
        assert!(tested.body.contains("Accepted"), "{}", tested.body);
        assert!(server.auth_attempts().iter().all(|a| a.password == SECRET));
    }
}

/// One of each provider, and of each way.
fn clients() -> Vec<Value> {
    vec![
        json!({ "provider": "google", "client_id": "id.apps.example", "client_secret": SECRET }),
        json!({ "provider": "microsoft", "client_id": "an-id", "tenant": "example.org" }),
        json!({
            "provider": "custom", "client_id": "an-id", "client_secret": SECRET, "scope": "mail offline_access",
            "token_url": "https://login.example.org/token", "device_url": "https://login.example.org/device",
        }),
        json!({
            "provider": "custom", "client_id": "an-id", "scope": "mail",
            "token_url": "https://login.example.org/token?a=1&b=2",
            "authorize_url": "https://login.example.org/authorize",
        }),
    ]
}

/// whatever decides where the password goes, or as what, changed alone: it must be entered again, in a save, in a
/// test and in a test that is watched.
#[tokio::test]
async fn each_changed_field_alone_asks_for_the_password_again() {
    let server = SmtpServer::start(Script::plain()).await;
    let tls = SmtpServer::start(Script::implicit()).await;
    let changes = [
        ("host", "localhost".to_owned()),
        ("port", tls.port().to_string()),
        ("security", "none".to_owned()),
        ("security", "starttls".to_owned()),
        ("verify_certificate", String::new()),
        ("ca_pem", String::new()),
        ("username", "other@example.org".to_owned()),
    ];
    let scene = Scene::new().await;
    let mut admin = scene.admin().await;
    let mut body = filled(server.port());
    body["verify_certificate"] = true.into();
    let settings = MailSettings::from_json(body, None).unwrap();
    scene.store.mail().create(&settings, EMAIL).await.unwrap();
    let page = admin.get("/settings/mail").await.body;
    for (name, value) in changes {
        let mut fields = untouched(&page, "/settings/mail");
        if value.is_empty() {
            fields.remove(name);
        } else {
            assert_ne!(fields.insert(name.to_owned(), value.clone()), Some(value.clone()));
        }
        for button in ["save", "test"] {
            let (status, body) = post(&mut admin, "/settings/mail", button, &fields).await;
            assert_eq!(
                status,
                StatusCode::UNPROCESSABLE_ENTITY,
                "{button} with {name}={value}"
            );
            assert!(body.contains("Enter the password again"), "{name}");
        }
        let (status, _) = post(&mut admin, "/settings/mail/tests", "test", &fields).await;
        assert_eq!(
            status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "watched with {name}={value}"
        );
    }
    // Another way to log in has no use for it, so it is forgotten and not sent.
    for auth in ["none", "xoauth2"] {
        let mut fields = untouched(&page, "/settings/mail");
        fields.insert("auth".to_owned(), auth.to_owned());
        fields.insert("oauth.client_id".to_owned(), "an-id".to_owned());
        post(&mut admin, "/settings/mail", "save", &fields).await;
        let saved = scene.store.mail().primary().await.unwrap().unwrap().settings;
        assert!(saved.secrets().is_none(), "{auth}");
        let mut back = fields;
        back.insert("auth".to_owned(), "auto".to_owned());
        let (status, _) = post(&mut admin, "/settings/mail", "save", &back).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "back from {auth}");
        scene
            .store
            .mail()
            .save(ProfileId(1), &settings, EMAIL)
            .await
            .unwrap();
    }
    for server in [&server, &tls] {
        assert_eq!(server.connection_count(), 0);
        assert!(server.auth_attempts().is_empty());
    }
}

async fn titles(scene: &Scene) -> Vec<String> {
    let all = scene.store.mail().profiles().await.unwrap();
    all.iter().map(|p| p.settings.title()).collect()
}

#[tokio::test]
async fn several_servers_have_an_order_that_can_be_changed() {
    let scene = Scene::new().await;
    let mut admin = scene.admin().await;
    for (path, name) in [
        ("/settings/mail", "A"),
        ("/settings/mail/new", "B"),
        ("/settings/mail/new", "C"),
    ] {
        let page = admin.get(path).await.body;
        let mut fields = untouched(&page, path);
        for (field, value) in [
            ("name", name),
            ("host", "127.0.0.1"),
            ("security", "none"),
            ("from", "a@example.org"),
        ] {
            fields.insert(field.to_owned(), value.to_owned());
        }
        let (status, body) = post(&mut admin, path, "save", &fields).await;
        assert_eq!(status, StatusCode::SEE_OTHER, "{body}");
    }
    assert_eq!(titles(&scene).await, ["A", "B", "C"]);
    let page = admin.get("/settings/mail").await.body;
    for shown in [
        "Primary",
        "Fallback 1",
        "Fallback 2",
        "The next message goes through A.",
    ] {
        assert!(page.contains(shown), "{shown} is missing");
    }

    admin.post("/settings/mail/3/up", &[]).await;
    assert_eq!(titles(&scene).await, ["A", "C", "B"]);
    admin.post("/settings/mail/1/down", &[]).await;
    assert_eq!(titles(&scene).await, ["C", "A", "B"]);
    // At the ends nothing moves.
    admin.post("/settings/mail/3/up", &[]).await;
    admin.post("/settings/mail/2/down", &[]).await;
    assert_eq!(titles(&scene).await, ["C", "A", "B"]);

    admin.post("/settings/mail/3/disable", &[]).await;
    let page = admin.get("/settings/mail").await.body;
    assert!(page.contains("Switched off") && page.contains("The next message goes through A."));
    admin.post("/settings/mail/3/enable", &[]).await;
    assert!(admin.get("/settings/mail").await.body.contains("goes through C."));

    assert!(
        admin
            .get("/settings/mail/3/delete")
            .await
            .body
            .contains("Delete C?")
    );
    admin.post("/settings/mail/3/delete", &[]).await;
    assert_eq!(titles(&scene).await, ["A", "B"]);
    assert!(admin.get("/settings/mail").await.body.contains("C is deleted"));
    for path in ["/settings/mail/3", "/settings/mail/x", "/settings/mail/3/delete"] {
        assert_eq!(admin.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(
        admin.post("/settings/mail/3/up", &[]).await.status,
        StatusCode::NOT_FOUND
    );
    // Each has its own page.
    let other = admin.get("/settings/mail/2").await.body;
    assert!(other.contains("name=\"name\" value=\"B\""), "{other}");
}

#[tokio::test]
async fn a_server_that_is_left_alone_says_so_and_can_be_tried_now() {
    let scene = Scene::new().await;
    let mut admin = scene.admin().await;
    let settings = MailSettings::from_json(filled(2525), None).unwrap();
    let settings = MailSettings {
        enabled: true,
        ..settings
    };
    let profile = scene.store.mail().create(&settings, EMAIL).await.unwrap();
    for _ in 0..2 {
        let refused = (Outcome::Fails(Fault::LoginRefused), profile.saved_at);
        scene
            .store
            .mail()
            .learn(profile.id, profile.revision, refused, ("535 no", Some("auth")))
            .await
            .unwrap();
    }
    let channel = log::mail_channel(&scene).await;
    let monitor = log::monitor(&scene, &channel).await;
    log::turn(&scene, &monitor, true).await;
    scene.clock.advance(Duration::from_mins(5));
    let page = admin.get("/settings/mail").await.body;
    let panel = page.split("data-part=\"in-use\"").nth(1).unwrap();
    let fact = |name: &str| {
        let (_, rest) = panel.split_once(&format!("<dt>{name}</dt>")).unwrap();
        rest.split("</dd>").next().unwrap().to_owned()
    };
    let failure = fact("Last failure");
    assert!(
        failure.contains("(step Login)") && failure.contains("535 no"),
        "{failure}"
    );
    let waiting = fact("Waiting");
    assert!(waiting.contains("2 messages"), "{waiting}");
    assert!(
        waiting.contains("The oldest since") && waiting.contains("5 m"),
        "{waiting}"
    );
    for shown in [
        "Left alone",
        "2 failures in a row",
        "Next try",
        "Try now",
        "No server takes a message now",
    ] {
        assert!(page.contains(shown), "{shown} is missing: {page}");
    }
    let answer = admin.post("/settings/mail/1/try-now", &[]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let breaker = scene.store.mail().health(profile.id).await.unwrap().breaker;
    assert_eq!(breaker.next_try(), None);
}

#[tokio::test]
async fn a_check_that_is_switched_off_is_said_in_red() {
    let scene = Scene::new().await;
    let mut admin = scene.admin().await;
    let settings = MailSettings::from_json(filled(2525), None).unwrap();
    scene.store.mail().create(&settings, EMAIL).await.unwrap();
    let page = admin.get("/settings/mail").await.body;
    let banner = page.split("notice bad").nth(1).unwrap();
    assert!(banner.contains("is not checked"), "{banner}");
}

#[tokio::test]
async fn a_new_server_that_is_tested_live_has_its_own_page_afterwards() {
    let server = SmtpServer::start(Script::plain()).await;
    let scene = Scene::new().await;
    let mut admin = scene.admin().await;
    let settings = MailSettings::from_json(filled(2525), None).unwrap();
    scene.store.mail().create(&settings, EMAIL).await.unwrap();
    let page = admin.get("/settings/mail/new?preset=mailpit").await.body;
    let mut fields = untouched(&page, "/settings/mail/new");
    fields.insert("port".to_owned(), server.port().to_string());
    fields.insert("from".to_owned(), "a@example.org".to_owned());
    let (status, card) = post(&mut admin, "/settings/mail/tests", "test", &fields).await;
    assert_eq!(status, StatusCode::CREATED, "{card}");
    let stream = card
        .split("data-stream=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_owned();
    let told = admin.get(&stream).await.body;
    assert!(told.contains("data-saved=\"/settings/mail/2\""), "{told}");
    // Once it is there, its tests lead to the records of its own sender.
    let tested = admin
        .post("/settings/mail/test", &[("test_to", EMAIL), ("profile", "2")])
        .await;
    let card = tested.body.split("id=\"test\"").nth(1).unwrap();
    let card = card.split("</section>").next().unwrap();
    assert!(
        card.contains("href=\"/settings/mail/deliverability?profile=2\""),
        "{card}"
    );
    let health = scene.store.mail().health(ProfileId(2)).await.unwrap();
    assert!(health.last_success.unwrap().1.contains("queued as"));
    assert_eq!(scene.store.mail().profiles().await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_channel_names_the_server_that_it_uses_first_and_keeps_it() {
    let scene = Scene::new().await;
    let mut admin = scene.admin().await;
    for name in ["A", "B"] {
        let mut body = filled(2525);
        body["name"] = name.into();
        let settings = MailSettings::from_json(body, None).unwrap();
        scene.store.mail().create(&settings, EMAIL).await.unwrap();
    }
    admin
        .post(
            "/channels",
            &[("kind", "email"), ("name", "On call"), ("config.to", EMAIL)],
        )
        .await;
    let page = admin.get("/channels/1").await.body;
    let mut fields = untouched(&page, "/channels/1");
    assert_eq!(fields.get("config.profile").map(String::as_str), Some(""));
    fields.insert("config.profile".to_owned(), "2".to_owned());
    post(&mut admin, "/channels/1", "", &fields).await;
    // And once more, untouched.
    let fields = untouched(&admin.get("/channels/1").await.body, "/channels/1");
    let (status, _) = post(&mut admin, "/channels/1", "", &fields).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let channel = scene.store.channels().all().await.unwrap().remove(0);
    let Some(domain::channel::ChannelConfig::Email(email)) = channel.config else {
        unreachable!("it is a mail channel")
    };
    assert_eq!(email.profile, Some(ProfileId(2)));
}

/// The same lines that a save by the API leaves.
#[tokio::test]
async fn every_save_stands_in_the_log_and_on_the_page_with_what_it_changed() {
    let logs = Logs::default();
    let _until_the_end = logs.capture();
    let scene = Scene::new().await;
    let mut admin = scene.admin().await;
    let mut body = filled(2525);
    for (field, usual) in [("verify_certificate", true), ("allow_insecure_auth", false)] {
        body[field] = usual.into();
    }
    let settings = MailSettings::from_json(body, None).unwrap();
    scene.store.mail().create(&settings, EMAIL).await.unwrap();
    let page = admin.get("/settings/mail").await.body;
    assert!(!page.contains("Changed:"));
    let mut fields = untouched(&page, "/settings/mail");
    fields.remove("verify_certificate");
    fields.insert("allow_insecure_auth".to_owned(), "on".to_owned());
    fields.insert("password".to_owned(), "another-s3cret".to_owned());
    let heard = logs.text().len();
    let (status, body) = post(&mut admin, "/settings/mail", "save", &fields).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{body}");

    let all = logs.text();
    let said: Vec<&str> = all[heard..]
        .lines()
        .filter(|l| l.contains("mail settings saved"))
        .collect();
    assert_eq!(said.len(), 3, "{said:?}");
    for line in &said {
        for part in [
            "mail.profile=1 ",
            "settings.revision=2 ",
            &format!("settings.saved_by=\"{EMAIL}\""),
        ] {
            assert!(line.contains(part), "no {part} in {line}");
        }
    }
    let changed = "settings.changed=\"allow_insecure_auth, verify_certificate, password\"";
    assert!(said[0].contains(changed), "{}", said[0]);
    assert!(said[1].contains("WARN") && said[1].contains("without the certificate check"));
    assert!(said[2].contains("WARN") && said[2].contains("travel unencrypted"));
    assert!(!all.contains(SECRET) && !all.contains("another-s3cret"), "{all}");

    let page = admin.get("/settings/mail").await.body;
    let panel = page.split("data-part=\"in-use\"").nth(1).unwrap();
    let shown = "Changed: Allow the password over an unencrypted connection, Check the server&#39;s certificate, Password";
    assert!(panel.contains(shown), "{panel}");
}

/// Each revision seals its own secrets: one that nobody typed would seal nothing.
#[tokio::test]
async fn a_client_secret_that_cannot_be_read_is_not_lost_by_a_switch() {
    let scene = Scene::new().await;
    let mut admin = scene.admin().await;
    let body = json!({
        "host": "127.0.0.1", "port": 587, "security": "starttls", "auth": "xoauth2", "username": "me@example.org",
        "from": "me@example.org", "oauth": clients()[0],
    });
    let mut settings = MailSettings::from_json(body, None).unwrap();
    // As it is read with another key.
    let client = settings.oauth.as_mut().unwrap();
    (client.client_secret, client.secret_locked) = (None, true);
    for enabled in [true, false] {
        let settings = MailSettings {
            enabled,
            ..settings.clone()
        };
        let id = scene.store.mail().create(&settings, EMAIL).await.unwrap().id;
        let switch = if enabled { "disable" } else { "enable" };
        let page = admin.get("/settings/mail").await.body;
        assert!(!page.contains(&format!("/settings/mail/{id}/{switch}")), "{page}");
        admin.post(&format!("/settings/mail/{id}/{switch}"), &[]).await;
        assert!(
            admin
                .get("/settings/mail")
                .await
                .body
                .contains("Enter the password or client secret again first")
        );
        let kept = scene.store.mail().profile(id).await.unwrap().unwrap();
        assert_eq!((kept.revision, kept.settings.enabled), (1, enabled));
    }
}

#[tokio::test]
async fn a_channel_that_names_a_server_that_is_gone_is_told_so_at_the_field() {
    let scene = Scene::new().await;
    let mut admin = scene.admin().await;
    let named = [
        ("kind", "email"),
        ("name", "On call"),
        ("config.to", EMAIL),
        ("config.profile", "999"),
    ];
    let refused = admin.post("/channels", &named).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let field = refused.body.split("config.profile").nth(1).unwrap();
    assert!(
        field.contains("There is no mail server with the id 999."),
        "{}",
        refused.body
    );
    assert!(scene.store.channels().all().await.unwrap().is_empty());

    admin.post("/channels", &named[..3]).await;
    let refused = admin.post("/channels/1", &named[1..]).await;
    assert_eq!(
        refused.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "{}",
        refused.body
    );
    let stand_in = [named[1], named[2], ("fallback", "77")];
    let refused = admin.post("/channels/1", &stand_in).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused.body.contains("There is no channel with the id 77."),
        "{}",
        refused.body
    );
}
