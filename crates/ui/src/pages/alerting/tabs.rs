//! The row of links above each page about alerting.

use crate::Shell;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tab {
    Policies,
    OnCall,
    Silences,
    Maintenance,
}

/// One link, with what its template prints.
pub(crate) struct Link {
    pub(crate) href: &'static str,
    pub(crate) label: String,
    pub(crate) current: bool,
}

pub(crate) fn links(shell: &Shell, current: Tab) -> Vec<Link> {
    let all = [
        (Tab::Policies, "/policies", "alerting-policies"),
        (Tab::OnCall, "/on-call", "alerting-on-call"),
        (Tab::Silences, "/silences", "alerting-silences"),
        (Tab::Maintenance, "/maintenance", "alerting-maintenance"),
    ];
    all.into_iter()
        .map(|(tab, href, key)| Link {
            href,
            label: shell.t(key).to_string(),
            current: tab == current,
        })
        .collect()
}
