//! Which monitors a silence or a maintenance window is about.

use domain::matcher::Matcher;
use serde::Serialize;
use utoipa::ToSchema;

/// Every group that is given must match, any member of a group is enough for it. At least one group, or `"all": true`.
/// An empty list counts as not given.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MatcherBody {
    /// `true`: all monitors, those of tomorrow too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub all: Option<bool>,
    /// With any of these tags.
    #[schema(max_items = 20)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    /// With any of these ids.
    #[schema(max_items = 500)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub monitors: Option<Vec<i64>>,
    /// Of any of these kinds.
    #[schema(example = json!(["http"]))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kinds: Option<Vec<String>>,
}

impl From<&Matcher> for MatcherBody {
    fn from(m: &Matcher) -> Self {
        let some = |given: bool| given.then_some(());
        Self {
            all: some(m.is_everything()).map(|()| true),
            tags: some(!m.tags().is_empty()).map(|()| m.tags().to_vec()),
            monitors: some(!m.monitors().is_empty()).map(|()| m.monitors().iter().map(|m| m.0).collect()),
            kinds: some(!m.kinds().is_empty()).map(|()| m.kinds().iter().map(ToString::to_string).collect()),
        }
    }
}
