//! The organisational domain: what one can register below a public suffix (RFC 7489, 3.2).

/// `mail.example.co.uk` gives `example.co.uk`. A name that is itself a public suffix, or a single label, is its own.
pub(super) fn organisation(domain: &str) -> &str {
    psl::domain_str(domain).unwrap_or(domain)
}

/// Relaxed alignment (RFC 7489, 3.1): both names belong to one organisation.
pub(super) fn same_organisation(a: &str, b: &str) -> bool {
    organisation(a).eq_ignore_ascii_case(organisation(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_what_one_can_register() {
        for (domain, expected) in [
            ("example.org", "example.org"),
            ("mail.example.org", "example.org"),
            ("a.b.example.co.uk", "example.co.uk"),
            ("watch.example.com.cn", "example.com.cn"),
            // Private suffixes count too: each customer is an organisation.
            ("me.github.io", "me.github.io"),
            ("x.me.github.io", "me.github.io"),
            ("co.uk", "co.uk"),
            ("home.lan", "home.lan"),
            ("lan", "lan"),
        ] {
            assert_eq!(organisation(domain), expected, "{domain}");
        }
        assert!(same_organisation("bounce.Example.org", "example.ORG"));
        assert!(!same_organisation("a.co.uk", "b.co.uk"));
    }
}
