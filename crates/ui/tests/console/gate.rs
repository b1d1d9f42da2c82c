//! What every route has in common: headers, closed to strangers, and no form that is not ours. The routes are read from
//! the source, so that a new page is held to it as well.

use std::{collections::BTreeSet, time::Duration};

use http::{HeaderMap, Method, StatusCode};
use testkit::{Script, SmtpServer, wait_until};

use crate::{
    log,
    sources::files,
    visitor::{EMAIL, PASSWORD, Scene, Visitor},
};

/// Prove themselves by a signature in their address, and have neither session nor token: the tests are in `unsubscribe`,
/// `acknowledge` and `on_call`.
const SIGNED: [&str; 3] = ["/unsubscribe/{token}", "/ack/{token}", "/on-call/feed/{token}"];

/// Open to strangers, on purpose.
const PUBLIC: [&str; 3] = ["/login", "/setup", "/language"];

/// Every route with the methods that it takes, ids filled in.
fn routes(method: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (_, text) in files("crates/ui/src/pages", "rs") {
        for (at, _) in text.match_indices(".route(") {
            let call = &text[at..];
            // Up to the next route or the end of the statement.
            let end = call[7..].find(".route(").map_or(call.len(), |e| e + 7);
            let end = call[..end].find("}\n").unwrap_or(end);
            let call = &call[..end];
            let Some(path) = call.split('"').nth(1) else {
                continue;
            };
            if !SIGNED.contains(&path) && call.contains(&format!("{method}(")) {
                found.insert(path.replace("{id}", "1"));
            }
        }
    }
    assert!(found.len() > 5, "{found:?}");
    assert!(
        !found.iter().any(|p| p.contains('{')),
        "fill in the parameter: {found:?}"
    );
    found
}

fn is_public(path: &str) -> bool {
    PUBLIC.contains(&path)
}

#[tokio::test]
async fn strangers_see_the_login_and_nothing_else() {
    let scene = Scene::new().await;
    scene.with_admin().await;
    for path in routes("get")
        .into_iter()
        .chain(["/no/such/page".to_owned(), "/static".to_owned()])
    {
        let answer = scene.visitor().get(&path).await;
        match path.as_str() {
            "/login" => assert_eq!(answer.status, StatusCode::OK),
            "/setup" => assert_eq!(answer.status, StatusCode::NOT_FOUND),
            path => {
                assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}");
                assert!(
                    answer.location().starts_with("/login"),
                    "{path}: {}",
                    answer.location()
                );
            }
        }
    }
    for path in routes("post").iter().filter(|p| !is_public(p)) {
        let mut stranger = scene.visitor();
        stranger.get("/login").await;
        let answer = stranger.post(path, &[]).await;
        assert_eq!(
            (answer.status, answer.location()),
            (StatusCode::SEE_OTHER, "/login"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn no_form_passes_without_the_token_or_from_elsewhere() {
    let scene = Scene::new().await;
    let admin = scene.admin().await;
    for path in routes("post") {
        let mut visitor = admin.clone();
        let right = visitor.token.clone();
        for fields in [
            vec![],
            vec![("csrf", "")],
            vec![("csrf", "wrong")],
            vec![("csrf", &right[1..])],
        ] {
            let answer = visitor.post_bare(&path, &fields).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path} with {fields:?}");
        }
        // A body that is not a form has no token, whatever it contains.
        let mut plain = admin.clone();
        plain
            .headers
            .insert("content-type", "text/plain".parse().unwrap());
        let answer = plain
            .send(Method::POST, &path, Some(format!("csrf={right}")))
            .await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path} as text");

        for (name, value) in [
            ("origin", "https://evil.example"),
            ("origin", "null"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
        ] {
            let mut elsewhere = admin.clone();
            elsewhere.headers.insert(name, value.parse().unwrap());
            let answer = elsewhere.post(&path, &[]).await;
            assert_eq!(
                answer.status,
                StatusCode::FORBIDDEN,
                "{path} with {name}: {value}"
            );
        }
    }
}

#[tokio::test]
async fn the_token_of_another_visitor_does_not_count() {
    let scene = Scene::new().await;
    let admin = scene.admin().await;
    let mut attacker = scene.visitor();
    attacker.get("/login").await;
    let mut victim = admin.clone();
    victim.token = attacker.token;
    assert_eq!(victim.post("/logout", &[]).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn every_answer_carries_the_headers() {
    let scene = Scene::at("https://watch.example").await;
    let mut admin = scene.admin().await;
    let missing = ["/no/such/page".to_owned(), "/static/0/nothing.css".to_owned()];
    for path in routes("get").into_iter().chain(missing) {
        let answer = admin.get(&path).await;
        assert!(!answer.status.is_server_error(), "{path}: {}", answer.status);
        hold_headers(&path, &answer.headers);
        let refused = admin.post_bare(&path, &[]).await;
        hold_headers(&path, &refused.headers);
    }
}

fn hold_headers(path: &str, headers: &HeaderMap) {
    let value = |name: &str| headers.get(name).map_or("", |v| v.to_str().unwrap());
    for (name, expected) in [
        (
            "content-security-policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        ),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("strict-transport-security", "max-age=31536000"),
        ("cache-control", "no-store"),
    ] {
        assert_eq!(value(name), expected, "{path}: {name}");
    }
    assert!(!value("x-request-id").is_empty(), "{path}");
    for cookie in headers.get_all("set-cookie") {
        let cookie = cookie.to_str().unwrap();
        for part in ["; HttpOnly", "; Secure", "; SameSite=Lax", "; Path=/"] {
            assert!(cookie.contains(part), "{path}: {cookie}");
        }
        assert!(!cookie.contains("Domain"), "{path}: {cookie}");
    }
}

#[tokio::test]
async fn static_files_are_cached_for_ever_under_their_content() {
    let scene = Scene::new().await;
    let mut stranger = scene.visitor();
    let page = stranger.get("/login").await.body;
    for (kind, ending) in [
        ("text/css", "app.css"),
        ("text/javascript", "app.js"),
        ("image/svg+xml", "logo.svg"),
    ] {
        let url = page
            .split('"')
            .find(|t| t.starts_with("/static/") && t.ends_with(ending))
            .unwrap();
        let answer = stranger.get(url).await;
        assert_eq!(answer.status, StatusCode::OK, "{url}");
        assert_eq!(
            answer.headers["cache-control"],
            "public, max-age=31536000, immutable"
        );
        assert_eq!(answer.headers["content-type"], kind);
        assert!(answer.headers.contains_key("content-security-policy"));
        // HSTS belongs to https alone.
        assert!(!answer.headers.contains_key("strict-transport-security"));
    }
}

#[tokio::test]
async fn an_error_page_names_the_request_and_no_cause() {
    let scene = Scene::new().await;
    let mut admin = scene.admin().await;
    let answer = admin.get("/no/such/page").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    let id = answer.headers["x-request-id"].to_str().unwrap();
    assert!(answer.body.contains(id), "{}", answer.body);
    let answer = admin
        .send(Method::DELETE, "/login", Some(format!("csrf={}", admin.token)))
        .await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    assert!(answer.headers.contains_key("allow") && answer.body.contains("</html>"));
    let answer = admin.post("/login", &[("email", &"x".repeat(300 * 1024))]).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
}

/// A request id from outside would land in our log.
#[tokio::test]
async fn a_request_id_from_outside_does_not_count() {
    let scene = Scene::new().await;
    let mut visitor: Visitor = scene.visitor();
    visitor.headers.insert("x-request-id", "mine".parse().unwrap());
    assert_ne!(visitor.get("/login").await.headers["x-request-id"], "mine");
}

/// Whatever name the console is called by, messages lead to the address that was set up: else whoever asks could choose
/// where everybody else's links go.
#[tokio::test]
async fn a_foreign_host_is_in_no_message() {
    let server = SmtpServer::start(Script::plain()).await;
    let scene = Scene::at("https://watch.example.org").await;
    scene.with_admin().await;
    let mut visitor = scene.visitor();
    for name in ["host", "x-forwarded-host", "forwarded"] {
        let value = if name == "forwarded" {
            "host=evil.example"
        } else {
            "evil.example"
        };
        visitor.headers.insert(name, value.parse().unwrap());
    }
    visitor.get("/login").await;
    let answer = visitor
        .post("/login", &[("email", EMAIL), ("password", PASSWORD)])
        .await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    visitor.get("/").await;
    let port = server.port().to_string();
    let mail = [
        ("host", "127.0.0.1"),
        ("port", &port),
        ("security", "none"),
        ("from", "watch@example.org"),
        ("test_to", EMAIL),
        ("do", "test"),
    ];
    let saved = visitor.post("/settings/mail", &mail).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.body);
    let channel = [("kind", "email"), ("name", "On call"), ("config.to", EMAIL)];
    visitor.post("/channels", &channel).await;
    visitor.post("/channels/1/test", &[]).await;
    assert_eq!(server.messages().len(), 2);

    let channel = scene.store.channels().all().await.unwrap().remove(0);
    let monitor = log::monitor(&scene, &channel).await;
    log::turn(&scene, &monitor, true).await;
    scene.work();
    wait_until(Duration::from_secs(10), "the alert", || {
        server.messages().len() == 3
    })
    .await;
    let mut links = 0;
    for message in server.messages() {
        // Quoted-printable breaks its lines anywhere.
        let text = message.text().replace("=\r\n", "");
        // The name of a language, which nobody visits.
        let text = text.replace("http://www.w3.org/1999/xhtml", "");
        assert!(!text.contains("evil.example"), "{text}");
        for (at, _) in text.match_indices("http") {
            let link = &text[at..];
            assert!(
                link.starts_with("https://watch.example.org/"),
                "{}",
                link.lines().next().unwrap()
            );
            links += 1;
        }
    }
    assert!(links > 4, "{links}");
}
