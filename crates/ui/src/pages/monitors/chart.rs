//! Latency over time, drawn on the server: where the time goes (phases, stacked), the slow end (95 %), and what failed.
//!
//! The drawing is stretched to the width of the page, so that words stand beside it in HTML and stay readable.

use std::time::Duration;

use askama::{Template, filters::HtmlSafe};
use domain::{clock::Timestamp, outcome::Phases};
use store::samples::Point;

use crate::{Shell, shell::latency};

/// How far back a page looks: the word in the address, the span, and into how many parts it is divided.
pub(super) const RANGES: [(&str, Duration, usize); 6] = [
    ("1h", Duration::from_hours(1), 60),
    ("24h", Duration::from_hours(24), 96),
    ("7d", Duration::from_hours(24 * 7), 84),
    ("30d", Duration::from_hours(24 * 30), 90),
    ("90d", Duration::from_hours(24 * 90), 90),
    ("1y", Duration::from_hours(24 * 365), 73),
];

const WIDTH: f64 = 1000.0;
const HEIGHT: f64 = 200.0;
/// Marks along the time.
const TICKS: usize = 5;

#[derive(Template)]
#[template(path = "pages/monitors/chart.html")]
pub(crate) struct Chart {
    /// From the ground up.
    areas: Vec<Area>,
    slow: Vec<String>,
    failures: Vec<Failure>,
    /// Top, middle and bottom of the scale.
    scale: [String; 3],
    /// RFC 3339 and how it reads, in UTC.
    ticks: Vec<(String, String)>,
    legend: Vec<(&'static str, String)>,
    label: String,
    slow_label: String,
    failed_label: Option<String>,
    maintenance_label: Option<String>,
    empty: Option<String>,
}

impl HtmlSafe for Chart {}

/// One phase over time: a closed shape for each stretch without a gap.
struct Area {
    class: &'static str,
    shapes: Vec<String>,
}

/// A part of the span in which checks failed, could not be made, or do not count.
struct Failure {
    class: &'static str,
    x: String,
    width: String,
}

/// Phases from the ground up.
const LAYERS: [&str; 5] = ["dns", "connect", "tls", "wait", "transfer"];

fn layers(p: &Phases) -> [f64; 5] {
    [p.dns, p.connect, p.tls, p.wait, p.transfer].map(|d| d.map_or(0.0, |d| d.as_secs_f64()))
}

impl Chart {
    pub(super) fn new(shell: &Shell, points: &[Point], from: Timestamp, to: Timestamp) -> Self {
        let highest = points
            .iter()
            .flat_map(|p| {
                [
                    p.p95.map_or(0.0, |d| d.as_secs_f64()),
                    layers(&p.phases).iter().sum(),
                ]
            })
            .fold(0.0, f64::max);
        let top = round_up(highest);
        let step = WIDTH / points.len().max(1) as f64;
        let x = |i: usize| (i as f64 + 0.5) * step;
        let y = |seconds: f64| HEIGHT - seconds / top * HEIGHT;
        let mark = |seconds: f64| latency(Duration::from_secs_f64(seconds));

        let areas = (0..LAYERS.len())
            .map(|layer| Area {
                class: LAYERS[layer],
                shapes: stretches(points, |p| p.up > 0)
                    .map(|stretch| {
                        let edge = |upto: usize| {
                            let height = move |p: &Point| layers(&p.phases)[..upto].iter().sum::<f64>();
                            stretch.clone().map(move |i| (x(i), y(height(&points[i]))))
                        };
                        let outline = edge(layer + 1).chain(edge(layer).rev());
                        polyline(outline)
                    })
                    .collect(),
            })
            .filter(|area| {
                points
                    .iter()
                    .any(|p| layers(&p.phases)[layer_of(area.class)] > 0.0)
            })
            .collect::<Vec<_>>();
        let slow = stretches(points, |p| p.p95.is_some())
            .map(|stretch| polyline(stretch.filter_map(|i| Some((x(i), y(points[i].p95?.as_secs_f64()))))))
            .collect();
        let failures = points
            .iter()
            .enumerate()
            .filter_map(|(i, p)| {
                let class = match (p.down, p.unknown, p.maintenance) {
                    (0, 0, 0) => return None,
                    (0, 0, _) => "maintenance",
                    (0, _, _) => "unknown",
                    _ => "down",
                };
                Some(Failure {
                    class,
                    x: format!("{:.1}", i as f64 * step),
                    width: format!("{:.1}", (step - 0.8).max(1.0)),
                })
            })
            .collect::<Vec<Failure>>();
        let measured = points
            .iter()
            .any(|p| p.up + p.down + p.unknown + p.maintenance > 0);
        let maintenance = points.iter().any(|p| p.maintenance > 0);
        Self {
            legend: areas.iter().map(|a| (a.class, phase(shell, a.class))).collect(),
            areas,
            slow,
            failed_label: failures
                .iter()
                .any(|f| f.class != "maintenance")
                .then(|| shell.t("chart-failed").to_string()),
            failures,
            scale: [mark(top), mark(top / 2.0), "0".to_owned()],
            ticks: ticks(from, to),
            label: shell.t("chart-label").to_string(),
            slow_label: shell.t("chart-slow").to_string(),
            maintenance_label: maintenance.then(|| shell.t("status-maintenance").to_string()),
            empty: (!measured).then(|| shell.t("chart-empty").to_string()),
        }
    }
}

fn layer_of(class: &str) -> usize {
    LAYERS.iter().position(|l| *l == class).unwrap_or(0)
}

fn phase(shell: &Shell, class: &str) -> String {
    let text = match class {
        "dns" => shell.t("phase-dns"),
        "connect" => shell.t("phase-connect"),
        "tls" => shell.t("phase-tls"),
        "wait" => shell.t("phase-wait"),
        _ => shell.t("phase-transfer"),
    };
    text.to_string()
}

/// The ranges of neighbours that hold; a gap in the data stays a gap in the line.
fn stretches(
    points: &[Point],
    holds: impl Fn(&Point) -> bool,
) -> impl Iterator<Item = std::ops::Range<usize>> {
    let mut ranges: Vec<std::ops::Range<usize>> = Vec::new();
    for (i, point) in points.iter().enumerate() {
        if !holds(point) {
            continue;
        }
        match ranges.last_mut() {
            Some(last) if last.end == i => last.end = i + 1,
            _ => ranges.push(i..i + 1),
        }
    }
    ranges.into_iter()
}

/// A single point becomes a short line: a line of no length is not drawn.
fn polyline(points: impl Iterator<Item = (f64, f64)>) -> String {
    let mut points: Vec<(f64, f64)> = points.collect();
    if let [(x, y)] = points[..] {
        points = vec![(x - 2.0, y), (x + 2.0, y)];
    }
    let texts: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    texts.join(" ")
}

/// The next of 1, 2, 5, 10, 20, 50 … milliseconds, so that the scale has round numbers.
fn round_up(seconds: f64) -> f64 {
    let mut step = 0.001;
    loop {
        for factor in [1.0, 2.0, 5.0] {
            if seconds <= step * factor {
                return step * factor;
            }
        }
        step *= 10.0;
    }
}

fn ticks(from: Timestamp, to: Timestamp) -> Vec<(String, String)> {
    let span = to.since(from);
    let format = match span.as_secs() / 86_400 {
        0..=1 => "%H:%M",
        2..=7 => "%m-%d %H:%M",
        8..=100 => "%m-%d",
        _ => "%Y-%m",
    };
    (0..TICKS)
        .map(|i| from.plus(span * i as u32 / (TICKS as u32 - 1)))
        .map(|at| (at.to_rfc3339(), at.to_utc().format(format).to_string()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_is_round_and_never_too_small() {
        for (seconds, top) in [
            (0.0, 0.001),
            (0.001, 0.001),
            (0.0011, 0.002),
            (0.34, 0.5),
            (0.9, 1.0),
            (12.0, 20.0),
        ] {
            assert!((round_up(seconds) - top).abs() < 1e-9, "{seconds}");
        }
    }

    #[test]
    fn gaps_stay_gaps() {
        let point = |up| Point {
            at: Timestamp::from_millis(0),
            up,
            down: 0,
            unknown: 0,
            maintenance: 0,
            p50: None,
            p95: None,
            phases: Phases::default(),
        };
        let points = [point(1), point(1), point(0), point(2)];
        let found: Vec<_> = stretches(&points, |p| p.up > 0).collect();
        assert_eq!(found, [0..2, 3..4]);
    }
}
