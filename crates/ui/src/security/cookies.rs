//! The cookies that we set, and their names.

use std::time::Duration;

use http::HeaderValue;

/// What a cookie is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Name {
    /// Who is signed in.
    Session,
    /// The form token of a visitor without a session.
    Visitor,
    /// A message for the next page.
    Flash,
    /// The language that a person chose; no secret, and it survives signing out.
    Language,
}

impl Name {
    /// `__Host-` binds the cookie to this very host over TLS; browsers refuse it over plain HTTP.
    pub(crate) const fn as_str(self, https: bool) -> &'static str {
        match (self, https) {
            (Self::Session, true) => "__Host-sid",
            (Self::Session, false) => "sid",
            (Self::Visitor, true) => "__Host-visitor",
            (Self::Visitor, false) => "visitor",
            (Self::Flash, true) => "__Host-flash",
            (Self::Flash, false) => "flash",
            (Self::Language, _) => "language",
        }
    }
}

/// A `Set-Cookie` value. Without `keep` the cookie ends with the browser session. `None` when the value is not one that
/// a cookie can carry; ours are base64 or language tags.
pub(crate) fn set(name: Name, value: &str, https: bool, keep: Option<Duration>) -> Option<HeaderValue> {
    let name = name.as_str(https);
    let secure = if https { "; Secure" } else { "" };
    let age = keep
        .map(|k| format!("; Max-Age={}", k.as_secs()))
        .unwrap_or_default();
    format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}")
        .parse()
        .ok()
}

pub(crate) fn remove(name: Name, https: bool) -> Option<HeaderValue> {
    set(name, "", https, Some(Duration::ZERO))
}
