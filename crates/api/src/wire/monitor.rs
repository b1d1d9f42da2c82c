//! Monitors.

use std::collections::BTreeMap;

use domain::{
    duration,
    in_force::Standing,
    monitor::{Monitor, MonitorConfig},
    schedule::Schedule,
    state::{MonitorState, Status},
    target::{Kind, Target},
};
use serde::Serialize;
use utoipa::{ToSchema, openapi::schema::Object};

use super::{Time, ms, one_of};

pub(crate) fn kinds() -> Object {
    one_of(Kind::ALL.iter().map(|k| k.as_str()))
}

fn statuses() -> Object {
    one_of(Status::ALL.iter().map(|s| s.as_str()))
}

/// What a person sets. Left out: the default. An unknown field is refused by its name.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MonitorDraft {
    /// One line of at most 120 characters.
    #[schema(max_length = 120)]
    pub name: String,
    #[schema(schema_with = kinds)]
    pub kind: &'static str,
    pub target: TargetDraft,
    pub schedule: ScheduleBody,
    /// For the whole check. Default 10s, or the interval if that is shorter.
    #[schema(example = "10s")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<String>,
    /// Failures in a row until it counts as down. Default 2.
    #[schema(minimum = 1, maximum = 100)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirm_after: Option<u32>,
    /// The wait before the next check while a first failure is unconfirmed. Default 5s.
    #[schema(example = "5s")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recheck_every: Option<String>,
    /// Successes in a row until it counts as up again. Default 1.
    #[schema(minimum = 1, maximum = 100)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recover_after: Option<u32>,
    /// A check that takes longer is slow; `confirm_after` of them in a row are `degraded`. `null`, the default: never.
    #[schema(example = "800ms")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slow_above: Option<String>,
    /// So many days before its certificate expires somebody is told, each time. Default 30, 14, 7, 3 and 1; empty: never. Of a
    /// short-lived certificate only those count that are at most a third of its life.
    #[schema(max_items = 10)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate_days: Option<Vec<u16>>,
    /// The network that it is reached by: `wan`, `lan` or a zone of `/settings/zones`. Default `lan` for addresses and names
    /// of private networks, else `wan`.
    #[schema(max_length = 30, example = "wan")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// Ids of the channels that hear of it, at once and of everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channels: Option<Vec<i64>>,
    /// Id of the policy that says who else is told, and when. `null`, the default: the first policy with one of its tags or
    /// the default one, and none if it has channels of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<i64>,
    /// Ids of the monitors on which it depends: while one of them is down, nobody is told that this one is too.
    #[schema(max_items = 20)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parents: Option<Vec<i64>>,
    #[schema(max_items = 20)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    /// `false` = paused. Default `true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}

/// What is checked, by `kind`.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum TargetDraft {
    Http(HttpTargetDraft),
    Tcp(TcpTarget),
    Ping(PingTarget),
}

/// `kind` http.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HttpTargetDraft {
    /// `http://` or `https://`, without user name and password.
    #[schema(example = "https://shop.example/health")]
    pub url: String,
    /// Default GET.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Request headers. The values are write-only and read back as `"<name>_set": true`. In a PATCH a header that is
    /// left out keeps its value and `null` removes it. A value is kept only while scheme, host and port of `url` and the
    /// certificate check stay the same: it goes to no other server than the one that it was entered for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headers: Option<BTreeMap<String, String>>,
    /// Sent with the request; at most 64 KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Status codes that count as up. Default `["200-299"]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accept_status: Option<Vec<String>>,
    /// 0 = a redirect is an answer like any other. Default 5.
    #[schema(minimum = 0, maximum = 10)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_redirects: Option<u32>,
    /// `false`: the certificate is reported but does not fail the check. Default `true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verify_certificate: Option<bool>,
}

/// `kind` tcp.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TcpTarget {
    /// A name or an IP address, nothing around it.
    pub host: String,
    #[schema(minimum = 1, maximum = 65535)]
    pub port: u16,
}

/// `kind` ping.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PingTarget {
    /// A name or an IP address, nothing around it.
    pub host: String,
}

/// When it is checked.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum ScheduleBody {
    Every(EverySchedule),
    Cron(CronBody),
}

/// Every so often.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EverySchedule {
    /// From 1s to 1d.
    #[schema(example = "30s")]
    pub every: String,
}

/// By the clock.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CronBody {
    #[schema(example = "*/5 * * * *")]
    pub cron: String,
    /// Name from the IANA time zone database. Default UTC.
    #[schema(example = "Asia/Shanghai")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
}

/// A monitor as it is read.
#[derive(Debug, Serialize, ToSchema)]
pub struct MonitorView {
    pub id: i64,
    /// Counts up with every edit.
    pub revision: i64,
    pub created_at: Time,
    /// Its header values were sealed with a key that this instance does not have. Every check is UNKNOWN until the
    /// target is sent again.
    pub locked: bool,
    pub name: String,
    #[schema(schema_with = kinds)]
    pub kind: &'static str,
    pub target: TargetView,
    pub schedule: ScheduleBody,
    pub timeout: String,
    pub confirm_after: u32,
    pub recheck_every: String,
    pub recover_after: u32,
    pub slow_above: Option<String>,
    pub certificate_days: Vec<u16>,
    pub zone: String,
    pub channels: Vec<i64>,
    pub policy: Option<i64>,
    pub parents: Vec<i64>,
    pub tags: Vec<String>,
    pub enabled: bool,
    pub state: StateView,
}

/// Where a monitor stands. `unknown` as well when its last result is older than two intervals and its timeout.
#[derive(Debug, Serialize, ToSchema)]
pub struct StateView {
    #[schema(schema_with = statuses)]
    pub status: &'static str,
    /// Since when; for `down` the first failing check, for `maintenance` the beginning of the window. `null` while nothing is
    /// known.
    pub since: Option<Time>,
    pub last_check_at: Option<Time>,
    /// Of the last check.
    pub latency_ms: Option<f64>,
    /// Why it is not up.
    pub reason: Option<String>,
    /// When the maintenance window ends that it is under.
    pub maintenance_until: Option<Time>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum TargetView {
    Http(HttpTargetView),
    Tcp(TcpTarget),
    Ping(PingTarget),
}

#[derive(Debug, Serialize, ToSchema)]
pub struct HttpTargetView {
    pub url: String,
    pub method: String,
    /// `"<name>_set": true` for each header that is sent.
    pub headers: BTreeMap<String, bool>,
    pub body: Option<String>,
    pub accept_status: Vec<String>,
    pub max_redirects: u32,
    pub verify_certificate: bool,
}

impl From<&Target> for TargetView {
    fn from(target: &Target) -> Self {
        match target {
            Target::Http(t) => Self::Http(HttpTargetView {
                url: t.url.to_string(),
                method: t.method.as_str().to_owned(),
                headers: headers_set(&t.headers),
                body: t.body.clone(),
                accept_status: t.accept_status.iter().map(ToString::to_string).collect(),
                max_redirects: t.max_redirects,
                verify_certificate: t.verify_certificate,
            }),
            Target::Tcp(t) => Self::Tcp(TcpTarget {
                host: t.host.to_string(),
                port: t.port,
            }),
            Target::Ping(host) => Self::Ping(PingTarget {
                host: host.to_string(),
            }),
        }
    }
}

pub(super) fn headers_set(headers: &[domain::target::Header]) -> BTreeMap<String, bool> {
    headers
        .iter()
        .map(|h| (format!("{}_set", h.name), true))
        .collect()
}

impl From<&Schedule> for ScheduleBody {
    fn from(schedule: &Schedule) -> Self {
        match schedule {
            Schedule::Every(d) => Self::Every(EverySchedule {
                every: duration::format(*d),
            }),
            Schedule::Cron(c) => Self::Cron(CronBody {
                cron: c.expression().to_owned(),
                timezone: Some(c.timezone().name().to_owned()),
            }),
        }
    }
}

impl MonitorView {
    pub(crate) fn new(monitor: &Monitor, state: StateView) -> Self {
        let c = &monitor.config;
        Self {
            id: monitor.id.0,
            revision: monitor.revision,
            created_at: Time(monitor.created_at),
            locked: monitor.locked,
            name: c.name.clone(),
            kind: c.target.kind().as_str(),
            target: (&c.target).into(),
            schedule: (&c.schedule).into(),
            timeout: duration::format(c.timeout),
            confirm_after: c.thresholds.confirm_after.get(),
            recheck_every: duration::format(c.thresholds.recheck_every),
            recover_after: c.thresholds.recover_after.get(),
            slow_above: c.warnings.slow_above.map(duration::format),
            certificate_days: c.warnings.certificate_days.clone(),
            zone: c.zone.to_string(),
            channels: c.channels.iter().map(|c| c.0).collect(),
            policy: c.policy.map(|p| p.0),
            parents: c.parents.iter().map(|p| p.0).collect(),
            tags: c.tags.clone(),
            enabled: c.enabled,
            state,
        }
    }
}

impl StateView {
    /// A paused monitor keeps what was last known of it, under the word `paused`.
    pub(crate) fn new(
        config: &MonitorConfig,
        state: &MonitorState,
        last: Option<&store::samples::Sample>,
        window: Option<&Standing>,
    ) -> Self {
        let enabled = config.enabled;
        let window = window.filter(|_| enabled);
        let since = window.map(|w| w.from).or_else(|| state.since());
        Self {
            status: state.shown(enabled, window.is_some()).as_str(),
            since: since.filter(|_| enabled).map(Time),
            last_check_at: last.map(|s| Time(s.at)),
            latency_ms: last.and_then(|s| s.latency).map(ms),
            reason: state.detail().filter(|_| enabled).map(str::to_owned),
            maintenance_until: window.map(|w| Time(w.until)),
        }
    }
}
