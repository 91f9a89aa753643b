// SPDX-License-Identifier: MPL-2.0
//! Which field of a picture is the earlier one, told from motion alone.
//!
//! Where the picture moves, a cell's mean changes with time, and the means of its two fields differ by as much as they are apart
//! in time. So the difference even minus odd lines, set against the change from frame to frame, has the slope -1/2 if the even
//! lines (top field) are half a frame earlier, +1/2 if they are later, 0 if both are of one time, and +1 or -1 if one
//! field is of the neighbouring frame. That the odd lines lie one line lower shows as the vertical gradient, which is
//! taken off.

use std::sync::Arc;

use crate::media::picture::{Cells, Grid};

/// A frame: both fields in one grid, or one field in each of two.
#[derive(Debug, Clone)]
pub enum Frame {
    /// Woven.
    Woven(Arc<Grid>),
    /// Top and bottom field apart.
    Apart(Arc<Grid>, Arc<Grid>),
}

impl Frame {
    /// The grid of the frame, or of its top field.
    pub fn grid(&self) -> &Grid {
        match self {
            Self::Woven(grid) | Self::Apart(grid, _) => grid,
        }
    }

    /// Means of the top and the bottom field in a cell, in codes.
    fn means(&self, cell: usize) -> (f32, f32) {
        match self {
            Self::Woven(grid) => {
                let (all, odd) = (f32::from(grid.sum()[cell]), f32::from(grid.odd_sum()[cell]));
                ((all - odd) / 32.0, odd / 32.0)
            }
            Self::Apart(top, bottom) => (
                f32::from(top.sum()[cell]) / 64.0,
                f32::from(bottom.sum()[cell]) / 64.0,
            ),
        }
    }

    /// How far the lines of the bottom field lie under those of the top field, in lines of a cell.
    fn offset(&self) -> f32 {
        if matches!(self, Self::Woven(_)) {
            1.0
        } else {
            0.5
        }
    }
}

/// Change of a cell's mean from frame to frame, in 8-bit codes, that is motion: less is noise, more is other content.
const SLOWEST: f64 = 1.0;
const FASTEST: f64 = 40.0;

/// Of pictures with more cells than this (720x576 has 6480) every second cell in every second row is enough.
const DENSE: usize = 8000;

/// Sums of a linear regression, fading with time.
#[derive(Debug, Default, Clone, Copy)]
pub struct Slope {
    cells: f64,
    change2: f64,
    both: f64,
    fields2: f64,
}

/// The order of fields by the motion.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Order {
    /// Time of the top field against the bottom field, in frames: -0.5 = top first, +0.5 = bottom first, 0 = one time.
    pub lag: f64,
    /// How well the fields' difference goes with the motion, 0 to 1.
    pub fit: f64,
}

/// Least fit with which the lag is believed.
const LEAST_FIT: f64 = 0.45;

/// Share of the moving cells with teeth below which more than that is asked for: 0.64 at 0.02. Set on woven clips.
const FEW_OF_MOVING: f64 = 0.08;

/// Fields differ by no more than a frame's motion. Where they differ by this many times that, on the whole, it is fine texture that
/// hardly moves, and the slope says nothing (a corrugated roof in a slow pan: 2 to 2.4; fields a frame apart: 1). Chosen.
const MOST_LAG_PER_FIT: f64 = 1.5;

impl Order {
    /// Whether it can be believed.
    pub fn is_sure(&self) -> bool {
        self.is_at_least(LEAST_FIT)
    }

    /// Whether it can be believed of pictures in which that share of the moving cells shows teeth: where few do, the motion has to prove
    /// more.
    pub fn is_sure_of_combing(&self, of_moving: f64) -> bool {
        let few = (FEW_OF_MOVING / of_moving.max(0.01)).powf(0.25).max(1.0);
        self.is_at_least(LEAST_FIT * few)
    }

    fn is_at_least(&self, fit: f64) -> bool {
        self.fit >= fit && self.lag.abs() <= MOST_LAG_PER_FIT * self.fit
    }
}

/// Least number of cells that moved for an order to be told; counted with the fading of [`Slope::fade`].
const LEAST_CELLS: f64 = 150.0;

impl Slope {
    /// Forgets a part: after `n` calls with `1 - 1/n` about a third is left.
    pub fn fade(&mut self, keep: f64) {
        for sum in [
            &mut self.cells,
            &mut self.change2,
            &mut self.both,
            &mut self.fields2,
        ] {
            *sum *= keep;
        }
    }

    /// Adds the sums of another slope.
    pub fn add(&mut self, other: &Self) {
        self.cells += other.cells;
        self.change2 += other.change2;
        self.both += other.both;
        self.fields2 += other.fields2;
    }

    /// Adds the motion of the cells of the frame in the middle of three.
    pub fn add_motion(&mut self, [before, now, after]: [&Frame; 3], cells: &Cells) {
        let grid = now.grid();
        let columns = grid.columns();
        let step = if cells.count() > DENSE { 2 } else { 1 };
        let [slowest, fastest] = [SLOWEST, FASTEST].map(|codes| f32::from(grid.limit(codes)));
        let mean = |frame: &Frame, cell: usize| {
            let (top, bottom) = frame.means(cell);
            (top + bottom) / 2.0
        };
        for row in (cells.rows.start.max(1)..cells.rows.end.min(grid.rows() - 1)).step_by(step) {
            let mut sums = [0.0f32; 4];
            for column in cells.columns.clone().step_by(step) {
                let cell = row * columns + column;
                let change = (mean(after, cell) - mean(before, cell)) / 2.0;
                if change.abs() < slowest || change.abs() > fastest {
                    continue;
                }
                let (top, bottom) = now.means(cell);
                let gradient = (mean(now, cell + columns) - mean(now, cell - columns)) / 16.0;
                let fields = (top - bottom + gradient * now.offset()).clamp(-fastest, fastest);
                sums[0] += 1.0;
                sums[1] += change * change;
                sums[2] += change * fields;
                sums[3] += fields * fields;
            }
            self.cells += f64::from(sums[0]);
            self.change2 += f64::from(sums[1]);
            self.both += f64::from(sums[2]);
            self.fields2 += f64::from(sums[3]);
        }
    }

    /// The order of fields; `None` if too little has moved.
    pub fn order(&self) -> Option<Order> {
        if self.cells < LEAST_CELLS || self.change2 <= 0.0 || self.fields2 <= 0.0 {
            return None;
        }
        Some(Order {
            lag: self.both / self.change2,
            fit: self.both.abs() / (self.change2 * self.fields2).sqrt(),
        })
    }
}
