//! Mail services by the server that people enter for them, and what their help pages ask to publish.

use crate::host::Host;

/// A mail service whose records are known.
#[derive(Debug, PartialEq, Eq)]
pub struct Provider {
    pub name: &'static str,
    /// Submission servers: a whole name, or one with a `*` for any text.
    hosts: &'static [&'static str],
    /// What to include in SPF; the first is the one to publish, the others are older names of the same.
    pub(super) includes: &'static [&'static str],
    /// Selectors under which its customers usually publish their DKIM keys.
    pub(super) selectors: &'static [&'static str],
    /// It puts a bounce domain into the envelope that is not the one of the From address, so that SPF of the latter is not asked.
    pub(super) own_envelope: bool,
    /// Domains in which it gives addresses away; nobody but the provider can send for them.
    pub(super) mailboxes: &'static [&'static str],
}

const ALL: &[Provider] = &[
    Provider {
        name: "Google",
        hosts: &[
            "smtp.gmail.com",
            "smtp.googlemail.com",
            "smtp-relay.gmail.com",
            "*.l.google.com",
        ],
        includes: &["_spf.google.com"],
        selectors: &["google", "20230601"],
        own_envelope: false,
        mailboxes: &["gmail.com", "googlemail.com"],
    },
    Provider {
        name: "Microsoft 365",
        hosts: &[
            "smtp.office365.com",
            "smtp-mail.outlook.com",
            "*.mail.protection.outlook.com",
        ],
        includes: &["spf.protection.outlook.com"],
        selectors: &["selector1", "selector2"],
        own_envelope: false,
        mailboxes: &["outlook.com", "hotmail.com", "live.com", "msn.com"],
    },
    Provider {
        name: "Amazon SES",
        hosts: &["email-smtp.*.amazonaws.com", "email-smtp-fips.*.amazonaws.com"],
        includes: &["amazonses.com"],
        selectors: &[],
        own_envelope: true,
        mailboxes: &[],
    },
    Provider {
        name: "Mailgun",
        hosts: &["smtp.mailgun.org", "smtp.eu.mailgun.org"],
        includes: &["mailgun.org", "eu.mailgun.org"],
        selectors: &["mta", "smtp", "pic", "k1", "mailo"],
        own_envelope: true,
        mailboxes: &[],
    },
    Provider {
        name: "SendGrid",
        hosts: &["smtp.sendgrid.net"],
        includes: &["sendgrid.net"],
        selectors: &["s1", "s2"],
        own_envelope: true,
        mailboxes: &[],
    },
    Provider {
        name: "Postmark",
        hosts: &["smtp.postmarkapp.com", "smtp-broadcasts.postmarkapp.com"],
        includes: &["spf.mtasv.net"],
        selectors: &["pm"],
        own_envelope: true,
        mailboxes: &[],
    },
    Provider {
        name: "Brevo",
        hosts: &["smtp-relay.brevo.com", "smtp-relay.sendinblue.com"],
        includes: &["spf.brevo.com", "spf.sendinblue.com"],
        selectors: &["brevo1", "brevo2", "mail"],
        own_envelope: true,
        mailboxes: &[],
    },
    Provider {
        name: "Mailjet",
        hosts: &["in-v3.mailjet.com", "in.mailjet.com"],
        includes: &["spf.mailjet.com"],
        selectors: &["mailjet"],
        own_envelope: true,
        mailboxes: &[],
    },
    // One per region: an account lives in one of them.
    zoho(
        &["smtp.zoho.com", "smtppro.zoho.com"],
        &["zohomail.com", "zoho.com", "one.zoho.com"],
    ),
    zoho(
        &["smtp.zoho.eu", "smtppro.zoho.eu"],
        &["zohomail.eu", "zoho.eu", "one.zoho.eu"],
    ),
    zoho(
        &["smtp.zoho.in", "smtppro.zoho.in"],
        &["zohomail.in", "zoho.in", "one.zoho.in"],
    ),
    zoho(
        &["smtp.zoho.com.au", "smtppro.zoho.com.au"],
        &["zoho.com.au", "zohomail.com.au"],
    ),
    zoho(&["smtp.zoho.jp", "smtppro.zoho.jp"], &["zoho.jp", "zohomail.jp"]),
    Provider {
        name: "Fastmail",
        hosts: &["smtp.fastmail.com", "smtp.messagingengine.com"],
        includes: &["spf.messagingengine.com"],
        selectors: &["fm1", "fm2", "fm3"],
        own_envelope: false,
        mailboxes: &["fastmail.com", "fastmail.fm"],
    },
    Provider {
        name: "iCloud",
        hosts: &["smtp.mail.me.com"],
        includes: &["icloud.com"],
        selectors: &["sig1"],
        own_envelope: false,
        mailboxes: &["icloud.com", "me.com", "mac.com"],
    },
    Provider {
        name: "Yahoo",
        hosts: &["smtp.mail.yahoo.com"],
        includes: &["_spf.mail.yahoo.com"],
        selectors: &["s2048"],
        own_envelope: false,
        mailboxes: &["yahoo.com", "ymail.com", "rocketmail.com"],
    },
    Provider {
        name: "QQ Mail",
        hosts: &["smtp.qq.com", "smtp.exmail.qq.com"],
        includes: &["spf.mail.qq.com"],
        selectors: &[],
        own_envelope: false,
        mailboxes: &["qq.com", "foxmail.com"],
    },
    Provider {
        name: "NetEase",
        hosts: &["smtp.163.com", "smtp.126.com", "smtp.yeah.net"],
        includes: &["spf.163.com"],
        selectors: &[],
        own_envelope: false,
        mailboxes: &["163.com", "126.com", "yeah.net"],
    },
    Provider {
        name: "Aliyun DirectMail",
        hosts: &["smtpdm.aliyun.com", "smtpdm-*.aliyun.com"],
        includes: &["spf1.dm.aliyun.com"],
        selectors: &[],
        own_envelope: false,
        mailboxes: &[],
    },
    Provider {
        name: "Proton",
        hosts: &["smtp.protonmail.ch"],
        includes: &["_spf.protonmail.ch"],
        selectors: &["protonmail", "protonmail2", "protonmail3"],
        own_envelope: false,
        mailboxes: &["proton.me", "protonmail.com", "pm.me"],
    },
];

const fn zoho(hosts: &'static [&'static str], includes: &'static [&'static str]) -> Provider {
    Provider {
        name: "Zoho",
        hosts,
        includes,
        selectors: &["zmail", "zoho", "zohomail"],
        own_envelope: false,
        mailboxes: &["zohomail.com"],
    }
}

impl Provider {
    /// The provider that a submission server belongs to.
    pub fn of_server(host: &Host) -> Option<&'static Self> {
        let Host::Name(name) = host else { return None };
        let belongs = |pattern: &str| match pattern.split_once('*') {
            Some((start, end)) => name.starts_with(start) && name.ends_with(end),
            None => name == pattern,
        };
        ALL.iter().find(|p| p.hosts.iter().any(|h| belongs(h)))
    }

    /// The provider that gives addresses in this domain away.
    pub(super) fn of_mailbox(domain: &str) -> Option<&'static Self> {
        ALL.iter().find(|p| p.mailboxes.contains(&domain))
    }
}
