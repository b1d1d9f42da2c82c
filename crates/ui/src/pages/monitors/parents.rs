//! The monitors that somebody typed: by name or by number, one on each line. There may be ten thousand to choose from.

use std::collections::HashMap;

use domain::{
    field::{FieldError, FieldErrors},
    id::MonitorId,
};
use store::{MonitorFilter, Store};

use super::fields::PARENTS;
use crate::error;

/// More lines than this are not looked up one by one; the domain says how many there may be.
const MOST_LINES: usize = 40;
/// Similar names that a complaint suggests.
const MOST_SIMILAR: u32 = 3;

/// Those that are meant, and what is wrong with the other lines.
pub(super) async fn find(store: &Store, typed: &str) -> error::Result<(Vec<MonitorId>, FieldErrors)> {
    let lines: Vec<String> = typed
        .lines()
        .map(|l| l.trim().to_owned())
        .filter(|l| !l.is_empty())
        .take(MOST_LINES)
        .collect();
    let numbers: Vec<MonitorId> = lines.iter().filter_map(|l| number(l)).collect();
    let by_number: HashMap<MonitorId, String> = store.monitors().names(&numbers).await?.into_iter().collect();
    let mut by_name: HashMap<String, Vec<MonitorId>> = HashMap::new();
    for (id, name) in store.monitors().called(&lines).await? {
        by_name.entry(name.to_lowercase()).or_default().push(id);
    }
    let (mut found, mut errors) = (Vec::new(), FieldErrors::default());
    for line in lines {
        // A monitor may be called like a number.
        let called = by_name.get(&line.to_lowercase()).map_or(&[][..], Vec::as_slice);
        match (called, number(&line)) {
            ([one], _) => found.push(*one),
            ([], Some(id)) if by_number.contains_key(&id) => found.push(id),
            ([], _) => errors.push(unknown(store, &line).await?),
            (several, _) => errors.push(ambiguous(&line, several)),
        }
    }
    Ok((found, errors))
}

/// The field for these: a name where it is clear, and a number where it is not.
pub(super) async fn lines(store: &Store, parents: &[MonitorId]) -> error::Result<String> {
    let names: HashMap<MonitorId, String> = store.monitors().names(parents).await?.into_iter().collect();
    let mut all: Vec<String> = names.values().cloned().collect();
    all.sort_unstable();
    all.dedup();
    let same = store.monitors().called(&all).await?;
    let is_clear = |name: &str| {
        let key = name.to_lowercase();
        same.iter().filter(|(_, n)| n.to_lowercase() == key).count() == 1
    };
    let line = |id: &MonitorId| match names.get(id) {
        Some(name) if is_clear(name) => name.clone(),
        _ => format!("#{id}"),
    };
    Ok(parents.iter().map(line).collect::<Vec<_>>().join("\n"))
}

/// `#12` or `12`.
fn number(line: &str) -> Option<MonitorId> {
    line.strip_prefix('#').unwrap_or(line).parse().ok()
}

async fn unknown(store: &Store, line: &str) -> error::Result<FieldError> {
    let filter = MonitorFilter {
        query: Some(line.to_owned()),
        limit: MOST_SIMILAR,
        ..MonitorFilter::default()
    };
    let similar = store.monitors().page(&filter).await?.items;
    let similar: Vec<String> = similar.into_iter().map(|(m, _)| m.config.name).collect();
    if similar.is_empty() {
        let message =
            format!("There is no monitor \"{line}\". Use the name of one, or its number as in #12.");
        return Ok(FieldError::new(PARENTS, "parent-not-found", message).with("name", line));
    }
    let similar = similar.join(", ");
    let message = format!("There is no monitor that is called \"{line}\". Similar: {similar}.");
    Ok(FieldError::new(PARENTS, "parent-similar", message)
        .with("name", line)
        .with("similar", similar))
}

fn ambiguous(line: &str, several: &[MonitorId]) -> FieldError {
    let numbers: Vec<String> = several.iter().map(|id| format!("#{id}")).collect();
    let numbers = numbers.join(", ");
    let message = format!(
        "Several monitors are called \"{line}\". Use the number of the one that you mean: {numbers}."
    );
    FieldError::new(PARENTS, "parent-ambiguous", message)
        .with("name", line)
        .with("numbers", numbers)
}
