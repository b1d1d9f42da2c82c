//! Exim, which says everything in other words than Postfix.

use testkit::{
    mail_servers::{Exim, EximPort},
    tls::Certificate,
};
use tokio::{io::AsyncReadExt, net::TcpStream};

use crate::{
    case::{Case, run},
    letter,
};

#[tokio::test(flavor = "multi_thread")]
async fn exim_is_understood() {
    use Certificate::{Expired, Good, SelfSigned, WrongName};
    use EximPort::{Full, Plain, Small, StartTls, Tls, VerifiesSender};
    let exim = Exim::start().await;
    let case = |name: &str, port, security: &str| Case::new(name, exim.port(port), security);
    let cases = [
        // Every kind of security delivers.
        case("none", Plain, "none"),
        case("starttls", StartTls(Good), "starttls").login(),
        case("tls", Tls(Good), "tls").login(),
        // The login.
        case("wrong password, starttls", StartTls(Good), "starttls")
            .wrong_password()
            .refused("auth", "wrong-password"),
        case("wrong password, tls", Tls(Good), "tls")
            .wrong_password()
            .refused("auth", "wrong-password"),
        case("no login there", Plain, "none")
            .login()
            .refused("auth", "auth-missing"),
        // Encryption.
        case("no starttls", Plain, "starttls")
            .login()
            .refused("starttls", "starttls-missing"),
        case("expired, starttls", StartTls(Expired), "starttls")
            .login()
            .refused("tls", "certificate-expired"),
        case("expired, tls", Tls(Expired), "tls")
            .login()
            .refused("tls", "certificate-expired"),
        case("self-signed, starttls", StartTls(SelfSigned), "starttls")
            .login()
            .refused("tls", "certificate-issuer"),
        case("self-signed, tls", Tls(SelfSigned), "tls")
            .login()
            .refused("tls", "certificate-issuer"),
        case("wrong name, starttls", StartTls(WrongName), "starttls")
            .login()
            .refused("tls", "certificate-name"),
        case("wrong name, tls", Tls(WrongName), "tls")
            .login()
            .refused("tls", "certificate-name"),
        case("tls on a starttls port", StartTls(Good), "tls")
            .login()
            .refused("tls", "starttls-expected"),
        case("tls on a port without", Plain, "tls")
            .login()
            .refused("tls", "tls-not-spoken"),
        case("starttls on a tls port", Tls(Good), "starttls")
            .login()
            .refused("greeting", "tls-expected")
            .within(20),
        case("none on a tls port", Tls(Good), "none")
            .refused("greeting", "tls-expected")
            .within(20),
        // Who sends what to whom.
        case("relay denied", Plain, "none")
            .to("somebody@elsewhere.test")
            .refused("rcpt_to", "relay-denied"),
        case("sender refused", VerifiesSender, "none")
            .from("watch@nowhere.test")
            .refused("rcpt_to", "sender-domain"),
        case("no such user", Plain, "none")
            .to("unknown@example.org")
            .refused("rcpt_to", "mailbox-unknown"),
        case("greylisted", Plain, "none")
            .to("later@example.org")
            .refused("rcpt_to", "greylisted"),
        case("too large", Small, "none").refused("mail_from", "too-large"),
        case("421 at the greeting", Full, "none").refused("greeting", "rate-limit"),
    ];
    // Somebody has the one connection that this port allows.
    let mut busy = TcpStream::connect(("127.0.0.1", exim.port(Full)))
        .await
        .expect("a connection");
    let mut greeting = [0; 4];
    busy.read_exact(&mut greeting).await.expect("a greeting");
    run(&cases, || exim.log()).await;

    let inbox = exim.mailbox();
    for (name, proof) in [
        ("none", "with esmtp (Exim"),
        ("starttls", "with esmtpsa"),
        ("tls", "with esmtpsa"),
    ] {
        let case = cases.iter().find(|c| c.name == name).expect("a case");
        let raw = inbox.wait_for(case.recipient(), Exim::DELIVERY).await;
        let headers = letter::check(&raw, case.recipient());
        assert!(headers.contains(proof), "{name}: {headers}");
    }
    assert_eq!(
        inbox.messages().len(),
        cases.iter().filter(|c| c.is_accepted()).count()
    );
}
