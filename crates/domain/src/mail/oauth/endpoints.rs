//! Where a provider is asked: known for Google and Microsoft, typed for others.

use url::Url;

use super::{Provider, Way};
use crate::{field::FieldError, json::Object, text::parse_line};

/// The scope that lets a program send as the account, and read it: Google has no narrower one for SMTP.
const GOOGLE_SCOPE: &str = "https://mail.google.com/";
/// `offline_access` is what makes Microsoft give a refresh token.
const MICROSOFT_SCOPE: &str = "https://outlook.office.com/SMTP.Send offline_access";
const ANY_TENANT: &str = "common";
const LONGEST_URL: usize = 2048;

/// Addresses and scope of a provider.
pub(super) struct Endpoints {
    pub(super) tenant: Option<String>,
    pub(super) token_url: Url,
    pub(super) way: Way,
    pub(super) scope: String,
}

/// What was typed, each by itself sound.
struct Typed {
    tenant: Option<String>,
    token_url: Option<Url>,
    device_url: Option<Url>,
    authorize_url: Option<Url>,
    scope: Option<String>,
}

impl Endpoints {
    /// Takes the addresses out of the object, also where there is no provider that they could belong to.
    pub(super) fn read(o: &mut Object, provider: Option<Provider>) -> Option<Self> {
        let tenant = o.text("tenant").filter(|t| !t.trim().is_empty());
        let mut url = |name: &str| {
            let text = o.text(name).filter(|t| !t.trim().is_empty());
            o.parse(name, text, parse_endpoint)
        };
        let (token_url, device_url, authorize_url) =
            (url("token_url"), url("device_url"), url("authorize_url"));
        let scope = o.text("scope").filter(|t| !t.trim().is_empty());
        let typed = Typed {
            tenant,
            token_url,
            device_url,
            authorize_url,
            scope: o.parse("scope", scope, parse_scope),
        };
        let provider = provider?;
        typed.complain_of_what_is_unused(o, provider);
        match provider {
            Provider::Google => google(),
            Provider::Microsoft => {
                let tenant = typed.tenant.unwrap_or_else(|| ANY_TENANT.to_owned());
                microsoft(&o.parse("tenant", Some(tenant), parse_tenant)?)
            }
            Provider::Custom => typed.custom(o),
        }
    }
}

impl Typed {
    fn complain_of_what_is_unused(&self, o: &mut Object, provider: Provider) {
        let given = [
            ("token_url", self.token_url.is_some()),
            ("device_url", self.device_url.is_some()),
            ("authorize_url", self.authorize_url.is_some()),
            ("scope", self.scope.is_some()),
        ];
        if provider != Provider::Custom {
            for (name, _) in given.into_iter().filter(|(_, given)| *given) {
                let _: Option<()> = o.complain(
                    name,
                    "oauth-fixed",
                    "This is known for Google and Microsoft. Leave it empty, or choose custom.",
                );
            }
        }
        if provider != Provider::Microsoft && self.tenant.is_some() {
            let _: Option<()> = o.complain(
                "tenant",
                "oauth-tenant-unused",
                "Only Microsoft has tenants. Leave it empty.",
            );
        }
    }

    fn custom(self, o: &mut Object) -> Option<Endpoints> {
        // One that was refused is there all the same.
        let refused = |o: &Object, name: &str| o.errors.of(&o.path(name)).next().is_some();
        for (name, given) in [
            ("token_url", self.token_url.is_some()),
            ("scope", self.scope.is_some()),
        ] {
            if !given && !refused(o, name) {
                let _: Option<()> = o.complain(name, "required", "This field is required.");
            }
        }
        let way = match (self.device_url, self.authorize_url) {
            (Some(url), None) => Some(Way::DeviceCode(url)),
            (None, Some(url)) => Some(Way::AuthorizationCode(url)),
            (None, None) if refused(o, "device_url") || refused(o, "authorize_url") => None,
            _ => o.complain(
                "device_url",
                "oauth-way",
                "Enter the address for device codes or the one for authorization, one of the two.",
            ),
        };
        Some(Endpoints {
            tenant: None,
            token_url: self.token_url?,
            way: way?,
            scope: self.scope?,
        })
    }
}

fn google() -> Option<Endpoints> {
    let page = Url::parse("https://accounts.google.com/o/oauth2/v2/auth").ok()?;
    Some(Endpoints {
        tenant: None,
        token_url: Url::parse("https://oauth2.googleapis.com/token").ok()?,
        way: Way::AuthorizationCode(page),
        scope: GOOGLE_SCOPE.to_owned(),
    })
}

fn microsoft(tenant: &str) -> Option<Endpoints> {
    let at = |page: &str| {
        let url = format!("https://login.microsoftonline.com/{tenant}/oauth2/v2.0/{page}");
        Url::parse(&url).ok()
    };
    Some(Endpoints {
        tenant: Some(tenant.to_owned()),
        token_url: at("token")?,
        way: Way::DeviceCode(at("devicecode")?),
        scope: MICROSOFT_SCOPE.to_owned(),
    })
}

fn parse_tenant(field: &str, text: String) -> Result<String, FieldError> {
    let text = text.trim().to_ascii_lowercase();
    let sound = (1..=128).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.')
        && !text.starts_with('.')
        && !text.contains("..");
    sound.then_some(text).ok_or_else(|| {
        FieldError::new(
            field,
            "oauth-tenant",
            "Enter the id or the domain of the directory, or common, organizations or consumers.",
        )
    })
}

/// Client secrets and tokens travel there: encrypted, or to this very machine.
fn parse_endpoint(field: &str, text: String) -> Result<Url, FieldError> {
    let bad = |code, message: &str| FieldError::new(field, code, message);
    let text = parse_line(field, &text, LONGEST_URL)?;
    let url = Url::parse(&text).map_err(|_| {
        bad(
            "oauth-url",
            "This is not an address. Example: https://login.example.org/oauth2/token.",
        )
    })?;
    if url.host().is_none()
        || !url.username().is_empty()
        || url.password().is_some()
        || url.fragment().is_some()
    {
        return Err(bad(
            "oauth-url",
            "This is not an address. Example: https://login.example.org/oauth2/token.",
        ));
    }
    if !is_safe(&url) {
        return Err(bad(
            "oauth-url-insecure",
            "The address must begin with https://; only this machine itself may be asked without encryption.",
        ));
    }
    // Letters beyond ASCII take more room than they were typed in, and it is this form that is stored.
    if url.as_str().len() > LONGEST_URL {
        let text = format!("Use at most {LONGEST_URL} characters.");
        return Err(FieldError::new(field, "too-long", text).with("max", LONGEST_URL));
    }
    Ok(url)
}

/// `https`, or `http` to this machine by its literal name.
pub(super) fn is_safe(url: &Url) -> bool {
    match url.scheme() {
        "https" => url.has_host(),
        "http" => match url.host() {
            Some(url::Host::Domain(name)) => name == "localhost",
            Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
            Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
            None => false,
        },
        _ => false,
    }
}

fn parse_scope(field: &str, text: String) -> Result<String, FieldError> {
    let text = parse_line(field, &text, 1024)?;
    // RFC 6749, 3.3.
    let token = |b: u8| matches!(b, b' ' | 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
    if text.bytes().all(token) {
        Ok(text)
    } else {
        Err(FieldError::new(
            field,
            "oauth-scope",
            "Scopes are words of ASCII letters and signs with blanks between them.",
        ))
    }
}
