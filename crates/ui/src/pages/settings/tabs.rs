//! The row of links above each settings page.

use crate::Shell;
pub(crate) use crate::components::TabLink as Link;

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
    Link::row(shell, all, &current)
}
