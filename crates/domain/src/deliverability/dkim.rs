//! DKIM keys (RFC 6376, 3.6.1; RFC 8463; RFC 8301 for what is too weak).

use super::{
    Code, Finding, Subject,
    tags::Tags,
    zone::{Kind, Look, Seen},
};

mod key;

use key::Key;

pub(super) fn judge(subject: &Subject, look: &mut Look<'_>) -> Vec<Finding> {
    if !subject.selectors.is_empty() {
        let each = subject
            .selectors
            .iter()
            .map(|s| judge_selector(subject, s.as_str(), look));
        return each.flat_map(|j| j.unwrap_or_default()).collect();
    }
    let usual = subject.provider().map_or(&[][..], |p| p.selectors);
    if usual.is_empty() {
        return vec![Finding::new(Code::DkimNoSelector)];
    }
    let all: Vec<Option<Vec<Finding>>> = usual.iter().map(|s| judge_selector(subject, s, look)).collect();
    let pending = all.iter().any(Option::is_none);
    // A guess that leads nowhere proves nothing.
    let mut findings: Vec<Finding> = all
        .into_iter()
        .flatten()
        .flatten()
        .filter(|f| f.code != Code::DkimMissing)
        .collect();
    if findings.is_empty() && !pending {
        let finding = Finding::new(Code::DkimUsualMissing)
            .with("selectors", usual.join(", "))
            .with("domain", &subject.domain)
            .with("provider", subject.provider().map_or("", |p| p.name));
        findings.push(finding);
    }
    findings
}

/// `None`: not answered yet.
fn judge_selector(subject: &Subject, selector: &str, look: &mut Look<'_>) -> Option<Vec<Finding>> {
    let name = format!("{selector}._domainkey.{}", subject.domain);
    let of = |code: Code| Finding::new(code).with("selector", selector).with("name", &name);
    let texts = match look.at(Kind::Txt, &name) {
        Seen::Pending => return None,
        Seen::Failed(why) => return Some(vec![of(Code::DkimFailed).with("why", why)]),
        Seen::Empty | Seen::NoName => return Some(vec![of(Code::DkimMissing)]),
        Seen::Records(all) => all,
    };
    // A key record needs no version, but it has a `p`.
    let is_key = |t: &&String| {
        let tags = Tags::parse(t);
        tags.get("p").is_some() && tags.get("v").is_none_or(|v| v == "DKIM1")
    };
    let keys: Vec<&String> = texts.iter().filter(is_key).collect();
    let Some(record) = keys.first() else {
        let text = texts.first().map_or("", String::as_str);
        return Some(vec![of(Code::DkimNotAKey).with("record", text)]);
    };
    let mut findings = judge_key(&of, &Tags::parse(record));
    if keys.len() > 1 {
        findings.push(of(Code::DkimSeveral).with("count", keys.len()));
    }
    Some(findings)
}

fn judge_key(of: &dyn Fn(Code) -> Finding, tags: &Tags<'_>) -> Vec<Finding> {
    // Spaces may stand anywhere in the base64 text.
    let data: String = tags.get("p").unwrap_or_default().split_whitespace().collect();
    if data.is_empty() {
        return vec![of(Code::DkimRevoked)];
    }
    let kind = tags.get("k").unwrap_or("rsa").to_ascii_lowercase();
    let mut findings = vec![match Key::parse(&kind, &data) {
        Key::Rsa(bits @ 0..1024) => of(Code::DkimTooShort).with("bits", bits),
        Key::Rsa(bits @ 1024..2048) => of(Code::DkimShort).with("bits", bits),
        Key::Rsa(bits) => of(Code::DkimFound).with("bits", bits),
        Key::Ed25519 => of(Code::DkimEd25519),
        Key::Broken => of(Code::DkimKeyInvalid),
        Key::Unknown => of(Code::DkimKindUnknown).with("kind", &kind),
    }];
    let listed = |tag: &str, wanted: &[&str]| {
        tags.get(tag).is_none_or(|list| {
            list.split(':')
                .any(|v| wanted.iter().any(|w| v.trim().eq_ignore_ascii_case(w)))
        })
    };
    if !listed("s", &["*", "email"]) {
        findings.push(of(Code::DkimNotForMail).with("services", tags.get("s").unwrap_or_default()));
    }
    if !listed("h", &["sha256"]) {
        findings.push(of(Code::DkimHash).with("hashes", tags.get("h").unwrap_or_default()));
    }
    if tags
        .get("t")
        .is_some_and(|flags| flags.split(':').any(|f| f.trim().eq_ignore_ascii_case("y")))
    {
        findings.push(of(Code::DkimTesting));
    }
    findings
}
