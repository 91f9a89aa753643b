// SPDX-License-Identifier: MPL-2.0

//! The grid: what is kept of a frame.

use super::format::{scale, shift};
use super::{Levels, Transfer, VideoFormat};
use std::fmt;

/// Pixels along the side of a cell.
pub const CELL: usize = 8;

/// The statistics of a frame, per cell of 8x8 luma pixels and per line.
///
/// Cells are stored row by row: the cell at (`column`, `row`) is number `row * columns() + column` of each slice. The picture
/// is continued beyond its right and lower edge by its last pixel and line, so that each cell has 64 pixels.
/// Samples have [`Grid::depth`] bits: 0..=255 or 0..=1023. No sum of a cell exceeds 65472.
#[derive(Clone, PartialEq)]
pub struct Grid {
    columns: usize,
    rows: usize,
    width: usize,
    height: usize,
    depth: u32,
    levels: Levels,
    transfer: Transfer,
    /// One run of cells after another, in the order of [`Statistic`].
    words: Vec<u16>,
    row_sum: Vec<u32>,
    row_dy: Vec<u32>,
}

/// The statistics of a cell that fit in 16 bits, in the order of [`Quad::words`].
#[derive(Clone, Copy)]
pub(super) enum Statistic {
    Sum,
    OddSum,
    Min,
    Max,
    Dx,
    Left,
    Dy,
    Top,
    Dy2,
    Comb,
    Cb,
    Cr,
}

impl Statistic {
    /// How many there are.
    const COUNT: usize = Self::Cr as usize + 1;
    /// How many are about luma: those before chroma.
    const LUMA: usize = Self::Cb as usize;
}

/// The luma statistics of four cells in a row, as kernels hand them over.
#[derive(Default)]
pub(super) struct Quad {
    /// By [`Statistic`]; those of chroma are ignored.
    pub(super) words: [[u16; Quad::CELLS]; Statistic::COUNT],
}

impl Quad {
    /// Cells in a quad.
    pub(super) const CELLS: usize = 4;
}

impl Grid {
    /// An empty grid for frames of `format`: all numbers are 0 until measured.
    pub fn new(format: &VideoFormat) -> Self {
        let VideoFormat {
            width,
            height,
            transfer,
            ..
        } = *format;
        let (columns, rows) = (width.div_ceil(CELL), height.div_ceil(CELL));
        Self {
            columns,
            rows,
            width,
            height,
            depth: format.depth(),
            levels: format.levels(),
            transfer,
            words: vec![0; columns * rows * Statistic::COUNT],
            row_sum: vec![0; height],
            row_dy: vec![0; height],
        }
    }

    /// Cells in a row: width / 8, rounded up.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Rows of cells: height / 8, rounded up.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Pixels in a line of the picture.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Lines of the picture.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Bits per sample, 8 or 10.
    pub fn depth(&self) -> u32 {
        self.depth
    }

    /// That many 8-bit codes in units of this grid, to hold its numbers against: times 4 at 10 bits, at most 65535. What is summed
    /// up over `n` samples is held against `n` times as many codes.
    pub fn limit(&self, codes: f64) -> u16 {
        (codes * f64::from(scale(self.depth))) as u16
    }

    /// A number of this grid in 8-bit codes: a quarter of it at 10 bits.
    pub fn codes(&self, value: f64) -> f64 {
        value / f64::from(scale(self.depth))
    }

    /// The same, rounded down to whole codes.
    pub fn whole_codes(&self, value: u16) -> u16 {
        value >> shift(self.depth)
    }

    /// Mean luma of a cell, in 8-bit codes.
    pub fn luma_mean(&self, cell: usize) -> f64 {
        self.codes(f64::from(self.sum()[cell]) / 64.0)
    }

    /// The codes of nominal black and white.
    pub fn levels(&self) -> Levels {
        self.levels
    }

    /// How codes relate to light.
    pub fn transfer(&self) -> Transfer {
        self.transfer
    }

    /// Sum of luma, of 64 pixels.
    pub fn sum(&self) -> &[u16] {
        self.cells(Statistic::Sum)
    }

    /// Sum of luma of lines 1, 3, 5 and 7 of the cell: the bottom field, of 32 pixels.
    pub fn odd_sum(&self) -> &[u16] {
        self.cells(Statistic::OddSum)
    }

    /// Least luma.
    pub fn min(&self) -> &[u16] {
        self.cells(Statistic::Min)
    }

    /// Greatest luma.
    pub fn max(&self) -> &[u16] {
        self.cells(Statistic::Max)
    }

    /// Sum of the differences between horizontal neighbours within the cell: 8 lines of 7.
    pub fn dx(&self) -> &[u16] {
        self.cells(Statistic::Dx)
    }

    /// Sum of the 8 differences across the left border of the cell; 0 at the edge of the picture.
    pub fn left(&self) -> &[u16] {
        self.cells(Statistic::Left)
    }

    /// Sum of the differences between vertical neighbours within the cell: 7 pairs of lines.
    pub fn dy(&self) -> &[u16] {
        self.cells(Statistic::Dy)
    }

    /// Sum of the 8 differences across the upper border of the cell; 0 at the edge of the picture.
    pub fn top(&self) -> &[u16] {
        self.cells(Statistic::Top)
    }

    /// Sum of the differences between each line and the one two above: neighbours in a field. The first two lines of the picture
    /// contribute nothing.
    pub fn dy2(&self) -> &[u16] {
        self.cells(Statistic::Dy2)
    }

    /// Comb energy: how far pixels lie above both or below both of their vertical neighbours, less 9 (36 at 10 bit) each.
    /// The first and the last line of the picture contribute nothing.
    pub fn comb(&self) -> &[u16] {
        self.cells(Statistic::Comb)
    }

    /// Sum of the blue difference, scaled to 16 samples; neutral without chroma.
    pub fn cb(&self) -> &[u16] {
        self.cells(Statistic::Cb)
    }

    /// Sum of the red difference, scaled to 16 samples; neutral without chroma.
    pub fn cr(&self) -> &[u16] {
        self.cells(Statistic::Cr)
    }

    /// Sum of the luma of each line of the picture.
    pub fn row_sum(&self) -> &[u32] {
        &self.row_sum
    }

    /// Sum of the differences between each line and the one above; 0 for the first.
    pub fn row_dy(&self) -> &[u32] {
        &self.row_dy
    }

    /// Whether every number is the same: in practice, whether the pictures are.
    pub fn same_as(&self, other: &Self) -> bool {
        self.width == other.width
            && self.height == other.height
            && self.depth == other.depth
            && self.words == other.words
            && self.row_sum == other.row_sum
            && self.row_dy == other.row_dy
    }

    /// Whether this is a grid for frames of `format`.
    pub(super) fn fits(&self, format: &VideoFormat) -> bool {
        self.width == format.width
            && self.height == format.height
            && self.depth == format.depth()
            && self.levels == format.levels()
            && self.transfer == format.transfer
    }

    fn cells(&self, statistic: Statistic) -> &[u16] {
        let cells = self.columns * self.rows;
        &self.words[statistic as usize * cells..][..cells]
    }

    /// One statistic of one row of cells, for writing.
    pub(super) fn row_mut(&mut self, row: usize, statistic: Statistic) -> &mut [u16] {
        let first = statistic as usize * self.columns * self.rows + row * self.columns;
        &mut self.words[first..][..self.columns]
    }

    /// Writes the cells from (`column`, `row`) on, as many of the four as there are in the row.
    #[inline(always)]
    pub(super) fn put(&mut self, row: usize, column: usize, quad: &Quad) {
        let cells = self.columns * self.rows;
        let first = row * self.columns + column;
        let count = Quad::CELLS.min(self.columns - column);
        let starts = (first..).step_by(cells);
        for (words, at) in quad.words[..Statistic::LUMA].iter().zip(starts) {
            let to = &mut self.words[at..];
            // As arrays, or it becomes a call for every eight bytes.
            match to.first_chunk_mut() {
                Some(to) if count == Quad::CELLS => *to = *words,
                _ => to[..count].copy_from_slice(&words[..count]),
            }
        }
    }

    /// Writes the two numbers of line `y` of the picture.
    pub(super) fn put_line(&mut self, y: usize, sum: u32, dy: u32) {
        self.row_sum[y] = sum;
        self.row_dy[y] = dy;
    }
}

impl fmt::Debug for Grid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Grid({}x{} cells of {}x{}, {} bit)",
            self.columns, self.rows, self.width, self.height, self.depth
        )
    }
}
