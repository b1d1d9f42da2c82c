//! "Require" means it on the wire.

use serde_json::json;
use testkit::{
    Watchbell,
    mail_servers::{PASSWORD, Postfix, PostfixPort, StartTlsStripper, USER},
    tls::Certificate,
};

use crate::case::{Case, options, run};

/// Somebody between us and a real Postfix takes STARTTLS out of its offer. Whoever goes on without it says the password
/// or the message to whoever listens.
#[tokio::test(flavor = "multi_thread")]
async fn with_starttls_stripped_nothing_is_said() {
    let postfix = Postfix::start().await;
    let submission = postfix.port(PostfixPort::Submission(Certificate::Good));
    let attacker = StartTlsStripper::start(submission).await;
    let cases = [
        Case::new("with a login", attacker.port(), "starttls")
            .login()
            .refused("starttls", "starttls-missing"),
        Case::new("without a login", attacker.port(), "starttls").refused("starttls", "starttls-missing"),
        Case::new("tls instead", attacker.port(), "tls")
            .login()
            .refused("tls", "tls-not-spoken"),
    ];
    run(&cases, || postfix.log()).await;

    // The same on the way that alerts take: an email channel with the saved settings.
    let bell = Watchbell::start(options()).await;
    let api = bell.admin().await;
    let mut settings = cases[0].settings().clone();
    settings["password"] = PASSWORD.into();
    let (status, saved) = api.put("/settings/mail", settings).await;
    assert_eq!(status, 200, "{saved}");
    let channel = json!({ "name": "Mail", "kind": "email", "config": { "to": [USER] }, "enabled": true });
    let channel = api.create("/channels", channel).await;
    let (_, told) = api
        .post(&format!("/channels/{}/test", channel["id"]), json!({}))
        .await;
    assert!(told.to_string().contains("does not offer STARTTLS"), "{told}");
    let shown = bell.run(&["mail", "test", "--to", USER], "").await;
    assert!(
        shown.stdout.contains("FAIL starttls"),
        "{}{}",
        shown.stdout,
        shown.stderr
    );

    let said = attacker.said();
    assert!(attacker.stripped() >= 5, "{said:#?}");
    for line in &said {
        let word = line
            .split_whitespace()
            .next()
            .unwrap_or_default()
            .to_ascii_uppercase();
        let harmless = word == "EHLO" || word == "QUIT" || word.is_empty();
        // A TLS hello is not a line; it holds no more than the name of the server.
        assert!(
            harmless || !line.is_ascii() || line.contains('\0'),
            "the attacker heard {line:?}"
        );
        assert!(
            !line.contains("AUTH") && !line.contains("MAIL"),
            "the attacker heard {line:?}"
        );
    }
    assert!(!said.iter().any(|line| line.contains(USER)), "{said:#?}");
    assert!(postfix.mailbox().messages().is_empty());
}
