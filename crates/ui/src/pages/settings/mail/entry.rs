//! From the form to settings and back.

use domain::{
    duration,
    field::FieldErrors,
    mail::{AuthMethod, DEFAULT_CONNECT_TIMEOUT, MailSettings},
};
use serde_json::{Value, json};

use super::client;
use crate::{
    SignedIn,
    components::Form,
    pages::form::{ticked, value},
};

/// The form as it stands for what is stored, or a blank one. The password is never part of it.
pub(super) fn form(who: &SignedIn, settings: Option<&MailSettings>) -> Form {
    let form = Form::new(who.visit.language).with("test_to", who.by());
    let form = client::fill(form, settings.and_then(|s| s.oauth.as_ref()));
    let Some(s) = settings else {
        return form
            .with("port", "587")
            .with("security", "starttls")
            .with("auth", AuthMethod::Auto)
            .with("connect_timeout", duration::format(DEFAULT_CONNECT_TIMEOUT))
            .with("max_recipients", "1")
            .tick("verify_certificate", true);
    };
    let or_empty = |text: Option<&str>| text.unwrap_or_default().to_owned();
    form.with("name", or_empty(s.name.as_deref()))
        .with("host", &s.server.host)
        .with("port", s.server.port)
        .with("security", s.security)
        .with("auth", s.auth)
        .with(
            "username",
            or_empty(s.credentials.as_ref().map(|c| c.username.as_str())),
        )
        .with("from", &s.from)
        .with("from_name", or_empty(s.from_name.as_deref()))
        .with("reply_to", or_empty(s.reply_to.as_ref().map(|a| a.as_str())))
        .with(
            "envelope_from",
            or_empty(s.envelope_from.as_ref().map(|e| e.as_str())),
        )
        .with("hello_name", or_empty(s.hello_name.as_deref()))
        .with("connect_timeout", duration::format(s.connect_timeout))
        .with(
            "rate_per_minute",
            s.rate_per_minute.map(|r| r.to_string()).unwrap_or_default(),
        )
        .with("max_recipients", s.max_recipients)
        .with("ca_pem", or_empty(s.ca_pem.as_deref()))
        .tick("verify_certificate", s.verify_certificate)
        .tick("allow_insecure_auth", s.allow_insecure_auth)
        .tick("allow_local_from", s.allow_local_from)
}

/// Builds the body that the API takes and lets the domain judge it.
pub(super) fn settings(
    typed: &[(String, String)],
    current: Option<&MailSettings>,
) -> Result<MailSettings, FieldErrors> {
    let text = |name: &str| {
        let v = value(typed, name);
        if v.trim().is_empty() {
            Value::Null
        } else {
            json!(v)
        }
    };
    let number = |name: &str| {
        let v = value(typed, name).trim();
        match v.parse::<i64>() {
            Ok(number) => Ok(Some(number)),
            Err(_) if v.is_empty() => Ok(None),
            Err(_) => Err(super::not_a_number(name)),
        }
    };
    // Without a user name there is nothing to keep: that removes the password. What a way to log in does not need is
    // not shown beside it, and does not count.
    let auth = value(typed, "auth");
    let by_token = auth == AuthMethod::Xoauth2.as_str();
    let clear = !by_token && ticked(typed, "clear_password");
    let username = !clear && auth != AuthMethod::None.as_str();
    let password = username && !by_token;
    let if_used = |used: bool, name: &str| if used { text(name) } else { Value::Null };
    let body = json!({
        "name": text("name"),
        // Switched in the list.
        "enabled": current.is_none_or(|c| c.enabled),
        "host": text("host"),
        "port": number("port")?,
        "security": text("security"),
        "auth": text("auth"),
        "oauth": by_token.then(|| client::body(typed)),
        "username": if_used(username, "username"),
        "password": if_used(password, "password"),
        "clear_password": clear,
        "from": text("from"),
        "from_name": text("from_name"),
        "reply_to": text("reply_to"),
        "envelope_from": text("envelope_from"),
        "hello_name": text("hello_name"),
        "connect_timeout": text("connect_timeout"),
        "rate_per_minute": number("rate_per_minute")?,
        "max_recipients": number("max_recipients")?,
        "verify_certificate": ticked(typed, "verify_certificate"),
        // Browsers send line ends as CR LF.
        "ca_pem": value(typed, "ca_pem").replace("\r\n", "\n"),
        "allow_insecure_auth": ticked(typed, "allow_insecure_auth"),
        "allow_local_from": ticked(typed, "allow_local_from"),
    });
    MailSettings::from_json(body, current)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
            .collect()
    }

    #[test]
    fn removing_the_login_needs_no_password() {
        let mut t = typed(&[
            ("host", "mail.example.org"),
            ("port", "587"),
            ("security", "starttls"),
            ("username", "me"),
            ("from", "me@example.org"),
            ("clear_password", "on"),
            ("verify_certificate", "on"),
        ]);
        assert!(settings(&t, None).unwrap().credentials.is_none());
        t.retain(|(n, _)| n != "clear_password");
        let errors = settings(&t, None).unwrap_err();
        assert_eq!(errors.of("password").count(), 1);
    }

    #[test]
    fn a_port_that_is_no_number_is_said_so() {
        let errors = settings(&typed(&[("host", "h.example"), ("port", "smtp")]), None).unwrap_err();
        assert_eq!(errors.of("port").count(), 1);
    }
}
