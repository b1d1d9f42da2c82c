//! One monitor as a row of a table.

use domain::{
    id::MonitorId,
    monitor::Monitor,
    state::{MonitorState, Status},
};
use store::samples::{Sample, SampleKind};

use super::{DAY, MONTH, status_of};
use crate::{
    Shell, SignedIn,
    components::{Bar, Sparkline, Strip},
    error,
    shell::{latency, percent},
};

pub(crate) const STRIP_LENGTH: usize = 50;

pub(crate) struct Row {
    pub(crate) status: Status,
    pub(crate) name: String,
    pub(crate) href: String,
    pub(crate) target: String,
    pub(crate) tags: Vec<String>,
    pub(crate) strip: Strip,
    pub(crate) sparkline: Sparkline,
    pub(crate) uptime_day: Option<String>,
    pub(crate) uptime_month: Option<String>,
    pub(crate) latency: Option<String>,
}

/// Reads what the rows need besides the monitors themselves.
pub(crate) async fn load(
    who: &SignedIn,
    shell: &Shell,
    found: Vec<(Monitor, MonitorState)>,
) -> error::Result<Vec<Row>> {
    let store = who.store();
    let ids: Vec<MonitorId> = found.iter().map(|(m, _)| m.id).collect();
    let mut tails = store.samples().tail(&ids, STRIP_LENGTH).await?;
    let mut rows = Vec::with_capacity(found.len());
    for (monitor, state) in &found {
        let day = store
            .samples()
            .stats(monitor.id, shell.now.minus(DAY), shell.now)
            .await?;
        let month = store
            .samples()
            .stats(monitor.id, shell.now.minus(MONTH), shell.now)
            .await?;
        let tail = tails.remove(&monitor.id).unwrap_or_default();
        let figures = [day.uptime, month.uptime];
        let state = who.heard(monitor.id, state.clone());
        rows.push(row(shell, monitor, &state, &tail, figures));
    }
    Ok(rows)
}

pub(crate) fn row(
    shell: &Shell,
    monitor: &Monitor,
    state: &MonitorState,
    tail: &[Sample],
    [day, month]: [Option<f64>; 2],
) -> Row {
    let bars: Vec<Bar> = tail.iter().map(|s| bar(s.kind)).collect();
    let up = bars.iter().filter(|b| **b == Bar::Up).count();
    let strip_label = shell
        .t("strip-label")
        .count("up", up)
        .count("total", bars.len())
        .to_string();
    let latencies: Vec<_> = tail.iter().map(|s| s.latency).collect();
    let last = latencies.iter().rev().flatten().next().copied();
    Row {
        status: status_of(monitor, state),
        name: monitor.config.name.clone(),
        href: format!("/monitors/{}", monitor.id),
        target: monitor.config.target.to_string(),
        tags: monitor.config.tags.clone(),
        strip: Strip::new(&bars, STRIP_LENGTH, strip_label),
        sparkline: Sparkline::new(&latencies, shell.t("sparkline-label").to_string()),
        uptime_day: day.map(percent),
        uptime_month: month.map(percent),
        latency: last.map(latency),
    }
}

pub(crate) const fn bar(kind: SampleKind) -> Bar {
    match kind {
        SampleKind::Up => Bar::Up,
        SampleKind::Down => Bar::Down,
        SampleKind::Unknown => Bar::Unknown,
    }
}
