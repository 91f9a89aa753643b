// SPDX-License-Identifier: MPL-2.0
//! Counts the cells of a picture that aren't dark.

use super::BlackSettings;
use crate::media::picture::{Cells, Grid, Patch, sdr_to_transfer, vectorized};

/// A cell is lit if a pixel in it exceeds the limit of black this many times: noise on black doesn't, a star does.
const LIT: f64 = 2.0;

/// Distance of a cell's mean chroma from neutral, in 8-bit codes, from which a dark cell has a colour: about a tenth of the 112
/// of full saturation, like the limit of luma.
const COLOURED: f64 = 12.0;

/// Standard deviation of the cells' means, in 8-bit codes, below which a picture is uniform.
const ONE_SHADE: f64 = 0.7;

/// Luma up to which cells are bars, as a fraction of the range above black (8 codes, like cropdetect's default of 24
/// = 16 + 8).
const BAR: f64 = 8.0 / 219.0;

/// The cells that stand out of a dark picture.
#[derive(Debug)]
pub struct DarkCells {
    /// The region that is judged.
    cells: Cells,
    /// Number of its cells without those in the bars of a letterbox.
    counted: usize,
    /// The limits, in the units of the grid.
    limits: Limits,
    outliers: usize,
    lit: usize,
}

#[derive(Debug, Clone, Copy)]
struct Limits {
    sum: u16,
    lit: u16,
    neutral: u16,
    coloured: u16,
}

impl Limits {
    fn new(grid: &Grid, settings: &BlackSettings) -> Self {
        let threshold = sdr_to_transfer(settings.threshold, grid.transfer());
        let code = |fraction: f64| grid.levels().code(fraction.clamp(0.0, 1.0));
        Self {
            sum: (64.0 * code(threshold)).round() as u16,
            lit: code(LIT * threshold).round() as u16,
            neutral: grid.limit(16.0 * 128.0),
            coloured: grid.limit(16.0 * COLOURED),
        }
    }

    /// Whether a cell with that sum and greatest code of luma, Cb and Cr stands out, and whether it is bright or
    /// coloured.
    #[inline(always)]
    fn judge(&self, [sum, max, cb, cr]: [u16; 4]) -> (bool, bool) {
        let tinted = |chroma: u16| chroma.abs_diff(self.neutral) > self.coloured;
        let bright = (max > self.lit) | tinted(cb) | tinted(cr);
        ((sum > self.sum) | bright, bright)
    }
}

impl DarkCells {
    /// Counts the cells that stand out.
    pub fn of(grid: &Grid, settings: &BlackSettings) -> Self {
        Self::among(Cells::inside(settings.region, grid), grid, settings)
    }

    /// Counts those of `cells` that stand out.
    pub fn among(cells: Cells, grid: &Grid, settings: &BlackSettings) -> Self {
        let limits = Limits::new(grid, settings);
        let mut dark = Self {
            counted: cells.count(),
            cells,
            limits,
            outliers: 0,
            lit: 0,
        };
        vectorized(Self::count, (&mut dark, grid));
        // Bars are looked for only if they could change the result.
        if dark.outliers > 0 && dark.is_dark(settings.outliers) {
            dark.counted = without_bars(&dark.cells, grid).count();
        }
        dark
    }

    #[inline(always)]
    fn count((dark, grid): (&mut Self, &Grid)) {
        let limits = dark.limits;
        (dark.outliers, dark.lit) = (0, 0);
        for r in dark.cells.row_ranges(grid) {
            let light = grid.sum()[r.clone()].iter().zip(&grid.max()[r.clone()]);
            let colour = grid.cb()[r.clone()].iter().zip(&grid.cr()[r]);
            let (mut outliers, mut lit) = (0u32, 0u32);
            for ((s, m), (cb, cr)) in light.zip(colour) {
                let (outlying, bright) = limits.judge([*s, *m, *cb, *cr]);
                outliers += u32::from(outlying);
                lit += u32::from(bright);
            }
            dark.outliers += outliers as usize;
            dark.lit += lit as usize;
        }
    }

    /// Share of the cells that don't stand out.
    pub fn dark_share(&self) -> f64 {
        1.0 - self.outliers as f64 / self.counted.max(1) as f64
    }

    /// Whether the picture is black: no cell is lit, and at most the share `outliers` stands out.
    pub fn is_dark(&self, outliers: f64) -> bool {
        self.lit == 0 && 1.0 - self.dark_share() <= outliers
    }

    /// Whether all cells have the same mean luma.
    pub fn is_uniform(&self, grid: &Grid) -> bool {
        let (mut n, mut sum, mut squares) = (0.0, 0.0, 0.0);
        for r in self.cells.row_ranges(grid) {
            for s in &grid.sum()[r] {
                let mean = grid.codes(f64::from(*s) / 64.0);
                n += 1.0;
                sum += mean;
                squares += mean * mean;
            }
        }
        n > 0.0 && (squares / n - (sum / n).powi(2)).max(0.0).sqrt() < ONE_SHADE
    }

    /// The mean luma that all cells but the share `share` don't exceed, as a fraction of the range.
    pub fn level(&self, grid: &Grid, share: f64) -> f64 {
        let mut histogram = [0u32; 256];
        for r in self.cells.row_ranges(grid) {
            for s in &grid.sum()[r] {
                histogram[usize::from(grid.whole_codes(s / 64)).min(255)] += 1;
            }
        }
        let allowed = (share * self.cells.count() as f64) as u32;
        let mut over = 0;
        let code = (1..256).rev().find(|&code| {
            over += histogram[code];
            over > allowed
        });
        let code = f64::from(grid.limit(code.unwrap_or(0) as f64));
        grid.levels().fraction(code).max(0.0)
    }

    /// The patch that holds all cells that stand out, if it is small and at most `share` of the picture.
    pub fn patch(&self, grid: &Grid, share: f64) -> Option<Patch> {
        if self.outliers as f64 > share * self.cells.count() as f64 {
            return None;
        }
        Patch::of(&self.cells, grid, share, |i| self.stands_out(grid, i))
    }

    /// Whether the cell with that index in the grid stands out.
    pub fn stands_out(&self, grid: &Grid, i: usize) -> bool {
        let cell = [grid.sum()[i], grid.max()[i], grid.cb()[i], grid.cr()[i]];
        self.limits.judge(cell).0
    }
}

/// The cells inside the bars at top, bottom, left and right; all cells if there is nothing inside.
fn without_bars(cells: &Cells, grid: &Grid) -> Cells {
    let bar = grid.levels().code(BAR) as u16;
    let row_is_bar = |row: &usize| {
        grid.max()[row * grid.columns()..][cells.columns.clone()]
            .iter()
            .all(|m| *m <= bar)
    };
    let column_is_bar = |column: &usize| {
        cells
            .rows
            .clone()
            .all(|row| grid.max()[row * grid.columns() + column] <= bar)
    };
    let top = cells.rows.clone().take_while(row_is_bar).count();
    if top == cells.rows.len() {
        return cells.clone();
    }
    let bottom = cells.rows.clone().rev().take_while(row_is_bar).count();
    let left = cells.columns.clone().take_while(column_is_bar).count();
    let right = cells
        .columns
        .clone()
        .rev()
        .take_while(column_is_bar)
        .count();
    Cells {
        columns: cells.columns.start + left..cells.columns.end - right,
        rows: cells.rows.start + top..cells.rows.end - bottom,
    }
}
