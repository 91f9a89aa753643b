// SPDX-License-Identifier: MPL-2.0
//! One record for each second and detector of a stream, without gaps.
//!
//! A measurement covers a second, but not a whole one of the clock: it is assigned to the second of the clock nearest to its start.
//! If two measurements fall into one second (between two sessions), the worse counts; a second without one is `not-analysed`, with a
//! reason.

mod progress;
mod second;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use gstdefect::MeasurementMessage;
use serde::{Deserialize, Serialize};

use progress::Progress;
pub use second::Second;

/// A second in ns.
const SECOND: i64 = 1_000_000_000;

/// The second of a detector that is to come next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextSecond {
    /// The track; empty while none is known.
    pub track: Arc<str>,
    /// The element.
    pub detector: Arc<str>,
    /// Its start, in seconds of Unix time.
    pub at: i64,
}

/// Why nothing was analysed: no data came.
const NO_DATA: &str = "no-data";
/// Why nothing was analysed: the detector needs all pictures, and only key frames were decoded.
pub const SPARSE: &str = "sparse";

/// The records of all detectors of a stream.
#[derive(Debug)]
pub struct Ledger {
    /// By track and detector; the track is empty while none is known.
    progress: BTreeMap<(Arc<str>, Arc<str>), Progress>,
    /// End of the latest measurement, in ns of Unix time.
    end: i64,
    /// Seconds that are complete, to be reported.
    finished: Vec<Second>,
}

impl Ledger {
    /// Starts at that instant, in ns of Unix time, with these detectors until tracks are known.
    pub fn new(start: i64, detectors: impl IntoIterator<Item = Arc<str>>) -> Self {
        let next = start.div_euclid(SECOND);
        let progress = |detector| (("".into(), detector), Progress::starting_at(next));
        Self {
            progress: detectors.into_iter().map(progress).collect(),
            end: start,
            finished: Vec::new(),
        }
    }

    /// Continues the seconds of an earlier run, for the detectors that still exist. The gap until now is recorded as not analysed.
    pub fn resume_from(&mut self, seconds: &[NextSecond], reason: &'static str) {
        let start = self.end.div_euclid(SECOND);
        let known: BTreeSet<_> = self.progress.keys().map(|(_, d)| Arc::clone(d)).collect();
        let progress: BTreeMap<_, _> = seconds
            .iter()
            .filter(|next| known.contains(&next.detector))
            .map(|next| {
                let key = (Arc::clone(&next.track), Arc::clone(&next.detector));
                // The clock was set back meanwhile.
                let next = if next.at > start + MAX_AHEAD {
                    start
                } else {
                    next.at
                };
                (key, Progress::starting_at(next))
            })
            .collect();
        if !progress.is_empty() {
            self.progress = progress;
            self.fill_until(start, reason);
        }
    }

    /// The next second of each detector, for a later run; call [`Self::close`] before.
    pub fn next_seconds(&self) -> Vec<NextSecond> {
        let next = |((track, detector), progress): (&(Arc<str>, Arc<str>), &Progress)| NextSecond {
            track: Arc::clone(track),
            detector: Arc::clone(detector),
            at: progress.next,
        };
        self.progress.iter().map(next).collect()
    }

    /// End of the latest measurement, in ns of Unix time.
    pub fn end(&self) -> i64 {
        self.end
    }

    /// Adds a track that is watched by these detectors.
    pub fn add(&mut self, track: &Arc<str>, detectors: impl IntoIterator<Item = Arc<str>>) {
        let whole = self
            .progress
            .iter()
            .filter(|((track, _), _)| track.is_empty());
        let next = whole.map(|(_, progress)| progress.next).min();
        let start = next.unwrap_or_else(|| self.end.div_euclid(SECOND));
        for detector in detectors {
            let key = (Arc::clone(track), detector);
            self.progress
                .entry(key)
                .or_insert(Progress::starting_at(start));
        }
    }

    /// Drops the records of the stream as a whole, once there are those of tracks.
    pub fn drop_untracked(&mut self) {
        let is_known = self.progress.keys().any(|(track, _)| !track.is_empty());
        if is_known {
            self.progress.retain(|(track, _), _| !track.is_empty());
        }
    }

    /// Takes a measurement that begins at that instant, in ns of Unix time.
    pub fn measured(&mut self, track: &Arc<str>, begins: i64, m: &MeasurementMessage) {
        let key = (Arc::clone(track), Arc::from(m.element.as_str()));
        let Some(progress) = self.progress.get_mut(&key) else {
            return;
        };
        let duration = i64::try_from(m.duration).unwrap_or(SECOND);
        self.end = self.end.max(begins.saturating_add(duration));
        let at = (begins + SECOND / 2).div_euclid(SECOND);
        // Only a stretch without data comes as one long measurement.
        let last = at.max((begins + duration - SECOND / 2).div_euclid(SECOND));
        if at + 1 < progress.next || (at < progress.next && progress.pending.is_none()) {
            return;
        }
        if at >= progress.next {
            progress.close(&mut self.finished);
            // The measurement that a detector ends with when it is switched off comes after the news.
            let has_rested = std::mem::replace(&mut progress.has_rested, progress.rests);
            let reason = if has_rested { SPARSE } else { "gap" };
            progress.fill(&key, at, reason, &mut self.finished);
            progress.next = at + 1;
            progress.pending = Some(Second::new(&key, at));
        }
        if let Some(second) = &mut progress.pending {
            second.take(m);
        }
        if last > at {
            progress.close(&mut self.finished);
            progress.fill(&key, last + 1, "gap", &mut self.finished);
        }
    }

    /// Closes all seconds before `until`, in seconds of Unix time, while other tracks have data; missing ones are recorded as not analysed.
    pub fn fill_tracks_until(&mut self, until: i64) {
        for (key, progress) in &mut self.progress {
            if progress.next < until && progress.has_rested {
                progress.close(&mut self.finished);
                progress.fill(key, until, SPARSE, &mut self.finished);
            }
        }
        self.fill_until(until, NO_DATA);
    }

    /// Closes all seconds before `until`, in seconds of Unix time; missing ones are recorded as not analysed.
    pub fn fill_until(&mut self, until: i64, reason: &'static str) {
        for (key, progress) in &mut self.progress {
            if progress.next < until {
                progress.close(&mut self.finished);
                progress.fill(key, until, reason, &mut self.finished);
                progress.has_rested = progress.rests;
                self.end = self.end.max(until * SECOND);
            }
        }
    }

    /// Notes that these detectors of a track judge nothing from now on, since not all pictures are decoded; or do again.
    pub fn set_resting(&mut self, track: &str, detectors: &[String], rest: bool) {
        for ((of, detector), progress) in &mut self.progress {
            if **of == *track && detectors.iter().any(|name| **name == **detector) {
                progress.rests = rest;
                progress.has_rested |= rest;
            }
        }
    }

    /// Notes that the clock was set by that many ns: each detector gets one second with the reason `clock-step` and continues after it.
    pub fn note_clock_step(&mut self, by: i64) {
        for (key, progress) in &mut self.progress {
            progress.close(&mut self.finished);
            self.finished
                .push(Second::not_analysed(key, progress.next, "clock-step"));
            let next = (progress.next + 1)
                .saturating_mul(SECOND)
                .saturating_add(by);
            progress.next = next.div_euclid(SECOND);
        }
        self.end = self.end.saturating_add(by);
    }

    /// Closes the open second of each detector.
    pub fn close(&mut self) {
        for progress in self.progress.values_mut() {
            progress.close(&mut self.finished);
        }
    }

    /// Takes the complete seconds out.
    pub fn take_finished(&mut self) -> Vec<Second> {
        std::mem::take(&mut self.finished)
    }
}

/// How far a stream may be ahead of the clock, in seconds.
const MAX_AHEAD: i64 = 8;

#[cfg(test)]
mod tests;
