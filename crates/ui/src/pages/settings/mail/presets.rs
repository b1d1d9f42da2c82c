//! Servers that many people use, by the providers' own help pages.

use crate::components::Form;

/// One provider: what its help page says to enter.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Preset {
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    host: &'static str,
    port: u16,
    security: &'static str,
    username: &'static str,
    /// Text key of what people trip over there.
    pub(super) note: Option<&'static str>,
}

const fn preset(
    id: &'static str,
    name: &'static str,
    host: &'static str,
    note: Option<&'static str>,
) -> Preset {
    Preset {
        id,
        name,
        host,
        port: 587,
        security: "starttls",
        username: "",
        note,
    }
}

const fn tls(mut p: Preset) -> Preset {
    p.port = 465;
    p.security = "tls";
    p
}

const fn plain(mut p: Preset, port: u16) -> Preset {
    p.port = port;
    p.security = "none";
    p
}

const fn user(mut p: Preset, username: &'static str) -> Preset {
    p.username = username;
    p
}

const APP_PASSWORD: Option<&str> = Some("preset-app-password");
const OWN_LOGIN: Option<&str> = Some("preset-own-login");

pub(super) const ALL: &[Preset] = &[
    tls(preset("gmail", "Gmail", "smtp.gmail.com", APP_PASSWORD)),
    preset(
        "microsoft365",
        "Microsoft 365",
        "smtp.office365.com",
        Some("preset-microsoft365"),
    ),
    preset("icloud", "iCloud", "smtp.mail.me.com", APP_PASSWORD),
    tls(preset("yahoo", "Yahoo", "smtp.mail.yahoo.com", APP_PASSWORD)),
    tls(preset("fastmail", "Fastmail", "smtp.fastmail.com", APP_PASSWORD)),
    tls(preset("zoho", "Zoho", "smtp.zoho.com", APP_PASSWORD)),
    preset(
        "ses",
        "Amazon SES",
        "email-smtp.eu-west-1.amazonaws.com",
        Some("preset-ses"),
    ),
    preset("mailgun", "Mailgun", "smtp.mailgun.org", OWN_LOGIN),
    user(
        preset(
            "sendgrid",
            "SendGrid",
            "smtp.sendgrid.net",
            Some("preset-sendgrid"),
        ),
        "apikey",
    ),
    preset(
        "postmark",
        "Postmark",
        "smtp.postmarkapp.com",
        Some("preset-postmark"),
    ),
    preset("brevo", "Brevo", "smtp-relay.brevo.com", OWN_LOGIN),
    preset("mailjet", "Mailjet", "in-v3.mailjet.com", OWN_LOGIN),
    plain(
        preset("mailpit", "Mailpit", "127.0.0.1", Some("preset-mailpit")),
        1025,
    ),
];

pub(super) fn find(id: &str) -> Option<&'static Preset> {
    ALL.iter().find(|p| p.id == id)
}

impl Preset {
    pub(super) fn fill(&self, form: Form) -> Form {
        let form = form
            .with("host", self.host)
            .with("port", self.port)
            .with("security", self.security);
        if self.username.is_empty() {
            form
        } else {
            form.with("username", self.username)
        }
    }
}
