//! The zones of an installation and their references, as a person sets them.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::ZoneName;
use crate::{
    field::{FieldError, FieldErrors},
    host::{Host, HostPort, parse_port},
    json::Object,
    text::parse_line,
};

const MOST_ZONES: usize = 20;
const MOST_REFERENCES: usize = 8;
/// Addresses of three name services, in three networks: each answers for itself, without a name that must be resolved.
const USUAL_WAN: [&str; 3] = ["1.1.1.1:443", "8.8.8.8:443", "9.9.9.9:443"];

/// The body of `PUT /api/v1/settings/zones`, valid: `wan` and `lan` first, then the others by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zones(Vec<Zone>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    pub name: ZoneName,
    /// None: there is no self-check for this zone.
    pub references: Vec<HostPort>,
}

impl Default for Zones {
    fn default() -> Self {
        Self(vec![usual(ZoneName::wan()), usual(ZoneName::lan())])
    }
}

fn usual(name: ZoneName) -> Zone {
    let texts: &[&str] = if name.as_str() == ZoneName::WAN {
        &USUAL_WAN
    } else {
        &[]
    };
    let references = texts.iter().filter_map(|t| parse_reference("references", t).ok());
    Zone {
        references: references.collect(),
        name,
    }
}

impl Zones {
    /// `{"zones": [{"name": "wan", "references": ["1.1.1.1:443"]}, {"name": "office-vpn", "references": []}]}`. `wan` and
    /// `lan` are as usual when they are left out.
    pub fn from_json(value: Value) -> Result<Self, FieldErrors> {
        let mut o = Object::new("", value)?;
        let items = match o.value("zones") {
            None => Vec::new(),
            Some(Value::Array(items)) => items,
            Some(_) => o
                .complain("zones", "type-list", "This must be a list.")
                .unwrap_or_default(),
        };
        if items.len() > MOST_ZONES {
            o.errors.push(
                FieldError::new(
                    "zones",
                    "zones-too-many",
                    format!("Use at most {MOST_ZONES} zones."),
                )
                .with("max", MOST_ZONES),
            );
        }
        let mut zones: Vec<Zone> = Vec::new();
        for (i, item) in items.into_iter().take(MOST_ZONES).enumerate() {
            match read_zone(&format!("zones.{i}"), item) {
                Ok(zone) if zones.iter().any(|z| z.name == zone.name) => o.errors.push(
                    FieldError::new(
                        format!("zones.{i}.name"),
                        "zone-twice",
                        format!(
                            "There are two zones \"{}\". Give each a name of its own.",
                            zone.name
                        ),
                    )
                    .with("name", zone.name),
                ),
                Ok(zone) => zones.push(zone),
                Err(errors) => o.errors.0.extend(errors.0),
            }
        }
        let errors = o.finish();
        if !errors.is_empty() {
            return Err(errors);
        }
        for name in [ZoneName::wan(), ZoneName::lan()] {
            if zones.iter().all(|z| z.name != name) {
                zones.push(usual(name));
            }
        }
        zones.sort_by(|a, b| order(&a.name).cmp(&order(&b.name)));
        Ok(Self(zones))
    }

    pub fn to_json(&self) -> Value {
        let zone = |z: &Zone| {
            let references: Vec<String> = z.references.iter().map(ToString::to_string).collect();
            json!({ "name": z.name.as_str(), "references": references })
        };
        json!({ "zones": self.0.iter().map(zone).collect::<Vec<_>>() })
    }

    pub fn iter(&self) -> impl Iterator<Item = &Zone> {
        self.0.iter()
    }

    pub fn get(&self, name: &ZoneName) -> Option<&Zone> {
        self.0.iter().find(|z| z.name == *name)
    }
}

fn order(name: &ZoneName) -> (u8, &str) {
    let rank = match name.as_str() {
        ZoneName::WAN => 0,
        ZoneName::LAN => 1,
        _ => 2,
    };
    (rank, name.as_str())
}

fn read_zone(prefix: &str, value: Value) -> Result<Zone, FieldErrors> {
    let mut o = Object::new(prefix, value)?;
    let name = o.required_text("name");
    let name = o.parse("name", name, |f, v| ZoneName::parse(f, &v));
    let texts = o.texts("references").unwrap_or_default();
    let references = o.parse("references", Some(texts), parse_references);
    let errors = o.finish();
    let zone = name
        .zip(references)
        .map(|(name, references)| Zone { name, references });
    zone.filter(|_| errors.is_empty()).ok_or(errors)
}

fn parse_references(field: &str, texts: Vec<String>) -> Result<Vec<HostPort>, FieldError> {
    if texts.len() > MOST_REFERENCES {
        return Err(FieldError::new(
            field,
            "references-too-many",
            format!("Use at most {MOST_REFERENCES} references."),
        )
        .with("max", MOST_REFERENCES));
    }
    let mut seen = BTreeSet::new();
    let mut references = Vec::with_capacity(texts.len());
    for text in &texts {
        let reference = parse_reference(field, text)?;
        if seen.insert(reference.to_string()) {
            references.push(reference);
        }
    }
    Ok(references)
}

/// `host:port`, IPv6 in brackets.
fn parse_reference(field: &str, text: &str) -> Result<HostPort, FieldError> {
    let line = parse_line(field, text, 262)?;
    let bad = || {
        FieldError::new(
            field,
            "reference-invalid",
            format!(
                "\"{line}\" is not a host with its port. Example: 1.1.1.1:443 or [2606:4700:4700::1111]:443."
            ),
        )
        .with("value", line.clone())
    };
    let (host, port) = line.rsplit_once(':').ok_or_else(bad)?;
    // Without brackets the end of an IPv6 address would be taken for a port.
    if host.contains(':') && !(host.starts_with('[') && host.ends_with(']')) {
        return Err(bad());
    }
    let port = port.parse::<i64>().map_err(|_| bad())?;
    Ok(HostPort {
        host: Host::parse(field, host).map_err(|_| bad())?,
        port: parse_port(field, port).map_err(|_| bad())?,
    })
}
