//! What a server must not be quoted with: the password, the token and their base64 forms, whole or in pieces.
//!
//! Servers quote commands that they do not understand, cut where they like; answers are cut here as well before they are
//! kept. So a piece of a secret is looked for as well as all of it.

use std::{
    collections::HashSet,
    hash::{BuildHasher, RandomState},
};

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD},
};
use domain::{mail::Credentials, text::sanitize};
use secrecy::{ExposeSecret, SecretString};

pub(super) const HIDDEN: &str = "***";
/// Shorter passwords are not searched for: blanking every "a" would spell the password out.
const SHORTEST_SEARCHED: usize = 4;
/// Bytes of a piece. Shorter ones are words that anybody may say, and blanking them would tell of the secret.
const PIECE: usize = 12;

pub(super) struct Secrets {
    /// Longest first, so that no part of a longer form stays behind.
    whole: Vec<SecretString>,
    /// Hashes of all pieces of all forms, so that there are no further copies of the secrets.
    pieces: HashSet<u64>,
    hasher: RandomState,
}

impl Secrets {
    pub(super) fn new(credentials: Option<&Credentials>, token: Option<&SecretString>) -> Self {
        let password = credentials.and_then(|c| Some((c, c.password.as_ref()?)));
        let mut forms = Vec::new();
        if let Some((credentials, password)) = password.filter(|(_, p)| is_searched(p)) {
            let password = password.expose_secret();
            let both = format!("\0{}\0{password}", credentials.username);
            forms.extend([STANDARD.encode(both), STANDARD.encode(password)]);
            forms.extend(forms_of(password));
        }
        if let Some(token) = token.filter(|t| is_searched(t)) {
            forms.extend(forms_of(token.expose_secret()));
        }
        forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
        let hasher = RandomState::new();
        let pieces = forms.iter().flat_map(|form| form.as_bytes().windows(PIECE));
        Self {
            pieces: pieces.map(|piece| hasher.hash_one(piece)).collect(),
            whole: forms.into_iter().map(SecretString::from).collect(),
            hasher,
        }
    }

    /// The text with [`HIDDEN`] in the place of what is secret.
    pub(super) fn blank(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for form in &self.whole {
            if text.contains(form.expose_secret()) {
                text = text.replace(form.expose_secret(), HIDDEN);
            }
        }
        self.blank_pieces(&text)
    }

    fn blank_pieces(&self, text: &str) -> String {
        let mut secret = vec![false; text.len()];
        for (at, piece) in text.as_bytes().windows(PIECE).enumerate() {
            if self.pieces.contains(&self.hasher.hash_one(piece)) {
                secret[at..at + PIECE].fill(true);
            }
        }
        let (mut out, mut hides) = (String::with_capacity(text.len()), false);
        for (at, c) in text.char_indices() {
            let is_secret = secret[at..at + c.len_utf8()].contains(&true);
            if !is_secret {
                out.push(c);
            } else if !hides {
                out.push_str(HIDDEN);
            }
            hides = is_secret;
        }
        out
    }
}

fn is_searched(secret: &SecretString) -> bool {
    secret.expose_secret().chars().count() >= SHORTEST_SEARCHED
}

/// The secret itself, the same as a line of an answer holds it, and its base64 forms: inside a longer text it begins at
/// one of three places, and the characters at its ends depend on the neighbours and are left out.
fn forms_of(secret: &str) -> Vec<String> {
    let shifted = (0..3).filter_map(|pad| {
        let mut bytes = vec![0; pad];
        bytes.extend_from_slice(secret.as_bytes());
        let text = STANDARD_NO_PAD.encode(bytes);
        let begin = if pad == 0 { 0 } else { pad + 1 };
        text.get(begin..text.len() - 1).map(str::to_owned)
    });
    [secret.to_owned(), sanitize(secret, secret.len())]
        .into_iter()
        .chain(shifted)
        .filter(|form| form.len() >= SHORTEST_SEARCHED)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(password: &str) -> Secrets {
        let credentials = Credentials {
            username: "watch".to_owned(),
            password: Some(SecretString::from(password.to_owned())),
        };
        Secrets::new(Some(&credentials), None)
    }

    #[test]
    fn a_piece_is_hidden_like_the_whole() {
        let password = "SG.x7Qk-canary-0123456789-canary-kQ7x";
        let secrets = secrets(password);
        let sent = STANDARD.encode(format!("\0watch\0{password}"));
        for (said, kept) in [
            (
                format!("unknown: AUTH PLAIN {}", &sent[..30]),
                "unknown: AUTH PLAIN ***",
            ),
            (
                format!("you said {} and more", &password[5..25]),
                "you said *** and more",
            ),
            (format!("{password} é {}", &password[..12]), "*** é ***"),
            (
                format!("short: {}", &password[..11]),
                &*format!("short: {}", &password[..11]),
            ),
            (
                "an innocent line about canary".to_owned(),
                "an innocent line about canary",
            ),
        ] {
            assert_eq!(secrets.blank(&said), kept);
        }
    }

    #[test]
    fn a_password_is_known_as_a_line_holds_it() {
        // Answers are trimmed and made safe before anybody reads them.
        let secrets = secrets(" pa\u{202e}ss ");
        assert_eq!(secrets.blank("535 you said  pa ss"), "535 you said  ***");
        assert_eq!(secrets.blank("535 pa\u{202e}ss"), "535 pa\u{202e}ss");
    }

    #[test]
    fn letters_of_more_than_a_byte_are_hidden_whole() {
        let secrets = secrets("密码密码密码密码");
        assert_eq!(secrets.blank("说 密码密码密码 完"), "说 *** 完");
        assert_eq!(secrets.blank(""), "");
    }
}
