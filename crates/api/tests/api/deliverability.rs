//! Records of the sender, and headers of a mail that arrived.

use serde_json::{Value, json};
use testkit::{DnsServer, dns::Answer};

use crate::fixture::{Api, fields, is_time};

fn codes(body: &Value) -> Vec<&str> {
    let findings = body["findings"].as_array().unwrap();
    findings.iter().map(|f| f["code"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn records_are_judged() {
    let server = DnsServer::of(vec![
        (
            "example.org",
            Answer::txt(["v=spf1 include:_spf.google.com ~all", "other"]),
        ),
        ("_spf.google.com", Answer::txt(["v=spf1 ip4:192.0.2.0/24 ~all"])),
    ])
    .await;
    let api = Api::asking(server.addr).await;
    let unset = api.get("/settings/mail/deliverability").await;
    assert_eq!((unset.status.as_u16(), fields(&unset)), (422, vec!["domain"]));

    let settings =
        json!({"host": "smtp.gmail.com", "port": 465, "security": "tls", "from": "watch@example.org"});
    assert_eq!(api.put("/settings/mail", settings).await.status, 200);
    let answer = api.get("/settings/mail/deliverability?selector=s1,s2").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.body["domain"], "example.org");
    assert_eq!(answer.body["envelope"], "example.org");
    assert_eq!(answer.body["provider"], "Google");
    assert_eq!(answer.body["selectors"], json!(["s1", "s2"]));
    assert!(is_time(&answer.body["looked_at"]));
    let codes = codes(&answer.body);
    for code in [
        "spf-provider-included",
        "dkim-missing",
        "dmarc-missing",
        "mx-missing",
    ] {
        assert!(codes.contains(&code), "{code}: {codes:?}");
    }
    let findings = answer.body["findings"].as_array().unwrap();
    let dmarc = findings.iter().find(|f| f["code"] == "dmarc-missing").unwrap();
    assert_eq!(dmarc["status"], "warning");
    assert_eq!(dmarc["topic"], "dmarc");
    assert_eq!(dmarc["publish"]["name"], "_dmarc.example.org");
    assert!(dmarc["seen"].as_str().unwrap().contains("example.org"));

    let asked = server.asked();
    assert_eq!(
        api.get("/settings/mail/deliverability?selector=s1,s2").await.body,
        answer.body
    );
    assert_eq!(server.asked(), asked, "remembered");
    api.get("/settings/mail/deliverability?selector=s1,s2&again=true")
        .await;
    assert!(server.asked() > asked);
}

#[tokio::test]
async fn what_is_wrong_is_named() {
    let server = DnsServer::start(|_, _| Answer::Code(3)).await;
    let api = Api::asking(server.addr).await;
    for (query, field) in [
        ("domain=192.0.2.1", "domain"),
        ("domain=example.org&selector=a%2Fb", "selector"),
        ("domain=example.org&envelope=x", "envelope"),
        ("domain=example.org&again=perhaps", "again"),
        ("domain=example.org&select=s1", "select"),
    ] {
        let answer = api.get(&format!("/settings/mail/deliverability?{query}")).await;
        assert_eq!(answer.status, 422, "{query}: {}", answer.text);
        assert_eq!(fields(&answer), [field]);
    }
    assert_eq!(server.asked(), 0);
    let missing = api.get("/settings/mail/deliverability?domain=gone.example").await;
    assert!(
        codes(&missing.body).contains(&"domain-missing"),
        "{}",
        missing.text
    );
}

#[tokio::test]
async fn headers_are_read() {
    let api = Api::start().await;
    let path = "/settings/mail/authentication-results";
    let headers = "Authentication-Results: mx.example.net;\r\n\tspf=fail smtp.mailfrom=bounce.example.net;\r\n\tdmarc=fail header.from=example.org\r\nFrom: <watch@example.org>\r\nDKIM-Signature: d=example.org; s=S1; b=x\r\n";
    let answer = api.post(path, json!({ "headers": headers })).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.body["from"], "example.org");
    assert_eq!(
        answer.body["signatures"],
        json!([{"domain": "example.org", "selector": "s1"}])
    );
    assert_eq!(
        codes(&answer.body),
        ["result-spf-fail", "result-not-checked", "result-dmarc-fail"]
    );
    for (body, field) in [
        (json!({}), "headers"),
        (json!({ "headers": 1 }), "headers"),
        (json!({ "headers": "Subject: x" }), "headers"),
        (
            json!({ "headers": "Authentication-Results: a; spf=pass", "domain": "x" }),
            "domain",
        ),
    ] {
        let answer = api.post(path, body).await;
        assert_eq!((answer.status.as_u16(), fields(&answer)), (422, vec![field]));
    }
}

#[tokio::test]
async fn each_profile_has_its_own_sender_and_server() {
    let server = DnsServer::start(|_, _| Answer::Code(3)).await;
    let api = Api::asking(server.addr).await;
    for (host, from) in [
        ("smtp.gmail.com", "watch@example.org"),
        ("smtp.fastmail.com", "watch@other.example"),
    ] {
        let settings = json!({"host": host, "port": 465, "security": "tls", "from": from});
        assert_eq!(api.post("/settings/mail/profiles", settings).await.status, 201);
    }
    for (query, domain, provider) in [
        ("", "example.org", "Google"),
        ("?profile=1", "example.org", "Google"),
        ("?profile=2", "other.example", "Fastmail"),
        ("?profile=2&domain=third.example", "third.example", "Fastmail"),
    ] {
        let answer = api.get(&format!("/settings/mail/deliverability{query}")).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(
            (&answer.body["domain"], &answer.body["provider"]),
            (&json!(domain), &json!(provider))
        );
    }
    for wrong in ["9", "x"] {
        let refused = api
            .get(&format!("/settings/mail/deliverability?profile={wrong}"))
            .await;
        assert_eq!(
            (refused.status.as_u16(), fields(&refused)),
            (422, vec!["profile"]),
            "{wrong}"
        );
    }
}
