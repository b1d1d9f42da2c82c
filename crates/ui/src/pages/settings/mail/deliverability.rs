//! Settings > Mail > Deliverability: will receivers believe the mails? What DNS says, and what one receiver said.

use askama::Template;
use axum::{
    Router,
    extract::Query,
    response::{IntoResponse as _, Redirect},
    routing::{get, post},
};
use domain::{
    clock::Timestamp,
    deliverability::{Subject, results},
};
use http::StatusCode;
use serde::Deserialize;

mod findings;
#[cfg(test)]
mod samples;

use super::{
    super::tabs::{Link, Tab, links},
    stored::{Stored, Target},
};
use crate::{
    App, Section, Shell, SignedIn, Typed,
    components::{Form, href},
    error,
    pages::form::value,
    shell::{page, page_with},
};
use findings::TopicView;
#[cfg(test)]
pub(crate) use samples::samples;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/settings/mail/deliverability", get(show).post(look_again))
        .route("/settings/mail/deliverability/headers", post(read_headers))
}

const HERE: &str = "/settings/mail/deliverability";

#[derive(Template)]
#[template(path = "pages/settings/deliverability.html")]
pub(crate) struct DeliverabilityPage {
    shell: Shell,
    tabs: Vec<Link>,
    /// The mail server's own page.
    profile_href: String,
    /// Whose records: `profile`, `domain`, `selector`, `envelope`.
    form: Form,
    report: Option<Report>,
    /// The field `headers`.
    paste: Form,
    pasted: Option<PastedView>,
}

/// What DNS says.
struct Report {
    domain: String,
    provider: Option<&'static str>,
    at: Timestamp,
    topics: Vec<TopicView>,
}

/// What a receiver wrote.
struct PastedView {
    topics: Vec<TopicView>,
    /// A selector, its domain, and where its key is looked at.
    signatures: Vec<(String, String, String)>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked {
    /// Whose sender and server; empty: the primary one's.
    profile: String,
    domain: String,
    selector: String,
    envelope: String,
}

impl Asked {
    fn typed(typed: &[(String, String)]) -> Self {
        let text = |name| value(typed, name).to_owned();
        Self {
            profile: text("profile"),
            domain: text("domain"),
            selector: text("selector"),
            envelope: text("envelope"),
        }
    }

    fn target(&self) -> error::Result<Target> {
        match self.profile.as_str() {
            "" => Ok(Target::Primary),
            id => Target::of(id),
        }
    }

    fn form(&self, who: &SignedIn) -> Form {
        Form::new(who.visit.language)
            .with("profile", &self.profile)
            .with("domain", &self.domain)
            .with("selector", &self.selector)
            .with("envelope", &self.envelope)
    }
}

fn view(who: &SignedIn, target: Target, form: Form) -> DeliverabilityPage {
    let shell = who.shell(Section::Settings, "deliverability-title");
    DeliverabilityPage {
        tabs: links(&shell, Tab::Mail),
        profile_href: target.href(),
        form,
        report: None,
        paste: Form::new(who.visit.language),
        pasted: None,
        shell,
    }
}

/// What was asked, or nothing to look at yet: no domain, and no saved sender to take one from.
async fn subject(
    who: &SignedIn,
    asked: &Asked,
) -> error::Result<Option<Result<Subject, DeliverabilityPage>>> {
    let target = asked.target()?;
    let stored = Stored::read(who, target).await?;
    let settings = stored.settings();
    let typed_nothing = asked.domain.is_empty() && asked.selector.is_empty() && asked.envelope.is_empty();
    if settings.is_none() && typed_nothing {
        return Ok(None);
    }
    let parsed = Subject::parse(&asked.domain, &asked.envelope, &asked.selector, settings);
    Ok(Some(parsed.map_err(|errors| {
        view(who, target, asked.form(who).refused(errors))
    })))
}

async fn show(who: SignedIn, Query(asked): Query<Asked>) -> error::Result {
    let subject = match subject(&who, &asked).await? {
        None => return page(&view(&who, asked.target()?, asked.form(&who))),
        Some(Err(refused)) => return page_with(StatusCode::UNPROCESSABLE_ENTITY, &refused),
        Some(Ok(subject)) => subject,
    };
    let looked = who.visit.app.alert.deliverability().look(&subject, false).await;
    let form = asked.form(&who).with("domain", &subject.domain);
    let mut view = view(&who, asked.target()?, form);
    view.report = Some(Report {
        topics: findings::by_topic(who.visit.language, &looked.findings),
        provider: subject.provider().map(|p| p.name),
        domain: subject.domain,
        at: looked.at,
    });
    page(&view)
}

/// Asks DNS although the answer is known, and shows it.
async fn look_again(who: SignedIn, axum::Form(typed): Typed) -> error::Result {
    let asked = Asked::typed(&typed);
    match subject(&who, &asked).await? {
        None => {}
        Some(Err(refused)) => return page_with(StatusCode::UNPROCESSABLE_ENTITY, &refused),
        Some(Ok(subject)) => {
            who.visit.app.alert.deliverability().look(&subject, true).await;
        }
    }
    let query = [
        ("profile", asked.profile.as_str()),
        ("domain", &asked.domain),
        ("selector", &asked.selector),
        ("envelope", &asked.envelope),
    ];
    Ok(Redirect::to(&href(HERE, &query)).into_response())
}

/// Nothing of what is pasted is kept.
async fn read_headers(who: SignedIn, axum::Form(typed): Typed) -> error::Result {
    let text = value(&typed, "headers");
    let asked = Asked {
        profile: value(&typed, "profile").to_owned(),
        ..Asked::default()
    };
    let mut view = view(&who, asked.target()?, asked.form(&who));
    let pasted = match results::parse("headers", text) {
        Ok(pasted) => pasted,
        Err(e) => {
            // A mistaken megabyte is not sent back.
            let shown = if text.len() > results::LONGEST_PASTE {
                ""
            } else {
                text
            };
            view.paste = view.paste.with("headers", shown).refused(e.into());
            return page_with(StatusCode::UNPROCESSABLE_ENTITY, &view);
        }
    };
    view.paste = view.paste.with("headers", text);
    view.pasted = Some(PastedView {
        topics: findings::by_topic(who.visit.language, &pasted.findings()),
        signatures: pasted
            .signatures
            .iter()
            .map(|s| {
                let query = [
                    ("profile", asked.profile.as_str()),
                    ("domain", &s.domain),
                    ("selector", &s.selector),
                ];
                let at = href(HERE, &query);
                (s.selector.clone(), s.domain.clone(), at)
            })
            .collect(),
    });
    page(&view)
}
