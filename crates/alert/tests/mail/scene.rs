//! Settings, a letter, and a mailer with short deadlines.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot set its scene must fail at once"
)]

use std::time::Duration;

use alert::mail::{Batch, Conversation, Deadlines, Failure, Letter, Mailer, Profile, Step, Symptom};
use domain::{
    id::ProfileId,
    mail::{Address, MailSettings},
};
use egress::{Dialer, Policy};
use serde_json::{Value, json};
use testkit::{SmtpServer, tls::ca_pem};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use url::Url;

pub(crate) const USER: &str = "watch@example.org";
pub(crate) const PASSWORD: &str = "correct-horse-battery";

/// Settings for a server, with what a test changes laid over them.
pub(crate) fn settings(server: &SmtpServer, security: &str, over: Value) -> MailSettings {
    let mut all = json!({
        "host": "127.0.0.1", "port": server.port(), "security": security, "from": "watch@example.org",
        "from_name": "Watchbell",
    });
    if security != "none" {
        all["ca_pem"] = ca_pem().into();
    }
    let Value::Object(over) = over else {
        panic!("settings are laid over as an object")
    };
    for (name, value) in over {
        all[name] = value;
    }
    MailSettings::from_json(all, None).unwrap()
}

pub(crate) fn with_login() -> Value {
    json!({ "username": USER, "password": PASSWORD })
}

/// Long enough for a busy machine, short enough to wait for.
pub(crate) fn short() -> Deadlines {
    Deadlines {
        dns: Duration::from_secs(2),
        tls: Duration::from_secs(2),
        greeting: Duration::from_millis(700),
        silence: Duration::from_secs(30),
        command: Duration::from_millis(700),
        final_dot: Duration::from_millis(1_200),
        farewell: Duration::from_millis(200),
        session: Duration::from_secs(20),
    }
}

pub(crate) fn mailer(deadlines: Deadlines) -> Mailer {
    let dialer = Dialer::new(Policy::new(Vec::new(), Vec::new())).unwrap();
    let public_url = Url::parse("https://watch.example.org").unwrap();
    Mailer::new(dialer, public_url).with_deadlines(deadlines)
}

pub(crate) fn recipient() -> Address {
    Address::parse("to", "me@example.net").unwrap()
}

pub(crate) fn letter_to(to: &str) -> Letter {
    let from = Address::parse("from", "watch@example.org").unwrap();
    let to = Address::parse("to", to).unwrap();
    let text =
        format!("From: {from}\r\nTo: {to}\r\nSubject: hello\r\n\r\nline\r\n.dotted\r\n..twice\r\nend\r\n");
    Letter::new(from, to, text.as_bytes())
}

pub(crate) async fn deliver(settings: &MailSettings) -> Conversation {
    deliver_to(settings, "me@example.net", Deadlines::default()).await
}

pub(crate) async fn deliver_to(settings: &MailSettings, to: &str, deadlines: Deadlines) -> Conversation {
    let profile = Profile {
        settings,
        stored: Some((ProfileId(1), 7)),
    };
    mailer(deadlines)
        .deliver(&Batch::single(), profile, &letter_to(to), &|_| ())
        .await
}

pub(crate) fn failure(conversation: &Conversation) -> &Failure {
    match &conversation.result {
        Ok(accepted) => panic!("accepted: {accepted:?}"),
        Err(failure) => failure,
    }
}

#[track_caller]
pub(crate) fn assert_failed(conversation: &Conversation, step: Step, symptom: Symptom) {
    let failure = failure(conversation);
    assert_eq!(
        (failure.step, failure.symptom),
        (step, symptom),
        "{}",
        failure.what
    );
    let last = conversation.steps.last().unwrap();
    assert!(!last.ok && last.step == step, "{last:?}");
    assert!(conversation.steps.iter().rev().skip(1).all(|s| s.ok));
    assert_eq!(conversation.trace.step.as_deref(), Some(step.as_str()));
}

/// The names of the steps that were taken.
pub(crate) fn steps(conversation: &Conversation) -> Vec<&'static str> {
    conversation.steps.iter().map(|s| s.step.as_str()).collect()
}

/// No word that a server must not hear before the connection is safe.
#[track_caller]
pub(crate) fn assert_nothing_said(server: &SmtpServer) {
    for command in server.commands() {
        let verb = command
            .split_whitespace()
            .next()
            .unwrap_or_default()
            .to_uppercase();
        assert!(
            !["AUTH", "MAIL", "RCPT", "DATA"].contains(&verb.as_str()),
            "{command}"
        );
    }
    assert!(server.auth_attempts().is_empty());
    assert!(server.received().is_empty());
}

/// A listener whose queue is full: it drops every further SYN.
pub(crate) struct FullListener {
    pub(crate) port: u16,
    _listener: TcpListener,
    _waiting: Vec<TcpStream>,
}

pub(crate) async fn full_listener() -> FullListener {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut waiting = Vec::new();
    for _ in 0..16 {
        let connecting = TcpStream::connect(address);
        match tokio::time::timeout(Duration::from_millis(300), connecting).await {
            Ok(stream) => waiting.push(stream.unwrap()),
            Err(_) => {
                return FullListener {
                    port: address.port(),
                    _listener: listener,
                    _waiting: waiting,
                };
            }
        }
    }
    panic!("the listen queue of this kernel never filled");
}
