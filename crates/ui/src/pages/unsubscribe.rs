//! Unsubscribing from a channel, by the link that every mail carries (RFC 8058).
//!
//! Nobody signs in here, and no session is read or begun: the signature in the address is the proof. Looking at the page
//! changes nothing, because scanners and previews follow links; only a POST does, the button's or the mail provider's.

use askama::Template;
use axum::{
    Extension, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path},
    routing::get,
};
use domain::id::ChannelId;
use http::{HeaderMap, StatusCode, header};

use crate::{
    App, Section, Shell, Visit,
    error::{self, Error},
    security::signed::{LONGEST_BODY, Turnstile, UNSUBSCRIBE},
    shell::page,
};

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/unsubscribe/{token}", get(show).post(decide))
        .layer(DefaultBodyLimit::max(LONGEST_BODY))
        .layer(Extension(Turnstile::default()))
}

#[derive(Template)]
#[template(path = "pages/unsubscribe.html")]
pub(crate) struct UnsubscribePage {
    shell: Shell,
    action: String,
    address: String,
    /// `None`: the channel is gone, and so nothing is sent through it.
    channel: Option<String>,
    /// They are not sent any more.
    stopped: bool,
}

async fn show(
    visit: Visit,
    Path(token): Path<String>,
    Extension(turnstile): Extension<Turnstile>,
) -> error::Result {
    let (channel, address) = proven(&visit, &turnstile, &token)?;
    view(&visit, token, channel, address).await
}

/// The answer is the page and no redirect: providers do not follow one (RFC 8058, 3.1).
async fn decide(
    visit: Visit,
    Path(token): Path<String>,
    Extension(turnstile): Extension<Turnstile>,
    headers: HeaderMap,
    body: Bytes,
) -> error::Result {
    let (channel, address) = proven(&visit, &turnstile, &token)?;
    let optouts = visit.app.store.optouts();
    match Wish::read(&headers, &body) {
        Some(Wish::Stop) => {
            optouts.add(channel, &address).await?;
            tracing::info!(
                channel.id = channel.0,
                request.id = visit.request_id,
                "a recipient unsubscribed"
            );
        }
        Some(Wish::Again) => {
            optouts.remove(channel, &address).await?;
            tracing::info!(
                channel.id = channel.0,
                request.id = visit.request_id,
                "a recipient subscribed again"
            );
        }
        None => return Err(Error::Refused(StatusCode::BAD_REQUEST)),
    }
    view(&visit, token, channel, address).await
}

/// Whatever is not one of our addresses gets the same answer as any page that does not exist.
fn proven(visit: &Visit, turnstile: &Turnstile, token: &str) -> Result<(ChannelId, String), Error> {
    turnstile.pass(visit)?;
    visit.app.store.optouts().open_token(token).ok_or(Error::NotFound)
}

async fn view(visit: &Visit, token: String, channel: ChannelId, address: String) -> error::Result {
    let store = &visit.app.store;
    let name = store.channels().get(channel).await?.map(|c| c.name);
    let stopped = name.is_none() || store.optouts().contains(channel, &address).await?;
    page(&UnsubscribePage {
        shell: visit.shell(Section::None, visit.language.text("unsubscribe-title")),
        action: format!("{UNSUBSCRIBE}{token}"),
        address,
        channel: name,
        stopped,
    })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    Stop,
    Again,
}

impl Wish {
    /// `List-Unsubscribe=One-Click` as a provider or our own form sends it, in either of the two encodings of forms.
    fn read(headers: &HeaderMap, body: &[u8]) -> Option<Self> {
        const ONE_CLICK: (&str, &str) = ("List-Unsubscribe", "One-Click");
        let kind = headers
            .get(header::CONTENT_TYPE)
            .map_or("", |v| v.to_str().unwrap_or_default());
        if kind.starts_with("multipart/form-data") {
            let text = String::from_utf8_lossy(body);
            let named = format!("name=\"{}\"", ONE_CLICK.0);
            let (_, after) = text.split_once(&named)?;
            let value = after.split_once("\r\n\r\n")?.1.split("\r\n").next()?;
            return (value == ONE_CLICK.1).then_some(Self::Stop);
        }
        url::form_urlencoded::parse(body).find_map(|(name, value)| match (&*name, &*value) {
            ONE_CLICK => Some(Self::Stop),
            ("do", "again") => Some(Self::Again),
            _ => None,
        })
    }
}

#[cfg(test)]
pub(crate) fn samples(language: crate::locale::Language) -> Vec<UnsubscribePage> {
    let sample = |channel: Option<&str>, stopped| UnsubscribePage {
        shell: crate::pages::samples::stranger(language, "unsubscribe-title"),
        action: "/unsubscribe/1.sample".to_owned(),
        address: "me@example.org".to_owned(),
        channel: channel.map(str::to_owned),
        stopped,
    };
    vec![
        sample(Some("On call"), false),
        sample(Some("On call"), true),
        sample(None, true),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_click_is_understood_as_providers_send_it() {
        let multipart =
            "--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--\r\n";
        for (kind, body, expected) in [
            (
                "application/x-www-form-urlencoded",
                "List-Unsubscribe=One-Click",
                Some(Wish::Stop),
            ),
            (
                "application/x-www-form-urlencoded; charset=utf-8",
                "a=b&List-Unsubscribe=One-Click",
                Some(Wish::Stop),
            ),
            ("", "List-Unsubscribe=One-Click", Some(Wish::Stop)),
            ("multipart/form-data; boundary=x", multipart, Some(Wish::Stop)),
            ("application/x-www-form-urlencoded", "do=again", Some(Wish::Again)),
            (
                "application/x-www-form-urlencoded",
                "List-Unsubscribe=Two-Clicks",
                None,
            ),
            ("multipart/form-data; boundary=x", "One-Click", None),
            (
                "multipart/form-data; boundary=x",
                &multipart.replace("One-Click", "One-Click-More"),
                None,
            ),
            ("application/json", "{}", None),
            ("", "", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, kind.parse().unwrap());
            assert_eq!(Wish::read(&headers, body.as_bytes()), expected, "{kind} {body}");
        }
    }
}
