//! What was said, line by line, with the time since the begin, without what must not be repeated.
//!
//! Secrets are recognised by their place in the protocol, not by their looks: everything after AUTH and every answer to
//! a 334 is ours to hide. A second look (`secrets`) catches a server that repeats the password or the token,
//! whole or in pieces.

use domain::{mail::Credentials, text::sanitize};
use secrecy::SecretString;
use tokio::time::{Duration, Instant};
use zeroize::Zeroizing;

use super::{
    reply::Reply,
    secrets::{HIDDEN, Secrets},
};

const MOST_LINES: usize = 400;

pub(super) struct Transcript {
    began: Instant,
    lines: Vec<String>,
    secrets: Secrets,
    /// Our line that is not complete yet. It may be part of a login, so no copy of it is left.
    pending: Zeroizing<Vec<u8>>,
    /// The last thing that we heard was 334: what we say next is part of a login.
    challenged: bool,
    /// We said DATA.
    asked_data: bool,
    /// Bytes of the message, while it is being sent.
    message: Option<usize>,
}

impl Transcript {
    pub(super) fn new(credentials: Option<&Credentials>, token: Option<&SecretString>) -> Self {
        Self {
            began: Instant::now(),
            lines: Vec::new(),
            secrets: Secrets::new(credentials, token),
            pending: Zeroizing::default(),
            challenged: false,
            asked_data: false,
            message: None,
        }
    }

    /// Something that neither side said.
    pub(super) fn note(&mut self, text: &str) {
        self.push("--", text);
    }

    /// Bytes that went out.
    pub(super) fn client(&mut self, bytes: &[u8]) {
        if let Some(sent) = &mut self.message {
            *sent += bytes.len();
            return;
        }
        let mut said = Zeroizing::new([self.pending.as_slice(), bytes].concat());
        while let Some(end) = said.iter().position(|b| *b == b'\n') {
            let rest = Zeroizing::new(said.split_off(end + 1));
            self.client_line(said.trim_ascii_end());
            said = rest;
        }
        self.pending = said;
    }

    fn client_line(&mut self, line: &[u8]) {
        let is_login = line
            .get(..4)
            .is_some_and(|verb| verb.eq_ignore_ascii_case(b"AUTH"));
        self.asked_data = line.eq_ignore_ascii_case(b"DATA");
        let shown = if self.challenged {
            HIDDEN.to_owned()
        } else if is_login {
            hide_initial_response(&String::from_utf8_lossy(line))
        } else {
            String::from_utf8_lossy(line).into_owned()
        };
        self.push("C:", &shown);
    }

    /// A complete answer that came in.
    pub(super) fn server(&mut self, reply: &Reply) {
        self.end_message();
        let last = reply.lines.len().saturating_sub(1);
        for (i, line) in reply.lines.iter().enumerate() {
            let separator = if i == last { ' ' } else { '-' };
            self.push(
                "S:",
                format!("{}{separator}{line}", reply.code).trim_end_matches(' '),
            );
        }
        self.challenged = reply.code == 334;
        if self.asked_data && reply.code == 354 {
            self.message = Some(0);
        }
        self.asked_data = false;
    }

    /// Gives what was said so far. What is said from now on belongs to a conversation that begins now.
    pub(super) fn take_lines(&mut self) -> Vec<String> {
        self.end_message();
        self.began = Instant::now();
        std::mem::take(&mut self.lines)
    }

    /// Goes on where an earlier connection of the same conversation ended.
    pub(super) fn follow(&mut self, began: Instant, mut lines: Vec<String>) {
        lines.append(&mut self.lines);
        (self.began, self.lines) = (began, lines);
    }

    /// Blanks the password, the token and their base64 forms.
    pub(super) fn scrub(&self, text: &str) -> String {
        self.secrets.blank(text)
    }

    fn end_message(&mut self) {
        if let Some(bytes) = self.message.take() {
            self.push("C:", &format!("(the message, {bytes} bytes)"));
        }
    }

    fn push(&mut self, who: &str, text: &str) {
        if self.lines.len() < MOST_LINES {
            let text = sanitize(&self.scrub(text), 500);
            self.lines.push(line(self.began.elapsed(), who, &text));
        }
    }
}

/// `+0.120 s C: QUIT`: what was said so long after the begin.
pub(super) fn line(passed: Duration, who: &str, text: &str) -> String {
    format!("+{:.3} s {who} {text}", passed.as_secs_f64())
        .trim_end()
        .to_owned()
}

/// `AUTH PLAIN AGZvbwBiYXI=` -> `AUTH PLAIN ***`.
fn hide_initial_response(line: &str) -> String {
    let mut words = line.split_whitespace();
    let shown = format!(
        "{} {}",
        words.next().unwrap_or_default(),
        words.next().unwrap_or_default()
    );
    if words.next().is_some() {
        format!("{shown} {HIDDEN}")
    } else {
        shown
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::STANDARD};
    use secrecy::ExposeSecret;

    use super::*;

    fn reply(code: u16, text: &str) -> Reply {
        Reply {
            code,
            lines: vec![text.to_owned()],
        }
    }

    /// The lines without their times, which must read like times.
    fn said(mut t: Transcript) -> Vec<String> {
        let timeless = |line: &String| {
            let (time, words) = line.split_once(" s ").unwrap();
            assert!(
                time.starts_with('+') && time[1..].parse::<f64>().is_ok(),
                "{line}"
            );
            words.to_owned()
        };
        t.take_lines().iter().map(timeless).collect()
    }

    fn transcript() -> Transcript {
        let credentials = Credentials {
            username: "watch".to_owned(),
            password: Some(SecretString::from("s3cret!".to_owned())),
        };
        Transcript::new(Some(&credentials), None)
    }

    #[test]
    fn hides_logins_by_their_place() {
        let mut t = transcript();
        t.client(b"AUTH PLAIN something-else\r\n");
        t.server(&reply(334, "VXNlcm5hbWU6"));
        // In two pieces, as a socket may take it.
        t.client(b"d2F0");
        t.client(b"Y2g=\r\n");
        t.server(&reply(334, "UGFzc3dvcmQ6"));
        t.client(b"anything\r\n");
        t.server(&reply(235, "ok"));
        t.client(b"auth login\r\n");
        assert_eq!(
            said(t),
            [
                "C: AUTH PLAIN ***",
                "S: 334 VXNlcm5hbWU6",
                "C: ***",
                "S: 334 UGFzc3dvcmQ6",
                "C: ***",
                "S: 235 ok",
                "C: auth login",
            ]
        );
    }

    #[test]
    fn hides_a_password_that_the_server_repeats() {
        let mut t = transcript();
        for echo in [
            "no such password: s3cret!".to_owned(),
            format!("got {}", STANDARD.encode("s3cret!")),
            format!("got {}", STANDARD.encode("\0watch\0s3cret!")),
        ] {
            t.server(&reply(535, &echo));
        }
        let all = t.take_lines().join("\n");
        assert!(!all.contains("s3cret!"), "{all}");
        assert!(!all.contains(&STANDARD.encode("s3cret!")), "{all}");
        assert_eq!(all.matches(HIDDEN).count(), 3, "{all}");
    }

    #[test]
    fn hides_a_token_wherever_it_begins() {
        let token = SecretString::from("ya29.a0AfH6SMC-token".to_owned());
        let mut t = Transcript::new(None, Some(&token));
        for before in ["", "a", "ab", "abc"] {
            let echo = STANDARD.encode(format!("{before}{}{before}", token.expose_secret()));
            t.server(&reply(334, &echo));
            t.server(&reply(535, &format!("bad token {}", token.expose_secret())));
        }
        let all = t.take_lines().join("\n");
        assert!(!all.contains("a0AfH6SMC"), "{all}");
        assert_eq!(all.matches(HIDDEN).count(), 8, "{all}");
    }

    #[test]
    fn sums_up_the_message() {
        let mut t = transcript();
        t.client(b"DATA\r\n");
        t.server(&reply(354, "go"));
        t.client(b"Subject: x\r\n\r\nAUTH PLAIN in the body\r\n");
        t.client(b"\r\n.\r\n");
        t.server(&reply(250, "ok"));
        t.client(b"QUIT\r\n");
        assert_eq!(
            said(t),
            [
                "C: DATA",
                "S: 354 go",
                "C: (the message, 43 bytes)",
                "S: 250 ok",
                "C: QUIT"
            ]
        );
    }

    #[test]
    fn a_connection_that_dies_after_the_message_still_shows_it() {
        let mut t = transcript();
        t.client(b"DATA\r\n");
        t.server(&reply(354, "go"));
        t.client(b"x\r\n.\r\n");
        assert_eq!(said(t).last().unwrap(), "C: (the message, 6 bytes)");
    }

    #[test]
    fn each_line_says_when_it_was_said() {
        let at = |ms, who, text| line(Duration::from_millis(ms), who, text);
        assert_eq!(at(120, "S:", "220 hello"), "+0.120 s S: 220 hello");
        assert_eq!(at(61_007, "C:", ""), "+61.007 s C:");
    }
}
