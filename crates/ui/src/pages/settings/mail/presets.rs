//! Servers that many people use, by the providers' own help pages.

use crate::components::Form;

mod list;

pub(super) use list::GROUPS;

/// Providers of one kind, under one heading.
#[derive(Debug)]
pub(super) struct Group {
    /// Text key.
    pub(super) title: &'static str,
    pub(super) presets: &'static [Preset],
}

/// One provider: what its help page says to enter.
#[derive(Debug)]
pub(super) struct Preset {
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    host: &'static str,
    port: u16,
    security: &'static str,
    /// What the user name is for everybody; empty where it is one's own.
    username: &'static str,
    auth: &'static str,
    /// Who gives the tokens, where a login with OAuth 2.0 is possible.
    oauth: &'static str,
    /// Text key of what people trip over there.
    pub(super) note: &'static str,
    /// What the provider publishes; it changes now and then.
    pub(super) limits: &'static [Limit],
    /// Messages a minute that are safe, where the provider says so.
    rate: Option<u32>,
    /// The provider's own page about it, and the text key of the words of the link.
    pub(super) help: Option<(&'static str, &'static str)>,
    pub(super) regions: &'static [Region],
}

/// Text key and number: "about 500 messages a day".
pub(super) type Limit = (&'static str, u32);

/// A data centre of a provider that has several, each with its server.
#[derive(Debug)]
pub(super) struct Region {
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    host: &'static str,
}

/// What was chosen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chosen {
    pub(super) preset: &'static Preset,
    region: Option<&'static Region>,
}

/// A preset that does not exist is as good as none; a region that does not exist is the first one.
pub(super) fn find(id: &str, region: &str) -> Option<Chosen> {
    let preset = GROUPS.iter().flat_map(|g| g.presets).find(|p| p.id == id)?;
    let wanted = preset.regions.iter().find(|r| r.id == region);
    Some(Chosen {
        preset,
        region: wanted.or(preset.regions.first()),
    })
}

impl Chosen {
    pub(super) fn is(&self, preset: &Preset) -> bool {
        self.preset.id == preset.id
    }

    pub(super) fn is_in(&self, region: &Region) -> bool {
        self.region.is_some_and(|r| r.id == region.id)
    }

    pub(super) fn fill(&self, form: Form) -> Form {
        let p = self.preset;
        let form = form
            .with("host", self.region.map_or(p.host, |r| r.host))
            .with("port", p.port)
            .with("security", p.security)
            .with("auth", p.auth)
            .with(
                "oauth.provider",
                if p.oauth.is_empty() { "custom" } else { p.oauth },
            )
            .with(
                "rate_per_minute",
                p.rate.map(|r| r.to_string()).unwrap_or_default(),
            );
        if p.username.is_empty() {
            form
        } else {
            form.with("username", p.username)
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::{deliverability::Provider, host::Host, mail::MailSettings};
    use serde_json::json;

    use super::*;

    const IDS: [&str; 20] = [
        "gmail",
        "workspace",
        "microsoft365",
        "outlook",
        "icloud",
        "yahoo",
        "fastmail",
        "zoho",
        "ses",
        "mailgun",
        "sendgrid",
        "postmark",
        "brevo",
        "mailjet",
        "qq",
        "163",
        "aliyun",
        "postfix",
        "proton",
        "mailpit",
    ];

    /// Presets of this machine: whoever runs it knows its limits, and nobody can say here what to publish for it. The
    /// Bridge hands its mail to Proton, whose own pages tell its customers what to publish.
    const LOCAL: [&str; 3] = ["postfix", "proton", "mailpit"];

    fn all() -> Vec<&'static Preset> {
        GROUPS.iter().flat_map(|g| g.presets).collect()
    }

    #[test]
    fn the_providers_that_people_use_are_there() {
        let ids: Vec<&str> = all().iter().map(|p| p.id).collect();
        assert_eq!(ids, IDS);
    }

    #[test]
    fn every_provider_has_its_limit_and_its_help() {
        for p in all().into_iter().filter(|p| !LOCAL.contains(&p.id)) {
            assert!(!p.limits.is_empty(), "{} says nothing of its limit", p.id);
            assert!(p.help.is_some(), "{} has no page of help", p.id);
        }
    }

    /// What to publish in SPF for it is known, region by region.
    #[test]
    fn every_server_belongs_to_a_provider_that_is_known() {
        for p in all() {
            let regions = p.regions.iter().map(|r| r.host);
            for host in regions.chain([p.host]) {
                let known = Provider::of_server(&Host::parse("host", host).unwrap()).is_some();
                assert_eq!(known, !LOCAL.contains(&p.id), "{}: {host}", p.id);
            }
        }
    }

    #[test]
    fn every_preset_is_valid_and_fits_its_port() {
        for p in all() {
            let hosts = p.regions.iter().map(|r| r.host).chain([p.host]);
            for host in hosts {
                Host::parse("host", host).unwrap();
                let body = json!({
                    "host": host, "port": p.port, "security": p.security, "auth": p.auth, "username": "u",
                    "password": (p.auth == "auto").then_some("secret"), "from": "a@example.org",
                    "oauth": { "provider": p.oauth, "client_id": "c" },
                    "rate_per_minute": p.rate,
                });
                MailSettings::from_json(body, None).unwrap_or_else(|e| panic!("{}: {e:?}", p.id));
            }
            let usual = match p.port {
                465 => Some("tls"),
                587 => Some("starttls"),
                _ => None,
            };
            assert!(usual.is_none_or(|u| u == p.security), "{}", p.id);
            assert!(
                p.help.is_none_or(|(url, _)| url.starts_with("https://")),
                "{}",
                p.id
            );
        }
    }

    #[test]
    fn a_region_decides_the_server() {
        let eu = find("mailgun", "eu").unwrap();
        assert_eq!(eu.fill(Form::default()).value("host"), "smtp.eu.mailgun.org");
        let odd = find("ses", "nowhere").unwrap();
        assert_eq!(
            odd.fill(Form::default()).value("host"),
            "email-smtp.us-east-1.amazonaws.com"
        );
        assert!(find("nobody", "").is_none());
    }
}
