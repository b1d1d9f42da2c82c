//! Lists of `tag=value` pairs, as DMARC and DKIM records are (RFC 6376, 3.2).

/// The tags of one record, in their order. Whatever is not a pair is left out; the reader of the record decides whether
/// what it needs is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tags<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Tags<'a> {
    pub(super) fn parse(record: &'a str) -> Self {
        let pair = |part: &'a str| {
            let (name, value) = part.split_once('=')?;
            Some((name.trim(), value.trim()))
        };
        Self(record.split(';').filter_map(pair).collect())
    }

    /// The value of a tag; of two, the first one.
    pub(super) fn get(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find(|(n, _)| *n == name).map(|(_, v)| *v)
    }

    /// The first pair, which says what the record is.
    pub(super) fn first(&self) -> Option<(&'a str, &'a str)> {
        self.0.first().copied()
    }
}
