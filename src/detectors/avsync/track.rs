// SPDX-License-Identifier: MPL-2.0
//! Sequences of fingerprints at even distances, and a search for the delay at which two of them are the same.

use crate::media::{MS, Ns, SECOND};

/// What is remembered: the longest delay, the time that is compared, and what a chain may keep in its queues.
const MEMORY: Ns = 26 * SECOND;

/// A sequence of fingerprints at even distances.
#[derive(Debug)]
pub struct Track {
    dims: usize,
    step: Ns,
    capacity: usize,
    values: Vec<f32>,
    /// Energy of each instant.
    energy: Vec<f32>,
    /// Time of the first that is remembered.
    origin: Ns,
}

impl Track {
    pub fn new(dims: usize, step: Ns) -> Self {
        let capacity = (MEMORY / step) as usize;
        Self {
            dims,
            step,
            capacity,
            values: Vec::with_capacity(2 * capacity * dims),
            energy: Vec::with_capacity(2 * capacity),
            origin: 0,
        }
    }

    fn len(&self) -> usize {
        self.energy.len()
    }

    pub fn clear(&mut self) {
        self.values.clear();
        self.energy.clear();
    }

    pub fn push(&mut self, time: Ns, values: &[f32]) {
        if self.energy.is_empty() {
            self.origin = time;
        }
        if self.len() == 2 * self.capacity {
            let gone = self.capacity;
            self.values.copy_within(gone * self.dims.., 0);
            self.values.truncate((self.len() - gone) * self.dims);
            self.energy.copy_within(gone.., 0);
            self.energy.truncate(self.len() - gone);
            self.origin += gone as Ns * self.step;
        }
        self.values.extend_from_slice(values);
        self.energy.push(values.iter().map(|v| v * v).sum());
    }

    fn window(&self, from: usize, count: usize) -> &[f32] {
        &self.values[from * self.dims..(from + count) * self.dims]
    }
}

/// The delay at which two tracks agree.
#[derive(Debug, Clone, Copy)]
pub struct Match {
    /// In ns; of the first against the second.
    pub delay: f64,
    /// Correlation there.
    pub peak: f32,
    /// The best elsewhere.
    pub second: f32,
}

/// Delays that are looked for, of the programme against the reference.
const DELAYS: (i64, i64) = (-(SECOND as i64), 10_500 * MS as i64);

/// How near to the best the second best isn't another one.
const NEIGHBOURS: Ns = 150 * MS;

/// Looks for the delay of the last `length` of a track against another; `scores` is for use inside. None, if they don't cover
/// enough time or hold no change.
pub fn search(own: &Track, other: &Track, length: Ns, scores: &mut Vec<f32>) -> Option<Match> {
    let (step, count) = (own.step as i64, (length / own.step) as usize);
    if own.len() < count || other.len() < count {
        return None;
    }
    // Up to where the other has come, and so much earlier that it has what is looked for with every delay.
    let other_end = other.origin as i64 + other.len() as i64 * step;
    let end =
        ((other_end + DELAYS.0 - own.origin as i64) / step).clamp(0, own.len() as i64) as usize;
    let from = end.checked_sub(count)?;
    let start = own.origin as i64 + from as i64 * step;
    let base = (start - other.origin as i64).div_euclid(step);
    let (first, last) = (base - DELAYS.1 / step, base - DELAYS.0 / step);
    let first = first.max(0) as usize;
    let last = last.min(other.len() as i64 - count as i64);
    let last = usize::try_from(last).ok().filter(|l| *l >= first)?;
    let window = own.window(from, count);
    let energy: f32 = own.energy[from..end].iter().sum();
    if energy < LEAST * count as f32 {
        return None;
    }
    let mut theirs: f32 = other.energy[first..first + count].iter().sum();
    scores.clear();
    for at in first..=last {
        if at > first {
            theirs += other.energy[at + count - 1] - other.energy[at - 1];
        }
        let both = (energy * theirs.max(LEAST * count as f32)).sqrt();
        scores.push(dot(window, other.window(at, count)) / both);
    }
    let (best, peak) = top(scores.iter().copied().enumerate())?;
    let near = (NEIGHBOURS / own.step) as usize;
    let elsewhere = scores.iter().copied().enumerate();
    let second = top(elsewhere.filter(|(i, _)| i.abs_diff(best) > near)).map_or(0.0, |t| t.1);
    let delay = start - (other.origin as i64 + (first + best) as i64 * step);
    let vertex = vertex(scores, best) * step as f64;
    Some(Match {
        delay: delay as f64 - vertex,
        peak,
        second,
    })
}

/// The least change that is one, per instant: a tenth of a code of 8 bits in all parts of the picture.
const LEAST: f32 = 5e-6;

fn top(scores: impl Iterator<Item = (usize, f32)>) -> Option<(usize, f32)> {
    scores.max_by(|a, b| a.1.total_cmp(&b.1))
}

/// By which part of a step the top of the parabola through a peak lies behind it.
pub fn vertex(scores: &[f32], best: usize) -> f64 {
    let (Some(left), Some(right)) = (
        best.checked_sub(1).and_then(|i| scores.get(i)),
        scores.get(best + 1),
    ) else {
        return 0.0;
    };
    let (left, top, right) = (f64::from(*left), f64::from(scores[best]), f64::from(*right));
    let bend = left - 2.0 * top + right;
    if bend < 0.0 {
        (0.5 * (left - right) / bend).clamp(-0.5, 0.5)
    } else {
        0.0
    }
}

/// Eight sums at once, which the compiler makes vectors of.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0f32; 8];
    for (a, b) in a.chunks_exact(8).zip(b.chunks_exact(8)) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    sums.iter().sum()
}
