use alert::channel::Retry;
use serde_json::json;
use testkit::Reply;

use crate::row::{No, Row, fields, secret};

pub(super) fn row() -> Row {
    Row {
        kind: "twilio",
        config: |base| {
            json!({
                "server": base, "account": "AC00000000000000000000000000000001", "token": secret("token"),
                "from": "+15005550006", "to": "+15551234567",
            })
        },
        yes: || {
            let body = json!({ "sid": "SM0123456789abcdef0123456789abcdef", "status": "queued", "error_code": null });
            Reply::status(201).body(body.to_string())
        },
        reference: Some("SM0123456789abcdef0123456789abcdef"),
        noes: || {
            let no = |status: u16, code: u32, message: &str| {
                let more = format!("https://www.twilio.com/docs/errors/{code}");
                let body = json!({ "code": code, "message": message, "more_info": more, "status": status });
                Reply::status(status).body(body.to_string())
            };
            let failed = json!({ "sid": "SM1", "status": "failed", "error_code": 30_006, "error_message": "Landline" });
            vec![
                No::new(no(401, 20_003, "Authenticate"), Retry::OnSettings, "the token"),
                No::new(
                    no(400, 21_211, "Invalid 'To' Phone Number: 5551234567"),
                    Retry::OnSettings,
                    "as +15551234567",
                ),
                No::new(
                    no(
                        400,
                        21_606,
                        "The 'From' phone number provided is not a valid message-capable Twilio phone number",
                    ),
                    Retry::OnSettings,
                    "as the sender",
                ),
                No::new(
                    no(400, 21_608, "The number is unverified."),
                    Retry::Briefly,
                    "Verify the number",
                ),
                No::new(
                    no(400, 21_610, "Attempt to send to unsubscribed recipient"),
                    Retry::Never,
                    "START",
                ),
                No::new(
                    no(429, 20_429, "Too Many Requests"),
                    Retry::Backoff,
                    "tried again",
                ),
                No::new(no(400, 30_001, "Queue overflow"), Retry::Backoff, "tried again"),
                No::new(
                    no(
                        400,
                        21_617,
                        "The concatenated message body exceeds the 1600 character limit",
                    ),
                    Retry::Briefly,
                    "1600",
                ),
                No::new(
                    Reply::status(201).body(failed.to_string()),
                    Retry::OnSettings,
                    "Landline",
                ),
                No::new(Reply::ok("{}"), Retry::Briefly, "is not Twilio"),
            ]
        },
        harmless: |request| {
            assert_eq!(
                request.path,
                "/2010-04-01/Accounts/AC00000000000000000000000000000001/Messages.json"
            );
            let fields = fields(request);
            // A picture would be fetched from where it is.
            assert!(fields.keys().map(String::as_str).eq(["Body", "From", "To"]));
            let body = &fields["Body"];
            assert!(body.encode_utf16().count() <= 1_600, "{body}");
            assert!(body.ends_with("https://watch.example/incidents/1"), "{body}");
        },
    }
}
