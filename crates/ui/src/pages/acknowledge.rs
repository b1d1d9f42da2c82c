//! Acknowledging an incident, or having it quiet for a while, by the link in a message about it.
//!
//! Nobody signs in here: the signature in the address says of which incident its holder was told, and opens nothing else.
//! Looking changes nothing; the buttons do, and the page says what is true then, whoever was first.

use std::{collections::HashMap, time::Duration};

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

/// The value of a button, and how long it is.
const SNOOZES: [(&str, Duration); 3] = [
    ("30m", Duration::from_mins(30)),
    ("1h", Duration::from_hours(1)),
    ("4h", Duration::from_hours(4)),
];
const SILENCES: [(&str, Duration); 3] = [
    ("1h", Duration::from_hours(1)),
    ("4h", Duration::from_hours(4)),
    ("24h", Duration::from_hours(24)),
];

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/ack/{token}", get(show).post(act))
        .layer(DefaultBodyLimit::max(LONGEST_BODY))
        .layer(Extension(Turnstile::default()))
}

/// Values of buttons with their words.
type Choices = Vec<(&'static str, String)>;

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
    /// Nobody is told anything more before then.
    quiet_until: Option<Timestamp>,
    /// It can be snoozed, and its monitor silenced: for so long each, the value of a button and its words.
    snoozes: Choices,
    silences: Choices,
    /// In whose name the holder of the link does it.
    by: String,
}

impl AcknowledgePage {
    /// What each does, the key of its title, and for how long.
    fn ways_to_have_it_quiet(&self) -> [(&'static str, &'static str, &Choices); 2] {
        [
            ("snooze", "acknowledge-snooze", &self.snoozes),
            ("silence", "acknowledge-silence", &self.silences),
        ]
    }
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

async fn act(
    visit: Visit,
    Path(token): Path<String>,
    Extension(turnstile): Extension<Turnstile>,
    body: Bytes,
) -> error::Result<Response> {
    turnstile.pass(&visit)?;
    let links = visit.app.store.acknowledgements();
    let errand = links.find(&token).await?.ok_or(Error::NotFound)?;
    let typed: HashMap<_, _> = url::form_urlencoded::parse(&body).collect();
    let word = |name: &str| typed.get(name).map(AsRef::as_ref).unwrap_or_default();
    let what = word("do");
    let span = |of: &[(&str, Duration)]| {
        let chosen = of.iter().find(|(value, _)| *value == word("for"));
        chosen.map(|(_, span)| *span).ok_or_else(not_meant)
    };
    // What is over meanwhile says so by itself.
    let done = match what {
        "acknowledge" => links.acknowledge(&token).await?.map(|e| e.incident.is_open()),
        "snooze" => {
            let until = visit.app.now().plus(span(&SNOOZES)?);
            links.snooze(&token, until).await?
        }
        "silence" => links.silence(&token, span(&SILENCES)?).await?,
        _ => return Err(not_meant()),
    };
    let done = done.ok_or(Error::NotFound)?;
    tracing::info!(
        incident.id = errand.incident.id.0,
        request.id = visit.request_id,
        by = errand.by,
        what,
        done,
        "the link of a message was used"
    );
    Ok(Redirect::to(&format!("{ACKNOWLEDGE}{token}")).into_response())
}

fn not_meant() -> Error {
    Error::Refused(StatusCode::BAD_REQUEST)
}

/// What a link shows is what a stranger may see who got hold of it.
fn view(visit: &Visit, token: &str, errand: Errand) -> AcknowledgePage {
    let incident = errand.incident;
    let shell = visit.shell(Section::None, visit.language.text("acknowledge-title"));
    let of_monitor = incident.origin.monitor().is_some();
    AcknowledgePage {
        quiet_until: errand.quiet_until,
        snoozes: choices(&shell, &SNOOZES, of_monitor),
        silences: choices(&shell, &SILENCES, of_monitor),
        shell,
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

/// None for what is our own: that is neither escalated nor silenced.
fn choices(shell: &Shell, spans: &[(&'static str, Duration)], of_monitor: bool) -> Choices {
    let spans = spans.iter().filter(|_| of_monitor);
    spans.map(|(value, span)| (*value, shell.span(span))).collect()
}

#[cfg(test)]
pub(crate) fn samples(language: crate::locale::Language) -> Vec<AcknowledgePage> {
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
    let shell = || stranger(language, "acknowledge-title");
    let sample = |state: State| AcknowledgePage {
        quiet_until: None,
        snoozes: choices(&shell(), &SNOOZES, true),
        silences: choices(&shell(), &SILENCES, true),
        shell: shell(),
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
        AcknowledgePage {
            quiet_until: Some(NOW.plus(Duration::from_hours(1))),
            ..sample(State::Open)
        },
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
            snoozes: Vec::new(),
            silences: Vec::new(),
            ..of(&own, state)
        });
    }
    all
}
