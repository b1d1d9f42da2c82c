//! Settings > Messages: saved, refused, and shown as it will be.

use domain::mail_message::{MessageSettings, SubjectStyle};
use http::StatusCode;

use crate::visitor::{Answer, Scene, Visitor};

const HERE: &str = "/settings/messages";

async fn send(
    visitor: &mut Visitor,
    path: &str,
    style: &str,
    subject: &str,
    note: &str,
    button: &str,
) -> Answer {
    let fields = [
        ("subject_style", style),
        ("subject", subject),
        ("note", note),
        ("event", "incident.resolved"),
        ("do", button),
    ];
    visitor.post(path, &fields).await
}

async fn stored(scene: &Scene) -> (i64, MessageSettings) {
    let stored = scene.store.settings().message().await.unwrap();
    (stored.revision, stored.settings)
}

#[tokio::test]
async fn what_is_chosen_is_kept_and_shown_again() {
    let scene = Scene::new().await;
    let mut admin = scene.admin().await;
    let page = admin.get(HERE).await.body;
    assert!(
        page.contains("[DOWN] Web shop") && page.contains("{{monitor}}"),
        "{page}"
    );
    let saved = send(
        &mut admin,
        HERE,
        "thread",
        "#{{incident}} {{monitor}}",
        "Call <b>Ana</b>\r\n{{link}}",
        "save",
    )
    .await;
    assert_eq!(
        (saved.status, saved.location()),
        (StatusCode::SEE_OTHER, HERE),
        "{}",
        saved.body
    );
    let (revision, settings) = stored(&scene).await;
    assert_eq!((revision, settings.subject_style), (1, SubjectStyle::Thread));
    assert_eq!(settings.note.unwrap().source(), "Call <b>Ana</b>\n{{link}}");
    let page = admin.get(HERE).await.body;
    for needed in [
        "#42 Web shop",
        "Call &#60;b&#62;Ana&#60;/b&#62;",
        "http://127.0.0.1:8380/incidents/42",
        "value=\"thread\" checked",
    ] {
        assert!(page.contains(needed), "{needed}: {page}");
    }
}

#[tokio::test]
async fn a_preview_is_not_a_save() {
    let scene = Scene::new().await;
    let mut admin = scene.admin().await;
    let page = send(
        &mut admin,
        HERE,
        "status",
        "{{status}}: {{monitor}}",
        "",
        "preview",
    )
    .await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(
        page.body.contains("<strong>UP: Web shop</strong>"),
        "{}",
        page.body
    );
    let part = send(
        &mut admin,
        "/settings/messages/preview",
        "thread",
        "",
        "{{reason}}",
        "",
    )
    .await;
    assert_eq!(part.status, StatusCode::OK);
    assert!(
        part.body.contains("<strong>Re: Incident #42: Web shop</strong>"),
        "{}",
        part.body
    );
    assert!(!part.body.contains("<html"), "a part of the page");
    assert_eq!(stored(&scene).await.0, 0);
}

#[tokio::test]
async fn mistakes_are_told_where_they_are() {
    let scene = Scene::new().await;
    let mut admin = scene.admin().await;
    for (path, button) in [
        (HERE, "save"),
        (HERE, "preview"),
        ("/settings/messages/preview", ""),
        ("/settings/messages/html", ""),
    ] {
        let answer = send(
            &mut admin,
            path,
            "status",
            "",
            "{{ include('/etc/passwd') }}",
            button,
        )
        .await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{path} {button}");
        assert!(
            answer.body.contains("There is no placeholder") && answer.body.contains("duration, incident"),
            "{}",
            answer.body
        );
        assert!(!answer.body.contains("root:"));
    }
    assert_eq!(stored(&scene).await.0, 0);
}

#[tokio::test]
async fn the_html_is_shown_under_a_policy_of_its_own() {
    let scene = Scene::new().await;
    let mut admin = scene.admin().await;
    let answer = send(
        &mut admin,
        "/settings/messages/html",
        "status",
        "",
        "<script>alert(1)</script>",
        "",
    )
    .await;
    assert_eq!(answer.status, StatusCode::OK);
    let policy = answer.headers["content-security-policy"].to_str().unwrap();
    assert_eq!(
        policy,
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"
    );
    assert!(
        answer.body.contains("prefers-color-scheme") && answer.body.contains("&#60;script&#62;"),
        "{}",
        answer.body
    );
}

#[tokio::test]
async fn the_time_zone_of_messages_is_checked() {
    let scene = Scene::new().await;
    let mut admin = scene.admin().await;
    let refused = admin
        .post(
            "/settings/general",
            &[("timezone", "Mars/Olympus"), ("language", "zh-CN")],
        )
        .await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("Mars/Olympus"), "{}", refused.body);
    let saved = admin
        .post("/settings/general", &[("timezone", "asia/shanghai")])
        .await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER);
    let general = scene.store.settings().general().await.unwrap();
    assert_eq!(general.timezone.as_deref(), Some("Asia/Shanghai"));
    let preview = admin.get(HERE).await.body;
    assert!(preview.contains("+08:00 Asia/Shanghai"), "{preview}");
}
