//! Latencies counted in buckets that grow by 9 % each: small to keep, and exact enough for any percentile.

use std::{collections::BTreeMap, time::Duration};

use super::codec::{Reader, put_number};

const PER_DOUBLING: f64 = 8.0;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Histogram {
    buckets: BTreeMap<u8, u64>,
}

impl Histogram {
    pub(super) fn add(&mut self, latency: Duration) {
        let us = latency.as_micros().max(1) as f64;
        let bucket = (us.log2() * PER_DOUBLING) as u8;
        *self.buckets.entry(bucket).or_default() += 1;
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for (bucket, n) in &other.buckets {
            *self.buckets.entry(*bucket).or_default() += n;
        }
    }

    /// The value below which `share` (0 to 1) of the latencies lie: the middle of its bucket.
    pub(super) fn quantile(&self, share: f64) -> Option<Duration> {
        let total: u64 = self.buckets.values().sum();
        let rank = ((share * total as f64).ceil() as u64).clamp(1, total.max(1));
        let mut seen = 0;
        self.buckets.iter().find_map(|(bucket, n)| {
            seen += n;
            (seen >= rank).then(|| {
                let us = ((f64::from(*bucket) + 0.5) / PER_DOUBLING).exp2();
                Duration::from_micros(us.round() as u64)
            })
        })
    }

    pub(super) fn write(&self, bytes: &mut Vec<u8>) {
        put_number(bytes, self.buckets.len() as u64);
        for (bucket, n) in &self.buckets {
            bytes.push(*bucket);
            put_number(bytes, *n);
        }
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let length = reader.number()?;
        let mut buckets = BTreeMap::new();
        for _ in 0..length {
            let bucket = reader.byte()?;
            buckets.insert(bucket, reader.number()?);
        }
        Some(Self { buckets })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_within_a_bucket_of_the_truth() {
        let mut h = Histogram::default();
        for ms in 1..=1000 {
            h.add(Duration::from_millis(ms));
        }
        for (share, truth) in [(0.5, 500.0), (0.9, 900.0), (0.95, 950.0), (0.99, 990.0)] {
            let found = h.quantile(share).unwrap().as_secs_f64() * 1000.0;
            assert!(
                (found / truth - 1.0).abs() < 0.1,
                "{share}: {found} and not {truth}"
            );
        }
        assert_eq!(Histogram::default().quantile(0.5), None);
    }

    #[test]
    fn the_longest_check_has_a_bucket() {
        let mut h = Histogram::default();
        h.add(Duration::ZERO);
        h.add(Duration::from_hours(1));
        let mut bytes = Vec::new();
        h.write(&mut bytes);
        assert_eq!(Histogram::read(&mut Reader::new(&bytes)), Some(h));
    }
}
