//! Mail settings and addresses, valid by construction.
//!
//! There is no default server: settings exist or they do not.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    field::{FieldError, FieldErrors},
    host::{Host, HostPort, parse_port},
    json::Object,
    outcome::named,
    text::parse_line,
};

named! {
    /// How the connection is protected. There is no "if available": that mode can be stripped by anybody on the way.
    Security {
        /// TLS from the first byte (usually port 465).
        Tls = "tls",
        /// STARTTLS, required (usually port 587).
        StartTls = "starttls",
        /// No encryption.
        None = "none",
    }
}

/// What the next message uses.
#[derive(Clone, Debug)]
pub struct MailSettings {
    pub server: HostPort,
    pub security: Security,
    pub credentials: Option<Credentials>,
    pub from: Address,
    pub from_name: Option<String>,
    pub reply_to: Option<Address>,
    /// What we say in EHLO; `None` = the domain of the public URL or the address literal of the socket.
    pub hello_name: Option<String>,
    pub verify_certificate: bool,
    /// An own certificate authority, PEM.
    pub ca_pem: Option<String>,
    /// Password over an unencrypted connection to somewhere else than loopback: a person said yes to it.
    pub allow_insecure_auth: bool,
}

#[derive(Clone, Debug)]
pub struct Credentials {
    pub username: String,
    /// `None`: sealed with a key that we do not have; it must be entered again.
    pub password: Option<SecretString>,
}

/// A mail address: `local@domain`, the domain in ASCII form. Never holds a line break or control character.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Address(String);

impl Address {
    pub fn parse(field: &str, text: &str) -> Result<Self, FieldError> {
        let text = parse_line(field, text, 254)?;
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
        Ok(Self(format!("{local}@{domain}")))
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

impl MailSettings {
    /// Reads the body of `PUT /api/v1/settings/mail`. An absent password keeps the one of `current`, but only while
    /// everything that decides where it goes is unchanged: otherwise a changed host would be handed the old password.
    pub fn from_json(value: Value, current: Option<&Self>) -> Result<Self, FieldErrors> {
        let mut o = Object::new("", value)?;
        let host = o.required_text("host");
        let host = o.parse("host", host, |f, v| Host::parse(f, &v));
        let port = o.integer("port");
        if port.is_none() && o.errors.of("port").next().is_none() {
            let _: Option<()> = o.complain("port", "required", "This field is required.");
        }
        let port = o.parse("port", port, parse_port);
        let security = o.required_text("security");
        let security = o.parse("security", security, |f, v| {
            Security::parse(&v)
                .ok_or_else(|| FieldError::new(f, "security-unknown", "Choose tls, starttls or none."))
        });
        let username = optional(&mut o, "username", 256);
        let password = o.text("password").filter(|p| !p.is_empty());
        if password
            .as_ref()
            .is_some_and(|p| p.len() > 1024 || p.chars().any(char::is_control))
        {
            let _: Option<()> = o.complain(
                "password",
                "control-characters",
                "Remove line breaks and control characters from this field.",
            );
        }
        let clear_password = o.boolean("clear_password").unwrap_or(false);
        let from = o.required_text("from");
        let from = o.parse("from", from, |f, v| Address::parse(f, &v));
        let from_name = optional(&mut o, "from_name", 128);
        let reply_to = o.text("reply_to").filter(|t| !t.trim().is_empty());
        let reply_to = o.parse("reply_to", reply_to, |f, v| Address::parse(f, &v));
        let hello_name = o.text("hello_name").filter(|t| !t.trim().is_empty());
        let hello_name = o.parse("hello_name", hello_name, |f, v| parse_hello(f, &v));
        let verify_certificate = o.boolean("verify_certificate").unwrap_or(true);
        let ca_pem = o.text("ca_pem").filter(|t| !t.trim().is_empty());
        let ca_pem = o.parse("ca_pem", ca_pem, parse_pem);
        let allow_insecure_auth = o.boolean("allow_insecure_auth").unwrap_or(false);

        let settings = (|| {
            Some(Self {
                server: HostPort {
                    host: host?,
                    port: port?,
                },
                security: security?,
                credentials: None,
                from: from?,
                from_name,
                reply_to,
                hello_name,
                verify_certificate,
                ca_pem,
                allow_insecure_auth,
            })
        })();
        let settings =
            settings.and_then(|s| s.with_credentials(&mut o, username, password, clear_password, current));
        let errors = o.finish();
        settings.filter(|_| errors.is_empty()).ok_or(errors)
    }

    fn with_credentials(
        mut self,
        o: &mut Object,
        username: Option<String>,
        password: Option<String>,
        clear: bool,
        current: Option<&Self>,
    ) -> Option<Self> {
        let Some(username) = username else {
            // A user name that was refused is there all the same.
            if password.is_some() && o.errors.of("username").next().is_none() {
                return o.complain("username", "username-missing", "A password needs a user name.");
            }
            return Some(self);
        };
        let stored = current.and_then(|c| c.credentials.as_ref());
        let password = match (password, stored) {
            (Some(p), _) => Some(SecretString::from(p)),
            (None, Some(stored)) if !clear => {
                let same =
                    current.is_some_and(|c| self.reaches_same_server_as(c)) && stored.username == username;
                // A password that cannot be opened cannot be kept either: a new revision would lose it for good.
                if !same || stored.password.is_none() {
                    return o.complain(
                        "password",
                        "password-reenter",
                        "Enter the password again: it is kept only while it can be read and server, port, security, certificate check and user name stay the same.",
                    );
                }
                stored.password.clone()
            }
            (None, _) => {
                return o.complain("password", "password-missing", "A user name needs a password.");
            }
        };
        self.credentials = Some(Credentials { username, password });
        if self.security == Security::None && !self.allow_insecure_auth && !self.is_loopback() {
            return o.complain(
                "security",
                "insecure-auth",
                "The password would travel unencrypted. Choose TLS or STARTTLS, or allow it explicitly.",
            );
        }
        Some(self)
    }

    fn reaches_same_server_as(&self, other: &Self) -> bool {
        self.server == other.server
            && self.security == other.security
            && self.verify_certificate == other.verify_certificate
            && self.ca_pem == other.ca_pem
    }

    /// True when the server is this machine by its literal name; a name that merely resolves there does not count.
    pub fn is_loopback(&self) -> bool {
        match &self.server.host {
            Host::Ip(ip) => ip.is_loopback(),
            Host::Name(n) => n == "localhost",
        }
    }

    /// The settings as they may be read; the password is not among them.
    pub fn to_json(&self) -> Value {
        json!({
            "host": self.server.host.to_string(),
            "port": self.server.port,
            "security": self.security.as_str(),
            "username": self.credentials.as_ref().map(|c| &c.username),
            "from": self.from.as_str(),
            "from_name": self.from_name,
            "reply_to": self.reply_to.as_ref().map(Address::as_str),
            "hello_name": self.hello_name,
            "verify_certificate": self.verify_certificate,
            "ca_pem": self.ca_pem,
            "allow_insecure_auth": self.allow_insecure_auth,
        })
    }

    /// The secrets alone, for sealing.
    pub fn secrets(&self) -> Option<SecretString> {
        let password = self.credentials.as_ref()?.password.as_ref()?;
        Some(SecretString::from(
            json!({ "password": password.expose_secret() }).to_string(),
        ))
    }

    /// Reads back what [`Self::to_json`] and [`Self::secrets`] gave. With `secret = None` and a user name set, the
    /// password counts as locked.
    pub fn from_stored(public: Value, secret: Option<Value>) -> Result<Self, FieldErrors> {
        let mut value = public;
        let locked = secret.is_none() && value.get("username").is_some_and(|u| !u.is_null());
        match secret {
            Some(s) => crate::sealed::join(&mut value, s),
            // Stands in for the missing one only until the next line.
            None if locked => value["password"] = Value::from("-"),
            None => {}
        }
        let mut settings = Self::from_json(value, None)?;
        if let Some(c) = settings.credentials.as_mut().filter(|_| locked) {
            c.password = None;
        }
        Ok(settings)
    }
}

fn optional(o: &mut Object, name: &str, max: usize) -> Option<String> {
    let text = o.text(name).filter(|t| !t.trim().is_empty());
    o.parse(name, text, |f, v| parse_line(f, &v, max))
}

/// RFC 5321, 4.1.3: a domain name or an address literal in brackets.
fn parse_hello(field: &str, text: &str) -> Result<String, FieldError> {
    match Host::parse(field, text)? {
        Host::Name(n) => Ok(n),
        Host::Ip(std::net::IpAddr::V4(ip)) => Ok(format!("[{ip}]")),
        Host::Ip(std::net::IpAddr::V6(ip)) => Ok(format!("[IPv6:{ip}]")),
    }
}

fn parse_pem(field: &str, text: String) -> Result<String, FieldError> {
    let text = text.trim().to_owned();
    let framed =
        text.starts_with("-----BEGIN CERTIFICATE-----") && text.ends_with("-----END CERTIFICATE-----");
    if !framed || text.len() > 64 * 1024 {
        return Err(FieldError::new(
            field,
            "pem-invalid",
            "Paste the certificate in PEM form, from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----.",
        ));
    }
    Ok(text)
}
