// SPDX-License-Identifier: MPL-2.0

//! Chroma sums: first the lines of a band are added up, then what belongs to a cell.
//!
//! Lines are added up with all that is in them, luma and padding of packed layouts too: that is cheaper than taking them apart.
//! The loops here are compiled twice, for any processor and for AVX2 (see `kernel`), so they must be inlined.

use super::grid::{Grid, Statistic};
use super::luma::{Luma, Storage};
use super::sample::{Eight, HighTen, Sample, Ten};
use super::unpack::Weights;
use super::{CELL, Layout, Planes, VideoFormat};

/// Measures the chroma of frames of one format.
pub(super) struct Chroma {
    source: Source,
    /// Samples of one channel that a cell has across.
    across: usize,
    /// Lines of a cell.
    lines: usize,
    /// Samples from one of a channel to its next.
    step: usize,
    /// Samples in a line.
    samples: usize,
    storage: Storage,
    /// Sums of the samples of a band that are above one another; continued to whole cells by the last of each channel.
    sums: Vec<u16>,
}

/// Where chroma lies.
enum Source {
    /// There is none.
    Neutral,
    /// Cb and Cr in the planes of these numbers.
    Separate(usize, usize),
    /// Cb and Cr at these offsets in the steps of a plane.
    Mixed(usize, [usize; 2]),
    /// Unpacked with luma, as pairs.
    Unpacked,
    /// Three channels in a plane, that Cb and Cr are sums of.
    Rgb(Weights),
}

impl Chroma {
    pub(super) fn new(format: &VideoFormat) -> Self {
        use Layout::*;
        let (source, step) = match format.layout {
            Gray8 | Gray16Le => (Source::Neutral, 1),
            I420 | Y42b | Y444 | I42010Le | I42210Le | Y44410Le => (Source::Separate(1, 2), 1),
            Yv12 => (Source::Separate(2, 1), 1),
            Nv12 | Nv16 | P01010Le => (Source::Mixed(1, [0, 1]), 2),
            Nv21 => (Source::Mixed(1, [1, 0]), 2),
            Yuy2 => (Source::Mixed(0, [1, 3]), 4),
            Uyvy => (Source::Mixed(0, [0, 2]), 4),
            Ayuv => (Source::Mixed(0, [2, 3]), 4),
            V210 => (Source::Unpacked, 2),
            Rgb | Bgr => (Source::Rgb(Weights::new(format)), 3),
            Rgba | Bgra | Argb | Abgr | Rgbx | Bgrx | Xrgb | Xbgr => {
                (Source::Rgb(Weights::new(format)), 4)
            }
            Argb64Le | Abgr64Le | Rgba64Le | Bgra64Le => (Source::Rgb(Weights::new(format)), 8),
        };
        let (across, lines) = match format.layout {
            Gray8 | Gray16Le | I420 | Yv12 | Nv12 | Nv21 | I42010Le | P01010Le => {
                (CELL / 2, CELL / 2)
            }
            Nv16 | Y42b | Yuy2 | Uyvy | I42210Le | V210 => (CELL / 2, CELL),
            _ => (CELL, CELL),
        };
        let samples = (format.width * across).div_ceil(CELL) * step;
        let sums = vec![0; format.width.div_ceil(CELL) * across * step];
        Self {
            source,
            across,
            lines,
            step,
            samples,
            storage: Storage::of(format.layout),
            sums,
        }
    }

    /// Measures band `row` into `grid`.
    #[inline(always)]
    pub(super) fn band(&mut self, planes: &Planes<'_>, luma: &Luma, row: usize, grid: &mut Grid) {
        match self.source {
            Source::Neutral => {
                for statistic in [Statistic::Cb, Statistic::Cr] {
                    let neutral = grid.limit(16.0 * 128.0);
                    grid.row_mut(row, statistic).fill(neutral);
                }
            }
            Source::Separate(cb, cr) => {
                self.add_lines(row, |y| planes.line(cb, y));
                self.add_cells(0, grid.row_mut(row, Statistic::Cb));
                self.add_lines(row, |y| planes.line(cr, y));
                self.add_cells(0, grid.row_mut(row, Statistic::Cr));
            }
            Source::Mixed(plane, [cb, cr]) => {
                self.add_lines(row, |y| planes.line(plane, y));
                self.add_cells(cb, grid.row_mut(row, Statistic::Cb));
                self.add_cells(cr, grid.row_mut(row, Statistic::Cr));
            }
            Source::Unpacked => {
                self.add_lines(row, |y| luma.chroma_line(y));
                self.add_cells(0, grid.row_mut(row, Statistic::Cb));
                self.add_cells(1, grid.row_mut(row, Statistic::Cr));
            }
            Source::Rgb(_) => {
                self.add_lines(row, |y| planes.line(0, y));
                self.convert_cells(row, grid);
            }
        }
    }

    /// Adds up the lines of band `row`.
    #[inline(always)]
    fn add_lines<'a>(&mut self, row: usize, line: impl Fn(usize) -> &'a [u8]) {
        let (sums, rest) = self.sums.split_at_mut(self.samples);
        sums.fill(0);
        for y in (row * self.lines..(row + 1) * self.lines).step_by(4) {
            let lines = [line(y), line(y + 1), line(y + 2), line(y + 3)];
            match self.storage {
                Storage::Eight => add_four::<Eight>(sums, lines),
                Storage::Ten => add_four::<Ten>(sums, lines),
                Storage::HighTen => add_four::<HighTen>(sums, lines),
            }
        }
        let last = &sums[self.samples - self.step..];
        for rest in rest.chunks_exact_mut(self.step) {
            rest.copy_from_slice(last);
        }
    }

    /// Adds up what belongs to each cell, of the channel at `offset`, and scales it to 16 samples.
    #[inline(always)]
    fn add_cells(&self, offset: usize, cells: &mut [u16]) {
        match (self.step, self.across) {
            (1, 4) => add_channel::<1, 4>(&self.sums, offset, cells),
            (2, 4) => add_channel::<2, 4>(&self.sums, offset, cells),
            (4, 4) => add_channel::<4, 4>(&self.sums, offset, cells),
            (1, _) => add_channel::<1, 8>(&self.sums, offset, cells),
            _ => add_channel::<4, 8>(&self.sums, offset, cells),
        }
        let shift = (self.across * self.lines / 16).trailing_zeros();
        if shift > 0 {
            cells.iter_mut().for_each(|cell| *cell >>= shift);
        }
    }

    /// Adds up what belongs to each cell of RGB, and converts it.
    #[inline(always)]
    fn convert_cells(&self, row: usize, grid: &mut Grid) {
        let Source::Rgb(weights) = &self.source else {
            return;
        };
        for (column, sums) in self.sums.chunks_exact(CELL * self.step).enumerate() {
            let channel = |offset: usize| sums[offset..].iter().step_by(self.step).sum();
            let (cb, cr) = weights.chroma(weights.offsets().map(channel));
            grid.row_mut(row, Statistic::Cb)[column] = cb;
            grid.row_mut(row, Statistic::Cr)[column] = cr;
        }
    }
}

/// Adds four lines to `sums`.
#[inline(always)]
fn add_four<S: Sample>(sums: &mut [u16], lines: [&[u8]; 4]) {
    // Slices of one length: no check remains in the loop.
    let [one, two, three, four] = lines.map(|line| &S::samples(line)[..sums.len()]);
    for (i, sum) in sums.iter_mut().enumerate() {
        *sum += S::code(one[i]) + S::code(two[i]) + S::code(three[i]) + S::code(four[i]);
    }
}

/// Adds up, for each cell, `ACROSS` of the sums `STEP` apart.
#[inline(always)]
fn add_channel<const STEP: usize, const ACROSS: usize>(
    sums: &[u16],
    offset: usize,
    cells: &mut [u16],
) {
    match (STEP, ACROSS) {
        // Four sums at a time in a register: no sum of a cell is over 16 bits, so none runs into the next.
        (1, 4) => {
            for (cell, sums) in cells.iter_mut().zip(sums.as_chunks().0) {
                *cell = fold(fold(four(sums), 32), 16) as u16;
            }
        }
        (2, 4) => {
            for (cell, sums) in cells.iter_mut().zip(sums.as_chunks().0) {
                let &[a, b, c, d, e, f, g, h] = sums;
                let both = four(&[a, b, c, d]) + four(&[e, f, g, h]);
                *cell = (fold(both, 32) >> (16 * offset)) as u16;
            }
        }
        _ => {
            for (cell, sums) in cells.iter_mut().zip(sums.chunks_exact(STEP * ACROSS)) {
                *cell = (0..ACROSS).map(|i| sums[i * STEP + offset]).sum();
            }
        }
    }
}

/// Four numbers in one, the first one lowest.
#[inline(always)]
fn four(&[a, b, c, d]: &[u16; 4]) -> u64 {
    u64::from(a) | u64::from(b) << 16 | u64::from(c) << 32 | u64::from(d) << 48
}

/// Adds to each number the one that lies `bits` higher.
#[inline(always)]
fn fold(numbers: u64, bits: u32) -> u64 {
    numbers.wrapping_add(numbers >> bits)
}
