//! Settings > Mail: what is saved, what is tested, and what never leaves.

use std::time::Duration;

use http::StatusCode;
use secrecy::ExposeSecret as _;
use testkit::{Script, SmtpServer, Step};

use crate::visitor::{Answer, EMAIL, PASSWORD, Scene, Visitor};

const HERE: &str = "/settings/mail";
const SECRET: &str = "hunter2-canary-7f3a";

/// The form as a browser would send it for a server with a login.
fn form(port: u16) -> Vec<(&'static str, String)> {
    [
        ("host", "127.0.0.1"),
        ("security", "none"),
        ("username", "watch"),
        ("password", SECRET),
        ("from", "watch@example.org"),
        ("verify_certificate", "on"),
        ("test_to", EMAIL),
    ]
    .into_iter()
    .map(|(n, v)| (n, v.to_owned()))
    .chain([("port", port.to_string())])
    .collect()
}

fn set(form: &mut Vec<(&'static str, String)>, name: &'static str, value: &str) {
    form.retain(|(n, _)| *n != name);
    form.push((name, value.to_owned()));
}

async fn send(visitor: &mut Visitor, button: &str, form: &[(&'static str, String)]) -> Answer {
    let mut fields: Vec<(&str, &str)> = form.iter().map(|(n, v)| (*n, v.as_str())).collect();
    fields.push(("do", button));
    let answer = visitor.post(HERE, &fields).await;
    assert!(
        !answer.body.contains(SECRET),
        "the password came back: {}",
        answer.body
    );
    answer
}

async fn stored_password(scene: &Scene) -> Option<String> {
    let stored = scene.store.mail().primary().await.unwrap()?;
    Some(stored.settings.credentials?.password?.expose_secret().to_owned())
}

#[tokio::test]
async fn nothing_set_up_is_a_state_and_no_connection() {
    let scene = Scene::new().await;
    let mut admin = scene.admin().await;
    let page = admin.get(HERE).await;
    assert!(page.body.contains("Not set up"), "{}", page.body);
    let answer = admin.post("/settings/mail/test", &[("test_to", EMAIL)]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert!(admin.get(HERE).await.body.contains("nothing to test"));
}

#[tokio::test]
async fn a_test_that_works_saves_and_the_panel_says_what_is_in_use() {
    let server = SmtpServer::start(Script::plain().login("watch", SECRET)).await;
    let scene = Scene::new().await;
    let mut admin = scene.admin().await;
    let answer = send(&mut admin, "test", &form(server.port())).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let messages = server.messages();
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0].recipients, [EMAIL]);

    let page = admin.get(HERE).await.body;
    assert!(page.contains("The test was accepted"), "{page}");
    for shown in [
        format!("127.0.0.1:{}", server.port()).as_str(),
        "watch@example.org",
        EMAIL,
    ] {
        assert!(page.contains(shown), "{shown} is missing");
    }
    assert!(!page.contains(SECRET));
    let saved = scene.store.mail().primary().await.unwrap().unwrap();
    assert_eq!((saved.revision, saved.saved_by.as_str()), (1, EMAIL));

    // The button of the panel uses exactly what is stored.
    let shown = admin
        .post("/settings/mail/test", &[("test_to", "other@example.org")])
        .await;
    assert_eq!(shown.status, StatusCode::OK);
    assert!(
        shown.body.contains("Accepted") && !shown.body.contains(SECRET),
        "{}",
        shown.body
    );
    assert_eq!(server.messages()[1].recipients, ["other@example.org"]);
    let by = format!("Accepted by 127.0.0.1:{} as ", server.port());
    assert!(shown.body.contains(&by), "{}", shown.body);
}

#[tokio::test]
async fn a_test_that_fails_shows_its_steps_and_saves_nothing() {
    let server = SmtpServer::start(Script::plain().reply(Step::RcptTo, "550 5.1.1 no such user")).await;
    let scene = Scene::new().await;
    let mut admin = scene.admin().await;
    let mut typed = form(server.port());
    set(&mut typed, "username", "");
    set(&mut typed, "password", "");
    let answer = send(&mut admin, "test", &typed).await;
    assert_eq!(answer.status, StatusCode::OK);
    for shown in [
        "no such user",
        "Recipient",
        "Connection",
        "Nothing was saved",
        "C: RCPT TO",
    ] {
        assert!(answer.body.contains(shown), "{shown} is missing: {}", answer.body);
    }
    assert!(scene.store.mail().primary().await.unwrap().is_none());

    let connections = server.connection_count();
    let saved = send(&mut admin, "save", &typed).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER);
    assert_eq!(
        server.connection_count(),
        connections,
        "saving alone connects to nobody"
    );
    assert!(scene.store.mail().primary().await.unwrap().is_some());
}

/// A changed host, port, security, certificate check or user must not get the stored password, by saving or by testing.
#[tokio::test]
async fn a_stored_password_goes_nowhere_else() {
    let server = SmtpServer::start(Script::plain()).await;
    let scene = Scene::new().await;
    let mut admin = scene.admin().await;
    assert_eq!(
        send(&mut admin, "save", &form(2525)).await.status,
        StatusCode::SEE_OTHER
    );
    let port = server.port().to_string();
    for (name, value) in [
        ("host", "localhost"),
        ("port", port.as_str()),
        ("security", "starttls"),
        ("security", "tls"),
        ("username", "other"),
        ("verify_certificate", ""),
        (
            "ca_pem",
            "-----BEGIN CERTIFICATE-----\nMAcwADAAAwEA\n-----END CERTIFICATE-----",
        ),
    ] {
        let mut typed = form(2525);
        set(&mut typed, "password", "");
        set(&mut typed, name, value);
        typed.retain(|(n, v)| !(*n == "verify_certificate" && v.is_empty()));
        for button in ["test", "save"] {
            let answer = send(&mut admin, button, &typed).await;
            assert_eq!(
                answer.status,
                StatusCode::UNPROCESSABLE_ENTITY,
                "{button} with {name}={value}"
            );
            assert!(
                answer.body.contains("Enter the password again"),
                "{name}: {}",
                answer.body
            );
        }
    }
    assert_eq!(server.connection_count(), 0);
    assert_eq!(scene.store.mail().primary().await.unwrap().unwrap().revision, 1);
}

#[tokio::test]
async fn an_empty_password_field_keeps_and_the_box_removes() {
    let scene = Scene::new().await;
    let mut admin = scene.admin().await;
    send(&mut admin, "save", &form(2525)).await;
    let mut typed = form(2525);
    set(&mut typed, "password", "");
    assert_eq!(
        send(&mut admin, "save", &typed).await.status,
        StatusCode::SEE_OTHER
    );
    assert_eq!(stored_password(&scene).await.as_deref(), Some(SECRET));

    set(&mut typed, "clear_password", "on");
    assert_eq!(
        send(&mut admin, "save", &typed).await.status,
        StatusCode::SEE_OTHER
    );
    assert_eq!(stored_password(&scene).await, None);
    let stored = scene.store.mail().primary().await.unwrap().unwrap();
    assert!(stored.settings.credentials.is_none());
}

#[tokio::test]
async fn whatever_is_typed_is_refused_in_words() {
    let scene = Scene::new().await;
    let mut admin = scene.admin().await;
    let odd = [
        "a\r\nBcc: x@example.org",
        "\u{0}",
        "\u{202e}evil",
        "<script>alert(1)</script>\u{7}",
    ];
    for name in [
        "host",
        "port",
        "security",
        "username",
        "from",
        "from_name",
        "reply_to",
        "hello_name",
        "ca_pem",
    ] {
        for value in odd.iter().copied().chain(["https://mail.example.org/x"]) {
            let mut typed = form(2525);
            set(&mut typed, name, value);
            let answer = send(&mut admin, "save", &typed).await;
            let harmless = value.starts_with("https") && matches!(name, "username" | "from_name");
            let expected = if harmless {
                StatusCode::SEE_OTHER
            } else {
                StatusCode::UNPROCESSABLE_ENTITY
            };
            assert_eq!(answer.status, expected, "{name} = {value:?}");
            assert!(!answer.body.contains("<script>alert"), "{name}");
            assert!(
                harmless || answer.body.contains("complaints") || answer.body.contains("notice bad"),
                "{name}"
            );
        }
    }
    let mut typed = form(2525);
    set(&mut typed, "from_name", &"x".repeat(200_000));
    assert_eq!(
        send(&mut admin, "save", &typed).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
}

#[tokio::test]
async fn a_mismatch_is_a_warning_with_a_fix_that_saves_nothing() {
    let scene = Scene::new().await;
    let mut admin = scene.admin().await;
    let mut typed = form(465);
    set(&mut typed, "host", "mail.example.org");
    set(&mut typed, "security", "starttls");
    let fixed = send(&mut admin, "fix:security:tls", &typed).await;
    assert_eq!(fixed.status, StatusCode::OK);
    assert!(
        fixed.body.contains("value=\"tls\" checked") && fixed.body.contains("mail.example.org"),
        "{}",
        fixed.body
    );
    assert!(scene.store.mail().primary().await.unwrap().is_none());
    send(&mut admin, "save", &typed).await;
    assert!(
        admin
            .get(HERE)
            .await
            .body
            .contains("Port 465 usually expects TLS")
    );
}

#[tokio::test]
async fn tests_are_few_per_minute() {
    let server = SmtpServer::start(Script::plain()).await;
    let scene = Scene::new().await;
    let mut admin = scene.admin().await;
    let mut typed = form(server.port());
    set(&mut typed, "username", "");
    set(&mut typed, "password", "");
    for _ in 0..5 {
        assert_eq!(
            send(&mut admin, "test", &typed).await.status,
            StatusCode::SEE_OTHER
        );
    }
    let refused = send(&mut admin, "test", &typed).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("Five tests a minute"));
    scene.clock.advance(Duration::from_mins(1));
    assert_eq!(
        send(&mut admin, "test", &typed).await.status,
        StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn a_preset_fills_the_form_and_says_what_to_know() {
    let scene = Scene::new().await;
    let mut admin = scene.admin().await;
    let page = admin.get("/settings/mail?preset=gmail").await.body;
    assert!(
        page.contains("value=\"smtp.gmail.com\"") && page.contains("app password"),
        "{page}"
    );
    let page = admin.get("/settings/mail?preset=microsoft365").await.body;
    assert!(page.contains("second half of 2027"), "{page}");
    assert_eq!(
        admin.get("/settings/mail?preset=nonsense").await.status,
        StatusCode::OK
    );
}

/// The address of the stream in a card, and what it told: `event: name` lines with their data.
async fn watch(admin: &mut Visitor, card: &str) -> Answer {
    let after = card.split("data-stream=\"").nth(1);
    assert!(after.is_some(), "no stream in {card}");
    let stream = after.and_then(|a| a.split('"').next()).unwrap();
    admin.get(stream).await
}

async fn start(visitor: &mut Visitor, button: &str, form: &[(&'static str, String)]) -> Answer {
    let mut fields: Vec<(&str, &str)> = form.iter().map(|(n, v)| (*n, v.as_str())).collect();
    fields.push(("do", button));
    visitor.post("/settings/mail/tests", &fields).await
}

#[tokio::test]
async fn a_live_test_tells_each_step_and_saves_at_the_end() {
    let server = SmtpServer::start(Script::plain().login("watch", SECRET)).await;
    let scene = Scene::new().await;
    let mut admin = scene.admin().await;
    let card = start(&mut admin, "test", &form(server.port())).await;
    assert_eq!(card.status, StatusCode::CREATED, "{}", card.body);
    assert!(card.body.contains("Running") && !card.body.contains(SECRET));
    assert_eq!(server.connection_count(), 0, "it begins when it is watched");

    let told = watch(&mut admin, &card.body).await;
    assert_eq!(told.headers["content-type"], "text/event-stream");
    assert_eq!(told.headers["x-accel-buffering"], "no");
    let names: Vec<&str> = told
        .body
        .lines()
        .filter_map(|l| l.strip_prefix("event: "))
        .collect();
    assert_eq!(names.len(), 12, "{names:?}");
    assert!(names[..11].iter().all(|n| *n == "steps") && names[11] == "done");
    assert!(told.body.contains("saved as revision 1") && !told.body.contains(SECRET));
    assert_eq!(server.messages().len(), 1);
    assert_eq!(stored_password(&scene).await.as_deref(), Some(SECRET));

    // What is in use, by the same way; it saves nothing.
    let card = start(&mut admin, "stored", &[("test_to", EMAIL.to_owned())]).await;
    assert_eq!(card.status, StatusCode::CREATED);
    let told = watch(&mut admin, &card.body).await;
    assert!(told.body.contains("Accepted"), "{}", told.body);
    assert_eq!(server.messages().len(), 2);
    assert_eq!(scene.store.mail().primary().await.unwrap().unwrap().revision, 1);
}

#[tokio::test]
async fn a_live_test_that_fails_names_the_steps_that_were_not_reached() {
    let server = SmtpServer::start(Script::plain().reply(Step::MailFrom, "550 5.7.1 not yours")).await;
    let scene = Scene::new().await;
    let mut admin = scene.admin().await;
    let mut typed = form(server.port());
    set(&mut typed, "username", "");
    set(&mut typed, "password", "");
    let card = start(&mut admin, "test", &typed).await;
    let told = watch(&mut admin, &card.body).await;
    let done = told.body.split("event: done").nth(1).unwrap();
    assert!(
        done.contains("not yours") && done.contains("Nothing was saved"),
        "{done}"
    );
    assert_eq!(done.matches("Not reached").count(), 4, "{done}");
    assert!(scene.store.mail().primary().await.unwrap().is_none());
}

/// a stream belongs to the session whose form asked for it, once, for five minutes, and to our own pages.
#[tokio::test]
async fn a_live_test_belongs_to_its_session_once() {
    let server = SmtpServer::start(Script::plain()).await;
    let scene = Scene::new().await;
    let mut admin = scene.admin().await;
    let mut other = scene.visitor();
    other.get("/login").await;
    let again = [("email", EMAIL), ("password", PASSWORD)];
    assert_eq!(other.post("/login", &again).await.status, StatusCode::SEE_OTHER);
    let mut typed = form(server.port());
    set(&mut typed, "username", "");
    set(&mut typed, "password", "");

    let card = start(&mut admin, "test", &typed).await.body;
    assert_eq!(watch(&mut other, &card).await.status, StatusCode::NOT_FOUND);
    let stranger = watch(&mut scene.visitor(), &card).await;
    assert_eq!(stranger.status, StatusCode::SEE_OTHER);
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
    ] {
        let mut elsewhere = admin.clone();
        elsewhere.headers.insert(name, value.parse().unwrap());
        assert_eq!(
            watch(&mut elsewhere, &card).await.status,
            StatusCode::FORBIDDEN,
            "{name}"
        );
    }
    assert_eq!(server.connection_count(), 0);
    assert_eq!(watch(&mut admin, &card).await.status, StatusCode::OK);
    assert_eq!(watch(&mut admin, &card).await.status, StatusCode::NOT_FOUND);
    assert_eq!(server.messages().len(), 1);

    let late = start(&mut admin, "test", &typed).await.body;
    scene.clock.advance(Duration::from_mins(5));
    assert_eq!(watch(&mut admin, &late).await.status, StatusCode::NOT_FOUND);
    assert_eq!(server.messages().len(), 1);
}

#[tokio::test]
async fn a_live_test_refuses_what_the_form_refuses_and_counts_as_a_test() {
    let server = SmtpServer::start(Script::plain()).await;
    let scene = Scene::new().await;
    let mut admin = scene.admin().await;
    // The stored password goes nowhere else, here neither.
    send(&mut admin, "save", &form(2525)).await;
    let mut typed = form(server.port());
    set(&mut typed, "password", "");
    assert_eq!(
        start(&mut admin, "test", &typed).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    set(&mut typed, "username", "");
    for _ in 0..5 {
        assert_eq!(
            start(&mut admin, "test", &typed).await.status,
            StatusCode::CREATED
        );
    }
    assert_eq!(
        start(&mut admin, "test", &typed).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    let refused = send(&mut admin, "test", &typed).await;
    assert!(refused.body.contains("Five tests a minute"));
    assert_eq!(server.connection_count(), 0);
}

#[tokio::test]
async fn a_dry_run_saves_and_sends_nothing() {
    let server = SmtpServer::start(Script::plain().login("watch", SECRET)).await;
    let scene = Scene::new().await;
    let mut admin = scene.admin().await;
    let mut typed = form(server.port());
    set(&mut typed, "dry_run", "on");
    let answer = send(&mut admin, "test", &typed).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    assert!(admin.get(HERE).await.body.contains("No message was sent"));
    assert!(server.received().is_empty());
    let told = {
        let card = start(&mut admin, "test", &typed).await;
        watch(&mut admin, &card.body).await.body
    };
    assert!(
        told.contains("Would be accepted") && told.contains("Left out"),
        "{told}"
    );
    assert!(server.received().is_empty());
    assert_eq!(scene.store.mail().primary().await.unwrap().unwrap().revision, 2);
}

#[tokio::test]
async fn a_refused_certificate_is_shown() {
    let script = Script::implicit().certificate(testkit::tls::Certificate::WrongName);
    let server = SmtpServer::start(script).await;
    let scene = Scene::new().await;
    let mut admin = scene.admin().await;
    let mut typed = form(server.port());
    set(&mut typed, "security", "tls");
    set(&mut typed, "ca_pem", &testkit::tls::ca_pem());
    let page = send(&mut admin, "test", &typed).await.body;
    for shown in [
        "Certificate of the server",
        "wrong.example",
        "Watchbell test authority",
        "SHA-256",
    ] {
        assert!(page.contains(shown), "{shown} is missing: {page}");
    }
    assert!(server.auth_attempts().is_empty());
}

#[tokio::test]
async fn an_address_that_is_pasted_fills_the_fields() {
    let scene = Scene::new().await;
    let mut admin = scene.admin().await;
    let pasted = "smtps://me%40example.org@mail.example.org:465";
    let answer = admin.post("/settings/mail/paste", &[("host", pasted)]).await;
    let fields: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(
        fields,
        serde_json::json!({ "host": "mail.example.org", "port": 465, "security": "tls", "username": "me@example.org" })
    );
    let plain = admin
        .post("/settings/mail/paste", &[("host", "mail.example.org")])
        .await;
    assert_eq!(plain.status, StatusCode::NO_CONTENT);

    // The same without a script.
    let mut typed = form(1);
    set(&mut typed, "host", "mail.example.org:465");
    send(&mut admin, "save", &typed).await;
    let saved = scene.store.mail().primary().await.unwrap().unwrap().settings;
    assert_eq!(saved.server.to_string(), "mail.example.org:465");
    assert_eq!(saved.security.as_str(), "tls");
}

#[tokio::test]
async fn the_warning_is_asked_for_while_typing() {
    let scene = Scene::new().await;
    let mut admin = scene.admin().await;
    let notice = admin
        .get("/settings/mail/warning?host=mail.example.org&port=465&security=starttls")
        .await
        .body;
    assert!(
        notice.contains("Port 465") && notice.contains("fix:security:tls"),
        "{notice}"
    );
    assert!(!notice.contains("<html"));
    let fine = admin
        .get("/settings/mail/warning?host=mail.example.org&port=465&security=tls")
        .await;
    assert_eq!((fine.status, fine.body.trim()), (StatusCode::OK, ""));
}
