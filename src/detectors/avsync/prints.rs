// SPDX-License-Identifier: MPL-2.0
//! Fingerprints: a few numbers per instant that survive coding, scaling, a logo, another level or a downmix.
//!
//! Pictures: how the mean luma of 8x4 parts of the picture changes. Sound: how the level changes in six bands. Only changes count, so that
//! what is added and stays (a logo, a gain) doesn't matter; strong changes are held down, so that cuts don't outshout motion.
//! Both are this project's own design; the constants are chosen.

use std::sync::Arc;

use super::track::Track;
use crate::media::{MS, Ns, SECOND, Span, picture::Grid, sound::Block};

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
pub fn shades(grid: &Grid) -> [f32; PICTURE] {
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
