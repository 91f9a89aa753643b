// SPDX-License-Identifier: MPL-2.0
//! The borders of one picture.

use std::ops::Range;

use super::bar::BarLimits;
use crate::media::picture::{CELL, Cells, Grid};

/// Share of a row or column of cells that must be black for it to be bar.
const WHOLE: f64 = 0.995;

/// Share of it that suffices once the bars are known: subtitles and logos lie on them.
const COVERED: f64 = 0.4;

/// A bar that has something written on it takes less than this part of the height: else it is a title on black.
const DEEPEST: usize = 3;

/// Mean luma inside the borders over nominal black, in 8-bit codes, from which a picture tells where it ends. (The 40 of
/// the usual rule, less black.)
const BRIGHT: f64 = 24.0;

/// Least share of the frame that a picture within borders takes; titles, clocks and credits on black take less. Chosen: the smallest layout
/// in use, a 4:3 picture with bars all round in a 16:9 frame, has 0.56.
const SMALLEST: f64 = 0.4;
/// The same of a picture that was turned: upright in a wide frame, or wide in an upright one, as long as it fills the frame in one
/// direction and has sides of 9 to 16 but for [`TURNED`]. It has 0.32.
const SMALLEST_TURNED: f64 = 0.27;
const TURNED: f64 = 0.08;
/// From this share of cells that are bar or have letters on it is text. Chosen.
const TEXT: f64 = 0.8;
/// Share of each side along which the picture reaches its border. Chosen: a dark scene has corners that don't.
const STRAIGHT: f64 = 0.3;

/// How wide the borders are, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Borders {
    /// Lines above the picture.
    pub top: usize,
    /// Lines below it.
    pub bottom: usize,
    /// Columns left of it.
    pub left: usize,
    /// Columns right of it.
    pub right: usize,
}

impl Borders {
    /// The smaller one at each side.
    pub fn least(self, other: Self) -> Self {
        Self {
            top: self.top.min(other.top),
            bottom: self.bottom.min(other.bottom),
            left: self.left.min(other.left),
            right: self.right.min(other.right),
        }
    }

    /// Whether it reaches as far as the other at each side, but for that many pixels.
    pub fn covers(&self, other: &Self, slack: usize) -> bool {
        self.top + slack >= other.top
            && self.bottom + slack >= other.bottom
            && self.left + slack >= other.left
            && self.right + slack >= other.right
    }
}

/// The borders that a picture shows; `None` if it is too dark to tell, or mostly black: titles on black have no borders.
pub fn find_borders(grid: &Grid, cells: &Cells) -> Option<Borders> {
    let limits = BarLimits::new(grid, cells);
    let inner = inside_of_bars(grid, &limits, cells)?;
    let is_framed = inner.count() < cells.count();
    let is_layout = || {
        !is_text(grid, &limits, &inner)
            && is_large_enough(&inner, cells)
            && has_straight_edges(grid, &limits, &inner, cells)
    };
    let is_picture = brightness(grid, &inner) >= BRIGHT && (!is_framed || is_layout());
    is_picture.then(|| limits.refine(grid, cells, &inner))
}

/// The cells that are left between the bars at the four sides; `None` if all is bar.
fn inside_of_bars(grid: &Grid, limits: &BarLimits, cells: &Cells) -> Option<Cells> {
    let share_of_bar =
        |row| limits.count_in_row(grid, row, cells) as f64 / cells.columns.len().max(1) as f64;
    let top = depth(cells.rows.clone(), share_of_bar);
    if top == cells.rows.len() {
        return None;
    }
    let bottom = depth(cells.rows.clone().rev(), share_of_bar);
    let rows = cells.rows.start + top..cells.rows.end - bottom;
    let is_bar = |column: &usize| {
        let at = |row: usize| row * grid.columns() + column;
        let count = (rows.clone())
            .filter(|row| limits.is_bar_at(grid, at(*row)))
            .count();
        count as f64 >= WHOLE * rows.len() as f64
    };
    let width = |columns: &mut dyn Iterator<Item = usize>| {
        let outermost = columns.next().is_some_and(|first| is_bar(&first));
        match columns.take_while(is_bar).count() {
            0 => usize::from(outermost),
            more => more + 1,
        }
    };
    let left = width(&mut cells.columns.clone());
    let right = width(&mut cells.columns.clone().rev());
    let first = cells.columns.start + left;
    let columns = first..(cells.columns.end - right).max(first + 1);
    Some(Cells { columns, rows })
}

/// Whether it is text on black: half of the cells are bar, or next to all are bar or have letters on it.
fn is_text(grid: &Grid, limits: &BarLimits, inner: &Cells) -> bool {
    let (mut bar, mut letters) = (0, 0);
    for cell in inner.row_ranges(grid).flatten() {
        let is_bar = limits.is_bar_at(grid, cell);
        bar += usize::from(is_bar);
        letters += usize::from(!is_bar && limits.has_letters(grid, cell));
    }
    2 * bar > inner.count() || (bar + letters) as f64 > TEXT * inner.count() as f64
}

/// Whether a picture of that size can be meant to be watched: titles, clocks and credits on black are smaller.
fn is_large_enough(inner: &Cells, cells: &Cells) -> bool {
    let share = inner.count() as f64 / cells.count().max(1) as f64;
    let (width, height) = (inner.columns.len() as f64, inner.rows.len() as f64);
    let is_turned = |long: f64, short: f64| (short / long / (9.0 / 16.0) - 1.0).abs() <= TURNED;
    let fills_height = inner.rows == cells.rows && is_turned(height, width);
    let fills_width = inner.columns == cells.columns && is_turned(width, height);
    share >= SMALLEST || (share >= SMALLEST_TURNED && (fills_height || fills_width))
}

/// Whether the picture reaches its borders over a good part of each side: text is ragged.
fn has_straight_edges(grid: &Grid, limits: &BarLimits, inner: &Cells, cells: &Cells) -> bool {
    let (columns, rows) = (&inner.columns, &inner.rows);
    let lit = |row: usize, column: usize| !limits.is_bar_at(grid, row * grid.columns() + column);
    let is_straight = |side: &Range<usize>, lit: &dyn Fn(usize) -> bool| {
        side.clone().filter(|at| lit(*at)).count() as f64 >= STRAIGHT * side.len() as f64
    };
    let along_row = |first: usize, second: usize| {
        let second = second.clamp(rows.start, rows.end - 1);
        is_straight(columns, &|column| lit(first, column) || lit(second, column))
    };
    let along_column = |first: usize, second: usize| {
        let second = second.clamp(columns.start, columns.end - 1);
        is_straight(rows, &|row| lit(row, first) || lit(row, second))
    };
    (rows.start == cells.rows.start || along_row(rows.start, rows.start + 1))
        && (rows.end == cells.rows.end || along_row(rows.end - 1, rows.end.saturating_sub(2)))
        && (columns.start == cells.columns.start || along_column(columns.start, columns.start + 1))
        && (columns.end == cells.columns.end
            || along_column(columns.end - 1, columns.end.saturating_sub(2)))
}

/// How many rows from an edge inwards are bar. The outermost one is if the next one is: lines of data lie there.
fn depth(
    rows: impl ExactSizeIterator<Item = usize> + Clone,
    black: impl Fn(usize) -> f64,
) -> usize {
    match depth_of_bar(rows.clone().skip(1), &black) {
        0 => depth_of_bar(rows, black),
        rows => rows + 1,
    }
}

/// How many rows from the first one on are bar, by the share of each that is black.
fn depth_of_bar(
    rows: impl ExactSizeIterator<Item = usize> + Clone,
    black: impl Fn(usize) -> f64,
) -> usize {
    let plain = rows.clone().take_while(|row| black(*row) >= WHOLE).count();
    if plain * DEEPEST >= rows.len() {
        return plain;
    }
    // A logo or a line of text may lie on a bar. Then there is bar on both sides of it, and the picture starts at once.
    let (mut reach, mut clean, mut end) = (0, 0, 0);
    for share in rows.clone().map(black).take_while(|b| *b >= COVERED) {
        reach += 1;
        if share >= WHOLE {
            clean += 1;
            if 2 * clean > reach {
                end = reach;
            }
        }
    }
    if reach <= end + 1 && end * DEEPEST < rows.len() {
        end.max(plain)
    } else {
        plain
    }
}

/// Whether those borders may still be there, perhaps with something written on them.
pub fn still_there(grid: &Grid, cells: &Cells, borders: &Borders) -> bool {
    let limits = BarLimits::new(grid, cells);
    let sides = [
        Cells {
            columns: cells.columns.clone(),
            rows: cells.rows.start..(cells.rows.start + borders.top / CELL).min(cells.rows.end),
        },
        Cells {
            columns: cells.columns.clone(),
            rows: cells.rows.end - borders.bottom.div_ceil(CELL).min(cells.rows.len())
                ..cells.rows.end,
        },
        Cells {
            columns: cells.columns.start
                ..(cells.columns.start + borders.left / CELL).min(cells.columns.end),
            rows: cells.rows.clone(),
        },
        Cells {
            columns: cells.columns.end - (borders.right / CELL).min(cells.columns.len())
                ..cells.columns.end,
            rows: cells.rows.clone(),
        },
    ];
    sides.iter().all(|side| {
        let black: usize = side
            .rows
            .clone()
            .map(|row| limits.count_in_row(grid, row, side))
            .sum();
        black as f64 >= COVERED * side.count() as f64
    })
}

/// Mean luma over nominal black, in 8-bit codes.
fn brightness(grid: &Grid, cells: &Cells) -> f64 {
    grid.codes(cells.mean(grid, grid.sum()) / 64.0 - grid.levels().black)
}
