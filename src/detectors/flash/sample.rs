// SPDX-License-Identifier: MPL-2.0
//! The points of one picture. Their light is computed only where somebody asks for it.

use std::ops::Range;

use crate::media::{
    Ns,
    picture::{Display, LANES, PointReader, SaturatedRed},
};

/// A saturated red by WCAG 2.2, general flash and red flash thresholds. The least red is chosen: below it, noise has any hue.
const SATURATED: SaturatedRed = SaturatedRed {
    share: 0.8,
    red: 0.02,
};

/// The points of one picture.
#[derive(Debug)]
pub(super) struct Sample {
    /// Its time.
    pub(super) at: Ns,
    /// Codes of 10 bits.
    pub(super) codes: [Vec<u16>; 3],
    /// Luminance in cd/m2, only of the runs of points in `is_lit`.
    pub(super) luminance: Vec<f32>,
    /// Whether each point of these runs is a saturated red.
    pub(super) red: Vec<bool>,
    /// By run of points: whether its light was computed.
    pub(super) is_lit: Vec<bool>,
}

impl Sample {
    /// With room for that many points.
    pub(super) fn new(points: usize) -> Self {
        Self {
            at: 0,
            codes: [(); 3].map(|()| vec![0; points]),
            luminance: vec![0.0; points],
            red: vec![false; points],
            is_lit: vec![false; points.div_ceil(LANES)],
        }
    }

    /// The codes of its points.
    pub(super) fn codes(&self) -> [&[u16]; 3] {
        self.codes.each_ref().map(|codes| &codes[..])
    }

    /// Computes the light of a run of points, once.
    pub(super) fn light(
        &mut self,
        reader: &PointReader,
        display: &Display,
        run: usize,
        points: Range<usize>,
    ) {
        if std::mem::replace(&mut self.is_lit[run], true) {
            return;
        }
        let codes = self.codes.each_ref().map(|codes| &codes[points.clone()]);
        let (luminance, red) = (&mut self.luminance[points.clone()], &mut self.red[points]);
        reader.lights(display, SATURATED, codes, luminance, red);
    }
}
