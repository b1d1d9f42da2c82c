//! What can go wrong in a handler, and the page that says so.
//!
//! A handler returns [`Error`]; [`render`] turns that, and every bare refusal of the framework, into a page with the
//! request id. The chain of causes goes to the log, once, and never to the visitor.

use askama::Template;
use axum::{
    extract::Request,
    middleware::Next,
    response::{Html, IntoResponse, Response},
};
use http::{StatusCode, header};

use crate::{
    locale::Language,
    security::{request_id::RequestId, signed::unsigned},
    visit,
};

/// Result of a handler.
pub type Result<T = Response, E = Error> = std::result::Result<T, E>;

#[derive(Debug)]
pub enum Error {
    /// There is no such thing (any more).
    NotFound,
    /// The visitor may not; the key of the text that says why and what to do.
    Forbidden(&'static str),
    /// Refused for what the request is, in the protocol's own word.
    Refused(StatusCode),
    /// The database is busy or away; trying again may help.
    Unavailable(String),
    /// A fault of ours.
    Internal(String),
}

impl From<store::StoreError> for Error {
    fn from(e: store::StoreError) -> Self {
        let chain = chain(&e);
        if e.is_busy() {
            Self::Unavailable(chain)
        } else {
            Self::Internal(chain)
        }
    }
}

impl From<askama::Error> for Error {
    fn from(e: askama::Error) -> Self {
        Self::Internal(format!("a template failed: {e}"))
    }
}

fn chain(e: &dyn std::error::Error) -> String {
    let mut text = e.to_string();
    let mut source = e.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

/// The text key that goes with a refusal.
#[derive(Clone, Copy)]
struct Why(&'static str);

/// What the log is told about a failure.
#[derive(Clone)]
struct Cause(String);

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND.into_response(),
            Self::Forbidden(why) => {
                let mut response = StatusCode::FORBIDDEN.into_response();
                response.extensions_mut().insert(Why(why));
                response
            }
            Self::Refused(status) => status.into_response(),
            Self::Unavailable(cause) => with_cause(StatusCode::SERVICE_UNAVAILABLE, cause),
            Self::Internal(cause) => with_cause(StatusCode::INTERNAL_SERVER_ERROR, cause),
        }
    }
}

fn with_cause(status: StatusCode, cause: String) -> Response {
    let mut response = status.into_response();
    response.extensions_mut().insert(Cause(cause));
    response
}

#[derive(Template)]
#[template(path = "pages/error.html")]
pub(crate) struct ErrorPage {
    pub(crate) language: Language,
    pub(crate) status: u16,
    pub(crate) title_key: &'static str,
    pub(crate) body_key: &'static str,
    pub(crate) request_id: String,
}

impl ErrorPage {
    pub(crate) fn t(&self, key: &str) -> crate::locale::Text {
        self.language.text(key)
    }
}

/// Middleware: every refusal that is not a page yet becomes one.
pub(crate) async fn render(request: Request, next: Next) -> Response {
    let language = visit::language_of(request.headers());
    let id = request
        .extensions()
        .get::<RequestId>()
        .map(|i| i.0.clone())
        .unwrap_or_default();
    let path = unsigned(request.uri().path()).to_owned();
    let response = next.run(request).await;
    let status = response.status();
    if let Some(Cause(cause)) = response.extensions().get::<Cause>() {
        tracing::error!(request.id = %id, url.path = %path, http.status = status.as_u16(), error = %cause, "a page failed");
    }
    let is_page = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|t| t.as_bytes().starts_with(b"text/html"));
    if is_page || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let why = response.extensions().get::<Why>().map(|w| w.0);
    let (title_key, body_key) = words(status, why);
    let page = ErrorPage {
        language,
        status: status.as_u16(),
        title_key,
        body_key,
        request_id: id,
    };
    match page.render() {
        Ok(html) => {
            let mut rendered = (status, Html(html)).into_response();
            // Keeps what the refusal said beside its body: Allow, Retry-After, Set-Cookie.
            for (name, value) in response.headers() {
                if name != header::CONTENT_TYPE && name != header::CONTENT_LENGTH {
                    rendered.headers_mut().append(name, value.clone());
                }
            }
            rendered
        }
        Err(_) => response,
    }
}

fn words(status: StatusCode, why: Option<&'static str>) -> (&'static str, &'static str) {
    match status {
        StatusCode::FORBIDDEN => ("problem-forbidden-title", why.unwrap_or("problem-forbidden")),
        StatusCode::NOT_FOUND => ("problem-not-found-title", "problem-not-found"),
        StatusCode::METHOD_NOT_ALLOWED => ("problem-method-title", "problem-method"),
        StatusCode::PAYLOAD_TOO_LARGE => ("problem-too-large-title", "problem-too-large"),
        StatusCode::SERVICE_UNAVAILABLE => ("problem-unavailable-title", "problem-unavailable"),
        StatusCode::TOO_MANY_REQUESTS => ("problem-busy-title", "problem-busy"),
        s if s.is_server_error() => ("problem-internal-title", "problem-internal"),
        _ => ("problem-request-title", "problem-request"),
    }
}
