//! One conversation: RFC 5321 as far as a sender needs it, bent by the script.

use std::{io, sync::Arc, time::Instant};

use base64::{Engine, engine::general_purpose::STANDARD};
use tokio::net::TcpStream;

use super::{
    Shared,
    record::{AuthAttempt, Connection, Message},
    script::{Auth, Ending, Mode, Plan, Step},
    wire::Wire,
};

pub(super) async fn converse(stream: TcpStream, number: usize, shared: Arc<Shared>) {
    let Ok(peer) = stream.peer_addr() else { return };
    shared.connections.lock().push(Connection {
        number,
        peer,
        opened_at: Instant::now(),
        closed_at: None,
        tls: false,
        server_name: None,
        smuggled: Vec::new(),
        log: Vec::new(),
    });
    let mut conversation = Conversation {
        wire: Wire::new(stream),
        number,
        shared,
        tls: false,
        greeted: false,
        username: None,
        envelope: None,
    };
    // However it ended: a cut is as good an end as QUIT here.
    let _ = conversation.run().await;
    conversation.note(|c| c.closed_at = Some(Instant::now()));
}

struct Conversation {
    wire: Wire,
    number: usize,
    shared: Arc<Shared>,
    tls: bool,
    greeted: bool,
    username: Option<String>,
    envelope: Option<Envelope>,
}

#[derive(Default)]
struct Envelope {
    from: String,
    parameters: String,
    recipients: Vec<String>,
}

/// Ends the conversation from our side.
fn hang_up() -> io::Error {
    io::ErrorKind::ConnectionAborted.into()
}

impl Conversation {
    async fn run(&mut self) -> io::Result<()> {
        self.pause(Step::Connect).await?;
        if self.shared.mode == Mode::Implicit {
            self.handshake().await?;
        }
        let code = self.answer(Step::Greeting, "", "220 testkit ESMTP").await?;
        if code != 220 {
            // RFC 5321, 3.1: after a refusing greeting everything but QUIT is out of order.
            loop {
                let line = self.hear().await?;
                if verb(&line) == "QUIT" {
                    self.answer(Step::Quit, &line, "221 2.0.0 bye").await?;
                    return Ok(());
                }
                self.say("503 5.5.1 bad sequence of commands", None).await?;
            }
        }
        loop {
            let line = self.hear().await?;
            match verb(&line).as_str() {
                "EHLO" => self.ehlo(&line).await?,
                "HELO" => {
                    self.greeted = self.answer(Step::Helo, &line, "250 testkit").await? == 250;
                }
                "STARTTLS" => self.starttls(&line).await?,
                "AUTH" => self.auth(&line).await?,
                "MAIL" => self.mail(&line).await?,
                "RCPT" => self.rcpt(&line).await?,
                "DATA" => self.data(&line).await?,
                "RSET" => {
                    self.envelope = None;
                    self.answer(Step::Rset, &line, "250 2.0.0 ok").await?;
                }
                "NOOP" => {
                    self.answer(Step::Noop, &line, "250 2.0.0 ok").await?;
                }
                "QUIT" => {
                    self.answer(Step::Quit, &line, "221 2.0.0 bye").await?;
                    return Ok(());
                }
                _ => {
                    self.answer(Step::Unknown, &line, "500 5.5.2 unknown command")
                        .await?;
                }
            }
        }
    }

    async fn ehlo(&mut self, line: &str) -> io::Result<()> {
        let usual = {
            let script = self.shared.script.lock();
            let mut lines = vec!["testkit".to_owned()];
            lines.extend(script.capabilities.iter().cloned());
            if script.mode == Mode::StartTls && !self.tls {
                lines.push("STARTTLS".to_owned());
            } else if script.auth != Auth::Off {
                lines.push(format!("AUTH {}", script.mechanisms));
            }
            let last = lines.len() - 1;
            let sep = |i: usize| if i == last { ' ' } else { '-' };
            let lines = lines.iter().enumerate().map(|(i, l)| format!("250{}{l}", sep(i)));
            lines.collect::<Vec<_>>().join("\n")
        };
        self.greeted = self.answer(Step::Ehlo, line, &usual).await? == 250;
        Ok(())
    }

    async fn starttls(&mut self, line: &str) -> io::Result<()> {
        let usual = if self.shared.mode == Mode::StartTls && !self.tls {
            "220 2.0.0 ready to start TLS"
        } else {
            "502 5.5.1 not here"
        };
        if self.answer(Step::StartTls, line, usual).await? == 220 {
            self.handshake().await?;
            // RFC 3207, 4.2: everything that was said before is forgotten.
            self.greeted = false;
            self.envelope = None;
        }
        Ok(())
    }

    async fn handshake(&mut self) -> io::Result<()> {
        self.pause(Step::Handshake).await?;
        let Some(acceptor) = self.shared.acceptor.clone() else {
            return Err(hang_up());
        };
        let (server_name, smuggled) = self.wire.start_tls(&acceptor).await?;
        self.tls = true;
        self.note(|c| {
            c.tls = true;
            c.server_name = server_name;
            c.smuggled = smuggled;
        });
        Ok(())
    }

    async fn auth(&mut self, line: &str) -> io::Result<()> {
        let mut words = line.split_ascii_whitespace().skip(1);
        let mechanism = words.next().unwrap_or_default().to_ascii_uppercase();
        let initial = words.next().map(ToOwned::to_owned);
        let (username, password) = match mechanism.as_str() {
            "PLAIN" => {
                let response = match initial {
                    Some(r) => r,
                    None => self.ask("").await?,
                };
                let plain = decode(&response);
                let mut parts = plain.split('\0').skip(1).map(ToOwned::to_owned);
                (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
            }
            "LOGIN" => {
                let username = match initial {
                    Some(r) => r,
                    None => self.ask("Username:").await?,
                };
                let password = self.ask("Password:").await?;
                (decode(&username), decode(&password))
            }
            "XOAUTH2" => {
                let response = match initial {
                    Some(r) => r,
                    None => self.ask("").await?,
                };
                bearer(&decode(&response))
            }
            _ => {
                self.answer(Step::Auth, line, "504 5.5.4 unknown mechanism")
                    .await?;
                return Ok(());
            }
        };
        self.shared.auth.lock().push(AuthAttempt {
            connection: self.number,
            mechanism: mechanism.clone(),
            username: username.clone(),
            password: password.clone(),
            tls: self.tls,
        });
        let welcome = match &self.shared.script.lock().auth {
            Auth::Off | Auth::Nobody => false,
            Auth::Anyone => true,
            Auth::Only {
                username: u,
                password: p,
            } => *u == username && *p == password,
        };
        // Google explains the refusal first; the answer of the client says nothing.
        let challenges = mechanism == "XOAUTH2" && self.shared.script.lock().challenges;
        if !welcome && challenges {
            let why = r#"{"status":"400","schemes":"Bearer","scope":"https://mail.google.com/"}"#;
            let answer = self.ask(why).await?;
            if !answer.is_empty() {
                self.say("501 5.5.2 the answer to the challenge must be empty", None)
                    .await?;
                return Ok(());
            }
        }
        let usual = if welcome {
            "235 2.7.0 welcome"
        } else {
            "535 5.7.8 user name or password not accepted"
        };
        if self.answer(Step::Auth, line, usual).await? == 235 {
            self.username = Some(username);
        }
        Ok(())
    }

    async fn mail(&mut self, line: &str) -> io::Result<()> {
        let barred = self.shared.script.lock().auth_required && self.username.is_none();
        let usual = if !self.greeted {
            "503 5.5.1 say EHLO first"
        } else if barred {
            "530 5.7.0 authentication required"
        } else {
            "250 2.1.0 ok"
        };
        if self.answer(Step::MailFrom, line, usual).await? == 250 {
            let (from, parameters) = path(line);
            self.envelope = Some(Envelope {
                from,
                parameters,
                recipients: Vec::new(),
            });
        }
        Ok(())
    }

    async fn rcpt(&mut self, line: &str) -> io::Result<()> {
        let usual = if self.envelope.is_some() {
            "250 2.1.5 ok"
        } else {
            "503 5.5.1 say MAIL first"
        };
        let code = self.answer(Step::RcptTo, line, usual).await?;
        if let Some(envelope) = self.envelope.as_mut().filter(|_| (200..300).contains(&code)) {
            envelope.recipients.push(path(line).0);
        }
        Ok(())
    }

    async fn data(&mut self, line: &str) -> io::Result<()> {
        let usual = match &self.envelope {
            Some(e) if !e.recipients.is_empty() => "354 go on, end with a dot",
            Some(_) => "554 5.5.1 no valid recipients",
            None => "503 5.5.1 say MAIL first",
        };
        if self.answer(Step::Data, line, usual).await? != 354 {
            return Ok(());
        }
        let mut data = Vec::new();
        loop {
            let line = self.wire.line().await?;
            if line == b"." {
                break;
            }
            data.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
            data.extend_from_slice(b"\r\n");
        }
        let envelope = self.envelope.take().unwrap_or_default();
        let index = {
            let mut messages = self.shared.messages.lock();
            messages.push(Message {
                connection: self.number,
                at: Instant::now(),
                from: envelope.from,
                parameters: envelope.parameters,
                recipients: envelope.recipients,
                data,
                tls: self.tls,
                username: self.username.clone(),
                accepted: false,
            });
            messages.len() - 1
        };
        let usual = format!("250 2.0.0 queued as TK{:06}", index + 1);
        let plan = self.follow(Step::FinalDot, ".").await?;
        // Before the client can know it.
        self.shared.messages.lock()[index].accepted = (200..300).contains(&plan.code(&usual));
        self.reply(plan, &usual).await?;
        Ok(())
    }

    /// A 334 challenge and its answer.
    async fn ask(&mut self, challenge: &str) -> io::Result<String> {
        self.say(&format!("334 {}", STANDARD.encode(challenge)), None)
            .await?;
        self.hear().await
    }

    async fn hear(&mut self) -> io::Result<String> {
        let line = self.wire.line().await?;
        let line = String::from_utf8_lossy(&line).into_owned();
        self.note(|c| c.log.push(format!("C: {line}")));
        Ok(line)
    }

    /// Follows the script, or gives the usual reply. Returns the code that was sent.
    async fn answer(&mut self, step: Step, line: &str, usual: &str) -> io::Result<u16> {
        let plan = self.follow(step, line).await?;
        self.reply(plan, usual).await
    }

    async fn reply(&mut self, plan: Plan, usual: &str) -> io::Result<u16> {
        let code = plan.code(usual);
        self.say(plan.reply.as_deref().unwrap_or(usual), plan.bytes_per_second)
            .await?;
        if code == 421 || plan.ends {
            Err(hang_up())
        } else {
            Ok(code)
        }
    }

    /// A step at which nothing is said.
    async fn pause(&mut self, step: Step) -> io::Result<()> {
        self.follow(step, "").await.map(|_| ())
    }

    async fn follow(&mut self, step: Step, line: &str) -> io::Result<Plan> {
        let plan = self.shared.script.lock().plan(step, self.number, line);
        for hold in &plan.holds {
            hold.pass().await;
        }
        if let Some(delay) = plan.delay {
            tokio::time::sleep(delay).await;
        }
        match plan.ending {
            None => return Ok(plan),
            Some(Ending::Cut) => {}
            Some(Ending::Reset) => self.wire.reset_on_close(),
            Some(Ending::Never) => self.wire.drain().await,
        }
        Err(hang_up())
    }

    async fn say(&mut self, reply: &str, rate: Option<u32>) -> io::Result<()> {
        let mut bytes = Vec::new();
        for line in reply.split('\n') {
            let line = line.trim_end_matches('\r');
            self.note(|c| c.log.push(format!("S: {line}")));
            bytes.extend_from_slice(line.as_bytes());
            bytes.extend_from_slice(b"\r\n");
        }
        self.wire.write(&bytes, rate).await
    }

    fn note(&self, change: impl FnOnce(&mut Connection)) {
        let mut connections = self.shared.connections.lock();
        if let Some(c) = connections.iter_mut().find(|c| c.number == self.number) {
            change(c);
        }
    }
}

fn verb(line: &str) -> String {
    line.split_ascii_whitespace()
        .next()
        .unwrap_or_default()
        .to_ascii_uppercase()
}

/// The address between the brackets, and what follows them.
fn path(line: &str) -> (String, String) {
    let after = line.split_once('<').map_or("", |(_, r)| r);
    let (address, rest) = after.split_once('>').unwrap_or((after, ""));
    (address.to_owned(), rest.trim().to_owned())
}

/// `user=<user>^Aauth=Bearer <token>^A^A`; empty when it has another form.
fn bearer(response: &str) -> (String, String) {
    let parts = || {
        let (user, rest) = response.strip_prefix("user=")?.split_once('\u{1}')?;
        let token = rest.strip_prefix("auth=Bearer ")?.strip_suffix("\u{1}\u{1}")?;
        Some((user.to_owned(), token.to_owned()))
    };
    parts().unwrap_or_default()
}

fn decode(base64: &str) -> String {
    let bytes = STANDARD.decode(base64.trim()).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}
