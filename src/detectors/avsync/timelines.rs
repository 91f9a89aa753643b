// SPDX-License-Identifier: MPL-2.0
//! Offset between sound and picture by their timestamps: jumps and drift of each stream against its own samples or pictures.
//!
//! Sound should last as long as its samples say, pictures should come at the distances that are usual in the stream. The differences
//! are summed up for each stream: a stream whose timestamps jumped by 100 ms, or run too fast for its samples, is shown too late.
//! The sums are those of the last minute (chosen): older offsets were accepted, or corrected elsewhere.
//!
//! Timestamps alone can't tell a stretch that was lost (the rest is on time) from one that was delayed (the rest is late). If there is
//! other evidence, a step forward counts as a loss if it is flagged upstream; also if it is long or has the length of whole buffers or
//! pictures, unless the motion of the pictures continues over it ([`motion`](super::motion)). For a minute after a loss there is no
//! estimate: decoders guess the time after a loss, and correct it in steps of any size. There is none either for a minute after both
//! streams have stepped within about 2 s, but not equally far: a jump of the source's clock moves both, and demuxers guess the times
//! around it. So a step counts only once the other stream has had 2 s to show its own. Steps in the first 2 s of a stream don't count:
//! priming, edit lists and clocks that settle cause them.

use super::{Estimate, Source};
use crate::media::{
    MS, Ns, SECOND, Span,
    timestamps::{Break, TimestampCheck},
};

/// Seconds over which differences are summed up.
const MEMORY: Ns = 60;

/// Number of buckets: some more than that, since one stream may be ahead of the other.
const KEPT: usize = (MEMORY + crate::detector::pair::AHEAD / SECOND + 1) as usize;

/// Largest difference that rounding of timestamps explains, in ns: to whole milliseconds, as in Matroska and FLV.
const ROUNDING: Ns = 3 * MS / 2;

/// Tolerance of the length of a loss, in ns: receivers set their clocks anew after it.
const SETTLED: f64 = 2.0 * ROUNDING as f64;

/// Time after the start of a stream in which steps don't count.
const BEGINNING: Ns = 2 * SECOND;

/// Longest step that may be a lip-sync error; a longer one is a loss.
const LONGEST_STEP: Ns = SECOND / 2;

/// Steps of both streams in seconds that are at most so far apart have one cause.
const TOGETHER: Ns = 2;

/// Steps of both streams that differ by less are the same, in ns: half a picture at 25 Hz.
const SAME: f64 = 20.0 * MS as f64;

/// Seconds over which a drift has to be steady.
const STEADY: Ns = 5;

/// The differences in a second of a stream.
#[derive(Debug, Clone, Copy, Default)]
struct Bucket {
    second: Ns,
    /// Sum of all lateness of timestamps, in ns.
    all: f64,
    /// Sum of the steps that no loss explains, in ns.
    moved: f64,
    /// Sum of the lateness that isn't a step but drift, in ns.
    drifted: f64,
    /// There was a step that may be a loss.
    lost: bool,
    /// Time of the last step, in ns.
    step: Option<Ns>,
}

/// Lateness of the timestamps of one stream.
#[derive(Debug)]
struct StreamLateness {
    buckets: Box<[Bucket; KEPT]>,
    start: Option<Ns>,
}

impl Default for StreamLateness {
    fn default() -> Self {
        Self {
            buckets: Box::new([Bucket::default(); KEPT]),
            start: None,
        }
    }
}

/// Lateness of sound and picture.
#[derive(Debug, Default)]
pub struct Timelines {
    sound: StreamLateness,
    picture: StreamLateness,
}

impl StreamLateness {
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

    /// Takes a buffer; `late`: ns by which it begins after the end of the one before, if that end is exact.
    /// `goes_on`: the content continues over the break, so that nothing is missing.
    fn take(&mut self, at: Span, late: Option<i64>, broken: Option<&Break>, goes_on: bool) {
        let start = *self.start.get_or_insert(at.start);
        let begins = at.start.saturating_sub(start) < BEGINNING;
        let bucket = self.bucket(at.start);
        if let Some(late) = late.map(|late| late as f64) {
            bucket.all += late;
            if late.abs() <= ROUNDING as f64 {
                bucket.drifted += late;
            }
        }
        // A picture with the same timestamp as another one isn't a step.
        let Some(broken) = broken.filter(|b| !b.repeats) else {
            return;
        };
        if late.is_none() {
            bucket.all += broken.error() as f64;
        }
        bucket.step = Some(broken.expected.min(broken.at));
        if is_loss(broken) && (broken.flagged || !goes_on) {
            bucket.lost = true;
        } else if !begins {
            bucket.moved += broken.error() as f64;
        }
    }

    /// The complete seconds of the last minute before `now`.
    fn seconds(&self, now: Ns) -> impl Iterator<Item = &Bucket> {
        let now = now / SECOND;
        let fresh = move |b: &&Bucket| b.second < now && now - b.second <= MEMORY;
        self.buckets.iter().filter(fresh)
    }

    fn sum(&self, now: Ns, of: impl Fn(&Bucket) -> f64) -> f64 {
        self.seconds(now).map(of).sum()
    }

    /// Drift of timestamps against samples over the last minute, in ns, as far as it was steady to its end.
    fn steady_drift(&self, now: Ns) -> f64 {
        let end = now / SECOND;
        let drifted = |from: Ns, to: Ns| {
            let within = |b: &&Bucket| (from..to).contains(&b.second);
            self.seconds(now)
                .filter(within)
                .map(|b| b.drifted)
                .sum::<f64>()
        };
        let begin = self.start.unwrap_or(now) / SECOND + BEGINNING / SECOND;
        let length = end.saturating_sub(begin).min(MEMORY);
        if length < 3 * STEADY {
            return 0.0;
        }
        let parts = [3, 2, 1].map(|n| drifted(end - n * STEADY, end - (n - 1) * STEADY));
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
        drifted(end - length, end).clamp(-most, most)
    }

    fn step(&self, now: Ns) -> Option<Ns> {
        self.seconds(now).filter_map(|b| b.step).max()
    }
}

/// Whether a step may be the loss of a stretch.
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
    /// Takes a buffer of sound.
    pub fn sound(&mut self, at: Span, check: &TimestampCheck) {
        self.sound
            .take(at, check.late, check.broken.as_ref(), false);
    }

    /// Takes a picture; its end isn't exact, since few streams have exact durations. `goes_on`: motion continues over the break.
    pub fn picture(&mut self, at: Span, check: &TimestampCheck, goes_on: bool) {
        self.picture.take(at, None, check.broken.as_ref(), goes_on);
    }

    /// Whether both streams stepped at nearly the same time, but not equally far.
    fn is_disturbed(&self, now: Ns) -> bool {
        self.picture
            .seconds(now)
            .filter(|b| b.moved != 0.0)
            .any(|b| {
                let near = |other: &&Bucket| {
                    other.moved != 0.0 && other.second.abs_diff(b.second) <= TOGETHER
                };
                let moved = |stream: &StreamLateness| {
                    stream.seconds(now).filter(near).map(|b| b.moved).sum()
                };
                let (picture, sound): (f64, f64) = (moved(&self.picture), moved(&self.sound));
                self.sound.seconds(now).any(|b| near(&b)) && (picture - sound).abs() > SAME
            })
    }

    /// By how much the sound's timestamps advance less than its samples, in ppm, over the complete seconds of the last minute before
    /// `now`; NaN without sound or a complete second.
    pub fn drift(&self, now: Option<Ns>) -> f64 {
        let (Some(now), Some(start)) = (now, self.sound.start) else {
            return f64::NAN;
        };
        let length = (now / SECOND).saturating_sub(start / SECOND).min(MEMORY);
        match length {
            0 => f64::NAN,
            _ => -self.sound.sum(now, |b| b.drifted) / (length * SECOND) as f64 * 1e6,
        }
    }

    /// The offset between sound and picture at `now`; `None` before both have begun. If `alone`, there is no other evidence, and all
    /// differences count; otherwise only steps and drift do, and it is also `None` while a loss is remembered.
    pub fn estimate(&self, now: Ns, alone: bool) -> Option<Estimate> {
        let (picture_start, sound_start) = (self.picture.start?, self.sound.start?);
        let first = picture_start.max(sound_start);
        let offset = if alone {
            let begun = picture_start as f64 - sound_start as f64;
            let fresh = now.saturating_sub(first) < MEMORY * SECOND;
            let all = |stream: &StreamLateness| stream.sum(now, |b| b.all);
            all(&self.picture) - all(&self.sound) + if fresh { begun } else { 0.0 }
        } else {
            let lost = |stream: &StreamLateness| stream.seconds(now).any(|b| b.lost);
            if lost(&self.picture) || lost(&self.sound) || self.is_disturbed(now) {
                return None;
            }
            let settled = (now / SECOND).saturating_sub(TOGETHER);
            let fresh = |b: &Bucket| b.moved != 0.0 && b.second >= settled;
            let mut seconds = self.picture.seconds(now).chain(self.sound.seconds(now));
            if seconds.any(fresh) {
                return None;
            }
            let moved = |stream: &StreamLateness| stream.sum(now, |b| b.moved);
            moved(&self.picture) - moved(&self.sound) - self.sound.steady_drift(now)
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
