//! Reading requests: a JSON body, a query string, an id in the path. Whatever does not fit becomes a [`Problem`].

use std::str::FromStr;

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Path, Query, Request},
};
use domain::{
    clock::Timestamp,
    field::{FieldError, FieldErrors},
};
use http::{StatusCode, header::CONTENT_TYPE, request::Parts};
use http_body_util::LengthLimitError;
use serde_json::Value;

use crate::problem::Problem;

/// A JSON body. Its fields are read by the domain, which names every mistake at once.
pub(crate) struct Body(pub(crate) Value);

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        check_media_type(&request)?;
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| {
            if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
                Problem::too_large(crate::LARGEST_BODY)
            } else {
                Problem::malformed("The body did not arrive completely. Send the request again.")
            }
        })?;
        if bytes.is_empty() {
            return Err(Problem::malformed("The body is empty. Send a JSON object."));
        }
        match serde_json::from_slice(&bytes) {
            Ok(value) => Ok(Self(value)),
            Err(e) => Err(Problem::malformed(format!(
                "The body is not valid JSON at line {}, column {}: {}.",
                e.line(),
                e.column(),
                complaint(&e)
            ))),
        }
    }
}

/// serde_json's words without its own copy of the position.
fn complaint(e: &serde_json::Error) -> String {
    let text = e.to_string();
    text.split(" at line ").next().unwrap_or(&text).to_owned()
}

fn check_media_type(request: &Request) -> Result<(), Problem> {
    let sent = request
        .headers()
        .get(CONTENT_TYPE)
        .map(|v| v.to_str().unwrap_or_default());
    let essence = sent
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default()
        .trim();
    let is_json = essence.eq_ignore_ascii_case("application/json")
        || essence.eq_ignore_ascii_case("application/merge-patch+json");
    if is_json {
        return Ok(());
    }
    Err(Problem::unsupported_media_type(
        "Send the body as JSON with the header \"Content-Type: application/json\".",
    ))
}

fn is_too_large(error: &axum::Error) -> bool {
    std::error::Error::source(error).is_some_and(|cause| cause.is::<LengthLimitError>())
}

/// A mail as it came in, or the part of it that says what became of another one.
pub(crate) enum Mail {
    Message(Bytes),
    DeliveryStatus(Bytes),
}

impl<S: Send + Sync> FromRequest<S> for Mail {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let media_type = request.headers().get(CONTENT_TYPE).and_then(|v| v.to_str().ok());
        let essence = media_type.and_then(|t| t.split(';').next()).unwrap_or_default();
        let kind = match essence.trim().to_ascii_lowercase().as_str() {
            "message/rfc822" => Self::Message,
            "message/delivery-status" => Self::DeliveryStatus,
            _ => {
                return Err(Problem::unsupported_media_type(
                    "Send the returned mail with the header \"Content-Type: message/rfc822\", or the report in it with \"message/delivery-status\".",
                ));
            }
        };
        // Larger than the other bodies, so that the limit of those does not count here.
        match axum::body::to_bytes(request.into_body(), crate::LARGEST_MAIL).await {
            Ok(bytes) => Ok(kind(bytes)),
            Err(e) if is_too_large(&e) => Err(Problem::too_large(crate::LARGEST_MAIL)),
            Err(_) => Err(Problem::malformed(
                "The body did not arrive completely. Send the request again.",
            )),
        }
    }
}

/// RFC 7396: lays `patch` over `value`; `null` removes a member.
pub(crate) fn merge_patch(value: &mut Value, patch: Value) {
    let Value::Object(changes) = patch else {
        *value = patch;
        return;
    };
    if !value.is_object() {
        *value = Value::Object(serde_json::Map::new());
    }
    let Value::Object(members) = value else { return };
    for (name, change) in changes {
        if change.is_null() {
            members.remove(&name);
        } else {
            merge_patch(members.entry(name).or_insert(Value::Null), change);
        }
    }
}

/// Gives the headers of a patch the spelling of the stored ones: header names are the same in any case, JSON names are not.
pub(crate) fn adopt_header_names(patch: &mut Value, stored: &Value, pointer: &str) {
    let (Some(Value::Object(changes)), Some(Value::Object(stored))) =
        (patch.pointer_mut(pointer), stored.pointer(pointer))
    else {
        return;
    };
    *changes = std::mem::take(changes)
        .into_iter()
        .map(|(name, value)| {
            let known = stored.keys().find(|k| k.eq_ignore_ascii_case(&name));
            (known.cloned().unwrap_or(name), value)
        })
        .collect();
}

/// The id in the path. One that cannot be an id names nothing, so it is a 404 like one that is unknown.
pub(crate) struct Id<T>(pub(crate) T);

impl<S: Send + Sync, T: FromStr> FromRequestParts<S> for Id<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let nothing = || Problem::not_found("There is nothing with this id.");
        let Path(text) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|_| nothing())?;
        text.parse().map(Self).map_err(|_| nothing())
    }
}

/// The query string being read: take parameters out, then [`Params::finish`].
pub(crate) struct Params {
    pairs: Vec<(String, String)>,
    errors: FieldErrors,
}

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Query(pairs) = Query::<Vec<(String, String)>>::from_request_parts(parts, state)
            .await
            .map_err(|_| Problem::malformed("The query string cannot be read."))?;
        Ok(Self {
            pairs,
            errors: FieldErrors::default(),
        })
    }
}

/// How much of a list to give.
pub(crate) struct Paging {
    pub(crate) limit: u32,
    pub(crate) cursor: Option<String>,
}

impl Params {
    /// An empty value counts as absent; of several the last one counts.
    pub(crate) fn text(&mut self, name: &str) -> Option<String> {
        let mut last = None;
        self.pairs.retain_mut(|(k, v)| {
            let mine = k == name;
            if mine {
                last = Some(std::mem::take(v));
            }
            !mine
        });
        last.filter(|v| !v.is_empty())
    }

    pub(crate) fn parse<T>(
        &mut self,
        name: &'static str,
        code: &'static str,
        message: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let text = self.text(name)?;
        let parsed = parse(&text);
        if parsed.is_none() {
            self.errors.push(FieldError::new(name, code, message));
        }
        parsed
    }

    pub(crate) fn id<T: FromStr>(&mut self, name: &'static str) -> Option<T> {
        self.parse(name, "id-invalid", "This is not an id.", |t| t.parse().ok())
    }

    pub(crate) fn time(&mut self, name: &'static str) -> Option<Timestamp> {
        self.parse(
            name,
            "time-invalid",
            "Write a time like 2026-01-31T12:00:00Z.",
            Timestamp::parse_rfc3339,
        )
    }

    pub(crate) fn limit(&mut self) -> u32 {
        let limit = self.parse("limit", "limit-range", "Use a whole number from 1 to 500.", |t| {
            t.parse().ok().filter(|n| (1..=crate::LONGEST_PAGE).contains(n))
        });
        limit.unwrap_or(50)
    }

    pub(crate) fn paging(&mut self) -> Paging {
        Paging {
            limit: self.limit(),
            cursor: self.text("cursor"),
        }
    }

    /// Of a list of which there is one page: a caller who pages through everything alike is not refused.
    pub(crate) fn one_page(mut self) -> Result<(), Problem> {
        self.paging();
        self.finish()
    }

    /// Ends the reading: whatever is left is an unknown parameter.
    pub(crate) fn finish(mut self) -> Result<(), Problem> {
        for (name, _) in self.pairs {
            let name = domain::text::sanitize(&name, 60);
            self.errors.push(FieldError::new(
                &name,
                "unknown-parameter",
                format!("There is no parameter \"{name}\" here. Remove it or check its spelling."),
            ));
        }
        if self.errors.is_empty() {
            Ok(())
        } else {
            Err(self.errors.into())
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The table of RFC 7396, appendix A.
    #[test]
    fn merge_patch_follows_the_rfc() {
        let table = [
            (json!({"a":"b"}), json!({"a":"c"}), json!({"a":"c"})),
            (json!({"a":"b"}), json!({"b":"c"}), json!({"a":"b","b":"c"})),
            (json!({"a":"b"}), json!({"a":null}), json!({})),
            (json!({"a":"b","b":"c"}), json!({"a":null}), json!({"b":"c"})),
            (json!({"a":["b"]}), json!({"a":"c"}), json!({"a":"c"})),
            (json!({"a":"c"}), json!({"a":["b"]}), json!({"a":["b"]})),
            (
                json!({"a":{"b":"c"}}),
                json!({"a":{"b":"d","c":null}}),
                json!({"a":{"b":"d"}}),
            ),
            (json!({"a":[{"b":"c"}]}), json!({"a":[1]}), json!({"a":[1]})),
            (json!(["a", "b"]), json!(["c", "d"]), json!(["c", "d"])),
            (json!({"a":"b"}), json!(["c"]), json!(["c"])),
            (json!({"a":"foo"}), json!(null), json!(null)),
            (json!({"a":"foo"}), json!("bar"), json!("bar")),
            (json!({"e":null}), json!({"a":1}), json!({"e":null,"a":1})),
            (json!([1, 2]), json!({"a":"b","c":null}), json!({"a":"b"})),
            (
                json!({}),
                json!({"a":{"bb":{"ccc":null}}}),
                json!({"a":{"bb":{}}}),
            ),
        ];
        for (mut value, patch, expected) in table {
            merge_patch(&mut value, patch);
            assert_eq!(value, expected);
        }
    }
}
