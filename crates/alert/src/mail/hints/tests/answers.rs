//! Real answers of real servers, and what the catalogue makes of them.

use super::*;

#[test]
fn answers_find_their_cause_and_their_class() {
    use Class::{Message, Profile, Recipient, Transient};
    let table = [
        (
            Step::Auth,
            "535 5.7.8 Username and Password not accepted.",
            "wrong-password",
            Profile,
        ),
        (Step::Auth, "535 Authentication failed", "wrong-password", Profile),
        (
            Step::Auth,
            "535 Error: authentication failed, system busy",
            "wrong-password",
            Profile,
        ),
        (
            Step::Auth,
            "534 5.7.9 Application-specific password required.",
            "app-password",
            Profile,
        ),
        (
            Step::Auth,
            "535 Login Fail. Please enter your authorization code to login.",
            "app-password",
            Profile,
        ),
        (
            Step::Auth,
            "534 5.7.14 Please log in via your web browser and then try again.",
            "web-login-needed",
            Profile,
        ),
        (
            Step::Auth,
            "535 5.7.139 Authentication unsuccessful, basic authentication is disabled.",
            "m365-basic-auth",
            Profile,
        ),
        (
            Step::Auth,
            "550 5.7.30 Basic authentication is not supported for Client Submission",
            "m365-basic-auth",
            Profile,
        ),
        (
            Step::Auth,
            "535 5.7.3 SmtpClientAuthentication is disabled for the Tenant.",
            "m365-basic-auth",
            Profile,
        ),
        (
            Step::Auth,
            "454 4.7.0 Temporary authentication failure",
            "auth-temporary",
            Transient,
        ),
        (
            Step::Auth,
            "454 4.7.0 Too many login attempts, please try again later.",
            "too-many-logins",
            Transient,
        ),
        (
            Step::Auth,
            "504 5.5.4 Unrecognized authentication type",
            "auth-mechanism",
            Profile,
        ),
        (
            Step::MailFrom,
            "530 5.7.0 Must issue a STARTTLS command first.",
            "starttls-required",
            Profile,
        ),
        (
            Step::MailFrom,
            "530 5.7.1 Authentication required",
            "auth-required",
            Profile,
        ),
        (
            Step::MailFrom,
            "530 5.7.57 Client not authenticated to send mail.",
            "auth-required",
            Profile,
        ),
        (
            Step::RcptTo,
            "530 5.7.1 Authentication required.",
            "auth-required",
            Profile,
        ),
        (
            Step::RcptTo,
            "554 5.7.1 <a@b.example>: Relay access denied",
            "relay-denied",
            Profile,
        ),
        (Step::RcptTo, "550 5.7.1 Unable to relay", "relay-denied", Profile),
        (Step::RcptTo, "550 relay not permitted", "relay-denied", Profile),
        (
            Step::Reply,
            "550 5.7.60 SMTP; Client does not have permissions to send as this sender",
            "from-not-allowed",
            Profile,
        ),
        (
            Step::Reply,
            "554 5.2.252 SendAsDenied; a@b not allowed to send as c@d",
            "from-not-allowed",
            Profile,
        ),
        (
            Step::Reply,
            "554 Message rejected: Email address is not verified.",
            "from-not-allowed",
            Profile,
        ),
        (
            Step::RcptTo,
            "553 5.7.1 <a@b>: Sender address rejected: not owned by user c",
            "from-not-allowed",
            Profile,
        ),
        (
            Step::MailFrom,
            "501 mail from address must be same as authorization user",
            "from-not-allowed",
            Profile,
        ),
        (
            Step::Reply,
            "550 5.7.26 Unauthenticated email from b.example is not accepted due to domain's DMARC policy.",
            "from-unproven",
            Profile,
        ),
        (
            Step::MailFrom,
            "550 5.1.8 <a@b>: Sender address rejected: Domain not found",
            "sender-domain",
            Profile,
        ),
        (
            Step::RcptTo,
            "450 4.1.8 <a@b>: Sender address rejected: Domain not found",
            "sender-domain",
            Transient,
        ),
        // Postfix as Debian sets it up: not permitted now, perhaps later.
        (
            Step::RcptTo,
            "454 4.7.1 <a@b.example>: Relay access denied",
            "relay-denied",
            Transient,
        ),
        (
            Step::StartTls,
            "454 4.7.0 TLS not available due to local problem",
            "starttls-unavailable",
            Transient,
        ),
        (
            Step::RcptTo,
            "554 5.7.1 <a@b>: Sender address rejected: Access denied",
            "from-not-allowed",
            Profile,
        ),
        (
            Step::RcptTo,
            "554 5.7.1 <unknown[192.0.2.1]>: Client host rejected: Access denied",
            "greeting-refused",
            Profile,
        ),
        (
            Step::RcptTo,
            "550 Verification failed for <a@b> Unrouteable address Sender verify failed",
            "sender-domain",
            Profile,
        ),
        (
            Step::RcptTo,
            "550 Unrouteable address",
            "mailbox-unknown",
            Recipient,
        ),
        (
            Step::Ehlo,
            "501 Syntactically invalid EHLO argument(s)",
            "hello-refused",
            Profile,
        ),
        (
            Step::RcptTo,
            "504 5.5.2 <box>: Helo command rejected: need fully-qualified hostname",
            "hello-refused",
            Profile,
        ),
        (
            Step::RcptTo,
            "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org",
            "sender-blocked",
            Profile,
        ),
        (
            Step::Greeting,
            "554 No SMTP service here",
            "greeting-refused",
            Profile,
        ),
        (
            Step::Reply,
            "550 5.4.5 Daily user sending limit exceeded.",
            "daily-quota",
            Transient,
        ),
        (
            Step::MailFrom,
            "421 4.7.0 Try again later, closing connection.",
            "rate-limit",
            Transient,
        ),
        (
            Step::MailFrom,
            "452 4.3.1 Insufficient system storage",
            "temporary",
            Transient,
        ),
        (
            Step::RcptTo,
            "450 4.2.0 <a@b>: Recipient address rejected: Greylisted",
            "greylisted",
            Transient,
        ),
        (
            Step::RcptTo,
            "451 Greylisting in action, please try later",
            "greylisted",
            Transient,
        ),
        (
            Step::RcptTo,
            "550 5.1.1 <a@b>: Recipient address rejected: User unknown",
            "mailbox-unknown",
            Recipient,
        ),
        (
            Step::RcptTo,
            "550 No such user here",
            "mailbox-unknown",
            Recipient,
        ),
        (Step::RcptTo, "552 5.2.2 Mailbox full", "mailbox-full", Recipient),
        (
            Step::RcptTo,
            "452 4.2.2 The email account that you tried to reach is over quota.",
            "mailbox-full",
            Transient,
        ),
        (
            Step::RcptTo,
            "550 5.4.4 Host not found",
            "recipient-domain",
            Recipient,
        ),
        (
            Step::RcptTo,
            "550 Requested action not taken",
            "recipient-refused",
            Recipient,
        ),
        (
            Step::Reply,
            "552 5.3.4 Message size exceeds fixed limit",
            "too-large",
            Message,
        ),
        (Step::Reply, "552 Error: Too much mail data", "too-large", Message),
        (
            Step::MailFrom,
            "552 Message size exceeds maximum permitted",
            "too-large",
            Message,
        ),
        (
            Step::Reply,
            "554 5.7.1 Message rejected as spam by content filtering",
            "spam",
            Message,
        ),
        (Step::Reply, "554 Transaction failed", "message-refused", Message),
        (
            Step::Data,
            "554 5.5.1 Error: no valid recipients",
            "message-refused",
            Message,
        ),
        (
            Step::Greeting,
            "421 4.3.2 Service not available",
            "server-busy",
            Transient,
        ),
        (
            Step::Reply,
            "451 4.3.0 Queue file write error",
            "temporary",
            Transient,
        ),
        (
            Step::RcptTo,
            "550 5.1.1 <a@b.example>: Recipient address rejected: User unknown in relay recipient table",
            "mailbox-unknown",
            Recipient,
        ),
        (
            Step::RcptTo,
            "550 <a@b.example>: Recipient address rejected: User unknown in relay recipient table",
            "mailbox-unknown",
            Recipient,
        ),
        (
            Step::RcptTo,
            "550 5.1.2 <a@b.example>: Recipient address rejected: Domain not found",
            "recipient-domain",
            Recipient,
        ),
        (
            Step::RcptTo,
            "450 4.1.2 <a@b.example>: Recipient address rejected: Domain not found",
            "recipient-domain",
            Transient,
        ),
        (
            Step::RcptTo,
            "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup",
            "mailbox-unknown",
            Recipient,
        ),
        (
            Step::RcptTo,
            "550 5.4.1 Recipient address rejected: Access denied. [AM1.example.outlook.com]",
            "mailbox-unknown",
            Recipient,
        ),
        (
            Step::RcptTo,
            "550 5.1.1 <michelot@b.example>: Recipient address rejected: User unknown in local recipient table",
            "mailbox-unknown",
            Recipient,
        ),
        (
            Step::RcptTo,
            "550 <michelot@b.example> is unavailable",
            "recipient-refused",
            Recipient,
        ),
        (
            Step::RcptTo,
            "550 <spf@b.example>: not here",
            "recipient-refused",
            Recipient,
        ),
        (
            Step::RcptTo,
            "550 banned@relaying.example is unavailable",
            "recipient-refused",
            Recipient,
        ),
        // The sender, though it is said to the recipient and with the recipient's code.
        (
            Step::RcptTo,
            "550 5.1.0 <a@b.example>: Sender address rejected: User unknown in virtual mailbox table",
            "from-not-allowed",
            Profile,
        ),
        (
            Step::RcptTo,
            "550 5.1.0 sender rejected : invalid sender domain",
            "from-not-allowed",
            Profile,
        ),
        (
            Step::MailFrom,
            "554 5.1.0 Sender denied",
            "from-not-allowed",
            Profile,
        ),
        (
            Step::RcptTo,
            "550 5.7.23 <a@b.example>: Recipient address rejected: Message rejected due to: SPF fail - not authorized.",
            "from-unproven",
            Profile,
        ),
        (
            Step::RcptTo,
            "550-Verification failed for <a@b.example> No Such User Here Sender verify failed",
            "sender-domain",
            Profile,
        ),
        (
            Step::RcptTo,
            "454 4.7.1 <a@b.example>: Relay access denied",
            "relay-denied",
            Transient,
        ),
        // Exim, sendmail, qmail, Gmail, Exchange: five ways to say the same.
        (
            Step::RcptTo,
            "550-box.example (box) [192.0.2.1] is currently not permitted to relay through this server.",
            "relay-denied",
            Profile,
        ),
        (
            Step::RcptTo,
            "550 5.7.1 <a@b.example>... Relaying denied",
            "relay-denied",
            Profile,
        ),
        (
            Step::RcptTo,
            "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)",
            "relay-denied",
            Profile,
        ),
        (
            Step::RcptTo,
            "550 5.7.1 Mail relay denied [192.0.2.1].",
            "relay-denied",
            Profile,
        ),
        (
            Step::RcptTo,
            "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain",
            "relay-denied",
            Profile,
        ),
        // Said after the message, and about who sends it.
        (
            Step::Reply,
            "550 5.7.1 Client does not have permissions to send as this sender",
            "from-not-allowed",
            Profile,
        ),
        (
            Step::Reply,
            "554 5.2.0 STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied",
            "from-not-allowed",
            Profile,
        ),
        (
            Step::Reply,
            "554 Access denied: User `arn:aws:iam::1:user/w' is not authorized to perform `ses:SendRawEmail'",
            "from-not-allowed",
            Profile,
        ),
        (
            Step::Reply,
            "554 Message rejected: Sending paused for this account.",
            "sender-blocked",
            Profile,
        ),
        (
            Step::Reply,
            "550 5.1.8 Access denied, bad outbound sender AS(42004)",
            "sender-blocked",
            Profile,
        ),
        (
            Step::Reply,
            "550 5.1.90 Your message can't be sent because you've reached your daily limit for message recipients",
            "daily-quota",
            Transient,
        ),
        (
            Step::Reply,
            "454 Throttling failure: Daily message quota exceeded.",
            "daily-quota",
            Transient,
        ),
        // A group that knows no strangers; our login is not what it misses.
        (
            Step::Reply,
            "550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup; authentication required",
            "recipient-refused",
            Recipient,
        ),
        // Amavis calls a part of the message banned, Microsoft the address of this machine.
        (
            Step::Reply,
            "554 5.7.0 Reject, id=12345-01 - BANNED: text/html",
            "spam",
            Message,
        ),
        (
            Step::MailFrom,
            "550 5.7.606 Access denied, banned sending IP [192.0.2.1]",
            "sender-blocked",
            Profile,
        ),
        (
            Step::RcptTo,
            "550 Rejected because 192.0.2.1 is in a black list at zen.spamhaus.org",
            "sender-blocked",
            Profile,
        ),
        (
            Step::RcptTo,
            "550 Access denied - Invalid HELO name (See RFC2821 4.1.1.1)",
            "hello-refused",
            Profile,
        ),
    ];
    assert!(table.len() >= 40);
    for (step, reply, key, class) in table {
        let failure = answered(step, reply);
        assert_eq!(find(&failure).map_or("", |row| row.key), key, "{step}: {reply}");
        assert_eq!(failure.class, class, "{step}: {reply}");
    }
}
