// SPDX-License-Identifier: MPL-2.0
//! What the streams of this member cost, measured.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::board::{Board, State};

/// Time over which the processor time of a stream is measured at a time.
const STRETCH: Duration = Duration::from_secs(10);
/// Stretches until a cost is told: the start of a stream is the most expensive part.
const ENOUGH: u32 = 3;
/// Share of the latest stretch in the cost.
const NEWEST: f64 = 0.2;
/// The least cost, in cores, so that a stream that does little counts.
const LEAST: f64 = 0.005;

/// The costs of streams, in cores.
#[derive(Debug, Default)]
pub struct Costs(BTreeMap<Arc<str>, Cost>);

#[derive(Debug)]
struct Cost {
    since: Instant,
    /// Processor time at that instant, in seconds.
    before: f64,
    /// The first stretch is left out.
    stretches: u32,
    mean: f64,
}

impl Costs {
    /// Reads what the streams have used so far; what isn't watched at the moment is measured anew.
    pub fn read(&mut self, board: &Board, now: Instant) {
        let mut seen = BTreeMap::new();
        board.each(|sheet| {
            if sheet.state == State::Watching {
                seen.insert(Arc::clone(&sheet.id), sheet.usage.cpu_seconds);
            }
        });
        self.note(&seen, now);
    }

    /// The processor time of streams so far, in seconds.
    fn note(&mut self, seen: &BTreeMap<Arc<str>, f64>, now: Instant) {
        self.0.retain(|stream, _| seen.contains_key(stream));
        for (stream, seconds) in seen {
            let cost = self.0.entry(Arc::clone(stream)).or_insert(Cost {
                since: now,
                before: *seconds,
                stretches: 0,
                mean: 0.0,
            });
            cost.note(*seconds, now);
        }
    }

    /// The streams that are being watched.
    pub fn watched(&self) -> impl Iterator<Item = &Arc<str>> {
        self.0.keys()
    }

    /// Those that are known, in two digits: a record that says the same again tells others nothing new.
    pub fn known(&self) -> BTreeMap<Arc<str>, f64> {
        let known = self.0.iter().filter(|(_, cost)| cost.stretches >= ENOUGH);
        known
            .map(|(stream, cost)| (Arc::clone(stream), two_digits(cost.mean.max(LEAST))))
            .collect()
    }
}

impl Cost {
    fn note(&mut self, seconds: f64, now: Instant) {
        let time = now.saturating_duration_since(self.since);
        if time < STRETCH {
            return;
        }
        let cores = (seconds - self.before).max(0.0) / time.as_secs_f64();
        self.mean = match self.stretches {
            0 | 1 => cores,
            _ => self.mean + NEWEST * (cores - self.mean),
        };
        self.stretches += 1;
        (self.since, self.before) = (now, seconds);
    }
}

fn two_digits(number: f64) -> f64 {
    let unit = 10_f64.powf(number.log10().floor() - 1.0);
    // Divided at last, so that the text of the number is short.
    (number / unit).round() / (1.0 / unit).round()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cost_is_known_after_three_stretches_and_follows_slowly() {
        let (mut costs, start) = (Costs::default(), Instant::now());
        let mut at = |seconds: u64, cpu: f64| {
            let seen = [("a".into(), cpu)].into_iter().collect();
            costs.note(&seen, start + Duration::from_secs(seconds));
            costs.known().get("a").copied()
        };
        assert_eq!(at(0, 0.0), None);
        // The start costs more.
        assert_eq!(at(10, 9.0), None);
        assert_eq!(at(20, 10.0), None);
        assert_eq!(at(30, 11.0), Some(0.1));
        assert_eq!(at(40, 13.0), Some(0.12));
        // Nothing is known of one that is started anew.
        costs.note(&BTreeMap::new(), start + Duration::from_secs(41));
        assert!(costs.known().is_empty());
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!(two_digits(0.123_456), 0.12);
        assert_eq!(two_digits(0.005), 0.005);
    }
}
