// SPDX-License-Identifier: MPL-2.0
//! Finds holes in the level of a channel, whatever is left in them: what a lossy codec makes of a dropout.
//!
//! A codec fills a hole with noise (-40 to -70 dBFS) and smears its end over some milliseconds, but its beginning stays steep: measured
//! through AAC, MP3, MP2, AC-3 and Opus the level falls by 20 dB and more within 2 ms. Sound that ends by itself doesn't: the last
//! period of a voice falls by 3 to 4 dB a millisecond, gates and releases take 5 ms and more. So the fall decides; the rise has to be
//! quick as well, but onsets are by nature.
//!
//! The limits were set on holes of 20 to 450 ms in pop, guitar, harpsichord, trumpet and read speech behind these codecs, and on real sound
//! without holes; how many are found in other music and speech is in tests/accuracy.

use super::{
    edge::{LOUDER, db, max_power, mean_power},
    steps::Step,
};

/// Steps before a hole and after it that are examined.
const BESIDE: usize = 16;
/// Steps that are kept: those before, one that the edge divides, and three in the hole.
const KEPT: usize = BESIDE + 1 + INSIDE;
/// Steps after a hole until it is judged: two more than are examined, so that the exact search for runs of samples
/// decides first.
const JUDGED: usize = BESIDE + 2;
/// Steps at the beginning of a hole, and before it, between which the fall is measured.
const INSIDE: usize = 3;
/// Mean square of sound beside a hole: -38 dBFS. Softer consonants end as abruptly in front of a closure of the lips.
const SOUND: f32 = 1.6e-4;
/// Least fall of the level in dB: from the loudest of the last three steps, and of the last two, to the loudest of
/// the first three. Measured: 1 % of holes behind codecs have less than 20.7 and 14.6.
const FALL_OF_THREE: f32 = 19.0;
const FALL_OF_TWO: f32 = 14.0;
/// How far below the sound before it every step of a hole stays, in dB. Measured: 1 % have less than 20.7.
const BELOW: f32 = 20.0;
/// How far below the sound on both sides the mean of a hole has to be, in dB. Measured: 1 % have less than 26.
const DEPTH: f32 = 25.0;
/// How much softer the last two steps before a hole may be than those before them, in dB, as the mean of the levels
/// of amplitude and first difference: fades of beats and words come to -14 and less; 5 % of holes to less than -10.6.
const FADED: f32 = -10.0;
const LAST: usize = 2;
/// Steps within which the sound has to be back, and to within how many dB. Measured: 2 % of holes come to less than
/// -7.8; onsets of drums after a rest to -12 and less.
const RISE: usize = 3;
const RISEN: f32 = -9.0;
/// Shortest hole in steps: shorter ones are found by their samples, or were filled by the codec.
const SHORTEST: u64 = 12;

/// A hole; positions in steps, counted from the beginning.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hole {
    pub start: u64,
    pub end: u64,
    /// Mean square and quantum of the sound before it; once it has ended, mean square of the softer side.
    pub power: f32,
    quantum: f32,
    /// Sum of the power of its steps.
    energy: f32,
}

/// Looks for holes.
#[derive(Debug)]
pub(super) struct Holes {
    /// The last steps, the oldest first.
    recent: [Step; KEPT],
    count: u64,
    open: Option<Hole>,
    /// A hole that has ended and waits for the steps after it.
    ended: Option<Hole>,
}

impl Holes {
    pub fn new() -> Self {
        Self {
            recent: [Step::default(); KEPT],
            count: 0,
            open: None,
            ended: None,
        }
    }

    pub fn reset(&mut self) {
        *self = Self::new();
    }

    /// Steps so far.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Whether the sound was cut off and isn't back yet.
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Start of the hole that isn't judged yet, in steps.
    pub fn pending(&self) -> Option<u64> {
        self.open.or(self.ended).map(|h| h.start)
    }

    /// Takes a step; returns a hole that was confirmed.
    pub fn push(&mut self, step: Step) -> Option<Hole> {
        self.recent.rotate_left(1);
        self.recent[KEPT - 1] = step;
        self.count += 1;
        if let Some(hole) = &mut self.open {
            if step.power <= hole.limit() {
                hole.energy += step.power;
                return None;
            }
            hole.end = self.count - 1;
            self.ended = self.open.take();
        }
        match self.ended {
            Some(hole) if self.count == hole.end + JUDGED as u64 => {
                self.ended = None;
                let after = &self.recent[KEPT - JUDGED..][..BESIDE];
                let softer = hole.power.min(mean_power(after));
                hole.is_dropout(after).then_some(Hole {
                    power: softer,
                    ..hole
                })
            }
            Some(_) => None,
            None => {
                self.open = self.begin();
                None
            }
        }
    }

    /// Whether the sound was cut off three steps ago.
    fn begin(&self) -> Option<Hole> {
        let start = self.count.checked_sub(INSIDE as u64)?;
        let (before, rest) = self.recent.split_at(BESIDE);
        let inside = &rest[1..];
        let power = mean_power(before);
        let left = max_power(inside);
        let (far, near) = (&before[..BESIDE - LAST - 2], &before[BESIDE - LAST..]);
        // Subtract what is left in the hole: it was there before as well, and doesn't fade.
        let beyond = |mean: fn(&[Step]) -> f32| {
            let rest = mean(inside);
            db((mean(near) - rest).max(0.0), mean(far))
        };
        let faded = (beyond(mean_power) + beyond(mean_change)) / 2.0;
        let cut = self.count >= KEPT as u64
            && power >= SOUND
            && db(max_power(&before[BESIDE - INSIDE..]), left) >= FALL_OF_THREE
            && db(max_power(near), left) >= FALL_OF_TWO
            && faded >= FADED;
        let hole = Hole {
            start,
            end: 0,
            power,
            quantum: before
                .iter()
                .map(|s| s.quantum)
                .fold(f32::INFINITY, f32::min),
            energy: inside.iter().map(|s| s.power).sum(),
        };
        (cut && left <= hole.limit()).then_some(hole)
    }
}

impl Hole {
    pub fn length(&self) -> u64 {
        self.end - self.start
    }

    /// Power that no step of the hole exceeds.
    fn limit(&self) -> f32 {
        self.power * 10f32.powf(-BELOW / 10.0)
    }

    /// Whether the hole is a dropout. `after`: the steps after it.
    fn is_dropout(&self, after: &[Step]) -> bool {
        let quantum = after.iter().map(|s| s.quantum).fold(self.quantum, f32::min);
        let sound = mean_power(after).min(self.power);
        let left = (self.energy / self.length().max(1) as f32).max(quantised(quantum));
        self.length() >= SHORTEST
            && mean_power(after) >= SOUND
            && db(sound, left) >= DEPTH
            && db(mean_power(after), self.power) <= LOUDER
            && db(max_power(&after[..RISE]), mean_power(after)) >= RISEN
    }
}

/// Mean square of the first difference in some steps.
fn mean_change(steps: &[Step]) -> f32 {
    steps.iter().map(|s| s.change).sum::<f32>() / steps.len().max(1) as f32
}

/// Largest power that quantisation in steps of `quantum` may have set to 0.
pub(super) fn quantised(quantum: f32) -> f32 {
    if quantum.is_finite() {
        quantum * quantum / 4.0
    } else {
        0.0
    }
}
