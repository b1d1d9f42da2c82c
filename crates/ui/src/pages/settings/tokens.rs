//! Settings > API tokens: what scripts sign in with.

use std::time::Duration;

use askama::Template;
use axum::{
    Router,
    extract::Path,
    routing::{get, post},
};
use domain::{
    field::{FieldError, FieldErrors},
    id::TokenId,
    text::parse_line,
};
use http::StatusCode;
use secrecy::{ExposeSecret as _, SecretString};
use store::accounts::{Scope, Token};

use super::tabs::{Link, Tab, links};
use crate::{
    App, Flash, Section, Shell, SignedIn, Typed,
    components::Form,
    error,
    pages::form::value,
    shell::{page, page_with},
};

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/settings/tokens", get(show).post(create))
        .route("/settings/tokens/{id}/revoke", post(revoke))
}

const HERE: &str = "/settings/tokens";
const LONGEST_NAME: usize = 120;

#[derive(Template)]
#[template(path = "pages/settings/tokens.html")]
pub(crate) struct TokensPage {
    shell: Shell,
    tabs: Vec<Link>,
    form: Form,
    tokens: Vec<TokenRow>,
    /// Just made: name and text. It is shown this once and not kept.
    fresh: Option<(String, String)>,
}

struct TokenRow {
    token: Token,
    scope: String,
    expired: bool,
}

async fn show(who: SignedIn) -> error::Result {
    page(&view(&who, blank(&who)).await?)
}

fn blank(who: &SignedIn) -> Form {
    Form::new(who.visit.language)
        .with("scope", Scope::Read.as_str())
        .with("expires", "90")
}

async fn view(who: &SignedIn, form: Form) -> error::Result<TokensPage> {
    let tokens = who.store().accounts().tokens().await?;
    Ok(assemble(
        who.shell(Section::Settings, "settings-tokens"),
        form,
        tokens,
    ))
}

fn assemble(shell: Shell, form: Form, tokens: Vec<Token>) -> TokensPage {
    let row = |token: Token| TokenRow {
        scope: shell.t(scope_key(token.scope)).to_string(),
        expired: token.expires_at.is_some_and(|at| at <= shell.now),
        token,
    };
    TokensPage {
        tabs: links(&shell, Tab::Tokens),
        tokens: tokens.into_iter().map(row).collect(),
        form,
        fresh: None,
        shell,
    }
}

const fn scope_key(scope: Scope) -> &'static str {
    match scope {
        Scope::Read => "token-scope-read",
        Scope::Write => "token-scope-write",
        Scope::Push => "token-scope-push",
    }
}

/// Answers with the page itself, not with a redirect: the token is in no address, cookie or log, only in this answer.
async fn create(who: SignedIn, axum::Form(typed): Typed) -> error::Result {
    let mut errors = FieldErrors::default();
    let name = errors.take(parse_line("name", value(&typed, "name"), LONGEST_NAME));
    let scope = errors.take(Scope::parse(value(&typed, "scope")).ok_or_else(|| not_in_the_list("scope")));
    let lifetime = errors.take(lifetime("expires", value(&typed, "expires")));
    let (Some(name), Some(scope), Some(lifetime)) = (name, scope, lifetime) else {
        let form = Form::typed(who.visit.language, &typed, &[]).refused(errors);
        return page_with(StatusCode::UNPROCESSABLE_ENTITY, &view(&who, form).await?);
    };
    let expires = lifetime.map(|d| who.visit.app.now().plus(d));
    let user = who.session.user.id;
    let token: SecretString = who
        .store()
        .accounts()
        .create_token(user, &name, scope, expires)
        .await?;
    tracing::info!(user.id = %user, token.scope = scope.as_str(), "API token created");
    let mut view = view(&who, blank(&who)).await?;
    view.fresh = Some((name, token.expose_secret().to_owned()));
    page(&view)
}

fn not_in_the_list(field: &str) -> FieldError {
    FieldError::new(field, "choice-unknown", "Choose one of the list.")
}

/// `None` = it does not end by itself.
fn lifetime(field: &str, days: &str) -> Result<Option<Duration>, FieldError> {
    match (days, days.parse()) {
        ("never", _) => Ok(None),
        (_, Ok(days @ (7 | 30 | 90 | 365))) => Ok(Some(Duration::from_hours(24 * days))),
        _ => Err(not_in_the_list(field)),
    }
}

async fn revoke(who: SignedIn, Path(id): Path<i64>) -> error::Result {
    if !who.store().accounts().revoke_token(TokenId(id)).await? {
        return Err(error::Error::NotFound);
    }
    tracing::info!(token.id = id, user.id = %who.session.user.id, "API token revoked");
    Ok(Flash::good("flash-token-revoked").redirect(&who.visit, HERE))
}

#[cfg(test)]
pub(crate) fn samples(language: crate::locale::Language) -> Vec<TokensPage> {
    use crate::pages::samples::{NOW, shell};
    let shell = || shell(language, Section::Settings, "settings-tokens");
    let token = |id, name: &str, scope, expires_at| Token {
        id: TokenId(id),
        user: store::accounts::User {
            id: domain::id::UserId(1),
            email: "me@example.org".to_owned(),
            created_at: NOW,
        },
        name: name.to_owned(),
        scope,
        created_at: NOW.minus(Duration::from_hours(2000)),
        expires_at,
        last_used_at: Some(NOW.minus(Duration::from_mins(3))),
    };
    let tokens = vec![
        token(1, "Grafana", Scope::Read, None),
        token(
            2,
            "Terraform",
            Scope::Write,
            Some(NOW.plus(Duration::from_hours(700))),
        ),
        token(3, "Nightly backup", Scope::Push, Some(NOW)),
    ];
    let form = Form::new(language).with("scope", "read").with("expires", "90");
    let empty = assemble(shell(), form.clone(), Vec::new());
    let mut full = assemble(shell(), form, tokens);
    full.fresh = Some(("Terraform".to_owned(), "wb_2_sample".to_owned()));
    vec![empty, full]
}
