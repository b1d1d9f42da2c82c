//! How the server is to behave.

use std::{sync::Arc, time::Duration};

use tokio::sync::Semaphore;

use crate::tls::Certificate;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Plain,
    StartTls,
    Implicit,
}

/// Whether logging in is offered (after TLS where there is TLS), and who gets in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Auth {
    Off,
    Anyone,
    Only { username: String, password: String },
    Nobody,
}

/// A point in the conversation at which a rule can act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The connection is accepted and nothing was said; before the handshake of implicit TLS.
    Connect,
    Greeting,
    Ehlo,
    Helo,
    StartTls,
    /// Before our side of a TLS handshake.
    Handshake,
    /// The credentials are complete.
    Auth,
    MailFrom,
    RcptTo,
    Data,
    /// The whole message was received and nothing was answered.
    FinalDot,
    Rset,
    Noop,
    Quit,
    Unknown,
}

#[derive(Clone, Debug)]
pub enum Act {
    /// The reply, its lines separated by `\n`. Its first digit decides how the server goes on; 421 also hangs up.
    Reply(String),
    /// The reply, and then the end of the connection.
    LastReply(String),
    Delay(Duration),
    /// Closes the connection.
    Cut,
    /// Closes it with a TCP reset.
    Reset,
    /// Says nothing more, and stays until the client goes.
    Never,
    /// Writes the reply at this many bytes a second.
    Tarpit {
        bytes_per_second: u32,
    },
    /// Waits until the test lets it go on.
    Hold(Hold),
}

impl Act {
    pub fn reply(text: impl Into<String>) -> Self {
        Self::Reply(text.into())
    }
}

/// A step with conditions, and what happens then.
#[derive(Clone, Debug)]
pub struct Rule {
    step: Step,
    act: Act,
    connection: Option<usize>,
    containing: Option<String>,
    skip: usize,
    left: Option<usize>,
}

impl Rule {
    pub fn on(step: Step, act: Act) -> Self {
        Self {
            step,
            act,
            connection: None,
            containing: None,
            skip: 0,
            left: None,
        }
    }

    /// Only on the n-th connection, counted from 1.
    pub fn connection(mut self, n: usize) -> Self {
        self.connection = Some(n);
        self
    }

    /// Only when the command holds this text (a recipient, for example).
    pub fn containing(mut self, text: impl Into<String>) -> Self {
        self.containing = Some(text.into());
        self
    }

    /// Not the first `n` times.
    pub fn after(mut self, n: usize) -> Self {
        self.skip = n;
        self
    }

    /// Only the first `n` times.
    pub fn times(mut self, n: usize) -> Self {
        self.left = Some(n);
        self
    }

    fn matches(&self, step: Step, connection: usize, line: &str) -> bool {
        self.step == step
            && self.left != Some(0)
            && self.connection.is_none_or(|c| c == connection)
            && self.containing.as_ref().is_none_or(|t| line.contains(t))
    }
}

/// The server's character. Build it with [`Script::plain`], [`Script::starttls`] or [`Script::implicit`].
#[derive(Clone, Debug)]
pub struct Script {
    pub(super) mode: Mode,
    pub(super) certificate: Certificate,
    pub(super) auth: Auth,
    pub(super) auth_required: bool,
    pub(super) mechanisms: String,
    pub(super) challenges: bool,
    pub(super) capabilities: Vec<String>,
    pub(super) rules: Vec<Rule>,
}

impl Script {
    pub fn plain() -> Self {
        Self::new(Mode::Plain)
    }

    pub fn starttls() -> Self {
        Self::new(Mode::StartTls)
    }

    pub fn implicit() -> Self {
        Self::new(Mode::Implicit)
    }

    pub fn new(mode: Mode) -> Self {
        let capabilities = ["SIZE 10485760", "8BITMIME", "ENHANCEDSTATUSCODES", "SMTPUTF8"];
        Self {
            mode,
            certificate: Certificate::Good,
            auth: Auth::Off,
            auth_required: false,
            mechanisms: "PLAIN LOGIN".to_owned(),
            challenges: true,
            capabilities: capabilities.map(ToOwned::to_owned).to_vec(),
            rules: Vec::new(),
        }
    }

    pub fn certificate(mut self, certificate: Certificate) -> Self {
        self.certificate = certificate;
        self
    }

    pub fn auth(mut self, auth: Auth) -> Self {
        self.auth = auth;
        self
    }

    /// Offers AUTH, lets only this user in, and takes no mail from others.
    pub fn login(self, username: &str, password: &str) -> Self {
        let mut script = self.auth(Auth::Only {
            username: username.to_owned(),
            password: password.to_owned(),
        });
        script.auth_required = true;
        script
    }

    /// The mechanisms on offer, as after `AUTH ` in the answer to EHLO.
    pub fn mechanisms(mut self, mechanisms: &str) -> Self {
        mechanisms.clone_into(&mut self.mechanisms);
        self
    }

    /// Offers XOAUTH2 alone, lets only this user with this token in, and takes no mail from others.
    pub fn token(self, username: &str, token: &str) -> Self {
        self.login(username, token).mechanisms("XOAUTH2")
    }

    /// Refuses a token at once, as Microsoft does, and not after a challenge, as Google does.
    pub fn without_challenge(mut self) -> Self {
        self.challenges = false;
        self
    }

    /// The lines of the answer to EHLO besides STARTTLS and AUTH.
    pub fn capabilities(mut self, capabilities: &[&str]) -> Self {
        self.capabilities = capabilities.iter().map(ToString::to_string).collect();
        self
    }

    pub fn rule(mut self, rule: Rule) -> Self {
        self.rules.push(rule);
        self
    }

    pub fn on(self, step: Step, act: Act) -> Self {
        self.rule(Rule::on(step, act))
    }

    pub fn reply(self, step: Step, text: &str) -> Self {
        self.on(step, Act::reply(text))
    }

    /// What to do now. Counts the rules that are used.
    pub(super) fn plan(&mut self, step: Step, connection: usize, line: &str) -> Plan {
        let mut plan = Plan::default();
        for rule in self.rules.iter_mut().rev() {
            if !rule.matches(step, connection, line) {
                continue;
            }
            let slot_taken = match &rule.act {
                Act::Reply(_) | Act::LastReply(_) | Act::Cut | Act::Reset | Act::Never => {
                    plan.reply.is_some() || plan.ending.is_some()
                }
                Act::Tarpit { .. } => plan.bytes_per_second.is_some(),
                Act::Delay(_) => plan.delay.is_some(),
                Act::Hold(_) => false,
            };
            if slot_taken {
                continue;
            }
            if rule.skip > 0 {
                rule.skip -= 1;
                continue;
            }
            if let Some(left) = &mut rule.left {
                *left -= 1;
            }
            match rule.act.clone() {
                Act::Reply(text) => plan.reply = Some(text),
                Act::LastReply(text) => (plan.reply, plan.ends) = (Some(text), true),
                Act::Cut => plan.ending = Some(Ending::Cut),
                Act::Reset => plan.ending = Some(Ending::Reset),
                Act::Never => plan.ending = Some(Ending::Never),
                Act::Delay(d) => plan.delay = Some(d),
                Act::Tarpit { bytes_per_second } => plan.bytes_per_second = Some(bytes_per_second),
                Act::Hold(hold) => plan.holds.push(hold),
            }
        }
        plan
    }
}

#[derive(Default)]
pub(super) struct Plan {
    pub(super) holds: Vec<Hold>,
    pub(super) delay: Option<Duration>,
    pub(super) reply: Option<String>,
    /// The connection ends with the reply.
    pub(super) ends: bool,
    pub(super) bytes_per_second: Option<u32>,
    pub(super) ending: Option<Ending>,
}

impl Plan {
    /// The code of the reply that is given.
    pub(super) fn code(&self, usual: &str) -> u16 {
        let reply = self.reply.as_deref().unwrap_or(usual);
        reply.get(..3).and_then(|c| c.parse().ok()).unwrap_or(0)
    }
}

#[derive(Clone, Copy)]
pub(super) enum Ending {
    Cut,
    Reset,
    Never,
}

/// A gate in the conversation: says when a client has arrived, and keeps it until the test opens.
#[derive(Clone, Debug)]
pub struct Hold(Arc<(Semaphore, Semaphore)>);

impl Hold {
    pub fn new() -> Self {
        Self(Arc::new((Semaphore::new(0), Semaphore::new(0))))
    }

    /// Waits until a client stands at the gate; each arrival is seen once.
    pub async fn reached(&self, within: Duration) {
        let arrival = tokio::time::timeout(within, self.0.0.acquire()).await;
        arrival
            .unwrap_or_else(|_| panic!("nobody came to the held step within {within:?}"))
            .expect("arrivals are counted for ever")
            .forget();
    }

    /// Lets one client pass, now or when it comes.
    pub fn release(&self) {
        self.0.1.add_permits(1);
    }

    /// Lets everybody pass from now on.
    pub fn open(&self) {
        self.0.1.close();
    }

    pub(super) async fn pass(&self) {
        self.0.0.add_permits(1);
        // An error is an open gate.
        if let Ok(permit) = self.0.1.acquire().await {
            permit.forget();
        }
    }
}

impl Default for Hold {
    fn default() -> Self {
        Self::new()
    }
}
