//! From a notice to a mail message: subject, headers, text and HTML in one language.
//!
//! Everything that a target or a person put into the notice is on one line and escaped before it gets here or on the way
//! through; every link is built from the public URL. The bytes are the same on every retry, apart from the times that
//! have passed: boundary and Message-ID are fixed by the delivery.

use std::time::{Duration, SystemTime};

use domain::{
    clock::Timestamp,
    delivery::{Event, Notice},
    id::{ChannelId, IncidentId},
    mail::{Address, MailSettings},
    mail_message::MessageSettings,
    text::{is_unsafe, sanitize},
};
use lettre::{
    Message,
    message::{
        Body, Mailbox, MultiPart, SinglePart,
        header::{ContentTransferEncoding, ContentType},
    },
};
use url::Url;
use uuid::Uuid;

use crate::{
    links::{Links, Pages},
    mail::Letter,
};

mod brief;
mod custom;
mod digest;
mod head;
mod incident;
mod language;
mod palette;
mod preview;
mod space;
#[cfg(test)]
mod tests;
mod view;
mod words;
mod wrap;

pub(crate) use brief::Brief;
use custom::Wording;
use head::{Unsubscribe, header, list_id};
pub(crate) use incident::announced_of;
pub use language::Language;
pub use preview::Preview;
pub(crate) use preview::preview;
use space::{LARGEST, Space};
pub(crate) use view::Tone;
use view::View;
pub(crate) use words::Reader;

/// Why a message goes out that is about no incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Occasion {
    /// Somebody tests the settings.
    Test,
    /// A week has passed.
    Week,
}

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

/// By which settings a message is written, and for whom.
pub(crate) struct Writing<'a> {
    pub(crate) settings: &'a MailSettings,
    pub(crate) wording: &'a MessageSettings,
    pub(crate) public_url: &'a Url,
    pub(crate) reader: Reader,
    /// The proof that this recipient gets the messages of this channel (`store::Optouts::token`).
    pub(crate) token: &'a str,
    /// The proof that this recipient was told of an incident (`store::Acknowledgements::token`).
    pub(crate) told: &'a (dyn Fn(IncidentId) -> String + Sync),
}

/// The message for one recipient, or for several who share it, short enough that mail programs show all of it.
pub(crate) fn notice_letter(notice: &Notice, writing: &Writing<'_>) -> Result<Letter, ComposeError> {
    let alone = notice.shared_with.is_empty();
    let letter = letter_to_all(notice, alone, writing)?;
    match in_plain_letters(notice)? {
        Some(notice) => Ok(letter.or_plain(letter_to_all(&notice, alone, writing)?)),
        None => Ok(letter),
    }
}

/// The same for those whose addresses every server takes. `None`: that is all of them, or nobody.
fn in_plain_letters(notice: &Notice) -> Result<Option<Notice>, ComposeError> {
    let mut plain = Vec::new();
    for recipient in std::iter::once(&notice.recipient).chain(&notice.shared_with) {
        if recipient_address(recipient)?.as_str().is_ascii() {
            plain.push(recipient.clone());
        }
    }
    if plain.is_empty() || plain.len() > notice.shared_with.len() {
        return Ok(None);
    }
    Ok(Some(Notice {
        recipient: plain.remove(0),
        shared_with: plain,
        ..notice.clone()
    }))
}

fn recipient_address(text: &str) -> Result<Address, ComposeError> {
    Address::parse("to", text).map_err(|_| ComposeError::Recipient)
}

/// `alone`: it is for one recipient, who may unsubscribe by it.
fn letter_to_all(notice: &Notice, alone: bool, writing: &Writing<'_>) -> Result<Letter, ComposeError> {
    let to = recipient_address(&notice.recipient)?;
    let also_to = notice
        .shared_with
        .iter()
        .map(|a| recipient_address(a))
        .collect::<Result<Vec<_>, _>>()?;
    let links = Links::new(writing.public_url.clone());
    // One recipient must not unsubscribe the others.
    let own_page = alone && links.is_reachable();
    let page = own_page.then(|| links.unsubscribe(writing.token));
    let pages = Pages {
        links: &links,
        token: writing.told,
    };
    let wording = Wording {
        settings: writing.wording,
    };
    let head = Head {
        to: &to,
        also_to: &also_to,
        message_id: &notice.message_id,
        // What is about several belongs to no conversation about one.
        thread: notice
            .thread
            .as_deref()
            .filter(|_| notice.event != Event::Opened && !notice.is_digest()),
        boundary: notice.delivery.0,
        channel: Some((notice.channel, &notice.channel_name)),
        unsubscribe: page.clone().map(|page| Unsubscribe {
            page,
            reply_to: writing.settings.reply_to.clone(),
        }),
    };
    let mut space = Space::AMPLE;
    loop {
        let view = View::of_notice(notice, &wording, pages, page.clone(), (writing.reader, space));
        let letter = compose(&view, &head, writing.settings, writing.reader.now)?;
        match space.less() {
            Some(less) if letter.bytes().len() > LARGEST => space = less,
            _ => return Ok(letter),
        }
    }
}

/// The message that tests the settings. Its id is its own: it belongs to no delivery, and one that comes back says so.
pub(crate) fn test_letter(
    settings: &MailSettings,
    to: &Address,
    reader: Reader,
    id: Uuid,
    occasion: Occasion,
) -> Result<Letter, ComposeError> {
    let view = View::of_test(settings, to, reader, occasion);
    let head = Head {
        to,
        also_to: &[],
        message_id: &format!("{id}@{}", settings.from.domain()),
        thread: None,
        boundary: id,
        channel: None,
        unsubscribe: None,
    };
    let letter = compose(&view, &head, settings, reader.now)?;
    let envelope = settings.envelope_from.as_ref().and_then(|e| e.address("test"));
    Ok(letter.returned_to(envelope))
}

struct Head<'a> {
    to: &'a Address,
    /// Who else gets it, and sees the first one as they see them.
    also_to: &'a [Address],
    /// Made of the delivery's id, and there is one delivery for each recipient: unique without naming anybody.
    message_id: &'a str,
    thread: Option<&'a str>,
    boundary: Uuid,
    channel: Option<(ChannelId, &'a str)>,
    unsubscribe: Option<Unsubscribe>,
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
        .raw_header(list_id(head.channel, settings.from.domain()));
    if let Some(reply_to) = &settings.reply_to {
        message = message.reply_to(Mailbox::new(None, sender(reply_to)?));
    }
    if let Some(thread) = head.thread {
        message = message
            .in_reply_to(bracketed(thread))
            .references(bracketed(thread));
    }
    for other in head.also_to {
        let other = other.as_str().parse().map_err(|_| ComposeError::Recipient)?;
        message = message.to(Mailbox::new(None, other));
    }
    for header in head.unsubscribe.iter().flat_map(Unsubscribe::headers) {
        message = message.raw_header(header);
    }
    let parts = MultiPart::alternative()
        // Quoted-printable never holds "=_", so the boundary cannot occur in a part.
        .boundary(format!("=_{}", head.boundary.simple()))
        .singlepart(part(ContentType::TEXT_PLAIN, view.text()?))
        .singlepart(part(ContentType::TEXT_HTML, view.html()?));
    let message = message.multipart(parts)?;
    let letter = Letter::new(settings.from.clone(), head.to.clone(), &message.formatted());
    Ok(letter.shared_with(head.also_to.to_vec()))
}

fn part(kind: ContentType, text: String) -> SinglePart {
    let text = text.replace('\r', "");
    // A body that this encoding cannot hold does not exist; lettre asks all the same.
    let body =
        Body::new_with_encoding(text, ContentTransferEncoding::QuotedPrintable).unwrap_or_else(Body::new);
    SinglePart::builder().header(kind).body(body)
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
