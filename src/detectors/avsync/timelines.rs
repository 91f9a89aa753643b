// SPDX-License-Identifier: MPL-2.0
//! How far the timelines of sound and picture have moved against each other, with regard to what they carry.
//!
//! A buffer of so many samples, or a picture of such a length, should end where the next one starts. By how much it doesn't is summed
//! up for each stream: a stream whose timestamps jumped by 100 ms, or run too fast for its samples, is shown too late. The sums are those of
//! the last minute (chosen): what was wrong before that has been lived with, or was put right where nobody here sees it.
//!
//! Timestamps can't tell a stretch that was lost (the rest is in time) from one that was moved (the rest is late). Where they aren't the only
//! evidence, a step by whole buffers or pictures is taken for a loss, and while one is remembered they say nothing: decoders guess what time it
//! is after a loss, and put that right in steps of any size.

use super::{Estimate, Source};
use crate::media::{MS, Ns, SECOND, Span, timestamps::TimestampCheck};

/// Seconds that are remembered.
const MEMORY: usize = 60;

/// Two numbers that should be the same but for rounding of timestamps: whole milliseconds, as in Matroska and FLV.
const ROUNDING: Ns = 3 * MS / 2;

#[derive(Debug, Clone, Copy, Default)]
struct Bucket {
    second: Ns,
    /// All that the timestamps were too late, in ns.
    all: f64,
    /// The steps of it that no lost buffers explain.
    moved: f64,
    /// What isn't a step: rate.
    crept: f64,
}

#[derive(Debug)]
struct Line {
    buckets: [Bucket; MEMORY],
    start: Option<Ns>,
    latest: Ns,
    /// The last step that counted.
    step: Option<Ns>,
}

impl Default for Line {
    fn default() -> Self {
        Self {
            buckets: [Bucket::default(); MEMORY],
            start: None,
            latest: 0,
            step: None,
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
    fn take(&mut self, at: Span, arrival: &TimestampCheck) {
        self.start = self.start.or(Some(at.start));
        self.latest = at.start;
        let (Some(expected), Some(time)) = (arrival.expected, arrival.at) else {
            return;
        };
        let late = time as f64 - expected as f64;
        let second = at.start / SECOND;
        let bucket = &mut self.buckets[(second % MEMORY as Ns) as usize];
        if bucket.second != second {
            *bucket = Bucket {
                second,
                ..Bucket::default()
            };
        }
        bucket.all += late;
        let step = time.abs_diff(expected);
        if step > (arrival.duration / 2).clamp(MS, 20 * MS) {
            let units = (late / arrival.duration.max(1) as f64).round() * arrival.duration as f64;
            if late < 0.0 || (late - units).abs() > ROUNDING as f64 {
                bucket.moved += late;
                self.step = Some(at.start);
            }
        } else {
            bucket.crept += late;
        }
    }

    /// The sum over what is remembered.
    fn sum(&self, of: impl Fn(&Bucket) -> f64) -> f64 {
        let now = self.latest / SECOND;
        let fresh = |b: &&Bucket| b.second <= now && now - b.second < MEMORY as Ns;
        self.buckets.iter().filter(fresh).map(of).sum()
    }

    /// How much of the stream is remembered, in ns.
    fn remembered(&self) -> Ns {
        let all = self.start.map_or(0, |s| self.latest.saturating_sub(s));
        all.min(MEMORY as Ns * SECOND)
    }

    fn has_losses(&self) -> bool {
        self.sum(|b| b.all - b.moved - b.crept) > ROUNDING as f64
    }

    fn drift(&self) -> Option<f64> {
        let length = self.remembered();
        // Less than a second of rounded timestamps says nothing.
        (length >= SECOND).then(|| self.sum(|b| b.crept) / length as f64 * 1e6)
    }
}

impl Timelines {
    /// A buffer of sound.
    pub fn sound(&mut self, at: Span, arrival: &TimestampCheck) {
        self.sound.take(at, arrival);
    }

    /// A picture.
    pub fn picture(&mut self, at: Span, arrival: &TimestampCheck) {
        self.picture.take(at, arrival);
    }

    /// By how much the picture's timeline runs slower than that of the sound, in ppm.
    pub fn drift(&self) -> f64 {
        match (self.picture.drift(), self.sound.drift()) {
            (Some(picture), Some(sound)) => picture - sound,
            _ => f64::NAN,
        }
    }

    /// `alone`: there is no other evidence, so that everything counts.
    pub fn estimate(&self, now: Ns, alone: bool) -> Option<Estimate> {
        let (picture_start, sound_start) = (self.picture.start?, self.sound.start?);
        let since = self.picture.step.max(self.sound.step);
        let offset = if alone {
            let difference = |line: &Line| line.sum(|b| b.all);
            let begun = picture_start as f64 - sound_start as f64;
            let first = picture_start.max(sound_start);
            let fresh = now.saturating_sub(first) < MEMORY as Ns * SECOND;
            difference(&self.picture) - difference(&self.sound) + if fresh { begun } else { 0.0 }
        } else if self.picture.has_losses() || self.sound.has_losses() {
            return None;
        } else {
            // Samples are counted exactly, but few streams say exactly how long pictures last.
            let sound = |b: &Bucket| b.moved + b.crept;
            self.picture.sum(|b| b.moved) - self.sound.sum(sound)
        };
        Some(Estimate {
            offset: offset / MS as f64,
            confidence: if alone { 1.0 } else { 0.5 },
            since,
            source: Source::Timestamps,
            uncertainty: 0.0,
        })
    }
}
