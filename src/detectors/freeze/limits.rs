// SPDX-License-Identifier: MPL-2.0
//! Limits of what a codec may do to a still.

use super::change::Change;
use crate::media::picture::{Cells, Grid};

/// How many times the threshold may change before the codec has settled: measured 0.5 % at 0.8 Mb/s.
const LOOSE: f64 = 10.0;
/// Largest mean change of the cells before and after settling, in 8-bit codes: measured up to 0.9 from the first
/// picture of a hold on, and 0.65 once it had settled.
const MEAN: [f64; 2] = [2.0, 1.0];
/// The same with its sign: measured 0.6 and 0.45. A fade of 20 s to black made 7 in the second and a half after
/// settling, one of 20 s to half the light 3.7.
const SHIFT: [f64; 2] = [1.2, 0.7];

/// What may change in a still.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Share of the picture that may change.
    pub area: f64,
    /// Change of a cell that a codec may cause, in 8-bit codes.
    pub tolerance: f64,
    /// Mean change that the codec makes at present, in 8-bit codes.
    pub noise: f64,
}

/// Distance of a picture from those held.
#[derive(Debug, Clone, Copy)]
pub struct Distance {
    /// Whether it still is the held picture.
    pub stays: bool,
    /// Share of the picture that differs.
    pub moved: f64,
    /// Mean change of the cells, in 8-bit codes.
    pub mean: f64,
}

impl Limits {
    /// How far a picture is from the `first` one of a hold and from the `settled` one that a codec has made of it. It
    /// has to be near to both, and very near to one of them: a poor I-frame may come at any time, and be refined to
    /// what was before.
    pub fn distance(&self, first: Change, settled: Option<Change>) -> Distance {
        let other = settled.unwrap_or(first);
        let loose = self.within(0, &first) && self.within(0, &other);
        let strict = settled.is_none() || self.within(1, &first) || self.within(1, &other);
        Distance {
            stays: loose && strict,
            moved: first.moved.min(other.moved),
            mean: first.mean.min(other.mean),
        }
    }

    /// The change from `old` to `new`.
    pub fn change(&self, old: &Grid, new: &Grid, cells: &Cells) -> Change {
        // With the noise measured before, not the distance of these two: light that changes slowly makes that large,
        // too.
        Change::between(old, new, cells, self.tolerance, |_| self.noise)
    }

    fn within(&self, stage: usize, change: &Change) -> bool {
        let near = match stage {
            0 => change.gross <= LOOSE * self.area,
            _ => change.moved <= self.area,
        };
        near && change.mean <= MEAN[stage] && change.shift.abs() <= SHIFT[stage]
    }
}
