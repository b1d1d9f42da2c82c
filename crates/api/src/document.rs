//! The OpenAPI document around the routes: what it says in general, and what all operations have in common.

use axum::{body::Bytes, extract::State, response::IntoResponse};
use http::header::CONTENT_TYPE;
use utoipa::openapi::{
    ComponentsBuilder, Content, InfoBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, ResponseBuilder, Schema,
    SecurityRequirement, ServerBuilder,
    path::{Operation, PathItem},
    security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
};

use crate::{problem, wire};

const TOKEN: &str = "token";

const ABOUT: &str = "\
Durations that are set are texts (`30s`, `5m`); measured ones are numbers of milliseconds in fields that end in `_ms`. \
Times are RFC 3339 in UTC with milliseconds. Lists come in pages: `limit` (at most 500) and `cursor`, which takes `next`. \
PATCH is a JSON merge patch (RFC 7396): what is left out stays, `null` returns a field to its default. \
Unknown fields and parameters are refused by name. \
Secrets are write-only: a secret member `x` reads back as `x_set: true`. \
Errors are `application/problem+json` (RFC 9457); for bad input `errors` names each field.";

/// The document before any route is in it.
pub(crate) fn frame() -> OpenApi {
    let token = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("wb_<id>_<secret>")
        .description(Some(
            "An API token. `read` may read, `write` may change things as well, `push` may only bring results in.",
        ))
        .build();
    let components = ComponentsBuilder::new()
        .schema_from::<problem::Problem>()
        .schema_from::<problem::Mistake>()
        .schema_from::<wire::monitor::MonitorDraft>()
        .schema_from::<wire::channel::ChannelDraft>()
        .schema_from::<wire::policy::PolicyDraft>()
        .schema_from::<wire::maintenance::MaintenanceDraft>()
        .schema_from::<wire::on_call::ContactDraft>()
        .schema_from::<wire::on_call::RotationDraft>()
        .schema_from::<wire::mail::MailDraft>()
        .schema_from::<wire::messages::MessagesDraft>()
        .schema_from::<wire::health::OperationsDraft>()
        .schema_from::<wire::health::DeadManDraft>()
        .schema_from::<wire::zones::ZonesDraft>()
        .security_scheme(TOKEN, SecurityScheme::Http(token))
        .build();
    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("Watchbell")
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some(ABOUT))
                .build(),
        )
        .components(Some(components))
        .build()
}

/// The finished document, made once.
#[derive(Clone)]
pub(crate) struct Document(pub(crate) Bytes);

/// Read this document
///
/// It is the same for every instance and holds nothing of this one, so tools may read it without a token.
#[utoipa::path(get, path = "/openapi.json", tag = "meta", operation_id = "get_openapi", security(()),
    responses((status = 200, body = Object)))]
pub(crate) async fn read(State(document): State<Document>) -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], document.0)
}

/// Adds what no single handler says.
pub(crate) fn complete(mut document: OpenApi, base: &str) -> Document {
    document.servers = Some(vec![ServerBuilder::new().url(base).build()]);
    if let Some(components) = document.components.as_mut() {
        for (patch, draft) in [
            ("MonitorPatch", "MonitorDraft"),
            ("ChannelPatch", "ChannelDraft"),
            ("PolicyPatch", "PolicyDraft"),
            ("ContactPatch", "ContactDraft"),
            ("RotationPatch", "RotationDraft"),
            ("MailPatch", "MailDraft"),
            ("MaintenancePatch", "MaintenanceDraft"),
        ] {
            if let Some(schema) = components.schemas.get(draft).map(as_patch) {
                components.schemas.insert(patch.to_owned(), schema);
            }
        }
    }
    for item in document.paths.paths.values_mut() {
        for (changes, operation) in operations(item) {
            complete_operation(operation, changes);
        }
    }
    // The document is made of texts, so there is nothing in it that JSON could refuse.
    Document(Bytes::from(serde_json::to_vec(&document).unwrap_or_default()))
}

/// A patch has the draft's fields, none of them required.
fn as_patch(draft: &RefOr<Schema>) -> RefOr<Schema> {
    let mut patch = draft.clone();
    if let RefOr::T(Schema::Object(object)) = &mut patch {
        object.required.clear();
        object.description =
            Some("A JSON merge patch: what is left out stays, `null` returns to the default.".to_owned());
    }
    patch
}

/// The operations of a path and whether they change anything.
fn operations(item: &mut PathItem) -> impl Iterator<Item = (bool, &mut Operation)> {
    let reading = [item.get.as_mut()];
    let changing = [
        item.post.as_mut(),
        item.put.as_mut(),
        item.patch.as_mut(),
        item.delete.as_mut(),
    ];
    let reading = reading.into_iter().flatten().map(|o| (false, o));
    reading.chain(changing.into_iter().flatten().map(|o| (true, o)))
}

fn complete_operation(operation: &mut Operation, changes: bool) {
    // An empty requirement opens it; one with another scope than usual stands as its handler wrote it.
    let stated = operation.security.take();
    let open = stated
        .as_ref()
        .is_some_and(|s| s.iter().all(|one| *one == SecurityRequirement::default()));
    let problem = || Content::new(Some(Ref::from_schema_name("Problem")));
    let mut add = |status: &str, description: &str| {
        let response = ResponseBuilder::new()
            .description(description)
            .content("application/problem+json", problem())
            .build();
        operation
            .responses
            .responses
            .entry(status.to_owned())
            .or_insert_with(|| response.into());
    };
    add("default", "Any other problem.");
    if !open {
        add("401", "No valid token.");
        add("403", "The token's scope does not allow this.");
        let scope = if changes { "write" } else { "read" };
        operation.security = stated.or_else(|| Some(vec![SecurityRequirement::new(TOKEN, [scope])]));
    } else {
        operation.security = stated;
    }
}
