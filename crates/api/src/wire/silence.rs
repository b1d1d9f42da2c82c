//! Silences.

use domain::{
    clock::Timestamp,
    silence::{Silence, SilenceState},
};
use serde::Serialize;
use utoipa::{ToSchema, openapi::schema::Object};

use super::{Time, matcher::MatcherBody, one_of};

fn states() -> Object {
    one_of(SilenceState::ALL.iter().map(|s| s.as_str()))
}

/// What a person says. One of `ends_at` and `duration` is needed.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SilenceDraft {
    pub matcher: MatcherBody,
    /// One line of at most 300 characters.
    #[schema(max_length = 300, example = "Moving the rack")]
    pub reason: String,
    /// RFC 3339. Default, and for a time that has passed: now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<String>,
    /// RFC 3339, at most 90 days after the start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<String>,
    /// From the start, instead of `ends_at`. From 1m to 90d.
    #[schema(example = "2h")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<String>,
}

/// What is left out stays. The matcher comes as a whole.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SilencePatch {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matcher: Option<MatcherBody>,
    #[schema(max_length = 300)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// RFC 3339, at most 90 days after the start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<String>,
    /// From now, or from the start of one that has not begun, instead of `ends_at`.
    #[schema(example = "2h")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<String>,
}

/// A silence as it is read.
#[derive(Debug, Serialize, ToSchema)]
pub struct SilenceView {
    pub id: i64,
    #[schema(schema_with = states)]
    pub state: &'static str,
    pub matcher: MatcherBody,
    pub reason: String,
    /// The account or token that made it.
    pub author: String,
    pub created_at: Time,
    pub starts_at: Time,
    /// When it ends, or ended.
    pub ends_at: Time,
    /// Who ended it before its time; `null`: nobody.
    pub ended_by: Option<String>,
}

impl SilenceView {
    pub(crate) fn new(s: Silence, now: Timestamp) -> Self {
        Self {
            id: s.id.0,
            state: s.state(now).as_str(),
            matcher: (&s.matcher).into(),
            reason: s.reason,
            author: s.author,
            created_at: Time(s.created_at),
            starts_at: Time(s.starts_at),
            ends_at: Time(s.ends_at),
            ended_by: s.ended_by,
        }
    }
}
