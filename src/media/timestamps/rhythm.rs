// SPDX-License-Identifier: MPL-2.0
//! Judges the distances between the buffers of a stream, and finds breaks in their rhythm.
//!
//! A buffer is expected so long after the one before as is usual in this stream (the median of the latest distances), or as the
//! samples of sound say. One that misses this by more than the tolerance is a break only if the buffers before and after it are
//! regular: streams of a variable rate, jitter, and starts with priming or edit lists have no breaks. A buffer that is flagged as the
//! first after a discontinuity needs no confirmation.
//!
//! All numbers are chosen.

use super::{Content, StreamFormat};
use crate::media::{MS, Ns, SECOND};

/// Distances that are remembered.
const MEMORY: usize = 32;
/// Regular distances before a break and after it.
const CALM: u32 = 8;
/// Time after which a slow stream confirms a break, if it has at least two regular distances by then.
const CONFIRMED: Ns = SECOND;
/// Part of the usual distance by which a buffer may miss its time, within these bounds.
const TOLERANCES: (Ns, Ns) = (MS, 20 * MS);
/// Coded pictures: a shorter gap is a picture that was left out, which is judged in the picture.
const CODED_PICTURES: Ns = 100 * MS;
/// Deviations up to this multiple of the mean deviation are jitter.
const JITTER: f64 = 5.0;
/// How far sound may drift off its time: GStreamer's own audio sinks and decoders go on without a break up to there.
const WANDERING: Ns = 40 * MS;
/// Buffers over which the drift is forgotten: clocks differ.
const FORGOTTEN: i64 = 512;
/// Half a unit of times in whole milliseconds (Matroska, FLV), at both ends of a distance.
const ROUNDING: Ns = 3 * MS / 2;

/// A break in the timestamps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Break {
    /// When the buffer was expected, in ns.
    pub expected: Ns,
    /// Its timestamp, in ns.
    pub at: Ns,
    /// By how much it may miss its time, in ns.
    pub tolerance: Ns,
    /// The usual distance between buffers, in ns.
    pub unit: Ns,
    /// Whether the buffer is flagged as the first after missing data.
    pub flagged: bool,
    /// Whether it begins before the start of the one before.
    pub backwards: bool,
    /// It is a picture that has the very time of another one.
    pub repeats: bool,
}

impl Break {
    /// How much too late the buffer is, in ns; negative if too early.
    pub fn error(&self) -> i64 {
        difference(self.at, self.expected)
    }
}

/// A buffer that missed its time, to be confirmed by those after it.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    found: Break,
    /// Sum of the deviations since, in ns, and how many.
    since: i64,
    count: u32,
}

/// Follows the times of a stream in the order in which they are shown.
#[derive(Debug, Clone)]
pub struct Rhythm {
    format: StreamFormat,
    last: Option<(Ns, Option<Ns>)>,
    distances: [Ns; MEMORY],
    count: usize,
    /// How many of the latest distances agree with the length of their buffer, as a mean from 0 to 1.
    agreement: f64,
    /// Mean deviation, in ns.
    jitter: f64,
    /// The longest distance that has become usual, in ns; decays.
    longest: f64,
    /// How far sound is off the time at which its samples put it, in ns.
    wandered: i64,
    /// Regular distances in a row.
    calm: u32,
    candidate: Option<Candidate>,
}

impl Rhythm {
    /// Of a stream of that format.
    pub fn new(format: StreamFormat) -> Self {
        Self {
            format,
            last: None,
            distances: [0; MEMORY],
            count: 0,
            agreement: 1.0,
            jitter: 0.0,
            longest: 0.0,
            wandered: 0,
            calm: 0,
            candidate: None,
        }
    }

    /// The stream has announced a gap before the next buffer, which then can't break the rhythm.
    pub fn interrupt(&mut self) {
        self.last = None;
        self.candidate = None;
        self.wandered = 0;
    }

    /// The usual distance, in ns.
    pub fn usual(&self) -> Option<Ns> {
        let known = self.count.min(MEMORY);
        let mut sorted = self.distances;
        let sorted = &mut sorted[..known];
        sorted.sort_unstable();
        sorted.get(known / 2).copied()
    }

    /// Takes the next time, and the duration of the buffer; returns a break that is known now, which may lie a little
    /// back.
    pub fn next(&mut self, time: Ns, length: Option<Ns>, flagged: bool) -> Option<Break> {
        let Some((before, lasted)) = self.last else {
            self.last = Some((time, length));
            return None;
        };
        let known = lasted.filter(|_| self.agreement >= 0.75);
        if time == before && (self.format.content != Content::Sound || known.is_none()) {
            // Another part of it, or a picture that repeats its time.
            return None;
        }
        self.last = Some((time, length));
        let Some(distance) = time.checked_sub(before) else {
            return self.backwards(time, (before, lasted), flagged);
        };
        let unit = self.usual().unwrap_or(distance);
        let expected = match (self.format.content, known) {
            (Content::Pictures, _) | (Content::Sound, None) => Some(unit),
            // Containers stretch the last buffer before a gap.
            (Content::Sound, Some(length)) if self.longest > 0.0 => {
                Some(length.min((1.5 * self.longest) as Ns))
            }
            (_, length) => length,
        };
        let deviation = expected.map(|expected| difference(distance, expected));
        let candidate = expected.map(|expected| Break {
            expected: before.saturating_add(expected),
            at: time,
            tolerance: self.tolerance(unit, flagged),
            unit,
            flagged,
            backwards: false,
            repeats: false,
        });
        let found = candidate.and_then(|step| self.weigh(step, distance, known.is_some()));
        self.learn(distance, lasted, deviation.unwrap_or(0), unit);
        found
    }

    fn tolerance(&self, unit: Ns, flagged: bool) -> Ns {
        let own = (unit / 2).clamp(TOLERANCES.0, TOLERANCES.1);
        let least = match self.format.content {
            _ if flagged => return own,
            Content::Pictures if !self.format.raw => CODED_PICTURES,
            Content::Sound => WANDERING,
            _ => own,
        };
        least.max((JITTER * self.jitter) as Ns)
    }

    /// Judges a distance with those before it.
    fn weigh(&mut self, step: Break, distance: Ns, length_is_known: bool) -> Option<Break> {
        let learned = self.count >= CALM as usize;
        let regular = step.error().unsigned_abs() <= step.tolerance;
        let found = self.confirm(&step, regular);
        let step = match length_is_known {
            true => self.wander(step),
            false => step,
        };
        let misses = step.error().unsigned_abs() > step.tolerance;
        if misses
            && self.candidate.is_none()
            && learned
            && self.is_break(&step, distance, length_is_known)
        {
            self.wandered = 0;
            if step.flagged {
                self.calm = 0;
                return found.or(Some(step));
            }
            if self.calm >= CALM {
                self.candidate = Some(Candidate {
                    found: step,
                    since: 0,
                    count: 0,
                });
            }
        }
        self.calm = if regular {
            self.calm.saturating_add(1)
        } else {
            0
        };
        found
    }

    /// The deviation of sound is the sum of those of its last buffers.
    fn wander(&mut self, step: Break) -> Break {
        if self.format.content != Content::Sound || self.candidate.is_some() {
            return step;
        }
        self.wandered = self.wandered.saturating_add(step.error());
        let off = self.wandered;
        self.wandered -= off / FORGOTTEN;
        let expected = match step.flagged {
            true => step.expected,
            false => step.at.saturating_add_signed(off.saturating_neg()),
        };
        Break { expected, ..step }
    }

    /// Whether a distance that isn't regular could be a gap or an overlap at all.
    fn is_break(&self, step: &Break, distance: Ns, length_is_known: bool) -> bool {
        if step.error() < 0 {
            // Shorter distances are usual where the rate varies; that a buffer isn't over takes its length to say.
            return length_is_known;
        }
        let coded_pictures = self.format.content == Content::Pictures && !self.format.raw;
        let rare = distance as f64 > 1.5 * self.longest;
        step.flagged || rare || (length_is_known && !coded_pictures)
    }

    /// Takes a distance after a candidate.
    fn confirm(&mut self, step: &Break, regular: bool) -> Option<Break> {
        let candidate = self.candidate.as_mut()?;
        candidate.since = candidate.since.saturating_add(step.error());
        candidate.count += 1;
        let tolerance = candidate.found.tolerance as i64;
        if !regular || candidate.since.saturating_abs() > tolerance {
            // A second deviation of sound adds to the first; pictures of a variable rate aren't late at all.
            let error = candidate.found.error().saturating_add(candidate.since);
            if self.format.content != Content::Sound || error.saturating_abs() <= tolerance {
                self.candidate = None;
                return None;
            }
            candidate.found.at = candidate.found.expected.saturating_add_signed(error);
            (candidate.since, candidate.count) = (0, 0);
            return None;
        }
        let lasted = step.at.saturating_sub(candidate.found.at);
        let enough = candidate.count >= CALM || (candidate.count >= 2 && lasted >= CONFIRMED);
        enough.then(|| self.candidate.take().map(|c| c.found))?
    }

    /// Takes the end of the stream: returns the candidate, if all buffers after it were regular.
    pub fn end(&mut self) -> Option<Break> {
        let candidate = self.candidate.take()?;
        (candidate.count >= 2).then_some(candidate.found)
    }

    fn backwards(
        &mut self,
        time: Ns,
        (before, lasted): (Ns, Option<Ns>),
        flagged: bool,
    ) -> Option<Break> {
        let unit = self.usual().or(lasted).unwrap_or(0);
        let tolerance = self.tolerance(unit, flagged);
        let expected = before.saturating_add(unit);
        if before - time <= tolerance {
            let late = self.candidate.take().map_or(0, |c| c.found.error());
            let back = difference(time, expected).saturating_add(late);
            self.wandered = self.wandered.saturating_add(back);
            return None;
        }
        self.interrupt();
        self.calm = 0;
        self.last = Some((time, lasted));
        Some(Break {
            expected,
            at: time,
            tolerance,
            unit,
            flagged,
            backwards: true,
            repeats: false,
        })
    }

    fn learn(&mut self, distance: Ns, lasted: Option<Ns>, deviation: i64, unit: Ns) {
        let agrees =
            lasted.is_some_and(|lasted| lasted.abs_diff(distance) <= ROUNDING.max(unit / 16));
        self.agreement += (f64::from(u8::from(agrees)) - self.agreement) / 16.0;
        if distance == 0 {
            return;
        }
        if self.count > 0 {
            let most = TOLERANCES.1 as f64;
            self.jitter += ((deviation.unsigned_abs() as f64).min(most) - self.jitter) / 16.0;
        }
        self.longest = (self.longest * (1.0 - 1.0 / 1024.0)).max(distance as f64);
        self.distances[self.count % MEMORY] = distance;
        self.count += 1;
        if self.count == 2 * MEMORY {
            self.count = MEMORY;
        }
    }
}

/// `a - b`, in ns.
pub fn difference(a: Ns, b: Ns) -> i64 {
    let difference = i128::from(a) - i128::from(b);
    difference.clamp(i128::from(i64::MIN + 1), i128::from(i64::MAX)) as i64
}
