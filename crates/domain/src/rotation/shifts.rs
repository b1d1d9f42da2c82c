//! Layers and overrides laid over one another.

use super::Rotation;
use crate::{
    clock::Timestamp,
    id::{ContactId, OverrideId},
};

/// Why somebody is on call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// The number of the layer, and that of the turn in it.
    Layer {
        layer: usize,
        turn: u64,
    },
    Override(OverrideId),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Duty {
    pub contact: ContactId,
    pub source: Source,
}

/// A time in which one is on call, or nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shift {
    pub from: Timestamp,
    pub to: Timestamp,
    /// `None`: a gap.
    pub duty: Option<Duty>,
}

/// Who is on call at this moment, and why.
pub fn on_call(rotation: &Rotation, at: Timestamp) -> Option<Duty> {
    if let Some(o) = rotation.overridden(at) {
        return Some(Duty {
            contact: o.contact,
            source: Source::Override(o.id),
        });
    }
    let mut layers = rotation.plan.layers.iter().enumerate().rev();
    layers.find_map(|(layer, l)| {
        let turn = l.turn_at(rotation.plan.zone, at)?;
        Some(Duty {
            contact: l.person_of(turn)?,
            source: Source::Layer { layer, turn },
        })
    })
}

/// `[from, to)` from end to end: shifts and gaps in order, none of them empty. One ends where another person, layer, turn
/// or override begins.
pub fn shifts(rotation: &Rotation, from: Timestamp, to: Timestamp) -> Vec<Shift> {
    if to <= from {
        return Vec::new();
    }
    let mut laid = vec![Shift { from, to, duty: None }];
    for (layer, l) in rotation.plan.layers.iter().enumerate() {
        let turns = l.turns(rotation.plan.zone, from, to).into_iter();
        let duties = turns.filter_map(|(turn, from, to)| {
            let contact = l.person_of(turn)?;
            let source = Source::Layer { layer, turn };
            let duty = Some(Duty { contact, source });
            Some(Shift { from, to, duty })
        });
        laid = lay_over(&laid, &duties.collect::<Vec<_>>());
    }
    let mut overrides: Vec<_> = rotation.overrides.iter().collect();
    overrides.sort_by_key(|o| o.id);
    for o in overrides {
        let duty = Duty {
            contact: o.contact,
            source: Source::Override(o.id),
        };
        let over = Shift {
            from: o.from.max(from),
            to: o.to.min(to),
            duty: Some(duty),
        };
        if over.from < over.to {
            laid = lay_over(&laid, &[over]);
        }
    }
    laid
}

/// `over` in place of what lies under it. Both are in order and free of overlaps, and `under` has no holes.
fn lay_over(under: &[Shift], over: &[Shift]) -> Vec<Shift> {
    let mut laid: Vec<Shift> = Vec::with_capacity(under.len() + over.len());
    let mut over = over.iter().peekable();
    for below in under {
        let mut from = below.from;
        while let Some(above) = over.peek().copied().filter(|a| a.from < below.to) {
            if above.from > from {
                push(
                    &mut laid,
                    Shift {
                        from,
                        to: above.from,
                        ..*below
                    },
                );
            }
            let to = above.to.min(below.to);
            push(
                &mut laid,
                Shift {
                    from: above.from.max(from),
                    to,
                    ..*above
                },
            );
            from = to;
            if above.to > below.to {
                break;
            }
            over.next();
        }
        if from < below.to {
            push(&mut laid, Shift { from, ..*below });
        }
    }
    laid
}

/// Joined with the one before it where nothing changes.
fn push(laid: &mut Vec<Shift>, shift: Shift) {
    match laid.last_mut() {
        Some(last) if last.to == shift.from && last.duty == shift.duty => last.to = shift.to,
        _ => laid.push(shift),
    }
}
