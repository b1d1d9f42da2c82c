//! Which monitors a silence or a maintenance window is about: by tag, by id, by kind, or explicitly all of them.

use serde_json::{Map, Value, json};

use crate::{
    field::{FieldError, FieldErrors},
    id::MonitorId,
    json::Object,
    target::Kind,
    text::parse_line,
};

const MOST_TAGS: usize = 20;
const MOST_MONITORS: usize = 500;
const LONGEST_TAG: usize = 50;

/// Every group that is given must match, and any member of a group is enough for it. Without a group it matches
/// everything, which somebody must have said in so many words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matcher {
    /// Sorted, without doubles, like the other groups.
    tags: Vec<String>,
    monitors: Vec<MonitorId>,
    kinds: Vec<Kind>,
}

impl Matcher {
    pub const EVERYTHING: Self = Self {
        tags: Vec::new(),
        monitors: Vec::new(),
        kinds: Vec::new(),
    };

    /// One monitor.
    pub fn of(monitor: MonitorId) -> Self {
        Self {
            monitors: vec![monitor],
            ..Self::EVERYTHING
        }
    }

    /// `{"tags": ["prod"], "monitors": [1, 2], "kinds": ["http"]}`, each of them optional, or `{"all": true}`. An empty
    /// list counts as not given.
    pub fn from_json(prefix: &str, value: Value) -> Result<Self, FieldErrors> {
        let mut o = Object::new(prefix, value)?;
        let all = o.boolean("all");
        let tags = o.texts("tags").filter(|t| !t.is_empty());
        let tags = o.parse("tags", tags, parse_tags);
        let monitors = o.integers("monitors").filter(|m| !m.is_empty());
        let monitors = o.parse("monitors", monitors, parse_monitors);
        let kinds = o.texts("kinds").filter(|k| !k.is_empty());
        let kinds = o.parse("kinds", kinds, parse_kinds);
        let groups = tags.is_some() || monitors.is_some() || kinds.is_some();
        if o.errors.is_empty() {
            match (all, groups) {
                (Some(true), true) => {
                    let _: Option<()> = o.complain(
                        "all",
                        "matcher-all-and-some",
                        "Say either that it is about all monitors, or about which.",
                    );
                }
                (Some(false) | None, false) => o.errors.push(FieldError::new(
                    prefix,
                    "matcher-empty",
                    "Say which monitors: by tag, by monitor or by kind. If it is about all of them, say so explicitly.",
                )),
                (Some(true), false) | (Some(false) | None, true) => {}
            }
        }
        let errors = o.finish();
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(Self {
            tags: tags.unwrap_or_default(),
            monitors: monitors.unwrap_or_default(),
            kinds: kinds.unwrap_or_default(),
        })
    }

    pub fn to_json(&self) -> Value {
        if self.is_everything() {
            return json!({ "all": true });
        }
        let mut map = Map::new();
        if !self.tags.is_empty() {
            map.insert("tags".into(), json!(self.tags));
        }
        if !self.monitors.is_empty() {
            map.insert("monitors".into(), json!(self.monitors));
        }
        if !self.kinds.is_empty() {
            map.insert("kinds".into(), json!(self.kinds));
        }
        Value::Object(map)
    }

    pub fn matches(&self, id: MonitorId, tags: &[String], kind: Kind) -> bool {
        (self.tags.is_empty() || tags.iter().any(|t| self.tags.binary_search(t).is_ok()))
            && (self.monitors.is_empty() || self.monitors.binary_search(&id).is_ok())
            && (self.kinds.is_empty() || self.kinds.contains(&kind))
    }

    pub fn is_everything(&self) -> bool {
        *self == Self::EVERYTHING
    }

    /// Empty: whatever their tags.
    pub fn tags(&self) -> &[String] {
        &self.tags
    }

    /// Empty: whichever they are.
    pub fn monitors(&self) -> &[MonitorId] {
        &self.monitors
    }

    /// Empty: of any kind.
    pub fn kinds(&self) -> &[Kind] {
        &self.kinds
    }
}

fn parse_tags(field: &str, texts: Vec<String>) -> Result<Vec<String>, FieldError> {
    if texts.len() > MOST_TAGS {
        let message = format!("Use at most {MOST_TAGS} tags.");
        return Err(FieldError::new(field, "tags-too-many", message));
    }
    let tags = texts.iter().map(|t| parse_line(field, t, LONGEST_TAG));
    let mut tags = tags.collect::<Result<Vec<_>, _>>()?;
    tags.sort_unstable();
    tags.dedup();
    Ok(tags)
}

fn parse_monitors(field: &str, ids: Vec<i64>) -> Result<Vec<MonitorId>, FieldError> {
    if ids.len() > MOST_MONITORS {
        return Err(FieldError::new(
            field,
            "monitors-too-many",
            format!("Name at most {MOST_MONITORS} monitors. Give them a tag and name the tag instead."),
        )
        .with("max", MOST_MONITORS));
    }
    let mut ids: Vec<MonitorId> = ids.into_iter().map(MonitorId).collect();
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

/// In the order in which kinds are listed everywhere.
fn parse_kinds(field: &str, texts: Vec<String>) -> Result<Vec<Kind>, FieldError> {
    let named = texts.iter().map(|t| Kind::parse_field(field, t));
    let named = named.collect::<Result<Vec<_>, _>>()?;
    let all = Kind::ALL.iter().copied();
    Ok(all.filter(|k| named.contains(k)).collect())
}
