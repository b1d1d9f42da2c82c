//! Acknowledging an incident, by the link in a message about it.
//!
//! Nobody signs in here: the signature in the address says of which incident its holder was told, and opens nothing else.
//! Looking changes nothing; the button does, once, and the page says what is true then, whoever was first.

use askama::Template;
use axum::{
    Extension, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path},
    response::{IntoResponse as _, Redirect, Response},
    routing::get,
};
use domain::{clock::Timestamp, incident::Progress};
use http::StatusCode;
use store::Errand;

use crate::{
    App, Section, Shell, Visit,
    error::{self, Error},
    pages::incidents::kind::{self, Words},
    security::{
        headers::Policy,
        signed::{ACKNOWLEDGE, LONGEST_BODY, Turnstile},
    },
    shell::page,
};

/// No script runs on a page that strangers may reach.
const POLICY: Policy = Policy(
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
);

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/ack/{token}", get(show).post(acknowledge))
        .layer(DefaultBodyLimit::max(LONGEST_BODY))
        .layer(Extension(Turnstile::default()))
}

#[derive(Template)]
#[template(path = "pages/acknowledge.html")]
pub(crate) struct AcknowledgePage {
    shell: Shell,
    action: String,
    monitor: String,
    words: &'static Words,
    since: Timestamp,
    reason: String,
    state: State,
    /// In whose name the holder of the link does it.
    by: String,
}

enum State {
    Open,
    Acknowledged {
        at: Timestamp,
        by: String,
    },
    Resolved {
        at: Timestamp,
        acknowledged: Option<(Timestamp, String)>,
    },
    /// The monitor was deleted, which ended the incident.
    Gone,
}

async fn show(
    visit: Visit,
    Path(token): Path<String>,
    Extension(turnstile): Extension<Turnstile>,
) -> error::Result {
    turnstile.pass(&visit)?;
    let errand = visit.app.store.acknowledgements().find(&token).await?;
    let mut response = page(&view(&visit, &token, errand.ok_or(Error::NotFound)?))?;
    response.extensions_mut().insert(POLICY);
    Ok(response)
}

async fn acknowledge(
    visit: Visit,
    Path(token): Path<String>,
    Extension(turnstile): Extension<Turnstile>,
    body: Bytes,
) -> error::Result<Response> {
    turnstile.pass(&visit)?;
    let links = visit.app.store.acknowledgements();
    if links.find(&token).await?.is_none() {
        return Err(Error::NotFound);
    }
    let meant =
        url::form_urlencoded::parse(&body).any(|(name, value)| name == "do" && value == "acknowledge");
    if !meant {
        return Err(Error::Refused(StatusCode::BAD_REQUEST));
    }
    let errand = links.acknowledge(&token).await?.ok_or(Error::NotFound)?;
    tracing::info!(
        incident.id = errand.incident.id.0,
        request.id = visit.request_id,
        by = errand.by,
        open = errand.incident.is_open(),
        "an incident was acknowledged by the link of a message"
    );
    Ok(Redirect::to(&format!("{ACKNOWLEDGE}{token}")).into_response())
}

/// What a link shows is what a stranger may see who got hold of it.
fn view(visit: &Visit, token: &str, errand: Errand) -> AcknowledgePage {
    let incident = errand.incident;
    AcknowledgePage {
        shell: visit.shell(Section::None, visit.language.text("acknowledge-title")),
        action: format!("{ACKNOWLEDGE}{token}"),
        monitor: errand.monitor_name,
        words: kind::words(&incident),
        since: incident.since,
        reason: incident.reason.detail,
        state: match incident.progress {
            _ if !errand.monitor_exists => State::Gone,
            Progress::Open => State::Open,
            Progress::Acknowledged { at, by } => State::Acknowledged { at, by },
            Progress::Resolved { at, acknowledged } => State::Resolved { at, acknowledged },
        },
        by: errand.by,
    }
}

#[cfg(test)]
pub(crate) fn samples(language: crate::locale::Language) -> Vec<AcknowledgePage> {
    use std::time::Duration;

    use domain::{
        id::ChannelId,
        incident::{Incident, IncidentKind, Origin},
    };

    use crate::pages::{
        incidents::{sample_incident, sample_of},
        samples::{NOW, stranger},
    };

    let since = NOW.minus(Duration::from_mins(17));
    let ana = || (NOW.minus(Duration::from_mins(9)), "ana@example.org".to_owned());
    let sample = |state: State| AcknowledgePage {
        shell: stranger(language, "acknowledge-title"),
        action: "/ack/7.1.sample".to_owned(),
        monitor: "Shop <front>".to_owned(),
        words: kind::words(&sample_incident(42, true)),
        since,
        reason: "The server answered 503 Service Unavailable, expected 200-299.".to_owned(),
        state,
        by: "me@example.org (by mail)".to_owned(),
    };
    let over = || State::Resolved {
        at: NOW.minus(Duration::from_mins(2)),
        acknowledged: None,
    };
    let of = |incident: &Incident, state: State| AcknowledgePage {
        words: kind::words(incident),
        reason: incident.reason.detail.clone(),
        ..sample(state)
    };
    let (at, by) = ana();
    let mut all = vec![
        sample(State::Open),
        sample(State::Acknowledged { at, by }),
        sample(State::Resolved {
            at: NOW.minus(Duration::from_mins(2)),
            acknowledged: Some(ana()),
        }),
        sample(over()),
        sample(State::Gone),
    ];
    for kind in [
        IncidentKind::Degraded,
        IncidentKind::Certificate,
        IncidentKind::NoData,
    ] {
        let incident = sample_of(42, kind, true);
        all.extend([of(&incident, State::Open), of(&incident, over())]);
    }
    let own = Incident {
        origin: Origin::Channel(ChannelId(3)),
        ..sample_incident(42, true)
    };
    for state in [State::Open, over()] {
        all.push(AcknowledgePage {
            monitor: "Watchbell: Ops chat".to_owned(),
            ..of(&own, state)
        });
    }
    all
}
