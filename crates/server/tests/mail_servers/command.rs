//! What is saved is what is used: by the button on the page, by the command, and by an alert.

use testkit::{
    Watchbell,
    mail_servers::{Postfix, PostfixPort, USER},
    tls::Certificate,
};

use crate::{
    case::{Case, options},
    letter,
};

#[tokio::test(flavor = "multi_thread")]
async fn saved_settings_reach_a_real_server_in_every_way() {
    let postfix = Postfix::start().await;
    let bell = Watchbell::start(options()).await;
    let api = bell.admin().await;
    for (security, port) in [
        ("tls", PostfixPort::Smtps(Certificate::Good)),
        ("starttls", PostfixPort::Submission(Certificate::Good)),
        ("none", PostfixPort::Plain),
    ] {
        let mut case = Case::new(security, postfix.port(port), security);
        if security != "none" {
            case = case.login();
        }
        let (status, saved) = api.put("/settings/mail", case.settings().clone()).await;
        assert_eq!(status, 200, "{saved}");
        let button = format!("button-{security}@example.org");
        let (_, report) = api
            .post("/settings/mail/test", serde_json::json!({ "to": button }))
            .await;
        assert_eq!(report["ok"], true, "{report:#}\n{}", postfix.log());
        assert_eq!(report["settings_revision"], saved["revision"], "{report:#}");
        let command = format!("command-{security}@example.org");
        let shown = bell
            .run(&["mail", "test", "--to", &command], "")
            .await
            .expect_success();
        assert!(shown.stdout.contains("ok   reply"), "{}", shown.stdout);
        for to in [button, command] {
            let raw = postfix.mailbox().wait_for(&to, Postfix::DELIVERY).await;
            let headers = letter::check(&raw, &to);
            let proof = if security == "none" {
                "with ESMTP id"
            } else {
                "with ESMTPSA id"
            };
            assert!(headers.contains(proof), "{headers}");
        }
        // The queue's name that was shown is the one in the server's log.
        let queue_id = report["queue_id"].as_str().unwrap_or("none");
        assert!(
            postfix.log().contains(&format!("{queue_id}: from=<{USER}>")),
            "{queue_id}"
        );
    }
}
