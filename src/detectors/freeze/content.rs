// SPDX-License-Identifier: MPL-2.0
//! Tells what a picture that stands still shows: black and plain pictures have detectors of their own.

use crate::detectors::black;
use crate::media::picture::{Cells, Grid};

/// Share of a picture that has to have one shade: all but a logo, as for `blackdetect`.
const UNIFORM: f64 = 0.97;
/// Luma of a dark cell, as a fraction of the range (ffmpeg's blackdetect).
const BLACK: f64 = 0.1;
/// Width of a shade, in 8-bit codes: chosen, room for noise and codecs.
const SHADE: usize = 6;
/// Sum of 56 differences in a flat cell, in 8-bit codes: noise of standard deviation 2 makes 126.
const FLAT: f64 = 140.0;

/// What a picture that stands still shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// Nearly all of one shade, or black: it is left to other detectors.
    Uniform,
    /// Small text or another small thing on black that `blackdetect` doesn't report.
    TextOnBlack,
    /// Anything else.
    Other,
}

/// What a picture shows.
pub fn content_of(grid: &Grid, cells: &Cells) -> Content {
    let flat = grid.limit(FLAT);
    let mut histogram = [0usize; 256];
    let mut rough = 0;
    for r in cells.row_ranges(grid) {
        for i in r {
            histogram[usize::from(grid.whole_codes(grid.sum()[i] / 64)).min(255)] += 1;
            rough += usize::from(grid.dx()[i].max(grid.dy()[i]) > flat);
        }
    }
    let count = cells.count();
    let most = (UNIFORM * count as f64) as usize;
    let black = grid.codes(grid.levels().code(BLACK)) as usize;
    let dark: usize = histogram[..=black.min(255)].iter().sum();
    let (mut sum, mut best) = (0, 0);
    for (i, n) in histogram.iter().enumerate() {
        sum += n;
        if i >= SHADE {
            sum -= histogram[i - SHADE];
        }
        best = best.max(sum);
    }
    let is_uniform = dark >= most || (best >= most && count - rough >= most);
    match is_uniform {
        false => Content::Other,
        true if black::overlooks_still(grid, cells) => Content::TextOnBlack,
        true => Content::Uniform,
    }
}
