//! What was said, line by line, without what must not be repeated.
//!
//! Secrets are recognised by their place in the protocol, not by their looks: everything after AUTH and every answer to
//! a 334 is ours to hide. A second look for the password and its base64 forms catches a server that repeats it.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use domain::{mail::Credentials, text::sanitize};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;

use super::reply::Reply;

const HIDDEN: &str = "***";
const MOST_LINES: usize = 400;
/// Shorter passwords are not searched for: blanking every "a" would spell the password out.
const SHORTEST_SEARCHED: usize = 4;

pub(super) struct Transcript {
    /// Each with the time since the beginning.
    lines: Vec<(Duration, String)>,
    since: Instant,
    canaries: Vec<SecretString>,
    /// Our line that is not complete yet.
    pending: Vec<u8>,
    /// The last thing that we heard was 334: what we say next is part of a login.
    challenged: bool,
    /// We said DATA.
    asked_data: bool,
    /// Bytes of the message, while it is being sent.
    message: Option<usize>,
}

impl Transcript {
    pub(super) fn new(credentials: Option<&Credentials>) -> Self {
        Self {
            lines: Vec::new(),
            since: Instant::now(),
            canaries: credentials.map(canaries).unwrap_or_default(),
            pending: Vec::new(),
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
        self.pending.extend_from_slice(bytes);
        while let Some(end) = self.pending.iter().position(|b| *b == b'\n') {
            let line: Vec<u8> = self.pending.drain(..=end).collect();
            let line = String::from_utf8_lossy(line.trim_ascii_end()).into_owned();
            let upper = line.to_ascii_uppercase();
            self.asked_data = upper == "DATA";
            let shown = if self.challenged {
                HIDDEN.to_owned()
            } else if upper.starts_with("AUTH") {
                hide_initial_response(&line)
            } else {
                line
            };
            self.push("C:", &shown);
        }
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

    /// `  0.263 S: 220 …`: seconds since the beginning stand before each line.
    pub(super) fn into_lines(mut self) -> Vec<String> {
        self.end_message();
        let timed = |(at, line): (Duration, String)| format!("{:7.3} {line}", at.as_secs_f64());
        self.lines.into_iter().map(timed).collect()
    }

    /// Blanks the password and its base64 forms.
    pub(super) fn scrub(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for canary in &self.canaries {
            if text.contains(canary.expose_secret()) {
                text = text.replace(canary.expose_secret(), HIDDEN);
            }
        }
        text
    }

    fn end_message(&mut self) {
        if let Some(bytes) = self.message.take() {
            self.push("C:", &format!("(the message, {bytes} bytes)"));
        }
    }

    fn push(&mut self, who: &str, text: &str) {
        if self.lines.len() < MOST_LINES {
            let text = sanitize(&self.scrub(text), 500);
            let line = format!("{who} {text}").trim_end().to_owned();
            self.lines.push((self.since.elapsed(), line));
        }
    }
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

fn canaries(credentials: &Credentials) -> Vec<SecretString> {
    let Some(password) = &credentials.password else {
        return Vec::new();
    };
    let password = password.expose_secret();
    if password.chars().count() < SHORTEST_SEARCHED {
        return Vec::new();
    }
    let user = &credentials.username;
    // Longest first, so that no part of a longer form stays behind.
    [
        STANDARD.encode(format!("\0{user}\0{password}")),
        STANDARD.encode(password),
        password.to_owned(),
    ]
    .into_iter()
    .map(SecretString::from)
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(code: u16, text: &str) -> Reply {
        Reply {
            code,
            lines: vec![text.to_owned()],
        }
    }

    /// Without the times.
    fn lines(transcript: Transcript) -> Vec<String> {
        let bare = |line: String| line.split_at(8).1.to_owned();
        transcript.into_lines().into_iter().map(bare).collect()
    }

    fn transcript() -> Transcript {
        Transcript::new(Some(&Credentials {
            username: "watch".to_owned(),
            password: Some(SecretString::from("s3cret!".to_owned())),
        }))
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
        let lines = lines(t);
        assert_eq!(
            lines,
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
        let all = t.into_lines().join("\n");
        assert!(!all.contains("s3cret!"), "{all}");
        assert!(!all.contains(&STANDARD.encode("s3cret!")), "{all}");
        assert_eq!(all.matches(HIDDEN).count(), 3, "{all}");
    }

    #[test]
    fn each_line_has_its_time() {
        let mut t = transcript();
        t.server(&reply(220, "hello"));
        let lines = t.into_lines();
        let (time, line) = lines[0].split_at(8);
        assert!(time.trim().parse::<f64>().is_ok_and(|t| t < 60.0), "{lines:?}");
        assert_eq!(line, "S: 220 hello");
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
            lines(t),
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
        assert_eq!(lines(t).last().unwrap(), "C: (the message, 6 bytes)");
    }
}
