//! Logging in: PLAIN where it is offered, else LOGIN; or XOAUTH2 with an access token.
//!
//! XOAUTH2 is no standard but what Google and Microsoft agree on:
//! <https://developers.google.com/workspace/gmail/imap/xoauth2-protocol>.

use base64::{Engine, engine::general_purpose::STANDARD};
use domain::mail::Credentials;
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::{
    failure::{Failure, Symptom},
    reply::Reply,
    session::Session,
    steps::{Progress, Step},
    wire::Break,
};

impl Session {
    pub(super) async fn login(
        &mut self,
        credentials: &Credentials,
        progress: &mut Progress<'_>,
    ) -> Result<(), Failure> {
        let Some(password) = &credentials.password else {
            return Err(Failure::profile(
                Step::Auth,
                Symptom::AuthMissing,
                "There is no password to log in with.",
            ));
        };
        let (user, password) = (credentials.username.as_str(), password.expose_secret());
        let (plain, login) = (
            self.capabilities.offers("PLAIN"),
            self.capabilities.offers("LOGIN"),
        );
        if !plain && !login {
            return Err(self.no_way());
        }
        let mut mechanism = "PLAIN";
        let mut reply = None;
        if plain {
            let response = Zeroizing::new(["\0", user, "\0", password].concat());
            let line = auth_line("AUTH PLAIN ", &response);
            reply = Some(self.exchange(Step::Auth, line.as_str()).await?);
        }
        // 504: offered and then not known. A refused password is not tried again in another way: it would count twice.
        if login && reply.as_ref().is_none_or(|r| r.code == 504) {
            mechanism = "LOGIN";
            reply = Some(self.auth_login(user, password).await?);
        }
        match reply {
            Some(reply) if reply.is_success() => {
                progress.passed(format!("{mechanism} as {user}: {}", reply.shown()));
                Ok(())
            }
            Some(reply) => Err(Failure::answered(Step::Auth, reply)),
            None => Err(Failure::broken(Step::Auth, Break::Closed)),
        }
    }

    /// Servers word the two questions as they like, so the order decides, not the text.
    async fn auth_login(&mut self, user: &str, password: &str) -> Result<Reply, Failure> {
        let mut reply = self.exchange(Step::Auth, "AUTH LOGIN\r\n").await?;
        for answer in [user, password] {
            if reply.code != 334 {
                break;
            }
            let line = auth_line("", answer);
            reply = self.exchange(Step::Auth, line.as_str()).await?;
        }
        Ok(reply)
    }

    /// Refused tokens are told apart from refused passwords: a new one may be had without a person.
    pub(super) async fn token_login(
        &mut self,
        user: &str,
        token: Option<&SecretString>,
        progress: &mut Progress<'_>,
    ) -> Result<(), Failure> {
        let Some(token) = token else {
            return Err(Failure::profile(
                Step::Auth,
                Symptom::AuthMissing,
                "There is no access token to log in with.",
            ));
        };
        if !self.capabilities.offers("XOAUTH2") {
            return Err(self.no_way());
        }
        let response = [
            "user=",
            user,
            "\u{1}auth=Bearer ",
            token.expose_secret(),
            "\u{1}\u{1}",
        ];
        let response = Zeroizing::new(response.concat());
        let line = auth_line("AUTH XOAUTH2 ", &response);
        let mut reply = self.exchange(Step::Auth, line.as_str()).await?;
        // The server explains in base64 why it will refuse, and waits for an empty line before it does.
        if reply.code == 334 {
            reply = self.exchange(Step::Auth, "\r\n").await?;
        }
        if reply.is_success() {
            progress.passed(format!("XOAUTH2 as {user}: {}", reply.shown()));
            return Ok(());
        }
        Err(Failure::answered(Step::Auth, reply).about_a_token())
    }

    fn no_way(&self) -> Failure {
        let offered = &self.capabilities.auth;
        if offered.is_empty() {
            return Failure::profile(
                Step::Auth,
                Symptom::AuthMissing,
                "The server offers no login on this connection; nothing was sent.",
            );
        }
        Failure::profile(
            Step::Auth,
            Symptom::AuthMechanism,
            format!(
                "The server offers only these ways to log in, none of which fits the settings: {}.",
                offered.join(" ")
            ),
        )
    }
}

/// `secret` in base64 behind `command`; wiped when it has been said. It is made in one piece, for a text that grows leaves
/// copies of itself behind.
fn auth_line(command: &str, secret: &str) -> Zeroizing<String> {
    let encoded = secret.len().div_ceil(3) * 4;
    let mut line = Zeroizing::new(String::with_capacity(command.len() + encoded + 2));
    line.push_str(command);
    STANDARD.encode_string(secret, &mut line);
    line.push_str("\r\n");
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_with_a_secret_never_grows() {
        assert_eq!(
            *auth_line("AUTH PLAIN ", "\0user\0pw"),
            "AUTH PLAIN AHVzZXIAcHc=\r\n"
        );
        for length in 0..200 {
            let secret = "x".repeat(length);
            let line = auth_line("AUTH XOAUTH2 ", &secret);
            assert_eq!(line.capacity(), line.len(), "{length}");
            assert_eq!(auth_line("", &secret).trim_end(), STANDARD.encode(&secret));
        }
    }
}
