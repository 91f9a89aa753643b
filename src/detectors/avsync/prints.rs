// SPDX-License-Identifier: MPL-2.0
//! Fingerprints: a few numbers per instant that survive coding, scaling, a logo, another level or a downmix, and a search for the delay at which
//! two sequences of them are the same.
//!
//! Pictures: how the mean luma of 8x4 parts of the picture changes. Sound: how the level changes in six bands. Only changes count, so that
//! what is added and stays (a logo, a gain) doesn't matter; strong changes are held down, so that cuts don't outshout motion.
//! Both are this project's own design; the constants are chosen.

use std::sync::Arc;

use crate::core::{MS, Ns, SECOND, Span, picture::Grid, sound::Block};

/// Parts of the picture in a row, and in a column.
const PARTS: (usize, usize) = (8, 4);

/// Numbers per instant of a picture.
pub const PICTURE: usize = PARTS.0 * PARTS.1;

/// Edges of the bands of sound, in Hz.
const EDGES: [f32; SOUND - 1] = [200.0, 500.0, 1200.0, 2500.0, 5000.0];

/// Numbers per instant of sound.
pub const SOUND: usize = 6;

/// Time between two instants.
pub const PICTURE_STEP: Ns = 20 * MS;
/// Time between two instants.
pub const SOUND_STEP: Ns = 10 * MS;

/// Over how many instants a change is taken: 80 and 40 ms.
const CHANGE: usize = 4;

/// Change of luma, as a fraction of the range, beyond which it counts less.
const STRONG: f32 = 0.02;

/// Pictures farther apart don't follow each other.
const LONGEST: Ns = SECOND / 2;

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
    fn new(dims: usize, step: Ns) -> Self {
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

    fn clear(&mut self) {
        self.values.clear();
        self.energy.clear();
    }

    fn push(&mut self, time: Ns, values: &[f32]) {
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
    // Up to where the other has come.
    let other_end = other.origin as i64 + other.len() as i64 * step;
    let end = ((other_end - own.origin as i64) / step).clamp(0, own.len() as i64) as usize;
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

/// The fingerprints of one programme.
#[derive(Debug)]
pub struct Prints {
    /// Of its pictures.
    pub picture: Track,
    /// Of its sound.
    pub sound: Track,
    /// The last picture, and its time.
    shown: Option<(Ns, [f32; PICTURE])>,
    /// Values at the last instants.
    shades: [[f32; PICTURE]; CHANGE],
    levels: [[f32; SOUND]; CHANGE],
    counts: [usize; 2],
    /// The next instant of the picture.
    next: Ns,
    expected: Option<Ns>,
    poles: [f32; SOUND - 1],
    loudest: f32,
}

impl Prints {
    pub fn new() -> Self {
        Self {
            picture: Track::new(PICTURE, PICTURE_STEP),
            sound: Track::new(SOUND, SOUND_STEP),
            shown: None,
            shades: [[0.0; PICTURE]; CHANGE],
            levels: [[0.0; SOUND]; CHANGE],
            counts: [0; 2],
            next: 0,
            expected: None,
            poles: [0.0; SOUND - 1],
            loudest: 0.0,
        }
    }

    /// The next picture. Between pictures, luma is taken to change evenly.
    pub fn look(&mut self, at: Span, grid: &Arc<Grid>) {
        let (time, now) = (at.start, shades(grid));
        let before = self.shown.replace((time, now));
        let follows = |b: &(Ns, [f32; PICTURE])| b.0 < time && time - b.0 <= LONGEST;
        let Some((earlier, old)) = before.filter(follows) else {
            self.picture.clear();
            self.counts[0] = 0;
            self.next = time.next_multiple_of(PICTURE_STEP);
            return;
        };
        while self.next <= time {
            let part = self.next.saturating_sub(earlier) as f32 / (time - earlier) as f32;
            let mut values = [0f32; PICTURE];
            for (value, (old, new)) in values.iter_mut().zip(old.iter().zip(&now)) {
                *value = old + (new - old) * part;
            }
            let slot = &mut self.shades[self.counts[0] % CHANGE];
            let changed = std::array::from_fn::<_, PICTURE, _>(|i| {
                let change = values[i] - slot[i];
                change / (change.abs() / STRONG + 1.0) / STRONG
            });
            *slot = values;
            self.counts[0] += 1;
            if self.counts[0] > CHANGE {
                self.picture.push(self.next, &changed);
            }
            self.next += PICTURE_STEP;
        }
    }

    /// The next 10 ms of sound.
    pub fn listen(&mut self, at: Span, block: &Block<'_>) {
        if self.expected.is_none_or(|e| e.abs_diff(at.start) > 2 * MS) {
            self.sound.clear();
            self.counts[1] = 0;
        }
        self.expected = Some(at.end);
        let bands = self.bands(block);
        let all: f32 = bands.iter().sum();
        // A floor 40 dB under the loudest of the last seconds, so that noise isn't taken for sound, whatever the gain.
        self.loudest = (self.loudest * 0.998).max(all);
        let floor = self.loudest * 1e-4 + 1e-9;
        let slot = &mut self.levels[self.counts[1] % CHANGE];
        let mut changed = [0f32; SOUND];
        for ((changed, old), band) in changed.iter_mut().zip(slot.iter_mut()).zip(bands) {
            let level = (band + floor).log10();
            *changed = (level - *old).clamp(-1.0, 1.0);
            *old = level;
        }
        self.counts[1] += 1;
        if self.counts[1] > CHANGE {
            self.sound.push(at.start, &changed);
        }
    }

    /// Power of each band, of all channels together.
    fn bands(&mut self, block: &Block<'_>) -> [f32; SOUND] {
        let channels = block.channels().max(1) as f32;
        let rate = block.rate().max(1) as f32;
        let speeds = EDGES.map(|hz| 1.0 - (-std::f32::consts::TAU * hz / rate).exp());
        let mut power = [0f32; SOUND];
        for i in 0..block.length() {
            let sum: f32 = block.iter().map(|c| c.get(i).copied().unwrap_or(0.0)).sum();
            let sample = sum / channels;
            let mut below = 0.0;
            for band in 0..SOUND - 1 {
                self.poles[band] += speeds[band] * (sample - self.poles[band]);
                let part = self.poles[band] - below;
                below = self.poles[band];
                power[band] += part * part;
            }
            let rest = sample - below;
            power[SOUND - 1] += rest * rest;
        }
        power.map(|p| p / block.length().max(1) as f32)
    }
}

/// Mean luma of each part of the picture, as a fraction of the range.
fn shades(grid: &Grid) -> [f32; PICTURE] {
    let mut shades = [0f32; PICTURE];
    let (columns, rows) = (grid.columns(), grid.rows());
    let levels = grid.levels();
    let edge = |part: usize, parts: usize, cells: usize| part * cells / parts;
    for down in 0..PARTS.1 {
        let lines = edge(down, PARTS.1, rows)..edge(down + 1, PARTS.1, rows);
        for across in 0..PARTS.0 {
            let (from, to) = (
                edge(across, PARTS.0, columns),
                edge(across + 1, PARTS.0, columns),
            );
            let mut sum = 0u64;
            for line in lines.clone() {
                let cells = &grid.sum()[line * columns + from..line * columns + to];
                sum += u64::from(cells.iter().map(|c| u32::from(*c)).sum::<u32>());
            }
            let count = lines.len() * (to - from);
            if count > 0 {
                let code = sum as f64 / (64 * count) as f64;
                shades[down * PARTS.0 + across] = levels.fraction(code) as f32;
            }
        }
    }
    shades
}
