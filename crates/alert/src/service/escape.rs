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
}
