//! Which fields a save changed, by the names that stand beside them on the page.

use crate::locale::Language;

/// One that this version does not know is shown as it stands.
pub(super) fn named(language: Language, fields: &[String]) -> String {
    let word =
        |field: &String| key(field).map_or_else(|| field.clone(), |key| language.text(key).to_string());
    let comma = language.text("list-and").to_string();
    fields.iter().map(word).collect::<Vec<_>>().join(&comma)
}

fn key(field: &str) -> Option<&'static str> {
    let key = match field {
        "name" => "mail-name",
        "enabled" => "mail-changed-enabled",
        "host" => "mail-host",
        "port" => "mail-port",
        "security" => "mail-security",
        "auth" => "mail-auth",
        "oauth" => "mail-changed-oauth",
        "oauth.provider" => "oauth-provider",
        "oauth.client_id" => "mail-client-id",
        "oauth.client_secret" => "mail-client-secret",
        "oauth.tenant" => "mail-tenant",
        "oauth.token_url" => "mail-token-url",
        "oauth.device_url" => "mail-device-url",
        "oauth.authorize_url" => "mail-authorize-url",
        "oauth.scope" => "mail-scope",
        "username" => "mail-username",
        "password" => "mail-password",
        "from" => "mail-from",
        "from_name" => "mail-from-name",
        "reply_to" => "mail-reply-to",
        "envelope_from" => "mail-envelope",
        "hello_name" => "mail-hello",
        "verify_certificate" => "mail-verify",
        "ca_pem" => "mail-ca",
        "allow_insecure_auth" => "mail-insecure",
        "allow_local_from" => "mail-local-from",
        "connect_timeout" => "mail-connect-timeout",
        "rate_per_minute" => "mail-rate",
        "max_recipients" => "mail-max-recipients",
        _ => return None,
    };
    Some(key)
}

#[cfg(test)]
mod tests {
    use domain::mail::MailSettings;
    use serde_json::json;

    use super::*;

    /// The fields are those that the domain prints, and the two secrets.
    #[test]
    fn every_field_has_its_name() {
        let body = json!({
            "host": "127.0.0.1", "port": 587, "security": "starttls", "from": "a@example.org",
            "username": "me", "auth": "xoauth2", "oauth": {"provider": "google", "client_id": "an-id"},
        });
        let printed = MailSettings::from_json(body, None).unwrap().to_json();
        let of_client = printed["oauth"].as_object().unwrap();
        let fields = printed.as_object().unwrap().keys().cloned();
        let fields = fields.chain(of_client.keys().map(|k| format!("oauth.{k}")));
        let secrets = ["password", "oauth.client_secret"].map(str::to_owned);
        for field in fields.chain(secrets).filter(|f| f != "oauth.client_secret_set") {
            assert!(key(&field).is_some(), "{field} has no name");
        }
        let shown = named(
            Language::English,
            &["host".to_owned(), "password".to_owned(), "of-later".to_owned()],
        );
        assert_eq!(shown, "Server, Password, of-later");
    }
}
