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

/// Least share of the moving cells that show teeth in a combed picture. A ribbed roof that passed by had up to 0.03, two woven clips
/// (640x360, a dog on grass and a juggler) 0.2 to 0.5.
const LEAST_OF_MOVING: f64 = 0.08;

/// How long ago there may have been teeth for the fields of a progressive picture to be looked at. Chosen.
const MEMORY: Ns = 500 * MS;

/// Pictures in a row that show teeth, with pauses of at most [`MEMORY`].
#[derive(Debug, Clone, Copy)]
pub struct CombingStreak {
    /// Start of the first one.
    pub since: Ns,
    /// End of the last one.
    pub until: Ns,
}

impl CombingStreak {
    /// The streak after the picture of `span`; `None` if there is none or it is over. `combed`: that picture shows teeth.
    pub fn after(before: Option<Self>, span: Span, combed: bool) -> Option<Self> {
        let ongoing = before.filter(|streak| streak.until.saturating_add(MEMORY) >= span.start);
        match (ongoing, combed) {
            (ongoing, false) => ongoing,
            (Some(streak), true) => Some(Self {
                until: span.end,
                ..streak
            }),
            (None, true) => Some(Self {
                since: span.start,
                until: span.end,
            }),
        }
    }
}

/// The share of the cells of a picture that show teeth, 0 to 1. 0 if too few of the cells that move against the picture `before` are among
/// them: then the teeth belong to fine texture. Without a picture before nothing moves.
pub fn combed_share(grid: &Grid, before: Option<&Grid>, cells: &Cells) -> f64 {
    let least = grid.limit(LEAST_COMB);
    let mut combed = 0u32;
    let mut combed_and_moving = 0u32;
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
    if combed == 0 {
        return 0.0;
    }
    let all_moving = before.map_or(0, |before| count_changed(grid, before, cells, moving));
    if f64::from(combed_and_moving) < LEAST_OF_MOVING * f64::from(all_moving) {
        return 0.0;
    }
    f64::from(combed) / cells.count().max(1) as f64
}
