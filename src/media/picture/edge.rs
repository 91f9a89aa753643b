// SPDX-License-Identifier: MPL-2.0
//! Horizontal edges over the whole width that are new in a picture.

use super::{CELL, Grid};

/// The line within 16 lines of that row of cells with the steepest edge that two other pictures of the same size haven't got, and how far
/// it stands out among the lines around, in standard deviations; `None` if the picture is too low.
pub fn new_edge(picture: &Grid, others: [&Grid; 2], row: usize) -> Option<(usize, f64)> {
    let new = |y: usize| {
        let usual = others.map(|other| other.row_dy()[y]).into_iter().max();
        f64::from(picture.row_dy()[y]) - f64::from(usual.unwrap_or(0))
    };
    let near = |reach: usize| {
        let from = (row * CELL).saturating_sub(reach).max(1);
        from..(row * CELL + reach).min(picture.height())
    };
    let (line, most) = near(2 * CELL)
        .map(|y| (y, new(y)))
        .max_by(|a, b| a.1.total_cmp(&b.1))?;
    // Without the line itself and its neighbours.
    let (mut count, mut sum, mut squares) = (0.0, 0.0, 0.0);
    for y in near(10 * CELL).filter(|y| y.abs_diff(line) > 2) {
        let edge = new(y);
        (count, sum, squares) = (count + 1.0, sum + edge, squares + edge * edge);
    }
    if count < 8.0 {
        return None;
    }
    let mean: f64 = sum / count;
    // A tenth of a code per pixel is nothing, however even the lines are.
    let least = 0.1 * picture.width() as f64;
    let deviation = (squares / count - mean * mean).max(0.0).sqrt().max(least);
    Some((line, (most - mean) / deviation))
}
