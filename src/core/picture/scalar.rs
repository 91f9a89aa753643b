// SPDX-License-Identifier: MPL-2.0

//! The luma kernel in plain Rust: the definition of the statistics.
//!
//! Works on eight pixels at a time, which compilers turn into vectors where there are any.

use super::CELL;
use super::band::Band;
use super::grid::{Grid, Quad, Statistic};
use super::sample::Sample;

type Pixels = [u16; CELL];

/// Measures a band into its row of `grid`.
#[inline(always)]
pub(super) fn band<S: Sample>(band: &Band<'_>, grid: &mut Grid) {
    for first in (0..grid.columns()).step_by(Quad::CELLS) {
        let mut quad = Quad::default();
        for at in 0..Quad::CELLS.min(grid.columns() - first) {
            cell::<S>(band, (first + at) * CELL, &mut quad, at);
        }
        grid.put(band.row, first, &quad);
    }
    for y in 0..band.height {
        let (line, above) = (S::codes(band.line(y)), S::codes(band.above(y)));
        let (sum, dy) = line.zip(above).fold((0, 0), |(sum, dy), (code, above)| {
            (sum + u32::from(code), dy + u32::from(code.abs_diff(above)))
        });
        grid.put_line(band.row * CELL + y, sum, dy);
    }
}

/// Measures the cell the first column of which is `x` into place `at` of `quad`.
#[inline(always)]
fn cell<S: Sample>(band: &Band<'_>, x: usize, quad: &mut Quad, at: usize) {
    let pixels = |line| pixels::<S>(line, x, band.width);
    let (mut sum, mut odd_sum, mut dx, mut dy, mut top, mut dy2, mut comb) = Default::default();
    let (mut min, mut max, mut squares) = ([u16::MAX; CELL], [0; CELL], [0; CELL]);
    for y in 0..CELL {
        let (line, above, below) = (
            pixels(band.line(y)),
            pixels(band.above(y)),
            pixels(band.below(y)),
        );
        add(&mut sum, line);
        if y % 2 == 1 {
            add(&mut odd_sum, line);
        }
        add(
            &mut dx,
            differences(line, before::<S>(band.line(y), x, band.width)),
        );
        add(
            if y == 0 { &mut top } else { &mut dy },
            differences(line, above),
        );
        add(&mut dy2, differences(line, pixels(band.two_above(y))));
        add(&mut comb, excess::<S>(line, above, below));
        for i in 0..CELL {
            min[i] = min[i].min(line[i]);
            max[i] = max[i].max(line[i]);
            squares[i] += u32::from(line[i]) * u32::from(line[i]);
        }
    }
    let mut put = |statistic: Statistic, value| quad.words[statistic as usize][at] = value;
    put(Statistic::Sum, sum.iter().sum());
    put(Statistic::OddSum, odd_sum.iter().sum());
    put(Statistic::Min, min.into_iter().fold(u16::MAX, u16::min));
    put(Statistic::Max, max.into_iter().fold(0, u16::max));
    put(Statistic::Dx, dx[1..].iter().sum());
    put(Statistic::Left, dx[0]);
    put(Statistic::Dy, dy.iter().sum());
    put(Statistic::Top, top.iter().sum());
    put(Statistic::Dy2, dy2.iter().sum());
    put(Statistic::Comb, comb.iter().sum());
    quad.square_sum[at] = squares.iter().sum();
}

/// Eight pixels from `x` on; beyond the end the last one again.
#[inline(always)]
fn pixels<S: Sample>(line: &[u8], x: usize, width: usize) -> Pixels {
    if x + CELL <= width {
        let bytes = &line[x * S::BYTES..(x + CELL) * S::BYTES];
        std::array::from_fn(|i| S::code(&bytes[i * S::BYTES..(i + 1) * S::BYTES]))
    } else {
        std::array::from_fn(|i| S::code(&line[(x + i).min(width - 1) * S::BYTES..]))
    }
}

/// The left neighbours of the eight pixels from `x` on; the first of a line is its own.
#[inline(always)]
fn before<S: Sample>(line: &[u8], x: usize, width: usize) -> Pixels {
    if x > 0 {
        return pixels::<S>(line, x - 1, width);
    }
    let from = pixels::<S>(line, 0, width);
    std::array::from_fn(|i| from[i.saturating_sub(1)])
}

#[inline(always)]
fn add(total: &mut Pixels, pixels: Pixels) {
    for i in 0..CELL {
        total[i] += pixels[i];
    }
}

#[inline(always)]
fn differences(one: Pixels, other: Pixels) -> Pixels {
    std::array::from_fn(|i| one[i].abs_diff(other[i]))
}

/// How far each pixel lies above both or below both of its vertical neighbours, less the threshold.
#[inline(always)]
fn excess<S: Sample>(line: Pixels, above: Pixels, below: Pixels) -> Pixels {
    std::array::from_fn(|i| {
        let over = line[i].saturating_sub(above[i].max(below[i]));
        let under = above[i].min(below[i]).saturating_sub(line[i]);
        over.max(under).saturating_sub(S::COMB_THRESHOLD)
    })
}
