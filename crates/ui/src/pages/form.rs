//! Reading what a form carried.

/// The value of a field; empty when it is not there.
pub(crate) fn value<'a>(typed: &'a [(String, String)], name: &str) -> &'a str {
    typed.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v)
}

/// Browsers send a box that is ticked and leave out one that is not.
pub(crate) fn ticked(typed: &[(String, String)], name: &str) -> bool {
    typed.iter().any(|(n, _)| n == name)
}

/// Values between commas.
pub(crate) fn between_commas(text: &str) -> Vec<&str> {
    text.split([',', '，', '、'])
        .map(str::trim)
        .filter(|t| !t.is_empty())
        .collect()
}
