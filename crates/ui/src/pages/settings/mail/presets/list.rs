//! The providers: their hosts, ports and limits as their help pages say in November 2026.

use super::{Group, Preset, Region};

/// STARTTLS on port 587 is what most say; each names what differs.
const PRESET: Preset = Preset {
    id: "",
    name: "",
    host: "",
    port: 587,
    security: "starttls",
    username: "",
    auth: "auto",
    oauth: "",
    note: "",
    limits: &[],
    rate: None,
    help: None,
    regions: &[],
};

const fn region(id: &'static str, name: &'static str, host: &'static str) -> Region {
    Region { id, name, host }
}

pub(in super::super) const GROUPS: &[Group] = &[
    Group {
        title: "presets-mailboxes",
        presets: &[
            Preset {
                id: "gmail",
                name: "Gmail",
                host: "smtp.gmail.com",
                port: 465,
                security: "tls",
                oauth: "google",
                note: "preset-app-password",
                limits: &[("preset-limit-day", 500)],
                help: Some((
                    "https://myaccount.google.com/apppasswords",
                    "preset-help-app-password",
                )),
                ..PRESET
            },
            Preset {
                id: "workspace",
                name: "Google Workspace relay",
                host: "smtp-relay.gmail.com",
                note: "preset-workspace",
                limits: &[("preset-limit-recipients-day", 10_000)],
                help: Some(("https://support.google.com/a/answer/2956491", "preset-help-read")),
                ..PRESET
            },
            Preset {
                id: "microsoft365",
                name: "Microsoft 365",
                host: "smtp.office365.com",
                oauth: "microsoft",
                note: "preset-microsoft365",
                limits: &[
                    ("preset-limit-minute", 30),
                    ("preset-limit-recipients-day", 10_000),
                ],
                rate: Some(30),
                help: Some((
                    "https://learn.microsoft.com/exchange/clients-and-mobile-in-exchange-online/authenticated-client-smtp-submission",
                    "preset-help-read",
                )),
                ..PRESET
            },
            Preset {
                id: "outlook",
                name: "Outlook.com",
                host: "smtp-mail.outlook.com",
                auth: "xoauth2",
                oauth: "microsoft",
                note: "preset-outlook",
                limits: &[("preset-limit-unpublished", 0)],
                help: Some((
                    "https://support.microsoft.com/office/d088b986-291d-42b8-9564-9c414e2aa040",
                    "preset-help-read",
                )),
                ..PRESET
            },
            Preset {
                id: "icloud",
                name: "iCloud",
                host: "smtp.mail.me.com",
                note: "preset-app-password",
                limits: &[("preset-limit-day", 1_000)],
                help: Some(("https://support.apple.com/102654", "preset-help-app-password")),
                ..PRESET
            },
            Preset {
                id: "yahoo",
                name: "Yahoo",
                host: "smtp.mail.yahoo.com",
                port: 465,
                security: "tls",
                note: "preset-app-password",
                limits: &[("preset-limit-day", 500)],
                help: Some((
                    "https://help.yahoo.com/kb/SLN15241.html",
                    "preset-help-app-password",
                )),
                ..PRESET
            },
            Preset {
                id: "fastmail",
                name: "Fastmail",
                host: "smtp.fastmail.com",
                port: 465,
                security: "tls",
                note: "preset-app-password",
                // https://www.fastmail.com/help/account/limits.html
                limits: &[("preset-limit-by-plan", 0)],
                help: Some((
                    "https://app.fastmail.com/settings/security/integrations",
                    "preset-help-app-password",
                )),
                ..PRESET
            },
            Preset {
                id: "zoho",
                name: "Zoho",
                host: "smtp.zoho.com",
                port: 465,
                security: "tls",
                note: "preset-zoho",
                // https://www.zoho.com/mail/help/adminconsole/rates-and-limits.html: 50 to 500, by reputation.
                limits: &[("preset-limit-hour", 50)],
                help: Some((
                    "https://www.zoho.com/mail/help/zoho-smtp.html",
                    "preset-help-read",
                )),
                regions: &[
                    region("us", "zoho.com", "smtp.zoho.com"),
                    region("eu", "zoho.eu", "smtp.zoho.eu"),
                    region("in", "zoho.in", "smtp.zoho.in"),
                    region("au", "zoho.com.au", "smtp.zoho.com.au"),
                    region("jp", "zoho.jp", "smtp.zoho.jp"),
                ],
                ..PRESET
            },
        ],
    },
    Group {
        title: "presets-services",
        presets: &[
            Preset {
                id: "ses",
                name: "Amazon SES",
                host: "email-smtp.us-east-1.amazonaws.com",
                note: "preset-ses",
                limits: &[("preset-limit-sandbox-day", 200)],
                rate: Some(60),
                help: Some((
                    "https://docs.aws.amazon.com/ses/latest/dg/smtp-credentials.html",
                    "preset-help-read",
                )),
                regions: &[
                    region("us-east-1", "N. Virginia", "email-smtp.us-east-1.amazonaws.com"),
                    region("us-east-2", "Ohio", "email-smtp.us-east-2.amazonaws.com"),
                    region("us-west-2", "Oregon", "email-smtp.us-west-2.amazonaws.com"),
                    region("ca-central-1", "Canada", "email-smtp.ca-central-1.amazonaws.com"),
                    region("sa-east-1", "São Paulo", "email-smtp.sa-east-1.amazonaws.com"),
                    region("eu-west-1", "Ireland", "email-smtp.eu-west-1.amazonaws.com"),
                    region("eu-west-2", "London", "email-smtp.eu-west-2.amazonaws.com"),
                    region(
                        "eu-central-1",
                        "Frankfurt",
                        "email-smtp.eu-central-1.amazonaws.com",
                    ),
                    region("eu-north-1", "Stockholm", "email-smtp.eu-north-1.amazonaws.com"),
                    region("ap-south-1", "Mumbai", "email-smtp.ap-south-1.amazonaws.com"),
                    region(
                        "ap-southeast-1",
                        "Singapore",
                        "email-smtp.ap-southeast-1.amazonaws.com",
                    ),
                    region(
                        "ap-southeast-2",
                        "Sydney",
                        "email-smtp.ap-southeast-2.amazonaws.com",
                    ),
                    region(
                        "ap-northeast-1",
                        "Tokyo",
                        "email-smtp.ap-northeast-1.amazonaws.com",
                    ),
                    region(
                        "ap-northeast-2",
                        "Seoul",
                        "email-smtp.ap-northeast-2.amazonaws.com",
                    ),
                ],
                ..PRESET
            },
            Preset {
                id: "mailgun",
                name: "Mailgun",
                host: "smtp.mailgun.org",
                note: "preset-own-login",
                limits: &[("preset-limit-free-day", 100)],
                help: Some((
                    "https://documentation.mailgun.com/docs/mailgun/user-manual/sending-messages/send-smtp",
                    "preset-help-read",
                )),
                regions: &[
                    region("us", "US", "smtp.mailgun.org"),
                    region("eu", "EU", "smtp.eu.mailgun.org"),
                ],
                ..PRESET
            },
            Preset {
                id: "sendgrid",
                name: "SendGrid",
                host: "smtp.sendgrid.net",
                username: "apikey",
                note: "preset-sendgrid",
                limits: &[("preset-limit-free-day", 100)],
                help: Some((
                    "https://www.twilio.com/docs/sendgrid/for-developers/sending-email/integrating-with-the-smtp-api",
                    "preset-help-read",
                )),
                ..PRESET
            },
            Preset {
                id: "postmark",
                name: "Postmark",
                host: "smtp.postmarkapp.com",
                note: "preset-postmark",
                limits: &[("preset-limit-free-month", 100)],
                help: Some((
                    "https://postmarkapp.com/developer/user-guide/send-email-with-smtp",
                    "preset-help-read",
                )),
                ..PRESET
            },
            Preset {
                id: "brevo",
                name: "Brevo",
                host: "smtp-relay.brevo.com",
                note: "preset-own-login",
                limits: &[("preset-limit-free-day", 300)],
                help: Some((
                    "https://help.brevo.com/hc/en-us/articles/7924908994450",
                    "preset-help-read",
                )),
                ..PRESET
            },
            Preset {
                id: "mailjet",
                name: "Mailjet",
                host: "in-v3.mailjet.com",
                note: "preset-own-login",
                limits: &[("preset-limit-free-day", 200)],
                help: Some((
                    "https://dev.mailjet.com/smtp-relay/configuration/",
                    "preset-help-read",
                )),
                ..PRESET
            },
        ],
    },
    Group {
        title: "presets-china",
        presets: &[
            Preset {
                id: "qq",
                name: "QQ Mail",
                host: "smtp.qq.com",
                port: 465,
                security: "tls",
                note: "preset-authorization-code",
                limits: &[("preset-limit-unconfirmed", 0)],
                help: Some(("https://service.mail.qq.com/detail/0/75", "preset-help-read")),
                ..PRESET
            },
            Preset {
                id: "163",
                name: "NetEase 163",
                host: "smtp.163.com",
                port: 465,
                security: "tls",
                note: "preset-authorization-code",
                limits: &[("preset-limit-unconfirmed", 0)],
                help: Some(("https://help.mail.163.com/", "preset-help-read")),
                ..PRESET
            },
            Preset {
                id: "aliyun",
                name: "Aliyun DirectMail",
                host: "smtpdm.aliyun.com",
                port: 465,
                security: "tls",
                note: "preset-aliyun",
                limits: &[("preset-limit-free-day", 200)],
                help: Some((
                    "https://help.aliyun.com/zh/direct-mail/smtp-service",
                    "preset-help-read",
                )),
                regions: &[
                    region("cn", "Hangzhou", "smtpdm.aliyun.com"),
                    region("sg", "Singapore", "smtpdm-ap-southeast-1.aliyun.com"),
                    region("au", "Sydney", "smtpdm-ap-southeast-2.aliyun.com"),
                ],
                ..PRESET
            },
        ],
    },
    Group {
        title: "presets-local",
        presets: &[
            Preset {
                id: "postfix",
                name: "Postfix",
                host: "127.0.0.1",
                port: 25,
                security: "none",
                auth: "none",
                note: "preset-postfix",
                ..PRESET
            },
            Preset {
                id: "proton",
                name: "Proton Mail Bridge",
                host: "127.0.0.1",
                port: 1025,
                security: "starttls",
                note: "preset-proton",
                help: Some((
                    "https://proton.me/support/bridge-ssl-connection-issue",
                    "preset-help-read",
                )),
                ..PRESET
            },
            Preset {
                id: "mailpit",
                name: "Mailpit",
                host: "127.0.0.1",
                port: 1025,
                security: "none",
                auth: "none",
                note: "preset-mailpit",
                ..PRESET
            },
        ],
    },
];
