//! The last checks as bars, and their latency as a line. Plain SVG, no script.

use std::time::Duration;

use askama::{Template, filters::HtmlSafe};

const BAR_WIDTH: usize = 4;
const STEP: usize = 6;

/// How one check went. Height tells it as well as colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bar {
    Up,
    Down,
    Unknown,
    /// Under maintenance: it counts neither way.
    Maintenance,
    /// No check yet.
    Empty,
}

impl Bar {
    const fn class(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
            Self::Unknown => "unknown",
            Self::Maintenance => "maintenance",
            Self::Empty => "empty",
        }
    }

    /// Top and height in a box 20 high.
    const fn extent(self) -> (u32, u32) {
        match self {
            Self::Up => (5, 15),
            Self::Down => (0, 20),
            Self::Unknown => (11, 9),
            Self::Maintenance => (14, 6),
            Self::Empty => (18, 2),
        }
    }
}

/// The last checks, oldest first.
#[derive(Template)]
#[template(path = "components/strip.html")]
pub struct Strip {
    bars: Vec<Rect>,
    width: usize,
    /// What it shows, in words.
    label: String,
}

struct Rect {
    x: usize,
    y: u32,
    height: u32,
    class: &'static str,
}

impl HtmlSafe for Strip {}

impl Strip {
    /// `length` bars; the oldest are left out, missing ones stand as empty on the left.
    pub fn new(bars: &[Bar], length: usize, label: String) -> Self {
        let recent = &bars[bars.len().saturating_sub(length)..];
        let missing = length - recent.len();
        let all = std::iter::repeat_n(Bar::Empty, missing).chain(recent.iter().copied());
        let bars = all
            .enumerate()
            .map(|(i, bar)| {
                let (y, height) = bar.extent();
                Rect {
                    x: i * STEP,
                    y,
                    height,
                    class: bar.class(),
                }
            })
            .collect();
        Self {
            bars,
            width: length * STEP - (STEP - BAR_WIDTH),
            label,
        }
    }
}

/// Latency of the last checks as a line; gaps where nothing was measured.
#[derive(Template)]
#[template(path = "components/sparkline.html")]
pub struct Sparkline {
    lines: Vec<String>,
    label: String,
}

impl HtmlSafe for Sparkline {}

impl Sparkline {
    pub fn new(latencies: &[Option<Duration>], label: String) -> Self {
        let highest = latencies
            .iter()
            .flatten()
            .max()
            .map_or(0.0, Duration::as_secs_f64)
            .max(0.000_001);
        let steps = latencies.len().saturating_sub(1).max(1) as f64;
        let mut lines = Vec::new();
        let mut line = Vec::new();
        for (i, latency) in latencies.iter().enumerate() {
            match latency {
                Some(d) => {
                    let x = i as f64 / steps * 100.0;
                    let y = 19.0 - d.as_secs_f64() / highest * 17.0;
                    line.push(format!("{x:.1},{y:.1}"));
                }
                None => lines.push(std::mem::take(&mut line)),
            }
        }
        lines.push(line);
        lines.retain(|l| l.len() > 1);
        Self {
            lines: lines.into_iter().map(|l| l.join(" ")).collect(),
            label,
        }
    }
}
