//! Matrix, by an account with an access token:
//! <https://spec.matrix.org/latest/client-server-api/#put_matrixclientv3roomsroomidsendeventtypetxnid>.
//!
//! The transaction has the id of the delivery, so a server that took it once does not take it twice. Nobody is mentioned
//! (<https://spec.matrix.org/latest/client-server-api/#user-and-room-mentions>), and what others wrote is escaped, in
//! code. Later messages answer the first one: a thread would hide them. An error has an `errcode`.

use std::time::Duration;

use domain::attention::Rejection;
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    Call, Outgoing, Service, Unusable, Verdict,
    escape::{apart, cut, html},
    judge_patiently,
    slack::colour,
};
use crate::{channel::Retry, http::Answer, message::Brief};

pub(super) struct Matrix;

/// Of one text, in characters: an event may have 64 KiB.
const LONGEST: usize = 1_000;

impl Service for Matrix {
    fn request(&self, call: &Call<'_>) -> Result<Outgoing, Unusable> {
        let room = call.need("room")?;
        if !room.starts_with('!') {
            let reason = "The room of this channel is not an id. Enter the id from the settings of the room; it begins with \"!\".";
            return Err(Unusable(reason.to_owned()));
        }
        let mut body = json!({
            "msgtype": "m.text",
            "body": plain(call.brief),
            "format": "org.matrix.custom.html",
            "formatted_body": formatted(call.brief),
            "m.mentions": {},
        });
        if let Some(event) = call.opening() {
            body["m.relates_to"] = json!({ "m.in_reply_to": { "event_id": event } });
        }
        let transaction = call.notice.delivery.to_string();
        let path = [
            "_matrix",
            "client",
            "v3",
            "rooms",
            room,
            "send",
            "m.room.message",
            &transaction,
        ];
        let request = Outgoing::new(Method::PUT, call.server(&path)?);
        Ok(request.json(&body).bearer(call.need("token")?))
    }

    fn judge(&self, answer: &Answer) -> Verdict {
        let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let code = answer.status.as_u16();
        let refused = |reason: String| Err((Retry::Briefly, reason));
        match said["errcode"].as_str() {
            Some(word @ ("M_UNKNOWN_TOKEN" | "M_MISSING_TOKEN")) => {
                return refused(format!(
                    "The homeserver does not know the access token ({code}, {word}). Log in anew and enter the new token."
                ));
            }
            Some(word @ "M_FORBIDDEN") => {
                return refused(format!(
                    "The homeserver does not let the account write in this room ({code}, {word}). Invite it, let it join, and check its power level."
                ));
            }
            Some(word @ ("M_USER_DEACTIVATED" | "M_USER_SUSPENDED" | "M_USER_LOCKED")) => {
                return refused(format!(
                    "The account is closed on its homeserver ({code}, {word}). Use another one."
                ));
            }
            Some(word @ ("M_NOT_FOUND" | "M_UNRECOGNIZED" | "M_INVALID_PARAM")) => {
                return refused(format!(
                    "The homeserver does not know the room or the request ({code}, {word}). Check the room and the address of this channel."
                ));
            }
            _ => {}
        }
        // Older servers say it here, newer ones in a header.
        let wait = said["retry_after_ms"].as_u64().map(Duration::from_millis);
        judge_patiently(answer, wait)?;
        match said["event_id"].as_str() {
            Some(event) => Ok(Some(event.to_owned())),
            None => {
                let reason = "The server does not answer as a homeserver does. Check its address.";
                Err((Retry::Backoff, reason.to_owned()))
            }
        }
    }

    /// An account that was thrown out of the room is told so with 403, and so is one that is closed.
    fn rejects(&self, answer: &Answer) -> Option<Rejection> {
        let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        match said["errcode"].as_str() {
            Some(
                "M_UNKNOWN_TOKEN" | "M_MISSING_TOKEN" | "M_FORBIDDEN" | "M_USER_DEACTIVATED"
                | "M_USER_SUSPENDED" | "M_USER_LOCKED",
            ) if answer.status.is_client_error() => Some(Rejection::Unauthorised),
            _ => answer.rejection(),
        }
    }
}

/// For clients without HTML. Old ones look here for `@room`.
fn plain(brief: &Brief) -> String {
    let links = brief.links().map(|(label, url)| format!("\n{label}: {url}"));
    let text = apart(&cut(&brief.text(), 8 * LONGEST), "@");
    std::iter::once(text).chain(links).collect()
}

fn formatted(brief: &Brief) -> String {
    let headline = html(&apart(&cut(&brief.headline, LONGEST), "@#.:/"));
    let colour = colour(brief.tone);
    let facts: Vec<String> = brief
        .facts
        .iter()
        .map(|(label, value)| {
            let (label, value) = (html(label), html(&cut(value, LONGEST)));
            format!("<li>{label}: <code>{value}</code></li>")
        })
        .collect();
    let facts = facts.concat();
    let note = brief.note.as_ref().map(|n| format!("<p>{}</p>", html(n)));
    let link = |(label, url): &(String, String)| {
        let url = html(url).replace('"', "%22");
        format!("<p><a href=\"{url}\">{}</a></p>", html(label))
    };
    let links: Vec<String> = brief.links().map(link).collect();
    format!(
        "<p><strong><span data-mx-color=\"{colour}\">{headline}</span></strong></p><ul>{facts}</ul>{}{}",
        note.unwrap_or_default(),
        links.concat()
    )
}
