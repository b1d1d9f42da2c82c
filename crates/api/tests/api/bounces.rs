//! Mails that come back.

use axum::body::Body;
use domain::id::DeliveryId;
use http::Request;

use crate::{
    fixture::{Answer, Api},
    incidents::outage,
};

const REPORT: &str = "Reporting-MTA: dns; mx\r\n\r\nFinal-Recipient: rfc822; x@y\r\nAction: failed\r\nStatus: 5.1.1\r\n\
    Diagnostic-Code: smtp; 550 5.1.1 No such user\r\n";

/// A planned mail.
async fn delivery(api: &Api) -> DeliveryId {
    outage(api).await;
    let list = api.get("/deliveries").await;
    list.body["items"][0]["id"].as_str().unwrap().parse().unwrap()
}

fn message(to: &str, report: &str) -> String {
    format!(
        "From: MAILER-DAEMON@mx.example\r\nTo: <{to}>\r\nSubject: Undelivered\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; boundary=b; report-type=delivery-status\r\n\r\n\
         --b\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n\
         --b\r\nContent-Type: message/delivery-status\r\n\r\n{report}\r\n--b--\r\n"
    )
}

async fn report(api: &Api, token: &str, query: &str, media_type: &str, body: impl Into<Body>) -> Answer {
    let request = Request::post(format!("/api/v1/mail/bounces{query}"))
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", media_type);
    api.send(request.body(body.into()).unwrap()).await
}

async fn suspended(api: &Api) -> u64 {
    api.store.recipients().suspended_count().await.unwrap()
}

#[tokio::test]
async fn a_returned_mail_suspends_its_recipient() {
    let api = Api::start().await;
    let delivery = delivery(&api).await;
    let address = format!("bounce+{}@bounces.example", api.store.bounces().mark(delivery));
    let noted = REPORT.replace("5.1.1\r\n", "4.2.2\r\n");
    let answer = report(&api, &api.push, "", "message/rfc822", message(&address, &noted)).await;
    assert_eq!(
        (answer.status.as_u16(), answer.body["effect"].as_str()),
        (200, Some("noted")),
        "{}",
        answer.text
    );
    assert_eq!(suspended(&api).await, 0);

    let whole = message(&address, REPORT);
    let answer = report(&api, &api.push, "", "message/rfc822; charset=utf-8", whole).await;
    assert_eq!(answer.body["delivery_id"], delivery.to_string());
    assert_eq!(answer.body["effect"], "suspended");
    assert_eq!(suspended(&api).await, 1);
    let shown = api.get(&format!("/deliveries/{delivery}")).await;
    assert_eq!(shown.body["bounce"]["status"], "5.1.1");
    assert_eq!(shown.body["bounce"]["text"], "550 5.1.1 No such user");

    // The report alone, with the address beside it.
    let query = format!("?to={}", address.replace('+', "%2B"));
    let answer = report(&api, &api.write, &query, "message/delivery-status", REPORT).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

#[tokio::test]
async fn what_we_did_not_send_changes_nothing() {
    let api = Api::start().await;
    let delivery = delivery(&api).await;
    let mark = api.store.bounces().mark(delivery);
    let code = |answer: &Answer| {
        answer.body["errors"][0]["code"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    let strange = message("bounces@bounces.example", REPORT);
    let answer = report(&api, &api.push, "", "message/rfc822", strange).await;
    assert_eq!(
        (answer.status.as_u16(), code(&answer).as_str()),
        (422, "return-address-missing")
    );

    let other = if mark.starts_with('a') { "b" } else { "a" };
    let forged = message(&format!("{other}{}@bounces.example", &mark[1..]), REPORT);
    let answer = report(&api, &api.push, "", "message/rfc822", forged).await;
    assert_eq!(
        (answer.status.as_u16(), code(&answer).as_str()),
        (422, "return-address-forged")
    );

    let unknown = DeliveryId("0198c0de-0000-7000-8000-000000000000".parse().unwrap());
    let unknown = format!("{}@bounces.example", api.store.bounces().mark(unknown));
    let answer = report(&api, &api.push, "", "message/rfc822", message(&unknown, REPORT)).await;
    assert_eq!(answer.status, 404);

    let address = format!("{mark}@bounces.example");
    let holiday = format!("To: {address}\r\nSubject: Out of office\r\n\r\nBack on Monday.\r\n");
    let answer = report(&api, &api.push, "", "message/rfc822", holiday).await;
    assert_eq!(
        (answer.status.as_u16(), code(&answer).as_str()),
        (422, "report-missing")
    );

    for (media_type, body, status) in [
        ("application/json", b"{}".to_vec(), 415),
        ("message/rfc822", vec![b'x'; 1024 * 1024 + 1], 413),
        ("message/rfc822", vec![b'x'; 1024 * 1024], 422),
        ("message/rfc822", Vec::new(), 422),
    ] {
        assert_eq!(
            report(&api, &api.push, "", media_type, body).await.status,
            status,
            "{media_type}"
        );
    }
    assert_eq!(
        report(&api, &api.read, "", "message/rfc822", "x").await.status,
        403
    );
    assert_eq!(
        report(&api, &api.push, "?too=x", "message/rfc822", "x")
            .await
            .status,
        422
    );
    assert_eq!(suspended(&api).await, 0);
    assert_eq!(
        api.get(&format!("/deliveries/{delivery}")).await.body["bounce"],
        serde_json::Value::Null
    );
}
