// SPDX-License-Identifier: MPL-2.0
//! Flashes: a part of the picture is much brighter for some pictures, and then as it was.
//!
//! Sources: 30 % of the range, as for flashes in general; up to four pictures would do for most line-up sequences,
//! half a second is chosen so that those with longer ones are found, too. The least area is chosen: a square of a
//! quarter of the width and height.

use std::sync::Arc;

use crate::media::{MS, Ns, Span, picture::Grid};

/// How much brighter a cell has to become, as a fraction of the range.
const RISE: f64 = 0.3;

/// Share of the picture that has to.
const AREA: f64 = 0.04;

/// Share of the picture that may still be brighter when it is over.
const REST: f64 = 0.01;

/// The longest flash.
const LONGEST: Ns = 500 * MS;

/// Follows the pictures.
#[derive(Debug, Default)]
pub struct Flashes {
    /// The picture between flashes.
    calm: Option<Arc<Grid>>,
    /// When the flash began that is on.
    since: Option<Ns>,
}

impl Flashes {
    /// Takes a picture; returns the start of a flash that is over, and how long a picture lasts.
    pub fn look(&mut self, at: Span, grid: &Arc<Grid>) -> Option<Ns> {
        let bright = match &self.calm {
            Some(calm) if calm.sum().len() == grid.sum().len() => brighter(calm, grid),
            _ => {
                self.begin(grid);
                return None;
            }
        };
        match self.since {
            None if bright >= AREA => self.since = Some(at.start),
            None => self.begin(grid),
            Some(since) if bright <= REST => {
                self.begin(grid);
                return (at.start.saturating_sub(since) <= LONGEST).then_some(since);
            }
            Some(since) if at.start.abs_diff(since) > LONGEST => self.begin(grid),
            Some(_) => {}
        }
        None
    }

    fn begin(&mut self, grid: &Arc<Grid>) {
        self.since = None;
        self.calm = Some(Arc::clone(grid));
    }
}

/// Share of the cells that are brighter than they were.
fn brighter(before: &Grid, now: &Grid) -> f64 {
    let levels = now.levels();
    let range = levels.white - levels.black;
    let rise = (RISE * range * 64.0) as u32;
    let pairs = before.sum().iter().zip(now.sum());
    let count: u32 = pairs
        .map(|(before, now)| u32::from(u32::from(*now) > u32::from(*before) + rise))
        .sum();
    f64::from(count) / now.sum().len().max(1) as f64
}
