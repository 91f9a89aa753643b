// SPDX-License-Identifier: MPL-2.0
//! Which part of a picture is which frame.

use crate::media::picture::{Cells, Grid, new_edge, vectorized};

/// Change of a cell's mean, in 8-bit codes, up to which the cell shows the same. Chosen: what a codec does to a repeated picture stays
/// below.
const MOST_UNCHANGED: f64 = 0.5;
/// Change of a cell's mean, in 8-bit codes, from which it has moved. Chosen: noise stays below.
const LEAST_MOVED: f64 = 1.5;
/// Cells that must move on each side of the row, as a share of all: chosen.
const LEAST: f64 = 0.01;
/// And in as many columns near the row, on each side.
const WIDE: f64 = 0.2;
/// Lines that each part has at least: a codec holds back whole rows of blocks, of 16 lines and at the edge of a picture what is left of
/// them (seen in a fade of "Big Buck Bunny", 640x360 H.264, whose last 8 lines lag).
const LOWEST: usize = 32;
/// Rows of cells that are near.
const NEAR: usize = 12;
/// The edge along the row, in standard deviations of the new edges of all lines: a spike.
const SPIKE: f64 = 4.0;

/// A torn picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tear {
    /// The first line below the tear.
    pub row: usize,
    /// Share of the moving cells that fit.
    pub fit: f64,
    /// Whether the part below is the older one.
    pub lower_is_older: bool,
    /// Confidence, 0 to 1.
    pub confidence: f64,
}

/// Finds the row that divides two frames. Per row of cells: how many that move were held back (stale), and how many went on (fresh).
#[derive(Debug, Default)]
pub struct TearSearch {
    stale: Vec<u32>,
    fresh: Vec<u32>,
}

impl TearSearch {
    /// Whether `torn` is partly as `older` and partly newer. `after` is the next picture; `motion_reference` two pictures that show what
    /// moves.
    pub fn find(
        &mut self,
        torn: &Grid,
        older: &Grid,
        after: &Grid,
        motion_reference: (&Grid, &Grid),
        cells: &Cells,
        threshold: f64,
    ) -> Option<Tear> {
        self.count(torn, older, after, motion_reference, cells);
        let (all_stale, all_fresh) = (
            self.stale.iter().sum::<u32>(),
            self.fresh.iter().sum::<u32>(),
        );
        let least = (LEAST * cells.count() as f64).max(2.0);
        if f64::from(all_stale) < least || f64::from(all_fresh) < least {
            return None;
        }
        let (row, fit, lower_is_older) = self.best(all_stale, all_fresh)?;
        let (above, below) = self.sides(row, lower_is_older);
        // Where nothing moves there's no share, which fails, too.
        let fits = above >= threshold && below >= threshold;
        if !fits {
            return None;
        }
        let cell_row = cells.rows.start + row;
        if !self.is_wide(torn, older, after, cells, cell_row) {
            return None;
        }
        let (line, spike) = new_edge(torn, [older, after], cell_row)?;
        let lowest = line.min(torn.height().saturating_sub(line));
        (spike >= SPIKE && lowest >= LOWEST).then(|| Tear {
            row: line,
            fit,
            lower_is_older,
            confidence: (0.6 + spike / 60.0).min(1.0),
        })
    }

    fn count(
        &mut self,
        torn: &Grid,
        older: &Grid,
        after: &Grid,
        motion_reference: (&Grid, &Grid),
        cells: &Cells,
    ) {
        let (same, moved) = (
            torn.limit(64.0 * MOST_UNCHANGED),
            torn.limit(64.0 * LEAST_MOVED),
        );
        self.stale.clear();
        self.fresh.clear();
        for r in cells.row_ranges(torn) {
            let grids = [torn, older, after, motion_reference.0, motion_reference.1];
            let sums = grids.map(|grid| &grid.sum()[r.clone()]);
            let (stale, fresh) = vectorized(count_row, (sums, same, moved));
            self.stale.push(u32::from(stale));
            self.fresh.push(u32::from(fresh));
        }
    }

    /// The row of cells that divides the two best, from which on the lower part begins.
    fn best(&self, all_stale: u32, all_fresh: u32) -> Option<(usize, f64, bool)> {
        let all = f64::from(all_stale + all_fresh);
        let (mut stale, mut fresh) = (0u32, 0u32);
        let mut best = None::<(usize, f64, bool)>;
        for (row, (h, w)) in self.stale.iter().zip(&self.fresh).enumerate() {
            for (fits, lower) in [
                (fresh + all_stale - stale, true),
                (stale + all_fresh - fresh, false),
            ] {
                let fit = f64::from(fits) / all;
                if row > 0 && best.is_none_or(|(_, most, _)| fit > most) {
                    best = Some((row, fit, lower));
                }
            }
            stale += h;
            fresh += w;
        }
        best
    }

    /// The shares of the moving cells above and below the row that fit. The row of cells at the tear has both.
    fn sides(&self, row: usize, lower_is_older: bool) -> (f64, f64) {
        let share = |range: std::ops::Range<usize>, stale: bool| {
            let h = f64::from(self.stale[range.clone()].iter().sum::<u32>());
            let w = f64::from(self.fresh[range].iter().sum::<u32>());
            if stale { h / (h + w) } else { w / (h + w) }
        };
        let end = self.stale.len();
        let above = share(0..row.saturating_sub(1).max(1), !lower_is_older);
        let below = share((row + 1).min(end - 1)..end, lower_is_older);
        (above, below)
    }

    /// Whether something moves near the row on both sides, over enough of the width: what was held back moves afterwards.
    fn is_wide(&self, torn: &Grid, older: &Grid, after: &Grid, cells: &Cells, row: usize) -> bool {
        let moved = torn.limit(64.0 * LEAST_MOVED);
        let columns = |rows: std::ops::Range<usize>| {
            cells
                .columns
                .clone()
                .filter(|column| {
                    rows.clone().any(|row| {
                        let i = row * torn.columns() + column;
                        let now = torn.sum()[i];
                        now.abs_diff(after.sum()[i])
                            .max(now.abs_diff(older.sum()[i]))
                            >= moved
                    })
                })
                .count()
        };
        let above = columns(row.saturating_sub(NEAR).max(cells.rows.start)..row);
        let below = columns(row..(row + NEAR).min(cells.rows.end));
        above.min(below) as f64 >= WIDE * cells.columns.len() as f64
    }
}

/// How many cells of a row are as in the older picture, and how many are newer, of those that move: between the picture and the next one
/// and in the motion reference. The sums are those of the picture, the older one, the next one and the two of the reference.
#[inline(always)]
fn count_row(([now, old, next, a, b], same, moved): ([&[u16]; 5], u16, u16)) -> (u16, u16) {
    let (mut stale, mut fresh) = (0u16, 0u16);
    for (((now, old), next), (a, b)) in now.iter().zip(old).zip(next).zip(a.iter().zip(b)) {
        let moves = (now.abs_diff(*next) >= moved) & (a.abs_diff(*b) >= moved);
        let change = now.abs_diff(*old);
        stale += u16::from(moves & (change <= same));
        fresh += u16::from(moves & (change >= moved));
    }
    (stale, fresh)
}
