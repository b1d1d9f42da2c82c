//! What a server offers in its answer to EHLO.

use super::reply::Reply;

/// lettre's own reading drops SIZE and takes keywords in upper case only, so we read the answer ourselves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Capabilities {
    pub(super) starttls: bool,
    pub(super) utf8: bool,
    pub(super) eight_bit: bool,
    /// Largest message in bytes; `None` = not offered or without a limit.
    pub(super) size: Option<u64>,
    /// SIZE is offered, with a limit or without.
    pub(super) takes_size: bool,
    /// Upper case, in the server's order.
    pub(super) auth: Vec<String>,
}

impl Capabilities {
    pub(super) fn read(ehlo: &Reply) -> Self {
        let mut found = Self::default();
        // The first line is the server's name and greeting.
        for line in ehlo.lines.iter().skip(1) {
            let upper = line.to_ascii_uppercase();
            // `AUTH=LOGIN` is how old servers wrote it, next to or instead of `AUTH LOGIN`.
            let mut words = upper.split(|c: char| c.is_whitespace() || c == '=');
            match words.next() {
                Some("STARTTLS") => found.starttls = true,
                Some("SMTPUTF8") => found.utf8 = true,
                Some("8BITMIME") => found.eight_bit = true,
                Some("SIZE") => {
                    found.takes_size = true;
                    found.size = words.next().and_then(|n| n.parse().ok()).filter(|n| *n > 0);
                }
                Some("AUTH") => {
                    for mechanism in words.filter(|w| !w.is_empty()) {
                        if !found.auth.iter().any(|a| a == mechanism) {
                            found.auth.push(mechanism.to_owned());
                        }
                    }
                }
                _ => {}
            }
        }
        found
    }

    pub(super) fn offers(&self, mechanism: &str) -> bool {
        self.auth.iter().any(|a| a == mechanism)
    }

    pub(super) fn in_words(&self) -> String {
        let mut all = Vec::new();
        if self.starttls {
            all.push("STARTTLS".to_owned());
        }
        if !self.auth.is_empty() {
            all.push(format!("AUTH {}", self.auth.join(" ")));
        }
        if let Some(size) = self.size {
            all.push(format!("SIZE {size}"));
        }
        if self.utf8 {
            all.push("SMTPUTF8".to_owned());
        }
        if self.eight_bit {
            all.push("8BITMIME".to_owned());
        }
        if all.is_empty() {
            "nothing that we use".to_owned()
        } else {
            all.join(", ")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_servers_write() {
        let lines = [
            "mx at your service",
            "SIZE 35882577",
            "starttls",
            "AUTH=LOGIN",
            "AUTH plain LOGIN",
            "SMTPUTF8",
            "",
        ];
        let c = Capabilities::read(&Reply {
            code: 250,
            lines: lines.map(ToOwned::to_owned).to_vec(),
        });
        assert!(c.starttls && c.utf8 && !c.eight_bit && c.takes_size);
        assert_eq!(c.size, Some(35_882_577));
        assert_eq!(c.auth, ["LOGIN", "PLAIN"]);
        assert!(c.offers("PLAIN") && !c.offers("XOAUTH2"));
    }

    #[test]
    fn a_server_named_starttls_offers_nothing() {
        let c = Capabilities::read(&Reply {
            code: 250,
            lines: vec!["STARTTLS".to_owned()],
        });
        assert_eq!(c, Capabilities::default());
    }
}
