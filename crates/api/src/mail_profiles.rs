//! The mail profiles one by one, and their order.

use axum::{Json, extract::State, response::IntoResponse};
use domain::{field::FieldError, id::ProfileId, json::Object, mail::MailSettings};
use http::StatusCode;
use serde_json::Value;
use store::{MailProfile, mail::MailHealth};

use crate::{
    App,
    caller::{Reader, Writer},
    failure,
    mail::run_test,
    problem::Problem,
    request::{Body, Id, Params},
    wire::{
        Page,
        mail::{MailDraft, MailOrder, MailProfileView, MailTestRequest, MailTestView},
    },
};

/// List the mail profiles
///
/// In order: the first is used, the ones behind it stand in when it fails. `uses_next` marks the one that a message
/// takes now.
#[utoipa::path(get, path = "/settings/mail/profiles", tag = "settings", operation_id = "list_mail_profiles",
    responses((status = 200, body = Page<MailProfileView>)))]
pub(crate) async fn list(
    _: Reader,
    State(app): State<App>,
    params: Params,
) -> Result<Json<Page<MailProfileView>>, Problem> {
    params.one_page()?;
    all(&app).await.map(Json)
}

/// Create a mail profile
///
/// It comes behind the others.
#[utoipa::path(post, path = "/settings/mail/profiles", tag = "settings", operation_id = "create_mail_profile",
    request_body = MailDraft,
    responses((status = 201, body = MailProfileView)))]
pub(crate) async fn create(
    Writer(caller): Writer,
    State(app): State<App>,
    Body(body): Body,
) -> Result<impl IntoResponse, Problem> {
    let settings = MailSettings::from_json(body, None)?;
    let created = app.store.mail().create(&settings, &caller.name).await;
    let profile = created.map_err(failure)?;
    let view = view(&app, profile.id).await?;
    Ok(app.created(&format!("/settings/mail/profiles/{}", profile.id), view))
}

/// Read a mail profile
#[utoipa::path(get, path = "/settings/mail/profiles/{id}", tag = "settings", operation_id = "get_mail_profile",
    params(("id" = i64, Path)),
    responses((status = 200, body = MailProfileView)))]
pub(crate) async fn get(
    _: Reader,
    State(app): State<App>,
    Id(id): Id<ProfileId>,
) -> Result<Json<MailProfileView>, Problem> {
    view(&app, id).await.map(Json)
}

/// Save a mail profile
///
/// The very next message uses it. A password that is left out is kept as long as server, port, security, certificate
/// check, user name and way to log in stay the same.
#[utoipa::path(put, path = "/settings/mail/profiles/{id}", tag = "settings", operation_id = "put_mail_profile",
    params(("id" = i64, Path)),
    request_body = MailDraft,
    responses((status = 200, body = MailProfileView)))]
pub(crate) async fn put(
    Writer(caller): Writer,
    State(app): State<App>,
    Id(id): Id<ProfileId>,
    Body(body): Body,
) -> Result<Json<MailProfileView>, Problem> {
    let current = find(&app, id).await?;
    let settings = MailSettings::from_json(body, Some(&current.settings))?;
    let saved = app.store.mail().save(id, &settings, &caller.name).await;
    saved.map_err(failure)?.ok_or_else(unknown)?;
    view(&app, id).await.map(Json)
}

/// Delete a mail profile
///
/// Its password is forgotten. Channels that named it use the others in order.
#[utoipa::path(delete, path = "/settings/mail/profiles/{id}", tag = "settings", operation_id = "delete_mail_profile",
    params(("id" = i64, Path)),
    responses((status = 204)))]
pub(crate) async fn delete(
    Writer(caller): Writer,
    State(app): State<App>,
    Id(id): Id<ProfileId>,
) -> Result<StatusCode, Problem> {
    if !app.store.mail().delete(id).await.map_err(failure)? {
        return Err(unknown());
    }
    tracing::info!(mail.profile = id.0, caller = %caller.name, "mail profile deleted");
    Ok(StatusCode::NO_CONTENT)
}

/// Send a test mail through a profile
///
/// As `POST /settings/mail/test` does for the first one.
#[utoipa::path(post, path = "/settings/mail/profiles/{id}/test", tag = "settings", operation_id = "test_mail_profile",
    params(("id" = i64, Path)),
    request_body = MailTestRequest,
    responses((status = 200, body = MailTestView)))]
pub(crate) async fn test(
    Writer(caller): Writer,
    State(app): State<App>,
    Id(id): Id<ProfileId>,
    Body(body): Body,
) -> Result<Json<MailTestView>, Problem> {
    let current = find(&app, id).await?;
    run_test(&app, &caller, Some(current), body).await.map(Json)
}

/// Try a mail profile now
///
/// The next message that waits does not wait for the profile's next try.
#[utoipa::path(post, path = "/settings/mail/profiles/{id}/try-now", tag = "settings", operation_id = "try_mail_profile",
    params(("id" = i64, Path)),
    responses((status = 200, body = MailProfileView)))]
pub(crate) async fn try_now(
    Writer(caller): Writer,
    State(app): State<App>,
    Id(id): Id<ProfileId>,
) -> Result<Json<MailProfileView>, Problem> {
    find(&app, id).await?;
    if !app.store.mail().try_now(id).await.map_err(failure)? {
        return Err(unknown());
    }
    tracing::info!(mail.profile = id.0, caller = %caller.name, "mail profile is tried now");
    view(&app, id).await.map(Json)
}

/// Put the mail profiles in order
///
/// Exactly the ids that there are, the primary one first.
#[utoipa::path(put, path = "/settings/mail/order", tag = "settings", operation_id = "order_mail_profiles",
    request_body = MailOrder,
    responses((status = 200, body = Page<MailProfileView>)))]
pub(crate) async fn order(
    Writer(caller): Writer,
    State(app): State<App>,
    Body(body): Body,
) -> Result<Json<Page<MailProfileView>>, Problem> {
    let ids = read_order(body)?;
    if !app.store.mail().reorder(&ids).await.map_err(failure)? {
        return Err(FieldError::new(
            "ids",
            "order-incomplete",
            "Give every mail profile that there is, each once. GET /settings/mail/profiles lists them.",
        )
        .into());
    }
    tracing::info!(caller = %caller.name, "mail profiles put in order");
    all(&app).await.map(Json)
}

fn read_order(body: Value) -> Result<Vec<ProfileId>, Problem> {
    let mut o = Object::new("", body)?;
    let ids = o.value("ids");
    let ids: Option<Vec<ProfileId>> = ids.as_ref().and_then(Value::as_array).and_then(|all| {
        let id = |value: &Value| value.as_i64().map(ProfileId);
        all.iter().map(id).collect()
    });
    if ids.is_none() {
        let _: Option<()> = o.complain("ids", "ids-invalid", "Give the ids in order: {\"ids\": [2, 1]}.");
    }
    let errors = o.finish();
    ids.filter(|_| errors.is_empty()).ok_or_else(|| errors.into())
}

async fn find(app: &App, id: ProfileId) -> Result<MailProfile, Problem> {
    let found = app.store.mail().profile(id).await.map_err(failure)?;
    found.ok_or_else(unknown)
}

fn unknown() -> Problem {
    Problem::not_found("There is no mail profile with this id. GET /settings/mail/profiles lists them.")
}

async fn view(app: &App, id: ProfileId) -> Result<MailProfileView, Problem> {
    let items = all(app).await?.items;
    items.into_iter().find(|p| p.id == id.0).ok_or_else(unknown)
}

async fn all(app: &App) -> Result<Page<MailProfileView>, Problem> {
    let mail = app.store.mail();
    let profiles = mail.profiles().await.map_err(failure)?;
    let health = mail.health_of_all().await.map_err(failure)?;
    let queue = mail.queue().await.map_err(failure)?;
    let outlook = app.alert.mail_outlook(None).await;
    let items = profiles.iter().enumerate().map(|(position, profile)| {
        let health: MailHealth = health.get(&profile.id).cloned().unwrap_or_default();
        let uses_next = outlook == alert::Outlook::Uses(profile.id);
        MailProfileView::new(position, profile, health, queue, uses_next)
    });
    Ok(Page {
        items: items.collect(),
        next: None,
    })
}
