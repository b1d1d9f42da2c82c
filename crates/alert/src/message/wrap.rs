//! Lines of at most 78 columns (RFC 5322, 2.1.1), broken where words allow it.

pub(super) const COLUMNS: usize = 78;

/// Breaks every line that is too long. What follows a break is indented like its line, and two columns more where the
/// line has a label or a mark. A word that is longer than a line, such as an address of a page, is left in one piece.
pub(super) fn wrapped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 40);
    for (i, line) in text.split('\n').enumerate() {
        if i > 0 {
            out.push('\n');
        }
        wrap_line(line, &mut out);
    }
    out
}

fn wrap_line(line: &str, out: &mut String) {
    if width(line) <= COLUMNS {
        out.push_str(line);
        return;
    }
    let body = line.trim_start_matches(' ');
    let indent = &line[..line.len() - body.len()];
    let hanging = if body.contains(": ") || !indent.is_empty() {
        "  "
    } else {
        ""
    };
    let mut used = width(indent);
    out.push_str(indent);
    let mut at_start = true;
    for piece in pieces(body.trim_end()) {
        let wide = width(piece.trim_end());
        if !at_start && used + wide > COLUMNS {
            out.truncate(out.trim_end_matches(' ').len());
            out.push('\n');
            out.push_str(indent);
            out.push_str(hanging);
            used = width(indent) + hanging.len();
        }
        out.push_str(piece);
        used += width(piece);
        at_start = false;
    }
    out.truncate(out.trim_end_matches(' ').len());
}

/// What must not be torn apart: a word with the spaces behind it, or one wide character with the punctuation that
/// belongs to it.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = end_of_piece(rest);
        let (piece, after) = rest.split_at(end);
        rest = after;
        Some(piece)
    })
}

fn end_of_piece(text: &str) -> usize {
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let Some(&(_, next)) = chars.peek() else {
            break;
        };
        let after_space = c == ' ' && next != ' ';
        let around_wide = (is_wide(c) || is_wide(next)) && !opens(c) && !closes(next) && next != ' ';
        if after_space || around_wide {
            return at + c.len_utf8();
        }
    }
    text.len()
}

/// Does not end a line.
fn opens(c: char) -> bool {
    "（「『《〈【“‘([{".contains(c)
}

/// Does not begin one.
fn closes(c: char) -> bool {
    "，。、；：！？）」』》〉】”’…,.;:!?)]}%".contains(c)
}

pub(super) fn width(text: &str) -> usize {
    text.chars().map(|c| if is_wide(c) { 2 } else { 1 }).sum()
}

/// The blocks of East Asian Wide characters (UAX #11) that texts are made of.
fn is_wide(c: char) -> bool {
    matches!(u32::from(c),
        0x1100..=0x115F | 0x2E80..=0x303E | 0x3041..=0x33FF | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xA000..=0xA4CF
        | 0xAC00..=0xD7A3 | 0xF900..=0xFAFF | 0xFE30..=0xFE6F | 0xFF00..=0xFF60 | 0xFFE0..=0xFFE6
        | 0x1F300..=0x1F64F | 0x1F900..=0x1F9FF | 0x20000..=0x3FFFD)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn short_lines_stay_as_they_are() {
        for text in ["", "a\n\nb\n", "-- \nwhy", "  two   spaces  "] {
            assert_eq!(wrapped(text), text);
        }
    }

    #[test]
    fn long_lines_break_between_words() {
        let text = format!("Reason: {}", "several words ".repeat(12));
        let lines = wrapped(&text);
        assert!(lines.lines().all(|l| width(l) <= COLUMNS), "{lines}");
        assert!(
            lines
                .lines()
                .skip(1)
                .all(|l| l.starts_with("  s") || l.starts_with("  w")),
            "{lines}"
        );
        assert_eq!(
            lines.split_whitespace().collect::<Vec<_>>(),
            text.split_whitespace().collect::<Vec<_>>()
        );
    }

    #[test]
    fn an_address_is_left_whole() {
        let url = format!("https://example.org/{}", "a".repeat(100));
        assert_eq!(wrapped(&url), url);
        assert_eq!(wrapped(&format!("See {url} there")), format!("See\n{url}\nthere"));
    }

    #[test]
    fn chinese_breaks_between_characters_and_not_before_punctuation() {
        let text = format!("{}。", "商店无法访问，请检查服务器".repeat(6));
        let lines = wrapped(&text);
        assert!(
            lines.lines().count() > 1 && lines.lines().all(|l| width(l) <= COLUMNS),
            "{lines}"
        );
        assert!(lines.lines().all(|l| !l.starts_with(['，', '。'])), "{lines}");
        assert_eq!(lines.replace('\n', ""), text);
    }

    proptest! {
        #[test]
        fn nothing_but_white_space_changes(text in "( |\n|: |[a-z]{1,9}|[a-z]{90}|商店|，|（|🛒){0,80}") {
            let solid = |t: &str| t.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            let lines = wrapped(&text);
            prop_assert_eq!(solid(&lines), solid(&text));
            for line in lines.lines() {
                let in_one_piece = pieces(line.trim()).count() == 1;
                prop_assert!(width(line) <= COLUMNS || in_one_piece, "{}", line);
            }
        }
    }
}
