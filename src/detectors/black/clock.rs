// SPDX-License-Identifier: MPL-2.0
//! Tells a clock or timecode that runs over black from a title, a subtitle and a small light.
//!
//! A clock is a line of text that stays in place: somewhere in its right half it changes at least once a second, again
//! and again, and in its left third (the hours) it doesn't. A title stands, text that is typed changes in one place only
//! for a moment, credits move, and a flame is no line.

use crate::media::{
    MS, Ns, SECOND,
    picture::{Grid, Patch},
};

/// Least change of the mean luma of a cell in which a digit changed, in 8-bit codes: codecs change less.
const TICK: f64 = 8.0;
/// A digit that runs changes at least once in this time: the seconds do once a second, and pictures have some length.
const PERIOD: Ns = 1200 * MS;
/// From the first to the last change of a digit before it counts as running: three changes of the seconds.
const KNOWN_AFTER: Ns = 1900 * MS;
/// Time for which the hours have to stand before the line counts as a clock, and between two of their changes.
const HOURS_STAND: Ns = SECOND;

/// A line that may be a clock.
#[derive(Debug, Default)]
pub struct Clock {
    /// Where it was in the first picture with it; `None`: there is no line.
    patch: Option<Patch>,
    /// Start of that picture.
    since: Ns,
    /// When the left third last changed, or `since`.
    hours_since: Ns,
    is_known: bool,
    /// Sums of luma of its cells in the last picture, row by row.
    sums: Vec<u16>,
    /// For each place of about a digit, from left to right, its changes; `None` before the first.
    changes: Vec<Option<Changes>>,
}

/// Changes that came at most [`PERIOD`] after one another.
#[derive(Debug, Clone, Copy)]
struct Changes {
    first: Ns,
    last: Ns,
}

impl Clock {
    /// Takes the next picture, which starts at `at`, and the patch in it. Returns since when a clock has been there, if one runs.
    pub fn push(&mut self, at: Ns, patch: Option<&Patch>, grid: &Grid) -> Option<Ns> {
        let line = patch.filter(|patch| patch.is_line() && patch.is_at_top_or_bottom(grid));
        let Some(line) = line else {
            self.patch = None;
            return None;
        };
        let stays = self.patch.as_ref().is_some_and(|known| known.is_near(line));
        if !stays || !self.step(at, grid) {
            self.begin(at, line, grid);
        }
        let runs = self.is_known
            && self
                .changes
                .iter()
                .flatten()
                .any(|c| at.saturating_sub(c.last) <= PERIOD);
        runs.then_some(self.since)
    }

    fn begin(&mut self, at: Ns, line: &Patch, grid: &Grid) {
        let cells = line.cells();
        self.sums.clear();
        for row in cells.row_ranges(grid) {
            self.sums.extend_from_slice(&grid.sum()[row]);
        }
        self.changes.clear();
        let digits = cells.columns.len().div_ceil(cells.rows.len());
        self.changes.resize(digits, None);
        (self.since, self.hours_since, self.is_known) = (at, at, false);
        self.patch = Some(line.clone());
    }

    /// Notes where the line changed. `false`: as no clock does.
    fn step(&mut self, at: Ns, grid: &Grid) -> bool {
        let Some(cells) = self.patch.as_ref().map(Patch::cells) else {
            return false;
        };
        let (width, height) = (cells.columns.len(), cells.rows.len());
        let limit = grid.limit(64.0 * TICK);
        let new = cells.row_ranges(grid).flat_map(|row| &grid.sum()[row]);
        let mut hours_change = false;
        for (i, (old, new)) in self.sums.iter_mut().zip(new).enumerate() {
            if old.abs_diff(*new) > limit {
                let column = i % width;
                hours_change |= 3 * column + 3 <= width;
                if 2 * column >= width {
                    note(&mut self.changes[column / height], at);
                }
            }
            *old = *new;
        }
        let stood = at.saturating_sub(self.hours_since) >= HOURS_STAND;
        // Only the hours of a clock that has run may change.
        if hours_change && !(stood && self.is_known) {
            return false;
        }
        if hours_change {
            self.hours_since = at;
        }
        let lasting = |c: &Changes| c.last.saturating_sub(c.first) >= KNOWN_AFTER;
        self.is_known |= stood && self.changes.iter().flatten().any(lasting);
        true
    }
}

/// Notes a change at `at`.
fn note(changes: &mut Option<Changes>, at: Ns) {
    *changes = Some(match *changes {
        Some(c) if at.saturating_sub(c.last) <= PERIOD => Changes { last: at, ..c },
        _ => Changes {
            first: at,
            last: at,
        },
    });
}
