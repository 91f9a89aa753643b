// SPDX-License-Identifier: MPL-2.0
//! Beeps: short bursts out of quiet, with the instant at which they begin.
//!
//! All limits are chosen, and set so that tone bursts of 5 ms to 0.6 s are found with their onset within 1 ms, also after MP2 and AAC
//! coding, whose pre-echo is weaker than a fifth of the burst.

use crate::media::{MS, Ns, Span, sound::Block};

/// Parts of a block of 10 ms in which the envelope is taken.
const SLOTS: usize = 40;

/// Slots before the burst that have to be quiet: 100 ms.
const QUIET: usize = 400;

/// The weakest peak that is a beep, -40 dBFS.
const WEAKEST: f32 = 0.01;

/// The peak of a burst over that of the quiet before it, at least: 18 dB.
const RISE: f32 = 8.0;

/// The level, as a part of the peak, with which a burst begins.
const BEGIN: f32 = 0.2;

/// The level under which it is over.
const END: f32 = 0.1;

/// Slots in which a burst reaches its peak: 20 ms.
const ATTACK: usize = 80;

/// The longest beep.
const LONGEST: Ns = 600 * MS;

/// Slots that are remembered.
const MEMORY: usize = 1024;

/// Follows the envelope.
#[derive(Debug)]
pub struct Beeps {
    /// Peak of each slot, and when it began; a ring.
    slots: Vec<(f32, Ns)>,
    count: usize,
    burst: Option<Burst>,
    expected: Option<Ns>,
    /// Slots since the last jump of time, or since something too long.
    calm: usize,
}

#[derive(Debug)]
struct Burst {
    /// Slot that gave rise to it.
    first: usize,
    peak: f32,
    /// Consecutive slots under its end.
    under: usize,
}

impl Beeps {
    pub fn new() -> Self {
        Self {
            slots: vec![(0.0, 0); MEMORY],
            count: 0,
            burst: None,
            expected: None,
            calm: 0,
        }
    }

    /// Takes a block; calls `found` with the onset of each beep that is over.
    pub fn listen(&mut self, at: Span, block: &Block<'_>, mut found: impl FnMut(Ns)) {
        if self.expected.is_none_or(|e| e.abs_diff(at.start) > MS) {
            self.calm = 0;
            self.burst = None;
        }
        self.expected = Some(at.end);
        let length = block.length();
        for slot in 0..SLOTS {
            let (from, to) = (slot * length / SLOTS, (slot + 1) * length / SLOTS);
            let mut peak = 0f32;
            for channel in block.iter() {
                for sample in channel.get(from..to).unwrap_or_default() {
                    peak = peak.max(sample.abs());
                }
            }
            let part = u128::from(at.duration()) * from as u128 / length.max(1) as u128;
            let begin = at.start + part as Ns;
            self.slots[self.count % MEMORY] = (peak, begin);
            if let Some(onset) = self.step(peak) {
                found(onset);
            }
            self.count += 1;
        }
    }

    fn slot(&self, index: usize) -> (f32, Ns) {
        self.slots[index % MEMORY]
    }

    fn step(&mut self, peak: f32) -> Option<Ns> {
        let now = self.count;
        self.calm += 1;
        let Some(burst) = &mut self.burst else {
            if peak > WEAKEST && self.calm > QUIET && self.is_over_quiet(peak) {
                self.burst = Some(Burst {
                    first: now,
                    peak,
                    under: 0,
                });
            }
            return None;
        };
        if now - burst.first <= ATTACK {
            burst.peak = burst.peak.max(peak);
        }
        burst.under = if peak < END * burst.peak {
            burst.under + 1
        } else {
            0
        };
        let (first, peak, over) = (burst.first, burst.peak, burst.under >= SLOTS);
        let lasted = (now - first) as Ns * 10 * MS / SLOTS as Ns;
        if lasted > LONGEST {
            // Something else; and it has to be quiet before the next one.
            self.burst = None;
            self.calm = 0;
            return None;
        }
        if !over {
            return None;
        }
        self.burst = None;
        // From a little before what gave rise to it, for the peak wasn't known then. A beep that is longer than the
        // memory keeps its first slot.
        let earliest = first.saturating_sub(ATTACK);
        if now - earliest >= MEMORY {
            return None;
        }
        (earliest..=now)
            .map(|i| self.slot(i))
            .find(|(level, _)| *level >= BEGIN * peak)
            .map(|(_, begin)| begin)
    }

    /// Whether the 100 ms before were quiet, but for the attack of the burst itself.
    fn is_over_quiet(&self, peak: f32) -> bool {
        let now = self.count;
        (now.saturating_sub(QUIET)..now).all(|i| self.slot(i).0 * RISE < peak)
    }
}
