// SPDX-License-Identifier: MPL-2.0
//! Low-passes the pixels of a cell as EBU R103 asks, and counts those out of range.
//!
//! Lines are processed in eight lanes, one for each column of the cell, so that the compiler vectorises the code.

use super::range::{Bounds, LevelRange};
use crate::media::picture::{CELL, Colours, Component, Planes, Range, VideoFormat};

/// Horizontal and vertical weights of the filter (EBU R103 v3, annex); vertically over lines of the same field.
const ACROSS: [u16; 7] = [1, 2, 3, 4, 3, 2, 1];
const ACROSS_SUM: u16 = 16;
const DOWN: [u16; 3] = [1, 2, 1];
const DOWN_SUM: u16 = 4;
/// Columns beyond a cell that the filter reads, on each side.
const BESIDE: usize = ACROSS.len() / 2;
/// Columns and most lines that the filter reads: for fields it needs two lines above and below.
const WIDE: usize = CELL + 2 * BESIDE;
const HIGH: usize = CELL + 4;
/// An 8-bit code in units of the filter's sums over 10-bit codes; these sums stay below 65 536.
const UNIT: f32 = 4.0 * (ACROSS_SUM * DOWN_SUM) as f32;

/// A line of a cell.
type Lane<T> = [T; CELL];
/// A component of a cell's pixels, in 8-bit codes.
type Patch = [Lane<f32>; CELL];

/// R', G', B' and Y' of a pixel: 0 is nominal black, 1 nominal white.
pub type Levels = [f64; 4];

/// The result for a cell.
#[derive(Debug, Clone, Copy, Default)]
pub struct Found {
    /// Number of pixels with any component out of range, and with each component out of range.
    pub outside: u32,
    pub by_component: [u32; 4],
    /// Least and greatest level of each component.
    pub ranges: [LevelRange; 4],
}

/// Reads and filters cells of pictures of one format.
#[derive(Debug)]
pub struct Filter {
    format: VideoFormat,
    parts: [Component; 3],
    has_colour: bool,
    /// For each of R', G', B' and Y': the level at codes of 0, and what each code of the three parts adds.
    factors: [[f32; 4]; 4],
}

impl Filter {
    /// For pictures of that format.
    pub fn new(format: &VideoFormat) -> Self {
        let (parts, grey) = Component::of(format.layout);
        let colours = Colours::new(format);
        let zero = levels(format, &colours, [0.0; 3]);
        let added = [0, 1, 2].map(|part| {
            let mut codes = [0.0; 3];
            codes[part] = 1.0;
            levels(format, &colours, codes)
        });
        let factors = [0, 1, 2, 3].map(|k| {
            let by = |part: usize| (added[part][k] - zero[k]) as f32;
            [zero[k] as f32, by(0), by(1), by(2)]
        });
        Self {
            format: *format,
            parts,
            has_colour: !grey,
            factors,
        }
    }

    /// Counts the pixels of a cell that are out of range, low-passed if `filtered`; within a field if `interlaced`.
    pub fn judge(
        &self,
        planes: &Planes<'_>,
        (column, row): (usize, usize),
        (filtered, interlaced): (bool, bool),
        bounds: &Bounds,
    ) -> Found {
        let step = if interlaced { 2 } else { 1 };
        let place = (column * CELL, row * CELL);
        let read = |part: usize| self.read(self.parts[part], planes, place, (filtered, step));
        let patches = match self.has_colour {
            true => [read(0), read(1), read(2)],
            false => [read(0), [[128.0; CELL]; CELL], [[128.0; CELL]; CELL]],
        };
        let inside = |start: usize, end: usize| CELL.min(end.saturating_sub(start));
        let size = (
            inside(place.0, self.format.width),
            inside(place.1, self.format.height),
        );
        self.count(&patches, size, bounds)
    }

    fn count(&self, patches: &[Patch; 3], (wide, high): (usize, usize), bounds: &Bounds) -> Found {
        let (low, high_level) = (bounds.low as f32, bounds.high as f32);
        let mut outside: Lane<u32> = [0; CELL];
        let mut counts: [Lane<u32>; 4] = [[0; CELL]; 4];
        let mut least: [Lane<f32>; 4] = [[f32::MAX; CELL]; 4];
        let mut most: [Lane<f32>; 4] = [[f32::MIN; CELL]; 4];
        let [first, second, third] = patches;
        for ((a, b), c) in first.iter().zip(second).zip(third).take(high) {
            let mut any: Lane<u32> = [0; CELL];
            for (k, [zero, by_a, by_b, by_c]) in self.factors.iter().enumerate() {
                for i in 0..CELL {
                    let level = zero + by_a * a[i] + by_b * b[i] + by_c * c[i];
                    let is_out = u32::from((level < low) | (level > high_level));
                    any[i] |= is_out;
                    counts[k][i] += is_out;
                    least[k][i] = least[k][i].min(level);
                    most[k][i] = most[k][i].max(level);
                }
            }
            for i in 0..CELL {
                outside[i] += any[i];
            }
        }
        let mut found = Found {
            outside: outside[..wide].iter().sum(),
            ..Found::default()
        };
        for k in 0..4 {
            found.by_component[k] = counts[k][..wide].iter().sum();
            for (least, most) in least[k].iter().zip(&most[k]).take(wide) {
                found.ranges[k].add(f64::from(*least));
                found.ranges[k].add(f64::from(*most));
            }
        }
        found
    }

    fn read(
        &self,
        part: Component,
        planes: &Planes<'_>,
        (x, y): (usize, usize),
        (filtered, step): (bool, usize),
    ) -> Patch {
        let (last_column, last_line) = (self.format.width - 1, self.format.height - 1);
        let mut lines: [Lane<u16>; HIGH] = [[0; CELL]; HIGH];
        let mut codes = [0u16; WIDE];
        let mut read = None;
        for (n, line) in lines.iter_mut().enumerate().take(CELL + 2 * step) {
            // Beyond the edge the outermost line of the same field is repeated.
            let mut at = (y + n).saturating_sub(step);
            if y + n < step {
                at = (y + n) % step;
            }
            while at > last_line {
                at = at.saturating_sub(step);
            }
            // Two lines may share a line of chroma.
            if read.replace(part.row(at)) != Some(part.row(at)) {
                if x >= BESIDE && x + WIDE - BESIDE <= last_column {
                    part.read_run(planes, at, x - BESIDE, &mut codes);
                } else {
                    let columns = (x..x + WIDE).map(|at| at.saturating_sub(BESIDE));
                    let columns = columns.map(|at| at.min(last_column));
                    part.read(planes, at, columns, &mut codes);
                }
            }
            *line = match filtered {
                true => across(&codes),
                false => std::array::from_fn(|i| codes[i + BESIDE] * ACROSS_SUM),
            };
        }
        std::array::from_fn(|j| {
            let sums: Lane<u16> = match filtered {
                true => {
                    let [above, own, below] = [lines[j], lines[j + step], lines[j + 2 * step]];
                    std::array::from_fn(|i| {
                        DOWN[0] * above[i] + DOWN[1] * own[i] + DOWN[2] * below[i]
                    })
                }
                false => lines[j + step].map(|sum| sum * DOWN_SUM),
            };
            sums.map(|sum| f32::from(sum) / UNIT)
        })
    }
}

/// Horizontally weighted sums of codes of 10 bits.
fn across(codes: &[u16; WIDE]) -> Lane<u16> {
    let mut sums = [0; CELL];
    for (k, weight) in ACROSS.iter().enumerate() {
        for (sum, code) in sums.iter_mut().zip(&codes[k..k + CELL]) {
            *sum += weight * code;
        }
    }
    sums
}

/// R', G', B' and Y' of a pixel with these 8-bit codes: linear in them.
fn levels(format: &VideoFormat, colours: &Colours, [a, b, c]: [f64; 3]) -> Levels {
    if format.layout.is_rgb() {
        let (black, white) = match format.range {
            Range::Limited => (16.0, 235.0),
            Range::Full => (0.0, 255.0),
        };
        let [r, g, b] = [a, b, c].map(|code| (code - black) / (white - black));
        return [r, g, b, colours.luma([r, g, b])];
    }
    let [r, g, blue] = colours.rgb(a, b, c);
    [r, g, blue, colours.luma([r, g, blue])]
}
