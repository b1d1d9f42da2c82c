//! The catalogue of what goes wrong with mail: from what was seen to its likely cause and what to do, in plain words.
//!
//! The texts are `hint-<key>-cause` and `hint-<key>-fix` in `web/locales/<language>/emails.ftl`. The first row that fits
//! wins, so the particular stands before the general.

use super::{
    failure::{Class, Failure, Symptom},
    reply::Reply,
    steps::Step,
};
use crate::{message::Language, oauth::ProblemKind};

#[cfg(test)]
mod tests;

/// A refused login of which nothing more is known.
pub(super) const WRONG_PASSWORD: &str = "wrong-password";

/// Cause and fix in one language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// Stable name, the key of the texts.
    pub key: &'static str,
    pub cause: String,
    pub fix: String,
}

pub(super) struct Row {
    pub(super) key: &'static str,
    when: When,
    /// Overrides the class that the step alone would give: what hits every message must not end this one.
    pub(super) class: Option<Class>,
}

enum When {
    Seen(Symptom),
    SeenAt(Symptom, Step),
    /// An answer. An empty list means "any"; words are compared in lower case, one of them is enough.
    Said {
        steps: &'static [Step],
        codes: &'static [u16],
        enhanced: &'static [&'static str],
        words: &'static [&'static str],
    },
}

const fn seen(key: &'static str, symptom: Symptom) -> Row {
    Row {
        key,
        when: When::Seen(symptom),
        class: None,
    }
}

/// The key is [`ProblemKind::as_str`]; a test holds it.
const fn token(key: &'static str, kind: ProblemKind) -> Row {
    seen(key, Symptom::OAuth(kind))
}

/// The code or the enhanced code is proof enough.
const fn coded(key: &'static str, codes: &'static [u16], enhanced: &'static [&'static str]) -> Row {
    said(key, &[], codes, enhanced, &[])
}

const fn worded(key: &'static str, codes: &'static [u16], words: &'static [&'static str]) -> Row {
    said(key, &[], codes, &[], words)
}

const fn said(
    key: &'static str,
    steps: &'static [Step],
    codes: &'static [u16],
    enhanced: &'static [&'static str],
    words: &'static [&'static str],
) -> Row {
    Row {
        key,
        when: When::Said {
            steps,
            codes,
            enhanced,
            words,
        },
        class: None,
    }
}

impl Row {
    const fn blames(self, class: Class) -> Self {
        Self {
            class: Some(class),
            ..self
        }
    }

    fn fits(&self, failure: &Failure) -> bool {
        match &self.when {
            When::Seen(symptom) => failure.symptom == *symptom,
            When::SeenAt(symptom, step) => failure.symptom == *symptom && failure.step == *step,
            When::Said {
                steps,
                codes,
                enhanced,
                words,
            } => failure.reply.as_ref().is_some_and(|reply| {
                (steps.is_empty() || steps.contains(&failure.step))
                    && reply_fits(reply, codes, enhanced, words)
            }),
        }
    }

    pub(super) fn text(&self, language: Language) -> Hint {
        Hint {
            key: self.key,
            cause: language.text(&format!("hint-{}-cause", self.key)),
            fix: language.text(&format!("hint-{}-fix", self.key)),
        }
    }
}

fn reply_fits(reply: &Reply, codes: &[u16], enhanced: &[&str], words: &[&str]) -> bool {
    let text = reply.text().to_lowercase();
    (codes.is_empty() || codes.contains(&reply.code))
        && (enhanced.is_empty() || reply.enhanced().is_some_and(|e| enhanced.contains(&e)))
        && (words.is_empty() || words.iter().any(|w| text.contains(w)))
}

/// The row that explains a failure.
pub(super) fn find(failure: &Failure) -> Option<&'static Row> {
    CATALOGUE.iter().find(|row| row.fits(failure))
}

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
    Row {
        key: "greeting-timeout",
        when: When::SeenAt(Symptom::AnswerTimeout, Step::Greeting),
        class: None,
    },
    Row {
        key: "final-timeout",
        when: When::SeenAt(Symptom::AnswerTimeout, Step::Reply),
        class: None,
    },
    seen("answer-timeout", Symptom::AnswerTimeout),
    Row {
        key: "closed-at-greeting",
        when: When::SeenAt(Symptom::Closed, Step::Greeting),
        class: None,
    },
    seen("closed", Symptom::Closed),
    seen("connection-failed", Symptom::ConnectionFailed),
    seen("not-smtp", Symptom::NotSmtp),
    seen("too-long", Symptom::TooLong),
    seen("out-of-turn", Symptom::OutOfTurn),
    // What the server said: encryption and login.
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
            "application-specific password",
            "app password",
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
        &["too many", "rate limit", "try again later"],
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
            "sendasdenied",
            "not allowed to send as",
            "not owned by user",
            "sender address rejected: not",
            "from address not verified",
            "not verified",
            "sender is not allowed",
            "must equal",
            "must be same as",
            "must be the same as",
        ],
    )
    .blames(Class::Profile),
    worded("relay-denied", &[], &["relay"]).blames(Class::Profile),
    coded("from-unproven", &[], &["5.7.26", "5.7.23", "5.7.27", "5.7.25"]).blames(Class::Profile),
    worded("from-unproven", &[550, 554, 421], &["dmarc", "spf", "dkim"]).blames(Class::Profile),
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
    said("from-not-allowed", &[Step::MailFrom], &[553, 550], &[], &[]).blames(Class::Profile),
    // Reputation, limits, load.
    worded(
        "sender-blocked",
        &[],
        &[
            "spamhaus",
            "blacklist",
            "blocklist",
            "block list",
            "blocked using",
            "poor reputation",
            "banned",
        ],
    )
    .blames(Class::Profile),
    coded("daily-quota", &[], &["5.4.5"]).blames(Class::Transient),
    worded(
        "daily-quota",
        &[],
        &[
            "daily user sending",
            "sending quota",
            "daily sending",
            "message limit exceeded",
        ],
    )
    .blames(Class::Transient),
    worded("greylisted", &[450, 451], &["greylist", "graylist", "grey-list"]),
    worded(
        "rate-limit",
        &[],
        &["rate limit", "too many", "throttl", "too fast"],
    )
    .blames(Class::Transient),
    coded(
        "rate-limit",
        &[421, 450, 451, 452],
        &["4.7.0", "4.7.1", "4.7.28", "4.7.500"],
    ),
    // The recipient and the message.
    said(
        "mailbox-full",
        &[Step::RcptTo, Step::Reply],
        &[],
        &["5.2.2", "4.2.2"],
        &[],
    ),
    worded("mailbox-full", &[422, 452, 552], &["full", "over quota", "quota"]),
    coded("recipient-domain", &[], &["5.1.2", "5.4.4"]),
    coded("mailbox-unknown", &[], &["5.1.1", "5.1.0", "5.1.10"]),
    said(
        "mailbox-unknown",
        &[Step::RcptTo],
        &[],
        &[],
        &[
            "user unknown",
            "no such user",
            "unknown user",
            "mailbox unavailable",
            "does not exist",
            "not found",
            "unrouteable address",
        ],
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
        &["spam", "content", "policy reasons", "unsolicited", "suspicious"],
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
