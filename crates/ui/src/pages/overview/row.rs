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
    let in_force = store.in_force();
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
        let status = status_of(monitor, &state, &in_force);
        rows.push(row(shell, monitor, status, &tail, figures));
    }
    Ok(rows)
}

pub(crate) fn row(
    shell: &Shell,
    monitor: &Monitor,
    status: Status,
    tail: &[Sample],
    [day, month]: [Option<f64>; 2],
) -> Row {
    let bars: Vec<Bar> = tail.iter().map(bar).collect();
    let strip_label = strip_label(shell, &bars);
    let latencies: Vec<_> = tail.iter().map(|s| s.latency).collect();
    let last = latencies.iter().rev().flatten().next().copied();
    Row {
        status,
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

/// What a strip shows, in words.
pub(crate) fn strip_label(shell: &Shell, bars: &[Bar]) -> String {
    let number = |bar: Bar| bars.iter().filter(|b| **b == bar).count();
    let maintenance = number(Bar::Maintenance);
    let key = match maintenance {
        0 => "strip-label",
        _ => "strip-label-maintenance",
    };
    let text = shell.t(key).count("up", number(Bar::Up));
    let text = text.count("total", bars.len() - maintenance);
    match maintenance {
        0 => text.to_string(),
        n => text.count("maintenance", n).to_string(),
    }
}

pub(crate) const fn bar(sample: &Sample) -> Bar {
    if sample.maintenance {
        return Bar::Maintenance;
    }
    match sample.kind {
        SampleKind::Up => Bar::Up,
        SampleKind::Down => Bar::Down,
        SampleKind::Unknown => Bar::Unknown,
    }
}
