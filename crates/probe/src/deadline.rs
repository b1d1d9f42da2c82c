//! When a check must be over, and how to say so.

use std::time::Duration;

use tokio::time::Instant;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    pub(crate) at: Instant,
    /// What the person set.
    pub(crate) total: Duration,
}

impl Deadline {
    pub(crate) fn within(total: Duration) -> Self {
        Self {
            at: Instant::now() + total,
            total,
        }
    }

    pub(crate) fn remaining(self) -> Duration {
        self.at.saturating_duration_since(Instant::now())
    }
}

/// `300 ms`, `1.5 s`, `10 s`.
pub(crate) fn words(d: Duration) -> String {
    let ms = d.as_millis();
    if ms < 1000 {
        format!("{ms} ms")
    } else if ms.is_multiple_of(1000) {
        format!("{} s", ms / 1000)
    } else {
        format!("{:.1} s", d.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_well() {
        for (ms, text) in [
            (0, "0 ms"),
            (300, "300 ms"),
            (1000, "1 s"),
            (1500, "1.5 s"),
            (120_000, "120 s"),
        ] {
            assert_eq!(words(Duration::from_millis(ms)), text);
        }
    }
}
