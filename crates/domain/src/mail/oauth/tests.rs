use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::*;

fn client(over: Value) -> Result<OAuthClient, FieldErrors> {
    from(over, None)
}

fn from(over: Value, current: Option<&OAuthClient>) -> Result<OAuthClient, FieldErrors> {
    let mut all = json!({ "provider": "microsoft", "client_id": "11111111-2222" });
    crate::sealed::join(&mut all, over);
    OAuthClient::from_json("oauth", all, current)
}

fn custom(over: Value) -> Value {
    let mut all = json!({
        "provider": "custom", "token_url": "https://login.example.org/token",
        "device_url": "https://login.example.org/device", "scope": "smtp offline",
    });
    crate::sealed::join(&mut all, over);
    all
}

fn complaints(result: Result<OAuthClient, FieldErrors>) -> Vec<(String, &'static str)> {
    let errors = result.unwrap_err();
    errors.0.into_iter().map(|e| (e.field, e.code)).collect()
}

#[test]
fn providers_have_their_addresses() {
    let google = client(json!({ "provider": "google" })).unwrap();
    assert_eq!(google.token_url.as_str(), "https://oauth2.googleapis.com/token");
    assert!(
        matches!(google.way, Way::AuthorizationCode(_)),
        "no device code for mail at Google"
    );
    assert_eq!(google.scope, "https://mail.google.com/");
    let anyone = client(json!({})).unwrap();
    assert_eq!(
        anyone.token_url.as_str(),
        "https://login.microsoftonline.com/common/oauth2/v2.0/token"
    );
    let ours = client(json!({ "tenant": " Example.org " })).unwrap();
    let Way::DeviceCode(url) = &ours.way else { panic!() };
    assert_eq!(
        url.as_str(),
        "https://login.microsoftonline.com/example.org/oauth2/v2.0/devicecode"
    );
}

#[test]
fn mistakes_are_named_by_their_field() {
    let known = |over: Value| complaints(client(over));
    let at = |field: &str, code| vec![(format!("oauth.{field}"), code)];
    assert_eq!(
        known(json!({ "provider": "gogle" })),
        at("provider", "oauth-provider")
    );
    assert_eq!(known(json!({ "tenant": "a/../b" })), at("tenant", "oauth-tenant"));
    assert_eq!(
        known(json!({ "client_id": "ключ" })),
        at("client_id", "oauth-client-id")
    );
    assert_eq!(known(json!({ "scope": "mail" })), at("scope", "oauth-fixed"));
    assert_eq!(
        known(json!({ "provider": "google", "tenant": "x" })),
        at("tenant", "oauth-tenant-unused")
    );
    assert_eq!(
        known(json!({ "client_secret": "a\nb" })),
        at("client_secret", "control-characters")
    );
    assert_eq!(
        known(json!({ "client_sekret": "a" })),
        at("client_sekret", "unknown-field")
    );
    for (over, field, code) in [
        (
            json!({ "token_url": "http://login.example.org/token" }),
            "token_url",
            "oauth-url-insecure",
        ),
        (
            json!({ "token_url": "http://localhost.example.org/" }),
            "token_url",
            "oauth-url-insecure",
        ),
        (
            json!({ "token_url": "ftp://localhost/" }),
            "token_url",
            "oauth-url-insecure",
        ),
        (
            json!({ "token_url": "https://me:x@login.example.org/" }),
            "token_url",
            "oauth-url",
        ),
        (
            json!({ "token_url": "login.example.org" }),
            "token_url",
            "oauth-url",
        ),
        (json!({ "token_url": null }), "token_url", "required"),
        (json!({ "scope": "a\"b" }), "scope", "oauth-scope"),
        (json!({ "device_url": null }), "device_url", "oauth-way"),
        (
            json!({ "authorize_url": "https://login.example.org/auth" }),
            "device_url",
            "oauth-way",
        ),
    ] {
        assert_eq!(known(custom(over.clone())), at(field, code), "{over}");
    }
    assert_eq!(
        known(custom(json!({ "provider": "gogle" }))),
        at("provider", "oauth-provider"),
        "the addresses are known fields"
    );
    assert_eq!(
        known(custom(json!({ "device_url": "nowhere" }))),
        at("device_url", "oauth-url")
    );
    for url in ["http://127.0.0.1:99/t", "http://[::1]:99/t", "http://localhost/t"] {
        client(custom(json!({ "token_url": url }))).unwrap();
    }
}

fn mail(oauth: Value) -> Value {
    json!({
        "host": "smtp.example.org", "port": 587, "security": "starttls", "from": "watch@example.org",
        "auth": "xoauth2", "username": "watch@example.org", "oauth": oauth,
    })
}

#[test]
fn what_is_stored_reads_back() {
    let microsoft = json!({ "provider": "microsoft", "client_id": "c", "tenant": "example.org" });
    let google = json!({ "provider": "google", "client_id": "c", "client_secret": "s3cret" });
    let mut page = custom(json!({ "device_url": null, "authorize_url": "https://login.example.org/auth" }));
    page["client_id"] = "c".into();
    let mut device = custom(json!({ "client_secret": "s3cret" }));
    device["client_id"] = "c".into();
    for oauth in [microsoft, google, page, device] {
        let before = MailSettings::from_json(mail(oauth), None).unwrap();
        let stored = before.to_json();
        assert!(!stored.to_string().contains("s3cret"));
        let client = |s: &MailSettings| s.oauth.clone().unwrap();
        let locked = MailSettings::from_stored(stored.clone(), None).unwrap();
        assert_eq!(
            client(&locked).secret_locked,
            client(&before).client_secret.is_some()
        );
        let secret = before
            .secrets()
            .map(|s| serde_json::from_str(s.expose_secret()).unwrap());
        let after = MailSettings::from_stored(stored, secret).unwrap();
        assert_eq!(after.to_json(), before.to_json());
        assert_eq!(after.authorization_binding(), before.authorization_binding());
        let exposed = |c: OAuthClient| c.client_secret.map(|s| s.expose_secret().to_owned());
        assert_eq!(exposed(client(&after)), exposed(client(&before)));
        assert!(!client(&after).secret_locked);
        assert!(!format!("{after:?}").contains("s3cret"));
        // What was read may be sent back as it is.
        let again = MailSettings::from_json(after.to_json(), Some(&after)).unwrap();
        assert_eq!(exposed(client(&again)), exposed(client(&before)));
    }
}

#[test]
fn an_authorization_is_bound_to_all_that_it_was_given_for() {
    let base = || mail(json!({ "provider": "microsoft", "client_id": "c" }));
    let binding = |body: Value| {
        MailSettings::from_json(body, None)
            .unwrap()
            .authorization_binding()
    };
    let changed = |name: &str, value: Value| {
        let mut body = base();
        body[name] = value;
        binding(body)
    };
    let before = binding(base());
    assert!(before.is_some());
    for (name, value) in [
        ("host", json!("smtp.example.net")),
        ("port", json!(465)),
        ("security", json!("tls")),
        ("verify_certificate", json!(false)),
        (
            "ca_pem",
            json!("-----BEGIN CERTIFICATE-----\nMAcwADAAAwEA\n-----END CERTIFICATE-----"),
        ),
        ("username", json!("other@example.org")),
        ("oauth", json!({ "provider": "microsoft", "client_id": "d" })),
        (
            "oauth",
            json!({ "provider": "microsoft", "client_id": "c", "tenant": "example.org" }),
        ),
        ("oauth", json!({ "provider": "google", "client_id": "c" })),
    ] {
        assert_ne!(changed(name, value.clone()), before, "{name} {value}");
    }
    for (name, value) in [
        ("from", json!("other@example.org")),
        ("hello_name", json!("watch.example.org")),
        (
            "oauth",
            json!({ "provider": "microsoft", "client_id": "c", "client_secret": "new" }),
        ),
    ] {
        assert_eq!(changed(name, value.clone()), before, "{name} {value}");
    }
    let mut password = base();
    (password["auth"], password["password"]) = (json!("auto"), json!("x"));
    assert_eq!(binding(password), None);
}

#[test]
fn logging_in_with_a_token_needs_an_account_and_a_safe_way() {
    let told = |name: &str, value: Value| {
        let mut body = mail(json!({ "provider": "microsoft", "client_id": "c" }));
        body[name] = value;
        let errors = MailSettings::from_json(body, None).unwrap_err();
        errors
            .0
            .into_iter()
            .map(|e| (e.field, e.code))
            .collect::<Vec<_>>()
    };
    let at = |field: &str, code| vec![(field.to_owned(), code)];
    assert_eq!(told("username", Value::Null), at("username", "username-token"));
    assert_eq!(told("password", json!("x")), at("password", "password-unused"));
    assert_eq!(told("security", json!("none")), at("security", "insecure-auth"));
    assert_eq!(told("oauth", Value::Null), at("oauth", "oauth-client-missing"));
}

#[test]
fn a_client_secret_stays_with_its_client() {
    let stored = client(custom(json!({ "client_secret": "s3cret" }))).unwrap();
    let kept = from(custom(json!({})), Some(&stored)).unwrap();
    assert_eq!(kept.client_secret.unwrap().expose_secret(), "s3cret");
    for over in [
        json!({ "client_id": "another" }),
        json!({ "token_url": "https://elsewhere.example.org/token" }),
        json!({ "device_url": "https://elsewhere.example.org/device" }),
    ] {
        let told = complaints(from(custom(over.clone()), Some(&stored)));
        assert_eq!(
            told,
            [("oauth.client_secret".to_owned(), "oauth-secret-reenter")],
            "{over}"
        );
    }
    let told = complaints(from(json!({ "provider": "google" }), Some(&stored)));
    assert_eq!(told, [("oauth.client_secret".to_owned(), "oauth-secret-reenter")]);
    let cleared = from(custom(json!({ "clear_client_secret": true })), Some(&stored)).unwrap();
    assert!(cleared.client_secret.is_none());
    let locked = OAuthClient {
        client_secret: None,
        secret_locked: true,
        ..stored
    };
    assert!(from(custom(json!({})), Some(&locked)).is_err());
    assert!(from(custom(json!({ "client_secret": "new" })), Some(&locked)).is_ok());
}

#[test]
fn token_answers_are_read_strictly() {
    let good = json!({ "access_token": "at", "token_type": "bearer", "expires_in": 3599, "refresh_token": "rt", "x": [1] });
    let tokens = Tokens::read(200, good.to_string().as_bytes()).unwrap();
    assert_eq!(tokens.access.expose_secret(), "at");
    assert_eq!(
        tokens.refresh.as_ref().map(SecretString::expose_secret),
        Some("rt")
    );
    assert_eq!(tokens.lifetime, Duration::from_secs(3599));
    let read = |over: Value| {
        let mut body = good.clone();
        crate::sealed::join(&mut body, over);
        Tokens::read(200, body.to_string().as_bytes())
    };
    assert_eq!(
        read(json!({ "expires_in": "60" })).unwrap().lifetime,
        Duration::from_mins(1)
    );
    assert_eq!(
        read(json!({ "expires_in": null })).unwrap().lifetime,
        Duration::from_hours(1)
    );
    assert!(read(json!({ "refresh_token": null })).unwrap().refresh.is_none());
    for over in [
        json!({ "access_token": null }),
        json!({ "access_token": "" }),
        json!({ "access_token": 7 }),
        json!({ "access_token": "a b" }),
        json!({ "access_token": "a\u{1}auth=Bearer b" }),
        json!({ "access_token": "a\r\nMAIL FROM:<x>" }),
        json!({ "access_token": "x".repeat(17 * 1024) }),
        json!({ "refresh_token": "a\nb" }),
        json!({ "refresh_token": { "a": 1 } }),
        json!({ "token_type": "mac" }),
        json!({ "token_type": null }),
        json!({ "expires_in": -1 }),
        json!({ "expires_in": 1.5 }),
        json!({ "expires_in": "soon" }),
    ] {
        assert_eq!(
            read(over.clone()).unwrap_err().kind,
            RefusalKind::Unreadable,
            "{over}"
        );
    }
}

#[test]
fn refusals_find_their_kind() {
    use RefusalKind as K;
    for (status, body, kind) in [
        (400, r#"{"error":"authorization_pending"}"#, K::Pending),
        (428, r#"{"error":"authorization_pending"}"#, K::Pending),
        (400, r#"{"error":"slow_down"}"#, K::SlowDown),
        (400, r#"{"error":"access_denied"}"#, K::Denied),
        (400, r#"{"error":"authorization_declined"}"#, K::Denied),
        (400, r#"{"error":"expired_token"}"#, K::Expired),
        (
            400,
            r#"{"error":"invalid_grant","error_description":"AADSTS700082: expired"}"#,
            K::InvalidGrant,
        ),
        (200, r#"{"error":"invalid_grant"}"#, K::InvalidGrant),
        (400, r#"{"error":"interaction_required"}"#, K::InvalidGrant),
        (401, r#"{"error":"invalid_client"}"#, K::InvalidClient),
        (400, r#"{"error":"invalid_scope"}"#, K::Rejected),
        (400, r#"{"error":"temporarily_unavailable"}"#, K::Unavailable),
        (500, r#"{"error":"invalid_grant"}"#, K::Unavailable),
        (503, "busy", K::Unavailable),
        (429, "", K::Unavailable),
        (200, "<html>", K::Unreadable),
        (200, "[]", K::Unreadable),
        (200, "{}", K::Unreadable),
        (204, "", K::Unreadable),
        (302, "", K::Unreadable),
        (403, "<html>captive portal</html>", K::Unreadable),
        (400, r#"{"error":{"code":400}}"#, K::Unreadable),
    ] {
        let refusal = Tokens::read(status, body.as_bytes()).unwrap_err();
        assert_eq!(refusal.kind, kind, "{status} {body}");
        assert!(!refusal.detail.is_empty());
    }
    let long = format!(
        r#"{{"error":"invalid_grant","error_description":"a\nb{}"}}"#,
        "x".repeat(900)
    );
    let detail = Tokens::read(400, long.as_bytes()).unwrap_err().detail;
    assert!(detail.starts_with("invalid_grant: a b") && detail.chars().count() <= 401);
    let huge = format!(
        r#"{{"error":"invalid_grant","x":"{}"}}"#,
        "x".repeat(LARGEST_ANSWER)
    );
    assert_eq!(
        Tokens::read(400, huge.as_bytes()).unwrap_err().kind,
        K::Unreadable
    );
}

#[test]
fn device_codes_are_read_strictly() {
    let good = json!({
        "device_code": "dc", "user_code": "WDJB-MJHT", "verification_uri": "https://microsoft.com/devicelogin",
        "expires_in": 900, "interval": 7, "message": "…",
    });
    let read = |over: Value| {
        let mut body = good.clone();
        crate::sealed::join(&mut body, over);
        DeviceCode::read(200, body.to_string().as_bytes())
    };
    let code = read(json!({})).unwrap();
    assert_eq!(
        (code.user_code.as_str(), code.interval),
        ("WDJB-MJHT", Duration::from_secs(7))
    );
    assert_eq!(
        read(json!({ "interval": null })).unwrap().interval,
        Duration::from_secs(5)
    );
    let older = json!({ "verification_uri": null, "verification_url": "https://www.google.com/device" });
    assert!(read(older).is_ok());
    for over in [
        json!({ "device_code": "" }),
        json!({ "user_code": null }),
        json!({ "user_code": "a b" }),
        json!({ "user_code": "x".repeat(41) }),
        json!({ "verification_uri": "javascript:alert(1)" }),
        json!({ "verification_uri": "http://microsoft.com/devicelogin" }),
        json!({ "interval": "often" }),
    ] {
        assert!(read(over.clone()).is_err(), "{over}");
    }
    assert_eq!(
        DeviceCode::slowed(Duration::from_secs(5)),
        Duration::from_secs(10)
    );
    assert_eq!(
        DeviceCode::slowed(Duration::from_secs(59)),
        Duration::from_mins(1)
    );
}
