// SPDX-License-Identifier: MPL-2.0
//! How much one picture differs from another, by their cells.

use std::ops::Range;

use super::{Cells, Grid};

/// Largest change of a cell that counts, in 8-bit codes: a cell that changed by more has other content, and how much
/// the two differ says nothing about motion.
const MOST: f64 = 30.0;

/// Mean change of the cells' mean luma, in 8-bit codes. Both grids must be of one format.
pub fn change(a: &Grid, b: &Grid, cells: &Cells) -> f64 {
    let most = a.limit(64.0 * MOST);
    let mut total = 0u64;
    for r in cells.row_ranges(a) {
        let pairs = a.sum()[r.clone()].iter().zip(&b.sum()[r]);
        total += u64::from(
            pairs
                .map(|(a, b)| u32::from(a.abs_diff(*b).min(most)))
                .sum::<u32>(),
        );
    }
    a.codes(total as f64 / (64 * cells.count().max(1)) as f64)
}

/// The same with signs: how much brighter the second picture is. A flash or a fade changes all cells in one direction, motion doesn't.
pub fn brightening(a: &Grid, b: &Grid, cells: &Cells) -> f64 {
    let most = i32::from(a.limit(64.0 * MOST));
    let mut total = 0i64;
    for r in cells.row_ranges(a) {
        let pairs = a.sum()[r.clone()].iter().zip(&b.sum()[r]);
        let change = pairs.map(|(a, b)| (i32::from(*b) - i32::from(*a)).clamp(-most, most));
        total += i64::from(change.sum::<i32>());
    }
    a.codes(total as f64 / (64 * cells.count().max(1)) as f64)
}

/// How many cells' sums of luma differ by more than `limit`. Both grids must be of one format.
pub fn count_changed(a: &Grid, b: &Grid, cells: &Cells, limit: u16) -> u32 {
    let of_row = |r: Range<usize>| {
        let pairs = a.sum()[r.clone()].iter().zip(&b.sum()[r]);
        let changed = pairs.map(|(a, b)| u16::from(a.abs_diff(*b) > limit));
        u32::from(changed.sum::<u16>())
    };
    cells.row_ranges(a).map(of_row).sum()
}
