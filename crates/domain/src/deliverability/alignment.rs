//! Whether what SPF proves, proves anything about the From address (RFC 7489, 3.1).

use super::{
    Code, Finding, Provider, Subject,
    dmarc::Record,
    organisation::{organisation, same_organisation},
};

pub(super) fn judge(subject: &Subject, policy: Option<&Record>) -> Vec<Finding> {
    let of = |code: Code| {
        Finding::new(code)
            .with("domain", &subject.domain)
            .with("envelope", &subject.envelope)
    };
    let mut findings = Vec::new();
    if let Some(finding) = judge_mailbox(subject) {
        findings.push(finding);
    }
    let strict = policy.is_some_and(|p| p.strict_spf);
    findings.push(if subject.envelope == subject.domain {
        of(Code::AlignSame)
    } else if !same_organisation(&subject.envelope, &subject.domain) {
        of(Code::AlignElsewhere)
    } else if strict {
        of(Code::AlignStrict)
    } else {
        of(Code::AlignRelaxed).with("organisation", organisation(&subject.domain))
    });
    if let Some(provider) = subject.provider().filter(|p| p.own_envelope) {
        findings.push(of(Code::AlignProviderEnvelope).with("provider", provider.name));
    }
    if policy.is_some_and(|p| p.strict_dkim) {
        findings.push(of(Code::AlignStrictDkim));
    }
    findings
}

/// An address of a mail service, sent by somebody else.
fn judge_mailbox(subject: &Subject) -> Option<Finding> {
    let owner = Provider::of_mailbox(&subject.domain)?;
    subject.server.as_ref()?;
    if subject.provider().is_some_and(|p| p.name == owner.name) {
        return None;
    }
    let finding = Finding::new(Code::AlignForeignMailbox)
        .with("domain", &subject.domain)
        .with("owner", owner.name);
    Some(finding)
}
