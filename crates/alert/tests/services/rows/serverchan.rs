use alert::channel::Retry;
use serde_json::json;
use testkit::Reply;

use crate::row::{No, Row, fields, secret};

pub(super) fn row() -> Row {
    Row {
        kind: "serverchan",
        config: |base| json!({ "server": base, "key": secret("SCT") }),
        yes: || {
            let data = json!({ "pushid": "1234567", "readkey": "SCTxyz", "error": "SUCCESS", "errno": 0 });
            Reply::ok(json!({ "code": 0, "message": "", "data": data }).to_string())
        },
        reference: Some("1234567"),
        noes: || {
            let no = |status: u16, code: u32, message: &str| {
                Reply::status(status).body(json!({ "code": code, "message": message }).to_string())
            };
            vec![
                No::new(
                    no(400, 40_001, "[AUTH]错误的Key"),
                    Retry::OnSettings,
                    "Enter the SendKey",
                ),
                No::new(
                    no(400, 40_001, "[AUTH]超过当天的发送次数限制[5]，请稍后再试"),
                    Retry::Backoff,
                    "no more messages for this key today",
                ),
                No::new(
                    no(400, 20_001, "[INPUT]title 不能为空"),
                    Retry::Briefly,
                    "title 不能为空",
                ),
                No::new(Reply::status(502), Retry::Backoff, "error of its own"),
                No::new(Reply::ok("ok"), Retry::Briefly, "is not ServerChan"),
            ]
        },
        harmless: |request| {
            let fields = fields(request);
            assert!(fields["title"].chars().count() <= 32 && fields["short"].chars().count() <= 64);
            let text = &fields["desp"];
            let ours = "[See the incident in Watchbell](<https://watch.example/incidents/1>)";
            let theirs = text.strip_suffix(ours).unwrap();
            assert!(
                theirs.contains(r"&lt;script&gt;alert\(1\)&lt;/script&gt;"),
                "{theirs}"
            );
            // The two marks that are ours stand around each label.
            let theirs: String = theirs
                .lines()
                .map(|line| {
                    line.strip_prefix("**")
                        .map_or(line.to_owned(), |l| l.replacen("**", "", 1))
                })
                .collect();
            for (at, c) in theirs.char_indices() {
                let escaped = theirs[..at].ends_with('\\');
                assert!(
                    escaped || !"`*_{}[]()#+-.!|~$<>@".contains(c) || is_reference(&theirs, at),
                    "{c} in {theirs}"
                );
            }
            assert!(!theirs.contains("://"), "{theirs}");
        },
    }
}

/// The `#` of `&#58;`.
fn is_reference(text: &str, at: usize) -> bool {
    text[..at].ends_with('&')
}
