//! The zones and their references.

use std::collections::BTreeMap;

use domain::{clock::Timestamp, reach::ZoneName};
use serde::Serialize;
use store::{Gap, ZonesRevision};
use utoipa::ToSchema;

use super::Time;

/// What a person sets. An unknown field is refused by its name.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ZonesDraft {
    #[schema(max_items = 20)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zones: Option<Vec<ZoneDraft>>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ZoneDraft {
    /// `wan`, `lan`, or a name of small letters, digits and dashes.
    #[schema(max_length = 30, example = "office-vpn")]
    pub name: String,
    /// `host:port` of servers that accept a TCP connection whenever the network works. Empty: no self-check.
    #[schema(max_items = 8, example = json!(["10.8.0.1:22"]))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub references: Option<Vec<String>>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ZonesView {
    /// Counts up with every save; 0 = never saved.
    pub revision: i64,
    pub saved_at: Option<Time>,
    pub saved_by: Option<String>,
    pub zones: Vec<ZoneView>,
    /// The latest times in which a zone was offline, the latest first.
    pub gaps: Vec<GapView>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ZoneView {
    pub name: String,
    pub references: Vec<ReferenceView>,
    /// Set while no reference answers: what fails in this zone is unknown and opens no incident.
    pub offline_since: Option<Time>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ReferenceView {
    #[schema(example = "1.1.1.1:443")]
    pub address: String,
    /// `null` = never. A zone of which no reference ever answered has no self-check.
    pub answered_at: Option<Time>,
}

/// A time offline.
#[derive(Debug, Serialize, ToSchema)]
pub struct GapView {
    pub zone: String,
    /// The first failing check.
    pub since: Time,
    /// `null`: it lasts.
    pub until: Option<Time>,
}

impl ZonesView {
    pub(crate) fn new(
        stored: ZonesRevision,
        offline: &[(ZoneName, Timestamp)],
        answers: &BTreeMap<(ZoneName, String), Timestamp>,
        gaps: Vec<Gap>,
    ) -> Self {
        let (saved_at, saved_by) = stored.saved.unzip();
        let zone = |zone: &domain::reach::Zone| ZoneView {
            name: zone.name.to_string(),
            references: zone
                .references
                .iter()
                .map(ToString::to_string)
                .map(|address| ReferenceView {
                    answered_at: answers
                        .get(&(zone.name.clone(), address.clone()))
                        .copied()
                        .map(Time),
                    address,
                })
                .collect(),
            offline_since: offline
                .iter()
                .find(|(n, _)| *n == zone.name)
                .map(|(_, at)| Time(*at)),
        };
        Self {
            revision: stored.revision,
            saved_at: saved_at.map(Time),
            saved_by,
            zones: stored.zones.iter().map(zone).collect(),
            gaps: gaps
                .into_iter()
                .map(|gap| GapView {
                    zone: gap.zone.to_string(),
                    since: Time(gap.since),
                    until: gap.until.map(Time),
                })
                .collect(),
        }
    }
}
