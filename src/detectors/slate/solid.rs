// SPDX-License-Identifier: MPL-2.0
//! Pictures of one colour.

use std::ops::Range;

use crate::media::picture::{Cells, Colours, Grid, Rgb};

/// How far the mean luma and chroma of a cell may lie from those of the colour, in 8-bit codes. EBU QC 0016B gives 10.5 %
/// of the range as an example, for files judged by people; fog, snow and skies lie within that. This is chosen so that a flat
/// area coded at a low bitrate passes, and a gradient doesn't.
const TOLERANCE: f64 = 5.0;

/// Range of luma within a cell, in 8-bit codes, up to which it is flat: noise of a few codes is.
const FLAT: f64 = 24.0;

/// Range of luma within a cell, in 8-bit codes, from which something is written in it.
const CONTRAST: f64 = 40.0;

/// Distance of a cell's mean chroma from that of the colour, in 8-bit codes, from which something of another colour is in it. Chosen.
const OTHER_COLOUR: f64 = 20.0;

/// Change of a cell's mean luma from picture to picture, in 8-bit codes, from which something moves in it; noise changes means by less.
const MOTION: f64 = 4.0;

/// Luma up to which the colour is black, as a fraction of the range: black pictures have a detector of their own.
const BLACK: f64 = 0.1;

/// The colour that a picture is filled with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Solid {
    /// Sums of luma and chroma of a cell of that colour, in units of the grid.
    typical: [u16; 3],
    /// Codes of luma and chroma, on the scale of 8 bits.
    codes: [f64; 3],
    /// R'G'B'.
    pub rgb: Rgb,
    /// The share of the picture that has it.
    pub share: f64,
}

/// The colour that most of the picture has, if it is flat enough to be a fill.
pub fn find_solid(grid: &Grid, cells: &Cells, colours: &Colours) -> Option<Solid> {
    let [y, cb, cr] = typical(grid, cells)?;
    let limit = |samples: f64| grid.limit(TOLERANCE * samples);
    let (luma, chroma, flat) = (limit(64.0), limit(16.0), grid.limit(FLAT));
    let mut count = 0u32;
    for r in cells.row_ranges(grid) {
        let means = grid.sum()[r.clone()].iter().zip(&grid.cb()[r.clone()]);
        let ranges = grid.max()[r.clone()].iter().zip(&grid.min()[r.clone()]);
        let all = means.zip(&grid.cr()[r]).zip(ranges);
        let alike = all.map(|(((sum, b), r), (max, min))| {
            u16::from(
                (sum.abs_diff(y) <= luma)
                    & (b.abs_diff(cb) <= chroma)
                    & (r.abs_diff(cr) <= chroma)
                    & (max.abs_diff(*min) <= flat),
            )
        });
        count += u32::from(alike.sum::<u16>());
    }
    let codes = [
        f64::from(y) / 64.0,
        f64::from(cb) / 16.0,
        f64::from(cr) / 16.0,
    ]
    .map(|code| grid.codes(code));
    Some(Solid {
        typical: [y, cb, cr],
        codes,
        rgb: colours.rgb(codes[0], codes[1], codes[2]),
        share: f64::from(count) / cells.count().max(1) as f64,
    })
}

/// The statistics that most of a few cells spread over the picture agree on; in a filled picture practically all do.
fn typical(grid: &Grid, cells: &Cells) -> Option<[u16; 3]> {
    let mut samples = [[0u16; 3]; 9];
    for (n, sample) in samples.iter_mut().enumerate() {
        let at = |range: &Range<usize>, part: usize| range.start + range.len() * (2 * part + 1) / 6;
        let i = at(&cells.rows, n / 3) * grid.columns() + at(&cells.columns, n % 3);
        *sample = [*grid.sum().get(i)?, *grid.cb().get(i)?, *grid.cr().get(i)?];
    }
    let median = |part: usize| {
        let mut values = samples.map(|s| s[part]);
        values.sort_unstable();
        values[4]
    };
    Some([median(0), median(1), median(2)])
}

impl Solid {
    /// Whether it is black: no matter of this detector.
    pub fn is_black(&self) -> bool {
        self.rgb.iter().all(|part| *part <= BLACK) && !self.is_zeroed()
    }

    /// Whether a cell shows text on the colour, or motion against the picture before: it isn't of the colour, and has contrast, another
    /// tint, or changes.
    pub fn is_lively(&self, grid: &Grid, before: Option<&Grid>, cell: usize) -> bool {
        let [y, cb, cr] = self.typical;
        let (luma, chroma) = (grid.limit(64.0 * TOLERANCE), grid.limit(16.0 * TOLERANCE));
        let range = grid.max()[cell] - grid.min()[cell];
        let moves = |before: &Grid| {
            grid.sum()[cell].abs_diff(before.sum()[cell]) > grid.limit(64.0 * MOTION)
        };
        let tint = (grid.cb()[cell].abs_diff(cb)).max(grid.cr()[cell].abs_diff(cr));
        let differs =
            grid.sum()[cell].abs_diff(y) > luma || tint > chroma || range > grid.limit(FLAT);
        let written = range > grid.limit(CONTRAST) || tint > grid.limit(16.0 * OTHER_COLOUR);
        differs && (written || before.is_some_and(moves))
    }

    /// Whether it is the same colour as before.
    pub fn is_like(&self, other: &Self) -> bool {
        self.codes
            .iter()
            .zip(other.codes)
            .all(|(a, b)| (a - b).abs() <= TOLERANCE)
    }

    /// A buffer of zeros shown as Y'CbCr: a green outside every gamut.
    pub fn is_zeroed(&self) -> bool {
        self.codes.iter().all(|code| *code <= 20.0)
    }

    /// What it is called.
    pub fn name(&self) -> &'static str {
        if self.is_zeroed() {
            return "zeroed-buffer";
        }
        let [r, g, b] = self.rgb;
        let (most, least) = (r.max(g).max(b), r.min(g).min(b));
        // The saturated dark blue of receivers without a signal, around (32, 240, 118) of BT.601.
        if b > 0.5 && r < 0.3 * b && g < 0.35 * b {
            return "receiver-blue";
        }
        if most - least <= 0.15 * most.max(0.2) {
            return if most >= 0.85 { "white" } else { "grey" };
        }
        let high = |part: f64| part >= (most + least) / 2.0;
        match (high(r), high(g), high(b)) {
            (true, false, false) => "red",
            (false, true, false) => "green",
            (false, false, true) => "blue",
            (true, true, false) => "yellow",
            (false, true, true) => "cyan",
            _ => "magenta",
        }
    }
}
