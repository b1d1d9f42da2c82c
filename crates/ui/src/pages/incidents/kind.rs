//! What incidents of each kind are called: nobody is to read "down" where something else is wrong.

use domain::incident::{Incident, IncidentKind};

use crate::{Shell, components::Mark};

/// The text keys of one kind of incident, and its shape while it is open.
#[derive(Debug)]
pub(crate) struct Words {
    pub(crate) shape: &'static str,
    /// What it is about, also when it is over: "Certificate".
    pub(crate) about: &'static str,
    /// What is wrong: "Certificate expires soon".
    pub(crate) name: &'static str,
    /// Labels of its times.
    pub(crate) since: &'static str,
    /// `None`: it was confirmed when it began.
    pub(crate) confirmed: Option<&'static str>,
    pub(crate) over: &'static str,
    /// What acknowledging means.
    pub(crate) hint: &'static str,
    /// In its story.
    pub(super) first: &'static str,
    /// `None`: it was told when it began.
    pub(super) opened: Option<&'static str>,
    pub(super) recovering: &'static str,
    pub(super) relapsed: &'static str,
    pub(super) resolved: &'static str,
    /// Headlines on the page of the link in a message.
    pub(crate) link_open: &'static str,
    pub(crate) link_over: &'static str,
}

const DOWN: Words = Words {
    shape: "down",
    about: "incident-about-down",
    name: "incident-down",
    since: "incident-since",
    confirmed: Some("incident-confirmed"),
    over: "incident-resolved-at",
    hint: "incident-acknowledge-hint",
    first: "timeline-first-failure",
    opened: Some("timeline-opened"),
    recovering: "timeline-recovering",
    relapsed: "timeline-relapsed",
    resolved: "timeline-resolved",
    link_open: "acknowledge-down",
    link_over: "acknowledge-over",
};

const DEGRADED: Words = Words {
    shape: "degraded",
    about: "incident-about-degraded",
    name: "incident-degraded",
    since: "incident-degraded-since",
    confirmed: Some("incident-degraded-confirmed"),
    over: "incident-degraded-over",
    hint: "incident-degraded-hint",
    first: "timeline-degraded-first",
    opened: Some("timeline-degraded-opened"),
    recovering: "timeline-degraded-recovering",
    relapsed: "timeline-degraded-relapsed",
    resolved: "timeline-degraded-resolved",
    link_open: "acknowledge-degraded",
    link_over: "acknowledge-degraded-over",
};

const CERTIFICATE: Words = Words {
    shape: "degraded",
    about: "incident-about-certificate",
    name: "incident-certificate",
    since: "incident-certificate-since",
    confirmed: None,
    over: "incident-certificate-over",
    hint: "incident-certificate-hint",
    first: "timeline-certificate-first",
    opened: None,
    recovering: "timeline-certificate-recovering",
    relapsed: "timeline-certificate-relapsed",
    resolved: "timeline-certificate-resolved",
    link_open: "acknowledge-certificate",
    link_over: "acknowledge-certificate-over",
};

const NO_DATA: Words = Words {
    shape: "unknown",
    about: "incident-about-no-data",
    name: "incident-no-data",
    since: "incident-no-data-since",
    confirmed: Some("incident-own-noted"),
    over: "incident-no-data-over",
    hint: "incident-no-data-hint",
    first: "timeline-no-data-first",
    opened: Some("timeline-no-data-opened"),
    recovering: "timeline-no-data-recovering",
    relapsed: "timeline-no-data-relapsed",
    resolved: "timeline-no-data-resolved",
    link_open: "acknowledge-no-data",
    link_over: "acknowledge-no-data-over",
};

/// Of Watchbell itself.
const OWN: Words = Words {
    shape: "down",
    about: "incident-own",
    name: "incident-own",
    since: "column-began",
    confirmed: Some("incident-own-noted"),
    over: "incident-own-over",
    hint: "incident-own-acknowledge-hint",
    first: "timeline-own-began",
    opened: Some("timeline-own-opened"),
    recovering: "timeline-own-resolved",
    relapsed: "timeline-own-began",
    resolved: "timeline-own-resolved",
    link_open: "acknowledge-own-down",
    link_over: "acknowledge-own-over",
};

pub(crate) fn words(incident: &Incident) -> &'static Words {
    if incident.origin.own().is_some() {
        return &OWN;
    }
    of(incident.kind)
}

fn of(kind: IncidentKind) -> &'static Words {
    match kind {
        IncidentKind::Down => &DOWN,
        IncidentKind::Degraded => &DEGRADED,
        IncidentKind::Certificate => &CERTIFICATE,
        IncidentKind::NoData => &NO_DATA,
    }
}

/// Whether it is open, with the shape of what it is about.
pub(crate) fn mark(shell: &Shell, words: &Words, open: bool) -> Mark {
    if open {
        shell.mark(words.shape, shell.t("incident-open"))
    } else {
        shell.mark("up", shell.t("incident-resolved"))
    }
}

/// What it is about, in its shape.
pub(crate) fn about(shell: &Shell, words: &Words) -> Mark {
    shell.mark(words.shape, shell.t(words.about))
}

/// What is wrong, in its shape.
pub(crate) fn wrong(shell: &Shell, words: &Words) -> Mark {
    shell.mark(words.shape, shell.t(words.name))
}
