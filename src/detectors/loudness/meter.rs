// SPDX-License-Identifier: MPL-2.0
//! Momentary, short-term and integrated loudness and loudness range, from the energies of 10 ms blocks.
//!
//! Momentary and short-term loudness are renewed with every block: at the 100 ms that are common, EBU Tech 3341's cases 10 and 13 are
//! missed by up to half an LU. Both are sums over one ring of energies, formed anew each time, so that no error accumulates.

use super::histogram::{Histogram, loudness};
use crate::media::{MS, sound::AudioFormat};

/// The loudness of a stream since it began or was reset.
#[derive(Debug)]
pub struct Meter {
    ring: Vec<f64>,
    next: usize,
    filled: usize,
    lengths: Lengths,
    /// Blocks until the next window is taken into the histograms.
    until_step: usize,
    blocks: Histogram,
    short_terms: Histogram,
    momentary: Option<f64>,
    short_term: Option<f64>,
    momentary_max: Option<f64>,
    short_term_max: Option<f64>,
}

/// Lengths of the windows, in blocks.
#[derive(Debug, Clone, Copy)]
struct Lengths {
    momentary: usize,
    short_term: usize,
    /// BS.1770: windows of 400 ms overlap by 75 %; EBU Tech 3342: at least 10 a second.
    step: usize,
}

impl Meter {
    /// For a stream of that format.
    pub fn new(format: &AudioFormat) -> Self {
        let lengths = Lengths {
            momentary: nearest(format, 400 * MS),
            short_term: nearest(format, 3_000 * MS),
            step: nearest(format, 100 * MS),
        };
        Self {
            ring: vec![0.0; lengths.short_term],
            next: 0,
            filled: 0,
            until_step: lengths.momentary,
            lengths,
            blocks: Histogram::default(),
            short_terms: Histogram::default(),
            momentary: None,
            short_term: None,
            momentary_max: None,
            short_term_max: None,
        }
    }

    /// The energy (weighted mean square) of the next block. Says whether the integrated loudness has changed.
    pub fn push(&mut self, energy: f64) -> bool {
        self.ring[self.next] = energy;
        self.next = (self.next + 1) % self.ring.len();
        self.filled = (self.filled + 1).min(self.ring.len());
        let momentary = self.mean(self.lengths.momentary);
        let short_term = self.mean(self.lengths.short_term);
        self.momentary = momentary.map(loudness);
        self.short_term = short_term.map(loudness);
        self.momentary_max = largest(self.momentary_max, self.momentary);
        self.short_term_max = largest(self.short_term_max, self.short_term);
        self.until_step = self.until_step.saturating_sub(1);
        if self.until_step > 0 {
            return false;
        }
        self.until_step = self.lengths.step;
        if let Some(energy) = short_term {
            self.short_terms.add(energy);
        }
        momentary.is_some_and(|energy| self.blocks.add(energy))
    }

    /// Sound is missing: no window may reach across.
    pub fn interrupt(&mut self) {
        self.filled = 0;
        self.until_step = self.lengths.momentary;
        self.momentary = None;
        self.short_term = None;
    }

    /// The mean of the last `length` energies; `None` if there are fewer.
    fn mean(&self, length: usize) -> Option<f64> {
        if self.filled < length {
            return None;
        }
        let end = self.next;
        let sum: f64 = if length <= end {
            self.ring[end - length..end].iter().sum()
        } else {
            let rest = self.ring.len() - (length - end);
            self.ring[..end].iter().sum::<f64>() + self.ring[rest..].iter().sum::<f64>()
        };
        Some(sum / length as f64)
    }

    /// Of the last 400 ms, in LUFS.
    pub fn momentary(&self) -> Option<f64> {
        self.momentary
    }

    /// Of the last 3 s, in LUFS.
    pub fn short_term(&self) -> Option<f64> {
        self.short_term
    }

    /// The largest so far, in LUFS.
    pub fn momentary_max(&self) -> Option<f64> {
        self.momentary_max
    }

    /// The largest so far, in LUFS.
    pub fn short_term_max(&self) -> Option<f64> {
        self.short_term_max
    }

    /// Of the whole, gated, in LUFS.
    pub fn integrated(&self) -> Option<f64> {
        self.blocks.integrated()
    }

    /// Loudness range of the whole, in LU.
    pub fn range(&self) -> Option<f64> {
        self.short_terms.range()
    }

    /// How long it was louder than the absolute gate, in seconds.
    pub fn heard(&self) -> f64 {
        self.blocks.count() as f64 * 0.1
    }
}

fn largest(so_far: Option<f64>, now: Option<f64>) -> Option<f64> {
    match (so_far, now) {
        (Some(a), Some(b)) => Some(a.max(b)),
        (a, b) => a.or(b),
    }
}

/// Blocks that come nearest to that time (a block may be a little short of 10 ms).
fn nearest(format: &AudioFormat, duration: crate::media::Ns) -> usize {
    let samples = duration as f64 * 1e-9 * f64::from(format.rate);
    ((samples / format.block_length() as f64).round() as usize).max(1)
}
