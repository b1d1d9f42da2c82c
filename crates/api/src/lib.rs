//! REST `/api/v1` for scripts: monitors, results, incidents, policies, silences, maintenance windows, channels, deliveries,
//! who hears of what and when, settings, returned mails.
//!
//! Flow: a bearer token is checked before anything else ([`caller`]); a handler asks for a reader or a writer; bodies
//! are read by the domain, which names every mistake at once; answers are built from domain values ([`wire`]); whatever
//! goes wrong becomes one RFC 9457 problem ([`problem`]). The OpenAPI document is made from the same handlers and types.
//!
//! What this crate does not do: no cookie is read here and no page is made; it decides nothing about monitors, opens no
//! connection (tests and checks go to `alert` and `scheduler`), and adds no middleware that concerns pages as well
//! (request ids, time limits, compression: `server`).

use std::sync::{Arc, Mutex, PoisonError};

use axum::{
    Json, Router,
    extract::DefaultBodyLimit,
    http::{
        HeaderValue, StatusCode,
        header::{CACHE_CONTROL, LOCATION},
    },
    middleware,
    response::IntoResponse,
};
use domain::{field::FieldError, id::TokenId, ration::Ration};
use serde::Serialize;
use store::{Store, StoreError};
use tower_http::set_header::SetResponseHeaderLayer;
use url::Url;
use utoipa_axum::{router::OpenApiRouter, routes};

mod bounces;
mod caller;
mod channels;
mod contacts;
mod deliverability;
mod deliveries;
mod document;
mod health;
mod incidents;
mod mail;
mod mail_profiles;
mod maintenance;
mod messages;
mod monitors;
mod oauth;
mod policies;
pub mod problem;
mod request;
mod results;
mod rotations;
mod silences;
pub mod wire;
mod zones;

use problem::Problem;

/// Bytes of a request body.
const LARGEST_BODY: usize = 256 * 1024;
/// Bytes of a mail that came back.
const LARGEST_MAIL: usize = 1024 * 1024;
/// Items of one page.
const LONGEST_PAGE: u32 = 500;

/// What the API works with.
#[derive(Clone)]
pub struct State {
    pub store: Store,
    pub scheduler: scheduler::Handle,
    pub alert: alert::Alert,
    /// Where people and scripts reach this instance; links are built from it, never from a `Host` header.
    pub public_url: Url,
}

/// The state of the handlers.
#[derive(Clone)]
struct App(Arc<Inner>);

struct Inner {
    state: State,
    tests: Mutex<Ration<TokenId>>,
    /// Path of the API as seen from outside, for `Location`.
    base: String,
}

impl std::ops::Deref for App {
    type Target = State;

    fn deref(&self) -> &State {
        &self.0.state
    }
}

impl App {
    /// Counts one test message of this caller, or refuses it.
    fn take_test(&self, caller: &caller::Caller) -> Result<(), Problem> {
        let mut tests = self.0.tests.lock().unwrap_or_else(PoisonError::into_inner);
        tests
            .take(caller.token, self.store.now())
            .map_err(|wait| Problem::too_many_requests(wait.as_secs().max(1)))
    }

    /// 201 with what was made and where it is.
    fn created<T: Serialize>(&self, path: &str, made: T) -> impl IntoResponse + use<T> {
        let location = format!("{}{path}", self.0.base);
        (StatusCode::CREATED, [(LOCATION, location)], Json(made))
    }
}

/// Everything below `/api/v1`, to be nested there.
pub fn router(state: State) -> Router {
    let base = format!("{}/api/v1", state.public_url.as_str().trim_end_matches('/'));
    let app = App(Arc::new(Inner {
        state,
        tests: Mutex::new(Ration::of_tests()),
        base: base.clone(),
    }));
    let (guarded, mut openapi) = guarded().split_for_parts();
    let (open, its_openapi) = OpenApiRouter::default()
        .routes(routes!(document::read))
        .split_for_parts();
    openapi.merge(its_openapi);
    let document = document::complete(openapi, &base);
    let guarded = guarded
        .fallback(unknown_path)
        .method_not_allowed_fallback(unknown_method)
        .layer(middleware::from_fn_with_state(app.clone(), caller::authenticate))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .with_state(app);
    let open = open
        .method_not_allowed_fallback(unknown_method)
        .with_state(document);
    let no_store = HeaderValue::from_static("no-store");
    open.merge(guarded)
        .layer(SetResponseHeaderLayer::if_not_present(CACHE_CONTROL, no_store))
}

/// Every route that needs a token, with its part of the document.
fn guarded() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(document::frame())
        .routes(routes!(monitors::list, monitors::create))
        .routes(routes!(monitors::get, monitors::change, monitors::delete))
        .routes(routes!(monitors::check))
        .routes(routes!(monitors::pause))
        .routes(routes!(monitors::resume))
        .routes(routes!(monitors::forecast))
        .routes(routes!(results::list))
        .routes(routes!(results::stats))
        .routes(routes!(incidents::list))
        .routes(routes!(incidents::get))
        .routes(routes!(incidents::acknowledge))
        .routes(routes!(incidents::snooze, incidents::wake))
        .routes(routes!(policies::list, policies::create))
        .routes(routes!(policies::get, policies::change, policies::delete))
        .routes(routes!(silences::list, silences::create))
        .routes(routes!(silences::get, silences::change, silences::end))
        .routes(routes!(maintenance::list, maintenance::create))
        .routes(routes!(maintenance::coming))
        .routes(routes!(
            maintenance::get,
            maintenance::change,
            maintenance::delete
        ))
        .routes(routes!(maintenance::end))
        .routes(routes!(maintenance::cancel))
        .routes(routes!(maintenance::restore))
        .routes(routes!(channels::list, channels::create))
        .routes(routes!(channels::get, channels::change, channels::delete))
        .routes(routes!(channels::test))
        .routes(routes!(contacts::list, contacts::create))
        .routes(routes!(contacts::get, contacts::change, contacts::delete))
        .routes(routes!(rotations::list, rotations::create))
        .routes(routes!(rotations::get, rotations::change, rotations::delete))
        .routes(routes!(rotations::take_over))
        .routes(routes!(rotations::give_back))
        .routes(routes!(rotations::list_shifts))
        .routes(routes!(rotations::now))
        .routes(routes!(rotations::everywhere))
        .routes(routes!(deliveries::list))
        .routes(routes!(deliveries::export))
        .routes(routes!(deliveries::get))
        .routes(routes!(deliveries::resend))
        .routes(routes!(mail::get, mail::put))
        .routes(routes!(mail::test))
        .routes(routes!(mail_profiles::list, mail_profiles::create))
        .routes(routes!(
            mail_profiles::get,
            mail_profiles::put,
            mail_profiles::delete
        ))
        .routes(routes!(mail_profiles::test))
        .routes(routes!(mail_profiles::try_now))
        .routes(routes!(mail_profiles::order))
        .routes(routes!(deliverability::get))
        .routes(routes!(deliverability::read_results))
        .routes(routes!(bounces::report))
        .routes(routes!(messages::get, messages::put))
        .routes(routes!(health::get_operations, health::put_operations))
        .routes(routes!(health::get_dead_man, health::put_dead_man))
        .routes(routes!(zones::get, zones::put))
        .routes(routes!(oauth::get, oauth::begin, oauth::answer, oauth::forget))
}

async fn unknown_path() -> Problem {
    Problem::not_found("There is nothing at this path. GET /api/v1/openapi.json lists what there is.")
}

async fn unknown_method(method: axum::http::Method) -> Problem {
    Problem::method_not_allowed(format!(
        "{method} is not possible here. The header \"Allow\" names what is."
    ))
}

/// What a caller is told when the database says no. The chain goes to the log, here and once.
fn failure(e: StoreError) -> Problem {
    if e.is_busy() {
        tracing::warn!(error = %e, "database busy, API request refused");
        return Problem::busy();
    }
    if matches!(e, StoreError::Cursor) {
        let message = "This is not a cursor. Use the value of \"next\".";
        return FieldError::new("cursor", "cursor-invalid", message).into();
    }
    if let StoreError::NobodyLeft(_) = e {
        return Problem::conflict(sentence(&e.to_string()));
    }
    tracing::error!(error = %e, "API request failed");
    Problem::internal()
}

fn sentence(words: &str) -> String {
    let mut rest = words.chars();
    let first = rest
        .next()
        .map(|c| c.to_uppercase().to_string())
        .unwrap_or_default();
    format!("{first}{}.", rest.as_str())
}
