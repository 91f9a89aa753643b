// SPDX-License-Identifier: MPL-2.0
//! The levels of the sound and the opening of the mouth, instant by instant, and the offset at which they correlate
//! best.

use super::{
    CONTEXT, INSTANT, LEARNT,
    speech::{BANDS, Levels},
};
use crate::media::{Ns, SECOND};

/// Instants that are remembered: 20 s.
const MEMORY: usize = 512;

/// Instants that are compared: 10 s.
pub const WINDOW: usize = 250;

/// The largest offset, in instants: 1 s.
const MAX_OFFSET: usize = 25;

/// Half width of the weighted mean (over 2 s) that is subtracted, in instants: slower changes aren't speech.
const SLOW: usize = 25;

/// Distance in instants from the best offset within which another offset isn't the second best.
const PEAK_WIDTH: usize = 4;

/// Largest distance in time of pictures that follow each other.
const MAX_GAP: Ns = SECOND / 8;

/// The part of the window in which a face has to be in view.
const IN_VIEW: f64 = 0.6;

/// Instants for which a face has to be seen to be compared.
const MIN_SEEN: usize = 25;

#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    instant: u64,
    open: f32,
    track: u32,
}

#[derive(Debug, Clone, Copy, Default)]
struct Heard {
    instant: u64,
    levels: Levels,
}

/// The result of a comparison.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Comparison {
    /// The best offset in ms, positive when sound is early.
    pub offset: f64,
    /// Correlation at this offset.
    pub peak: f32,
    /// The best correlation at another offset.
    pub second: f32,
}

/// The series of one programme, see the module.
#[derive(Debug)]
pub struct Series {
    heard: Vec<Heard>,
    seen: Vec<Seen>,
    last: Option<(Ns, f32, u32)>,
    /// Weights of the slow mean.
    slow: [f32; 2 * SLOW + 1],
    /// Levels without their slow mean, for use inside.
    quick: Vec<Option<Levels>>,
    predicted: Vec<Option<f32>>,
    open: Vec<Option<f32>>,
}

impl Series {
    pub fn new() -> Self {
        let turn = |i: usize| std::f32::consts::PI * (i as f32 + 1.0) / (2 * SLOW + 2) as f32;
        // Unwritten places are marked with instant 0, which is never asked for, see `compare`.
        Self {
            heard: vec![Heard::default(); MEMORY],
            seen: vec![Seen::default(); MEMORY],
            last: None,
            slow: std::array::from_fn(|i| turn(i).sin().powi(2)),
            quick: vec![None; WINDOW + 2 * CONTEXT],
            predicted: vec![None; WINDOW],
            open: vec![None; WINDOW],
        }
    }

    /// Takes the levels of an instant.
    pub fn heard(&mut self, instant: u64, levels: Levels) {
        self.heard[instant as usize % MEMORY] = Heard { instant, levels };
    }

    /// Takes a picture: how far the mouth is open, and whose mouth it is. Between pictures the opening is taken to
    /// change evenly.
    pub fn seen(&mut self, time: Ns, seen: Option<(f32, u32)>) {
        let before = self.last.take();
        let Some((open, track)) = seen else { return };
        self.last = Some((time, open, track));
        let Some((earlier, old, _)) =
            before.filter(|b| b.2 == track && b.0 < time && time - b.0 <= MAX_GAP)
        else {
            return;
        };
        let middle = |instant: u64| instant * INSTANT + INSTANT / 2;
        let mut instant = (earlier + INSTANT / 2) / INSTANT;
        while middle(instant) <= time {
            if middle(instant) > earlier {
                let part = (middle(instant) - earlier) as f32 / (time - earlier) as f32;
                self.seen[instant as usize % MEMORY] = Seen {
                    instant,
                    open: old + (open - old) * part,
                    track,
                };
            }
            instant += 1;
        }
    }

    /// Compares the last ten complete seconds before the one that the slow mean needs. `None` if no face was seen for
    /// long enough.
    pub fn compare(&mut self, now: Ns, map: &[f32; LEARNT]) -> Option<Comparison> {
        let end = (now / INSTANT).checked_sub(SLOW as u64 + 2)?;
        let from = end.saturating_sub(WINDOW as u64).max(CONTEXT as u64 + 1);
        for i in 0..self.quick.len() {
            self.quick[i] = self.quick_levels(from + i as u64 - CONTEXT as u64);
        }
        for i in 0..WINDOW {
            self.predicted[i] = predicted_opening(&self.quick[i..=i + 2 * CONTEXT], map);
            self.open[i] = self.quick_open(from + i as u64);
        }
        self.normalise(from);
        let there = self.open.iter().flatten().count();
        if (there as f64) < IN_VIEW * WINDOW as f64 {
            return None;
        }
        let mut scores = [0f32; 2 * MAX_OFFSET + 1];
        for (i, score) in scores.iter_mut().enumerate() {
            *score = self.correlation(i);
        }
        let best = (0..scores.len()).max_by(|a, b| scores[*a].total_cmp(&scores[*b]))?;
        let elsewhere = (0..scores.len()).filter(|i| i.abs_diff(best) > PEAK_WIDTH);
        let second = elsewhere.map(|i| scores[i]).fold(0.0, f32::max);
        let offset = best as f64 - MAX_OFFSET as f64
            + crate::detectors::avsync::track::vertex(&scores, best);
        Some(Comparison {
            offset: offset * INSTANT as f64 / 1e6,
            peak: scores[best],
            second,
        })
    }

    fn heard_at(&self, instant: u64) -> Option<&Levels> {
        let heard = &self.heard[instant as usize % MEMORY];
        (heard.instant == instant).then_some(&heard.levels)
    }

    fn seen_at(&self, instant: u64) -> Option<&Seen> {
        let seen = &self.seen[instant as usize % MEMORY];
        (seen.instant == instant).then_some(seen)
    }

    /// Levels minus their slow mean.
    fn quick_levels(&self, instant: u64) -> Option<Levels> {
        let own = self.heard_at(instant)?;
        let (mut sums, mut all) = ([0f32; BANDS], 0.0);
        for (weight, at) in self
            .slow
            .iter()
            .zip((instant + 1).saturating_sub(SLOW as u64 + 1)..)
        {
            if let Some(levels) = self.heard_at(at) {
                for (sum, level) in sums.iter_mut().zip(levels) {
                    *sum += weight * level;
                }
                all += weight;
            }
        }
        Some(std::array::from_fn(|i| own[i] - sums[i] / all))
    }

    /// The opening of the mouth minus its slow mean, as long as it is the same mouth.
    fn quick_open(&self, instant: u64) -> Option<f32> {
        let own = self.seen_at(instant)?;
        let (mut sum, mut all) = (0.0, 0.0);
        for (weight, at) in self
            .slow
            .iter()
            .zip((instant + 1).saturating_sub(SLOW as u64 + 1)..)
        {
            if let Some(seen) = self.seen_at(at).filter(|s| s.track == own.track) {
                sum += weight * seen.open;
                all += weight;
            }
        }
        Some(own.open - sum / all)
    }

    /// Normalises the amplitude of each face in the window; faces that were seen only for a moment are left out.
    fn normalise(&mut self, from: u64) {
        let mut start = 0;
        while start < WINDOW {
            let track = |i: usize| self.seen_at(from + i as u64).map(|s| s.track);
            let whose = track(start);
            let end = (start..WINDOW)
                .find(|i| track(*i) != whose)
                .unwrap_or(WINDOW);
            let own = &mut self.open[start..end];
            let power: f32 = own.iter().flatten().map(|o| o * o).sum();
            let scale = (power / own.len() as f32).sqrt();
            for open in own.iter_mut() {
                *open = open
                    .filter(|_| end - start >= MIN_SEEN && scale > 1e-6)
                    .map(|o| o / scale);
            }
            start = end;
        }
    }

    /// Correlation of the predicted opening with the one seen `later - MAX_OFFSET` instants later.
    fn correlation(&self, later: usize) -> f32 {
        let (mut n, mut x, mut y, mut xx, mut yy, mut xy) = (0f64, 0f64, 0f64, 0f64, 0f64, 0f64);
        for (i, predicted) in self.predicted.iter().enumerate() {
            let open = (i + later)
                .checked_sub(MAX_OFFSET)
                .and_then(|i| *self.open.get(i)?);
            if let (Some(a), Some(b)) = (predicted, open) {
                let (a, b) = (f64::from(*a), f64::from(b));
                (n, x, y) = (n + 1.0, x + a, y + b);
                (xx, yy, xy) = (xx + a * a, yy + b * b, xy + a * b);
            }
        }
        let both = (xx - x * x / n) * (yy - y * y / n);
        if n < (WINDOW / 3) as f64 || both <= 1e-12 {
            return 0.0;
        }
        ((xy - x * y / n) / both.sqrt()) as f32
    }
}

/// The opening of the mouth that is predicted from sound.
fn predicted_opening(levels: &[Option<Levels>], map: &[f32; LEARNT]) -> Option<f32> {
    let mut sum = 0.0;
    for (levels, map) in levels.iter().zip(map.chunks_exact(BANDS)) {
        for (level, weight) in levels.as_ref()?.iter().zip(map) {
            sum += level * weight;
        }
    }
    Some(sum)
}
