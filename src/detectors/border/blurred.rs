// SPDX-License-Identifier: MPL-2.0
//! Side panels filled with a blurred copy of the picture, as upright recordings get them in wide programmes.

use super::find::Borders;
use crate::media::picture::{CELL, Cells, Grid};

/// Gradient in a blurred panel, as a share of that of the picture in the middle. Chosen: a blur that is meant to be seen takes
/// away all fine detail; a defocused background keeps some at the edges of things.
const SOFT: f64 = 0.15;

/// Mean gradient per pixel in the middle, in 8-bit codes, from which a picture has enough detail to compare.
const DETAILED: f64 = 2.0;

/// Panels take at least this share of the width, each; an upright 9:16 picture leaves 0.34.
const NARROWEST: f64 = 0.08;

/// By how many cells the widths of the two panels may differ.
const MOST_UNEQUAL: usize = 2;

/// Gradient across the edge of a panel, as a multiple of that of the columns beside it in the panel.
const EDGE: f64 = 4.0;

/// Step of luma across the edge of a panel, in 8-bit codes, and the least share of the rows that have one. Chosen.
const STEP: f64 = 1.5;
const ALONG: f64 = 0.5;

/// The panels of a picture as its borders; `None` if it has none. `profile` is room for one number a column.
pub fn find_panels(grid: &Grid, cells: &Cells, profile: &mut Vec<u32>) -> Option<Borders> {
    let width = cells.columns.len();
    fill(grid, cells, profile);
    let samples = (2 * 56 * cells.rows.len()).max(1) as f64;
    let third = &profile[width / 3..width - width / 3];
    let sum: u64 = third.iter().copied().map(u64::from).sum();
    let middle = sum as f64 / (third.len().max(1) as f64 * samples);
    if grid.codes(middle) < DETAILED {
        return None;
    }
    let soft = |gradient: &&u32| f64::from(**gradient) <= SOFT * middle * samples;
    let left = profile.iter().take_while(soft).count();
    let right = profile.iter().rev().take_while(soft).count();
    let enough = (NARROWEST * width as f64) as usize;
    if left.min(right) < enough.max(2)
        || left.abs_diff(right) > MOST_UNEQUAL
        || left + right >= width
    {
        return None;
    }
    let across = |column: usize| -> f64 {
        let cell = |row: usize| grid.left()[row * grid.columns() + column.min(grid.columns() - 1)];
        let sum: f64 = cells.rows.clone().map(|row| f64::from(cell(row))).sum();
        grid.codes(sum / (CELL * cells.rows.len()) as f64)
    };
    let edge = |column: usize, in_panel: usize| across(column) > EDGE * across(in_panel).max(0.25);
    // Where the panel's edge is that of the picture, most rows show it; text in the middle of a plain card has none.
    let along = |columns: [usize; 2]| {
        let step = |row: usize, column: usize| {
            let cell = row * grid.columns() + column.min(grid.columns() - 1);
            grid.left()[cell] >= grid.limit(CELL as f64 * STEP)
        };
        let rows = cells.rows.clone();
        let count = rows
            .filter(|row| columns.iter().any(|column| step(*row, *column)))
            .count();
        count as f64 >= ALONG * cells.rows.len() as f64
    };
    // The edge lies on the border of the first sharp cell, or inside of it.
    let (start, end) = (cells.columns.start + left, cells.columns.end - right);
    let sharp = (edge(start, start - 2) || edge(start + 1, start - 2))
        && (edge(end, end + 2) || edge(end - 1, end + 2))
        && along([start, start + 1])
        && along([end, end - 1]);
    sharp.then_some(Borders {
        left: left * CELL,
        right: right * CELL,
        ..Borders::default()
    })
}

/// Sum of the gradients of each column of cells, within cells.
fn fill(grid: &Grid, cells: &Cells, profile: &mut Vec<u32>) {
    profile.clear();
    profile.resize(cells.columns.len(), 0);
    for r in cells.row_ranges(grid) {
        for ((sum, dx), dy) in profile
            .iter_mut()
            .zip(&grid.dx()[r.clone()])
            .zip(&grid.dy()[r])
        {
            *sum += u32::from(*dx) + u32::from(*dy);
        }
    }
}
