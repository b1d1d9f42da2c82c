//! A test whose steps are seen as they happen.
//!
//! The POST judges the form like every other one and gives a card with a ticket; the GET redeems the ticket, runs the
//! test and tells of it as server-sent events: `steps` (the list anew) after every step, and `done` (the whole card) at
//! the end. Whoever leaves the page ends the test. Where the form is wrong or no ticket is given, the script sends the
//! form as if it were not there, and the page itself says what is wrong.

use std::{convert::Infallible, future, sync::Mutex};

use alert::mail::StepReport;
use askama::Template as _;
use axum::{
    extract::Path,
    response::{
        Html, IntoResponse as _,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures_util::{Stream, StreamExt as _, stream};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::{
    Stored, Target, entry, paste, recipient,
    test_view::{Steps, TestView},
    trial::Trial,
};
use crate::{
    SignedIn, Typed,
    error::{self, Error},
    pages::form::{ticked, value},
    security::csrf,
};

/// `POST /settings/mail/tests`: the form as for a plain test; `do=stored` tests what is in use.
pub(super) async fn start(who: SignedIn, axum::Form(typed): Typed) -> error::Result {
    let target = Target::of_form(&typed)?;
    let stored = Stored::read(&who, target).await?;
    let unusable = || Ok(StatusCode::UNPROCESSABLE_ENTITY.into_response());
    let typed = paste::split(typed);
    let (settings, is_typed) = if value(&typed, "do") == "stored" {
        (stored.settings().cloned(), false)
    } else {
        (entry::settings(&typed, stored.settings()).ok(), true)
    };
    let Some(settings) = settings else {
        return unusable();
    };
    let Ok(to) = recipient(&who, &typed) else {
        return unusable();
    };
    let trial = Trial {
        target,
        profile: stored.id(),
        plan: alert::mail::Step::plan(&settings),
        typed: is_typed.then_some(settings),
        to,
        dry_run: ticked(&typed, "dry_run"),
    };
    let app = &who.visit.app;
    let mut card = TestView::running(who.visit.language, &trial);
    let ticket = app.mail_tests.give(&who.session.csrf, trial, app.now());
    card.ticket = Some(ticket.ok_or_else(|| Error::Unavailable("no randomness for a ticket".to_owned()))?);
    Ok((StatusCode::CREATED, Html(card.render()?)).into_response())
}

/// `GET /settings/mail/tests/{id}`: runs it. It is a GET because event streams are; what makes it ours is the ticket,
/// which only a form of this session could get, and the origin.
pub(super) async fn watch(who: SignedIn, Path(ticket): Path<String>, headers: HeaderMap) -> error::Result {
    let app = &who.visit.app;
    if !csrf::is_same_origin(&headers, &app.public_url) {
        return Err(Error::Forbidden("problem-cross-origin"));
    }
    let Some(trial) = app.mail_tests.redeem(&ticket, &who.session.csrf, app.now()) else {
        return Err(Error::NotFound);
    };
    let mut response = Sse::new(events(who, trial))
        .keep_alive(KeepAlive::default())
        .into_response();
    // Proxies that collect answers would show all steps at the end.
    response.headers_mut().insert(
        HeaderName::from_static("x-accel-buffering"),
        HeaderValue::from_static("no"),
    );
    Ok(response)
}

/// The test runs while somebody reads the stream, and only then.
fn events(who: SignedIn, trial: Trial) -> impl Stream<Item = Result<Event, Infallible>> {
    let (tell, told) = unbounded_channel();
    let work = stream::once(conduct(who, trial, tell)).filter_map(|()| future::ready(None));
    let told = stream::unfold(told, async |mut told| {
        told.recv().await.map(|event| (event, told))
    });
    stream::select(told, work).map(Ok)
}

async fn conduct(who: SignedIn, trial: Trial, tell: UnboundedSender<Event>) {
    let language = who.visit.language;
    let (plan, to, dry_run) = (trial.plan.clone(), trial.to.clone(), trial.dry_run);
    let (is_typed, target) = (trial.typed.is_some(), trial.target);
    let seen: Mutex<Vec<StepReport>> = Mutex::default();
    let observer = |step: &StepReport| {
        let Ok(mut seen) = seen.lock() else {
            return;
        };
        seen.push(step.clone());
        let steps = Steps::so_far(language, &plan, &seen, dry_run);
        if let Ok(html) = steps.render() {
            // Nobody listens any more: the stream, and this with it, is about to be dropped.
            let _ = tell.send(event("steps", &html));
        }
    };
    let html = match trial.run(&who, &observer).await {
        Ok(outcome) => {
            let mut card = TestView::new(language, &outcome.report, &to, is_typed).of(target);
            card.saved = outcome.saved.map(|s| (s.revision, target.after_saving(s.id)));
            card.render()
        }
        Err(failure) => {
            tracing::error!(error = ?failure, "a mail test worked and could not be saved");
            TestView::not_saved(language, &to).render()
        }
    };
    if let Ok(html) = html {
        let _ = tell.send(event("done", &html));
    }
}

/// A carriage return has no place in an event.
fn event(name: &str, html: &str) -> Event {
    Event::default().event(name).data(html.replace('\r', ""))
}
