//! Errors as RFC 9457 `application/problem+json`: what is wrong and what to do, never the chain behind it.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use domain::{
    field::{FieldError, FieldErrors},
    id::ProfileId,
};
use http::{
    HeaderName, HeaderValue, StatusCode,
    header::{CONNECTION, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
};
use serde::Serialize;
use utoipa::ToSchema;

/// The body of every answer that is not a success.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Problem {
    /// A stable name for the kind of problem.
    #[serde(rename = "type")]
    #[schema(example = "urn:watchbell:problem:invalid-input")]
    pub kind: &'static str,
    /// The same for every problem of this kind.
    pub title: &'static str,
    pub status: u16,
    /// What happened this time and what to do.
    pub detail: String,
    /// One entry for each mistake in what was sent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Mistake>,
    #[serde(skip)]
    header: Option<Box<(HeaderName, HeaderValue)>>,
}

/// One mistake in a body or a query.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Mistake {
    /// Path of the field: `target.url`.
    #[schema(example = "target.url")]
    pub field: String,
    /// A stable name for the mistake.
    #[schema(example = "url-host")]
    pub code: String,
    /// What is wrong and what to do.
    pub message: String,
}

impl Problem {
    fn new(status: StatusCode, kind: &'static str, title: &'static str, detail: impl Into<String>) -> Self {
        Self {
            kind,
            title,
            status: status.as_u16(),
            detail: detail.into(),
            errors: Vec::new(),
            header: None,
        }
    }

    /// 401. `error` is the code of RFC 6750, 3.1; none when nothing was presented.
    pub(crate) fn unauthorized(detail: &str, error: Option<&'static str>) -> Self {
        let challenge = match error {
            None => HeaderValue::from_static("Bearer realm=\"watchbell\""),
            Some(_) => HeaderValue::from_static("Bearer realm=\"watchbell\", error=\"invalid_token\""),
        };
        Self::new(
            StatusCode::UNAUTHORIZED,
            "urn:watchbell:problem:unauthorized",
            "A valid API token is needed",
            detail,
        )
        .with(WWW_AUTHENTICATE, challenge)
    }

    pub(crate) fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "urn:watchbell:problem:forbidden",
            "This token may not do that",
            detail,
        )
    }

    pub(crate) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "urn:watchbell:problem:not-found",
            "Not found",
            detail,
        )
    }

    pub(crate) fn method_not_allowed(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "urn:watchbell:problem:method-not-allowed",
            "Method not allowed",
            detail,
        )
    }

    pub(crate) fn conflict(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "urn:watchbell:problem:conflict",
            "Not possible now",
            detail,
        )
    }

    pub(crate) fn malformed(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "urn:watchbell:problem:malformed",
            "The request cannot be read",
            detail,
        )
    }

    /// `most`: bytes.
    pub(crate) fn too_large(most: usize) -> Self {
        let detail = format!("The body may have at most {} KiB.", most / 1024);
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "urn:watchbell:problem:too-large",
            "The body is too large",
            detail,
        )
        // Its rest is not read, so nothing more can be asked on this connection.
        .with(CONNECTION, HeaderValue::from_static("close"))
    }

    pub(crate) fn unsupported_media_type(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "urn:watchbell:problem:unsupported-media-type",
            "The body is of another kind",
            detail,
        )
    }

    pub(crate) fn too_many_requests(retry_after_seconds: u64) -> Self {
        Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "urn:watchbell:problem:too-many-requests",
            "Too many tests",
            format!(
                "At most {} tests per minute are sent. Try again in {retry_after_seconds} s.",
                domain::ration::TESTS
            ),
        )
        .with(RETRY_AFTER, HeaderValue::from(retry_after_seconds))
    }

    pub(crate) fn busy() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "urn:watchbell:problem:unavailable",
            "The database is not available",
            "Nothing was changed. Try again in a moment.",
        )
        .with(RETRY_AFTER, HeaderValue::from_static("1"))
    }

    pub(crate) fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "urn:watchbell:problem:internal",
            "Something of ours failed",
            "The log of Watchbell says what. Nothing is known to be wrong with the request.",
        )
    }

    fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.header = Some(Box::new((name, value)));
        self
    }
}

/// 422: the request was understood, its values cannot be used.
impl From<FieldErrors> for Problem {
    fn from(errors: FieldErrors) -> Self {
        let count = errors.0.len();
        let detail = match errors.0.first() {
            Some(first) if count == 1 => first.message.clone(),
            _ => format!("{count} fields need a correction; \"errors\" names each of them."),
        };
        let mut problem = Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "urn:watchbell:problem:invalid-input",
            "Some values cannot be used",
            detail,
        );
        problem.errors = errors
            .0
            .into_iter()
            .map(|e| Mistake {
                field: e.field,
                code: e.code.to_owned(),
                message: e.message,
            })
            .collect();
        problem
    }
}

impl From<FieldError> for Problem {
    fn from(error: FieldError) -> Self {
        FieldErrors::from(error).into()
    }
}

/// A field names a mail profile that there is not.
pub(crate) fn profile_unknown(field: &str, id: ProfileId) -> FieldError {
    let message =
        format!("There is no mail profile with the id {id}. GET /settings/mail/profiles lists them.");
    FieldError::new(field, "profile-unknown", message).with("id", id)
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let header = self.header.clone();
        let mut response = (status, Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some((name, value)) = header.map(|h| *h) {
            headers.insert(name, value);
        }
        response
    }
}
