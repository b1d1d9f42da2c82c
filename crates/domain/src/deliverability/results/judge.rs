//! The receiver's verdicts as findings.

use super::{Check, Pasted, Results};
use crate::deliverability::{Code, Finding, organisation::same_organisation};

/// What decides about the inbox, in the order in which it is told.
pub(super) const METHODS: [&str; 3] = ["spf", "dkim", "dmarc"];

pub(super) fn judge(pasted: &Pasted) -> Vec<Finding> {
    let Some(first) = newest(&pasted.results) else {
        return Vec::new();
    };
    let checks: Vec<&Check> = first.iter().flat_map(|r| &r.checks).collect();
    let server = first
        .iter()
        .find_map(|r| r.server.as_deref())
        .unwrap_or("The receiver");
    let mut findings = Vec::new();
    for method in METHODS {
        let of_method: Vec<&&Check> = checks.iter().filter(|c| c.method == method).collect();
        if of_method.is_empty() {
            let silent = Finding::new(Code::ResultNotChecked)
                .with("server", server)
                .with("method", method.to_uppercase());
            findings.push(silent);
        }
        for check in of_method {
            let finding = verdict(server, check);
            if !findings.contains(&finding) {
                findings.push(finding);
            }
        }
    }
    findings.extend(alignment(pasted, &checks));
    findings
}

/// The headers of the server that wrote the first one; what an ARC set repeats only if there is nothing else.
fn newest(results: &[Results]) -> Option<Vec<&Results>> {
    let direct: Vec<&Results> = results.iter().filter(|r| !r.is_arc).collect();
    let all = if direct.is_empty() {
        results.iter().collect()
    } else {
        direct
    };
    let server = all.first()?.server.clone();
    Some(all.into_iter().take_while(|r| r.server == server).collect())
}

fn verdict(server: &str, check: &Check) -> Finding {
    let identity = check.domain().unwrap_or_else(|| "—".to_owned());
    let code = match (check.method.as_str(), check.result.as_str()) {
        (_, "temperror") => Code::ResultTemporary,
        ("spf", "pass") => Code::ResultSpfPass,
        ("spf", "fail" | "hardfail") => Code::ResultSpfFail,
        ("spf", "softfail") => Code::ResultSpfSoftFail,
        ("spf", "none" | "neutral") => Code::ResultSpfNone,
        ("spf", "permerror") => Code::ResultSpfError,
        ("dkim", "pass") => Code::ResultDkimPass,
        ("dkim", "fail" | "permerror") => Code::ResultDkimFail,
        ("dkim", "none" | "neutral" | "policy") => Code::ResultDkimNone,
        ("dmarc", "pass") => Code::ResultDmarcPass,
        ("dmarc", "fail") => Code::ResultDmarcFail,
        ("dmarc", "none" | "bestguesspass") => Code::ResultDmarcNone,
        ("dmarc", "permerror") => Code::ResultDmarcError,
        _ => Code::ResultUnusual,
    };
    Finding::new(code)
        .with("server", server)
        .with("identity", identity)
        .with("method", check.method.to_uppercase())
        .with("result", &check.result)
        .with("note", check.note.as_deref().unwrap_or_default())
}

/// Whether something that passed belongs to the sender that people see.
fn alignment(pasted: &Pasted, checks: &[&Check]) -> Option<Finding> {
    let from = checks
        .iter()
        .filter(|c| c.method == "dmarc")
        .find_map(|c| c.domain())
        .or_else(|| pasted.from.clone())?;
    let passed: Vec<(&str, String)> = checks
        .iter()
        .filter(|c| matches!(c.method.as_str(), "spf" | "dkim") && c.result == "pass")
        .filter_map(|c| Some((c.method.as_str(), c.domain()?)))
        .collect();
    let aligned = passed.iter().find(|(_, domain)| same_organisation(domain, &from));
    match aligned {
        Some((method, domain)) => Some(
            Finding::new(Code::ResultAligned)
                .with("method", method.to_uppercase())
                .with("identity", domain)
                .with("from", from),
        ),
        None if passed.is_empty() => None,
        None => Some(Finding::new(Code::ResultUnaligned).with("from", from)),
    }
}
