//! The console: server-rendered pages that work without a script.
//!
//! Flow: [`router`] wraps every route in the same layers, outermost first: request id, headers, error pages, and the
//! gate, which finds the session and the language, closes everything but a short list to strangers, and lets no POST
//! pass without the form token of this session and an origin of our own.
//!
//! # How a page is made
//!
//! A page is three things with one name. For `/things`:
//!
//! 1. `src/pages/things.rs` (or `things/*.rs`): a view struct, ready to print, with a field `shell: Shell`; handlers that
//!    take [`SignedIn`] (the session) and give `error::Result`; and `pub(crate) fn routes() -> Router<App>`, which
//!    [`pages::routes`] merges. Always write `.route("/things", get(list).post(create))` in one literal: the tests read
//!    the routes from the source.
//! 2. `web/templates/pages/things.html`: `{% extends "layouts/app.html" %}{% block content %}…{% endblock %}`. Texts are
//!    `{{ shell.t("things-title") }}` (with values: `.arg("name", x)`, plural: `.count("n", n)`), times
//!    `{{ shell.time(at) }}` and `{{ shell.ago(at) }}`, states `{{ shell.status(status) }}`. Every POST form prints
//!    `{{ shell.csrf_field() }}` first. No `|safe`, no `on…=`, no `style=`, no inline script.
//! 3. Its texts in `web/locales/en/*.ftl` and `web/locales/zh-CN/*.ftl`; a test holds both complete and without leftovers.
//!
//! A handler for a form takes `Typed` (what was typed, in order), builds the JSON that the domain parses, and answers
//! [`Flash::good`]`("flash-…").redirect(…)` or the page again as 422 with a [`components::Form`] that carries the errors.
//! Secrets are named to [`components::Form::typed`], which leaves them out. Give each view a `samples()` under
//! `#[cfg(test)]` and add it to `pages::samples`: one test renders them all.
//!
//! What this crate does not do: it decides nothing (that is `domain`), checks nothing and sends nothing (it asks
//! `scheduler` and `alert`), and it opens no port (`server` does, and passes `ConnectInfo` with the peer's address).

pub mod components;
pub mod error;
pub mod flash;
pub mod locale;
pub mod shell;
pub mod visit;

mod assets;
mod pages;
mod random;
mod security;
mod state;

pub use flash::Flash;
pub use shell::{Section, Shell};
pub use state::State;
pub use visit::{SignedIn, Visit};

use std::sync::Arc;

use axum::{Router, middleware, routing::get};
use tower_http::catch_panic::CatchPanicLayer;

/// What handlers share.
pub(crate) type App = Arc<Shared>;

/// The state, and what the pages themselves remember. Reads like a [`State`].
pub(crate) struct Shared {
    state: State,
    pub(crate) tests: security::pace::Pace,
    /// Mail tests that a form started and no page watches yet.
    pub(crate) mail_tests: security::tickets::Tickets<pages::MailTrial>,
}

impl std::ops::Deref for Shared {
    type Target = State;

    fn deref(&self) -> &State {
        &self.state
    }
}

/// What a form carried: names and values in the order of the page.
pub(crate) type Typed = axum::Form<Vec<(String, String)>>;

/// Every page, every form, every static file, and the answer to everything else.
pub fn router(state: State) -> Router {
    let app: App = Arc::new(Shared {
        state,
        tests: security::pace::Pace::default(),
        mail_tests: security::tickets::Tickets::default(),
    });
    Router::new()
        .merge(pages::routes())
        .route("/static/{hash}/{*name}", get(assets::file))
        .route("/favicon.ico", get(assets::favicon))
        .fallback(|| async { error::Error::NotFound })
        .layer(middleware::from_fn_with_state(
            Arc::clone(&app),
            security::gate::pass,
        ))
        .layer(CatchPanicLayer::new())
        .layer(middleware::from_fn(error::render))
        .layer(middleware::from_fn_with_state(
            Arc::clone(&app),
            security::headers::add,
        ))
        .layer(middleware::from_fn(security::request_id::assign))
        .with_state(app)
}
