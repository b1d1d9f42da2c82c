//! The rows themselves.
//!
//! Words are whole ones in lower case, without the addresses that an answer repeats; `*` stands for more letters.

use super::{Row, WRONG_PASSWORD, coded, said, seen, seen_at, token, worded};
use crate::{
    mail::{
        failure::{Class, Symptom},
        steps::Step,
    },
    oauth::ProblemKind,
};

/// Words of an answer to a recipient that is not about the recipient.
const ABOUT_US: &[&str] = &["sender", "authentication"];

pub(super) static CATALOGUE: &[Row] = &[
    // What we saw ourselves.
    seen("name-unknown", Symptom::NameUnknown),
    seen("name-server", Symptom::NameServer),
    seen("egress-denied", Symptom::Denied),
    seen("connect-refused", Symptom::ConnectRefused),
    seen("connect-timeout", Symptom::ConnectTimeout),
    seen("connect-failed", Symptom::ConnectFailed),
    seen("our-side", Symptom::OurSide),
    seen("starttls-expected", Symptom::StartTlsExpected),
    seen("tls-not-spoken", Symptom::TlsNotSpoken),
    seen("tls-expected", Symptom::TlsExpected),
    seen("tls-timeout", Symptom::TlsTimeout),
    seen("tls-version", Symptom::TlsVersion),
    seen("tls-failed", Symptom::TlsFailed),
    seen("certificate-expired", Symptom::CertificateExpired),
    seen("certificate-not-yet-valid", Symptom::CertificateNotYetValid),
    seen("certificate-name", Symptom::CertificateName),
    seen("certificate-issuer", Symptom::CertificateIssuer),
    seen("certificate-other", Symptom::CertificateOther),
    seen("authority-invalid", Symptom::AuthorityInvalid),
    seen("starttls-missing", Symptom::StartTlsMissing),
    seen("auth-missing", Symptom::AuthMissing),
    seen("auth-mechanism", Symptom::AuthMechanism),
    seen("insecure-auth", Symptom::InsecureAuth),
    seen("token-refused", Symptom::TokenRefused),
    token("oauth-not-connected", ProblemKind::NotConnected),
    token("oauth-locked", ProblemKind::Locked),
    token("oauth-revoked", ProblemKind::Revoked),
    token("oauth-client", ProblemKind::Client),
    token("oauth-denied", ProblemKind::Denied),
    token("oauth-expired", ProblemKind::Expired),
    token("oauth-rejected", ProblemKind::Rejected),
    token("oauth-unavailable", ProblemKind::Unavailable),
    token("oauth-ours", ProblemKind::Ours),
    seen("utf8-missing", Symptom::Utf8Missing),
    seen("too-large", Symptom::TooLarge),
    seen("address-unusable", Symptom::AddressUnusable),
    seen_at("greeting-timeout", Symptom::AnswerTimeout, Step::Greeting),
    seen_at("final-timeout", Symptom::AnswerTimeout, Step::Reply),
    seen("answer-timeout", Symptom::AnswerTimeout),
    seen_at("closed-at-greeting", Symptom::Closed, Step::Greeting),
    seen("closed", Symptom::Closed),
    seen("connection-failed", Symptom::ConnectionFailed),
    seen("not-smtp", Symptom::NotSmtp),
    seen("too-long", Symptom::TooLong),
    seen("out-of-turn", Symptom::OutOfTurn),
    // What the server said: about the recipient alone. Servers that judge the sender only when they hear a recipient
    // answer with the same codes and words, and then say whom they mean.
    said(
        "recipient-domain",
        &[Step::RcptTo],
        &[],
        &["5.1.2", "4.1.2", "5.4.4"],
        &[],
    )
    .unless(ABOUT_US),
    said(
        "recipient-domain",
        &[Step::RcptTo],
        &[],
        &[],
        &["domain not found", "domain does not exist"],
    )
    .unless(ABOUT_US),
    said(
        "mailbox-unknown",
        &[Step::RcptTo],
        &[],
        &["5.1.1", "5.1.0", "5.1.10", "4.1.1"],
        &[],
    )
    .unless(ABOUT_US),
    said(
        "mailbox-unknown",
        &[Step::RcptTo],
        &[],
        &[],
        &[
            "user unknown",
            "no such user",
            "unknown user",
            "unrouteable address",
            "undeliverable address",
        ],
    )
    .unless(ABOUT_US),
    // Microsoft 365 where the directory knows every mailbox.
    said(
        "mailbox-unknown",
        &[Step::RcptTo],
        &[],
        &["5.4.1"],
        &["recipient address rejected"],
    ),
    // A group that takes no mail from strangers, whoever has logged in.
    coded("recipient-refused", &[], &["5.7.124", "5.7.133"]).blames(Class::Recipient),
    // Encryption and login.
    said(
        "starttls-required",
        &[],
        &[530, 550, 554, 451],
        &[],
        &["starttls"],
    )
    .blames(Class::Profile),
    coded("m365-basic-auth", &[], &["5.7.139", "5.7.30"]).blames(Class::Profile),
    worded(
        "m365-basic-auth",
        &[],
        &[
            "smtpclientauthentication is disabled",
            "basic authentication is disabled",
        ],
    )
    .blames(Class::Profile),
    coded("app-password", &[534], &["5.7.9"]).blames(Class::Profile),
    worded(
        "app-password",
        &[],
        &[
            "application-specific password*",
            "app password*",
            "authorization code",
            "授权码",
        ],
    )
    .blames(Class::Profile),
    said("web-login-needed", &[Step::Auth], &[534], &[], &[]).blames(Class::Profile),
    said(
        "too-many-logins",
        &[Step::Auth],
        &[],
        &[],
        &["too many", "rate limit*", "try again later"],
    ),
    said("auth-temporary", &[Step::Auth], &[454], &[], &[]),
    said("starttls-unavailable", &[Step::StartTls], &[], &[], &[]),
    said(WRONG_PASSWORD, &[Step::Auth], &[535, 530, 550, 554], &[], &[]).blames(Class::Profile),
    said("auth-mechanism", &[Step::Auth], &[504, 538], &[], &[]).blames(Class::Profile),
    coded("auth-required", &[530], &[]).blames(Class::Profile),
    coded("auth-required", &[], &["5.7.57"]).blames(Class::Profile),
    worded(
        "auth-required",
        &[],
        &[
            "authentication required",
            "authentication is required",
            "not authenticated",
            "must authenticate",
        ],
    )
    .blames(Class::Profile),
    // Who may send as whom.
    coded("from-not-allowed", &[], &["5.7.60", "5.2.252"]).blames(Class::Profile),
    worded(
        "from-not-allowed",
        &[],
        &[
            "*sendasdenied*",
            "send as",
            "send on behalf",
            // Amazon SES: the policy of the account.
            "is not authorized to perform",
            "not owned by user",
            "sender address rejected: not",
            "from address not verified",
            "not verified",
            "sender is not allowed",
            "sender denied",
            "sender rejected",
            "must equal",
            "must be same as",
            "must be the same as",
        ],
    )
    .blames(Class::Profile),
    worded(
        "relay-denied",
        &[],
        &[
            "relay access",
            "relaying",
            "relay denied",
            "relay not permitted",
            "relay not allowed",
            "unable to relay",
            "not permitted to relay",
            "not allowed to relay",
            // qmail.
            "allowed rcpthosts",
        ],
    )
    .blames(Class::Profile),
    coded("from-unproven", &[], &["5.7.26", "5.7.23", "5.7.27", "5.7.25"]).blames(Class::Profile),
    worded("from-unproven", &[550, 554, 421], &["dmarc", "spf", "dkim"]).blames(Class::Profile),
    // Microsoft 365: the account sent spam, or is taken for one that does.
    coded("sender-blocked", &[], &["5.7.705", "5.7.708", "5.7.750"]).blames(Class::Profile),
    worded(
        "sender-blocked",
        &[],
        &["bad outbound sender", "sending paused", "sending suspended"],
    )
    .blames(Class::Profile),
    coded("sender-domain", &[], &["5.1.8"]).blames(Class::Profile),
    worded(
        "sender-domain",
        &[],
        &[
            "domain not found",
            "domain does not exist",
            "sender domain",
            // Exim, which puts the reason on a line before.
            "sender verify failed",
        ],
    )
    .blames(Class::Profile),
    // Postfix says no to the sender only when it hears the recipient, and "Access denied" for any reason of its own.
    worded("from-not-allowed", &[], &["sender address rejected"]).blames(Class::Profile),
    worded(
        "greeting-refused",
        &[],
        &["client host rejected", "client host denied"],
    )
    .blames(Class::Profile),
    said("hello-refused", &[Step::Ehlo], &[], &[], &[]).blames(Class::Profile),
    worded("hello-refused", &[], &["helo", "ehlo"]).blames(Class::Profile),
    // Reputation, limits, load.
    // Amavis: what it calls banned is a part of the message.
    said(
        "spam",
        &[Step::Reply],
        &[550, 552, 554],
        &[],
        &["banned:", "banned name*", "banned file*", "banned content*"],
    ),
    worded(
        "sender-blocked",
        &[],
        &[
            "*spamhaus*",
            "blacklist*",
            "black list",
            "blocklist*",
            "block list",
            "blocked using",
            "poor reputation",
            "banned",
        ],
    )
    .blames(Class::Profile),
    coded("daily-quota", &[], &["5.4.5", "5.1.90"]).blames(Class::Transient),
    worded(
        "daily-quota",
        &[],
        &[
            "daily user sending",
            "sending quota",
            "daily sending",
            "daily message quota",
            "message limit exceeded",
        ],
    )
    .blames(Class::Transient),
    worded(
        "greylisted",
        &[450, 451],
        &["greylist*", "graylist*", "grey-list*"],
    ),
    worded(
        "rate-limit",
        &[],
        &["rate limit*", "too many", "throttl*", "too fast"],
    )
    .blames(Class::Transient),
    coded(
        "rate-limit",
        &[421, 450, 451, 452],
        &["4.7.0", "4.7.1", "4.7.28", "4.7.500"],
    ),
    // Whatever else speaks against a sender.
    said("from-not-allowed", &[Step::MailFrom], &[553, 550], &[], &[]).blames(Class::Profile),
    // The recipient and the message.
    said(
        "mailbox-full",
        &[Step::RcptTo, Step::Reply],
        &[],
        &["5.2.2", "4.2.2"],
        &[],
    ),
    worded("mailbox-full", &[422, 452, 552], &["full", "over quota", "quota"]),
    said(
        "recipient-domain",
        &[Step::RcptTo, Step::Data, Step::Reply],
        &[],
        &["5.1.2", "5.4.4"],
        &[],
    ),
    said(
        "mailbox-unknown",
        &[Step::RcptTo, Step::Data, Step::Reply],
        &[],
        &["5.1.1", "5.1.0", "5.1.10"],
        &[],
    ),
    said(
        "mailbox-unknown",
        &[Step::RcptTo],
        &[],
        &[],
        &["mailbox unavailable", "does not exist", "not found"],
    ),
    coded("too-large", &[552], &["5.3.4", "5.2.3"]).blames(Class::Message),
    worded(
        "too-large",
        &[523, 550, 552, 554],
        &[
            "too much mail data",
            "message size exceeds",
            "message too large",
            "message too big",
            "message file too big",
            "size limit",
        ],
    )
    .blames(Class::Message),
    worded(
        "spam",
        &[550, 552, 554],
        &["spam*", "content", "policy reasons", "unsolicited", "suspicious"],
    ),
    coded("server-busy", &[421], &[]),
    said(
        "recipient-refused",
        &[Step::RcptTo],
        &[550, 551, 553, 554],
        &[],
        &[],
    ),
    said(
        "message-refused",
        &[Step::Data, Step::Reply],
        &[550, 552, 554],
        &[],
        &[],
    ),
    said("greeting-refused", &[Step::Greeting], &[554, 550], &[], &[]),
    said("temporary", &[], &[450, 451, 452, 454, 455, 471], &[], &[]),
];
