//! The OpenAPI document around the routes: what it says in general, and what all operations have in common.

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
            "An API token. `read` may read, `write` may change things as well.",
        ))
        .build();
    let components = ComponentsBuilder::new()
        .schema_from::<problem::Problem>()
        .schema_from::<problem::Mistake>()
        .schema_from::<wire::monitor::MonitorDraft>()
        .schema_from::<wire::channel::ChannelDraft>()
        .schema_from::<wire::mail::MailDraft>()
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

/// Adds what no single handler says.
pub(crate) fn complete(document: &mut OpenApi, base: &str) {
    document.servers = Some(vec![ServerBuilder::new().url(base).build()]);
    if let Some(components) = document.components.as_mut() {
        for (patch, draft) in [
            ("MonitorPatch", "MonitorDraft"),
            ("ChannelPatch", "ChannelDraft"),
            ("MailPatch", "MailDraft"),
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
    let scope = if changes { "write" } else { "read" };
    operation.security = Some(vec![SecurityRequirement::new(TOKEN, [scope])]);
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
    add("401", "No valid token.");
    add("403", "The token's scope does not allow this.");
    add("default", "Any other problem.");
}
