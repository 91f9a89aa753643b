// SPDX-License-Identifier: MPL-2.0
//! Detects scene cuts: pictures in which many more cells jump than usual in this programme.

use super::{Cells, Grid};
use crate::media::{MS, Ns};

/// Share of the cells that jump by a cut: chosen; fast sport makes a third to a half for many pictures in a row.
const LEAST_SHARE: f64 = 0.35;
/// By how much that share exceeds its average at a cut. Chosen.
const LEAST_RISE: f64 = 0.25;
/// How fast the average is learnt, per picture.
const LEARN: f64 = 0.2;
/// How many cuts are remembered.
const MOST_CUTS: usize = 16;
/// Time around a cut in which a change may be caused by the cut.
const NEAR: Ns = 300 * MS;
/// Time after a cut in which a codec builds up the new picture in steps.
const SETTLING: Ns = 200 * MS;
/// Change of a cell's mean luma, in 8-bit codes, above which the cell jumped.
const JUMP: f64 = 12.0;

/// Finds cuts, and remembers the latest.
#[derive(Debug, Default)]
pub struct SceneCutDetector {
    /// A ring; the latest is before `next`.
    cuts: [Option<Ns>; MOST_CUTS],
    next: usize,
    /// Average share of the cells that jump from picture to picture.
    average: f64,
}

impl SceneCutDetector {
    /// Takes the share of the cells that jumped from the last picture to the one at `at`; `None` if there was none
    /// before, which counts as a cut.
    pub fn step(&mut self, at: Ns, jumped: Option<f64>) {
        let is_cut =
            jumped.is_none_or(|jumped| jumped > LEAST_SHARE && jumped > self.average + LEAST_RISE);
        if is_cut {
            self.cuts[self.next] = Some(at);
            self.next = (self.next + 1) % MOST_CUTS;
        }
        match jumped {
            Some(jumped) => self.average += (jumped - self.average) * LEARN,
            None => self.average = 0.0,
        }
    }

    fn latest(&self) -> Option<Ns> {
        self.cuts[(self.next + MOST_CUTS - 1) % MOST_CUTS]
    }

    /// Whether the picture at `at` is the first after a cut.
    pub fn is_cut(&self, at: Ns) -> bool {
        self.latest() == Some(at)
    }

    /// Whether a change in the picture at `at` can't come from a cut shortly before. False before the first picture.
    pub fn is_steady(&self, at: Ns) -> bool {
        self.latest().is_some_and(|cut| at.abs_diff(cut) > SETTLING)
    }

    /// Whether there was a cut within 300 ms of `at`.
    pub fn any_near(&self, at: Ns) -> bool {
        self.cuts
            .iter()
            .flatten()
            .any(|cut| cut.abs_diff(at) <= NEAR)
    }
}

/// Compares the mean luma of cells with those of the picture before.
#[derive(Debug, Default)]
pub struct CellChanges {
    /// Sums of the last picture.
    sums: Vec<u16>,
    /// How many cells of each row jumped, from the first row of `cells` on, in the last step and in the one before.
    rows: Vec<u16>,
    rows_before: Vec<u16>,
}

impl CellChanges {
    /// How many cells jumped in each row of the `cells` of the last step; empty after the first picture.
    pub fn rows(&self) -> &[u16] {
        &self.rows
    }

    /// The same of the step before.
    pub fn rows_before(&self) -> &[u16] {
        &self.rows_before
    }

    /// Takes the next picture; the share of `cells` that jumped, 0 to 1. `None` for the first picture, or the first of another size.
    pub fn step(&mut self, grid: &Grid, cells: &Cells) -> Option<f64> {
        if self.sums.len() != grid.sum().len() {
            self.sums.clear();
            self.sums.extend_from_slice(grid.sum());
            for rows in [&mut self.rows, &mut self.rows_before] {
                rows.clear();
                rows.reserve(grid.rows());
            }
            return None;
        }
        let least = grid.limit(64.0 * JUMP);
        let mut jumped = 0u64;
        std::mem::swap(&mut self.rows, &mut self.rows_before);
        self.rows.clear();
        for r in cells.row_ranges(grid) {
            let pairs = self.sums[r.clone()].iter().zip(&grid.sum()[r]);
            let count: u16 = pairs.map(|(a, b)| u16::from(a.abs_diff(*b) > least)).sum();
            jumped += u64::from(count);
            self.rows.push(count);
        }
        self.sums.copy_from_slice(grid.sum());
        Some(jumped as f64 / cells.count().max(1) as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::picture::canvas::Canvas;

    #[test]
    fn a_cut_is_a_rise_over_the_pace() {
        let mut cuts = SceneCutDetector::default();
        for n in 0..10 {
            cuts.step(n * 40 * MS, if n == 0 { None } else { Some(0.1) });
        }
        assert!(cuts.is_steady(400 * MS) && !cuts.is_cut(360 * MS));
        cuts.step(400 * MS, Some(0.9));
        assert!(cuts.is_cut(400 * MS) && !cuts.is_steady(560 * MS) && cuts.is_steady(640 * MS));
        assert!(cuts.any_near(650 * MS) && !cuts.any_near(750 * MS));
    }

    #[test]
    fn fast_motion_is_no_cut() {
        let mut cuts = SceneCutDetector::default();
        cuts.step(0, None);
        for (n, jumped) in [0.1, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45]
            .into_iter()
            .enumerate()
        {
            let at = (n as Ns + 1) * 40 * MS;
            cuts.step(at, Some(jumped));
            assert!(!cuts.is_cut(at), "{jumped}");
        }
    }

    #[test]
    fn cells_that_jump_are_counted() {
        let (dark, mut half) = (
            Canvas::new(64, 64, [40, 128, 128]),
            Canvas::new(64, 64, [40, 128, 128]),
        );
        half.fill(0, 0, 64, 32, [60, 128, 128]);
        let cells = Cells::all(&dark.grid());
        let mut changes = CellChanges::default();
        let mut step = |canvas: &Canvas| changes.step(&canvas.grid(), &cells);
        assert_eq!(
            (step(&dark), step(&half), step(&half)),
            (None, Some(0.5), Some(0.0))
        );
    }
}
