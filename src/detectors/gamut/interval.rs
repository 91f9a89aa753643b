// SPDX-License-Identifier: MPL-2.0
//! What is measured in an interval of measurement.

use super::GamutMeasures;
use super::check::Checked;
use super::range::LevelRange;
use crate::media::picture::{Cells, Colours, Grid};

/// Levels of the pictures that were checked in the interval.
#[derive(Debug, Default)]
pub struct Interval {
    /// How often all cells were measured.
    checks: f64,
    /// Largest share of pixels out of range.
    outside: f64,
    ranges: [LevelRange; 4],
    /// Sums of the means of the pictures.
    sums: [f64; 4],
}

impl Interval {
    /// Adds what a check found.
    pub fn add(&mut self, checked: &Checked) {
        self.outside = self.outside.max(checked.outside);
        for (all, range) in self.ranges.iter_mut().zip(&checked.ranges) {
            all.include(range);
        }
    }

    /// Adds the levels of all cells.
    pub fn add_cells(&mut self, grid: &Grid, cells: &Cells, colours: &Colours) {
        let levels = grid.levels();
        let mut sums = [0.0; 4];
        for row in cells.row_ranges(grid) {
            for cell in row {
                for (i, level) in colours.of_cell(grid, cell).into_iter().enumerate() {
                    self.ranges[i].add(level);
                    sums[i] += level;
                }
                let luma = &mut self.ranges[3];
                luma.add(levels.fraction(f64::from(grid.min()[cell])));
                luma.add(levels.fraction(f64::from(grid.max()[cell])));
                sums[3] += levels.fraction(f64::from(grid.sum()[cell]) / 64.0);
            }
        }
        self.checks += 1.0;
        let count = cells.count().max(1) as f64;
        for (all, sum) in self.sums.iter_mut().zip(sums) {
            *all += sum / count;
        }
    }

    /// The measures of the interval; a new one begins. All are NaN if nothing was measured.
    pub fn take(&mut self) -> GamutMeasures {
        let Self {
            checks,
            outside,
            ranges,
            sums,
        } = std::mem::take(self);
        let ranges = ranges.map(|range| range.percent());
        let means = sums.map(|sum| 100.0 * sum / checks);
        GamutMeasures {
            outside: if checks > 0.0 { outside } else { f64::NAN },
            red_min: ranges[0].0,
            red_max: ranges[0].1,
            red_mean: means[0],
            green_min: ranges[1].0,
            green_max: ranges[1].1,
            green_mean: means[1],
            blue_min: ranges[2].0,
            blue_max: ranges[2].1,
            blue_mean: means[2],
            luma_min: ranges[3].0,
            luma_max: ranges[3].1,
            luma_mean: means[3],
        }
    }
}
