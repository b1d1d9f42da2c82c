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
