// SPDX-License-Identifier: MPL-2.0
//! Pictures that were cut off: from some line down to the bottom there is one colour, or the last line again and again.
//!
//! A decoder fills what it didn't get (JPEG: with the last block's colour or grey, others with the last line, with zeros). So a band of lines
//! without any vertical detail appears at once at the bottom of a picture that moves, and goes, or stays as high as it is; a wipe grows. One
//! that is green counts however low it is, and as long as it is there.

use super::{damage::Damage, green::Greens};
use crate::media::{
    Span,
    picture::{CELL, CellChanges, Cells, Grid, Levels},
};

/// Mean difference between a line and the one above, in 8-bit codes, up to which they are the same: what coding leaves.
const SAME_LINE: f64 = 1.0;
/// Lines of a green band, at least. Chosen: fewer are what scaling does at the edge.
const LEAST_GREEN: usize = 3;
/// Share of the lines that a band of another colour takes at least and at most, and by how much it grows at once. Chosen.
const LOWEST: f64 = 0.08;
const HIGHEST: f64 = 0.92;
const GROWTH: f64 = 0.06;
/// A band of that height stays so to this many lines.
const SAME_HEIGHT: usize = 8;
/// Share of the cells above the band that may jump as it appears, and that must change at all: else it came with a cut, or over a still.
const CUT: f64 = 0.2;
const MOVING: f64 = 0.05;
/// Mean change of a cell, in 8-bit codes, that is one.
const CHANGED: f64 = 0.5;
/// Mean horizontal difference per pixel, in 8-bit codes, up to which a band is of one colour, and from which it is a line with a picture in it.
const PLAIN: f64 = 0.6;
const STRIPED: f64 = 1.5;
/// Luma over nominal black, in 8-bit codes, from which a band isn't the bar of a letterbox; and distance from neutral chroma.
const BLACK: f64 = 16.0;
const COLOURED: f64 = 6.0;
/// Step at the upper edge of a band of one colour, in 8-bit codes per pixel.
const STEP: f64 = 3.0;

/// What is known after a picture.
#[derive(Debug)]
pub struct Found {
    /// What is damaged in this picture.
    pub now: Option<Damage>,
    /// What was damaged in the picture before, which is known only now.
    pub past: Option<(Span, Damage)>,
}

/// Follows the lower part of the picture.
#[derive(Debug)]
pub struct LowerPart {
    greens: Greens,
    black: f64,
    /// Lines of the band in the last picture.
    height: usize,
    /// Sums of the last picture's cells.
    sums: Vec<u16>,
    /// A band that appeared with the last picture.
    appeared: Option<(Span, Damage)>,
    /// Lines of the band that is damage.
    damaged: Option<usize>,
}

impl LowerPart {
    /// For pictures with those levels of luma.
    pub fn new(levels: Levels) -> Self {
        Self {
            greens: Greens::new(levels),
            black: levels.black,
            height: 0,
            sums: Vec::new(),
            appeared: None,
            damaged: None,
        }
    }

    /// Takes the next picture. `changes`: how it differs from the last one.
    pub fn push(
        &mut self,
        span: Span,
        grid: &Grid,
        cells: &Cells,
        changes: &CellChanges,
    ) -> Option<Found> {
        // A band at the bottom of a region isn't one of the picture.
        if cells.rows.end < grid.rows() || cells.columns.len() < grid.columns() {
            self.forget();
            return None;
        }
        let height = height_of_band(grid);
        let before = std::mem::replace(&mut self.height, height);
        let moves = self.moves_above(grid, cells, height, changes);
        self.sums.clear();
        self.sums.extend_from_slice(grid.sum());
        let mut found = Found {
            now: self.green(grid, cells, height),
            past: None,
        };
        if found.now.is_some() {
            self.appeared = None;
            return Some(found);
        }
        let lines = |share: f64| (share * grid.height() as f64) as usize;
        let appeared = self.appeared.take();
        if let Some((at, damage)) = appeared {
            let stays = height.abs_diff(before) <= SAME_HEIGHT;
            let gone = height + lines(GROWTH) <= before;
            if (stays || gone) && moves {
                self.damaged = stays.then_some(height);
                found.past = Some((at, damage));
            }
        }
        if let Some(damaged) = self.damaged {
            if height.abs_diff(damaged) > SAME_HEIGHT {
                self.damaged = None;
            } else {
                found.now = self.band(grid, cells, height);
            }
        } else if found.past.is_none()
            && moves
            && height >= before + lines(GROWTH).max(2 * CELL)
            && (lines(LOWEST)..=lines(HIGHEST)).contains(&height)
        {
            self.appeared = self.band(grid, cells, height).map(|damage| (span, damage));
        }
        Some(found)
    }

    fn forget(&mut self) {
        (self.height, self.appeared, self.damaged) = (0, None, None);
        self.sums.clear();
    }

    /// Whether the picture above the band goes on, and moves.
    fn moves_above(
        &self,
        grid: &Grid,
        cells: &Cells,
        height: usize,
        changes: &CellChanges,
    ) -> bool {
        let lines = grid.height().saturating_sub(height.max(self.height));
        let rows = (lines / CELL)
            .saturating_sub(cells.rows.start)
            .min(changes.rows().len());
        if rows == 0 || self.sums.len() != grid.sum().len() {
            return false;
        }
        let count = (rows * cells.columns.len()) as f64;
        let jumped: u32 = changes.rows()[..rows]
            .iter()
            .map(|row| u32::from(*row))
            .sum();
        let least = grid.limit(64.0 * CHANGED);
        let changed: usize = (cells.stretches(grid).take(rows))
            .map(|r| {
                let pairs = self.sums[r.clone()].iter().zip(&grid.sum()[r]);
                pairs.filter(|(a, b)| a.abs_diff(**b) > least).count()
            })
            .sum();
        f64::from(jumped) <= CUT * count && changed as f64 >= MOVING * count
    }

    /// A band of the green of zeros.
    fn green(&self, grid: &Grid, cells: &Cells, height: usize) -> Option<Damage> {
        let lines = grid.height();
        if !(LEAST_GREEN..lines * 49 / 50).contains(&height) {
            return None;
        }
        let last = *grid.row_sum().last()?;
        let luma = grid.codes(f64::from(last) / grid.width() as f64);
        // The last row of cells has lines of picture, too, where the band is lower; beyond the picture its last line is repeated.
        let outside = grid.rows() * CELL - lines;
        let share = ((height + outside) as f64 / CELL as f64).min(1.0);
        let mean = |chroma: &[u16], row: usize| {
            let of_row = &chroma[row * grid.columns()..][..grid.columns()];
            let sum: u64 = of_row.iter().map(|c| u64::from(*c)).sum();
            grid.codes(sum as f64 / (16 * grid.columns()) as f64)
        };
        let chroma = |chroma: &[u16]| {
            let (row, above) = (grid.rows() - 1, grid.rows().saturating_sub(2));
            (mean(chroma, row) - (1.0 - share) * mean(chroma, above)) / share
        };
        let slack = if share < 1.0 { 2.0 } else { 1.0 };
        let codes = [luma, chroma(grid.cb()), chroma(grid.cr())];
        self.greens
            .are_green(codes, slack)
            .then(|| damage(grid, cells, height, "green", 0.9))
    }

    /// A band of one colour, or of one line.
    fn band(&self, grid: &Grid, cells: &Cells, height: usize) -> Option<Damage> {
        let first = grid.height() - height;
        let rows = first.div_ceil(CELL)..grid.rows();
        let inner = Cells {
            columns: cells.columns.clone(),
            rows,
        };
        let count = inner.count();
        if count == 0 {
            return None;
        }
        let mean = |of: &[u16]| {
            let sums = inner
                .stretches(grid)
                .map(|r| of[r].iter().map(|v| u64::from(*v)).sum::<u64>());
            grid.codes(sums.sum::<u64>() as f64 / count as f64)
        };
        let detail = mean(grid.dx()) / 56.0;
        if detail >= STRIPED {
            return Some(damage(grid, cells, height, "lower-part", 0.9));
        }
        let step = grid.codes(f64::from(grid.row_dy()[first]) / grid.width() as f64);
        if detail > PLAIN || step < STEP {
            return None;
        }
        let distance = |chroma: f64| (chroma / 16.0 - 128.0).abs();
        let chroma = distance(mean(grid.cb())).max(distance(mean(grid.cr())));
        let over_black = mean(grid.sum()) / 64.0 - grid.codes(self.black);
        let name = match (over_black >= BLACK, chroma >= COLOURED) {
            (_, true) => "lower-part",
            (true, false) => "grey",
            (false, false) => return None,
        };
        Some(damage(grid, cells, height, name, 0.8))
    }
}

/// How many lines at the bottom are like one another.
fn height_of_band(grid: &Grid) -> usize {
    let most = f64::from(grid.limit(SAME_LINE * 16.0)) / 16.0 * grid.width() as f64;
    let same = |dy: &&u32| f64::from(**dy) <= most;
    match grid.row_dy()[1.min(grid.height())..]
        .iter()
        .rev()
        .take_while(same)
        .count()
    {
        0 => 0,
        lines => lines + 1,
    }
}

fn damage(
    grid: &Grid,
    cells: &Cells,
    height: usize,
    detail: &'static str,
    confidence: f64,
) -> Damage {
    let first = (grid.height() - height) / CELL;
    Damage {
        share: height as f64 / grid.height().max(1) as f64,
        cells: Cells {
            columns: cells.columns.clone(),
            rows: first..grid.rows(),
        },
        confidence,
        detail,
    }
}
