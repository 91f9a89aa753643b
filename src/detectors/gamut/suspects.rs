// SPDX-License-Identifier: MPL-2.0
//! Preselects the cells that may have pixels out of range, by the grid.
//!
//! The grid has the extremes of luma, but only means of chroma: the chroma of a cell's pixels is assumed to lie between its mean and
//! those of its four neighbours, or a little beyond.

use super::range::Bounds;
use crate::media::picture::{Cells, Colours, Grid, Kernel};

/// How far chroma may lie beyond these means, in 8-bit codes (chosen: noise and rounding).
const MARGIN: f32 = 3.0;

/// Finds the suspects. Allocates only when made.
#[derive(Debug)]
pub struct Suspects {
    kernel: Kernel,
    cb: Around,
    cr: Around,
    /// Whether each cell of a row is a suspect.
    row: Vec<bool>,
    out: Vec<u32>,
}

/// Least and greatest sums of chroma of each cell of a row and its neighbours.
#[derive(Debug)]
struct Around {
    low: Vec<u16>,
    high: Vec<u16>,
}

impl Suspects {
    /// For grids of that many columns and rows.
    pub fn new(columns: usize, rows: usize) -> Self {
        let around = || Around {
            low: vec![0; columns],
            high: vec![0; columns],
        };
        Self {
            kernel: Kernel::best(),
            cb: around(),
            cr: around(),
            row: vec![false; columns],
            out: Vec::with_capacity(columns * rows),
        }
    }

    /// The indices of the suspects in the grid.
    pub fn cells(&self) -> &[u32] {
        &self.out
    }

    /// Finds the suspects of a picture.
    pub fn find(&mut self, grid: &Grid, cells: &Cells, colours: &Colours, bounds: &Bounds) {
        let kernel = self.kernel;
        let test = Test::new(grid, colours, bounds);
        kernel.vectorized(|| self.collect(grid, cells, &test));
    }

    #[inline(always)]
    fn collect(&mut self, grid: &Grid, cells: &Cells, test: &Test) {
        self.out.clear();
        for row in cells.rows.clone() {
            let start = row * grid.columns();
            let line = start..start + grid.columns();
            self.cb.look(grid.cb(), grid, row);
            self.cr.look(grid.cr(), grid, row);
            let luma = (&grid.min()[line.clone()], &grid.max()[line]);
            test.row(luma, &self.cb, &self.cr, &mut self.row);
            let first = start + cells.columns.start;
            // Most cells aren't suspects, so 16 are skipped at a time.
            let some = self.row[cells.columns.clone()].chunks(16).enumerate();
            for (chunk, some) in some.filter(|(_, some)| some.iter().fold(false, |a, b| a | b)) {
                let found = some.iter().enumerate().filter(|(_, is_one)| **is_one);
                let first = first + 16 * chunk;
                self.out.extend(found.map(|(i, _)| (first + i) as u32));
            }
        }
    }
}

/// The test for suspects, in codes of the grid.
struct Test {
    /// Codes that a code of chroma adds: Cr to red, Cb and Cr to green, Cb to blue.
    factors: [f32; 4],
    low: f32,
    high: f32,
    neutral: f32,
    margin: f32,
}

impl Test {
    fn new(grid: &Grid, colours: &Colours, bounds: &Bounds) -> Self {
        let code = |level: f64| grid.levels().code(level) as f32;
        Self {
            factors: colours.factors(),
            low: code(bounds.low),
            high: code(bounds.high),
            neutral: f32::from(grid.limit(128.0)),
            margin: MARGIN * f32::from(grid.limit(1.0)),
        }
    }

    /// Writes for each cell of a row whether it may have pixels out of range. Without a branch, so that the compiler vectorises it.
    #[inline(always)]
    fn row(&self, luma: (&[u16], &[u16]), cb: &Around, cr: &Around, out: &mut [bool]) {
        let [red, green_b, green_r, blue] = self.factors;
        let low_code = |sum: u16| f32::from(sum) / 16.0 - self.neutral - self.margin;
        let high_code = |sum: u16| f32::from(sum) / 16.0 - self.neutral + self.margin;
        let larger = |a: f32, b: f32| if a > b { a } else { b };
        let smaller = |a: f32, b: f32| if a < b { a } else { b };
        let cells = luma.0.iter().zip(luma.1);
        let cells = cells.zip(cb.low.iter().zip(&cb.high));
        let cells = cells.zip(cr.low.iter().zip(&cr.high));
        for (out, (((min, max), (cb_low, cb_high)), (cr_low, cr_high))) in out.iter_mut().zip(cells)
        {
            let (min, max) = (f32::from(*min), f32::from(*max));
            let (cb_low, cb_high) = (low_code(*cb_low), high_code(*cb_high));
            let (cr_low, cr_high) = (low_code(*cr_low), high_code(*cr_high));
            let added = larger(red * cr_high, blue * cb_high);
            let added = larger(added, green_b * cb_low + green_r * cr_low);
            let taken = smaller(red * cr_low, blue * cb_low);
            let taken = smaller(taken, green_b * cb_high + green_r * cr_high);
            *out = (max + larger(added, 0.0) > self.high) | (min + smaller(taken, 0.0) < self.low);
        }
    }
}

impl Around {
    /// Looks at the cells of a row and those above, below and beside them.
    #[inline(always)]
    fn look(&mut self, sums: &[u16], grid: &Grid, row: usize) {
        let (columns, last) = (grid.columns(), grid.rows() - 1);
        let line = |row: usize| &sums[row * columns..][..columns];
        let (own, above, below) = (
            line(row),
            line(row.saturating_sub(1)),
            line((row + 1).min(last)),
        );
        let of_column = own.iter().zip(above).zip(below);
        let both = self.low.iter_mut().zip(&mut self.high);
        for ((low, high), ((own, above), below)) in both.zip(of_column) {
            *low = (*own).min(*above).min(*below);
            *high = (*own).max(*above).max(*below);
        }
        // The same beside, where there is one.
        let (left, right) = (&own[..columns - 1], &own[1..]);
        join(&mut self.low, right, u16::min);
        join(&mut self.low[1..], left, u16::min);
        join(&mut self.high, right, u16::max);
        join(&mut self.high[1..], left, u16::max);
    }
}

#[inline(always)]
fn join(all: &mut [u16], others: &[u16], choose: impl Fn(u16, u16) -> u16) {
    for (one, other) in all.iter_mut().zip(others) {
        *one = choose(*one, *other);
    }
}
