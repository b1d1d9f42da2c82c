//! One text with everything in it, for services that know nothing else.

use super::escape::{cut_bytes, cut_utf16};
use crate::message::Brief;

/// How a service counts.
#[derive(Clone, Copy, Debug)]
pub(super) enum Unit {
    Utf16,
    Bytes,
}

impl Unit {
    fn count(self, text: &str) -> usize {
        match self {
            Self::Utf16 => text.encode_utf16().count(),
            Self::Bytes => text.len(),
        }
    }

    fn cut(self, text: &str, most: usize) -> String {
        match self {
            Self::Utf16 => cut_utf16(text, most),
            Self::Bytes => cut_bytes(text, most),
        }
    }
}

/// `text`, and below it where to look. What does not fit is missing from the text, never from the address.
pub(super) fn with_link(text: &str, brief: &Brief, most: usize, unit: Unit) -> String {
    let Some((label, url)) = &brief.link else {
        return unit.cut(text, most);
    };
    let link = format!("\n{label}: {url}");
    match most.checked_sub(unit.count(&link)) {
        Some(room) => unit.cut(text, room) + &link,
        // Half an address leads nowhere.
        None => unit.cut(text, most),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Tone;

    fn brief(url: &str) -> Brief {
        Brief {
            tone: Tone::Bad,
            title: "[DOWN] Shop".to_owned(),
            headline: "Shop is down".to_owned(),
            facts: Vec::new(),
            note: None,
            link: Some(("Look".to_owned(), url.to_owned())),
            acknowledge: None,
            source: "https://shop.example".to_owned(),
        }
    }

    #[test]
    fn a_long_text_leaves_room_for_the_address() {
        let brief = brief("https://watch.example/incidents/7");
        let text = "服务器🔥".repeat(100);
        for unit in [Unit::Utf16, Unit::Bytes] {
            let whole = with_link(&text, &brief, 120, unit);
            assert!(unit.count(&whole) <= 120, "{unit:?} {whole}");
            assert!(
                whole.ends_with("…\nLook: https://watch.example/incidents/7"),
                "{whole}"
            );
        }
    }

    #[test]
    fn an_address_that_does_not_fit_is_left_out_whole() {
        let brief = brief(&format!("https://watch.example/{}", "a".repeat(100)));
        assert_eq!(with_link("Shop is down", &brief, 50, Unit::Bytes), "Shop is down");
    }
}
