//! The page in each of its states.

use std::time::Duration;

use alert::oauth::{Connection, Pending, Problem, ProblemKind};
use domain::{id::ProfileId, mail::MailSettings};
use serde_json::{Value, json};
use store::{GrantState, GrantStatus, MailProfile};
use url::Url;

use super::{AuthorizePage, assemble};
use crate::{
    Section,
    locale::Language,
    pages::samples::{NOW, shell},
};

pub(crate) fn samples(language: Language) -> Vec<AuthorizePage> {
    let nothing = || Connection {
        grant: None,
        pending: None,
        failed: None,
    };
    let grant = |state| GrantStatus {
        state,
        locked: false,
        expires_at: NOW.plus(Duration::from_mins(42)),
        connected_at: NOW.minus(Duration::from_hours(90)),
        refreshed_at: NOW.minus(Duration::from_mins(18)),
    };
    let expires_at = NOW.plus(Duration::from_mins(14));
    let url = |text: &str| Url::parse(text).unwrap();
    let device = Pending::Device {
        user_code: "WDJB-MJHT".to_owned(),
        verification_url: url("https://microsoft.com/devicelogin"),
        expires_at,
    };
    let page_of = |returns| Pending::Page {
        url: url("https://accounts.google.com/o/oauth2/v2/auth?client_id=sample"),
        redirect_url: url("https://watch.example.org/settings/mail/authorize/return"),
        returns,
        expires_at,
    };
    let revoked = GrantState::NeedsAttention {
        kind: ProblemKind::Revoked.as_str().to_owned(),
        detail: "invalid_grant: AADSTS50173: The provided grant has expired due to it being revoked"
            .to_owned(),
    };
    let denied = Problem {
        kind: ProblemKind::Denied,
        detail: "access_denied".to_owned(),
    };
    let microsoft = || json!({ "provider": "microsoft", "client_id": "c" });
    let google = || json!({ "provider": "google", "client_id": "c", "client_secret": "s" });
    let of = |client: Value, connection| {
        let shell = shell(language, Section::Settings, "oauth-title");
        assemble(shell, &profile(client), connection)
    };
    let mut back = of(
        google(),
        Connection {
            pending: Some(page_of(true)),
            ..nothing()
        },
    );
    back.answer = Some("state=sample&code=sample".to_owned());
    vec![
        of(microsoft(), nothing()),
        of(
            microsoft(),
            Connection {
                pending: Some(device),
                ..nothing()
            },
        ),
        of(
            google(),
            Connection {
                pending: Some(page_of(false)),
                ..nothing()
            },
        ),
        back,
        of(
            google(),
            Connection {
                grant: Some(grant(GrantState::Ok)),
                ..nothing()
            },
        ),
        of(
            microsoft(),
            Connection {
                grant: Some(grant(revoked)),
                pending: None,
                failed: Some(denied),
            },
        ),
    ]
}

fn profile(client: Value) -> MailProfile {
    let settings = json!({
        "host": "smtp.office365.com", "port": 587, "security": "starttls", "from": "watch@example.org",
        "username": "watch@example.org", "auth": "xoauth2", "oauth": client,
    });
    MailProfile {
        id: ProfileId(1),
        revision: 3,
        settings: MailSettings::from_json(settings, None).unwrap(),
        saved_at: NOW,
        saved_by: "me@example.org".to_owned(),
        changed: Vec::new(),
    }
}
