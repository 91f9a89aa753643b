// SPDX-License-Identifier: MPL-2.0
//! What a codec may do to a still.

use super::change::Change;
use crate::core::picture::{Cells, Grid};

/// So much more than the threshold may change before the codec has settled: measured 0.5 % at 0.8 Mb/s.
const LOOSE: f64 = 10.0;
/// Mean change of the cells, in 8-bit codes: measured up to 0.9 from the first picture of a hold on, and 0.65 once it had settled.
const MEAN: [f64; 2] = [2.0, 1.0];
/// Mean change with its sign, in 8-bit codes: measured 0.6 and 0.3. A fade of 20 s makes 5 in the second and a half after settling
/// where a picture is half bright.
const SHIFT: [f64; 2] = [1.2, 0.7];

/// What may change.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Share of the picture that may change.
    pub area: f64,
    /// Change of a cell that a codec may cause, in 8-bit codes.
    pub tolerance: f64,
    /// Mean change that the codec makes at present, in 8-bit codes.
    pub stir: f64,
}

/// How old the picture is that another is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The first of a hold.
    Fresh,
    /// One that the codec has refined.
    Settled,
}

impl Limits {
    /// Whether `new` is still what `old` was, and how far it is from it.
    pub fn allow(&self, stage: Stage, old: &Grid, new: &Grid, cells: &Cells) -> (bool, Change) {
        let change = Change::between(old, new, cells, self.tolerance, self.stir);
        let area = match stage {
            Stage::Fresh => LOOSE * self.area,
            Stage::Settled => self.area,
        };
        let near = change.moved <= area
            && change.mean <= MEAN[stage as usize]
            && change.shift.abs() <= SHIFT[stage as usize];
        (near, change)
    }
}
