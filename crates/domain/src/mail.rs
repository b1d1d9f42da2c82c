//! Mail settings and addresses, valid by construction.
//!
//! There is no default server: settings exist or they do not. There may be several profiles with an order: the first is
//! used, the ones behind it stand in for it when it fails.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use self::oauth::OAuthClient;
use crate::{
    duration,
    field::{FieldError, FieldErrors},
    host::{Host, HostPort, parse_port},
    json::Object,
    outcome::named,
    text::parse_line,
};

mod address;
mod authority;
pub mod breaker;
pub mod bucket;
mod changes;
mod envelope;
mod hello;
pub mod oauth;

pub use address::Address;
pub use envelope::{EnvelopeSender, LONGEST_MARK};

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

named! {
    /// How we log in.
    AuthMethod {
        /// With the password: PLAIN where it is offered, else LOGIN.
        Auto = "auto",
        /// With an access token that the provider gave for this purpose.
        Xoauth2 = "xoauth2",
        /// Not at all.
        None = "none",
    }
}

/// What the next message uses.
#[derive(Clone, Debug)]
pub struct MailSettings {
    /// What people call this profile; `None`: its server.
    pub name: Option<String>,
    /// Switched off, it is neither used nor stood in for.
    pub enabled: bool,
    pub server: HostPort,
    pub security: Security,
    pub auth: AuthMethod,
    /// Where access tokens come from; there is one exactly when `auth` is XOAUTH2.
    pub oauth: Option<OAuthClient>,
    pub credentials: Option<Credentials>,
    pub from: Address,
    pub from_name: Option<String>,
    pub reply_to: Option<Address>,
    /// Where bounces go (MAIL FROM); `None`: to `from`.
    pub envelope_from: Option<EnvelopeSender>,
    /// What we say in EHLO; `None` = the domain of the public URL or the address literal of the socket.
    pub hello_name: Option<String>,
    pub verify_certificate: bool,
    /// An own certificate authority, PEM.
    pub ca_pem: Option<String>,
    /// Password over an unencrypted connection to somewhere else than loopback: a person said yes to it.
    pub allow_insecure_auth: bool,
    /// A sender in a domain without a dot: a person said yes to it.
    pub allow_local_from: bool,
    /// For each address of the server.
    pub connect_timeout: Duration,
    /// Messages per minute that the provider takes; more are put together. `None`: no limit.
    pub rate_per_minute: Option<u32>,
    /// Recipients of one message. 1: everybody has a message of their own and sees no other address.
    pub max_recipients: u32,
}

pub const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const CONNECT_TIMEOUTS: (Duration, Duration) = (Duration::from_secs(1), Duration::from_mins(1));
const MOST_PER_MINUTE: i64 = 100_000;
/// RFC 5321, 4.5.3.1.8 guarantees a hundred; a channel has at most fifty.
const MOST_RECIPIENTS: i64 = 50;

#[derive(Clone, Debug)]
pub struct Credentials {
    pub username: String,
    /// `None`: sealed with a key that we do not have, so that it must be entered again; or the login is by token.
    pub password: Option<SecretString>,
}

impl MailSettings {
    /// Reads the body of `PUT /api/v1/settings/mail`. An absent password keeps the one of `current`, but only while
    /// everything that decides where it goes is unchanged: otherwise a changed host would be handed the old password.
    pub fn from_json(value: Value, current: Option<&Self>) -> Result<Self, FieldErrors> {
        Self::read(value, current, Origin::Person)
    }

    fn read(value: Value, current: Option<&Self>, origin: Origin) -> Result<Self, FieldErrors> {
        let mut o = Object::new("", value)?;
        let name = optional(&mut o, "name", 128);
        let enabled = o.boolean("enabled").unwrap_or(true);
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
        let auth = o.text("auth");
        let auth = o.parse("auth", auth, |f, v| {
            AuthMethod::parse(&v)
                .ok_or_else(|| FieldError::new(f, "auth-unknown", "Choose auto, xoauth2 or none."))
        });
        let auth = auth.unwrap_or(AuthMethod::Auto);
        let oauth = oauth::read(&mut o, auth, current);
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
        let hello_name = o.parse("hello_name", hello_name, |f, v| hello::parse(f, &v, origin));
        let verify_certificate = o.boolean("verify_certificate").unwrap_or(true);
        let ca_pem = o.text("ca_pem").filter(|t| !t.trim().is_empty());
        let ca_pem = o.parse("ca_pem", ca_pem, |f, v| authority::parse(f, &v, origin));
        let allow_insecure_auth = o.boolean("allow_insecure_auth").unwrap_or(false);
        let allow_local_from = o.boolean("allow_local_from").unwrap_or(false);
        if from
            .as_ref()
            .is_some_and(|f| !allow_local_from && !f.domain().contains('.'))
        {
            let _: Option<()> = o.complain(
                "from",
                "from-local",
                "Mail from a domain without a dot goes nowhere but to this network. Use a full domain, or allow a local sender.",
            );
        }
        let envelope_from = o.text("envelope_from").filter(|t| !t.trim().is_empty());
        let envelope_from = o.parse("envelope_from", envelope_from, |f, v| {
            EnvelopeSender::parse(f, &v)
        });
        let connect_timeout = o.text("connect_timeout").filter(|t| !t.trim().is_empty());
        let connect_timeout = o.parse("connect_timeout", connect_timeout, |f, v| {
            let (shortest, longest) = CONNECT_TIMEOUTS;
            duration::parse_between(f, &v, shortest, longest)
        });
        let rate_per_minute = whole(&mut o, "rate_per_minute", MOST_PER_MINUTE);
        let max_recipients = whole(&mut o, "max_recipients", MOST_RECIPIENTS);

        let settings = (|| {
            Some(Self {
                name,
                enabled,
                server: HostPort {
                    host: host?,
                    port: port?,
                },
                security: security?,
                auth,
                oauth,
                credentials: None,
                from: from?,
                from_name,
                reply_to,
                envelope_from,
                hello_name,
                verify_certificate,
                ca_pem,
                allow_insecure_auth,
                allow_local_from,
                connect_timeout: connect_timeout.unwrap_or(DEFAULT_CONNECT_TIMEOUT),
                rate_per_minute,
                max_recipients: max_recipients.unwrap_or(1),
            })
        })();
        let typed = Typed {
            username,
            password,
            clear: clear_password,
        };
        let settings = settings.and_then(|s| s.with_credentials(&mut o, typed, current));
        let errors = o.finish();
        settings.filter(|_| errors.is_empty()).ok_or(errors)
    }

    fn with_credentials(mut self, o: &mut Object, typed: Typed, current: Option<&Self>) -> Option<Self> {
        let Typed {
            username,
            password,
            clear,
        } = typed;
        if self.auth != AuthMethod::Auto && password.is_some() {
            return o.complain(
                "password",
                "password-unused",
                "This way to log in uses no password. Leave the field empty, or choose the login by password.",
            );
        }
        let Some(username) = username.filter(|_| self.auth != AuthMethod::None) else {
            // A user name that was refused is there all the same.
            let refused = o.errors.of("username").next().is_some();
            if self.auth == AuthMethod::Xoauth2 && !refused {
                return o.complain(
                    "username",
                    "username-token",
                    "A login by token needs a user name: the address of the mailbox.",
                );
            }
            if password.is_some() && !refused {
                return o.complain("username", "username-missing", "A password needs a user name.");
            }
            return Some(self);
        };
        if self.auth == AuthMethod::Xoauth2 {
            self.credentials = Some(Credentials {
                username,
                password: None,
            });
            return self.guarded(o);
        }
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
                        "Enter the password again: it is kept only while it can be read and server, port, security, certificate check, user name and way to log in stay the same.",
                    );
                }
                stored.password.clone()
            }
            (None, _) => {
                return o.complain("password", "password-missing", "A user name needs a password.");
            }
        };
        self.credentials = Some(Credentials { username, password });
        self.guarded(o)
    }

    /// A login without encryption needs a word of consent.
    fn guarded(self, o: &mut Object) -> Option<Self> {
        if self.security == Security::None && !self.allow_insecure_auth && !self.is_loopback() {
            return o.complain(
                "security",
                "insecure-auth",
                "The password would travel unencrypted. Choose TLS or STARTTLS, or allow it explicitly.",
            );
        }
        Some(self)
    }

    /// What people call it.
    pub fn title(&self) -> String {
        self.name.clone().unwrap_or_else(|| self.server.to_string())
    }

    /// True when it cannot log in before a person has entered the password again.
    pub fn is_locked(&self) -> bool {
        self.auth == AuthMethod::Auto && self.credentials.as_ref().is_some_and(|c| c.password.is_none())
    }

    /// Whether a secret that was meant for one is safe with the other (R-128: a changed host must not be handed the
    /// old password).
    fn reaches_same_server_as(&self, other: &Self) -> bool {
        self.server == other.server
            && self.auth == other.auth
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
            "name": self.name,
            "enabled": self.enabled,
            "host": self.server.host.to_string(),
            "port": self.server.port,
            "security": self.security.as_str(),
            "auth": self.auth.as_str(),
            "oauth": self.oauth.as_ref().map(OAuthClient::to_json),
            "username": self.credentials.as_ref().map(|c| &c.username),
            "from": self.from.as_str(),
            "from_name": self.from_name,
            "reply_to": self.reply_to.as_ref().map(Address::as_str),
            "hello_name": self.hello_name,
            "verify_certificate": self.verify_certificate,
            "ca_pem": self.ca_pem,
            "allow_insecure_auth": self.allow_insecure_auth,
            "allow_local_from": self.allow_local_from,
            "envelope_from": self.envelope_from.as_ref().map(EnvelopeSender::as_str),
            "connect_timeout": duration::format(self.connect_timeout),
            "rate_per_minute": self.rate_per_minute,
            "max_recipients": self.max_recipients,
        })
    }

    /// The secrets alone, for sealing.
    pub fn secrets(&self) -> Option<SecretString> {
        if let Some(client) = &self.oauth {
            let secret = json!({ "oauth": client.secrets()? });
            return Some(SecretString::from(secret.to_string()));
        }
        let password = self.credentials.as_ref()?.password.as_ref()?;
        Some(SecretString::from(
            json!({ "password": password.expose_secret() }).to_string(),
        ))
    }

    /// Reads back what [`Self::to_json`] and [`Self::secrets`] gave. With `secret = None` and a user name set, the
    /// password counts as locked.
    pub fn from_stored(public: Value, secret: Option<Value>) -> Result<Self, FieldErrors> {
        let mut value = public;
        let by_token = value.get("auth").and_then(Value::as_str) == Some(AuthMethod::Xoauth2.as_str());
        let locked = secret.is_none() && !by_token && value.get("username").is_some_and(|u| !u.is_null());
        match secret {
            Some(s) => crate::sealed::join(&mut value, s),
            // Stands in for the missing one only until the next line.
            None if locked => value["password"] = Value::from("-"),
            None => {}
        }
        let had_secret = oauth::had_secret(&value);
        let mut settings = Self::read(value, None, Origin::Store)?;
        if let Some(client) = &mut settings.oauth {
            client.secret_locked = had_secret && client.client_secret.is_none();
        }
        if let Some(c) = settings.credentials.as_mut().filter(|_| locked) {
            c.password = None;
        }
        Ok(settings)
    }
}

/// Where settings come from. What is stored was judged when it was typed; a rule that came later must not make a profile
/// unreadable.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    Person,
    Store,
}

/// What was typed about the login.
struct Typed {
    username: Option<String>,
    password: Option<String>,
    clear: bool,
}

/// A number from 1 to `most`.
fn whole(o: &mut Object, name: &str, most: i64) -> Option<u32> {
    let number = o.integer(name);
    o.parse(name, number, |f, n| {
        u32::try_from(n)
            .ok()
            .filter(|_| (1..=most).contains(&n))
            .ok_or_else(|| {
                FieldError::new(f, "number-range", format!("Use a number from 1 to {most}."))
                    .with("min", "1")
                    .with("max", most.to_string())
            })
    })
}

fn optional(o: &mut Object, name: &str, max: usize) -> Option<String> {
    let text = o.text(name).filter(|t| !t.trim().is_empty());
    o.parse(name, text, |f, v| parse_line(f, &v, max))
}
