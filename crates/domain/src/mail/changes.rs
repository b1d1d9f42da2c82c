//! What a save changed, by the names of the fields: fit for a log and a page, for no value is among them.

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::MailSettings;

impl MailSettings {
    /// The fields that differ from `before`, as [`Self::from_json`] calls them, those of secrets included.
    pub fn changed_since(&self, before: &Self) -> Vec<String> {
        let mut names = Vec::new();
        differing("", &before.to_json(), &self.to_json(), &mut names);
        if !is_same(self.password(), before.password()) {
            names.push("password".to_owned());
        }
        if !is_same(self.client_secret(), before.client_secret()) {
            names.push("oauth.client_secret".to_owned());
        }
        names
    }

    fn password(&self) -> Option<&SecretString> {
        self.credentials.as_ref()?.password.as_ref()
    }

    fn client_secret(&self) -> Option<&SecretString> {
        self.oauth.as_ref()?.client_secret.as_ref()
    }
}

fn is_same(a: Option<&SecretString>, b: Option<&SecretString>) -> bool {
    a.map(ExposeSecret::expose_secret) == b.map(ExposeSecret::expose_secret)
}

/// Both have the same members, but for an object that only one of them has: that is named as a whole.
fn differing(prefix: &str, before: &Value, now: &Value, names: &mut Vec<String>) {
    let (Some(before), Some(now)) = (before.as_object(), now.as_object()) else {
        return;
    };
    for (name, value) in now {
        // Says whether there is a secret, and the secret speaks for itself.
        if name == "client_secret_set" {
            continue;
        }
        let old = before.get(name).unwrap_or(&Value::Null);
        let name = format!("{prefix}{name}");
        if value.is_object() && old.is_object() {
            differing(&format!("{name}."), old, value, names);
        } else if value != old {
            names.push(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn settings(changes: &Value) -> MailSettings {
        let mut body = json!({
            "host": "smtp.example.org", "port": 465, "security": "tls", "username": "watch", "password": "one",
            "from": "watch@example.org",
        });
        for (name, value) in changes.as_object().unwrap() {
            body[name] = value.clone();
        }
        MailSettings::from_json(body, None).unwrap()
    }

    fn by_token(client: &Value) -> MailSettings {
        settings(&json!({"auth": "xoauth2", "password": null, "oauth": client}))
    }

    #[test]
    fn what_differs_is_named_and_no_value_is() {
        let before = settings(&json!({}));
        for (changes, expected) in [
            (json!({}), vec![]),
            (json!({"host": "mail.example.org"}), vec!["host"]),
            (json!({"password": "two"}), vec!["password"]),
            (
                json!({"verify_certificate": false, "allow_insecure_auth": true, "username": "other", "password": "two"}),
                vec![
                    "allow_insecure_auth",
                    "username",
                    "verify_certificate",
                    "password",
                ],
            ),
            (
                json!({"username": null, "password": null}),
                vec!["username", "password"],
            ),
        ] {
            let mut names = settings(&changes).changed_since(&before);
            names[..].sort_by_key(|n| n == "password");
            assert_eq!(names, expected, "{changes}");
        }
    }

    #[test]
    fn the_client_of_a_login_by_token_is_looked_into() {
        let client =
            json!({"provider": "microsoft", "client_id": "a", "client_secret": "one", "tenant": "x.example"});
        let before = by_token(&client);
        for (name, value, expected) in [
            ("client_id", json!("b"), "oauth.client_id"),
            ("tenant", json!("y.example"), "oauth.tenant"),
            ("client_secret", json!("two"), "oauth.client_secret"),
            ("client_secret", Value::Null, "oauth.client_secret"),
        ] {
            let mut other = client.clone();
            other[name] = value;
            assert_eq!(by_token(&other).changed_since(&before), [expected]);
        }
        let names = settings(&json!({})).changed_since(&before);
        assert_eq!(names, ["auth", "oauth", "password", "oauth.client_secret"]);
    }

    /// A password that could not be read and was entered again is a change.
    #[test]
    fn a_password_that_was_entered_again_is_a_change() {
        let locked = MailSettings::from_stored(settings(&json!({})).to_json(), None).unwrap();
        assert_eq!(settings(&json!({})).changed_since(&locked), ["password"]);
    }
}
