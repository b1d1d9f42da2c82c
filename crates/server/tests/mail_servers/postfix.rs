//! Postfix with SASL and STARTTLS.

use testkit::{
    mail_servers::{Postfix, PostfixPort},
    tls::Certificate,
};
use tokio::{io::AsyncReadExt, net::TcpStream};

use crate::{
    case::{Case, run},
    letter,
};

#[tokio::test(flavor = "multi_thread")]
async fn postfix_is_understood() {
    use Certificate::{Expired, Good, SelfSigned, WrongName};
    use PostfixPort::{
        NoClient, NoSender, OneAtATime, OwnSender, Plain, Small, SmallUnsaid, Smtps, Submission,
    };
    let postfix = Postfix::start().await;
    let case = |name: &str, port, security: &str| Case::new(name, postfix.port(port), security);
    let cases = [
        // Every kind of security delivers.
        case("none", Plain, "none"),
        case("starttls", Submission(Good), "starttls").login(),
        case("tls", Smtps(Good), "tls").login(),
        case("relayed", Submission(Good), "starttls")
            .login()
            .to("boss@example.org"),
        // The login.
        case("wrong password, starttls", Submission(Good), "starttls")
            .wrong_password()
            .refused("auth", "wrong-password"),
        case("wrong password, tls", Smtps(Good), "tls")
            .wrong_password()
            .refused("auth", "wrong-password"),
        case("no login there", Plain, "none")
            .login()
            .refused("auth", "auth-missing"),
        case("no login before tls", Submission(Good), "none")
            .login()
            .refused("auth", "auth-missing"),
        // Encryption.
        case("no starttls", Plain, "starttls")
            .login()
            .refused("starttls", "starttls-missing"),
        case("encryption required", Submission(Good), "none").refused("mail_from", "starttls-required"),
        case("expired, starttls", Submission(Expired), "starttls")
            .login()
            .refused("tls", "certificate-expired"),
        case("expired, tls", Smtps(Expired), "tls")
            .login()
            .refused("tls", "certificate-expired"),
        case("self-signed, starttls", Submission(SelfSigned), "starttls")
            .login()
            .refused("tls", "certificate-issuer"),
        case("self-signed, tls", Smtps(SelfSigned), "tls")
            .login()
            .refused("tls", "certificate-issuer"),
        case("wrong name, starttls", Submission(WrongName), "starttls")
            .login()
            .refused("tls", "certificate-name"),
        case("wrong name, tls", Smtps(WrongName), "tls")
            .login()
            .refused("tls", "certificate-name"),
        case("tls on a starttls port", Submission(Good), "tls")
            .login()
            .refused("tls", "starttls-expected"),
        case("tls on a port without", Plain, "tls")
            .login()
            .refused("tls", "tls-not-spoken"),
        case("starttls on a tls port", Smtps(Good), "starttls")
            .login()
            .refused("greeting", "tls-expected")
            .within(20),
        case("none on a tls port", Smtps(Good), "none")
            .refused("greeting", "tls-expected")
            .within(20),
        // Who sends what to whom.
        case("relay denied", Plain, "none")
            .to("somebody@elsewhere.test")
            .refused("rcpt_to", "relay-denied"),
        case("sender refused", NoSender, "none").refused("rcpt_to", "from-not-allowed"),
        case("not the own sender", OwnSender, "starttls")
            .login()
            .from("boss@example.org")
            .refused("rcpt_to", "from-not-allowed"),
        case("client refused", NoClient, "none").refused("rcpt_to", "greeting-refused"),
        case("no such user", Plain, "none")
            .to("unknown@example.org")
            .refused("rcpt_to", "mailbox-unknown"),
        case("greylisted", Plain, "none")
            .to("later@example.org")
            .refused("rcpt_to", "greylisted"),
        case("too large", Small, "none").refused("mail_from", "too-large"),
        case("too large, said late", SmallUnsaid, "none").refused("reply", "too-large"),
        case("421 at the greeting", OneAtATime, "none").refused("greeting", "rate-limit"),
    ];
    // Somebody has the one connection that this port allows.
    let mut busy = TcpStream::connect(("127.0.0.1", postfix.port(OneAtATime)))
        .await
        .expect("a connection");
    let mut greeting = [0; 4];
    busy.read_exact(&mut greeting).await.expect("a greeting");
    assert_eq!(&greeting, b"220 ");
    run(&cases, || postfix.log()).await;

    let inbox = postfix.mailbox();
    for (name, proof) in [
        ("none", "with ESMTP id"),
        ("starttls", "with ESMTPSA id"),
        ("tls", "with ESMTPSA id"),
        ("relayed", "with ESMTPSA id"),
    ] {
        let case = cases.iter().find(|c| c.name == name).expect("a case");
        let raw = inbox.wait_for(case.recipient(), Postfix::DELIVERY).await;
        let headers = letter::check(&raw, case.recipient());
        assert!(headers.contains(proof), "{name}: {headers}");
    }
    assert_eq!(
        inbox.messages().len(),
        cases.iter().filter(|c| c.is_accepted()).count()
    );
}
