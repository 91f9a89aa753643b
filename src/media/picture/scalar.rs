// SPDX-License-Identifier: MPL-2.0

//! The luma kernel in plain Rust: the definition of the statistics.
//!
//! Works on lines of four cells at a time, in loops that compilers turn into vectors where there are any.

use super::CELL;
use super::band::Band;
use super::grid::{Grid, Quad, Statistic};
use super::sample::Sample;

/// Pixels measured at a time.
const BLOCK: usize = Quad::CELLS * CELL;

/// A line of a block, or numbers for its columns.
type Pixels = [u16; BLOCK];

/// Measures a band into its row of `grid`.
pub(super) fn band<S: Sample>(band: &Band<'_>, grid: &mut Grid) {
    for x in (0..band.width).step_by(BLOCK) {
        grid.put(band.row, x / CELL, &block::<S>(band, x));
    }
    for y in 0..band.height {
        let (line, above) = (S::samples(band.line(y)), S::samples(band.above(y)));
        let (mut sum, mut dy) = (0, 0);
        for (line, above) in line.iter().zip(above) {
            let (code, above) = (S::code(*line), S::code(*above));
            sum += u32::from(code);
            dy += u32::from(code.abs_diff(above));
        }
        grid.put_line(band.row * CELL + y, sum, dy);
    }
}

/// Measures the block the first column of which is `x`.
fn block<S: Sample>(band: &Band<'_>, x: usize) -> Quad {
    let mut columns = Columns::ZERO;
    let (mut above, mut line) = (pixels::<S>(band.above(0), x), pixels::<S>(band.line(0), x));
    for y in 0..CELL {
        let below = pixels::<S>(band.below(y), x);
        add(&mut columns.sum, &line);
        if y % 2 == 1 {
            add(&mut columns.odd_sum, &line);
        }
        add_differences(&mut columns.dx, &line, &before::<S>(band.line(y), x));
        add_differences(
            if y == 0 {
                &mut columns.top
            } else {
                &mut columns.dy
            },
            &line,
            &above,
        );
        add_differences(&mut columns.dy2, &line, &pixels::<S>(band.two_above(y), x));
        add_excess(&mut columns.comb, &line, &above, &below, S::COMB_THRESHOLD);
        bound(&mut columns, &line);
        (above, line) = (line, below);
    }
    columns.quad()
}

/// Sums and bounds over the eight lines of each column of a block.
struct Columns {
    sum: Pixels,
    odd_sum: Pixels,
    not_min: Pixels,
    max: Pixels,
    /// The first of each cell is `left`.
    dx: Pixels,
    dy: Pixels,
    top: Pixels,
    dy2: Pixels,
    comb: Pixels,
}

impl Columns {
    const ZERO: Self = Self {
        sum: [0; BLOCK],
        odd_sum: [0; BLOCK],
        not_min: [0; BLOCK],
        max: [0; BLOCK],
        dx: [0; BLOCK],
        dy: [0; BLOCK],
        top: [0; BLOCK],
        dy2: [0; BLOCK],
        comb: [0; BLOCK],
    };

    /// The statistics of the cells.
    fn quad(&self) -> Quad {
        let mut quad = Quad::default();
        for cell in 0..Quad::CELLS {
            let first = cell * CELL;
            let columns = first..first + CELL;
            let sum = |of: &Pixels| of[columns.clone()].iter().sum();
            let greatest = |of: &Pixels| {
                of[columns.clone()]
                    .iter()
                    .fold(0, |one, other| one.max(*other))
            };
            let mut put =
                |statistic: Statistic, value| quad.words[statistic as usize][cell] = value;
            put(Statistic::Sum, sum(&self.sum));
            put(Statistic::OddSum, sum(&self.odd_sum));
            put(Statistic::Min, !greatest(&self.not_min));
            put(Statistic::Max, greatest(&self.max));
            put(Statistic::Dx, self.dx[first + 1..first + CELL].iter().sum());
            put(Statistic::Left, self.dx[first]);
            put(Statistic::Dy, sum(&self.dy));
            put(Statistic::Top, sum(&self.top));
            put(Statistic::Dy2, sum(&self.dy2));
            put(Statistic::Comb, sum(&self.comb));
        }
        quad
    }
}

/// The pixels of a block from `x` on; beyond the end the last one again.
#[inline(always)]
fn pixels<S: Sample>(line: &[u8], x: usize) -> Pixels {
    let samples = S::samples(line);
    let mut pixels = [0; BLOCK];
    if let Some(samples) = samples.get(x..x + BLOCK) {
        for (pixel, sample) in pixels.iter_mut().zip(samples) {
            *pixel = S::code(*sample);
        }
    } else {
        for (i, pixel) in pixels.iter_mut().enumerate() {
            *pixel = S::code(samples[(x + i).min(samples.len() - 1)]);
        }
    }
    pixels
}

/// The left neighbours of the pixels of a block from `x` on; the first of a line is its own.
#[inline(always)]
fn before<S: Sample>(line: &[u8], x: usize) -> Pixels {
    if x > 0 {
        return pixels::<S>(line, x - 1);
    }
    let mut from = pixels::<S>(line, 0);
    from.copy_within(..BLOCK - 1, 1);
    from
}

/// Widens the bounds to a line. That from below is kept as complement, so that both start from 0.
#[inline(always)]
fn bound(columns: &mut Columns, line: &Pixels) {
    for ((not_min, max), code) in columns.not_min.iter_mut().zip(&mut columns.max).zip(line) {
        *not_min = (*not_min).max(!code);
        *max = (*max).max(*code);
    }
}

#[inline(always)]
fn add(total: &mut Pixels, pixels: &Pixels) {
    for i in 0..BLOCK {
        total[i] += pixels[i];
    }
}

#[inline(always)]
fn add_differences(total: &mut Pixels, one: &Pixels, other: &Pixels) {
    for i in 0..BLOCK {
        total[i] += one[i].abs_diff(other[i]);
    }
}

/// Adds how far each pixel lies above both or below both of its vertical neighbours, less the threshold.
#[inline(always)]
fn add_excess(total: &mut Pixels, line: &Pixels, above: &Pixels, below: &Pixels, threshold: u16) {
    for i in 0..BLOCK {
        let over = line[i].saturating_sub(above[i].max(below[i]));
        let under = above[i].min(below[i]).saturating_sub(line[i]);
        total[i] += over.max(under).saturating_sub(threshold);
    }
}
