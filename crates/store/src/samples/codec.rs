//! Samples as bytes: about a dozen per check. Times are differences, durations are microseconds, numbers take as many
//! bytes as they need, and a reason that repeats is written once.

use std::{sync::Arc, time::Duration};

use domain::{clock::Timestamp, id::MonitorId, outcome::Phases};

use super::{Cause, Sample, SampleKind};

const KIND: u8 = 0b11;
const HAS_LATENCY: u8 = 1 << 2;
/// The latency is the duration of the whole check, as it mostly is.
const LATENCY_IS_TOTAL: u8 = 1 << 3;
const HAS_CAUSE: u8 = 1 << 4;
const SAME_CAUSE: u8 = 1 << 5;
/// Never set before there were maintenance windows.
const MAINTENANCE: u8 = 1 << 6;

/// Samples of one monitor, one after the other.
#[derive(Clone, Default)]
pub(super) struct Writer {
    bytes: Vec<u8>,
    last_at: i64,
    last_cause: Option<Cause>,
}

impl Writer {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn put(&mut self, sample: &Sample) {
        let at = sample.at.as_millis();
        put_signed(&mut self.bytes, at.wrapping_sub(self.last_at));
        self.last_at = at;
        let phases = &sample.phases;
        let parts = [
            phases.dns,
            phases.connect,
            phases.tls,
            phases.wait,
            phases.transfer,
        ];
        let mut flags = match sample.kind {
            SampleKind::Up => 0,
            SampleKind::Down => 1,
            SampleKind::Unknown => 2,
        };
        let is_total = sample.latency == Some(phases.total);
        let is_same = sample.cause.is_some() && sample.cause == self.last_cause;
        if sample.latency.is_some() {
            flags |= HAS_LATENCY | if is_total { LATENCY_IS_TOTAL } else { 0 };
        }
        if sample.maintenance {
            flags |= MAINTENANCE;
        }
        if sample.cause.is_some() {
            flags |= HAS_CAUSE | if is_same { SAME_CAUSE } else { 0 };
        }
        let present = (0..)
            .zip(parts)
            .filter(|(_, p)| p.is_some())
            .map(|(i, _)| 1_u8 << i)
            .sum();
        self.bytes.extend([flags, present]);
        put_duration(&mut self.bytes, phases.total);
        if let Some(latency) = sample.latency.filter(|_| !is_total) {
            put_duration(&mut self.bytes, latency);
        }
        for part in parts.into_iter().flatten() {
            put_duration(&mut self.bytes, part);
        }
        if let Some(cause) = sample.cause.as_ref().filter(|_| !is_same) {
            self.bytes.push(cause.code());
            put_number(&mut self.bytes, cause.detail.len() as u64);
            self.bytes.extend(cause.detail.as_bytes());
            self.last_cause = Some(cause.clone());
        }
    }

    pub(super) fn put_monitor(&mut self, monitor: MonitorId) {
        put_number(&mut self.bytes, monitor.0 as u64);
    }
}

/// Reads what a [`Writer`] wrote. Every method is `None` at the end and on damaged bytes; [`Self::is_at_end`] tells.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    last_at: i64,
    last_cause: Option<Cause>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            last_at: 0,
            last_cause: None,
        }
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(super) fn monitor(&mut self) -> Option<MonitorId> {
        self.number().map(|n| MonitorId(n as i64))
    }

    pub(super) fn sample(&mut self, monitor: MonitorId) -> Option<Sample> {
        let at = self.last_at.wrapping_add(self.signed()?);
        self.last_at = at;
        let (flags, present) = (self.byte()?, self.byte()?);
        let kind = match flags & KIND {
            0 => SampleKind::Up,
            1 => SampleKind::Down,
            2 => SampleKind::Unknown,
            _ => return None,
        };
        let total = self.duration()?;
        let latency = match (flags & HAS_LATENCY != 0, flags & LATENCY_IS_TOTAL != 0) {
            (false, _) => None,
            (true, true) => Some(total),
            (true, false) => Some(self.duration()?),
        };
        let mut part = |i: u8| -> Option<Option<Duration>> {
            if present & (1 << i) == 0 {
                return Some(None);
            }
            self.duration().map(Some)
        };
        let phases = Phases {
            dns: part(0)?,
            connect: part(1)?,
            tls: part(2)?,
            wait: part(3)?,
            transfer: part(4)?,
            total,
        };
        let cause = match (flags & HAS_CAUSE != 0, flags & SAME_CAUSE != 0) {
            (false, _) => None,
            (true, true) => Some(self.last_cause.clone()?),
            (true, false) => {
                let cause = self.cause()?;
                self.last_cause = Some(cause.clone());
                Some(cause)
            }
        };
        Some(Sample {
            monitor,
            at: Timestamp::from_millis(at),
            kind,
            latency,
            phases,
            cause,
            maintenance: flags & MAINTENANCE != 0,
        })
    }

    fn cause(&mut self) -> Option<Cause> {
        let kind = Cause::kind_of(self.byte()?);
        let length = usize::try_from(self.number()?).ok()?;
        let (detail, rest) = self.bytes.split_at_checked(length)?;
        self.bytes = rest;
        let detail: Arc<str> = std::str::from_utf8(detail).ok()?.into();
        Some(Cause { kind, detail })
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(*first)
    }

    pub(super) fn number(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn signed(&mut self) -> Option<i64> {
        let n = self.number()?;
        Some((n >> 1) as i64 ^ -((n & 1) as i64))
    }

    fn duration(&mut self) -> Option<Duration> {
        self.number().map(Duration::from_micros)
    }
}

/// All samples of one monitor, or `None` when the bytes are damaged.
pub(super) fn read_all(monitor: MonitorId, bytes: &[u8]) -> Option<Vec<Sample>> {
    let mut reader = Reader::new(bytes);
    let mut samples = Vec::new();
    while !reader.is_at_end() {
        samples.push(reader.sample(monitor)?);
    }
    Some(samples)
}

/// Seven bits per byte, the lowest first.
pub(super) fn put_number(bytes: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        bytes.push((n as u8 & 0x7f) | 0x80);
        n >>= 7;
    }
    bytes.push(n as u8);
}

/// Small numbers of either sign are short: 0, -1, 1, -2, …
fn put_signed(bytes: &mut Vec<u8>, n: i64) {
    put_number(bytes, ((n << 1) ^ (n >> 63)) as u64);
}

fn put_duration(bytes: &mut Vec<u8>, d: Duration) {
    put_number(bytes, u64::try_from(d.as_micros()).unwrap_or(u64::MAX));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn duration() -> impl Strategy<Value = Duration> {
        (0..200_000_000_u64).prop_map(Duration::from_micros)
    }

    fn sample() -> impl Strategy<Value = Sample> {
        let phase = || proptest::option::of(duration());
        let cause = prop_oneof![
            Just(None),
            ("[a-zé ]{0,20}", 0..15_u8).prop_map(|(detail, code)| {
                let code = if code < 9 { code } else { 128 + code - 9 };
                Some(Cause {
                    kind: Cause::kind_of(code),
                    detail: detail.into(),
                })
            })
        ];
        let kind = prop_oneof![
            Just(SampleKind::Up),
            Just(SampleKind::Down),
            Just(SampleKind::Unknown)
        ];
        (
            (any::<i64>(), kind, phase(), cause, any::<bool>()),
            (phase(), phase(), phase(), phase(), phase(), duration()),
        )
            .prop_map(
                |((at, kind, latency, cause, maintenance), (dns, connect, tls, wait, transfer, total))| {
                    Sample {
                        monitor: MonitorId(7),
                        at: Timestamp::from_millis(at),
                        kind,
                        latency,
                        phases: Phases {
                            dns,
                            connect,
                            tls,
                            wait,
                            transfer,
                            total,
                        },
                        cause,
                        maintenance,
                    }
                },
            )
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(samples in proptest::collection::vec(sample(), 0..40)) {
            let mut writer = Writer::default();
            for s in &samples {
                writer.put(s);
            }
            prop_assert_eq!(read_all(MonitorId(7), writer.bytes()), Some(samples));
        }

        #[test]
        fn damaged_bytes_do_not_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read_all(MonitorId(7), &bytes);
        }
    }

    #[test]
    fn a_usual_check_takes_few_bytes() {
        let mut writer = Writer::default();
        let us = |n| Some(Duration::from_micros(n));
        for i in 0..180 {
            writer.put(&Sample {
                monitor: MonitorId(1),
                at: Timestamp::from_millis(1_800_000_000_000 + i * 20_000),
                kind: SampleKind::Up,
                latency: us(41_000),
                phases: Phases {
                    dns: us(1_000),
                    connect: us(9_000),
                    tls: us(20_000),
                    wait: us(10_000),
                    transfer: us(1_000),
                    total: Duration::from_millis(41),
                },
                cause: None,
                maintenance: false,
            });
        }
        assert!(writer.bytes().len() < 180 * 20, "{}", writer.bytes().len());
    }

    /// A sample as versions before maintenance windows wrote it: 20 s after the epoch, up in 41 ms.
    #[test]
    fn what_was_written_before_there_was_maintenance_is_read() {
        let bytes = [0xc0, 0xb8, 0x02, 0x0c, 0x00, 0xa8, 0xc0, 0x02];
        let read = read_all(MonitorId(7), &bytes).unwrap();
        assert_eq!(read.len(), 1);
        assert_eq!(read[0].at, Timestamp::from_millis(20_000));
        assert_eq!((read[0].kind, read[0].maintenance), (SampleKind::Up, false));
        assert_eq!(read[0].latency, Some(Duration::from_millis(41)));
    }
}
