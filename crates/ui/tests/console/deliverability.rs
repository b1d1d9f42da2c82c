//! Settings > Mail > Deliverability: what is looked up, what is pasted, and what a hostile zone cannot do.

use http::StatusCode;
use testkit::{DnsServer, dns::Answer};

use crate::visitor::{Scene, Visitor};

const HERE: &str = "/settings/mail/deliverability";

/// Signed in, with Gmail set up for example.org.
async fn admin(scene: &Scene) -> Visitor {
    let mut admin = scene.admin().await;
    let saved = admin
        .post(
            "/settings/mail",
            &[
                ("host", "smtp.gmail.com"),
                ("port", "465"),
                ("security", "tls"),
                ("from", "watch@example.org"),
                ("verify_certificate", "on"),
                ("do", "save"),
            ],
        )
        .await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.body);
    admin
}

#[tokio::test]
async fn the_page_says_what_is_published_and_what_to_publish() {
    let server = DnsServer::of(vec![
        ("example.org", Answer::txt(["v=spf1 mx ~all"])),
        ("s1._domainkey.example.org", Answer::txt(["v=DKIM1; p="])),
    ])
    .await;
    let scene = Scene::asking(server.addr).await;
    let mut admin = admin(&scene).await;
    assert!(
        admin.get("/settings/mail").await.body.contains(HERE),
        "no way leads here"
    );
    let page = admin.get(HERE).await;
    assert_eq!(page.status, StatusCode::OK);
    for shown in [
        "Records of example.org",
        "Your mail goes through Google",
        "v=spf1 mx include:_spf.google.com ~all",
        "_dmarc.example.org",
        "v=DMARC1; p=none; rua=mailto:postmaster@example.org",
        "cannot be seen from here",
    ] {
        assert!(page.body.contains(shown), "{shown} is missing: {}", page.body);
    }
    let keyed = admin
        .get("/settings/mail/deliverability?domain=example.org&selector=s1")
        .await;
    assert!(keyed.body.contains("is revoked"), "{}", keyed.body);

    admin
        .post("/language", &[("language", "zh-CN"), ("back", HERE)])
        .await;
    let chinese = admin.get(HERE).await.body;
    assert!(
        chinese.contains("没有 DMARC 记录") && chinese.contains("您的邮件通过 Google 发送"),
        "{chinese}"
    );
}

#[tokio::test]
async fn reading_twice_asks_once_and_the_button_asks_again() {
    let server = DnsServer::of(vec![("example.org", Answer::txt(["v=spf1 mx ~all"]))]).await;
    let scene = Scene::asking(server.addr).await;
    let mut admin = admin(&scene).await;
    admin.get(HERE).await;
    let asked = server.asked();
    assert!(asked > 0);
    admin.get(HERE).await;
    assert_eq!(server.asked(), asked);
    let again = admin
        .post(
            HERE,
            &[("domain", "example.org"), ("selector", ""), ("envelope", "")],
        )
        .await;
    assert_eq!(again.status, StatusCode::SEE_OTHER);
    assert_eq!(
        again.location(),
        "/settings/mail/deliverability?domain=example.org"
    );
    assert_eq!(server.asked(), asked * 2);
    assert_eq!(admin.get(again.location()).await.status, StatusCode::OK);
    assert_eq!(server.asked(), asked * 2, "what was asked is remembered");
}

#[tokio::test]
async fn a_hostile_record_is_text() {
    let evil = "v=spf1 <script>alert(1)</script> \u{202e}\r\n\" onload=x -all";
    let server = DnsServer::of(vec![
        ("example.org", Answer::txt([evil])),
        (
            "_dmarc.example.org",
            Answer::txt(["v=DMARC1; p=none; rua=mailto:<img src=x>@example.org"]),
        ),
        (
            "s1._domainkey.example.org",
            Answer::txt(["</code><script>alert(2)</script>"]),
        ),
    ])
    .await;
    let scene = Scene::asking(server.addr).await;
    let mut admin = admin(&scene).await;
    let page = admin.get("/settings/mail/deliverability?selector=s1").await.body;
    assert!(page.contains("alert(1)") && page.contains("alert(2)"), "{page}");
    for raw in ["<script>alert", "<img src=x", "\u{202e}", "\" onload"] {
        assert!(!page.contains(raw), "{raw:?} came through: {page}");
    }
}

#[tokio::test]
async fn what_is_no_domain_is_a_complaint_and_no_lookup() {
    let server = DnsServer::start(|_, _| Answer::Code(3)).await;
    let scene = Scene::asking(server.addr).await;
    let mut admin = scene.admin().await;
    // Nothing is set up and nothing was typed: a form, and no complaint.
    let empty = admin.get(HERE).await;
    assert_eq!(empty.status, StatusCode::OK);
    assert!(!empty.body.contains("complaints"), "{}", empty.body);
    for (query, field) in [
        ("?domain=no%20domain", "domain-error"),
        ("?domain=192.0.2.1", "domain-error"),
        ("?domain=%3Cscript%3Ealert(1)%3C%2Fscript%3E.org", "domain-error"),
        ("?domain=example.org&selector=s1%2F", "selector-error"),
        ("?domain=example.org&envelope=x", "envelope-error"),
        ("?selector=s1", "domain-error"),
    ] {
        let refused = admin.get(&format!("{HERE}{query}")).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
        assert!(refused.body.contains(field), "{query}: {}", refused.body);
        assert!(!refused.body.contains("<script>alert"));
    }
    let refused = admin.post(HERE, &[("domain", "nonsense")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(server.asked(), 0);
}

#[tokio::test]
async fn pasted_headers_are_explained_and_escaped() {
    let scene = Scene::new().await;
    let mut admin = scene.admin().await;
    admin.get(HERE).await;
    let headers = "Authentication-Results: mx.example.net;\r\n spf=pass smtp.mailfrom=example.org;\r\n dkim=fail (<b>bad</b>) header.d=example.org;\r\n dmarc=pass header.from=example.org\r\nDKIM-Signature: v=1; d=example.org; s=s1\r\n";
    let path = "/settings/mail/deliverability/headers";
    let page = admin.post(path, &[("headers", headers)]).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    for shown in [
        "mx.example.net: SPF passed for example.org.",
        "is not valid (fail)",
        "DMARC is satisfied",
        "domain=example.org&#38;selector=s1",
    ] {
        assert!(page.body.contains(shown), "{shown} is missing: {}", page.body);
    }
    assert!(!page.body.contains("<b>bad"));

    for (text, sentence) in [
        ("", "This field is required."),
        ("Subject: hello", "There is no header Authentication-Results"),
        (
            "</textarea><script>alert(1)</script>",
            "There is no header Authentication-Results",
        ),
    ] {
        let refused = admin.post(path, &[("headers", text)]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.body.contains(sentence), "{}", refused.body);
        assert!(!refused.body.contains("<script>alert"));
    }
}

#[tokio::test]
async fn each_mail_server_has_its_own_sender() {
    let server = DnsServer::of(vec![("other.example", Answer::txt(["v=spf1 mx ~all"]))]).await;
    let scene = Scene::asking(server.addr).await;
    let mut admin = admin(&scene).await;
    let second = [
        ("host", "smtp.fastmail.com"),
        ("port", "465"),
        ("security", "tls"),
        ("from", "watch@other.example"),
        ("verify_certificate", "on"),
        ("do", "save"),
    ];
    assert_eq!(
        admin.post("/settings/mail/new", &second).await.status,
        StatusCode::SEE_OTHER
    );
    let here = format!("{HERE}?profile=2");
    assert!(
        admin
            .get("/settings/mail/2")
            .await
            .body
            .contains(&format!("href=\"{here}\""))
    );
    let page = admin.get(&here).await.body;
    for shown in [
        "Records of other.example",
        "Your mail goes through Fastmail",
        "include:spf.messagingengine.com",
        "href=\"/settings/mail/2\"",
    ] {
        assert!(page.contains(shown), "{shown} is missing: {page}");
    }
    // Asking again and reading headers stay with it.
    let again = admin.post(HERE, &[("profile", "2")]).await;
    assert!(again.location().contains("profile=2"), "{}", again.location());
    let headers = "DKIM-Signature: d=other.example; s=s1; b=x\r\nAuthentication-Results: a; spf=pass";
    let read = admin
        .post(
            &format!("{HERE}/headers"),
            &[("profile", "2"), ("headers", headers)],
        )
        .await;
    assert!(
        read.body.contains("profile=2&#38;domain=other.example"),
        "{}",
        read.body
    );
    for gone in ["9", "x"] {
        let answer = admin.get(&format!("{HERE}?profile={gone}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
    }
}
