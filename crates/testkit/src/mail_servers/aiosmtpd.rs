//! aiosmtpd, with manners that the other two cannot be taught.

use std::{collections::HashMap, fs, path::PathBuf, process::Command};

use serde_json::json;

use super::{Mailbox, PASSWORD, START, USER, installed, temp_place, wait_for_file};
use crate::{
    keeper::Kept,
    tls::{self, Certificate},
};

/// How one of its ports behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Manner {
    Plain,
    /// Login without encryption.
    PlainLogin,
    /// STARTTLS required, then a login.
    StartTls,
    /// TLS from the first byte, and a login.
    Tls,
    /// Plain; relays for nobody, refuses `spoof@` as sender, and keeps `grey…@` waiting once.
    Particular,
    /// At most 600 bytes, and says so in the answer to EHLO.
    Small,
    /// At most 600 bytes, and says so when there are more.
    SmallUnsaid,
    /// 421 instead of a greeting.
    Busy,
    /// One byte a second, from the greeting on.
    Tarpit,
    /// One byte a second, from the answer to EHLO on.
    TarpitLater,
    /// An answer to EHLO without end, as fast as it goes.
    Endless,
    /// The same with two lines a second.
    EndlessSlowly,
    /// Hangs up instead of the final answer.
    CutAfterDot,
    /// Hangs up instead of a greeting.
    CutAtGreeting,
}

impl Manner {
    const ALL: [Self; 14] = [
        Self::Plain,
        Self::PlainLogin,
        Self::StartTls,
        Self::Tls,
        Self::Particular,
        Self::Small,
        Self::SmallUnsaid,
        Self::Busy,
        Self::Tarpit,
        Self::TarpitLater,
        Self::Endless,
        Self::EndlessSlowly,
        Self::CutAfterDot,
        Self::CutAtGreeting,
    ];

    /// As `aiosmtpd.py` calls it.
    const fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::PlainLogin => "plain_login",
            Self::StartTls => "starttls",
            Self::Tls => "tls",
            Self::Particular => "particular",
            Self::Small => "small",
            Self::SmallUnsaid => "small_unsaid",
            Self::Busy => "busy",
            Self::Tarpit => "tarpit",
            Self::TarpitLater => "tarpit_later",
            Self::Endless => "endless",
            Self::EndlessSlowly => "endless_slowly",
            Self::CutAfterDot => "cut_after_dot",
            Self::CutAtGreeting => "cut_at_greeting",
        }
    }
}

/// A running aiosmtpd. Ends when dropped.
pub struct Aiosmtpd {
    dir: PathBuf,
    ports: HashMap<String, u16>,
    _kept: Kept,
}

impl Aiosmtpd {
    pub async fn start() -> Self {
        let python = installed().join("python/bin/python");
        let dir = temp_place("aiosmtpd");
        let (certificate, key) = tls::pem(Certificate::Good);
        let write = |name: &str, text: &str| {
            let path = dir.join(name);
            fs::write(&path, text).unwrap();
            path
        };
        let config = json!({
            "user": USER,
            "password": PASSWORD,
            "certificate": write("good.crt", &certificate),
            "key": write("good.key", &key),
            "manners": Manner::ALL.map(Manner::name),
        });
        write("config.json", &config.to_string());
        let program = write("server.py", include_str!("aiosmtpd.py"));
        let mut command = Command::new(python);
        command.arg(program).arg(&dir);
        let kept = Kept::start(&command, &dir);
        let what = format!("aiosmtpd to listen (see {}/output)", dir.display());
        let ports = wait_for_file(&dir.join("ports.json"), START, &what).await;
        Self {
            ports: serde_json::from_str(&ports).unwrap(),
            dir,
            _kept: kept,
        }
    }

    pub fn port(&self, manner: Manner) -> u16 {
        self.ports[manner.name()]
    }

    pub fn mailbox(&self) -> Mailbox {
        Mailbox::new(self.dir.join("mail/inbox"))
    }

    /// Everything that clients said on a port, messages included; what was encrypted stands there in clear.
    pub fn said(&self, manner: Manner) -> String {
        let bytes = fs::read(self.dir.join("said").join(manner.name())).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Its complaints so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.dir.join("output")).unwrap_or_default()
    }
}
