//! Tokens show nowhere, whatever the provider and the mail server do with them.

use std::time::Duration;

use serde_json::json;
use testkit::{Act, Canary, Logs, Reply, Script, Step};

use crate::account::{Account, HOUR, PROFILE, USER};

#[tokio::test]
async fn no_log_report_or_page_of_ours_holds_a_token() {
    let logs = Logs::default();
    let _capturing = logs.capture();
    let (access, renewed, refresh, secret, device) = (
        Canary::new(),
        Canary::new(),
        Canary::new(),
        Canary::new(),
        Canary::new(),
    );
    let account = Account::with(Script::implicit().token(USER, renewed.value())).await;
    let mut client = account.endpoint.device_client();
    client["client_secret"] = secret.value().into();
    account.save(account.body(client)).await;
    account
        .endpoint
        .device_code(device.value(), Duration::from_mins(5));
    account
        .endpoint
        .grants(access.value(), Some(refresh.value()), HOUR);
    let running = account.scene.start();
    account.oauth().begin(PROFILE).await.unwrap();
    account.wait_until("connected", |c| c.grant.is_some()).await;
    running.stop().await;

    // A mail server that repeats the token, and a provider that repeats everything.
    let echo = format!("535 5.7.8 bad token {} of {USER}", access.value());
    account
        .server
        .rule(testkit::Rule::on(Step::Auth, Act::reply(echo)).connection(1));
    let words = format!("no {} {} {}", refresh.value(), secret.value(), renewed.value());
    account.endpoint.grants(renewed.value(), None, HOUR);
    let mut seen = Vec::new();
    let report = account.test().await;
    assert!(report.ok, "{}", report.detail);
    seen.push(format!("{report:?}"));
    let echo = format!("535 5.7.8 bad token {} of {USER}", renewed.value());
    account.server.on(Step::Auth, Act::reply(echo));
    account.endpoint.then(
        Reply::status(400).body(
            json!({ "error": "invalid_grant", "error_description": words.replace(renewed.value(), "") })
                .to_string(),
        ),
    );
    let report = account.test().await;
    assert!(
        report.detail.contains("invalid_grant: no *** ***"),
        "{}",
        report.detail
    );
    seen.push(serde_json::to_string(&report).unwrap());
    seen.push(format!("{report:?}"));
    seen.push(format!("{:?}", account.connection().await));
    let settings = account.settings().await;
    seen.push(format!("{settings:?} {}", settings.to_json()));
    let grant = account
        .scene
        .store
        .mail_tokens()
        .get(PROFILE, &settings)
        .await
        .unwrap();
    seen.push(format!("{grant:?}"));

    let logs = logs.text();
    assert!(
        logs.contains("access token for mail renewed"),
        "the capture works"
    );
    for canary in [access, renewed, refresh, secret, device] {
        canary.assert_absent("what is shown", seen.join("\n"));
        canary.assert_absent("the log", &logs);
        account.scene.assert_not_on_disk(&canary);
    }
}
