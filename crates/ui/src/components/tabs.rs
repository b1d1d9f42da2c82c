//! The row of links above each page of a section.

use crate::Shell;

/// One link, with what its template prints.
pub(crate) struct TabLink {
    pub(crate) href: &'static str,
    pub(crate) label: String,
    pub(crate) current: bool,
}

impl TabLink {
    /// Of these tabs, with their addresses and the keys of their words.
    pub(crate) fn row<T: PartialEq, const N: usize>(
        shell: &Shell,
        tabs: [(T, &'static str, &'static str); N],
        current: &T,
    ) -> Vec<Self> {
        let link = |(tab, href, key): (T, &'static str, &str)| Self {
            href,
            label: shell.t(key).to_string(),
            current: tab == *current,
        };
        tabs.into_iter().map(link).collect()
    }
}
