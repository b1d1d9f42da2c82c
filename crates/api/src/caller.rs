//! Who calls. A bearer token and nothing else: a cookie that a browser sends along opens no door here.
//!
//! Default-deny twice: [`authenticate`] lies over the whole router, unknown paths included, and every handler takes a
//! [`Reader`], a [`Writer`] or a [`Pusher`], without which it cannot know its caller.

use axum::{
    extract::{FromRequestParts, Request, State},
    middleware::Next,
    response::Response,
};
use domain::id::TokenId;
use http::{HeaderMap, header::AUTHORIZATION, request::Parts};
use store::accounts::Scope;

use crate::{App, failure, problem::Problem};

#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) token: TokenId,
    scope: Scope,
    /// The token and whose it is, as an acknowledgement and the log say it.
    pub(crate) name: String,
    /// Of the person whose token it is.
    pub(crate) email: String,
}

/// Lets nothing through without a valid token.
pub(crate) async fn authenticate(
    State(app): State<App>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let presented = bearer(request.headers())?;
    let token = app.store.accounts().token(presented).await.map_err(failure)?;
    let Some(token) = token else {
        return Err(Problem::unauthorized(
            "This token is unknown, expired or revoked. Create a new one in the settings or with \"watchbell token create\".",
            Some("invalid_token"),
        ));
    };
    request.extensions_mut().insert(Caller {
        token: token.id,
        scope: token.scope,
        name: format!("{} ({})", token.name, token.user.email),
        email: token.user.email,
    });
    Ok(next.run(request).await)
}

fn bearer(headers: &HeaderMap) -> Result<&str, Problem> {
    let missing = || {
        Problem::unauthorized(
            "Send a token with the header \"Authorization: Bearer wb_…\".",
            None,
        )
    };
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(missing());
    };
    let (scheme, token) = value
        .to_str()
        .ok()
        .and_then(|v| v.split_once(' '))
        .ok_or_else(missing)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(missing());
    }
    Ok(token.trim())
}

/// A caller who may read.
pub(crate) struct Reader;

/// A caller who may change things (and read).
pub(crate) struct Writer(pub(crate) Caller);

impl<S: Send + Sync> FromRequestParts<S> for Reader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match caller(parts)?.scope {
            Scope::Read | Scope::Write => Ok(Self),
            Scope::Push => Err(Problem::forbidden(
                "This token may only push results. Use one with the scope \"read\" or \"write\".",
            )),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Writer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let caller = caller(parts)?;
        match caller.scope {
            Scope::Write => Ok(Self(caller)),
            Scope::Read | Scope::Push => Err(Problem::forbidden(
                "This token may not change anything. Use one with the scope \"write\".",
            )),
        }
    }
}

/// A caller who may bring results in, which is less than changing things.
pub(crate) struct Pusher(pub(crate) Caller);

impl<S: Send + Sync> FromRequestParts<S> for Pusher {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let caller = caller(parts)?;
        match caller.scope {
            Scope::Push | Scope::Write => Ok(Self(caller)),
            Scope::Read => Err(Problem::forbidden(
                "This token may only read. Use one with the scope \"push\" or \"write\".",
            )),
        }
    }
}

fn caller(parts: &Parts) -> Result<Caller, Problem> {
    parts
        .extensions
        .get::<Caller>()
        .cloned()
        .ok_or_else(|| Problem::unauthorized("This needs a token.", None))
}
