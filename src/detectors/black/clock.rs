// SPDX-License-Identifier: MPL-2.0
//! Tells a clock or timecode that runs over black from a title, a subtitle and a small light.
//!
//! A clock is a line of text that stays in place: at some place in its right half it changes at least once a second,
//! again and again, without going dark there, and in its left quarter (the hours) it doesn't change. A title stands,
//! text that is typed changes in one place only for a moment, a cursor and a lamp go dark, credits move, and a flame is
//! no line.

use crate::media::{
    MS, Ns, SECOND, Span,
    picture::{Cells, Grid, Patch},
};

/// Least change of the mean luma of a cell in which a digit changed, in 8-bit codes: what lies under a subtitle may move within the
/// limit of black, which is 22 codes by default.
const TICK: f64 = 22.0;
/// The same for the hours, of which less is too much: codecs change a cell by up to 7 codes.
const MOVED: f64 = 8.0;
/// A digit that runs changes at least once in this time and the length of a picture: the seconds do once a second.
const PERIOD: Ns = 1200 * MS;
/// From the first to the last change of a digit before it counts as running: three changes of the seconds.
const KNOWN_AFTER: Ns = 1900 * MS;
/// Time for which the hours have to stand before the line counts as a clock, and between two of their changes.
const HOURS_STAND: Ns = SECOND;
/// A change of the hours may take so long: weaves and conversions of rate spread it over two pictures.
const HOURS_CHANGE: Ns = SECOND / 5;

/// A line that may be a clock.
#[derive(Debug, Default)]
pub struct Clock {
    /// Where it was in the first picture with it; `None`: there is no line.
    patch: Option<Patch>,
    /// Start of that picture.
    since: Ns,
    /// When the hours last changed, or `since`.
    hours_since: Ns,
    is_known: bool,
    /// Sums of luma of its cells in the last picture, row by row.
    sums: Vec<u16>,
    /// Places of about a digit, from left to right.
    places: Vec<Place>,
}

/// A place in the line, as wide as the line is high.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    /// First and last of its changes that came at most [`PERIOD`] after one another.
    changes: Option<(Ns, Ns)>,
    /// Whether it changed in this picture.
    changed: bool,
    /// Whether something in it stands out in this picture.
    lit: bool,
}

impl Clock {
    /// Takes the next picture and the patch in it. `stands_out` says whether a cell, by its index in the grid, does. Returns since when a
    /// clock has been there, if one runs.
    pub fn push(
        &mut self,
        span: Span,
        patch: Option<&Patch>,
        grid: &Grid,
        stands_out: impl Fn(usize) -> bool,
    ) -> Option<Ns> {
        let line = patch.filter(|patch| patch.is_line() && patch.is_at_top_or_bottom(grid));
        let Some(line) = line else {
            self.forget();
            return None;
        };
        let known = self.patch.take().filter(|known| known.is_same_line(line));
        let goes_on = known.filter(|known| self.step(span, known.cells(), grid, stands_out));
        match goes_on {
            Some(known) => self.patch = Some(known),
            None => self.begin(span.start, line, grid),
        }
        self.is_known.then_some(self.since)
    }

    /// There is no line.
    pub fn forget(&mut self) {
        self.patch = None;
    }

    fn begin(&mut self, at: Ns, line: &Patch, grid: &Grid) {
        let cells = line.cells();
        self.sums.clear();
        for row in cells.row_ranges(grid) {
            self.sums.extend_from_slice(&grid.sum()[row]);
        }
        self.places.clear();
        let places = cells.columns.len().div_ceil(cells.rows.len());
        self.places.resize(places, Place::default());
        (self.since, self.hours_since, self.is_known) = (at, at, false);
        self.patch = Some(line.clone());
    }

    /// Takes a picture in which the line is where it was. `false`: it does what no clock does, or no longer runs.
    fn step(
        &mut self,
        span: Span,
        cells: &Cells,
        grid: &Grid,
        stands_out: impl Fn(usize) -> bool,
    ) -> bool {
        let hours_change = self.compare(cells, grid, stands_out);
        let at = span.start;
        let fresh = |last: Ns| at.saturating_sub(last) <= PERIOD.saturating_add(span.duration());
        for place in &mut self.places {
            place.changes = match place.changes {
                _ if !place.lit => None,
                Some((first, last)) if fresh(last) => {
                    Some((first, if place.changed { at } else { last }))
                }
                _ => place.changed.then_some((at, at)),
            };
        }
        let stood = at.saturating_sub(self.hours_since);
        if hours_change && stood > HOURS_CHANGE {
            // Only the hours of a clock that has run may change.
            if !self.is_known || stood < HOURS_STAND {
                return false;
            }
            self.hours_since = at;
        }
        let mut running = self.places.iter().filter_map(|place| place.changes);
        if self.is_known {
            return running.next().is_some();
        }
        let lasting = |(first, last): (Ns, Ns)| last.saturating_sub(first) >= KNOWN_AFTER;
        self.is_known = stood >= HOURS_STAND && running.any(lasting);
        true
    }

    /// Notes in which places of its right half the line changed, and which are lit. Returns whether the hours changed.
    fn compare(&mut self, cells: &Cells, grid: &Grid, stands_out: impl Fn(usize) -> bool) -> bool {
        for place in &mut self.places {
            (place.changed, place.lit) = (false, false);
        }
        let (width, height) = (cells.columns.len(), cells.rows.len());
        let (tick, moved) = (grid.limit(64.0 * TICK), grid.limit(64.0 * MOVED));
        let mut hours_change = false;
        let indices = cells.row_ranges(grid).flatten();
        for (n, (old, i)) in self.sums.iter_mut().zip(indices).enumerate() {
            let (column, new) = (n % width, grid.sum()[i]);
            let change = old.abs_diff(new);
            hours_change |= 4 * column + 4 <= width && change > moved;
            let place = &mut self.places[column / height];
            place.changed |= 2 * column >= width && change > tick;
            place.lit |= stands_out(i);
            *old = new;
        }
        hours_change
    }
}
