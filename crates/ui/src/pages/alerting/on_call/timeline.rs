//! Two weeks of a rotation as a table: a row for each day, a column for who is on call and one for each layer.

use domain::{
    clock::Timestamp,
    rotation::{Rotation, RotationDraft, Shift, shifts},
    zone::{Day, Wall, days},
};

use super::Cast;
use crate::{Shell, pages::hours_fields::day_word};

const DAYS: u64 = 14;

pub(crate) struct Timeline {
    /// Names of the layers.
    pub(super) layers: Vec<String>,
    pub(super) days: Vec<Line>,
}

pub(crate) struct Line {
    pub(super) label: String,
    pub(super) today: bool,
    /// Who is on call, and then by layer; empty where the layer has nobody.
    pub(super) cells: Vec<Vec<Entry>>,
}

/// One who is on call on that day.
pub(crate) struct Entry {
    /// "00:00–09:00"; empty: all day.
    pub(super) when: String,
    /// `None`: nobody.
    pub(super) who: Option<String>,
    pub(super) overridden: bool,
}

impl Timeline {
    pub(super) fn new(shell: &Shell, rotation: &Rotation, cast: &Cast) -> Self {
        let days = days(rotation.plan.zone, shell.now, DAYS);
        let range = days.first().map(|d| d.begin).zip(days.last().map(|d| d.end));
        let told = |of: &Rotation| range.map_or_else(Vec::new, |(from, to)| shifts(of, from, to));
        let mut columns = vec![told(rotation)];
        for layer in &rotation.plan.layers {
            columns.push(told(&Rotation {
                plan: RotationDraft {
                    layers: vec![layer.clone()],
                    ..rotation.plan.clone()
                },
                overrides: Vec::new(),
                id: rotation.id,
            }));
        }
        let line = |day: &Day| Line {
            label: format!("{} {}", day_word(shell.language, day.weekday), day.date),
            today: day.begin <= shell.now && shell.now < day.end,
            cells: cells(rotation, cast, day, &columns),
        };
        Self {
            layers: rotation.plan.layers.iter().map(|l| l.name.clone()).collect(),
            days: days.iter().map(line).collect(),
        }
    }
}

/// That a layer does not apply is no gap: one is where nobody is on call.
fn cells(rotation: &Rotation, cast: &Cast, day: &Day, columns: &[Vec<Shift>]) -> Vec<Vec<Entry>> {
    let of = |(n, column): (usize, &Vec<Shift>)| {
        let mut entries = cell(rotation, cast, day, column);
        entries.retain(|e| n == 0 || e.who.is_some());
        entries
    };
    columns.iter().enumerate().map(of).collect()
}

fn cell(rotation: &Rotation, cast: &Cast, day: &Day, column: &[Shift]) -> Vec<Entry> {
    let clock = |at: Timestamp| {
        if at == day.end {
            "24:00".to_owned()
        } else {
            Wall::of(rotation.plan.zone, at).map_or_else(String::new, |w| w.time)
        }
    };
    let of_day = column.iter().filter(|s| s.from < day.end && s.to > day.begin);
    let mut entries: Vec<(Timestamp, Timestamp, &Shift)> = Vec::new();
    for shift in of_day {
        let (from, to) = (shift.from.max(day.begin), shift.to.min(day.end));
        let who = shift.duty.map(|d| d.contact);
        match entries.last_mut() {
            // The same one goes on, in another turn.
            Some(last)
                if last.2.duty.map(|d| d.contact) == who && !is_override(last.2) && !is_override(shift) =>
            {
                last.1 = to;
            }
            _ => entries.push((from, to, shift)),
        }
    }
    entries
        .into_iter()
        .map(|(from, to, shift)| Entry {
            when: if from == day.begin && to == day.end {
                String::new()
            } else {
                format!("{}–{}", clock(from), clock(to))
            },
            who: shift.duty.map(|d| cast.name(d.contact)),
            overridden: is_override(shift),
        })
        .collect()
}

fn is_override(shift: &Shift) -> bool {
    shift
        .duty
        .is_some_and(|d| matches!(d.source, domain::rotation::Source::Override(_)))
}
