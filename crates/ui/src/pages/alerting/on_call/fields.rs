//! Between the fields of a rotation's form and the JSON that the domain reads.
//!
//! Layers are numbered `layers.0.…`; how many there are is in the hidden field `layers`. Buttons named `do` add one, take
//! one away or put one before another, and the form comes back with what was typed.

use domain::{
    id::ContactId,
    rotation::{Handover, Layer, MOST_LAYERS, MOST_PEOPLE, RotationDraft},
};
use serde_json::{Value, json};

use crate::{
    components::Form,
    pages::{form::value, hours_fields},
};

pub(super) const COUNT: &str = "layers";
/// Empty places behind the people that are chosen.
pub(super) const SPARE: usize = 2;

pub(super) fn name(layer: usize, field: &str) -> String {
    format!("layers.{layer}.{field}")
}

pub(super) fn hours(layer: usize) -> String {
    name(layer, "hours")
}

pub(super) fn person(layer: usize, place: usize) -> String {
    name(layer, &format!("people.{place}"))
}

/// How many layers were sent.
pub(super) fn count(typed: &[(String, String)]) -> usize {
    value(typed, COUNT).parse().unwrap_or(1).clamp(1, MOST_LAYERS)
}

/// Without rows of hours that do not count.
pub(super) fn without_gaps(typed: &[(String, String)]) -> Vec<(String, String)> {
    (0..count(typed)).fold(typed.to_vec(), |typed, layer| {
        hours_fields::without_gaps(&typed, &hours(layer))
    })
}

pub(super) fn people(typed: &[(String, String)], layer: usize) -> Vec<i64> {
    let places = (0..MOST_PEOPLE + SPARE).map(|place| value(typed, &person(layer, place)));
    places.filter_map(|id| id.parse().ok()).collect()
}

/// What was typed, as the body of the API.
pub(super) fn body(typed: &[(String, String)]) -> Value {
    let zone = value(typed, "zone");
    let layers: Vec<Value> = (0..count(typed))
        .map(|layer| {
            let text = |field: &str| value(typed, &name(layer, field));
            let hours = hours(layer);
            let restricted = hours_fields::any(typed, &hours);
            json!({
                "name": text("name"),
                "people": people(typed, layer),
                "handover": {
                    // What is no number is complained of as one that is out of range.
                    "every": text("handover.every").trim().parse::<i64>().unwrap_or(0),
                    "unit": text("handover.unit"), "at": text("handover.at"), "from": text("handover.from"),
                },
                "hours": restricted.then(|| hours_fields::body(typed, &hours, zone)),
            })
        })
        .collect();
    json!({ "name": value(typed, "name"), "zone": zone, "layers": layers })
}

/// What a button other than "save" does. `None`: save.
pub(super) fn change(typed: &[(String, String)]) -> Option<Vec<(String, String)>> {
    let wish = value(typed, "do");
    let count = count(typed);
    if wish == "add" {
        return Some(recounted(typed.to_vec(), (count + 1).min(MOST_LAYERS)));
    }
    let layer: usize = wish.strip_prefix("remove-")?.parse().ok()?;
    if layer >= count || count == 1 {
        return Some(typed.to_vec());
    }
    let moved = typed.iter().filter_map(|(field, v)| {
        let Some((n, rest)) = numbered(field) else {
            return Some((field.clone(), v.clone()));
        };
        match n.cmp(&layer) {
            std::cmp::Ordering::Less => Some((field.clone(), v.clone())),
            std::cmp::Ordering::Equal => None,
            std::cmp::Ordering::Greater => Some((name(n - 1, rest), v.clone())),
        }
    });
    Some(recounted(moved.collect(), count - 1))
}

fn numbered(field: &str) -> Option<(usize, &str)> {
    let (n, rest) = field.strip_prefix("layers.")?.split_once('.')?;
    Some((n.parse().ok()?, rest))
}

fn recounted(mut typed: Vec<(String, String)>, count: usize) -> Vec<(String, String)> {
    typed.retain(|(field, _)| field != COUNT && field != "do");
    typed.push((COUNT.to_owned(), count.to_string()));
    typed
}

/// The form of what was sent. People are closed up.
pub(super) fn form(mut form: Form, typed: &[(String, String)]) -> Form {
    let count = count(typed);
    for (field, v) in typed {
        form = form.with(field, v);
    }
    for layer in 0..count {
        let people: Vec<ContactId> = people(typed, layer).into_iter().map(ContactId).collect();
        form = seated(form, layer, &people);
    }
    form.with(COUNT, count)
}

fn seated(mut form: Form, layer: usize, people: &[ContactId]) -> Form {
    for place in 0..MOST_PEOPLE + SPARE {
        let id = people.get(place).map(ToString::to_string).unwrap_or_default();
        if !id.is_empty() || !form.value(&person(layer, place)).is_empty() {
            form = form.with(&person(layer, place), id);
        }
    }
    form
}

pub(super) fn stored(form: Form, plan: &RotationDraft) -> Form {
    let form = form
        .with("name", &plan.name)
        .with("zone", plan.zone.name())
        .with(COUNT, plan.layers.len());
    plan.layers
        .iter()
        .enumerate()
        .fold(form, |form, (n, layer)| of_layer(form, n, layer))
}

fn of_layer(form: Form, n: usize, layer: &Layer) -> Form {
    let form = seated(form.with(&name(n, "name"), &layer.name), n, &layer.people);
    let form = of_handover(form, n, layer.handover);
    match &layer.hours {
        Some(restricted) => hours_fields::stored(form, &hours(n), restricted),
        None => form,
    }
}

fn of_handover(form: Form, n: usize, handover: Handover) -> Form {
    form.with(&name(n, "handover.every"), handover.every)
        .with(&name(n, "handover.unit"), handover.unit)
        .with(&name(n, "handover.at"), handover.at)
        .with(&name(n, "handover.from"), handover.first_day())
}

/// A layer that nobody has filled in yet.
pub(super) fn begun(form: Form, n: usize, today: &str) -> Form {
    form.with(&name(n, "handover.every"), 1)
        .with(&name(n, "handover.unit"), "weeks")
        .with(&name(n, "handover.at"), "09:00")
        .with(&name(n, "handover.from"), today)
}

/// The fields that carry their own complaints.
pub(super) fn names(count: usize) -> Vec<String> {
    let of_layers = (0..count).flat_map(|layer| {
        [
            "name",
            "people",
            "handover.every",
            "handover.unit",
            "handover.at",
            "handover.from",
        ]
        .map(|field| name(layer, field))
        .into_iter()
        .chain(hours_fields::names(&hours(layer)))
    });
    // The zone of a layer's hours is that of the rotation, and complained of there.
    let fixed = ["name", "zone"].map(str::to_owned);
    of_layers.chain(fixed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> RotationDraft {
        let handover = json!({ "every": 2, "unit": "days", "at": "18:30", "from": "2026-01-01" });
        let hours = json!({ "zone": "Europe/Berlin", "spans": [{ "days": ["fri"], "from": "18:00", "to": "08:00" }] });
        RotationDraft::from_json(json!({ "name": "Operations", "zone": "Europe/Berlin", "layers": [
            { "name": "One", "people": [1, 2, 1], "handover": handover },
            { "name": "Two", "people": [3], "handover": handover, "hours": hours },
            { "name": "Three", "people": [4], "handover": handover },
        ]}))
        .unwrap()
    }

    /// What a browser would send of it.
    fn sent(plan: &RotationDraft) -> Vec<(String, String)> {
        let form = stored(Form::default(), plan);
        let mut all: Vec<String> = vec!["name".into(), "zone".into(), COUNT.into()];
        for n in 0..plan.layers.len() {
            all.extend(
                [
                    "name",
                    "handover.every",
                    "handover.unit",
                    "handover.at",
                    "handover.from",
                    "hours.spans.0.from",
                    "hours.spans.0.to",
                ]
                .map(|f| name(n, f)),
            );
            all.extend((0..5).map(|place| person(n, place)));
            if form.ticked(&name(n, "hours.spans.0.days.fri")) {
                all.push(name(n, "hours.spans.0.days.fri"));
            }
        }
        all.into_iter()
            .map(|field| (field.clone(), form.value(&field).to_owned()))
            .collect()
    }

    #[test]
    fn what_is_stored_survives_its_form() {
        let plan = plan();
        assert_eq!(
            RotationDraft::from_json(body(&without_gaps(&sent(&plan)))).unwrap(),
            plan
        );
    }

    #[test]
    fn a_layer_is_added_and_taken_away_and_nothing_typed_is_lost() {
        let plan = plan();
        let with = |wish: &str| {
            let mut typed = sent(&plan);
            typed.push(("do".into(), wish.into()));
            change(&typed)
        };
        assert_eq!(with("save"), None);
        assert_eq!(count(&with("add").unwrap()), 4);
        let less = with("remove-0").unwrap();
        let left = RotationDraft::from_json(body(&without_gaps(&less))).unwrap();
        assert_eq!(left.layers, plan.layers[1..]);
        let untouched = RotationDraft::from_json(body(&with("remove-7").unwrap())).unwrap();
        assert_eq!(untouched, plan);
    }
}
