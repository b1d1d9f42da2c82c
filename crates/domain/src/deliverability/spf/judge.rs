//! What is to be said about the SPF of one domain.

use super::{
    Qualifier, Record, Term, is_spf, looks_like_spf,
    walk::{MOST_LOOKUPS, MOST_VOID, Walk},
};
use crate::{
    deliverability::{
        Code, Finding, Provider, Subject,
        zone::{Kind, Look, Seen},
    },
    host::Host,
};

/// SPF is asked about the domain of the envelope, which is the one that is judged here.
pub(in crate::deliverability) fn judge(subject: &Subject, look: &mut Look<'_>) -> Vec<Finding> {
    let domain = subject.envelope.as_str();
    let of = |code: Code| Finding::new(code).with("domain", domain);
    let texts = match look.at(Kind::Txt, domain) {
        Seen::Pending => return Vec::new(),
        Seen::Failed(why) => return vec![of(Code::SpfFailed).with("why", why)],
        Seen::Records(all) => all,
        Seen::Empty | Seen::NoName => &[],
    };
    let mut findings = Vec::new();
    if let Some(similar) = texts.iter().find(|t| looks_like_spf(t)) {
        findings.push(of(Code::SpfLookalike).with("record", similar));
    }
    let records: Vec<&str> = texts.iter().map(String::as_str).filter(|t| is_spf(t)).collect();
    match records.as_slice() {
        [] => findings.push(of(Code::SpfMissing).publish(domain, &fresh(subject))),
        [one] => findings.extend(judge_record(subject, one, look)),
        several => {
            let finding = of(Code::SpfSeveral).with("count", several.len());
            findings.push(finding.publish(domain, &merged(several)));
        }
    }
    findings.push(Finding::new(Code::SpfRelayUnknown));
    findings
}

fn judge_record(subject: &Subject, text: &str, look: &mut Look<'_>) -> Vec<Finding> {
    let domain = subject.envelope.as_str();
    let of = |code: Code| Finding::new(code).with("domain", domain);
    let record = match Record::parse(text) {
        Ok(record) => record,
        Err(term) => {
            return vec![
                of(Code::SpfFound).with("record", text),
                Finding::new(Code::SpfSyntax)
                    .with("term", term)
                    .with("target", domain),
            ];
        }
    };
    let mut findings = vec![of(Code::SpfFound).with("record", text)];
    if let [(_, Term::All(Qualifier::Fail))] = record.terms.as_slice() {
        findings.push(of(Code::SpfNobody).publish(domain, &fresh(subject)));
        return findings;
    }
    let walk = Walk::of(domain, &record, look);
    findings.extend(judge_end(&of, domain, text, &record, &walk));
    findings.extend(judge_provider(subject, text, &record, &walk));
    findings.extend(judge_size(&of, &walk));
    if record.effective().any(|(_, t)| *t == Term::Ptr) {
        findings.push(of(Code::SpfPtr));
    }
    findings.extend(walk.findings);
    findings
}

/// How the record ends, and what stands behind its end.
fn judge_end(
    of: &dyn Fn(Code) -> Finding,
    domain: &str,
    text: &str,
    record: &Record<'_>,
    walk: &Walk,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    match walk.end {
        Some(Qualifier::Fail) => findings.push(of(Code::SpfEndFail)),
        Some(Qualifier::SoftFail) => findings.push(of(Code::SpfEndSoftFail)),
        // An end that stands in another record is cured there.
        Some(Qualifier::Neutral) if record.end().is_none() => findings.push(of(Code::SpfEndNeutral)),
        Some(Qualifier::Pass) if record.end().is_none() => findings.push(of(Code::SpfEndPass)),
        Some(Qualifier::Neutral) => {
            findings.push(of(Code::SpfEndNeutral).publish(domain, &ending_soft(text)));
        }
        Some(Qualifier::Pass) => findings.push(of(Code::SpfEndPass).publish(domain, &ending_soft(text))),
        // Behind a redirect that could not be read, the end is not known.
        None if record.redirect().is_some() => {}
        None => findings.push(of(Code::SpfEndMissing).publish(domain, &ending_soft(text))),
    }
    if let Some((at, _)) = record.end() {
        let ignored: Vec<&str> = record
            .terms
            .iter()
            .enumerate()
            .filter(|(i, (_, t))| match t {
                Term::OtherModifier => false,
                Term::Redirect(_) => true,
                _ => *i > at,
            })
            .map(|(_, (text, _))| *text)
            .collect();
        if !ignored.is_empty() {
            findings.push(of(Code::SpfIgnored).with("terms", ignored.join(" ")));
        }
    }
    findings
}

/// Whether the record permits the provider whose server is set up.
fn judge_provider(subject: &Subject, text: &str, record: &Record<'_>, walk: &Walk) -> Option<Finding> {
    let provider = subject.provider()?;
    let include = *provider.includes.first()?;
    let of = |code: Code| {
        Finding::new(code)
            .with("provider", provider.name)
            .with("include", include)
            .with("domain", &subject.envelope)
    };
    // Its own domains are its own business.
    if Provider::of_mailbox(&subject.envelope).is_some_and(|p| p.name == provider.name) {
        return Some(of(Code::SpfProviderOwn));
    }
    if provider.includes.iter().any(|i| walk.reached.contains(*i)) {
        return Some(of(Code::SpfProviderIncluded));
    }
    if walk.pending || walk.partial {
        return None;
    }
    let code = if provider.own_envelope {
        Code::SpfProviderOptional
    } else {
        Code::SpfProviderMissing
    };
    Some(of(code).publish(subject.envelope.as_str(), &including(text, record, include)))
}

fn judge_size(of: &dyn Fn(Code) -> Finding, walk: &Walk) -> Vec<Finding> {
    let mut findings = Vec::new();
    let count = if walk.is_beyond_counting() {
        format!("{}+", walk.lookups)
    } else {
        walk.lookups.to_string()
    };
    let of = |code| of(code).with("count", &count).with("most", MOST_LOOKUPS);
    if walk.lookups > MOST_LOOKUPS {
        findings.push(of(Code::SpfTooManyLookups));
    } else if !walk.pending && walk.partial {
        findings.push(of(Code::SpfLookupsAtLeast));
    } else if walk.lookups == MOST_LOOKUPS {
        findings.push(of(Code::SpfLookupsAtLimit));
    } else if !walk.pending {
        findings.push(of(Code::SpfLookups));
    }
    if !walk.void.is_empty() {
        let names: Vec<&str> = walk.void.iter().map(String::as_str).collect();
        let code = if names.len() > MOST_VOID {
            Code::SpfTooManyVoid
        } else {
            Code::SpfVoid
        };
        findings.push(of(code).with("names", names.join(", ")).with("void", names.len()));
    }
    findings
}

/// A record for a domain that has none.
fn fresh(subject: &Subject) -> String {
    let sender = match (
        subject.provider().and_then(|p| p.includes.first()),
        &subject.server,
    ) {
        (Some(include), _) => format!("include:{include}"),
        (None, Some(Host::Name(name))) if name.contains('.') => format!("a:{name}"),
        (None, Some(Host::Ip(std::net::IpAddr::V4(ip)))) if !ip.is_loopback() && !ip.is_private() => {
            format!("ip4:{ip}")
        }
        (None, Some(Host::Ip(std::net::IpAddr::V6(ip)))) if !ip.is_loopback() => format!("ip6:{ip}"),
        (None, _) => "mx".to_owned(),
    };
    format!("v=spf1 {sender} ~all")
}

/// One record that permits what the several ones permit.
fn merged(records: &[&str]) -> String {
    let mut terms: Vec<&str> = Vec::new();
    for term in records.iter().flat_map(|r| r.split(' ').skip(1)) {
        let keep = match Term::parse(term) {
            Some(Term::All(_) | Term::Redirect(_)) | None => false,
            Some(_) => !terms.iter().any(|t| t.eq_ignore_ascii_case(term)),
        };
        if keep {
            terms.push(term);
        }
    }
    let redirects = records
        .iter()
        .filter_map(|r| Record::parse(r).ok()?.redirect().map(str::to_owned));
    let redirects: Vec<String> = redirects.map(|r| format!("include:{r}")).collect();
    terms.extend(redirects.iter().map(String::as_str));
    format!("v=spf1 {} ~all", terms.join(" ")).replace("v=spf1  ", "v=spf1 ")
}

/// The same record with `~all` at its end.
fn ending_soft(text: &str) -> String {
    let terms = text.split(' ').filter(|t| !t.is_empty());
    let kept: Vec<&str> = terms
        .filter(|t| !matches!(Term::parse(t), Some(Term::All(_) | Term::Redirect(_))))
        .collect();
    format!("{} ~all", kept.join(" "))
}

/// The same record with one include more, in front of its end.
fn including(text: &str, record: &Record<'_>, include: &str) -> String {
    let include = format!("include:{include}");
    let is_end = |t: &Term<'_>| matches!(t, Term::All(_) | Term::Redirect(_));
    let at = record
        .terms
        .iter()
        .position(|(_, t)| is_end(t))
        .unwrap_or(record.terms.len());
    let mut terms: Vec<&str> = record.terms.iter().map(|(text, _)| *text).collect();
    terms.insert(at, &include);
    let version = text.get(..6).unwrap_or("v=spf1");
    format!("{version} {}", terms.join(" "))
}
