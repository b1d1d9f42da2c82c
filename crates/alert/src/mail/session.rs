//! One connection to a mail server: opened, used for one message after the other, dropped at the first error.
//!
//! There is no pool: the mails of one batch follow each other on it (`batch`), and whoever sends owns it meanwhile. A
//! connection that was cancelled or failed in the middle of a command stands somewhere that nobody knows, and the next
//! answer on it may belong to an earlier question; it is gone with its owner.

use std::net::SocketAddr;

use domain::mail::{Address, AuthMethod, MailSettings, Security};
use lettre::transport::smtp::{
    client::AsyncSmtpConnection,
    commands::{Data, Mail, Quit, Rcpt, Rset},
    extension::{ClientId, MailBodyParameter, MailParameter},
};
use secrecy::SecretString;
use tokio::{
    net::TcpStream,
    time::{Duration, Instant},
};

use super::{
    capabilities::Capabilities,
    conversation::{Accepted, Seen},
    deadlines::Deadlines,
    dial::Line,
    failure::{Class, Failure, Symptom},
    letter::Letter,
    mismatch::{explain_silence, explain_tls_failure, suspect_tls},
    reply::Reply,
    secure::secure,
    steps::{Progress, Step},
    stream::{MailStream, Socket},
    wire::{Break, Wire},
};

#[cfg(test)]
mod tests;

/// Registered for mail that is encrypted from the first byte (RFC 8314). Whoever waits for a greeting there without
/// encryption waits in vain, so it is not waited for long.
const IMPLICIT_TLS_PORT: u16 = 465;
const SILENCE_ON_TLS_PORT: Duration = Duration::from_secs(5);

/// What a session needs to know besides the message.
pub(super) struct Setup<'a> {
    pub(super) settings: &'a MailSettings,
    /// For settings that log in with OAuth 2.0.
    pub(super) token: Option<&'a SecretString>,
    pub(super) dialer: &'a egress::Dialer,
    pub(super) deadlines: Deadlines,
    pub(super) hello: ClientId,
    pub(super) wire: &'a Wire,
}

/// Recipients that the server did not take, and why.
pub(super) type Refused = Vec<(Address, Failure)>;

pub(super) struct Session {
    connection: AsyncSmtpConnection,
    pub(super) capabilities: Capabilities,
    pub(super) wire: Wire,
    deadlines: Deadlines,
    seen: Seen,
    opened: Instant,
    /// Messages that the server took.
    messages: usize,
}

impl Session {
    /// From an open TCP connection to a server that waits for MAIL.
    pub(super) async fn open(
        setup: &Setup<'_>,
        line: Line,
        progress: &mut Progress<'_>,
        seen: &mut Seen,
    ) -> Result<Self, Failure> {
        let Line { tcp, remote } = line;
        let wire = setup.wire;
        let tls = &mut seen.tls;
        let (mut stream, greeting) = match setup.settings.security {
            Security::Tls => {
                let socket = match setup.encrypt(tcp, progress, tls).await {
                    Ok(socket) => socket,
                    Err(failure) => return Err(explain_tls_failure(setup, failure, remote).await),
                };
                let mut stream = MailStream::new(socket, remote, wire.clone());
                let greeting = setup.greeting(&mut stream, remote, progress).await?;
                (stream, greeting)
            }
            Security::None | Security::StartTls => {
                let mut stream = MailStream::new(Socket::Plain(tcp), remote, wire.clone());
                let greeting = match setup.greeting(&mut stream, remote, progress).await {
                    Ok(greeting) => greeting,
                    Err(failure) => return Err(explain_silence(setup, failure, remote).await),
                };
                if setup.settings.security == Security::StartTls {
                    let tcp = setup.start_tls(stream, progress).await?;
                    let socket = setup.encrypt(tcp, progress, tls).await?;
                    (MailStream::new(socket, remote, wire.clone()), greeting)
                } else {
                    (stream, greeting)
                }
            }
        };
        stream.replay(&greeting);

        progress.begin(Step::Ehlo);
        wire.allow(setup.deadlines.command);
        let connected = AsyncSmtpConnection::connect_with_transport(Box::new(stream), &setup.hello).await;
        let (connection, ehlo) = match (connected, wire.answer()) {
            (Ok(connection), Some(ehlo)) if ehlo.is_success() => (connection, ehlo),
            (Ok(_), Some(reply)) => return Err(Failure::answered(Step::Ehlo, wire.scrub(&reply))),
            (Ok(_), None) => return Err(Failure::broken(Step::Ehlo, Break::Closed)),
            (Err(error), answer) => return Err(wire.refused(Step::Ehlo, &error, answer)),
        };
        let capabilities = Capabilities::read(&ehlo);
        progress.passed(format!(
            "as {}; the server offers {}",
            setup.hello,
            capabilities.in_words()
        ));

        let mut session = Self {
            connection,
            capabilities,
            wire: wire.clone(),
            deadlines: setup.deadlines,
            seen: seen.clone(),
            opened: Instant::now(),
            messages: 0,
        };
        if let Some(credentials) = &setup.settings.credentials {
            progress.begin(Step::Auth);
            if !password_may_travel(setup.settings, remote) {
                return Err(Failure::profile(
                    Step::Auth,
                    Symptom::InsecureAuth,
                    format!("The password was not sent: the connection to {remote} is not encrypted."),
                ));
            }
            match setup.settings.auth {
                AuthMethod::Auto => session.login(credentials, progress).await?,
                AuthMethod::Xoauth2 => {
                    session
                        .token_login(&credentials.username, setup.token, progress)
                        .await?;
                }
                AuthMethod::None => {}
            }
        }
        Ok(session)
    }

    /// Gets ready for a further message, which has this much time.
    pub(super) fn resume(&self, session: Duration) {
        self.wire.resume(session);
        let Seen { remote, tls } = &self.seen;
        let tls = tls.as_ref().map_or("not encrypted", |version| version.as_str());
        let remote = remote.map(|r| format!(" to {r}")).unwrap_or_default();
        self.wire.note(&format!(
            "on the connection{remote} ({tls}), which is open and has taken {} before",
            count(self.messages)
        ));
    }

    /// What is known of the connection.
    pub(super) fn seen(&self) -> &Seen {
        &self.seen
    }

    pub(super) fn opened(&self) -> Instant {
        self.opened
    }

    /// How many messages the server took.
    pub(super) fn messages(&self) -> usize {
        self.messages
    }

    /// Delivers one message. The connection is given back when the server took it, and dropped otherwise.
    pub(super) async fn deliver(
        mut self,
        letter: &Letter,
        progress: &mut Progress<'_>,
    ) -> Result<(Self, Accepted), Failure> {
        let (reply, refused) = self.submit(letter, progress).await?;
        let queue_id = reply.queue_id();
        let accepted = Accepted {
            reply,
            queue_id,
            refused,
        };
        Ok((self, accepted))
    }

    /// Hands over one message. Only a final 2xx to the end of the data counts as accepted, and only for the recipients
    /// that the server took; the others come back with its reasons.
    async fn submit(
        &mut self,
        letter: &Letter,
        progress: &mut Progress<'_>,
    ) -> Result<(Reply, Refused), Failure> {
        let (letter, beyond) = letter.fitting(self.capabilities.utf8);
        let (_, refused) = self.address(letter, &beyond, progress).await?;

        progress.begin(Step::Data);
        let reply = self.exchange(Step::Data, Data).await?;
        // Anything but 354 and the message would be taken for commands.
        if reply.code != 354 {
            return Err(Failure::answered(Step::Data, reply));
        }
        progress.passed(reply.shown());

        progress.begin(Step::Reply);
        self.wire.allow(self.deadlines.final_dot);
        let result = self.connection.message(letter.bytes()).await;
        let reply = self.wire.settle(Step::Reply, result)?;
        if !reply.is_success() {
            return Err(Failure::answered(Step::Reply, reply));
        }
        self.messages += 1;
        progress.passed(reply.shown());
        Ok((reply, refused))
    }

    /// Everything that comes before the message, and then takes it back: nothing is sent. Gives the server's yes to the
    /// recipient.
    pub(super) async fn rehearse(
        &mut self,
        letter: &Letter,
        progress: &mut Progress<'_>,
    ) -> Result<Reply, Failure> {
        let (letter, beyond) = letter.fitting(self.capabilities.utf8);
        let (reply, _) = self.address(letter, &beyond, progress).await?;
        // The verdict is there; a server that stumbles over RSET has no message to send either.
        self.wire.allow(self.deadlines.farewell);
        let _ = self.connection.command(Rset).await;
        Ok(reply)
    }

    /// Sender and recipients. One yes is enough to go on; the last one is given back. `beyond`: further recipients, whom
    /// this server cannot be told.
    async fn address(
        &mut self,
        letter: &Letter,
        beyond: &[&Address],
        progress: &mut Progress<'_>,
    ) -> Result<(Reply, Refused), Failure> {
        let from = smtp_address(Step::MailFrom, &letter.from)?;
        let recipients = letter
            .recipients()
            .map(|to| Ok((to, smtp_address(Step::RcptTo, to)?)))
            .collect::<Result<Vec<_>, Failure>>()?;

        progress.begin(Step::MailFrom);
        let parameters = self.mail_parameters(letter)?;
        let reply = self
            .command(Step::MailFrom, Mail::new(Some(from), parameters))
            .await?;
        progress.passed(format!("{}: {}", letter.from, reply.shown()));

        let (mut accepted, mut refused) = (None, Refused::new());
        for (to, address) in recipients {
            progress.begin(Step::RcptTo);
            match self.command(Step::RcptTo, Rcpt::new(address, Vec::new())).await {
                Ok(reply) => {
                    progress.passed(format!("{to}: {}", reply.shown()));
                    accepted = Some(reply);
                }
                // A connection that broke has no more answers.
                Err(failure) if failure.reply.is_none() => return Err(failure),
                Err(failure) => refused.push((to.clone(), failure)),
            }
        }
        let unspeakable = |to: &&Address| ((*to).clone(), utf8_missing(Class::Recipient, to.as_str()));
        refused.extend(beyond.iter().map(unspeakable));
        match (accepted, refused.first()) {
            (Some(reply), _) => {
                for (to, failure) in &refused {
                    let shown = failure.reply.as_ref().map(Reply::shown);
                    let shown = shown.unwrap_or_else(|| failure.what.clone());
                    progress.report(Step::RcptTo, false, Duration::ZERO, &format!("{to}: {shown}"));
                }
                Ok((reply, refused))
            }
            // Each has a reason of its own, and no other's.
            (None, Some(_)) if refused.len() > 1 => Err(Failure::all_refused(refused)),
            (None, Some((_, failure))) => Err(failure.clone()),
            (None, None) => Err(self.wire.failure(Step::RcptTo)),
        }
    }

    /// Says goodbye. The result is known; nothing that happens here changes it.
    pub(super) async fn close(mut self) {
        self.wire.allow(self.deadlines.farewell);
        let _ = self.connection.command(Quit).await;
    }

    fn mail_parameters(&self, letter: &Letter) -> Result<Vec<MailParameter>, Failure> {
        let offered = &self.capabilities;
        let size = letter.bytes().len();
        if let Some(most) = offered.size
            && size as u64 > most
        {
            return Err(Failure::new(
                Step::MailFrom,
                Class::Message,
                Symptom::TooLarge,
                format!("The message has {size} bytes; the server takes at most {most}."),
            ));
        }
        let mut parameters = Vec::new();
        if letter.needs_utf8() {
            if !offered.utf8 {
                let beyond = |a: &&Address| !a.as_str().is_ascii();
                // Whose address it is, is whose fault it is: other recipients are written to as before. A sender is
                // everybody's.
                return Err(if beyond(&&letter.from) {
                    utf8_missing(Class::Profile, letter.from.as_str())
                } else if let Some(recipient) = letter.recipients().find(beyond) {
                    utf8_missing(Class::Recipient, recipient.as_str())
                } else {
                    utf8_missing(Class::Profile, "Reply-To")
                });
            }
            parameters.push(MailParameter::SmtpUtfEight);
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        if offered.takes_size {
            parameters.push(MailParameter::Size(size));
        }
        Ok(parameters)
    }

    /// A command that must be answered with 2xx.
    async fn command(&mut self, step: Step, command: impl std::fmt::Display) -> Result<Reply, Failure> {
        let reply = self.exchange(step, command).await?;
        if reply.is_success() {
            Ok(reply)
        } else {
            Err(Failure::answered(step, reply))
        }
    }

    /// One command and its answer, whatever it says.
    pub(super) async fn exchange(
        &mut self,
        step: Step,
        command: impl std::fmt::Display,
    ) -> Result<Reply, Failure> {
        self.wire.allow(self.deadlines.command);
        let result = self.connection.command(command).await;
        self.wire.settle(step, result)
    }
}

impl Setup<'_> {
    async fn encrypt(
        &self,
        tcp: TcpStream,
        progress: &mut Progress<'_>,
        tls: &mut Option<String>,
    ) -> Result<Socket, Failure> {
        progress.begin(Step::Tls);
        let deadline = self.wire.allow(self.deadlines.tls);
        let (secured, certificate) = secure(tcp, self.settings, self.dialer, deadline).await;
        progress.saw(certificate);
        let secured = secured?;
        self.wire
            .note(&format!("encrypted from here: {}", secured.detail));
        progress.passed(&secured.detail);
        *tls = Some(secured.version);
        Ok(Socket::Tls(Box::new(secured.stream)))
    }

    async fn greeting(
        &self,
        stream: &mut MailStream,
        remote: SocketAddr,
        progress: &mut Progress<'_>,
    ) -> Result<Reply, Failure> {
        progress.begin(Step::Greeting);
        let within =
            if self.settings.security != Security::Tls && self.settings.server.port == IMPLICIT_TLS_PORT {
                self.deadlines.greeting.min(SILENCE_ON_TLS_PORT)
            } else {
                self.deadlines.greeting
            };
        self.wire.allow(within);
        let reply = tokio::select! {
            biased;
            reply = self.hear(Step::Greeting, stream) => reply?,
            failure = suspect_tls(self, remote) => return Err(failure),
        };
        if !reply.is_success() {
            return Err(Failure::answered(Step::Greeting, reply));
        }
        progress.passed(reply.shown());
        Ok(reply)
    }

    /// EHLO and STARTTLS on the unprotected connection. Without STARTTLS the conversation ends here: whoever stripped
    /// it must not hear a word more.
    async fn start_tls(
        &self,
        mut stream: MailStream,
        progress: &mut Progress<'_>,
    ) -> Result<TcpStream, Failure> {
        progress.begin(Step::Ehlo);
        let reply = self
            .say(Step::Ehlo, &mut stream, &format!("EHLO {}", self.hello))
            .await?;
        if !reply.is_success() {
            return Err(Failure::answered(Step::Ehlo, reply));
        }
        let offered = Capabilities::read(&reply);
        progress.passed(format!("as {}, before encryption", self.hello));

        progress.begin(Step::StartTls);
        if !offered.starttls {
            return Err(Failure::profile(
                Step::StartTls,
                Symptom::StartTlsMissing,
                format!(
                    "{} does not offer STARTTLS. Nothing was sent.",
                    self.settings.server
                ),
            ));
        }
        let reply = self.say(Step::StartTls, &mut stream, "STARTTLS").await?;
        if reply.code != 220 {
            return Err(Failure::answered(Step::StartTls, reply));
        }
        let tcp = stream
            .into_plain()
            .map_err(|_| self.wire.failure(Step::StartTls))?;
        progress.passed(reply.shown());
        Ok(tcp)
    }

    pub(super) async fn say(
        &self,
        step: Step,
        stream: &mut MailStream,
        line: &str,
    ) -> Result<Reply, Failure> {
        self.wire.allow(self.deadlines.command);
        stream
            .write_line(line)
            .await
            .map_err(|_| self.wire.failure(step))?;
        self.hear(step, stream).await
    }

    pub(super) async fn hear(&self, step: Step, stream: &mut MailStream) -> Result<Reply, Failure> {
        let reply = stream.read_reply().await.map_err(|_| self.wire.failure(step))?;
        Ok(self.wire.scrub(&reply))
    }
}

/// An unencrypted password goes to this machine itself (the address that was dialled counts, not the name), or where a
/// person said yes to it.
fn password_may_travel(settings: &MailSettings, remote: SocketAddr) -> bool {
    settings.security != Security::None
        || settings.allow_insecure_auth
        || remote.ip().to_canonical().is_loopback()
}

fn utf8_missing(class: Class, address: &str) -> Failure {
    Failure::new(
        Step::MailFrom,
        class,
        Symptom::Utf8Missing,
        format!("The address {address} has letters beyond ASCII, and the server does not offer SMTPUTF8."),
    )
}

fn count(messages: usize) -> String {
    match messages {
        1 => "one message".to_owned(),
        n => format!("{n} messages"),
    }
}

fn smtp_address(step: Step, address: &Address) -> Result<lettre::Address, Failure> {
    address.as_str().parse().map_err(|_| {
        Failure::profile(
            step,
            Symptom::AddressUnusable,
            format!("{address} is not an address that mail servers take."),
        )
    })
}
