// SPDX-License-Identifier: MPL-2.0
//! Teeth: lines that stick out against both of their neighbours, as two interleaved fields of different times show them where something
//! moves.

use crate::media::{
    MS, Ns, Span,
    picture::{Cells, Grid, count_changed},
};

/// Least comb energy of a cell with teeth: sum over its 64 pixels of what sticks out by more than 9 codes, in 8-bit codes. 1.5 per pixel,
/// so that a few sharp points in a cell aren't enough. Chosen.
const LEAST_COMB: f64 = 96.0;

/// Where fields are interleaved, neighbouring lines differ by more than 5/4 of what lines of one field do. Chosen.
const FRAME_LINES: u32 = 4;
const FIELD_LINES: u32 = 5;

/// Change of a cell's mean luma from picture to picture, in 8-bit codes, from which something moves in it beyond doubt. Chosen.
const MOVING: f64 = 3.0;

/// Least share of the moving cells that show teeth while a picture is combed. A ribbed roof that passed by had up to 0.03 in a picture and
/// 0.02 over half a second; woven clips in which little has an outline 0.03 to 0.06, others 0.1 to 0.7.
const LEAST_OF_MOVING: f64 = 0.02;

/// How long ago there may have been teeth for the fields of a progressive picture to be looked at. Chosen.
const MEMORY: Ns = 500 * MS;

/// The teeth of a picture.
#[derive(Debug, Default, Clone, Copy)]
pub struct Teeth {
    /// Share of the cells that show teeth, 0 to 1.
    share: f64,
    /// Cells that move against the picture before, and those of them that show teeth.
    moving: u32,
    combed_and_moving: u32,
}

/// Pictures in a row that show teeth, with pauses of at most [`MEMORY`].
#[derive(Debug, Clone, Copy)]
pub struct CombingStreak {
    /// Start of the first one.
    pub since: Ns,
    /// End of the last one.
    pub until: Ns,
    /// Moving cells of all of them, and those that show teeth.
    moving: u32,
    combed_and_moving: u32,
}

impl CombingStreak {
    /// The streak after the picture of `span`; `None` if there is none or it is over. `least`: share of the picture that must show
    /// teeth.
    pub fn after(before: Option<Self>, span: Span, teeth: &Teeth, least: f64) -> Option<Self> {
        let ongoing = before.filter(|streak| streak.until.saturating_add(MEMORY) >= span.start);
        if teeth.combed_share() < least {
            return ongoing;
        }
        let before = ongoing.unwrap_or(Self {
            since: span.start,
            until: span.end,
            moving: 0,
            combed_and_moving: 0,
        });
        Some(Self {
            until: span.end,
            moving: before.moving.saturating_add(teeth.moving),
            combed_and_moving: before
                .combed_and_moving
                .saturating_add(teeth.combed_and_moving),
            ..before
        })
    }

    /// Takes note that the motion up to `span` shows both fields to be of one time. Once the streak is longer than [`MEMORY`], its teeth so
    /// far are taken for texture, and it begins anew.
    pub fn refute(&mut self, span: Span) {
        if span.end.saturating_sub(self.since) > MEMORY {
            self.since = span.start;
        }
    }

    /// Share of the moving cells that show teeth, 0 to 1.
    pub fn of_moving(&self) -> f64 {
        f64::from(self.combed_and_moving) / f64::from(self.moving.max(1))
    }
}

impl Teeth {
    /// The teeth of a picture; without a picture `before` nothing moves.
    pub fn of(grid: &Grid, before: Option<&Grid>, cells: &Cells) -> Self {
        let least = grid.limit(LEAST_COMB);
        let (mut combed, mut combed_and_moving) = (0u32, 0u32);
        let before = before.filter(|before| before.sum().len() == grid.sum().len());
        let moving = grid.limit(64.0 * MOVING);
        for r in cells.row_ranges(grid) {
            // Most rows have no cell with teeth: that is seen at once.
            let has_teeth = |comb: &u16| u16::from(*comb >= least);
            if grid.comb()[r.clone()].iter().map(has_teeth).sum::<u16>() == 0 {
                continue;
            }
            for i in r.filter(|i| grid.comb()[*i] >= least) {
                let lines = u32::from(grid.dy()[i]) + u32::from(grid.top()[i]);
                let is_combed = FRAME_LINES * lines > FIELD_LINES * u32::from(grid.dy2()[i]);
                let moves = before.is_some_and(|b| b.sum()[i].abs_diff(grid.sum()[i]) > moving);
                combed += u32::from(is_combed);
                combed_and_moving += u32::from(is_combed && moves);
            }
        }
        // Mostly there are none, and the count of what moves isn't needed.
        if combed == 0 {
            return Self::default();
        }
        Self {
            share: f64::from(combed) / cells.count().max(1) as f64,
            moving: before.map_or(0, |before| count_changed(grid, before, cells, moving)),
            combed_and_moving,
        }
    }

    /// The share of the picture that is combed, 0 to 1. 0 if too little of what moves shows teeth: then they belong to fine texture.
    pub fn combed_share(&self) -> f64 {
        let is_of_motion =
            f64::from(self.combed_and_moving) >= LEAST_OF_MOVING * f64::from(self.moving);
        if is_of_motion { self.share } else { 0.0 }
    }
}
