// SPDX-License-Identifier: MPL-2.0
//! Finds the dropouts of one channel, by samples or by level, unless pauses are frequent in it.

use super::{DropoutSettings, holes::Holes, pauses::Pauses, runs::QUIET, runs::Runs, steps::Steps};
use crate::media::sound::{AudioFormat, Meter};

/// Longest gap in ms that is still reported where pauses are frequent: packets and frames may get lost again and
/// again.
const LOST_FRAME_MS: f64 = 30.0;
/// Longest gap in ms that is still reported where pauses are deliberate.
const LOST_PACKET_MS: f64 = 5.0;

/// A dropout. Positions count back in samples from the end of the newest block.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dropout {
    pub start: u64,
    pub length: u64,
    hold: bool,
    /// Its length is exact to the sample.
    exact: bool,
}

impl Dropout {
    pub fn end(&self) -> u64 {
        self.start - self.length
    }

    pub fn ms(&self, rate: u32) -> f64 {
        self.length as f64 * 1000.0 / f64::from(rate.max(1))
    }

    /// The message's `detail`, which its length decides.
    pub fn detail(&self, rate: u32) -> &'static str {
        if self.hold {
            return "hold";
        }
        if !self.exact {
            return "gap";
        }
        let frames = [
            ("aac-frame", 1024.0),
            ("mp2-frame", 1152.0),
            ("ac3-frame", 1536.0),
            // Opus counts in time: 20 ms, 960 samples at its 48 kHz.
            ("opus-frame", f64::from(rate) * 0.02),
        ];
        let length = self.length as f64;
        let close = |frame: f64, n: f64| (length - n * frame).abs() <= 0.02 * frame;
        (1..=8)
            .flat_map(|n| frames.map(|(name, frame)| (name, frame, f64::from(n))))
            .find(|&(_, frame, n)| close(frame, n))
            .map_or("gap", |(name, ..)| name)
    }
}

#[derive(Debug)]
pub(super) struct Channel {
    rate: u32,
    runs: Runs,
    steps: Steps,
    holes: Holes,
    pauses: Pauses,
    /// Whether pauses were frequent when the sound was last cut off.
    pauses_frequent: bool,
    /// Samples so far.
    count: u64,
    stepped: u64,
    /// End of the last run that was reported.
    reported: u64,
    power: f32,
}

impl Channel {
    pub fn new(format: &AudioFormat) -> Self {
        Self {
            rate: format.rate,
            runs: Runs::new(format),
            steps: Steps::new(format.rate),
            holes: Holes::new(),
            pauses: Pauses::new(),
            pauses_frequent: true,
            count: 0,
            stepped: 0,
            reported: 0,
            power: 0.0,
        }
    }

    /// Forgets the sound so far.
    pub fn reset(&mut self) {
        self.runs.reset();
        self.steps.reset();
        self.holes.reset();
        self.pauses = Pauses::new();
        (self.count, self.stepped, self.reported) = (0, 0, 0);
    }

    /// Whether there was sound in the last tenths of a second.
    pub fn has_sound(&self) -> bool {
        self.power > QUIET * QUIET
    }

    /// How many samples ago the sound was cut off, if that gap isn't judged yet.
    pub fn pending(&self) -> Option<u64> {
        let hole = self
            .holes
            .pending()
            .map(|start| start * self.steps.length());
        let first = self.runs.pending().into_iter().chain(hole).min()?;
        Some(self.count.saturating_sub(first))
    }

    /// Takes a block; returns a dropout that has ended and was confirmed.
    pub fn push(&mut self, samples: &[f32], settings: &DropoutSettings) -> Option<Dropout> {
        // The mean forgets within a tenth of a second.
        self.power += (Meter::of(samples).power() as f32 - self.power) * 0.1;
        self.count += samples.len() as u64;
        let hole = self.find_hole(samples);
        let run = self.runs.push(samples, settings);
        let step = self.steps.length();
        let run = run.filter(|run| !self.pauses.is_soft_end(run.power, run.start / step));
        let limits = settings.threshold..=settings.longest;
        let run = run.map(|run| Dropout {
            start: self.count - run.start,
            length: run.end - run.start,
            hold: run.hold,
            exact: true,
        });
        let found = run
            .or(hole)
            .filter(|d| self.count - d.start >= self.reported)?;
        let ms = found.ms(self.rate);
        let is_pause = ms > LOST_FRAME_MS && self.pauses_frequent
            || ms > LOST_PACKET_MS && self.pauses.are_deliberate();
        self.reported = self.count - found.end();
        self.pauses.discard_last_silence();
        (limits.contains(&ms) && !is_pause).then_some(found)
    }

    fn find_hole(&mut self, samples: &[f32]) -> Option<Dropout> {
        let Self {
            steps,
            holes,
            pauses,
            pauses_frequent,
            ..
        } = self;
        let length = steps.length();
        let run = self.runs.pending().is_some();
        let mut found = None;
        steps.push(samples, |step, left| {
            let pending = run || holes.pending().is_some();
            if let Some(hole) = holes.push(step) {
                pauses.discard_last_silence();
                if !pauses.is_soft_end_after_pauses(hole.power, hole.start) {
                    found = Some((hole, (holes.count() - hole.start) * length + left as u64));
                }
            }
            pauses.push(step, holes.is_open(), run || holes.pending().is_some());
            if !pending && found.is_none() && step.quantum.is_finite() {
                *pauses_frequent = pauses.are_frequent();
            }
        });
        found.map(|(hole, start)| Dropout {
            start,
            length: hole.length() * length,
            hold: false,
            exact: false,
        })
    }
}
