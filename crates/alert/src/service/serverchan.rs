//! ServerChan: <https://sct.ftqq.com/sendkey>, and its successor ServerChan³ with keys of its own (`sctp…`) and an
//! address for each user: <https://doc.sc3.ft07.com/serverchan3/server/api>.
//!
//! `desp` is Markdown, so everything in it that could be mark-up is escaped; a title is text. Errors come as `code` and
//! `message` in the body, with 400 or with 200.

use url::Url;

use super::{
    CREDENTIALS, Call, Outgoing, Service, Unusable, Verdict,
    escape::{cut, html},
    said,
};
use crate::{channel::Retry, http::Answer, message::Brief};

pub(super) struct ServerChan;

const LONGEST_TITLE: usize = 32;
const LONGEST_SHORT: usize = 64;
/// Where keys of the first kind are sent.
const FIRST: &str = "https://sctapi.ftqq.com";

impl Service for ServerChan {
    fn request(&self, call: &Call<'_>) -> Result<Outgoing, Unusable> {
        let brief = call.brief;
        let (title, text) = (cut(&brief.title, LONGEST_TITLE), markdown(brief));
        let short = cut(&brief.headline, LONGEST_SHORT);
        let fields = [("title", title.as_str()), ("desp", &text), ("short", &short)];
        Ok(Outgoing::post(address(call)?).form(&fields))
    }

    fn judge(&self, answer: &Answer) -> Verdict {
        let said = said::json(answer);
        let message = said["message"].as_str().unwrap_or_default();
        match said["code"].as_i64() {
            Some(0) if answer.status.is_success() => Ok(said::name(&said["data"]["pushid"])),
            // The number is the same for a wrong key.
            Some(code @ (40_001 | 471)) if message.contains("次数") => {
                let reason =
                    format!("ServerChan sends no more messages for this key today ({code}): {message}.");
                Err((Retry::Backoff, reason))
            }
            Some(code @ 40_001) => {
                let reason = format!(
                    "ServerChan does not know this key ({code}): {message}. Enter the SendKey of this channel again."
                );
                Err((Retry::OnSettings, reason))
            }
            Some(code) if code != 0 && !answer.status.is_server_error() => {
                let reason = format!("ServerChan refuses the message ({code}): {message}.");
                Err((Retry::Briefly, reason))
            }
            _ => {
                answer.judge(CREDENTIALS)?;
                Err(said::stranger("ServerChan"))
            }
        }
    }
}

/// A key of the second kind says where it belongs, unless somebody has entered a server of their own.
fn address(call: &Call<'_>) -> Result<Url, Unusable> {
    let key = call.need("key")?;
    let file = format!("{key}.send");
    let Some(user) = user(key) else {
        return call.server(&[&file]);
    };
    Ok(at_home(call.server(&["send", &file])?, user))
}

fn at_home(mut url: Url, user: &str) -> Url {
    if url.origin().ascii_serialization() == FIRST {
        // Digits are a host like any other.
        let _ = url.set_host(Some(&format!("{user}.push.ft07.com")));
    }
    url
}

/// `sctp123tabc…` is of user 123.
fn user(key: &str) -> Option<&str> {
    let (user, _) = key.strip_prefix("sctp")?.split_once('t')?;
    (!user.is_empty() && user.bytes().all(|b| b.is_ascii_digit())).then_some(user)
}

fn markdown(brief: &Brief) -> String {
    let mut paragraphs = vec![escaped(&brief.headline)];
    let facts = brief.facts.iter();
    paragraphs.extend(facts.map(|(label, value)| format!("**{}**: {}", escaped(label), escaped(value))));
    paragraphs.extend(brief.note.as_deref().map(escaped));
    if let Some((label, url)) = &brief.link {
        paragraphs.push(format!("[{}](<{url}>)", escaped(label)));
    }
    paragraphs.join("\n\n")
}

/// Neither mark-up nor HTML, nor an address that becomes a link by itself.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() * 2);
    for c in html(text).chars() {
        match c {
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '+' | '-' | '.' | '!' | '|'
            | '~' | '$' => {
                escaped.extend(['\\', c]);
            }
            '#' => escaped.push_str("\\#"),
            // A backslash would not keep `https://` from becoming a link.
            ':' => escaped.push_str("&#58;"),
            '@' => escaped.push_str("&#64;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_is_markdown() {
        for (text, expected) in [
            (
                "[safe](https://evil.example)",
                r"\[safe\]\(https&#58;//evil\.example\)",
            ),
            ("**bold** `code` ~~gone~~", r"\*\*bold\*\* \`code\` \~\~gone\~\~"),
            ("<b>&amp;", "&lt;b&gt;&amp;amp;"),
            ("# head", r"\# head"),
            ("1. one", r"1\. one"),
            ("www.evil.example", r"www\.evil\.example"),
            ("me@evil.example", r"me&#64;evil\.example"),
            ("服务器", "服务器"),
        ] {
            assert_eq!(escaped(text), expected);
        }
    }

    #[test]
    fn a_key_of_the_second_kind_names_its_user() {
        assert_eq!(user("sctp1234tAbCdEf"), Some("1234"));
        for other in [
            "SCT1234TAbC",
            "sctpt",
            "sctp12",
            "sctpevil.example/t",
            "sctp1.2tx",
            "",
        ] {
            assert_eq!(user(other), None, "{other}");
        }
    }

    #[test]
    fn a_key_of_the_second_kind_goes_to_its_users_address_unless_a_server_was_entered() {
        for (server, expected) in [
            (
                "https://sctapi.ftqq.com/send/sctp12tx.send",
                "https://12.push.ft07.com/send/sctp12tx.send",
            ),
            (
                "https://push.example/send/sctp12tx.send",
                "https://push.example/send/sctp12tx.send",
            ),
        ] {
            assert_eq!(at_home(Url::parse(server).unwrap(), "12").as_str(), expected);
        }
    }
}
