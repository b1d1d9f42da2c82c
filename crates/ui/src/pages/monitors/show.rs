//! One monitor: how it is, why, how it was, and who hears of it.

use std::time::Duration;

use askama::Template;
use axum::extract::{Path, Query};
use domain::{
    clock::Timestamp,
    id::{IncidentId, MonitorId},
    in_force::InForce,
    incident::IncidentKind,
    monitor::Monitor,
    schedule::Schedule,
    state::{MonitorState, Status},
    target::Target,
};
use serde::Deserialize;
use store::{
    IncidentFilter, IncidentPhase, IncidentRow,
    samples::{Sample, SampleKind, Stats},
};

use super::{
    chart::{Chart, RANGES},
    find,
    outlook::{self, Outlook},
};
use crate::{
    Section, Shell, SignedIn,
    components::{Bar, Mark, Strip, href},
    error::{self, Error},
    pages::{
        incidents::kind::{self, Words},
        overview::{bar, status_of, strip_label},
    },
    shell::{page, percent},
};

#[derive(Template)]
#[template(path = "pages/monitors/show.html")]
pub(crate) struct MonitorPage {
    pub(super) shell: Shell,
    pub(super) href: String,
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) target: String,
    pub(super) tags: Vec<String>,
    pub(super) zone: String,
    pub(super) enabled: bool,
    pub(super) locked: bool,
    pub(super) now: Now,
    pub(super) rhythm: String,
    pub(super) decision: String,
    /// What is warned of, in sentences.
    pub(super) warns: Vec<String>,
    pub(super) ranges: Vec<RangeLink>,
    pub(super) chart: Chart,
    pub(super) figures: Figures,
    pub(super) strip: Strip,
    pub(super) results: Vec<ResultRow>,
    pub(super) incidents: Vec<IncidentLine>,
    pub(super) outlook: Outlook,
    pub(super) parents: Vec<Relative>,
    /// Those that depend on it directly.
    pub(super) children: Vec<Relative>,
    /// More children than are listed.
    pub(super) more_children: bool,
}

/// A monitor on which this one depends, or that depends on it.
pub(crate) struct Relative {
    pub(super) id: MonitorId,
    pub(super) name: String,
}

/// The answer to "how is it?".
pub(crate) struct Now {
    pub(super) status: Status,
    pub(super) since: Option<Timestamp>,
    pub(super) why: Option<String>,
    pub(super) last_check: Option<Timestamp>,
    pub(super) latency: Option<Duration>,
    pub(super) incident: Option<IncidentId>,
    /// Open incidents that the status does not tell of.
    pub(super) beside: Vec<Beside>,
    /// A first failure is not confirmed yet: what it was, and how many there were.
    pub(super) unconfirmed: Option<(u32, String)>,
}

/// What is wrong beside the status.
pub(crate) struct Beside {
    pub(super) id: IncidentId,
    pub(super) words: &'static Words,
    pub(super) since: Timestamp,
    pub(super) reason: String,
}

pub(crate) struct RangeLink {
    pub(super) word: &'static str,
    pub(super) href: String,
    pub(super) current: bool,
}

/// The chosen span in numbers.
pub(crate) struct Figures {
    pub(super) uptime: Option<String>,
    pub(super) coverage: String,
    pub(super) percentiles: Vec<(&'static str, Option<Duration>)>,
    pub(super) up: u64,
    pub(super) down: u64,
    pub(super) unknown: u64,
    pub(super) maintenance: u64,
}

pub(crate) struct ResultRow {
    pub(super) at: Timestamp,
    pub(super) status: Status,
    pub(super) latency: Option<Duration>,
    pub(super) why: String,
}

pub(crate) struct IncidentLine {
    pub(super) id: IncidentId,
    pub(super) open: bool,
    pub(super) words: &'static Words,
    pub(super) since: Timestamp,
    pub(super) duration: Duration,
    pub(super) reason: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct View {
    range: String,
}

const STRIP_LENGTH: usize = 60;
const RESULTS: usize = 15;
const MOST_CHILDREN: u64 = 20;

pub(super) async fn show(
    signed_in: SignedIn,
    Path(id): Path<String>,
    Query(view): Query<View>,
) -> error::Result {
    let store = signed_in.store();
    let (monitor, state) = find(store, &id).await?;
    let state = signed_in.heard(monitor.id, state);
    let shell = signed_in.shell_titled(Section::Monitors, &monitor.config.name);
    // A day of which one hour was watched is a line at the edge.
    let young = shell.now.since(monitor.created_at) < RANGES[1].1 / 4;
    let usual = if young { &RANGES[0] } else { &RANGES[1] };
    let (word, span, buckets) = *RANGES.iter().find(|(w, ..)| *w == view.range).unwrap_or(usual);
    let (from, to) = (shell.now.minus(span), shell.now);
    let series = store.samples().series(monitor.id, from, to, buckets).await?;
    let stats = store.samples().stats(monitor.id, from, to).await?;
    let mut tails = store.samples().tail(&[monitor.id], STRIP_LENGTH).await?;
    let tail = tails.remove(&monitor.id).unwrap_or_default();
    let filter = IncidentFilter {
        monitor: Some(monitor.id),
        limit: 5,
        ..IncidentFilter::default()
    };
    let incidents = store.incidents().page(&filter).await?.items;
    let filter = IncidentFilter {
        phase: Some(IncidentPhase::Open),
        ..filter
    };
    let open = store.incidents().page(&filter).await?.items;
    let outlook = outlook::read(store, &shell, &monitor)
        .await?
        .ok_or(Error::NotFound)?;
    let parents = store.monitors().names(&monitor.config.parents).await?;
    let parents = parents.into_iter().map(|(id, name)| Relative { id, name });
    let mut children: Vec<Relative> = store
        .monitors()
        .children(monitor.id, MOST_CHILDREN + 1)
        .await?
        .into_iter()
        .map(|(id, name)| Relative { id, name })
        .collect();
    let more_children = children.len() as u64 > MOST_CHILDREN;
    children.truncate(MOST_CHILDREN as usize);
    page(&MonitorPage {
        href: format!("/monitors/{}", monitor.id),
        id: monitor.id.0,
        name: monitor.config.name.clone(),
        target: monitor.config.target.to_string(),
        tags: monitor.config.tags.clone(),
        zone: monitor.config.zone.to_string(),
        enabled: monitor.config.enabled,
        locked: monitor.locked,
        now: now(&monitor, &state, &tail, &open, &store.in_force()),
        rhythm: rhythm(&shell, &monitor.config.schedule),
        decision: decision(&shell, &monitor),
        warns: warns(&shell, &monitor),
        ranges: range_links(monitor.id.0, word),
        chart: Chart::new(&shell, &series, from, to),
        figures: figures(&stats),
        strip: strip(&shell, &tail),
        results: tail.iter().rev().take(RESULTS).map(result_row).collect(),
        incidents: incidents.iter().map(|row| line(&shell, row)).collect(),
        outlook,
        parents: parents.collect(),
        children,
        more_children,
        shell,
    })
}

pub(super) fn now(
    monitor: &Monitor,
    state: &MonitorState,
    tail: &[Sample],
    open: &[IncidentRow],
    in_force: &InForce,
) -> Now {
    use domain::state::Known;
    let enabled = monitor.config.enabled;
    let unconfirmed = match &state.known {
        Known::Pending { failing } | Known::Up { failing, .. } if enabled => {
            failing.as_ref().map(|s| (s.failures, s.reason.detail.clone()))
        }
        Known::Pending { .. } | Known::Up { .. } | Known::Down { .. } => None,
    };
    let last = tail.last();
    let config = &monitor.config;
    let window = in_force.maintenance_of(monitor.id, &config.tags, config.target.kind());
    let since = window.map(|w| w.from).or_else(|| state.since());
    let status = status_of(monitor, state, in_force);
    let told = match status {
        Status::Degraded => IncidentKind::Degraded,
        Status::Unknown => IncidentKind::NoData,
        Status::Up | Status::Down | Status::Paused | Status::Maintenance | Status::Pending => {
            IncidentKind::Down
        }
    };
    let (told, beside): (Vec<&IncidentRow>, Vec<&IncidentRow>) =
        open.iter().partition(|row| row.incident.kind == told);
    Now {
        status,
        since: since.filter(|_| enabled),
        why: state.detail().filter(|_| enabled).map(str::to_owned),
        last_check: last.map(|s| s.at),
        latency: last.and_then(|s| s.latency),
        incident: told.first().map(|row| row.incident.id),
        beside: beside.into_iter().map(Beside::new).collect(),
        unconfirmed,
    }
}

pub(super) fn rhythm(shell: &Shell, schedule: &Schedule) -> String {
    match schedule {
        Schedule::Every(d) => shell.t("monitor-every").arg("span", shell.span(d)).to_string(),
        Schedule::Cron(c) => {
            let text = shell.t("monitor-cron").arg("cron", c.expression());
            text.arg("zone", c.timezone().name()).to_string()
        }
    }
}

pub(super) fn decision(shell: &Shell, monitor: &Monitor) -> String {
    let t = monitor.config.thresholds;
    let text = shell.t("monitor-decision").count("failures", t.confirm_after);
    text.count("successes", t.recover_after).to_string()
}

/// A certificate is seen only where there is one to be seen.
pub(super) fn warns(shell: &Shell, monitor: &Monitor) -> Vec<String> {
    let warnings = &monitor.config.warnings;
    let slow = warnings.slow_above.map(|limit| {
        let text = shell.t("monitor-warns-slow").arg("limit", shell.latency(&limit));
        text.count("n", monitor.config.thresholds.confirm_after)
    });
    let days: Vec<String> = warnings.certificate_days.iter().map(u16::to_string).collect();
    let certificate = match &monitor.config.target {
        Target::Http(t) if t.url.scheme() == "https" && days.is_empty() => {
            Some(shell.t("monitor-warns-certificate-never"))
        }
        Target::Http(t) if t.url.scheme() == "https" => {
            Some(shell.t("monitor-warns-certificate").arg("days", days.join(", ")))
        }
        Target::Http(_) | Target::Tcp(_) | Target::Ping(_) => None,
    };
    slow.into_iter()
        .chain(certificate)
        .map(|text| text.to_string())
        .collect()
}

impl IncidentLine {
    fn mark(&self, shell: &Shell) -> Mark {
        kind::mark(shell, self.words, self.open)
    }
}

impl Beside {
    fn mark(&self, shell: &Shell) -> Mark {
        kind::wrong(shell, self.words)
    }

    fn new(row: &IncidentRow) -> Self {
        Self {
            id: row.incident.id,
            words: kind::words(&row.incident),
            since: row.incident.since,
            reason: row.incident.reason.detail.clone(),
        }
    }
}

pub(super) fn range_links(id: i64, current: &str) -> Vec<RangeLink> {
    let path = format!("/monitors/{id}");
    let link = |(word, ..): &(&'static str, Duration, usize)| RangeLink {
        word,
        href: href(&path, &[("range", word)]),
        current: *word == current,
    };
    RANGES.iter().map(link).collect()
}

pub(super) fn figures(s: &Stats) -> Figures {
    Figures {
        uptime: s.uptime.map(percent),
        coverage: percent(s.coverage),
        percentiles: vec![("50 %", s.p50), ("90 %", s.p90), ("95 %", s.p95), ("99 %", s.p99)],
        up: s.up,
        down: s.down,
        unknown: s.unknown,
        maintenance: s.maintenance,
    }
}

pub(super) fn strip(shell: &Shell, tail: &[Sample]) -> Strip {
    let bars: Vec<Bar> = tail.iter().map(bar).collect();
    Strip::new(&bars, STRIP_LENGTH, strip_label(shell, &bars))
}

pub(super) fn result_row(s: &Sample) -> ResultRow {
    ResultRow {
        at: s.at,
        status: match s.kind {
            _ if s.maintenance => Status::Maintenance,
            SampleKind::Up => Status::Up,
            SampleKind::Down => Status::Down,
            SampleKind::Unknown => Status::Unknown,
        },
        latency: s.latency,
        why: s.cause.as_ref().map(|c| c.detail.to_string()).unwrap_or_default(),
    }
}

pub(super) fn line(shell: &Shell, row: &IncidentRow) -> IncidentLine {
    IncidentLine {
        id: row.incident.id,
        open: row.incident.is_open(),
        words: kind::words(&row.incident),
        since: row.incident.since,
        duration: row.incident.duration(shell.now),
        reason: row.incident.reason.detail.clone(),
    }
}
