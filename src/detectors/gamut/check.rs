// SPDX-License-Identifier: MPL-2.0
//! Counts the pixels out of range in the cells that may have some: in all of them, or in a sample if they are many.

use super::filter::Filter;
use super::range::{Bounds, LevelRange};
use crate::media::picture::{Cells, Grid, Planes};

/// Most cells that are checked in one picture.
const MOST_CELLS: usize = 2048;
/// After every [`SOME_CELLS`] cells the check stops if the share so far differs from the limit by [`CERTAIN`] standard errors.
const SOME_CELLS: usize = 256;
const CERTAIN: f64 = 4.0;
/// A prime beyond the number of cells of any picture: its multiples visit each cell once, far from each other.
const STRIDE: u64 = 15_485_863;
/// R, G, B, Y as details, in the order of [`Levels`](super::filter::Levels).
pub const COMPONENTS: [&str; 4] = ["red", "green", "blue", "luma"];

/// What a check found.
#[derive(Debug, Clone)]
pub struct Checked {
    /// Share of the pixels of the judged area that are out of range, 0 to 1.
    pub outside: f64,
    /// The component that is out most, by its place in [`COMPONENTS`].
    pub component: usize,
    /// Levels of each component in the cells that were checked.
    pub ranges: [LevelRange; 4],
    /// The smallest rectangle of cells around all with pixels out of range.
    pub cells: Option<Cells>,
}

/// How pictures are checked.
#[derive(Debug, Clone, Copy)]
pub struct Check<'a> {
    /// Reads the pixels.
    pub filter: &'a Filter,
    /// The range that is allowed.
    pub bounds: &'a Bounds,
    /// Whether pixels are low-passed, as R103 asks.
    pub is_filtered: bool,
    /// Whether only lines of the same field are neighbours.
    pub is_interlaced: bool,
    /// Share of the pixels that may be out of range, 0 to 1.
    pub threshold: f64,
}

impl Check<'_> {
    /// Checks the suspects, which are indices of cells in the grid. `judged`: all cells whose pixels count for the share.
    pub fn run(
        &self,
        planes: &Planes<'_>,
        suspects: &[u32],
        (grid, judged): (&Grid, &Cells),
    ) -> Checked {
        let area = judged.area(grid);
        let pixels = (f64::from(area.width) * f64::from(area.height)).max(1.0);
        let (mut outside, mut by_component) = (0u32, [0u32; 4]);
        let mut ranges = [LevelRange::default(); 4];
        let mut place: Option<Cells> = None;
        let (mut checked, mut spread) = (0, Spread::default());
        let share = |outside: u32, checked: usize| {
            f64::from(outside) * suspects.len() as f64 / (checked.max(1) as f64 * pixels)
        };
        while checked < suspects.len().min(MOST_CELLS) {
            if checked > 0 && checked.is_multiple_of(SOME_CELLS) {
                let off = (share(outside, checked) - self.threshold).abs();
                if off > CERTAIN * spread.error() * suspects.len() as f64 / pixels {
                    break;
                }
            }
            // Not one after the other: a regular pattern in the picture would be hit always or never.
            let cell = (checked as u64 * STRIDE % suspects.len() as u64) as usize;
            let cell = suspects[cell] as usize;
            checked += 1;
            let at = (cell % grid.columns(), cell / grid.columns());
            let how = (self.is_filtered, self.is_interlaced);
            let found = self.filter.judge(planes, at, how, self.bounds);
            outside += found.outside;
            spread.add(f64::from(found.outside));
            for k in 0..4 {
                by_component[k] += found.by_component[k];
                ranges[k].include(&found.ranges[k]);
            }
            if found.outside > 0 {
                place = Some(match place {
                    Some(place) => place.including(at.0, at.1),
                    None => Cells::one(at.0, at.1),
                });
            }
        }
        Checked {
            outside: share(outside, checked),
            component: (0..4).max_by_key(|i| by_component[*i]).unwrap_or(0),
            ranges,
            cells: place,
        }
    }
}

/// Mean and variance of the number of pixels out of range in a cell.
#[derive(Debug, Clone, Copy, Default)]
struct Spread {
    count: f64,
    sum: f64,
    squares: f64,
}

impl Spread {
    fn add(&mut self, pixels: f64) {
        self.count += 1.0;
        self.sum += pixels;
        self.squares += pixels * pixels;
    }

    /// Standard error of the mean.
    fn error(&self) -> f64 {
        let mean = self.sum / self.count;
        let variance = (self.squares / self.count - mean * mean).max(0.0);
        (variance / self.count).sqrt()
    }
}
