//! Mail addresses.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{field::FieldError, host::Host, text::parse_line};

/// RFC 5321, 4.5.3.1.3: a path of 256 octets has two for its brackets.
const LONGEST: usize = 254;

/// A mail address: `local@domain`, the domain in ASCII form. Never holds a line break or control character.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Address(String);

impl Address {
    pub fn parse(field: &str, text: &str) -> Result<Self, FieldError> {
        let text = parse_line(field, text, LONGEST)?;
        let bad = || {
            FieldError::new(
                field,
                "address-invalid",
                "This is not a mail address. Example: me@example.org.",
            )
        };
        let (local, domain) = text.rsplit_once('@').ok_or_else(bad)?;
        let atom = |c: char| !c.is_whitespace() && !"()<>[]:;@\\,\"".contains(c);
        let local_ok = !local.is_empty()
            && local.len() <= 64
            && local.chars().all(atom)
            && !local.starts_with('.')
            && !local.ends_with('.')
            && !local.contains("..");
        let Ok(Host::Name(domain)) = Host::parse(field, domain) else {
            return Err(bad());
        };
        if !local_ok {
            return Err(bad());
        }
        let address = format!("{local}@{domain}");
        // In its ASCII form a domain is longer than it was typed.
        if address.len() > LONGEST {
            let text = format!("Use at most {LONGEST} characters.");
            return Err(FieldError::new(field, "too-long", text).with("max", LONGEST));
        }
        Ok(Self(address))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, d)| d)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Address> for String {
    fn from(a: Address) -> Self {
        a.0
    }
}

impl TryFrom<String> for Address {
    type Error = FieldError;

    fn try_from(s: String) -> Result<Self, FieldError> {
        Self::parse("address", &s)
    }
}
