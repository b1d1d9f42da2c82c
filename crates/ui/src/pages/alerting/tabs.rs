//! The row of links above each page about alerting.

use crate::Shell;
pub(crate) use crate::components::TabLink as Link;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tab {
    Policies,
    OnCall,
    Silences,
    Maintenance,
}

pub(crate) fn links(shell: &Shell, current: Tab) -> Vec<Link> {
    let all = [
        (Tab::Policies, "/policies", "alerting-policies"),
        (Tab::OnCall, "/on-call", "alerting-on-call"),
        (Tab::Silences, "/silences", "alerting-silences"),
        (Tab::Maintenance, "/maintenance", "alerting-maintenance"),
    ];
    Link::row(shell, all, &current)
}
