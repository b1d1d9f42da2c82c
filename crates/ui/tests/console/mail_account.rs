//! Settings > Mail with OAuth 2.0, and what is said before a message is missed.

use std::time::Duration;

use domain::{id::ProfileId, mail::MailSettings};
use http::StatusCode;
use secrecy::SecretString;
use serde_json::json;

use crate::visitor::{EMAIL, Scene, Visitor};

const SECRET: &str = "client-canary-5d0c";

/// The form as somebody fills it for Google.
const FILLED: [(&str, &str); 12] = [
    ("host", "127.0.0.1"),
    ("port", "2525"),
    ("security", "tls"),
    ("auth", "xoauth2"),
    ("username", "watch@example.org"),
    ("oauth.provider", "google"),
    ("oauth.client_id", "id.apps.example"),
    ("oauth.client_secret", SECRET),
    // Left over from another provider: it is not shown, and does not count.
    ("oauth.tenant", "example.org"),
    ("from", "watch@example.org"),
    ("verify_certificate", "on"),
    ("do", "save"),
];

async fn save(admin: &mut Visitor, changes: &[(&str, &str)]) -> (StatusCode, String, String) {
    let fields: Vec<(&str, &str)> = FILLED
        .into_iter()
        .map(|(name, value)| {
            let changed = changes.iter().find(|(n, _)| *n == name);
            changed.copied().unwrap_or((name, value))
        })
        .collect();
    let answer = admin.post("/settings/mail", &fields).await;
    (answer.status, answer.location().to_owned(), answer.body)
}

#[tokio::test]
async fn a_saved_client_leads_to_its_account_and_its_secret_stays() {
    let scene = Scene::new().await;
    let mut admin = scene.admin().await;
    let (status, _, body) = save(&mut admin, &[("oauth.client_id", "")]).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(body.contains("id=\"oauth-client_id-error\""), "{body}");
    assert!(body.contains("Enter the client secret again") && !body.contains(SECRET));

    let (status, there, body) = save(&mut admin, &[]).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{body}");
    assert_eq!(there, "/settings/mail/authorize?profile=1");
    let page = admin.get(&there).await.body;
    assert!(page.contains("Now connect the account"), "{page}");

    for path in ["/settings/mail", "/"] {
        let page = admin.get(path).await.body;
        assert!(page.contains("is not connected to its account"), "{path}");
        assert!(page.contains(&there), "{path}");
        assert!(!page.contains(SECRET));
    }

    // Who hears the secret is another one: it must be entered again.
    let other = [("oauth.client_id", "another"), ("oauth.client_secret", "")];
    let (status, _, body) = save(&mut admin, &other).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(body.contains("client secret again"), "{body}");
}

#[tokio::test]
async fn the_state_of_the_account_is_on_the_page_and_trouble_on_the_overview() {
    let scene = Scene::new().await;
    let mut admin = scene.admin().await;
    save(&mut admin, &[]).await;
    let settings = scene.store.mail().primary().await.unwrap().unwrap().settings;
    let tokens = scene.store.mail_tokens();
    let (access, refresh) = (SecretString::from("a"), SecretString::from("r"));
    let until = scene.store.now().plus(Duration::from_hours(1));
    tokens
        .connect(ProfileId(1), &settings, &access, &refresh, until)
        .await
        .unwrap();
    let page = admin.get("/settings/mail").await.body;
    assert!(
        page.contains("Connected") && page.contains("Token valid until"),
        "{page}"
    );
    assert!(!page.contains("is not connected") && !admin.get("/").await.body.contains("connected again"));
    // Connected, so that a save leads back to the page.
    let (_, there, body) = save(&mut admin, &[]).await;
    assert_eq!(there, "/settings/mail", "{body}");

    tokens
        .needs_attention(
            ProfileId(1),
            &settings,
            "oauth-revoked",
            "invalid_grant: it has ended",
        )
        .await
        .unwrap();
    for path in ["/settings/mail", "/"] {
        let page = admin.get(path).await.body;
        let banner = page.split("notice bad").nth(1).unwrap();
        assert!(banner.contains("can no longer log in"), "{banner}");
        assert!(banner.contains("invalid_grant: it has ended"), "{banner}");
    }
    let page = admin.get("/settings/mail").await.body;
    assert!(page.contains("Needs attention"));
}

#[tokio::test]
async fn the_weekly_mail_is_set_up_and_its_fate_is_shown() {
    let scene = Scene::new().await;
    let mut admin = scene.admin().await;
    let body = json!({ "host": "127.0.0.1", "port": 2525, "security": "none", "from": "a@example.org" });
    let settings = MailSettings::from_json(body, None).unwrap();
    let id = scene.store.mail().create(&settings, EMAIL).await.unwrap().id;
    assert!(admin.get("/settings/mail").await.body.contains("Set one up"));

    let refused = admin.post("/settings/general", &[("canary_to", "nobody")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused.body.contains("id=\"canary_to-error\""),
        "{}",
        refused.body
    );
    let saved = admin.post("/settings/general", &[("canary_to", EMAIL)]).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER);
    let general = scene.store.settings().general().await.unwrap();
    assert_eq!(general.canary_to.unwrap().as_str(), EMAIL);
    assert!(admin.get("/settings/general").await.body.contains(EMAIL));
    assert!(admin.get("/settings/mail").await.body.contains("None yet"));

    scene.store.mail().note_canary(id, Some("535 no")).await.unwrap();
    assert!(admin.get("/settings/mail").await.body.contains("535 no"));
    scene.store.mail().note_canary(id, None).await.unwrap();
    assert!(!admin.get("/settings/mail").await.body.contains("535 no"));

    scene.clock.advance(Duration::from_hours(24 * 31));
    let mut later = scene.admin().await;
    for path in ["/settings/mail", "/"] {
        let page = later.get(path).await.body;
        assert!(
            page.contains("for 30 days") && page.contains("/settings/mail/1"),
            "{path}: {page}"
        );
    }

    let mut admin = later;
    admin.post("/settings/general", &[("canary_to", "")]).await;
    assert!(
        scene
            .store
            .settings()
            .general()
            .await
            .unwrap()
            .canary_to
            .is_none()
    );
}

#[tokio::test]
async fn one_refused_recipient_does_not_make_a_server_look_broken() {
    let scene = Scene::new().await;
    let mut admin = scene.admin().await;
    let body = json!({ "host": "127.0.0.1", "port": 2525, "security": "none", "from": "a@example.org" });
    let settings = MailSettings::from_json(body, None).unwrap();
    let mail = scene.store.mail();
    let profile = mail.create(&settings, EMAIL).await.unwrap();
    let refused = |step| Some(("550 no", Some(step)));
    for (failure, words) in [
        // Nothing was ever accepted: it may well be the server.
        (refused("rcpt_to"), "Failing"),
        (None, "Working"),
        (refused("rcpt_to"), "Working"),
        (refused("mail_from"), "Failing"),
    ] {
        scene.clock.advance(Duration::from_mins(1));
        mail.note_message(profile.id, profile.revision, failure, "250 ok")
            .await
            .unwrap();
        let page = admin.get("/settings/mail").await.body;
        assert!(page.contains(words), "{failure:?}: {words} is missing");
    }
}
