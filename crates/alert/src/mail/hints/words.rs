//! What an answer says in words of its own.
//!
//! Servers repeat addresses, and an address may hold any word: `<michelot@…>` speaks of no HELO.

use crate::mail::reply::Reply;

/// The text in lower case, without what stands in `<…>` and without bare addresses.
pub(super) fn own(reply: &Reply) -> String {
    let text = reply.text().to_lowercase();
    let mut own = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some((before, opened)) = rest.split_once('<')
        && let Some((_, after)) = opened.split_once('>')
    {
        own.push_str(before);
        own.push(' ');
        rest = after;
    }
    own.push_str(rest);
    let words: Vec<&str> = own.split_whitespace().filter(|w| !w.contains('@')).collect();
    words.join(" ")
}

/// True when one of `phrases` stands there as whole words; a `*` at its begin or end allows for more letters.
pub(super) fn any(text: &str, phrases: &[&str]) -> bool {
    phrases.iter().any(|phrase| holds(text, phrase))
}

fn holds(text: &str, phrase: &str) -> bool {
    let (phrase, open_before) = phrase.strip_prefix('*').map_or((phrase, false), |p| (p, true));
    let (phrase, open_after) = phrase.strip_suffix('*').map_or((phrase, false), |p| (p, true));
    // Chinese has no blanks between its words.
    let letter = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let (begins, ends) = (letter(phrase.chars().next()), letter(phrase.chars().next_back()));
    text.match_indices(phrase).any(|(at, found)| {
        let before = text[..at].chars().next_back();
        let after = text[at + found.len()..].chars().next();
        (open_before || !begins || !letter(before)) && (open_after || !ends || !letter(after))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_whole_ones() {
        for (text, phrase, there) in [
            ("helo refused", "helo", true),
            ("invalid (helo)", "helo", true),
            ("michelot", "helo", false),
            ("helot", "helo", false),
            ("helot", "helo*", true),
            ("zen.spamhaus.org", "*spamhaus*", true),
            ("mapisendasdeniedexception", "*sendasdenied*", true),
            ("请使用授权码登录", "授权码", true),
            ("unbanned and banned", "banned", true),
            ("", "helo", false),
        ] {
            assert_eq!(any(text, &[phrase]), there, "{text}: {phrase}");
        }
    }

    #[test]
    fn addresses_are_no_words() {
        let own = |text: &str| {
            own(&Reply {
                code: 550,
                lines: vec![text.to_owned()],
            })
        };
        assert_eq!(
            own("5.1.1 <spf@Relay.example>: No such User"),
            "5.1.1 : no such user"
        );
        assert_eq!(own("spf@relay.example is unknown"), "is unknown");
        assert_eq!(own("user<a@b>unknown"), "user unknown");
        assert_eq!(own("a < b, and <open@b.example"), "a < b, and");
    }
}
