// SPDX-License-Identifier: MPL-2.0
//! How far the timelines of sound and picture have moved against each other, with regard to what they carry.
//!
//! Sound should last as long as its samples say, pictures should come at the distances that are usual in the stream. By how much they
//! don't is summed up for each stream: a stream whose timestamps jumped by 100 ms, or run too fast for its samples, is shown too late.
//! The sums are those of the last minute (chosen): what was wrong before that has been lived with, or was put right where nobody here
//! sees it.
//!
//! Timestamps can't tell a stretch that was lost (the rest is in time) from one that was moved (the rest is late). Where they aren't
//! the only evidence, a step that may be a loss is taken for one: one by whole buffers or pictures, a long one, one that upstream flags;
//! unless the pictures themselves go on over it ([`motion`](super::motion)).
//! While a loss is remembered they say nothing: decoders guess what time it is after a loss, and put that right in steps of any size.
//! Nor does it count how the streams begin: with priming, edit lists, clocks that settle.

use super::{Estimate, Source};
use crate::media::{
    MS, Ns, SECOND, Span,
    timestamps::{Break, TimestampCheck},
};

/// Seconds that are remembered.
const MEMORY: Ns = 60;

/// Seconds that are kept: one stream may be ahead of the other.
const KEPT: usize = (MEMORY + crate::detector::pair::AHEAD / SECOND + 1) as usize;

/// Two numbers that should be the same but for rounding of timestamps: whole milliseconds, as in Matroska and FLV.
const ROUNDING: Ns = 3 * MS / 2;

/// What comes after a loss may be so much off: receivers set their clocks anew. In ns.
const SETTLED: f64 = 2.0 * ROUNDING as f64;

/// What comes sooner after the start of a stream belongs to how it begins.
const BEGINNING: Ns = 2 * SECOND;

/// A longer step is no lip-sync error: something is missing.
const LONGEST_STEP: Ns = SECOND / 2;

/// Seconds over which a drift has to be steady.
const STEADY: Ns = 5;

/// A second of a stream.
#[derive(Debug, Clone, Copy, Default)]
struct Bucket {
    second: Ns,
    /// All that the timestamps were too late, in ns.
    all: f64,
    /// The steps of it that no loss explains, in ns.
    moved: f64,
    /// What isn't a step, in ns: rate.
    crept: f64,
    /// There was a step that may be a loss.
    lost: bool,
    /// The last step that counted, in ns.
    step: Option<Ns>,
}

#[derive(Debug)]
struct Line {
    buckets: Box<[Bucket; KEPT]>,
    start: Option<Ns>,
}

impl Default for Line {
    fn default() -> Self {
        Self {
            buckets: Box::new([Bucket::default(); KEPT]),
            start: None,
        }
    }
}

/// Both of them.
#[derive(Debug, Default)]
pub struct Timelines {
    sound: Line,
    picture: Line,
}

impl Line {
    fn bucket(&mut self, at: Ns) -> &mut Bucket {
        let second = at / SECOND;
        let bucket = &mut self.buckets[(second % KEPT as Ns) as usize];
        if bucket.second != second {
            *bucket = Bucket {
                second,
                ..Bucket::default()
            };
        }
        bucket
    }

    /// A buffer; `late`: how far it begins after the end of the one before, if that end is exact.
    /// `goes_on`: what it carries goes on over the break, so that nothing is missing.
    fn take(&mut self, at: Span, late: Option<i64>, broken: Option<&Break>, goes_on: bool) {
        let start = *self.start.get_or_insert(at.start);
        let begins = at.start.saturating_sub(start) < BEGINNING;
        let bucket = self.bucket(at.start);
        if let Some(late) = late.map(|late| late as f64) {
            bucket.all += late;
            if late.abs() <= ROUNDING as f64 {
                bucket.crept += late;
            }
        }
        // A picture that repeats the time of another one moves none.
        let Some(broken) = broken.filter(|b| !b.repeats) else {
            return;
        };
        if late.is_none() {
            bucket.all += broken.error() as f64;
        }
        bucket.step = Some(broken.expected.min(broken.at));
        if is_loss(broken) && !goes_on {
            bucket.lost = true;
        } else if !begins {
            bucket.moved += broken.error() as f64;
        }
    }

    /// The complete seconds before `now` that are remembered.
    fn seconds(&self, now: Ns) -> impl Iterator<Item = &Bucket> {
        let now = now / SECOND;
        let fresh = move |b: &&Bucket| b.second < now && now - b.second <= MEMORY;
        self.buckets.iter().filter(fresh)
    }

    fn sum(&self, now: Ns, of: impl Fn(&Bucket) -> f64) -> f64 {
        self.seconds(now).map(of).sum()
    }

    /// What the timestamps have crept away from the samples, in ns, as far as it was steady to the end.
    fn steady(&self, now: Ns) -> f64 {
        let end = now / SECOND;
        let crept = |from: Ns, to: Ns| {
            let within = |b: &&Bucket| (from..to).contains(&b.second);
            self.seconds(now)
                .filter(within)
                .map(|b| b.crept)
                .sum::<f64>()
        };
        let begin = self.start.unwrap_or(now) / SECOND + BEGINNING / SECOND;
        let length = end.saturating_sub(begin).min(MEMORY);
        if length < 3 * STEADY {
            return 0.0;
        }
        let parts = [3, 2, 1].map(|n| crept(end - n * STEADY, end - (n - 1) * STEADY));
        let slowest = parts
            .iter()
            .copied()
            .fold(f64::INFINITY, |a, b| a.min(b.abs()));
        let same = parts.iter().all(|p| p.signum() == parts[0].signum());
        let most = if same {
            slowest * length as f64 / STEADY as f64
        } else {
            0.0
        };
        crept(end - length, end).clamp(-most, most)
    }

    fn step(&self, now: Ns) -> Option<Ns> {
        self.seconds(now).filter_map(|b| b.step).max()
    }
}

/// Whether a step may be a stretch that was lost.
fn is_loss(broken: &Break) -> bool {
    let error = broken.error();
    if error < 0 {
        return false;
    }
    let unit = broken.unit.max(1) as f64;
    let beyond = error as f64 - (error as f64 / unit).round() * unit;
    let near = SETTLED.min(unit / 4.0).max(ROUNDING as f64);
    broken.flagged || error.unsigned_abs() > LONGEST_STEP || beyond.abs() <= near
}

impl Timelines {
    /// A buffer of sound.
    pub fn sound(&mut self, at: Span, check: &TimestampCheck) {
        self.sound
            .take(at, check.late, check.broken.as_ref(), false);
    }

    /// A picture: few streams say exactly how long it lasts. `goes_on`: the pictures go on over the break in their times.
    pub fn picture(&mut self, at: Span, check: &TimestampCheck, goes_on: bool) {
        self.picture.take(at, None, check.broken.as_ref(), goes_on);
    }

    /// By how much the sound's timestamps advance less than its samples, in ppm, over the complete seconds of the last minute before `now`.
    pub fn drift(&self, now: Option<Ns>) -> f64 {
        let (Some(now), Some(start)) = (now, self.sound.start) else {
            return f64::NAN;
        };
        let length = (now / SECOND).saturating_sub(start / SECOND).min(MEMORY);
        match length {
            0 => f64::NAN,
            _ => -self.sound.sum(now, |b| b.crept) / (length * SECOND) as f64 * 1e6,
        }
    }

    /// `alone`: there is no other evidence, so that everything counts.
    pub fn estimate(&self, now: Ns, alone: bool) -> Option<Estimate> {
        let (picture_start, sound_start) = (self.picture.start?, self.sound.start?);
        let first = picture_start.max(sound_start);
        let offset = if alone {
            let begun = picture_start as f64 - sound_start as f64;
            let fresh = now.saturating_sub(first) < MEMORY * SECOND;
            let all = |line: &Line| line.sum(now, |b| b.all);
            all(&self.picture) - all(&self.sound) + if fresh { begun } else { 0.0 }
        } else {
            let lost = |line: &Line| line.seconds(now).any(|b| b.lost);
            if lost(&self.picture) || lost(&self.sound) {
                return None;
            }
            let moved = |line: &Line| line.sum(now, |b| b.moved);
            moved(&self.picture) - moved(&self.sound) - self.sound.steady(now)
        };
        Some(Estimate {
            offset: offset / MS as f64,
            confidence: if alone { 1.0 } else { 0.5 },
            since: self.picture.step(now).max(self.sound.step(now)),
            source: Source::Timestamps,
            uncertainty: 0.0,
        })
    }
}
