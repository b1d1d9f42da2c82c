//! Which monitors depend on which: a child is not alerted about while a parent is down.

use std::collections::{BTreeMap, BTreeSet};

use crate::id::MonitorId;

/// Each monitor with its parents.
pub type Parents = BTreeMap<MonitorId, BTreeSet<MonitorId>>;

/// Whether `child` would depend on itself if these were its parents.
pub fn makes_cycle(known: &Parents, child: MonitorId, parents: &[MonitorId]) -> bool {
    let mut seen = BTreeSet::new();
    let mut next: Vec<MonitorId> = parents.to_vec();
    while let Some(id) = next.pop() {
        if id == child {
            return true;
        }
        if seen.insert(id) {
            next.extend(known.get(&id).into_iter().flatten());
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parents(edges: &[(i64, i64)]) -> Parents {
        let mut all = Parents::new();
        for (child, parent) in edges {
            all.entry(MonitorId(*child))
                .or_default()
                .insert(MonitorId(*parent));
        }
        all
    }

    #[test]
    fn nobody_is_their_own_ancestor() {
        let known = parents(&[(2, 1), (3, 2), (4, 2), (4, 1)]);
        let table = [
            (1, vec![1], true),
            (1, vec![3], true),
            (1, vec![5], false),
            (5, vec![4, 3], false),
            (2, vec![4], true),
            (3, vec![], false),
        ];
        for (child, of, cycle) in table {
            let of: Vec<MonitorId> = of.into_iter().map(MonitorId).collect();
            assert_eq!(
                makes_cycle(&known, MonitorId(child), &of),
                cycle,
                "{child} below {of:?}"
            );
        }
    }
}
