//! WeCom, by a group robot: <https://developer.work.weixin.qq.com/document/path/91770>.
//!
//! A message of type `text`, in which nothing is mark-up; who is mentioned stands in two lists. Errors come with a status
//! of 200 as a number in the body: <https://developer.work.weixin.qq.com/document/path/90313>.

use serde_json::json;

use super::{
    Call, Outgoing, Service, Unusable, Verdict,
    plain::{self, Unit},
    said,
};
use crate::{channel::Retry, http::Answer};

pub(super) struct WeCom;

/// Of a text, in bytes.
const LONGEST: usize = 2_048;

impl Service for WeCom {
    fn request(&self, call: &Call<'_>) -> Result<Outgoing, Unusable> {
        let brief = call.brief;
        let text = format!("{}\n{}", brief.title, brief.text());
        let text = plain::with_link(&without_mentions(&text), brief, LONGEST, Unit::Bytes);
        let body = json!({
            "msgtype": "text",
            "text": { "content": text, "mentioned_list": [], "mentioned_mobile_list": [] },
        });
        Ok(Outgoing::post(call.url()?).json(&body))
    }

    fn judge(&self, answer: &Answer) -> Verdict {
        let said = said::json(answer);
        let message = said["errmsg"].as_str().unwrap_or_default();
        let code = said["errcode"].as_i64();
        said::by_number("WeCom", answer, (code, message), |code| {
            Some(match code {
                93_000 if message.contains("webhook") => (
                    Retry::OnSettings,
                    "does not know the robot of this address. Add the robot to the group again and enter its new address.",
                ),
                // Twenty messages a minute.
                45_009 | 45_033 => (Retry::Backoff, "asks to slow down."),
                -1 => (Retry::Backoff, "is busy."),
                _ => return None,
            })
        })
    }
}

/// Where WeCom knows mark-up, `<@userid>` calls somebody. That it does not in a text is not promised anywhere.
fn without_mentions(text: &str) -> String {
    text.replace("<@", "< @")
}
