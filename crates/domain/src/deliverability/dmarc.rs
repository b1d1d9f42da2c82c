//! DMARC (RFC 7489): what receivers do with mail whose From domain neither SPF nor DKIM vouches for.

use super::{
    Code, Finding, Subject,
    organisation::{organisation, same_organisation},
    tags::Tags,
    zone::{Kind, Look, Seen},
};

/// What the owner of the domain asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Policy {
    None,
    Quarantine,
    Reject,
}

impl Policy {
    fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "none" => Some(Self::None),
            "quarantine" => Some(Self::Quarantine),
            "reject" => Some(Self::Reject),
            _ => None,
        }
    }
}

/// The record that applies, or why none does.
pub(super) enum Found {
    Pending,
    Failed { name: String, why: String },
    Missing { similar: Option<String> },
    Several { name: String },
    Record(Record),
}

/// A DMARC record and where it stands.
pub(super) struct Record {
    /// The domain whose record it is: the From domain or its organisation.
    at: String,
    text: String,
    policy: Option<Policy>,
    subdomains: Option<Policy>,
    percent: Option<String>,
    reports: Option<String>,
    pub(super) strict_spf: bool,
    pub(super) strict_dkim: bool,
}

impl Found {
    pub(super) fn record(&self) -> Option<&Record> {
        match self {
            Self::Record(record) => Some(record),
            Self::Pending | Self::Failed { .. } | Self::Missing { .. } | Self::Several { .. } => None,
        }
    }
}

/// Looks at the domain itself, and only if there is nothing at its organisation (RFC 7489, 6.6.3).
pub(super) fn find(subject: &Subject, look: &mut Look<'_>) -> Found {
    let own = look_at(&subject.domain, look);
    let above = organisation(&subject.domain);
    match own {
        Found::Missing { similar } if above != subject.domain => match look_at(above, look) {
            Found::Missing { similar: other } => Found::Missing {
                similar: similar.or(other),
            },
            found => found,
        },
        found => found,
    }
}

fn look_at(domain: &str, look: &mut Look<'_>) -> Found {
    let name = format!("_dmarc.{domain}");
    let texts = match look.at(Kind::Txt, &name) {
        Seen::Pending => return Found::Pending,
        Seen::Failed(why) => {
            return Found::Failed {
                name,
                why: why.to_owned(),
            };
        }
        Seen::Empty | Seen::NoName => &[],
        Seen::Records(all) => all,
    };
    // Others are not DMARC records at all and are passed over.
    let is_dmarc = |t: &&String| Tags::parse(t).first() == Some(("v", "DMARC1"));
    let mut records = texts.iter().filter(is_dmarc);
    match (records.next(), records.count()) {
        (Some(record), 0) => Found::Record(Record::parse(domain, record)),
        (Some(_), _) => Found::Several { name },
        (None, _) => Found::Missing {
            similar: texts
                .iter()
                .find(|t| t.to_ascii_lowercase().contains("dmarc"))
                .cloned(),
        },
    }
}

impl Record {
    fn parse(domain: &str, text: &str) -> Self {
        let tags = Tags::parse(text);
        let policy = |name| tags.get(name).and_then(Policy::parse);
        let strict = |name| tags.get(name).is_some_and(|m| m.eq_ignore_ascii_case("s"));
        Self {
            at: domain.to_owned(),
            text: text.to_owned(),
            policy: policy("p"),
            subdomains: policy("sp"),
            percent: tags.get("pct").map(str::to_owned),
            reports: tags.get("rua").filter(|r| !r.is_empty()).map(str::to_owned),
            strict_spf: strict("aspf"),
            strict_dkim: strict("adkim"),
        }
    }

    fn is_inherited_by(&self, domain: &str) -> bool {
        self.at != domain
    }

    /// `sp` counts for a subdomain that has no record of its own.
    fn applied_to(&self, domain: &str) -> Option<Policy> {
        if self.is_inherited_by(domain) {
            self.subdomains.or(self.policy)
        } else {
            self.policy
        }
    }
}

pub(super) fn judge(subject: &Subject, found: &Found) -> Vec<Finding> {
    let domain = subject.domain.as_str();
    let name = format!("_dmarc.{domain}");
    let suggestion = format!("v=DMARC1; p=none; rua=mailto:postmaster@{domain}");
    let record = match found {
        Found::Pending => return Vec::new(),
        Found::Failed { name, why } => {
            return vec![
                Finding::new(Code::DmarcFailed)
                    .with("name", name)
                    .with("why", why),
            ];
        }
        Found::Missing { similar: None } => {
            let finding = Finding::new(Code::DmarcMissing).with("domain", domain);
            return vec![finding.publish(name, &suggestion)];
        }
        Found::Missing { similar: Some(text) } => {
            let finding = Finding::new(Code::DmarcLookalike).with("record", text);
            return vec![finding.publish(name, &suggestion)];
        }
        Found::Several { name } => return vec![Finding::new(Code::DmarcSeveral).with("name", name)],
        Found::Record(record) => record,
    };
    let at = format!("_dmarc.{}", record.at);
    let of = |code: Code| Finding::new(code).with("name", &at).with("domain", domain);
    let mut findings = Vec::new();
    let code = if record.is_inherited_by(domain) {
        Code::DmarcInherited
    } else {
        Code::DmarcFound
    };
    findings.push(of(code).with("record", &record.text));
    findings.push(match record.applied_to(domain) {
        // Without a policy that can be read, a record with a report address counts as p=none (RFC 7489, 6.6.3).
        None => of(Code::DmarcPolicyInvalid).publish(at.as_str(), &with_policy(record)),
        Some(Policy::None) => of(Code::DmarcPolicyNone),
        Some(Policy::Quarantine) => of(Code::DmarcPolicy).with("policy", "quarantine"),
        Some(Policy::Reject) => of(Code::DmarcPolicy).with("policy", "reject"),
    });
    if let Some(percent) = record.percent.as_deref().filter(|p| *p != "100") {
        findings.push(of(Code::DmarcPercent).with("percent", percent));
    }
    findings.push(judge_reports(&of, record));
    findings
}

fn judge_reports(of: &dyn Fn(Code) -> Finding, record: &Record) -> Finding {
    let Some(reports) = &record.reports else {
        let value = format!(
            "{}; rua=mailto:postmaster@{}",
            record.text.trim_end_matches([';', ' ']),
            record.at
        );
        return of(Code::DmarcNoReports).publish(format!("_dmarc.{}", record.at), &value);
    };
    let addresses = reports
        .split(',')
        .map(|r| r.trim().split('!').next().unwrap_or_default());
    let mut elsewhere = Vec::new();
    for address in addresses {
        let mail = address
            .get(..7)
            .filter(|s| s.eq_ignore_ascii_case("mailto:"))
            .map(|_| &address[7..]);
        let parts = mail.and_then(|m| m.rsplit_once('@'));
        let Some((_, domain)) = parts.filter(|(local, domain)| !local.is_empty() && !domain.is_empty())
        else {
            return of(Code::DmarcReportsInvalid).with("address", address);
        };
        if !same_organisation(domain, &record.at) {
            elsewhere.push(domain.to_owned());
        }
    }
    match elsewhere.first() {
        Some(other) => of(Code::DmarcReportsElsewhere)
            .with("reports", reports)
            .with("other", other)
            .with("permission", format!("{}._report._dmarc.{other}", record.at)),
        None => of(Code::DmarcReports).with("reports", reports),
    }
}

/// The same record with a policy that can be read.
fn with_policy(record: &Record) -> String {
    let rest: Vec<&str> = record
        .text
        .split(';')
        .map(str::trim)
        .filter(|part| {
            let name = part.split('=').next().unwrap_or_default().trim();
            !part.is_empty() && !matches!(name, "v" | "p" | "sp")
        })
        .collect();
    ["v=DMARC1", "p=none"]
        .into_iter()
        .chain(rest)
        .collect::<Vec<_>>()
        .join("; ")
}
