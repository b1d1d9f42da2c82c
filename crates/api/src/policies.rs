//! Policies: who is told of an outage, step by step.

use axum::{Json, extract::State, response::IntoResponse};
use domain::{
    field::FieldError,
    id::PolicyId,
    policy::{Policy, PolicyConfig},
};
use http::StatusCode;
use serde_json::Value;
use store::StoreError;

use crate::{
    App,
    caller::{Reader, Writer},
    failure,
    problem::Problem,
    request::{Body, Id, Params, merge_patch},
    wire::{
        Page,
        policy::{PolicyDraft, PolicyView},
    },
};

/// List policies, in the order in which their tags are tried
#[utoipa::path(get, path = "/policies", tag = "policies", operation_id = "list_policies",
    responses((status = 200, body = Page<PolicyView>)))]
pub(crate) async fn list(
    _: Reader,
    State(app): State<App>,
    params: Params,
) -> Result<Json<Page<PolicyView>>, Problem> {
    params.one_page()?;
    let policies = app.store.policies().all().await.map_err(failure)?;
    let users = app.store.policies().users().await.map_err(failure)?;
    let view = |p: &Policy| PolicyView::new(p, users.get(&p.id).copied().unwrap_or(0));
    Ok(Json(Page::whole(&policies, view)))
}

/// Create a policy
#[utoipa::path(post, path = "/policies", tag = "policies", operation_id = "create_policy",
    request_body = PolicyDraft,
    responses((status = 201, body = PolicyView)))]
pub(crate) async fn create(
    Writer(caller): Writer,
    State(app): State<App>,
    Body(body): Body,
) -> Result<impl IntoResponse, Problem> {
    let config = PolicyConfig::from_json(body.clone())?;
    let created = app.store.policies().create(&config).await;
    let policy = created.map_err(|e| refusal(e, &body))?;
    tracing::info!(policy.id = policy.id.0, caller = %caller.name, "policy created");
    let view = PolicyView::new(&policy, 0);
    Ok(app.created(&format!("/policies/{}", policy.id), view))
}

/// Read a policy
#[utoipa::path(get, path = "/policies/{id}", tag = "policies", operation_id = "get_policy",
    params(("id" = i64, Path)),
    responses((status = 200, body = PolicyView)))]
pub(crate) async fn get(
    _: Reader,
    State(app): State<App>,
    Id(id): Id<PolicyId>,
) -> Result<Json<PolicyView>, Problem> {
    let policy = find(&app, id).await?;
    view(&app, &policy).await.map(Json)
}

/// Change a policy
///
/// Open incidents go on by what it says then. A list, `steps` as well, is replaced as a whole.
#[utoipa::path(patch, path = "/policies/{id}", tag = "policies", operation_id = "change_policy",
    params(("id" = i64, Path)),
    request_body(content = ref("#/components/schemas/PolicyPatch"), content_type = "application/merge-patch+json"),
    responses((status = 200, body = PolicyView)))]
pub(crate) async fn change(
    Writer(caller): Writer,
    State(app): State<App>,
    Id(id): Id<PolicyId>,
    Body(patch): Body,
) -> Result<Json<PolicyView>, Problem> {
    if !patch.is_object() {
        return Err(FieldError::new("", "type-object", "This must be a JSON object.").into());
    }
    let mut body = find(&app, id).await?.config.to_json();
    merge_patch(&mut body, patch);
    let config = PolicyConfig::from_json(body.clone())?;
    let updated = app.store.policies().update(id, &config).await;
    let policy = updated.map_err(|e| refusal(e, &body))?.ok_or_else(unknown)?;
    tracing::info!(policy.id = id.0, caller = %caller.name, "policy changed");
    view(&app, &policy).await.map(Json)
}

/// Delete a policy
///
/// Monitors that name it, and its open incidents, have what the rules give them: another policy by tag, or the default one.
#[utoipa::path(delete, path = "/policies/{id}", tag = "policies", operation_id = "delete_policy",
    params(("id" = i64, Path)),
    responses((status = 204)))]
pub(crate) async fn delete(
    Writer(caller): Writer,
    State(app): State<App>,
    Id(id): Id<PolicyId>,
) -> Result<StatusCode, Problem> {
    if !app.store.policies().delete(id).await.map_err(failure)? {
        return Err(unknown());
    }
    tracing::info!(policy.id = id.0, caller = %caller.name, "policy deleted");
    Ok(StatusCode::NO_CONTENT)
}

async fn find(app: &App, id: PolicyId) -> Result<Policy, Problem> {
    let policy = app.store.policies().get(id).await.map_err(failure)?;
    policy.ok_or_else(unknown)
}

async fn view(app: &App, policy: &Policy) -> Result<PolicyView, Problem> {
    let monitors = app.store.policies().named_by(policy.id).await.map_err(failure)?;
    Ok(PolicyView::new(policy, monitors))
}

fn unknown() -> Problem {
    Problem::not_found("There is no policy with this id.")
}

fn refusal(e: StoreError, body: &Value) -> Problem {
    match e.in_policy(body) {
        Ok(mistake) => mistake.into(),
        Err(e) => failure(e),
    }
}
