//! The row of links above each settings page.

use crate::Shell;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tab {
    Mail,
    Messages,
    Zones,
    Security,
    Tokens,
    General,
    Health,
}

/// One link, with what its template prints.
pub(crate) struct Link {
    pub(crate) href: &'static str,
    pub(crate) label: String,
    pub(crate) current: bool,
}

pub(crate) fn links(shell: &Shell, current: Tab) -> Vec<Link> {
    let all = [
        (Tab::Mail, "/settings/mail", "settings-mail"),
        (Tab::Messages, "/settings/messages", "settings-messages"),
        (Tab::Zones, "/settings/zones", "settings-zones"),
        (Tab::Security, "/settings/security", "settings-security"),
        (Tab::Tokens, "/settings/tokens", "settings-tokens"),
        (Tab::General, "/settings/general", "settings-general"),
        (Tab::Health, "/settings/health", "settings-health"),
    ];
    all.into_iter()
        .map(|(tab, href, key)| Link {
            href,
            label: shell.t(key).to_string(),
            current: tab == current,
        })
        .collect()
}
