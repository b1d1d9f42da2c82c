//! aiosmtpd, and servers that behave as no server should.

use std::time::Duration;

use testkit::mail_servers::{Aiosmtpd, Manner};

use crate::{
    case::{Case, run},
    letter,
};

#[tokio::test(flavor = "multi_thread")]
async fn aiosmtpd_and_servers_without_manners_are_understood() {
    use Manner::{
        Busy, CutAfterDot, CutAtGreeting, Endless, EndlessSlowly, Particular, Plain, PlainLogin, Small,
        SmallUnsaid, StartTls, Tarpit, TarpitLater, Tls,
    };
    let server = Aiosmtpd::start().await;
    let case = |name: &str, manner, security: &str| Case::new(name, server.port(manner), security);
    let cases = [
        // Every kind of security delivers.
        case("none", Plain, "none"),
        case("none with a login", PlainLogin, "none").login(),
        case("starttls", StartTls, "starttls").login(),
        case("tls", Tls, "tls").login(),
        // Honest refusals.
        case("wrong password", StartTls, "starttls")
            .wrong_password()
            .refused("auth", "wrong-password"),
        case("no starttls", PlainLogin, "starttls")
            .login()
            .refused("starttls", "starttls-missing"),
        case("encryption required", StartTls, "none").refused("mail_from", "starttls-required"),
        case("login required", PlainLogin, "none").refused("mail_from", "auth-required"),
        case("relay denied", Particular, "none")
            .to("somebody@elsewhere.test")
            .refused("rcpt_to", "relay-denied"),
        case("sender refused", Particular, "none")
            .from("spoof@example.org")
            .refused("mail_from", "from-not-allowed"),
        case("too large", Small, "none").refused("mail_from", "too-large"),
        case("too large, said late", SmallUnsaid, "none").refused("reply", "too-large"),
        case("greylisted", Particular, "none")
            .to("grey@example.org")
            .refused("rcpt_to", "greylisted"),
        case("tls on a starttls port", StartTls, "tls")
            .login()
            .refused("tls", "starttls-expected"),
        case("starttls on a tls port", Tls, "starttls")
            .login()
            .refused("greeting", "tls-expected")
            .within(20),
        case("none on a tls port", Tls, "none")
            .refused("greeting", "tls-expected")
            .within(20),
        // No manners.
        case("421 at the greeting", Busy, "none").refused("greeting", "server-busy"),
        case("tarpit", Tarpit, "none")
            .refused("greeting", "greeting-timeout")
            .within(45),
        case("tarpit behind the greeting", TarpitLater, "none")
            .refused("ehlo", "answer-timeout")
            .within(45),
        case("reply without end", Endless, "none").refused("ehlo", "too-long"),
        case("reply without end, slowly", EndlessSlowly, "none")
            .refused("ehlo", "answer-timeout")
            .within(45),
        case("cut after the dot", CutAfterDot, "none").refused("reply", "closed"),
        case("cut at the greeting", CutAtGreeting, "none").refused("greeting", "closed-at-greeting"),
    ];
    run(&cases, || server.log()).await;

    let inbox = server.mailbox();
    for (name, proof) in [
        ("none", "X-Arrived: tls=False login=False"),
        ("none with a login", "X-Arrived: tls=False login=True"),
        ("starttls", "X-Arrived: tls=True login=True"),
        ("tls", "X-Arrived: tls=True login=True"),
    ] {
        let case = cases.iter().find(|c| c.name == name).expect("a case");
        let raw = inbox.wait_for(case.recipient(), Duration::from_secs(5)).await;
        let headers = letter::check(&raw, case.recipient());
        assert!(headers.contains(proof), "{name}: {headers}");
    }
    // What was cut off after the dot lies there: nobody can know, so it is not called sent.
    let cut = inbox.to("cut-after-the-dot@example.org");
    assert_eq!(cut.len(), 1);
    assert_eq!(
        inbox.messages().len(),
        cases.iter().filter(|c| c.is_accepted()).count() + 1
    );
    // Nobody is told a password that is not encrypted, nor asked twice.
    let heard = server.said(StartTls);
    assert_eq!(heard.matches("AUTH ").count(), 2, "{heard}");
    assert!(!server.said(PlainLogin).contains("STARTTLS"));

    // Greylisting is over at the second try.
    let again = [case("greylisted, again", Particular, "none").to("grey@example.org")];
    run(&again, || server.log()).await;
    let raw = inbox.wait_for("grey@example.org", Duration::from_secs(5)).await;
    letter::check(&raw, "grey@example.org");
}
