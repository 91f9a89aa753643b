// SPDX-License-Identifier: MPL-2.0
//! Recognises the picture that a decoder makes up for a missing reference: all codes in the middle (ITU-T H.265,
//! 8.3.3.2). Pictures predicted from it are grey all over, and with each picture more of the received differences are
//! drawn into it: faint edges of what moves.
//!
//! A slate of the same grey stays as it comes, and has contrast where it has anything; a fade to grey comes by
//! degrees. In full range the middle is the grey that designers choose for a background in which titles fade in:
//! there nothing is reported.
//!
//! Limits: set on H.265 of six clips with lost packets, in which all 18 streams that turned grey for two pictures or
//! more are found, and on 30 fades to this grey in 3 to 25 pictures and 30 slates of it (plain, lettered, grainy),
//! none of which is.

use super::grey::MIDDLE;
use crate::media::picture::{Cells, Grid};

/// Mean distance of a picture's cells from the middle, in 8-bit codes: the least that a programme has, and the most
/// that is left once it has turned grey.
const PROGRAMME_DISTANCE: f64 = 12.0;
const GREY_DISTANCE: f64 = 4.0;
/// Number of pictures within which the distance falls from one to the other. A fade does so only if it takes less
/// than ten.
const AT_ONCE: usize = 3;
/// Distance of a cell's mean from the middle, in 8-bit codes of luma and of chroma, up to which it is grey.
const GREY_LUMA: f64 = 2.0;
const GREY_CHROMA: f64 = 1.0;
/// Least share of grey cells.
const LEAST_GREY: f64 = 0.5;
/// Range of luma within a cell, in 8-bit codes, from which differences were drawn into it, and from which it has
/// contrast.
const DRAWN_RANGE: f64 = 8.0;
const CONTRAST_RANGE: f64 = 64.0;
/// Least share of drawn cells, and greatest of those with contrast: a line of letters has more.
const LEAST_DRAWN: f64 = 0.02;
const MOST_CONTRAST: f64 = 0.02;
/// Least fall of the share of untouched cells since the programme turned grey.
const LEAST_FALL: f64 = 0.02;

/// Recognises that the programme gave way to such a picture.
#[derive(Debug)]
pub struct Unavailable {
    /// Distances of the last pictures.
    distances: [f64; AT_ONCE],
    /// Share of the untouched cells when the programme turned grey, as long as it is.
    untouched: Option<f64>,
    /// Whether differences are drawn into the grey.
    drawn: bool,
}

impl Default for Unavailable {
    fn default() -> Self {
        Self {
            // A stream may begin with pictures whose references never came: then no programme was seen before.
            distances: [f64::INFINITY; AT_ONCE],
            untouched: None,
            drawn: false,
        }
    }
}

impl Unavailable {
    /// Takes the next picture; returns the share of it that is grey, if it is a made-up one.
    pub fn push(&mut self, grid: &Grid, cells: &Cells) -> Option<f64> {
        // In full range somebody may have chosen that grey.
        if grid.levels().black <= 0.0 {
            return None;
        }
        let distance = distance(grid, cells);
        let before = self.distances.iter().fold(0.0, |a: f64, b| a.max(*b));
        self.distances.rotate_right(1);
        self.distances[0] = distance;
        let turned_grey = distance <= GREY_DISTANCE && before >= PROGRAMME_DISTANCE;
        // Blocks coded without a reference bring the picture back gradually.
        if distance >= PROGRAMME_DISTANCE || !(turned_grey || self.untouched.is_some()) {
            (self.untouched, self.drawn) = (None, false);
            return None;
        }
        let shares = Shares::of(grid, cells);
        let first = *self.untouched.get_or_insert(shares.untouched);
        self.drawn |= shares.grey >= LEAST_GREY
            && first - shares.untouched >= LEAST_FALL
            && shares.drawn >= LEAST_DRAWN
            && shares.contrast <= MOST_CONTRAST;
        self.drawn.then_some(shares.grey)
    }
}

/// Mean distance of the cells' luma from the middle, in 8-bit codes.
fn distance(grid: &Grid, cells: &Cells) -> f64 {
    let middle = grid.limit(64.0 * MIDDLE);
    let sums = |r: std::ops::Range<usize>| grid.sum()[r].iter();
    let of_row = |r| {
        sums(r)
            .map(|sum| u32::from(sum.abs_diff(middle)))
            .sum::<u32>()
    };
    let all: u64 = cells.row_ranges(grid).map(|r| u64::from(of_row(r))).sum();
    grid.codes(all as f64 / (64 * cells.count().max(1)) as f64)
}

/// Shares of a picture's cells.
struct Shares {
    grey: f64,
    untouched: f64,
    drawn: f64,
    contrast: f64,
}

impl Shares {
    fn of(grid: &Grid, cells: &Cells) -> Self {
        let (luma_middle, chroma_middle) = (grid.limit(64.0 * MIDDLE), grid.limit(16.0 * MIDDLE));
        let (luma_near, chroma_near) =
            (grid.limit(64.0 * GREY_LUMA), grid.limit(16.0 * GREY_CHROMA));
        let (drawn_range, contrast_range) = (grid.limit(DRAWN_RANGE), grid.limit(CONTRAST_RANGE));
        let (mut grey, mut untouched, mut drawn, mut contrast) = (0u32, 0u32, 0u32, 0u32);
        for cell in cells.row_ranges(grid).flatten() {
            let chroma = grid.cb()[cell]
                .abs_diff(chroma_middle)
                .max(grid.cr()[cell].abs_diff(chroma_middle));
            let luma = grid.sum()[cell].abs_diff(luma_middle);
            let range = grid.max()[cell] - grid.min()[cell];
            grey += u32::from(luma <= luma_near && chroma <= chroma_near);
            untouched += u32::from(luma == 0 && chroma == 0 && range == 0);
            drawn += u32::from(range >= drawn_range);
            contrast += u32::from(range >= contrast_range);
        }
        let share = |count: u32| f64::from(count) / cells.count().max(1) as f64;
        Self {
            grey: share(grey),
            untouched: share(untouched),
            drawn: share(drawn),
            contrast: share(contrast),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::picture::{Range, VideoFormat, canvas::*};

    /// Stripes that give way to grey at picture 10, into which stripes of `drawn` more codes grow by and by.
    fn play(range: Range, drawn: u8) -> Option<usize> {
        let format = VideoFormat {
            range,
            ..i420(640, 352)
        };
        let mut unavailable = Unavailable::default();
        (0..30).find(|n| {
            let mut canvas = Canvas::new(640, 352, [128, 128, 128]);
            canvas.luma(|x, _, v| match n {
                0..10 => v + 60 * (x / 20 % 2) as u8,
                _ => v + if x % 80 < n - 10 { drawn } else { 0 },
            });
            let grid = canvas.grid_as(&format);
            unavailable.push(&grid, &Cells::all(&grid)).is_some()
        })
    }

    #[test]
    fn differences_that_grow_in_the_middle_of_limited_codes() {
        assert_eq!(play(Range::Limited, 20), Some(11));
        assert_eq!(play(Range::Full, 20), None);
    }

    #[test]
    fn what_is_too_faint_or_has_contrast_is_a_slate() {
        assert_eq!(play(Range::Limited, 4), None);
        assert_eq!(play(Range::Limited, 90), None);
    }
}
