// SPDX-License-Identifier: MPL-2.0
//! The part of a partly frozen picture that goes on: where it is, and whether it is a clock or a ticker.

use super::{CellActivity, MOVING_PERIOD, Ms, REFINEMENT};
use crate::media::picture::{Area, Cells, Grid};

/// Greatest size of a clock, as a share of the picture: chosen.
const CLOCK: f64 = 0.03;
/// A clock changes at least once in this time.
const CLOCK_PERIOD: Ms = 2000;
/// Least width and greatest height of a ticker, as shares of the picture.
const TICKER_WIDTH: f64 = 0.5;
const TICKER_HEIGHT: f64 = 0.2;

impl CellActivity {
    /// The part that moves, and whether it is a strip.
    pub(super) fn moving_part(
        &self,
        cells: &Cells,
        grid: &Grid,
        at: Ms,
        now: Ms,
    ) -> Option<(Area, bool)> {
        let mut moving: Option<Cells> = None;
        for (row, r) in cells.rows.clone().zip(cells.row_ranges(grid)) {
            for (column, i) in cells.columns.clone().zip(r) {
                let moves = self.last[i] > at.saturating_add(REFINEMENT)
                    && now.saturating_sub(self.last[i]) <= 2 * MOVING_PERIOD
                    && self.last[i].saturating_sub(self.since[i]) >= MOVING_PERIOD;
                if moves {
                    let cell = Cells {
                        columns: column..column + 1,
                        rows: row..row + 1,
                    };
                    moving = Some(moving.map_or(cell, |l| l.including(column, row)));
                }
            }
        }
        let moving = moving?;
        let wide = moving.columns.len() as f64 >= TICKER_WIDTH * cells.columns.len() as f64;
        let low = moving.rows.len() as f64 <= TICKER_HEIGHT * cells.rows.len() as f64;
        Some((moving.area(grid), wide && low))
    }

    /// The part that has changed since the first pictures, if it is as small as a clock and changed lately.
    pub(super) fn clock_part(&self, cells: &Cells, grid: &Grid, now: Ms) -> Option<Area> {
        let (mut part, mut latest) = (None::<Cells>, 0);
        for (row, r) in cells.rows.clone().zip(cells.row_ranges(grid)) {
            for (column, i) in cells.columns.clone().zip(r) {
                if self.last[i] > REFINEMENT {
                    latest = latest.max(self.last[i]);
                    part = Some(match part.take() {
                        Some(part) => part.including(column, row),
                        None => Cells::one(column, row),
                    });
                }
            }
        }
        let small = |part: &Cells| part.count() as f64 <= CLOCK * cells.count() as f64;
        let part = part.filter(small)?;
        (now.saturating_sub(latest) <= CLOCK_PERIOD).then(|| part.area(grid))
    }
}
