//! Watchbell's own health.

use alert::dead_man::Status;
use domain::{dead_man::PingMethod, duration};
use serde::Serialize;
use store::DeadManRevision;
use utoipa::{ToSchema, openapi::schema::Object};

use super::{Time, one_of};

fn methods() -> Object {
    one_of(PingMethod::ALL.iter().map(|m| m.as_str()))
}

/// Who is to hear of Watchbell's own troubles. An unknown field is refused by its name.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OperationsDraft {
    /// Ids of channels; `null` or none: every channel that is switched on.
    #[schema(required = false)]
    pub channels: Option<Vec<i64>>,
}

/// Who hears of Watchbell's own troubles.
#[derive(Debug, Serialize, ToSchema)]
pub struct OperationsView {
    /// As chosen; `null`: every channel that is switched on.
    pub channels: Option<Vec<i64>>,
    /// The channels by which a trouble would be told now.
    pub heard_by: Vec<i64>,
}

/// What a person sets. An unknown field is refused by its name.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeadManDraft {
    /// Default true.
    #[schema(required = false)]
    pub enabled: bool,
    /// Write-only: it may hold a key. Left out, the stored one stays.
    #[schema(required = false, example = "https://hc-ping.com/0123")]
    pub url: Option<String>,
    /// Default `GET`.
    #[schema(schema_with = methods, required = false)]
    pub method: &'static str,
    /// From `30s` to `1h`, default `1m`.
    #[schema(required = false, example = "1m")]
    pub every: String,
    /// No ping when a message has been due for longer: from `1m` to `1h`, default `5m`.
    #[schema(required = false, example = "5m")]
    pub patience: String,
}

/// The dead-man's switch, and what became of its pings since this process began.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeadManView {
    /// Counts up with every save; 0 = never saved.
    pub revision: i64,
    pub enabled: bool,
    pub url_set: bool,
    /// Scheme and host of the address.
    pub origin: Option<String>,
    /// The address was sealed with a key that this instance does not have.
    pub locked: bool,
    #[schema(schema_with = methods)]
    pub method: &'static str,
    pub every: String,
    pub patience: String,
    pub last_ping_at: Option<Time>,
    /// The status of the last answer.
    pub last_status: Option<u16>,
    /// What went wrong with the last ping.
    pub last_error: Option<String>,
    /// Since when none is sent; `null`: they are sent.
    pub silent_since: Option<Time>,
    /// Why none is sent.
    pub silent_because: Vec<SilenceView>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct SilenceView {
    /// `no_checks`, `behind`, `not_sending`, `not_stored`, `messages_wait`, `locked`; more may come.
    pub code: &'static str,
    pub detail: String,
}

impl DeadManView {
    pub(crate) fn new(stored: &DeadManRevision, status: Status) -> Self {
        let settings = &stored.settings;
        let (last_ping_at, answer) = status.last.map(|p| (p.at, p.answer)).unzip();
        let (silent_since, why) = status.silent.unzip();
        let (last_status, last_error) = match answer {
            Some(Ok(status)) => (Some(status), None),
            Some(Err(error)) => (None, Some(error)),
            None => (None, None),
        };
        Self {
            revision: stored.revision,
            enabled: settings.enabled,
            url_set: settings.url.is_some() || stored.locked,
            origin: settings.origin(),
            locked: stored.locked,
            method: settings.method.as_str(),
            every: duration::format(settings.every),
            patience: duration::format(settings.patience),
            last_ping_at: last_ping_at.map(Time),
            last_status,
            last_error,
            silent_since: silent_since.map(Time),
            silent_because: why
                .into_iter()
                .flatten()
                .map(|why| SilenceView {
                    code: why.code(),
                    detail: why.to_string(),
                })
                .collect(),
        }
    }
}
