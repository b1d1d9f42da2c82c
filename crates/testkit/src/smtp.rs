//! A mail server that says what a test wants it to say, and remembers everything.
//!
//! Without rules it behaves: it takes every message. A [`Rule`] changes one step; the newest rule that matches decides,
//! and delays, holds and slow writing add up with a reply.

use std::{net::SocketAddr, sync::Arc};

use parking_lot::Mutex;

use crate::{door::Door, tls};

mod conversation;
mod record;
mod script;
mod wire;

pub use record::{AuthAttempt, Connection, Message};
pub use script::{Act, Auth, Hold, Mode, Rule, Script, Step};

pub struct SmtpServer {
    door: Door,
    shared: Arc<Shared>,
}

struct Shared {
    mode: Mode,
    acceptor: Option<tokio_rustls::TlsAcceptor>,
    script: Mutex<Script>,
    connections: Mutex<Vec<Connection>>,
    auth: Mutex<Vec<AuthAttempt>>,
    messages: Mutex<Vec<Message>>,
}

impl SmtpServer {
    #[expect(
        clippy::unused_async,
        reason = "says at the call that it needs a runtime, like its siblings"
    )]
    pub async fn start(script: Script) -> Self {
        let acceptor = match script.mode {
            Mode::Plain => None,
            Mode::StartTls | Mode::Implicit => Some(tls::acceptor(script.certificate, &[])),
        };
        let shared = Arc::new(Shared {
            mode: script.mode,
            acceptor,
            script: Mutex::new(script),
            connections: Mutex::default(),
            auth: Mutex::default(),
            messages: Mutex::default(),
        });
        let serving = Arc::clone(&shared);
        let door =
            Door::open(move |stream, number| conversation::converse(stream, number, Arc::clone(&serving)));
        Self { door, shared }
    }

    pub fn addr(&self) -> SocketAddr {
        self.door.addr()
    }

    pub fn port(&self) -> u16 {
        self.addr().port()
    }

    /// Adds a rule while the server runs; it is asked before the older ones.
    pub fn rule(&self, rule: Rule) {
        self.shared.script.lock().rules.push(rule);
    }

    /// Shorthand for a rule without conditions.
    pub fn on(&self, step: Step, act: Act) {
        self.rule(Rule::on(step, act));
    }

    /// Takes every rule away: the server behaves again.
    pub fn behave(&self) {
        self.shared.script.lock().rules.clear();
    }

    /// From now on `step` waits in the returned [`Hold`].
    pub fn hold(&self, step: Step) -> Hold {
        let hold = Hold::new();
        self.on(step, Act::Hold(hold.clone()));
        hold
    }

    /// From now on only this user with this password or token gets in.
    pub fn welcome(&self, username: &str, password: &str) {
        self.shared.script.lock().auth = Auth::Only {
            username: username.to_owned(),
            password: password.to_owned(),
        };
    }

    /// Cuts every conversation and refuses connections until [`Self::reopen`]; the port stays reserved.
    pub async fn close(&self) {
        self.door.shut().await;
    }

    pub fn reopen(&self) {
        self.door.reopen();
    }

    /// Connections accepted so far.
    pub fn connection_count(&self) -> usize {
        self.door.accepted()
    }

    pub fn connections(&self) -> Vec<Connection> {
        self.shared.connections.lock().clone()
    }

    /// Lines of one connection (counted from 1), in order: `C: …` and `S: …`.
    pub fn log(&self, connection: usize) -> Vec<String> {
        self.connections()
            .into_iter()
            .find(|c| c.number == connection)
            .map(|c| c.log)
            .unwrap_or_default()
    }

    /// What all clients said, without the prefix, connection by connection. Message bodies are not among it.
    pub fn commands(&self) -> Vec<String> {
        let said = |c: &Connection| -> Vec<String> {
            let lines = c.log.iter().filter_map(|l| l.strip_prefix("C: "));
            lines.map(ToOwned::to_owned).collect()
        };
        self.connections().iter().flat_map(said).collect()
    }

    pub fn auth_attempts(&self) -> Vec<AuthAttempt> {
        self.shared.auth.lock().clone()
    }

    /// Messages for which the final yes was written.
    pub fn messages(&self) -> Vec<Message> {
        self.received().into_iter().filter(|m| m.accepted).collect()
    }

    /// Every message whose final dot arrived, whatever was answered.
    pub fn received(&self) -> Vec<Message> {
        self.shared.messages.lock().clone()
    }
}
