//! How many lookups a record costs a receiver, found by following it as a receiver does that matches nothing.

use std::collections::BTreeSet;

use super::{Qualifier, Record, Term, has_macro, is_spf};
use crate::deliverability::{
    Code, Finding,
    zone::{Kind, Look, Seen},
};

/// Lookups that a receiver makes before it gives up (RFC 7208, 4.6.4).
pub(super) const MOST_LOOKUPS: usize = 10;
/// Lookups without an answer that it puts up with.
pub(super) const MOST_VOID: usize = 2;
/// Where the counting ends: "more than" is enough to know, and a hostile tree has no end.
const COUNTED: usize = 30;

/// What following a record found out.
#[derive(Default)]
pub(super) struct Walk {
    /// Terms that cost a lookup.
    pub(super) lookups: usize,
    /// Names that were asked for in vain.
    pub(super) void: BTreeSet<String>,
    /// Every domain that is included or redirected to, at any depth.
    pub(super) reached: BTreeSet<String>,
    /// How the record ends; `None` = without a word about everybody else.
    pub(super) end: Option<Qualifier>,
    /// Mistakes below the record itself.
    pub(super) findings: Vec<Finding>,
    /// Nothing more can be said before these lookups are answered.
    pub(super) pending: bool,
    /// Part of the tree could not be read.
    pub(super) partial: bool,
    path: Vec<String>,
}

impl Walk {
    pub(super) fn of(domain: &str, record: &Record<'_>, look: &mut Look<'_>) -> Self {
        let mut walk = Self::default();
        walk.path.push(domain.to_owned());
        walk.end = walk.follow(domain, record, look);
        walk
    }

    /// Counted to the end of what is counted.
    pub(super) fn is_beyond_counting(&self) -> bool {
        self.lookups >= COUNTED
    }

    fn follow(&mut self, domain: &str, record: &Record<'_>, look: &mut Look<'_>) -> Option<Qualifier> {
        let mut end = record.end().map(|(_, q)| q);
        for (text, term) in record.effective() {
            if self.is_beyond_counting() {
                break;
            }
            match term {
                Term::All(_) | Term::Network | Term::OtherModifier => {}
                Term::Ptr => self.lookups += 1,
                Term::A(name) => self.probe(Kind::Address, name.unwrap_or(domain), look),
                Term::Exists(name) => self.probe(Kind::Address, name, look),
                Term::Mx(name) => self.probe(Kind::Mx, name.unwrap_or(domain), look),
                Term::Include(target) => {
                    self.descend(text, target, look);
                }
                Term::Redirect(target) => end = self.descend(text, target, look),
            }
        }
        end
    }

    /// A lookup that may come back empty, and counts then as void.
    fn probe(&mut self, kind: Kind, name: &str, look: &mut Look<'_>) {
        self.lookups += 1;
        if has_macro(name) {
            return;
        }
        match look.at(kind, name) {
            Seen::Empty | Seen::NoName => {
                self.void.insert(name.to_ascii_lowercase());
            }
            Seen::Pending => self.pending = true,
            Seen::Records(_) | Seen::Failed(_) => {}
        }
    }

    /// Into an included or redirected record. Gives how that one ends.
    fn descend(&mut self, text: &str, target: &str, look: &mut Look<'_>) -> Option<Qualifier> {
        self.lookups += 1;
        if has_macro(target) {
            self.partial = true;
            self.findings
                .push(Finding::new(Code::SpfMacro).with("term", text));
            return None;
        }
        let name = target.trim_end_matches('.').to_ascii_lowercase();
        self.reached.insert(name.clone());
        if self.path.contains(&name) {
            let path = [self.path.as_slice(), std::slice::from_ref(&name)]
                .concat()
                .join(" → ");
            self.report(Finding::new(Code::SpfLoop).with("path", path));
            return None;
        }
        let records = match look.at(Kind::Txt, &name) {
            Seen::Records(all) => all,
            Seen::Empty | Seen::NoName => {
                self.void.insert(name);
                let finding = Finding::new(Code::SpfIncludeMissing)
                    .with("term", text)
                    .with("target", target);
                self.report(finding);
                return None;
            }
            Seen::Failed(why) => {
                self.partial = true;
                self.report(
                    Finding::new(Code::SpfIncludeFailed)
                        .with("target", target)
                        .with("why", why),
                );
                return None;
            }
            Seen::Pending => {
                self.pending = true;
                return None;
            }
        };
        let mut found = records.iter().filter(|r| is_spf(r));
        match (found.next(), found.count()) {
            (None, _) => {
                let finding = Finding::new(Code::SpfIncludeMissing)
                    .with("term", text)
                    .with("target", target);
                self.report(finding);
                None
            }
            (Some(_), 1..) => {
                self.report(Finding::new(Code::SpfIncludeSeveral).with("target", target));
                None
            }
            (Some(record), 0) => match Record::parse(record) {
                Ok(record) => {
                    self.path.push(name.clone());
                    let end = self.follow(&name, &record, look);
                    self.path.pop();
                    end
                }
                Err(term) => {
                    self.report(
                        Finding::new(Code::SpfSyntax)
                            .with("term", term)
                            .with("target", target),
                    );
                    None
                }
            },
        }
    }

    /// A tree may reach the same mistake on several ways; it is told once.
    fn report(&mut self, finding: Finding) {
        if !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }
}
