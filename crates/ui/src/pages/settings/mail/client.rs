//! The fields of a login with OAuth 2.0: the client that was registered at the provider.

use domain::mail::oauth::{OAuthClient, Provider, Way};
use serde_json::{Value, json};

use crate::{
    components::Form,
    pages::form::{ticked, value},
};

/// Never part of a form: it goes one way only.
pub(super) const SECRET: &str = "oauth.client_secret";

/// The form as it stands for what is stored, or for nothing yet.
pub(super) fn fill(form: Form, client: Option<&OAuthClient>) -> Form {
    let Some(client) = client else {
        return form.with("oauth.provider", Provider::Google);
    };
    let form = form
        .with("oauth.provider", client.provider)
        .with("oauth.client_id", &client.client_id)
        .with("oauth.tenant", client.tenant.as_deref().unwrap_or_default());
    if client.provider != Provider::Custom {
        return form;
    }
    let (way, url) = match &client.way {
        Way::DeviceCode(url) => ("oauth.device_url", url),
        Way::AuthorizationCode(url) => ("oauth.authorize_url", url),
    };
    form.with("oauth.token_url", &client.token_url)
        .with(way, url)
        .with("oauth.scope", &client.scope)
}

/// The member `oauth` of the body that the API takes. What the chosen provider does not need is not shown beside it, and
/// does not count.
pub(super) fn body(typed: &[(String, String)]) -> Value {
    let provider = value(typed, "oauth.provider");
    let needed_by = |who: Provider, name: &str| {
        let text = value(typed, name).trim();
        (provider == who.as_str() && !text.is_empty()).then_some(text)
    };
    json!({
        "provider": provider,
        "client_id": value(typed, "oauth.client_id"),
        "client_secret": value(typed, SECRET),
        "clear_client_secret": ticked(typed, "oauth.clear_client_secret"),
        "tenant": needed_by(Provider::Microsoft, "oauth.tenant"),
        "token_url": needed_by(Provider::Custom, "oauth.token_url"),
        "device_url": needed_by(Provider::Custom, "oauth.device_url"),
        "authorize_url": needed_by(Provider::Custom, "oauth.authorize_url"),
        "scope": needed_by(Provider::Custom, "oauth.scope"),
    })
}
