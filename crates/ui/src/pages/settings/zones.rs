//! Settings > Network: the zones, what proves that each works, and when one did not.

use std::{collections::BTreeMap, time::Duration};

use askama::Template;
use axum::{Router, routing::get};
use domain::{
    clock::Timestamp,
    field::{FieldError, FieldErrors},
    reach::{Zone, ZoneName, Zones},
};
use http::StatusCode;
use serde_json::{Value, json};
use store::{Gap, StoreError};

use super::tabs::{Link, Tab, links};
use crate::{
    App, Flash, Section, Shell, SignedIn, Typed,
    components::Form,
    error,
    pages::form::{ticked, value},
    shell::{page, page_with},
};

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/settings/zones", get(show).post(save))
}

const HERE: &str = "/settings/zones";
/// So many times offline are listed.
const GAPS: u64 = 10;
/// The fields of the zone that is to be made.
const NEW: &str = "new";

#[derive(Template)]
#[template(path = "pages/settings/zones.html")]
pub(crate) struct ZonesPage {
    shell: Shell,
    tabs: Vec<Link>,
    form: Form,
    zones: Vec<ZoneCard>,
    gaps: Vec<GapRow>,
}

/// One zone as it is stored.
pub(crate) struct ZoneCard {
    /// The names of its fields.
    name_field: String,
    references_field: String,
    remove_field: String,
    name: String,
    title: String,
    built_in: bool,
    state: (&'static str, &'static str),
    since: Option<Timestamp>,
    /// Each reference, and when it answered last.
    references: Vec<(String, Option<Timestamp>)>,
}

pub(crate) struct GapRow {
    zone: String,
    since: Timestamp,
    until: Option<Timestamp>,
    lasted: Duration,
}

/// What is known beside the settings.
struct Known {
    zones: Zones,
    offline: Vec<(ZoneName, Timestamp)>,
    answers: BTreeMap<(ZoneName, String), Timestamp>,
    gaps: Vec<Gap>,
}

async fn show(who: SignedIn) -> error::Result {
    let known = read(&who).await?;
    let form = stored(who.visit.language, &known.zones);
    page(&view(who.shell(Section::Settings, "settings-zones"), form, known))
}

async fn read(who: &SignedIn) -> error::Result<Known> {
    let zones = who.store().settings().zones().await?.zones;
    Ok(Known {
        offline: who.visit.app.scheduler.offline(),
        answers: who.store().gaps().answers(&zones).await?,
        gaps: who.store().gaps().recent(GAPS).await?,
        zones,
    })
}

fn stored(language: crate::locale::Language, zones: &Zones) -> Form {
    (0..)
        .zip(zones.iter())
        .fold(Form::new(language), |form, (i, zone)| {
            let lines: Vec<String> = zone.references.iter().map(ToString::to_string).collect();
            form.with(&field(i, "references"), lines.join("\n"))
        })
}

fn field(i: usize, name: &str) -> String {
    format!("zones.{i}.{name}")
}

fn view(shell: Shell, form: Form, known: Known) -> ZonesPage {
    let cards = (0..).zip(known.zones.iter());
    let cards = cards.map(|(i, zone)| card(&shell, i, zone, &known)).collect();
    let gap = |gap: &Gap| GapRow {
        zone: gap.zone.to_string(),
        since: gap.since,
        until: gap.until,
        lasted: gap.until.unwrap_or(shell.now).since(gap.since),
    };
    ZonesPage {
        tabs: links(&shell, Tab::Zones),
        zones: cards,
        gaps: known.gaps.iter().map(gap).collect(),
        form,
        shell,
    }
}

fn card(shell: &Shell, i: usize, zone: &Zone, known: &Known) -> ZoneCard {
    let references: Vec<(String, Option<Timestamp>)> = zone
        .references
        .iter()
        .map(|reference| {
            let key = (zone.name.clone(), reference.to_string());
            let at = known.answers.get(&key).copied();
            (key.1, at)
        })
        .collect();
    let since = known.offline.iter().find(|(name, _)| *name == zone.name);
    let state = if references.is_empty() {
        ("paused", "zone-state-off")
    } else if since.is_some() {
        ("down", "zone-state-offline")
    } else if references.iter().all(|(_, at)| at.is_none()) {
        ("unknown", "zone-state-blind")
    } else {
        ("up", "zone-state-on")
    };
    ZoneCard {
        name_field: field(i, "name"),
        references_field: field(i, "references"),
        remove_field: field(i, "remove"),
        name: zone.name.to_string(),
        title: match zone.name.as_str() {
            ZoneName::WAN => shell.t("zone-wan").to_string(),
            ZoneName::LAN => shell.t("zone-lan").to_string(),
            name => name.to_owned(),
        },
        built_in: zone.name.is_built_in(),
        state,
        since: since.map(|(_, at)| *at),
        references,
    }
}

async fn save(who: SignedIn, axum::Form(typed): Typed) -> error::Result {
    let (body, fields) = body(&typed);
    let saved = match Zones::from_json(body) {
        Ok(zones) => accept(who.store().settings().save_zones(&zones, who.by()).await)?,
        Err(errors) => Err(errors),
    };
    if let Err(mut errors) = saved {
        for error in &mut errors.0 {
            error.field = renamed(&error.field, &fields);
        }
        let known = read(&who).await?;
        let form = Form::typed(who.visit.language, &typed, &[]).refused(errors);
        let view = view(who.shell(Section::Settings, "settings-zones"), form, known);
        return page_with(StatusCode::UNPROCESSABLE_ENTITY, &view);
    }
    who.visit.app.scheduler.zones_changed();
    tracing::info!(user = who.by(), "zones saved");
    Ok(Flash::good("flash-zones-saved").redirect(&who.visit, HERE))
}

/// The body of the API, and where on the page each of its zones stands: one that is removed leaves no hole in it.
fn body(typed: &[(String, String)]) -> (Value, Vec<String>) {
    let lines = |name: &str| -> Vec<String> {
        let lines = value(typed, name).lines().map(str::trim);
        lines.filter(|l| !l.is_empty()).map(str::to_owned).collect()
    };
    let mut zones = Vec::new();
    let mut fields = Vec::new();
    let on_page = (0..).map_while(|i| {
        let name = value(typed, &field(i, "name"));
        (!name.is_empty()).then_some((i, name))
    });
    for (i, name) in on_page {
        if !ticked(typed, &field(i, "remove")) {
            zones.push(json!({ "name": name, "references": lines(&field(i, "references")) }));
            fields.push(format!("zones.{i}"));
        }
    }
    let name = value(typed, "new.name").trim();
    let references = lines("new.references");
    if !name.is_empty() || !references.is_empty() {
        zones.push(json!({ "name": name, "references": references }));
        fields.push(NEW.to_owned());
    }
    (json!({ "zones": zones }), fields)
}

/// `zones.1.references` of the body as the page calls it.
fn renamed(field: &str, fields: &[String]) -> String {
    let parts = field.strip_prefix("zones.").and_then(|rest| rest.split_once('.'));
    let found = parts.and_then(|(i, rest)| {
        let on_page = fields.get(i.parse::<usize>().ok()?)?;
        Some(format!("{on_page}.{rest}"))
    });
    found.unwrap_or_else(|| field.to_owned())
}

fn accept<T>(result: Result<T, StoreError>) -> error::Result<Result<T, FieldErrors>> {
    match result {
        Ok(saved) => Ok(Ok(saved)),
        Err(StoreError::ZoneInUse { zone, monitors }) => {
            let message = format!(
                "{monitors} monitors are in the zone \"{zone}\". Give them another zone before you remove it."
            );
            Ok(Err(FieldError::new("zones", "zone-in-use", message)
                .with("name", zone)
                .with("n", monitors)
                .into()))
        }
        Err(e) => Err(e.into()),
    }
}

impl ZonesPage {
    /// What belongs to no single field.
    fn strays(&self) -> Vec<String> {
        let mut names: Vec<&str> = vec!["new.name", "new.references"];
        for zone in &self.zones {
            names.extend([zone.name_field.as_str(), &zone.references_field]);
        }
        self.form.other_errors(&names)
    }
}

#[cfg(test)]
pub(crate) fn samples(language: crate::locale::Language) -> Vec<ZonesPage> {
    use crate::pages::samples::{NOW, shell};
    let shell = || shell(language, Section::Settings, "settings-zones");
    let usual = Known {
        zones: Zones::default(),
        offline: Vec::new(),
        answers: BTreeMap::new(),
        gaps: Vec::new(),
    };
    let fresh = view(shell(), stored(language, &usual.zones), usual);

    let body = json!({ "zones": [
        { "name": "wan", "references": ["1.1.1.1:443", "8.8.8.8:443", "9.9.9.9:443"] },
        { "name": "lan", "references": ["nas.lan:445"] },
        { "name": "office-vpn", "references": ["10.8.0.1:22"] },
    ] });
    let Ok(zones) = Zones::from_json(body) else {
        return vec![fresh];
    };
    let minutes = |n| NOW.minus(Duration::from_mins(n));
    let mut answers = BTreeMap::new();
    for zone in zones.iter().filter(|z| z.name.is_built_in()) {
        for reference in &zone.references {
            answers.insert((zone.name.clone(), reference.to_string()), minutes(42));
        }
    }
    let gap = |zone, since, until: Option<u64>| Gap {
        zone,
        since: minutes(since),
        until: until.map(minutes),
    };
    let busy = Known {
        offline: vec![(ZoneName::wan(), minutes(14))],
        answers,
        gaps: vec![
            gap(ZoneName::wan(), 14, None),
            gap(ZoneName::lan(), 5_000, Some(4_985)),
        ],
        zones,
    };
    let typed: Vec<(String, String)> = [
        ("zones.0.name", "wan"),
        ("zones.0.references", "1.1.1.1"),
        ("new.name", "Büro"),
        ("new.references", "10.8.0.1:22"),
    ]
    .map(|(n, v)| (n.to_owned(), v.to_owned()))
    .to_vec();
    let mut errors = FieldErrors::default();
    errors.push(
        FieldError::new(
            "zones.0.references",
            "reference-invalid",
            "\"1.1.1.1\" is not a host with its port. Example: 1.1.1.1:443 or [2606:4700:4700::1111]:443.",
        )
        .with("value", "1.1.1.1"),
    );
    errors.push(FieldError::new(
        "new.name",
        "zone-name",
        "Use small letters, digits and dashes. Example: office-vpn.",
    ));
    let refused_form = Form::typed(language, &typed, &[]).refused(errors);
    let refused = Known {
        zones: Zones::default(),
        offline: Vec::new(),
        answers: BTreeMap::new(),
        gaps: Vec::new(),
    };
    vec![
        fresh,
        view(shell(), stored(language, &busy.zones), busy),
        view(shell(), refused_form, refused),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complaints_find_their_fields_past_a_zone_that_is_removed() {
        let typed: Vec<(String, String)> = [
            ("zones.0.name", "wan"),
            ("zones.0.references", "1.1.1.1:443\r\n\r\n 8.8.8.8:443 "),
            ("zones.1.name", "old"),
            ("zones.1.references", "10.0.0.1:1"),
            ("zones.1.remove", "on"),
            ("zones.2.name", "vpn"),
            ("zones.2.references", "nonsense"),
            ("new.name", "A b"),
            ("new.references", ""),
        ]
        .map(|(n, v)| (n.to_owned(), v.to_owned()))
        .to_vec();
        let (body, fields) = body(&typed);
        assert_eq!(
            body["zones"][0],
            json!({ "name": "wan", "references": ["1.1.1.1:443", "8.8.8.8:443"] })
        );
        let errors = Zones::from_json(body).unwrap_err();
        let named: Vec<String> = errors.0.iter().map(|e| renamed(&e.field, &fields)).collect();
        assert_eq!(named, ["zones.2.references", "new.name"]);
        assert_eq!(renamed("zones", &fields), "zones");
    }
}
