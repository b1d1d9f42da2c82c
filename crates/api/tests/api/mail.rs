//! The mail settings and their test.

use serde_json::{Value, json};
use testkit::{Logs, Script, SmtpServer};

use crate::{
    fixture::{Api, fields, is_time},
    incidents::outage,
};

fn settings(port: u16) -> Value {
    json!({
        "host": "127.0.0.1", "port": port, "security": "none",
        "username": "watch", "password": "s3cret-pass", "from": "watch@example.org",
    })
}

#[tokio::test]
async fn settings_go_round_without_the_password() {
    let api = Api::start().await;
    let empty = api.get("/settings/mail").await;
    assert_eq!(empty.body["state"], "not_configured");
    assert_eq!(empty.body["password_set"], false);
    assert_eq!(empty.body["host"], Value::Null);
    let saved = api.put("/settings/mail", settings(2525)).await;
    assert_eq!(saved.status, 200, "{}", saved.text);
    assert_eq!(saved.body["state"], "configured");
    assert_eq!(saved.body["password_set"], true);
    assert_eq!(saved.body["saved_by"], "write (ops@example.org)");
    assert!(is_time(&saved.body["saved_at"]));
    let first = saved.body["revision"].as_i64().unwrap();

    let mut same = settings(2525);
    same.as_object_mut().unwrap().remove("password");
    same["from_name"] = json!("Watchbell");
    let kept = api.put("/settings/mail", same.clone()).await;
    assert_eq!(kept.body["password_set"], true);
    assert!(kept.body["revision"].as_i64().unwrap() > first);
    assert_eq!(kept.body["from_name"], "Watchbell");

    for (field, value) in [
        ("host", json!("localhost")),
        ("port", json!(2526)),
        ("username", json!("other")),
        ("verify_certificate", json!(false)),
    ] {
        let mut elsewhere = same.clone();
        elsewhere[field] = value;
        let refused = api.put("/settings/mail", elsewhere).await;
        assert_eq!(refused.status, 422, "{field}");
        assert_eq!(fields(&refused), ["password"], "{field}");
    }
    let read = api.get("/settings/mail").await;
    assert_eq!(read.body, kept.body, "a refused save changes nothing");
    for answer in [saved, kept, read] {
        assert!(!answer.text.contains("s3cret-pass"));
    }
}

#[tokio::test]
async fn bad_settings_are_refused_by_field() {
    let api = Api::start().await;
    for (field, value) in [
        ("host", json!("smtp://mail.example.org")),
        ("host", json!("mail.example.org:25")),
        ("host", json!("mail\r\n.example.org")),
        ("host", Value::Null),
        ("port", json!(0)),
        ("port", json!(65536)),
        ("security", json!("auto")),
        ("from", json!("watch@example.org\r\nBcc: x@example.org")),
        ("from_name", json!("Watch\nbell")),
        ("reply_to", json!("a@example.org\n")),
        ("reply_to", json!("a@b@\r\n.example.org")),
        ("hello_name", json!("x\ry")),
        ("username", json!("wa\r\ntch")),
        ("password", json!("pa\r\nss")),
        ("ca_pem", json!("hello")),
        ("smtp_host", json!("x")),
    ] {
        let mut body = settings(25);
        body[field] = value.clone();
        let answer = api.put("/settings/mail", body).await;
        assert_eq!(answer.status, 422, "{field} {value}: {}", answer.text);
        assert_eq!(fields(&answer), [field], "{}", answer.text);
    }
    let mut insecure = settings(25);
    insecure["host"] = json!("mail.example.org");
    let answer = api.put("/settings/mail", insecure).await;
    assert_eq!(fields(&answer), ["security"], "a password needs encryption");
}

#[tokio::test]
async fn a_test_mail_takes_the_real_way() {
    let api = Api::start().await;
    let server = SmtpServer::start(Script::plain().login("watch", "s3cret-pass")).await;
    let to = json!({"to": "me@example.org"});
    let unset = api.post("/settings/mail/test", to.clone()).await;
    assert_eq!(unset.body["ok"], false);
    assert_eq!(unset.body["steps"], json!([]));
    assert_eq!(server.connection_count(), 0);

    api.put("/settings/mail", settings(server.port())).await;
    let good = api.post("/settings/mail/test", to).await;
    assert_eq!(good.body["ok"], true, "{}", good.text);
    assert!(good.body["steps"].as_array().unwrap().len() > 4);
    assert_eq!(server.messages().len(), 1);
    assert!(!good.text.contains("s3cret-pass"));

    let overlay = json!({"to": "me@example.org", "settings": {"password": "wrong"}});
    let bad = api.post("/settings/mail/test", overlay).await;
    assert_eq!(bad.body["ok"], false);
    assert_eq!(bad.body["failed_step"], "auth");
    assert!(bad.body["hint"].is_string());

    let other = SmtpServer::start(Script::plain().login("watch", "s3cret-pass")).await;
    let elsewhere = json!({"to": "me@example.org", "settings": {"port": other.port()}});
    let refused = api.post("/settings/mail/test", elsewhere).await;
    assert_eq!(refused.status, 422);
    assert_eq!(
        fields(&refused),
        ["settings.password"],
        "the saved password goes nowhere else"
    );
    assert_eq!(other.connection_count(), 0);

    let wrong = json!({"to": "nobody", "settings": {"hots": "x"}, "cc": 1});
    assert_eq!(
        fields(&api.post("/settings/mail/test", wrong).await),
        ["to", "settings.hots", "cc"]
    );
}

/// No field at its default, but for `auth`, which needs the password.
fn filled(port: u16) -> Value {
    json!({
        "name": "Relay", "enabled": false, "host": "127.0.0.1", "port": port, "security": "tls",
        "username": "watch", "password": "s3cret-pass", "from": "watch@office", "from_name": "Wächter",
        "reply_to": "answers@example.org", "envelope_from": "bounce+%s@example.org", "hello_name": "watch.example.org",
        "verify_certificate": false, "ca_pem": testkit::tls::ca_pem(), "allow_insecure_auth": true,
        "allow_local_from": true, "connect_timeout": "7s", "rate_per_minute": 30, "max_recipients": 5,
    })
}

/// The keys are those that the domain prints: a new field that the API does not carry fails here.
#[tokio::test]
async fn every_field_survives_being_read_and_put_back() {
    use domain::mail::MailSettings;

    let server = SmtpServer::start(Script::implicit().login("watch", "s3cret-pass")).await;
    let least = json!({ "host": "h.example", "port": 1, "security": "none", "from": "a@example.org" });
    let least = MailSettings::from_json(least, None).unwrap().to_json();
    let expected = MailSettings::from_json(filled(server.port()), None)
        .unwrap()
        .to_json();
    let expected = expected.as_object().unwrap();
    for (key, value) in expected {
        let is_filled = !value.is_null() && *value != least[key];
        // A login by token has no password: it has a test of its own.
        assert!(
            is_filled || key == "auth" || key == "oauth",
            "fill {key} with something else than its default"
        );
    }

    let api = Api::start().await;
    let saved = api.put("/settings/mail", filled(server.port())).await;
    assert_eq!(saved.status, 200, "{}", saved.text);
    let read = api.get("/settings/mail").await.body;
    let back: serde_json::Map<String, Value> = expected
        .keys()
        .map(|key| (key.clone(), read[key].clone()))
        .collect();
    assert_eq!(&back, expected);
    for path in ["/settings/mail", "/settings/mail/profiles/1"] {
        let again = api.put(path, Value::Object(back.clone())).await;
        assert_eq!(again.status, 200, "{}", again.text);
        assert!(!again.text.contains("s3cret-pass"));
        for (key, value) in expected {
            assert_eq!(again.body[key], *value, "{path} {key}");
        }
    }
    let tested = api
        .post("/settings/mail/test", json!({"to": "me@example.org"}))
        .await;
    assert_eq!(tested.body["ok"], true, "{}", tested.text);
    assert_eq!(tested.body["certificate"]["issuer"], "Watchbell test authority");
    assert!(tested.body["certificate"]["days_left"].as_i64().unwrap() > 0);
}

/// The keys are those that the domain prints, as above.
#[tokio::test]
async fn every_field_of_a_login_by_token_survives_as_well() {
    use domain::mail::MailSettings;

    let body = json!({
        "host": "127.0.0.1", "port": 465, "security": "tls", "from": "watch@example.org",
        "auth": "xoauth2", "username": "watch@example.org",
        "oauth": {
            "provider": "microsoft", "client_id": "the-client", "client_secret": "s3cret-client", "tenant": "contoso.example",
        },
    });
    let expected = MailSettings::from_json(body.clone(), None).unwrap().to_json();
    let expected = expected["oauth"].as_object().unwrap();
    let api = Api::start().await;
    let saved = api.put("/settings/mail", body.clone()).await;
    assert_eq!(saved.status, 200, "{}", saved.text);
    assert!(!saved.text.contains("s3cret-client"));
    let hold = |read: &Value| {
        // The answer also has the addresses that the provider implies.
        for (key, value) in expected.iter().filter(|(_, v)| !v.is_null()) {
            assert_eq!(read["oauth"][key], *value, "{key}");
        }
    };
    hold(&saved.body);
    // The secret that is left out stays.
    let mut again = body;
    again["oauth"].as_object_mut().unwrap().remove("client_secret");
    let again = api.put("/settings/mail", again).await;
    assert_eq!(again.status, 200, "{}", again.text);
    hold(&again.body);
    hold(&api.get("/settings/mail").await.body);
}

#[tokio::test]
async fn several_profiles_have_an_order() {
    let api = Api::start().await;
    for name in ["A", "B", "C"] {
        let mut body = settings(2525);
        body["name"] = json!(name);
        let made = api.post("/settings/mail/profiles", body).await;
        assert_eq!(made.status, 201, "{}", made.text);
        assert!(!made.text.contains("s3cret-pass"));
    }
    let names = async || {
        let list = api.get("/settings/mail/profiles").await.body;
        let items = list["items"].as_array().unwrap().clone();
        let name = |p: &Value| p["name"].as_str().unwrap().to_owned();
        items.iter().map(name).collect::<Vec<_>>()
    };
    assert_eq!(names().await, ["A", "B", "C"]);
    let ordered = api.put("/settings/mail/order", json!({"ids": [3, 1, 2]})).await;
    assert_eq!(ordered.status, 200, "{}", ordered.text);
    assert_eq!(ordered.body["items"][0]["uses_next"], true);
    assert_eq!(ordered.body["items"][0]["breaker"]["state"], "closed");
    assert_eq!(names().await, ["C", "A", "B"]);
    for wrong in [
        json!({"ids": [1, 2]}),
        json!({"ids": [1, 2, 3, 3]}),
        json!({"ids": "1"}),
        json!({}),
    ] {
        let refused = api.put("/settings/mail/order", wrong.clone()).await;
        assert_eq!(
            (refused.status.as_u16(), fields(&refused)),
            (422, vec!["ids"]),
            "{wrong}"
        );
    }
    // The first in order is what the older path speaks of.
    assert_eq!(api.get("/settings/mail").await.body["name"], "C");

    let mut elsewhere = settings(2526);
    elsewhere.as_object_mut().unwrap().remove("password");
    let refused = api.put("/settings/mail/profiles/2", elsewhere).await;
    assert_eq!(fields(&refused), ["password"]);
    assert_eq!(api.act("/settings/mail/profiles/2/try-now").await.status, 200);
    assert_eq!(api.delete("/settings/mail/profiles/3").await.status, 204);
    assert_eq!(names().await, ["A", "B"]);
    for path in ["/settings/mail/profiles/3", "/settings/mail/profiles/99"] {
        assert_eq!(api.get(path).await.status, 404);
        assert_eq!(api.delete(path).await.status, 404);
    }
}

#[tokio::test]
async fn a_dry_run_sends_nothing_and_says_so() {
    let api = Api::start().await;
    let server = SmtpServer::start(Script::plain().login("watch", "s3cret-pass")).await;
    api.put("/settings/mail", settings(server.port())).await;
    let rehearsed = api
        .post(
            "/settings/mail/profiles/1/test",
            json!({"to": "me@example.org", "dry_run": true}),
        )
        .await;
    assert_eq!(rehearsed.body["ok"], true, "{}", rehearsed.text);
    assert_eq!(rehearsed.body["dry_run"], true);
    assert_eq!(rehearsed.body["not_reached"], json!(["data", "reply", "inbox"]));
    assert!(server.received().is_empty());
}

/// Who saved which profile, in which revision, and the names of what changed; the values stay out, secrets first of all.
#[tokio::test]
async fn every_save_stands_in_the_log_with_what_it_changed() {
    let logs = Logs::default();
    let _until_the_end = logs.capture();
    let api = Api::start().await;
    api.put("/settings/mail", settings(2525)).await;
    api.post("/settings/mail/profiles", settings(2525)).await;
    for (path, profile) in [
        ("/settings/mail", 1),
        ("/settings/mail/profiles/1", 1),
        ("/settings/mail/profiles/2", 2),
    ] {
        let before = api.get(path).await.body["revision"].as_i64().unwrap();
        let mut body = settings(2525);
        body["password"] = json!(format!("another-s3cret-{before}"));
        body["verify_certificate"] = json!(false);
        body["allow_insecure_auth"] = json!(true);
        let heard = logs.text().len();
        let saved = api.put(path, body.clone()).await;
        assert_eq!(saved.status, 200, "{}", saved.text);
        let all = logs.text();
        let said: Vec<&str> = all[heard..]
            .lines()
            .filter(|l| l.contains("mail settings saved"))
            .collect();
        assert_eq!(said.len(), 3, "{path}: {said:?}");
        for line in &said {
            for part in [
                format!("mail.profile={profile} "),
                format!("settings.revision={} ", before + 1),
                "settings.saved_by=\"write (ops@example.org)\"".to_owned(),
            ] {
                assert!(line.contains(&part), "{path}: no {part} in {line}");
            }
        }
        assert!(said[1].contains("WARN") && said[1].contains("without the certificate check"));
        assert!(said[2].contains("WARN") && said[2].contains("travel unencrypted"));
        let changed = saved.body["changed"].as_array().unwrap();
        let names: Vec<&str> = changed.iter().filter_map(Value::as_str).collect();
        assert!(names.contains(&"password"), "{names:?}");
        assert!(
            said[0].contains(&format!("settings.changed=\"{}\"", names.join(", "))),
            "{}",
            said[0]
        );
        if before == 1 {
            assert_eq!(names, ["allow_insecure_auth", "verify_certificate", "password"]);
        }
        // Nothing changed, and nothing is said to have.
        body.as_object_mut().unwrap().remove("password");
        assert_eq!(api.put(path, body).await.body["changed"], json!([]));
    }
    let all = logs.text();
    assert!(!all.contains("s3cret"), "{all}");
}

/// Mail is stuck, and nothing that somebody could save holds it: the messages are there all the same.
#[tokio::test]
async fn messages_that_are_not_sent_yet_are_counted() {
    use domain::{id::ProfileId, mail::breaker::Fault};
    use store::mail::Outcome;

    let api = Api::start().await;
    api.put("/settings/mail", settings(2525)).await;
    let quiet = api.get("/settings/mail").await.body;
    assert_eq!(
        (&quiet["pending"], &quiet["oldest_pending_at"]),
        (&json!(0), &Value::Null)
    );
    let (_, channel, _) = outage(&api).await;
    for _ in 0..2 {
        let mail = api.store.mail();
        let saved_at = mail.primary().await.unwrap().unwrap().saved_at;
        let refused = (Outcome::Fails(Fault::LoginRefused), saved_at);
        mail.learn(ProfileId(1), 1, refused, ("535 no", Some("auth")))
            .await
            .unwrap();
    }
    let primary = api.get("/settings/mail").await.body;
    let profile = api.get("/settings/mail/profiles/1").await.body;
    assert_eq!(profile["breaker"]["state"], "open");
    for view in [primary, profile] {
        assert_eq!(
            (&view["pending"], &view["waiting"]),
            (&json!(2), &json!(0)),
            "{view}"
        );
        assert!(is_time(&view["oldest_pending_at"]) && view["oldest_waiting_at"].is_null());
    }
    let health = &api.get(&format!("/channels/{channel}")).await.body["health"];
    assert_eq!((&health["pending"], &health["waiting"]), (&json!(2), &json!(0)));
}

/// The clock counts milliseconds: what is written before and after is then a different one.
async fn next_moment() {
    tokio::time::sleep(std::time::Duration::from_millis(2)).await;
}

#[tokio::test]
async fn one_refused_recipient_is_no_failing_server() {
    use domain::id::ProfileId;

    let api = Api::start().await;
    api.put("/settings/mail", settings(2525)).await;
    let state = async || {
        api.get("/settings/mail").await.body["state"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let note = async |failure: Option<(&str, Option<&str>)>| {
        next_moment().await;
        let mail = api.store.mail();
        mail.note_message(ProfileId(1), 1, failure, "250 queued")
            .await
            .unwrap();
    };
    note(None).await;
    note(Some(("550 5.1.1 No such user", Some("rcpt_to")))).await;
    assert_eq!(state().await, "configured");
    assert_eq!(
        api.get("/settings/mail").await.body["last_error"],
        "550 5.1.1 No such user"
    );
    note(Some(("535 5.7.8 no", Some("auth")))).await;
    assert_eq!(state().await, "failing");
    next_moment().await;
    api.put("/settings/mail", settings(2525)).await;
    assert_eq!(state().await, "configured", "the save may have been the cure");
}

#[tokio::test]
async fn a_test_without_a_recipient_goes_to_the_owner_of_the_token() {
    let api = Api::start().await;
    let server = SmtpServer::start(Script::plain().login("watch", "s3cret-pass")).await;
    api.put("/settings/mail", settings(server.port())).await;
    for path in ["/settings/mail/test", "/settings/mail/profiles/1/test"] {
        let sent = api.post(path, json!({})).await;
        assert_eq!(sent.body["ok"], true, "{}", sent.text);
    }
    let messages = server.messages();
    assert_eq!(messages.len(), 2);
    for message in messages {
        assert_eq!(message.header("To").as_deref(), Some("ops@example.org"));
    }
}
