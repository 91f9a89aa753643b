// SPDX-License-Identifier: MPL-2.0
//! Finds runs of silent or equal samples, which lost packets and frames leave where no codec came after; exact to the
//! sample.

use std::collections::VecDeque;

use super::{
    DropoutSettings,
    edge::{Edge, LOUDER, LOUDER_EXACT, db},
    holes::quantised,
};
use crate::media::sound::AudioFormat;

/// Largest amplitude inside a silent gap: -70 dBFS, which also covers what a lossy codec leaves in it.
pub(super) const QUIET: f32 = 3.16e-4;

/// Largest difference of equal samples: half a step of 16 bits, and a little.
const SAME: f32 = 0.6 / 32_768.0;

/// How far below the sound on both sides the quantisation step has to lie, in dB. If it is higher, a pause may be
/// quantised to silence.
const FINE: f32 = 28.0;

/// Sound on each side of a run that is looked at, in ms.
const BESIDE_MS: u64 = 16;

/// Runs that may wait for the sound after them. They are at least `threshold` (1 ms or more) apart, so at most eight
/// lie in 16 ms.
const WAITING: usize = 8;

/// A run of silent or equal samples, in samples counted from the beginning.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    pub start: u64,
    pub end: u64,
    /// Whether its value isn't silence.
    pub hold: bool,
    value: f32,
    /// All samples have exactly one value.
    digital: bool,
    /// Largest magnitude and quantum of the sound before it.
    peak: f32,
    quantum: f32,
    /// Mean square of the sound before it; once it has ended, of the softer side.
    pub power: f32,
}

/// Looks for runs.
#[derive(Debug)]
pub(super) struct Runs {
    /// Samples in a block, and in the 16 ms of sound beside a run.
    length: usize,
    beside: u64,
    rate: u32,
    /// The last four blocks.
    samples: Vec<f32>,
    /// Samples so far.
    count: u64,
    /// The run in progress: its value, its first sample, and whether all its samples have exactly this value.
    value: f32,
    start: u64,
    digital: bool,
    /// The run in progress, once it is long enough, if sound came right up to it.
    open: Option<Run>,
    /// Runs that have ended and wait for the sound after them.
    waiting: VecDeque<Run>,
}

impl Runs {
    pub fn new(format: &AudioFormat) -> Self {
        let length = format.block_length();
        Self {
            length,
            beside: u64::from(format.rate) * BESIDE_MS / 1000,
            rate: format.rate,
            samples: vec![0.0; 4 * length],
            count: 0,
            value: 0.0,
            start: 0,
            digital: true,
            open: None,
            waiting: VecDeque::with_capacity(WAITING),
        }
    }

    pub fn reset(&mut self) {
        (self.count, self.start, self.value) = (0, 0, 0.0);
        self.open = None;
        self.waiting.clear();
        self.samples.fill(0.0);
    }

    /// Start of the first run that isn't judged yet.
    pub fn pending(&self) -> Option<u64> {
        self.waiting
            .front()
            .or(self.open.as_ref())
            .map(|run| run.start)
    }

    /// Takes a block; returns a run that was confirmed as a dropout.
    pub fn push(&mut self, samples: &[f32], settings: &DropoutSettings) -> Option<Run> {
        let n = self.length.min(samples.len());
        let samples = &samples[..n];
        self.samples.copy_within(self.length.., 0);
        self.samples[3 * self.length..][..n].copy_from_slice(samples);
        let count = |ms: f64| (ms * f64::from(self.rate) / 1000.0) as u64;
        let (shortest, longest) = (count(settings.threshold).max(2), count(settings.longest));
        let first = self.count;
        self.count += n as u64;
        if self.may_have_run(samples, shortest.min(self.length as u64) as usize) {
            self.scan(samples, first, shortest, longest);
        } else if let Some(&last) = samples.last() {
            (self.value, self.start, self.digital) = (last, self.count - 1, true);
        }
        // The sound after a run is known as soon as 16 ms of it are here, or the next run begins.
        while let Some(run) = self.waiting.front().copied() {
            let next = self
                .waiting
                .get(1)
                .or(self.open.as_ref())
                .map(|next| next.start);
            if next.is_none() && self.count < run.end + self.beside {
                return None;
            }
            self.waiting.pop_front();
            if let Some(found) = self.judge(run, next.unwrap_or(u64::MAX)) {
                return Some(found);
            }
        }
        None
    }

    /// Whether a run may begin, continue or lie in the block: it is enough to compare two samples every half run.
    fn may_have_run(&self, samples: &[f32], shortest: usize) -> bool {
        let alike = |w: &[f32]| match *w {
            [a, b] => (a.abs() <= QUIET && b.abs() <= QUIET) || (a - b).abs() <= 2.0 * SAME,
            _ => true,
        };
        let end = samples.len().saturating_sub(2);
        self.open.is_some()
            || samples.first().is_some_and(|&x| self.goes_on(x))
            || alike(&samples[end..])
            || samples[..end]
                .chunks((shortest / 2).max(1))
                .any(|c| alike(&c[..c.len().min(2)]))
    }

    fn goes_on(&self, x: f32) -> bool {
        if self.value.abs() <= QUIET {
            x.abs() <= QUIET
        } else {
            (x - self.value).abs() <= SAME
        }
    }

    fn scan(&mut self, samples: &[f32], first: u64, shortest: u64, longest: u64) {
        for (here, &x) in (first..).zip(samples) {
            if self.goes_on(x) {
                self.digital &= x == self.value;
                // Judge it now, while the sound before it is still in the buffer.
                if here + 1 - self.start == shortest.min(self.length as u64) {
                    self.begin();
                }
                continue;
            }
            if let Some(mut run) = self.open.take() {
                (run.end, run.digital) = (here, self.digital);
                if (shortest..=longest).contains(&(here - run.start))
                    && self.waiting.len() < WAITING
                {
                    self.waiting.push_back(run);
                }
            }
            (self.value, self.start, self.digital) = (x, here, true);
        }
    }

    /// The samples at these positions that are still in the buffer.
    fn at(&self, from: u64, to: u64) -> &[f32] {
        let base = self.count as i64 - self.samples.len() as i64;
        let index = |p: u64| (p as i64 - base).clamp(0, self.samples.len() as i64) as usize;
        &self.samples[index(from)..index(to).max(index(from))]
    }

    /// The run in progress has become long enough: opens it if there was sound before it.
    fn begin(&mut self) {
        let start = self.start;
        if start < self.beside {
            return;
        }
        let before = self.at(start.saturating_sub(2 * self.length as u64), start);
        let edge = Edge::of(before.iter().rev().copied(), self.rate);
        if edge.is_cut(self.digital) && edge.lasts() {
            self.open = Some(Run {
                value: self.value,
                start,
                end: start,
                hold: self.value.abs() > QUIET,
                digital: true,
                peak: edge.peak,
                quantum: edge.quantum,
                power: edge.power,
            });
        }
    }

    /// Returns the run if it is a dropout. `next`: start of the next run.
    fn judge(&self, run: Run, next: u64) -> Option<Run> {
        let after = self.at(run.end, next.min(run.end + 2 * self.length as u64));
        let edge = Edge::of(after.iter().copied(), self.rate);
        // A run at the peak belongs to the waveform: clipped, or a square wave.
        let top = run.hold && run.value.abs() >= 0.97 * run.peak.max(edge.peak);
        let step = quantised(run.quantum.min(edge.quantum));
        let power = run.power.min(edge.power);
        let is_dropout = edge.is_cut(run.digital)
            && !top
            && db(power, step) >= FINE
            && db(edge.power, run.power) <= if run.digital { LOUDER_EXACT } else { LOUDER };
        is_dropout.then_some(Run { power, ..run })
    }
}
