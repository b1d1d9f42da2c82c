//! What is checked: one type per kind, valid by construction.

use std::fmt;

use secrecy::SecretString;
use serde_json::{Value, json};

use crate::{
    field::{FieldError, FieldErrors},
    host::{Host, HostPort, parse_port},
    json::Object,
    outcome::named,
};

mod http;
pub use http::{Header, HttpTarget, Method, StatusRange, parse_url};
pub(crate) use http::{Stored, header_list, header_values};

named! {
    /// The protocol of a check.
    Kind { Http = "http", Tcp = "tcp", Ping = "ping" }
}

#[derive(Clone, Debug)]
pub enum Target {
    Http(HttpTarget),
    Tcp(HostPort),
    Ping(Host),
}

impl Target {
    /// Reads the `target` object of the API. `previous` supplies write-only values that the new one leaves as `null`.
    pub fn from_json(
        prefix: &str,
        kind: Kind,
        value: Value,
        previous: Option<&Self>,
    ) -> Result<Self, FieldErrors> {
        let mut o = Object::new(prefix, value)?;
        let target = match kind {
            Kind::Http => {
                let previous = match previous {
                    Some(Self::Http(t)) => Some(t),
                    _ => None,
                };
                HttpTarget::read(&mut o, previous).map(Self::Http)
            }
            Kind::Tcp => {
                let host = o.required_text("host");
                let host = o.parse("host", host, |f, v| Host::parse(f, &v));
                let port = o.integer("port");
                if port.is_none() && o.errors.of(&o.path("port")).next().is_none() {
                    let _: Option<()> = o.complain("port", "required", "This field is required.");
                }
                let port = o.parse("port", port, parse_port);
                host.zip(port)
                    .map(|(host, port)| Self::Tcp(HostPort { host, port }))
            }
            Kind::Ping => {
                let host = o.required_text("host");
                o.parse("host", host, |f, v| Host::parse(f, &v)).map(Self::Ping)
            }
        };
        let errors = o.finish();
        target.filter(|_| errors.is_empty()).ok_or(errors)
    }

    /// The `target` object of the API. Write-only values are `null`.
    pub fn to_json(&self) -> Value {
        match self {
            Self::Http(t) => t.to_json(),
            Self::Tcp(t) => json!({ "host": t.host.to_string(), "port": t.port }),
            Self::Ping(host) => json!({ "host": host.to_string() }),
        }
    }

    /// The write-only values, in the shape of [`Self::to_json`], for sealing. `None` = there are none.
    pub fn secrets(&self) -> Option<SecretString> {
        match self {
            Self::Http(t) => t.secrets(),
            Self::Tcp(_) | Self::Ping(_) => None,
        }
    }

    pub fn kind(&self) -> Kind {
        match self {
            Self::Http(_) => Kind::Http,
            Self::Tcp(_) => Kind::Tcp,
            Self::Ping(_) => Kind::Ping,
        }
    }

    /// The host that the check goes to, for the per-host limit.
    pub fn host(&self) -> String {
        match self {
            Self::Http(t) => t.url.host_str().unwrap_or_default().to_ascii_lowercase(),
            Self::Tcp(t) => t.host.to_string(),
            Self::Ping(host) => host.to_string(),
        }
    }
}

/// What people read: the URL without credentials, `host:port`, or the host.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http(t) => f.write_str(t.url.as_str()),
            Self::Tcp(t) => t.fmt(f),
            Self::Ping(host) => host.fmt(f),
        }
    }
}

impl Kind {
    pub fn parse_field(field: &str, text: &str) -> Result<Self, FieldError> {
        Self::parse(text).ok_or_else(|| {
            let known: Vec<_> = Self::ALL.iter().map(|k| k.as_str()).collect();
            let known = known.join(", ");
            FieldError::new(field, "kind-unknown", format!("Choose one of: {known}.")).with("known", known)
        })
    }
}
