//! What targets and people wrote, made harmless for those who would read more into it than text.

/// For Slack and what copies it: mentions and links stand between `<` and `>`.
pub(super) fn slack(text: &str) -> String {
    html(text)
}

/// For the body of an element.
pub(super) fn html(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// At most so many characters, with an ellipsis for what is missing.
pub(super) fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(most.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

/// The same for those who count the bytes of UTF-8.
pub(super) fn cut_bytes(text: &str, most: usize) -> String {
    cut_by(text, most, char::len_utf8)
}

/// The same for those who count as UTF-16 does: two for an emoji.
pub(super) fn cut_utf16(text: &str, most: usize) -> String {
    cut_by(text, most, char::len_utf16)
}

fn cut_by(text: &str, most: usize, size: fn(char) -> usize) -> String {
    if text.chars().map(size).sum::<usize>() <= most {
        return text.to_owned();
    }
    let mut room = most.saturating_sub(size('…'));
    let fits = |c: &char| {
        let left = room.checked_sub(size(*c));
        room = left.unwrap_or_default();
        left.is_some()
    };
    let mut cut: String = text.chars().take_while(fits).collect();
    cut.push('…');
    cut
}

/// With a backslash before each of these characters.
pub(super) fn backslashed(text: &str, marks: &str) -> String {
    spaced(text, |c| (marks.contains(c).then_some('\\'), None))
}

/// Keeps each of these characters from meaning something together with the next one: a joiner that nobody sees stands
/// between them (U+2060). Where there is no other escape.
pub(super) fn apart(text: &str, marks: &str) -> String {
    spaced(text, |c| (None, marks.contains(c).then_some('\u{2060}')))
}

/// As code in Markdown, in which nothing else is read. A backtick, which would end it, becomes an apostrophe.
pub(super) fn code(text: &str) -> String {
    if text.trim().is_empty() {
        return String::new();
    }
    format!("`{}`", text.replace('`', "'"))
}

/// With what goes before and after each character.
fn spaced(text: &str, around: impl Fn(char) -> (Option<char>, Option<char>)) -> String {
    let all = text.chars().flat_map(|c| {
        let (before, after) = around(c);
        [before, Some(c), after]
    });
    all.flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_never_exceeds_its_limit_and_never_splits_a_character() {
        let text = "ab服务🔥器 is down";
        for most in 3..text.len() {
            let (bytes, utf16) = (cut_bytes(text, most), cut_utf16(text, most));
            assert!(bytes.len() <= most, "{most}: {bytes}");
            assert!(utf16.encode_utf16().count() <= most, "{most}: {utf16}");
            assert!(bytes.ends_with('…'), "{most}: {bytes}");
        }
        assert_eq!(cut_bytes(text, text.len()), text);
        assert_eq!(cut_utf16(text, text.encode_utf16().count()), text);
        assert_eq!(cut_bytes("服务器", 8), "服…");
        assert_eq!(cut_utf16("🔥🔥🔥", 5), "🔥🔥…");
    }

    #[test]
    fn a_text_is_cut_by_characters() {
        assert_eq!(cut("äöü", 3), "äöü");
        assert_eq!(cut("äöüß", 3), "äö…");
    }

    #[test]
    fn marks_lose_their_meaning() {
        assert_eq!(backslashed(r"a*b\c", r"\*"), r"a\*b\\c");
        assert_eq!(apart("@here a@b", "@"), "@\u{2060}here a@\u{2060}b");
    }

    #[test]
    fn nothing_ends_code_but_its_end() {
        assert_eq!(code("a``` b"), "`a''' b`");
        assert_eq!(code(" "), "");
    }
}
