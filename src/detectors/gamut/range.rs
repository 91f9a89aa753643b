// SPDX-License-Identifier: MPL-2.0
//! Ranges of levels: the one that is allowed, and those that were measured.

use super::GamutRange;
use crate::media::picture::Grid;

/// How far R103 lets components go beyond nominal black and white.
const R103: f64 = 0.05;

/// The range of levels that is allowed, as fractions of nominal white.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    pub low: f64,
    pub high: f64,
}

impl Bounds {
    /// The bounds, wider by half a code at the depth of the grid, since levels are rounded to codes.
    pub fn new(range: GamutRange, grid: &Grid) -> Self {
        let beyond = match range {
            GamutRange::R103 => R103,
            GamutRange::Nominal => 0.0,
        };
        let levels = grid.levels();
        let rounding = 0.5 / (levels.white - levels.black);
        Self {
            low: -beyond - rounding,
            high: 1.0 + beyond + rounding,
        }
    }
}

/// Least and greatest level of one component, as fractions of nominal white; least above greatest before anything was added.
#[derive(Debug, Clone, Copy)]
pub struct LevelRange {
    min: f64,
    max: f64,
}

impl Default for LevelRange {
    fn default() -> Self {
        Self {
            min: f64::MAX,
            max: f64::MIN,
        }
    }
}

impl LevelRange {
    /// Adds a level.
    pub fn add(&mut self, level: f64) {
        (self.min, self.max) = (self.min.min(level), self.max.max(level));
    }

    /// Adds all of another range.
    pub fn include(&mut self, other: &Self) {
        (self.min, self.max) = (self.min.min(other.min), self.max.max(other.max));
    }

    /// Both in percent of nominal white; NaN before anything was added.
    pub fn percent(&self) -> (f64, f64) {
        if self.min > self.max {
            (f64::NAN, f64::NAN)
        } else {
            (100.0 * self.min, 100.0 * self.max)
        }
    }
}
