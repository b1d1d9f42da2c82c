//! The gate: everything is closed to strangers except a short list, and every POST proves that it is ours.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse as _, Redirect, Response},
};
use axum_extra::extract::CookieJar;
use http::{HeaderValue, Method, StatusCode, header};
use secrecy::{ExposeSecret as _, SecretString};

use crate::{
    App,
    error::Error,
    flash::Flash,
    random,
    security::{
        client_ip::client_ip,
        cookies::{self, Name},
        csrf,
        request_id::RequestId,
        signed::is_signed,
    },
    visit::{Visit, language_of},
};

/// Bodies are forms; nothing we take is larger.
const LONGEST_BODY: usize = 256 * 1024;

/// What a stranger may ask for. A page that is not named here needs a session, whoever adds it.
fn is_public(path: &str) -> bool {
    matches!(path, "/login" | "/setup" | "/language" | "/favicon.ico") || path.starts_with("/static/")
}

pub(crate) async fn pass(State(app): State<App>, request: Request, next: Next) -> Response {
    match admit(app, request, next).await {
        Ok(response) => response,
        Err(e) => e.into_response(),
    }
}

async fn admit(app: App, request: Request, next: Next) -> Result<Response, Error> {
    let https = app.is_https();
    if request.uri().path().starts_with("/static/") {
        return Ok(next.run(request).await);
    }
    // Mail providers, and who was woken up, have neither a session nor a form token: the signature in the address is the
    // proof. Cookies are not even looked at, so that nobody's session can be meant.
    if is_signed(request.uri().path()) {
        return Ok(next.run(with_stranger(app, request)).await);
    }
    let jar = CookieJar::from_headers(request.headers());
    let cookie = jar
        .get(Name::Session.as_str(https))
        .map(|c| Arc::new(SecretString::from(c.value())));
    let session = match &cookie {
        Some(cookie) => app.store.accounts().session(cookie.expose_secret()).await?,
        None => None,
    };
    let path = request.uri().path().to_owned();
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    if session.is_none() && !is_public(&path) {
        return Ok(to_login(&request, is_read));
    }

    let known_visitor = jar.get(Name::Visitor.as_str(https)).map(|c| c.value().to_owned());
    let is_new_visitor = session.is_none() && known_visitor.is_none();
    let token = match (&session, known_visitor) {
        (Some(session), _) => session.csrf.clone(),
        (None, Some(token)) => token,
        (None, None) => random::token(),
    };

    let request = if is_read {
        request
    } else {
        authentic(&app, request, &token).await?
    };

    let flash = jar.get(Name::Flash.as_str(https));
    let visit = Visit {
        language: language_of(request.headers()),
        client: client_ip(request.extensions(), request.headers(), &app.trusted_proxies),
        request_id: request
            .extensions()
            .get::<RequestId>()
            .map(|i| i.0.clone())
            .unwrap_or_default(),
        here: request
            .uri()
            .path_and_query()
            .map_or_else(|| path.clone(), ToString::to_string),
        flash: flash.and_then(|c| Flash::decode(c.value())),
        cookie: session.is_some().then_some(cookie).flatten(),
        session: session.map(Arc::new),
        csrf: token.clone(),
        app,
    };
    let had_flash = flash.is_some();
    let mut request = request;
    request.extensions_mut().insert(visit);
    let mut response = next.run(request).await;
    let is_page = response.status() == StatusCode::OK;

    let mut set = |cookie: Option<HeaderValue>| {
        if let Some(cookie) = cookie {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    };
    if is_new_visitor {
        set(cookies::set(Name::Visitor, &token, https, None));
    }
    // The page that was rendered has shown it; a redirect carries it on.
    if had_flash && is_read && is_page {
        set(cookies::remove(Name::Flash, https));
    }
    Ok(response)
}

/// A visit without a session, whoever it is.
fn with_stranger(app: App, mut request: Request) -> Request {
    let visit = Visit {
        language: language_of(request.headers()),
        client: client_ip(request.extensions(), request.headers(), &app.trusted_proxies),
        request_id: request
            .extensions()
            .get::<RequestId>()
            .map(|i| i.0.clone())
            .unwrap_or_default(),
        here: request.uri().path().to_owned(),
        flash: None,
        cookie: None,
        session: None,
        csrf: String::new(),
        app,
    };
    request.extensions_mut().insert(visit);
    request
}

/// A stranger is sent to the login and comes back to where they wanted to go.
fn to_login(request: &Request, is_read: bool) -> Response {
    let wanted = request.uri().path_and_query().map_or("/", |p| p.as_str());
    if !is_read || wanted == "/" {
        return Redirect::to("/login").into_response();
    }
    let next: String = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("next", wanted)
        .finish();
    Redirect::to(&format!("/login?{next}")).into_response()
}

/// Checks origin and token; gives the request back with its body unread.
async fn authentic(app: &crate::State, request: Request, token: &str) -> Result<Request, Error> {
    if !csrf::is_same_origin(request.headers(), &app.public_url) {
        return Err(Error::Forbidden("problem-cross-origin"));
    }
    let (parts, body) = request.into_parts();
    let Ok(bytes) = axum::body::to_bytes(body, LONGEST_BODY).await else {
        return Err(Error::Refused(StatusCode::PAYLOAD_TOO_LARGE));
    };
    let is_form = parts
        .headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|t| t.as_bytes().starts_with(b"application/x-www-form-urlencoded"));
    if !is_form || !csrf::carries_token(&bytes, token) {
        return Err(Error::Forbidden("problem-form-expired"));
    }
    Ok(Request::from_parts(parts, Body::from(bytes)))
}
