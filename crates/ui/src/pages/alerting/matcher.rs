//! Which monitors a silence or a maintenance window is about: in a form, and in words.

use std::collections::HashMap;

use domain::{
    field::{FieldError, FieldErrors},
    id::MonitorId,
    matcher::Matcher,
    target::Kind,
};
use serde_json::{Map, Value, json};
use store::Store;

use crate::{
    Shell,
    components::Form,
    error,
    pages::form::{ticked, value},
};

pub(super) const ALL: &str = "matcher.all";
pub(super) const TAGS: &str = "matcher.tags";
/// One per line: a name, or a number behind `#` with anything after it.
pub(super) const MONITORS: &str = "matcher.monitors";
/// Names that are said in a sentence; the rest is counted.
const NAMED: usize = 5;

/// The fields that carry their own complaints.
pub(super) const NAMES: [&str; 5] = ["matcher", ALL, TAGS, MONITORS, "matcher.kinds"];

pub(super) fn kind_field(kind: Kind) -> String {
    format!("matcher.kinds.{kind}")
}

/// What was typed, as the API has it, and what is wrong with the names of monitors: only the database knows them.
pub(super) async fn body(store: &Store, typed: &[(String, String)]) -> error::Result<(Value, FieldErrors)> {
    if ticked(typed, ALL) {
        return Ok((json!({ "all": true }), FieldErrors::default()));
    }
    let mut errors = FieldErrors::default();
    let mut monitors = Vec::new();
    for line in value(typed, MONITORS)
        .lines()
        .map(str::trim)
        .filter(|l| !l.is_empty())
    {
        match find(store, line).await? {
            Ok(id) => monitors.push(id.0),
            Err(e) => errors.push(e),
        }
    }
    if !errors.is_empty() && monitors.is_empty() {
        // Something was said, so the complaint is about that and not about nothing. It is never stored.
        monitors.push(0);
    }
    let tags: Vec<&str> = value(typed, TAGS)
        .split([',', '，', '、'])
        .map(str::trim)
        .filter(|t| !t.is_empty())
        .collect();
    let kinds: Vec<&str> = Kind::ALL
        .iter()
        .filter(|k| ticked(typed, &kind_field(**k)))
        .map(|k| k.as_str())
        .collect();
    let mut body = Map::new();
    body.insert("tags".to_owned(), json!(tags));
    body.insert("monitors".to_owned(), json!(monitors));
    body.insert("kinds".to_owned(), json!(kinds));
    Ok((Value::Object(body), errors))
}

/// The monitor that a line names.
pub(super) async fn find(store: &Store, line: &str) -> error::Result<Result<MonitorId, FieldError>> {
    let shown = domain::text::sanitize(line, 60);
    if let Some(number) = line.strip_prefix('#') {
        let digits: String = number.chars().take_while(char::is_ascii_digit).collect();
        if let Ok(id) = digits.parse::<i64>() {
            return Ok(Ok(MonitorId(id)));
        }
    }
    let named = store.monitors().named(line).await?;
    Ok(match named[..] {
        [id] => Ok(id),
        [] => Err(FieldError::new(
            MONITORS,
            "monitor-name-unknown",
            format!("There is no monitor \"{shown}\". Write its name, or its number like #7, one per line."),
        )
        .with("name", shown)),
        _ => {
            let ids: Vec<String> = named.iter().map(|id| format!("#{id}")).collect();
            let ids = ids.join(", ");
            let message = format!("Several monitors are called \"{shown}\". Write the number of one: {ids}.");
            let error = FieldError::new(MONITORS, "monitor-name-ambiguous", message);
            Err(error.with("name", shown).with("ids", ids))
        }
    })
}

/// A monitor that does not exist, as the database found out.
pub(super) fn unknown(id: MonitorId) -> FieldErrors {
    let message = format!("There is no monitor with the number {id}.");
    FieldError::new(MONITORS, "monitor-unknown", message)
        .with("id", id)
        .into()
}

/// Fills the form with what is stored.
pub(super) fn fill(form: Form, matcher: &Matcher, names: &HashMap<MonitorId, String>) -> Form {
    let lines: Vec<String> = matcher
        .monitors()
        .iter()
        .map(|id| match names.get(id) {
            Some(name) => format!("#{id} {name}"),
            None => format!("#{id}"),
        })
        .collect();
    let form = form
        .tick(ALL, matcher.is_everything())
        .with(MONITORS, lines.join("\n"))
        .with(TAGS, matcher.tags().join(", "));
    matcher
        .kinds()
        .iter()
        .fold(form, |form, kind| form.tick(&kind_field(*kind), true))
}

/// The names of the monitors that these name.
pub(super) async fn names(
    store: &Store,
    matchers: impl IntoIterator<Item = &Matcher>,
) -> error::Result<HashMap<MonitorId, String>> {
    let mut ids: Vec<MonitorId> = matchers
        .into_iter()
        .flat_map(|m| m.monitors().iter().copied())
        .collect();
    ids.sort_unstable();
    ids.dedup();
    let mut names = HashMap::new();
    for some in ids.chunks(500) {
        names.extend(store.monitors().names(some).await?);
    }
    Ok(names)
}

/// In words: "tagged prod or web, of the kind HTTP".
pub(super) fn words(shell: &Shell, matcher: &Matcher, names: &HashMap<MonitorId, String>) -> String {
    if matcher.is_everything() {
        return shell.t("matcher-words-all").to_string();
    }
    let or = shell.t("matcher-words-or").to_string();
    let list = |mut items: Vec<String>| {
        let more = items.len().saturating_sub(NAMED);
        items.truncate(NAMED);
        let list = items.join(&format!(" {} ", or.trim()));
        match more {
            0 => list,
            n => format!("{list} {}", shell.t("matcher-words-more").count("n", n)),
        }
    };
    let mut parts = Vec::new();
    if !matcher.monitors().is_empty() {
        let name = |id: &MonitorId| names.get(id).cloned().unwrap_or_else(|| format!("#{id}"));
        parts.push(list(matcher.monitors().iter().map(name).collect()));
    }
    if !matcher.tags().is_empty() {
        let tags = list(matcher.tags().to_vec());
        parts.push(shell.t("matcher-words-tags").arg("tags", tags).to_string());
    }
    if !matcher.kinds().is_empty() {
        let kinds = list(matcher.kinds().iter().map(|k| kind_word(shell, *k)).collect());
        parts.push(shell.t("matcher-words-kinds").arg("kinds", kinds).to_string());
    }
    parts.join(&shell.t("matcher-words-and").to_string())
}

pub(super) fn kind_word(shell: &Shell, kind: Kind) -> String {
    let text = match kind {
        Kind::Http => shell.t("monitor-kind-http"),
        Kind::Tcp => shell.t("monitor-kind-tcp"),
        Kind::Ping => shell.t("monitor-kind-ping"),
    };
    text.to_string()
}

/// How tags are written, and those that there are.
pub(super) fn tags_hint(shell: &Shell, tags: &[String]) -> String {
    const SHOWN: usize = 30;
    if tags.is_empty() {
        return shell.t("matcher-tags-hint").to_string();
    }
    let mut list = tags.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    if tags.len() > SHOWN {
        list.push('…');
    }
    shell.t("matcher-tags-in-use").arg("tags", list).to_string()
}

/// The boxes of the kinds, with what stands beside them.
pub(super) fn kind_boxes(shell: &Shell) -> Vec<(String, String)> {
    let all = Kind::ALL.iter();
    all.map(|k| (kind_field(*k), kind_word(shell, *k))).collect()
}

/// What a matcher is about now, for people: the first names, and how many there are.
pub(crate) struct About {
    pub(super) words: String,
    pub(super) first: Vec<(MonitorId, String)>,
    pub(super) more: u64,
    pub(super) monitors: u64,
    pub(super) open_incidents: u64,
}

pub(super) async fn about(
    store: &Store,
    shell: &Shell,
    matcher: &Matcher,
    names: &HashMap<MonitorId, String>,
) -> error::Result<About> {
    let matched = store.monitors().matched(matcher, NAMED as u64).await?;
    let by_name_alone =
        !matcher.monitors().is_empty() && matcher.tags().is_empty() && matcher.kinds().is_empty();
    Ok(About {
        // Their names follow.
        words: if by_name_alone {
            shell.t("about-these").to_string()
        } else {
            words(shell, matcher, names)
        },
        more: matched.monitors - matched.first.len() as u64,
        first: matched.first,
        monitors: matched.monitors,
        open_incidents: matched.open_incidents,
    })
}
