//! Set-up, login, sessions, language.

use std::time::Duration;

use http::StatusCode;

use crate::visitor::{EMAIL, PASSWORD, SETUP_TOKEN, Scene};

#[tokio::test]
async fn the_set_up_needs_its_token_and_happens_once() {
    let scene = Scene::new().await;
    scene.with_setup_token().await;
    std::fs::write(scene.dir.path().join("setup-token"), SETUP_TOKEN).unwrap();
    let mut visitor = scene.visitor();
    assert_eq!(visitor.get("/setup").await.status, StatusCode::FORBIDDEN);
    assert_eq!(
        visitor.get("/setup?token=guess").await.status,
        StatusCode::FORBIDDEN
    );
    // A stranger cannot tell from the login that nobody has claimed this instance.
    assert!(!visitor.get("/login").await.body.contains("setup"));

    let address = format!("/setup?token={SETUP_TOKEN}");
    assert_eq!(visitor.get(&address).await.status, StatusCode::OK);
    let form = |password: &'static str, repeat: &'static str| {
        [
            ("token", SETUP_TOKEN),
            ("email", EMAIL),
            ("password", password),
            ("repeat", repeat),
        ]
    };
    for (password, repeat) in [("short", "short"), (PASSWORD, "another one entirely")] {
        let refused = visitor.post("/setup", &form(password, repeat)).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(
            refused.body.contains(EMAIL) && !refused.body.contains(password),
            "{}",
            refused.body
        );
    }
    let done = visitor.post("/setup", &form(PASSWORD, PASSWORD)).await;
    assert_eq!(
        (done.status, done.location()),
        (StatusCode::SEE_OTHER, "/"),
        "{}",
        done.body
    );
    assert_eq!(visitor.get("/").await.status, StatusCode::OK);
    assert!(!scene.dir.path().join("setup-token").exists());

    let mut late = scene.visitor();
    assert_eq!(late.get(&address).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn fifty_at_once_make_one_administrator() {
    let scene = Scene::new().await;
    scene.with_setup_token().await;
    let mut visitor = scene.visitor();
    visitor.get(&format!("/setup?token={SETUP_TOKEN}")).await;
    let tries: Vec<_> = (0..50)
        .map(|i| {
            let mut visitor = visitor.clone();
            let email = format!("admin{i}@example.org");
            async move {
                let fields = [
                    ("token", SETUP_TOKEN),
                    ("email", &email),
                    ("password", PASSWORD),
                    ("repeat", PASSWORD),
                ];
                visitor.post("/setup", &fields).await.status
            }
        })
        .collect();
    let mut set = tokio::task::JoinSet::new();
    for attempt in tries {
        set.spawn(attempt);
    }
    let answers = set.join_all().await;
    let made = answers.iter().filter(|s| **s == StatusCode::SEE_OTHER).count();
    assert_eq!(made, 1, "{answers:?}");
}

#[tokio::test]
async fn the_login_leads_back_and_only_to_ourselves() {
    let scene = Scene::new().await;
    scene.with_admin().await;
    for (next, location) in [
        ("/settings/mail?preset=gmail", "/settings/mail?preset=gmail"),
        ("//evil.example/", "/"),
        ("/\\evil.example/", "/"),
        ("https://evil.example/", "/"),
        ("/%2fevil.example", "/"),
    ] {
        let mut visitor = scene.visitor();
        visitor.get("/login").await;
        let fields = [("email", EMAIL), ("password", PASSWORD), ("next", next)];
        let answer = visitor.post("/login", &fields).await;
        assert_eq!(
            (answer.status, answer.location()),
            (StatusCode::SEE_OTHER, location),
            "{next}"
        );
    }
    let mut visitor = scene.visitor();
    let answer = visitor.get("/settings/mail?preset=gmail").await;
    assert_eq!(
        answer.location(),
        "/login?next=%2Fsettings%2Fmail%3Fpreset%3Dgmail"
    );
    let page = visitor.get(answer.location()).await;
    assert!(
        page.body
            .contains("name=\"next\" value=\"/settings/mail?preset=gmail\"")
    );
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_account_look_alike() {
    let scene = Scene::new().await;
    scene.with_admin().await;
    let mut bodies = Vec::new();
    for email in [EMAIL, "ne@example.org"] {
        let mut visitor = scene.visitor();
        visitor.get("/login").await;
        let answer = visitor
            .post("/login", &[("email", email), ("password", "wrong wrong wrong")])
            .await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(!answer.body.contains("wrong wrong"));
        bodies.push(answer.body.replace(email, "").replace(&visitor.token, ""));
    }
    assert_eq!(bodies[0], bodies[1]);
}

#[tokio::test]
async fn guessing_is_slowed_down_for_the_guesser_alone() {
    let scene = Scene::new().await;
    scene.with_admin().await;
    let mut guesser = scene.visitor();
    guesser.get("/login").await;
    let mut throttled = None;
    for _ in 0..15 {
        let answer = guesser
            .post("/login", &[("email", EMAIL), ("password", "wrong wrong wrong")])
            .await;
        if answer.status == StatusCode::TOO_MANY_REQUESTS {
            throttled = Some(answer);
            break;
        }
    }
    let throttled = throttled.expect("fifteen guesses in a row are not all looked at");
    assert!(
        throttled.headers["retry-after"]
            .to_str()
            .unwrap()
            .parse::<u64>()
            .unwrap()
            > 0
    );

    scene.clock.advance(Duration::from_secs(5));
    let mut owner = scene.visitor();
    owner.peer = "198.51.100.9:1".parse().unwrap();
    owner.get("/login").await;
    let answer = owner
        .post("/login", &[("email", EMAIL), ("password", PASSWORD)])
        .await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
}

#[tokio::test]
async fn sessions_rotate_at_login_and_end_on_the_server() {
    let scene = Scene::new().await;
    let mut admin = scene.admin().await;
    let before = admin.clone();
    admin.get("/login").await;
    let answer = admin.post("/logout", &[]).await;
    assert_eq!(answer.location(), "/login");
    assert!(!admin.cookies.contains_key("sid"));
    assert!(admin.get("/login").await.body.contains("You are signed out."));
    // The old cookie opens nothing any more.
    assert_eq!(before.clone().get("/").await.location(), "/login");

    let mut again = scene.admin().await;
    assert_ne!(again.cookies["sid"], before.cookies["sid"]);
    scene.clock.advance(Duration::from_hours(25));
    assert_eq!(again.get("/").await.location(), "/login");
}

#[tokio::test]
async fn changing_the_password_ends_the_other_sessions() {
    let scene = Scene::new().await;
    let mut one = scene.admin().await;
    let mut other = scene.admin().await;
    // Making the administrator again ended the first one's session.
    assert_eq!(one.get("/").await.location(), "/login");
    let mut one = other.clone();
    one.get("/settings/security").await;
    let fresh = "other words in a row";
    let form = |present: &'static str| [("present", present), ("password", fresh), ("repeat", fresh)];
    let refused = one
        .post("/settings/security/password", &form("not the password"))
        .await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    scene.clock.advance(Duration::from_mins(5));
    let done = one.post("/settings/security/password", &form(PASSWORD)).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    assert_eq!(one.get("/").await.status, StatusCode::OK);
    assert_eq!(other.get("/").await.location(), "/login");
}

#[tokio::test]
async fn tokens_are_shown_once() {
    let scene = Scene::new().await;
    let mut admin = scene.admin().await;
    admin.get("/settings/tokens").await;
    let fields = [("name", "Grafana <b>"), ("scope", "read"), ("expires", "30")];
    let made = admin.post("/settings/tokens", &fields).await;
    assert_eq!(made.status, StatusCode::OK);
    let token = made
        .body
        .split('>')
        .find(|t| t.starts_with("wb_"))
        .unwrap()
        .split('<')
        .next()
        .unwrap()
        .to_owned();
    assert!(scene.store.accounts().token(&token).await.unwrap().is_some());
    assert!(!made.body.contains("Grafana <b>"));
    let later = admin.get("/settings/tokens").await;
    assert!(later.body.contains("Grafana") && !later.body.contains(&token));

    let path = later
        .body
        .split('"')
        .find(|t| t.ends_with("/revoke"))
        .unwrap()
        .to_owned();
    assert_eq!(admin.post(&path, &[]).await.status, StatusCode::SEE_OTHER);
    assert!(scene.store.accounts().token(&token).await.unwrap().is_none());
    assert_eq!(admin.post(&path, &[]).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_language_follows_the_choice_and_then_the_browser() {
    let scene = Scene::new().await;
    let mut visitor = scene.visitor();
    assert!(visitor.get("/login").await.body.contains("Sign in"));
    visitor
        .headers
        .insert("accept-language", "zh-CN,zh;q=0.9".parse().unwrap());
    assert!(visitor.get("/login").await.body.contains("登录"));
    let answer = visitor
        .post("/language", &[("language", "en"), ("next", "/login")])
        .await;
    assert_eq!(answer.location(), "/login");
    assert!(visitor.get("/login").await.body.contains("Sign in"));
    visitor
        .post("/language", &[("language", "xx"), ("next", "//evil.example")])
        .await;
    assert!(visitor.get("/login").await.body.contains("Sign in"));
}

#[tokio::test]
async fn plain_http_beyond_this_machine_says_so() {
    for (url, shown, cookie) in [
        ("http://10.0.0.7:8380", true, "sid"),
        ("http://127.0.0.1:8380", false, "sid"),
        ("https://watch.example", false, "__Host-sid"),
    ] {
        let scene = Scene::at(url).await;
        let mut admin = scene.admin().await;
        assert_eq!(
            admin.get("/").await.body.contains("travels unencrypted"),
            shown,
            "{url}"
        );
        assert!(admin.cookies.contains_key(cookie), "{url}: {:?}", admin.cookies);
    }
}
