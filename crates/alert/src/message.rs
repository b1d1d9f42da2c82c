//! From a notice to a mail message: subject, headers, text and HTML in one language.
//!
//! Everything that a target or a person put into the notice is on one line and escaped before it gets here or on the way
//! through; every link is built from the public URL. The bytes are the same on every retry, apart from the times that
//! have passed: boundary and Message-ID are fixed by the delivery.

use std::time::{Duration, SystemTime};

use domain::{
    clock::Timestamp,
    delivery::{Event, Notice},
    mail::{Address, MailSettings},
    text::{is_unsafe, sanitize},
};
use lettre::{
    Message,
    message::{
        Body, Mailbox, MultiPart, SinglePart,
        header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue},
    },
};
use url::Url;
use uuid::Uuid;

use crate::{links::Links, mail::Letter};

mod language;
#[cfg(test)]
mod tests;
mod view;
mod words;

pub use language::Language;
use view::View;

/// Why no message could be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ComposeError {
    #[error("The recipient is not a mail address. Correct it in the channel.")]
    Recipient,
    #[error("{0} is not an address that mail programs write. Correct it under Settings > Mail.")]
    Sender(String),
    #[error("The message could not be put together: {0}.")]
    Build(#[from] lettre::error::Error),
    #[error("The message could not be rendered: {0}.")]
    Render(#[from] askama::Error),
}

/// The message for one recipient.
pub(crate) fn notice_letter(
    notice: &Notice,
    settings: &MailSettings,
    public_url: &Url,
    language: Language,
    now: Timestamp,
) -> Result<Letter, ComposeError> {
    let to = Address::parse("to", &notice.recipient).map_err(|_| ComposeError::Recipient)?;
    let links = Links::new(public_url.clone());
    let view = View::of_notice(notice, &links, language, now);
    let head = Head {
        to: &to,
        message_id: &notice.message_id,
        thread: notice.thread.as_deref().filter(|_| notice.event != Event::Opened),
        boundary: notice.delivery.0,
        unsubscribe: reachable(public_url).then(|| links.channels()),
    };
    compose(&view, &head, settings, now)
}

/// The message that tests the settings. Its id is its own: it belongs to no delivery.
pub(crate) fn test_letter(
    settings: &MailSettings,
    to: &Address,
    language: Language,
    now: Timestamp,
    id: Uuid,
) -> Result<Letter, ComposeError> {
    let view = View::of_test(settings, to, language, now);
    let head = Head {
        to,
        message_id: &format!("{id}@{}", settings.from.domain()),
        thread: None,
        boundary: id,
        unsubscribe: None,
    };
    compose(&view, &head, settings, now)
}

struct Head<'a> {
    to: &'a Address,
    message_id: &'a str,
    thread: Option<&'a str>,
    boundary: Uuid,
    unsubscribe: Option<String>,
}

fn compose(
    view: &View,
    head: &Head<'_>,
    settings: &MailSettings,
    now: Timestamp,
) -> Result<Letter, ComposeError> {
    let sender = |address: &Address| {
        let parsed = address.as_str().parse::<lettre::Address>();
        parsed.map_err(|_| ComposeError::Sender(address.to_string()))
    };
    let name = settings
        .from_name
        .as_deref()
        .map(|n| sanitize(n, 128))
        .filter(|n| !n.is_empty());
    let to: lettre::Address = head.to.as_str().parse().map_err(|_| ComposeError::Recipient)?;
    let mut message = Message::builder()
        .from(Mailbox::new(name, sender(&settings.from)?))
        .to(Mailbox::new(None, to))
        .date(sent_at(now))
        .message_id(Some(bracketed(head.message_id)))
        .subject(view.subject.as_str())
        // RFC 3834: no vacation notes in return; the second is the same for Exchange.
        .raw_header(header("Auto-Submitted", "auto-generated".to_owned()))
        .raw_header(header("X-Auto-Response-Suppress", "All".to_owned()))
        .raw_header(header(
            "List-Id",
            format!("Watchbell <watchbell.{}>", settings.from.domain()),
        ));
    if let Some(reply_to) = &settings.reply_to {
        message = message.reply_to(Mailbox::new(None, sender(reply_to)?));
    }
    if let Some(thread) = head.thread {
        message = message
            .in_reply_to(bracketed(thread))
            .references(bracketed(thread));
    }
    // A page, not one click: List-Unsubscribe-Post would promise more (RFC 8058).
    if let Some(page) = &head.unsubscribe {
        message = message.raw_header(header("List-Unsubscribe", format!("<{page}>")));
    }
    let parts = MultiPart::alternative()
        // Quoted-printable never holds "=_", so the boundary cannot occur in a part.
        .boundary(format!("=_{}", head.boundary.simple()))
        .singlepart(part(ContentType::TEXT_PLAIN, view.text()?))
        .singlepart(part(ContentType::TEXT_HTML, view.html()?));
    let message = message.multipart(parts)?;
    Ok(Letter::new(
        settings.from.clone(),
        head.to.clone(),
        &message.formatted(),
    ))
}

fn part(kind: ContentType, text: String) -> SinglePart {
    let text = text.replace('\r', "");
    // A body that this encoding cannot hold does not exist; lettre asks all the same.
    let body =
        Body::new_with_encoding(text, ContentTransferEncoding::QuotedPrintable).unwrap_or_else(Body::new);
    SinglePart::builder().header(kind).body(body)
}

fn header(name: &'static str, value: String) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value)
}

/// `id@domain` -> `<id@domain>`; whatever would end the header or the id early is left out.
fn bracketed(id: &str) -> String {
    let id: String = id
        .chars()
        .filter(|c| c.is_ascii_graphic() && !is_unsafe(*c) && !"<>".contains(*c))
        .collect();
    format!("<{id}>")
}

/// Dates beyond the years 1970 to 9999 make the formatter panic.
fn sent_at(now: Timestamp) -> SystemTime {
    const YEAR_9999: u64 = 253_370_764_800;
    let seconds = u64::try_from(now.as_seconds()).unwrap_or(0).min(YEAR_9999);
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

/// True when the link may mean something on another machine than this one.
fn reachable(public_url: &Url) -> bool {
    match public_url.host() {
        Some(url::Host::Domain(name)) => name != "localhost" && !name.ends_with(".localhost"),
        Some(url::Host::Ipv4(ip)) => !ip.is_loopback() && !ip.is_unspecified(),
        Some(url::Host::Ipv6(ip)) => !ip.is_loopback() && !ip.is_unspecified(),
        None => false,
    }
}
