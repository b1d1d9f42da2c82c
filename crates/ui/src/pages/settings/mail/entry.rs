//! From the form to settings and back.

use domain::{field::FieldErrors, mail::MailSettings};
use serde_json::{Value, json};

use crate::{
    SignedIn,
    components::Form,
    pages::form::{ticked, value},
};

/// The form as it stands for what is stored, or a blank one. The password is never part of it.
pub(super) fn form(who: &SignedIn, settings: Option<&MailSettings>) -> Form {
    let form = Form::new(who.visit.language).with("test_to", who.by());
    let Some(s) = settings else {
        return form
            .with("port", "587")
            .with("security", "starttls")
            .tick("verify_certificate", true);
    };
    let or_empty = |text: Option<&str>| text.unwrap_or_default().to_owned();
    form.with("host", &s.server.host)
        .with("port", s.server.port)
        .with("security", s.security)
        .with(
            "username",
            or_empty(s.credentials.as_ref().map(|c| c.username.as_str())),
        )
        .with("from", &s.from)
        .with("from_name", or_empty(s.from_name.as_deref()))
        .with("reply_to", or_empty(s.reply_to.as_ref().map(|a| a.as_str())))
        .with("hello_name", or_empty(s.hello_name.as_deref()))
        .with("ca_pem", or_empty(s.ca_pem.as_deref()))
        .tick("verify_certificate", s.verify_certificate)
        .tick("allow_insecure_auth", s.allow_insecure_auth)
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
    let port = value(typed, "port").trim();
    let number: Option<i64> = port.parse().ok();
    if number.is_none() && !port.is_empty() {
        return Err(super::not_a_number("port"));
    }
    // Without a user name there is nothing to keep: that removes the password.
    let clear = ticked(typed, "clear_password");
    let login = |name: &str| if clear { Value::Null } else { text(name) };
    let body = json!({
        "host": text("host"),
        "port": number,
        "security": text("security"),
        "username": login("username"),
        "password": login("password"),
        "clear_password": clear,
        "from": text("from"),
        "from_name": text("from_name"),
        "reply_to": text("reply_to"),
        "hello_name": text("hello_name"),
        "verify_certificate": ticked(typed, "verify_certificate"),
        // Browsers send line ends as CR LF.
        "ca_pem": value(typed, "ca_pem").replace("\r\n", "\n"),
        "allow_insecure_auth": ticked(typed, "allow_insecure_auth"),
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
