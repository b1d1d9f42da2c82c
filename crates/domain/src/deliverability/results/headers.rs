//! Taking a pasted text apart into headers (RFC 5322, 2.2).

/// One header, unfolded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) name: String,
    pub(super) value: String,
}

impl Header {
    /// Lines that continue nothing and start no header are passed over, so that a text around the headers does no harm.
    pub(super) fn all(text: &str) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        // Where the line before belonged to a header.
        let mut open = false;
        for line in text.lines() {
            let is_folded = line.starts_with([' ', '\t']);
            if is_folded
                && open
                && let Some(last) = all.last_mut()
            {
                last.value.push(' ');
                last.value.push_str(line.trim());
                continue;
            }
            let header = line
                .trim_start()
                .split_once(':')
                .filter(|(name, _)| is_name(name));
            open = header.is_some();
            all.extend(header.map(|(name, value)| Self {
                name: name.to_owned(),
                value: value.trim().to_owned(),
            }));
        }
        all
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 70
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// The whole text on one line.
pub(super) fn unfold(text: &str) -> String {
    text.lines().map(str::trim).collect::<Vec<_>>().join(" ")
}

/// The domain of the last address in a From header: what stands in angle brackets, or else the bare address.
pub(super) fn domain_of(value: &str) -> Option<String> {
    let address = value
        .rsplit_once('<')
        .and_then(|(_, a)| a.split_once('>'))
        .map_or(value, |(a, _)| a);
    let (_, domain) = address.trim().rsplit_once('@')?;
    let domain: String = domain
        .chars()
        .take_while(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_'))
        .collect();
    let domain = domain.trim_end_matches('.').to_lowercase();
    (!domain.is_empty() && domain.len() <= 253).then_some(domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_unfolded() {
        let all = Header::all("A: one\r\n two\r\n\tthree\nnoise without colon\n more noise\nB-C:x\n\n: no\n");
        let pairs: Vec<(&str, &str)> = all.iter().map(|h| (h.name.as_str(), h.value.as_str())).collect();
        assert_eq!(pairs, [("A", "one two three"), ("B-C", "x")]);
    }

    #[test]
    fn the_domain_of_a_sender() {
        for (value, expected) in [
            ("Watchbell <watch@Example.org>", Some("example.org")),
            ("watch@example.org", Some("example.org")),
            ("\"a@b\" <c@d.example>", Some("d.example")),
            ("watch@example.org (Watchbell)", Some("example.org")),
            ("nobody", None),
            ("x@", None),
            ("", None),
        ] {
            assert_eq!(domain_of(value).as_deref(), expected, "{value}");
        }
    }
}
