//! Where replies and bounces to the sender go: MX records (RFC 5321, 5.1; RFC 7505).

use super::{
    Code, Finding, Subject,
    zone::{Kind, Look, Seen},
};

pub(super) fn judge(subject: &Subject, look: &mut Look<'_>) -> Vec<Finding> {
    let mut findings = judge_domain(&subject.domain, look);
    if subject.envelope != subject.domain {
        findings.extend(judge_domain(&subject.envelope, look));
    }
    findings
}

/// Servers whose addresses are looked up; more than a few are somebody's playground.
const LOOKED_UP: usize = 5;

fn judge_domain(domain: &str, look: &mut Look<'_>) -> Vec<Finding> {
    let of = |code: Code| Finding::new(code).with("domain", domain);
    let hosts = match look.at(Kind::Mx, domain) {
        Seen::Pending => return Vec::new(),
        Seen::Failed(why) => return vec![of(Code::MxFailed).with("why", why)],
        Seen::NoName => return vec![of(Code::DomainMissing)],
        Seen::Empty => return judge_implicit(&of, domain, look),
        Seen::Records(all) => all,
    };
    let is_null = |h: &&String| h.is_empty();
    if hosts.iter().all(|h| h.is_empty()) {
        return vec![of(Code::MxNull)];
    }
    let names: Vec<&str> = hosts.iter().filter(|h| !is_null(h)).map(String::as_str).collect();
    let mut findings = vec![of(Code::MxFound).with("hosts", names.join(", "))];
    if names.len() < hosts.len() {
        findings.push(of(Code::MxNullBesides));
    }
    for name in names.iter().take(LOOKED_UP) {
        // Typed where a name belongs, an address is a name that nobody can look up.
        if name.parse::<std::net::IpAddr>().is_ok() {
            findings.push(of(Code::MxIsAddress).with("host", name));
            continue;
        }
        match look.at(Kind::Address, name) {
            Seen::Empty | Seen::NoName => findings.push(of(Code::MxHostMissing).with("host", name)),
            Seen::Failed(why) => findings.push(of(Code::MxHostFailed).with("host", name).with("why", why)),
            Seen::Pending | Seen::Records(_) => {}
        }
    }
    findings
}

/// Without MX records mail goes to the address of the domain itself.
fn judge_implicit(of: &dyn Fn(Code) -> Finding, domain: &str, look: &mut Look<'_>) -> Vec<Finding> {
    match look.at(Kind::Address, domain) {
        Seen::Pending => Vec::new(),
        Seen::Records(_) => vec![of(Code::MxImplicit)],
        Seen::Empty | Seen::NoName => vec![of(Code::MxMissing)],
        Seen::Failed(why) => vec![of(Code::MxFailed).with("why", why)],
    }
}
