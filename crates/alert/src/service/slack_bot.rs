//! Slack, by an app with a token of its own, which can change its messages.
//!
//! <https://docs.slack.dev/reference/methods/chat.postMessage> and
//! <https://docs.slack.dev/reference/methods/chat.update>. An error is a word in a 200; only who asks too often gets a
//! 429 with `Retry-After`.

use domain::attention::Rejection;
use serde_json::Value;

use super::{CREDENTIALS, Call, Outgoing, Service, Unusable, Verdict, slack};
use crate::{channel::Retry, http::Answer};

pub(super) struct SlackBot;

impl Service for SlackBot {
    fn request(&self, call: &Call<'_>) -> Result<Outgoing, Unusable> {
        let mut body = slack::message(call.brief);
        // Names and addresses in a text are words; `chat.update` would link them by itself.
        body["parse"] = "none".into();
        let method = match call.replaced().and_then(|r| r.split_once('/')) {
            Some((channel, ts)) => {
                body["channel"] = channel.into();
                body["ts"] = ts.into();
                "chat.update"
            }
            None => {
                body["channel"] = call.need("room")?.into();
                "chat.postMessage"
            }
        };
        let request = Outgoing::post(call.server(&["api", method])?);
        Ok(request.json(&body).bearer(call.need("token")?))
    }

    fn judge(&self, answer: &Answer) -> Verdict {
        answer.judge(CREDENTIALS)?;
        let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        if said["ok"] == true {
            let name = (said["channel"].as_str(), said["ts"].as_str());
            return Ok(match name {
                (Some(channel), Some(ts)) => Some(format!("{channel}/{ts}")),
                _ => None,
            });
        }
        Err(match said["error"].as_str() {
            Some(word) => refusal(word),
            None => (
                Retry::Backoff,
                "The server does not answer as Slack does. Check its address.".to_owned(),
            ),
        })
    }

    fn rejects(&self, answer: &Answer) -> Option<Rejection> {
        let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        match said["error"].as_str().filter(|_| answer.status.is_success()) {
            Some(
                "not_authed"
                | "invalid_auth"
                | "account_inactive"
                | "token_revoked"
                | "token_expired"
                | "not_allowed_token_type"
                | "access_denied"
                | "missing_scope"
                | "no_permission"
                | "not_in_channel",
            ) => Some(Rejection::Unauthorised),
            Some("channel_not_found" | "is_archived") => Some(Rejection::NotFound),
            _ => answer.rejection(),
        }
    }

    fn lost(&self, answer: &Answer) -> bool {
        let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        matches!(
            said["error"].as_str(),
            Some(
                "message_not_found"
                    | "cant_update_message"
                    | "edit_window_closed"
                    | "channel_not_found"
                    | "not_in_channel"
                    | "is_archived"
            )
        )
    }
}

fn refusal(word: &str) -> (Retry, String) {
    match word {
        "not_authed"
        | "invalid_auth"
        | "account_inactive"
        | "token_revoked"
        | "token_expired"
        | "not_allowed_token_type"
        | "access_denied" => (
            Retry::Briefly,
            format!("Slack does not let us in ({word}). Check the token of this channel."),
        ),
        "missing_scope" | "no_permission" => (
            Retry::Briefly,
            format!(
                "The app may not write in Slack ({word}). Give it the scope chat:write and install it again."
            ),
        ),
        "channel_not_found" | "not_in_channel" => (
            Retry::Briefly,
            format!(
                "Slack does not know the room, or the app is not in it ({word}). Invite the app to the room, or enter the id of another one."
            ),
        ),
        "is_archived"
        | "restricted_action"
        | "restricted_action_read_only_channel"
        | "restricted_action_thread_only_channel"
        | "ekm_access_denied" => (
            Retry::Briefly,
            format!("Slack lets the app write nothing in this room ({word}). Enter another room."),
        ),
        "ratelimited" | "rate_limited" => (Retry::Backoff, format!("Slack asks to slow down ({word}).")),
        "internal_error"
        | "fatal_error"
        | "service_unavailable"
        | "request_timeout"
        | "team_added_to_org"
        | "org_login_required" => (Retry::Backoff, format!("Slack has an error of its own ({word}).")),
        _ => (Retry::Briefly, format!("Slack refuses the message ({word}).")),
    }
}
