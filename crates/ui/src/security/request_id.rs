//! A name for each request, shown on error pages and written to the log, so that one finds the other.

use axum::{extract::Request, middleware::Next, response::Response};
use http::{HeaderName, HeaderValue};

use crate::random;

const HEADER: HeaderName = HeaderName::from_static("x-request-id");

#[derive(Clone, Debug)]
pub(crate) struct RequestId(pub(crate) String);

/// Takes the id that the server gave, or makes one. What a *client* sent never counts: it would land in our log.
pub(crate) async fn assign(mut request: Request, next: Next) -> Response {
    let given = request
        .extensions()
        .get::<tower_http::request_id::RequestId>()
        .and_then(|id| id.header_value().to_str().ok())
        .map(str::to_owned);
    let id = given.unwrap_or_else(random::name);
    request.extensions_mut().insert(RequestId(id.clone()));
    let mut response = next.run(request).await;
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(HEADER, value);
    }
    response
}
