//! The mail server does what its script says.
#![expect(
    clippy::unwrap_used,
    reason = "a helper of tests that cannot do its part must fail the test"
)]

use std::{sync::Arc, time::Duration};

use testkit::{Act, Rule, Script, SmtpServer, Step, smtp::Auth, tls, wait_until};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, rustls};

const WITHIN: Duration = Duration::from_secs(5);

struct Client<S>(BufReader<S>);

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    async fn reply(&mut self) -> String {
        let mut all = String::new();
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line).await.unwrap() == 0 {
                return all + "<end>";
            }
            let last = line.as_bytes().get(3) != Some(&b'-');
            all.push_str(&line);
            if last {
                return all.trim_end().to_owned();
            }
        }
    }

    async fn say(&mut self, line: &str) -> String {
        self.0.write_all(format!("{line}\r\n").as_bytes()).await.unwrap();
        self.0.flush().await.unwrap();
        self.reply().await
    }
}

async fn connect(server: &SmtpServer) -> Client<TcpStream> {
    Client(BufReader::new(TcpStream::connect(server.addr()).await.unwrap()))
}

fn connector() -> TlsConnector {
    use rustls::pki_types::{CertificateDer, pem::PemObject};
    let mut roots = rustls::RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(tls::ca_pem().as_bytes()).unwrap())
        .unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}

async fn send<S: AsyncRead + AsyncWrite + Unpin>(client: &mut Client<S>) -> String {
    client.say("MAIL FROM:<a@example.org> BODY=8BITMIME").await;
    client.say("RCPT TO:<b@example.org>").await;
    client.say("DATA").await;
    client.say("Subject: hi\r\n there\r\n\r\n..dot\r\n.").await
}

#[tokio::test]
async fn takes_a_message_and_remembers_all_of_it() {
    let server = SmtpServer::start(Script::plain()).await;
    let mut client = connect(&server).await;
    assert_eq!(client.reply().await, "220 testkit ESMTP");
    assert!(client.say("EHLO me").await.ends_with("250 SMTPUTF8"));
    assert!(send(&mut client).await.starts_with("250 2.0.0 queued as"));
    assert!(client.say("QUIT").await.starts_with("221"));

    let message = &server.messages()[0];
    assert_eq!(
        (message.from.as_str(), message.parameters.as_str()),
        ("a@example.org", "BODY=8BITMIME")
    );
    assert_eq!(message.recipients, ["b@example.org"]);
    assert_eq!(message.text(), "Subject: hi\r\n there\r\n\r\n.dot\r\n");
    assert_eq!(message.header("subject").unwrap(), "hi there");
    assert_eq!(server.log(1)[..2], ["S: 220 testkit ESMTP", "C: EHLO me"]);
}

#[tokio::test]
async fn rules_bend_single_steps() {
    let script = Script::plain()
        .rule(Rule::on(Step::RcptTo, Act::reply("550 5.1.1 nobody")).containing("bad@"))
        .rule(Rule::on(Step::Greeting, Act::reply("421 4.3.2 closing")).connection(1))
        .rule(Rule::on(Step::Noop, Act::reply("450 later")).times(1));
    let server = SmtpServer::start(script).await;
    let mut first = connect(&server).await;
    assert_eq!(first.reply().await, "421 4.3.2 closing");
    assert_eq!(first.reply().await, "<end>");

    let mut second = connect(&server).await;
    second.reply().await;
    second.say("EHLO me").await;
    second.say("MAIL FROM:<>").await;
    assert!(second.say("RCPT TO:<bad@x>").await.starts_with("550"));
    assert!(second.say("RCPT TO:<good@x>").await.starts_with("250"));
    assert!(second.say("NOOP").await.starts_with("450"));
    assert!(second.say("NOOP").await.starts_with("250"));
    server.on(Step::Quit, Act::Cut);
    assert_eq!(second.say("QUIT").await, "<end>");
}

#[tokio::test]
async fn holds_the_final_dot_until_released() {
    let server = SmtpServer::start(Script::plain()).await;
    let hold = server.hold(Step::FinalDot);
    let sending = async {
        let mut client = connect(&server).await;
        client.reply().await;
        client.say("EHLO me").await;
        send(&mut client).await
    };
    let watching = async {
        hold.reached(WITHIN).await;
        assert_eq!((server.received().len(), server.messages().len()), (1, 0));
        hold.release();
    };
    let (reply, ()) = tokio::join!(sending, watching);
    assert!(reply.starts_with("250"));
    wait_until(WITHIN, "the message counts as accepted", || {
        server.messages().len() == 1
    })
    .await;
}

#[tokio::test]
async fn upgrades_to_tls_and_checks_who_logs_in() {
    let server = SmtpServer::start(Script::starttls().login("me", "pass")).await;
    let mut client = connect(&server).await;
    client.reply().await;
    let offered = client.say("EHLO me").await;
    assert!(
        offered.contains("STARTTLS") && !offered.contains("AUTH"),
        "{offered}"
    );
    client.say("STARTTLS").await;
    let name = "localhost".try_into().unwrap();
    let tls = connector().connect(name, client.0.into_inner()).await.unwrap();
    let mut client = Client(BufReader::new(tls));
    assert!(client.say("EHLO me").await.contains("AUTH PLAIN LOGIN"));
    assert!(client.say("MAIL FROM:<a@b>").await.starts_with("530"));
    // "\0me\0wrong", then LOGIN with the right one.
    assert!(client.say("AUTH PLAIN AG1lAHdyb25n").await.starts_with("535"));
    assert!(client.say("AUTH LOGIN").await.starts_with("334"));
    client.say("bWU=").await;
    assert!(client.say("cGFzcw==").await.starts_with("235"));
    assert!(send(&mut client).await.starts_with("250"));

    let attempts = server.auth_attempts();
    assert_eq!(
        (attempts[0].mechanism.as_str(), attempts[0].password.as_str()),
        ("PLAIN", "wrong")
    );
    assert_eq!(
        (attempts[1].mechanism.as_str(), attempts[1].password.as_str()),
        ("LOGIN", "pass")
    );
    assert!(attempts.iter().all(|a| a.tls));
    let connection = &server.connections()[0];
    assert_eq!(connection.server_name.as_deref(), Some("localhost"));
    assert_eq!(server.messages()[0].username.as_deref(), Some("me"));
}

#[tokio::test]
async fn shows_the_certificate_it_was_told_to() {
    for (certificate, good) in [
        (tls::Certificate::Good, true),
        (tls::Certificate::Expired, false),
        (tls::Certificate::NotYetValid, false),
        (tls::Certificate::SelfSigned, false),
        (tls::Certificate::WrongName, false),
    ] {
        let server = SmtpServer::start(Script::implicit().auth(Auth::Anyone).certificate(certificate)).await;
        let tcp = TcpStream::connect(server.addr()).await.unwrap();
        let tls = connector().connect("127.0.0.1".try_into().unwrap(), tcp).await;
        assert_eq!(tls.is_ok(), good, "{certificate:?}: {:?}", tls.err());
        if let Ok(tls) = tls {
            assert!(Client(BufReader::new(tls)).reply().await.starts_with("220"));
        }
    }
}

#[tokio::test]
async fn refuses_while_closed_and_answers_again_on_the_same_port() {
    let server = SmtpServer::start(Script::plain()).await;
    server.close().await;
    let refused = TcpStream::connect(server.addr()).await.unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
    server.reopen();
    assert!(connect(&server).await.reply().await.starts_with("220"));
}

#[tokio::test]
async fn writes_slowly_when_told() {
    let server = SmtpServer::start(Script::plain().on(
        Step::Greeting,
        Act::Tarpit {
            bytes_per_second: 100,
        },
    ))
    .await;
    let begun = std::time::Instant::now();
    connect(&server).await.reply().await;
    assert!(
        begun.elapsed() >= Duration::from_millis(150),
        "{:?}",
        begun.elapsed()
    );
}
