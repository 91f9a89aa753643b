// SPDX-License-Identifier: MPL-2.0
//! Which change of light between two pictures is a transition: of luminance, and to or from saturated red.

use std::ops::Range;

use super::sample::Sample;
use crate::media::{
    Ns,
    picture::{Display, LANES, PointReader},
};

/// Distance of two colours in CIE 1976 u', v' from which a change to or from saturated red is a transition (WCAG 2.2).
const RED_DISTANCE: f32 = 0.2;
/// Least change of red, green or blue, in units of [`SIGNAL_MAX`](crate::media::picture::SIGNAL_MAX), with which a saturated red and
/// another colour can be that far apart. By a search over all saturated reds: SDR 190, sRGB 158, HLG 254.
pub(super) const RED_CHANGE: u16 = 150;
/// Above the limit of the darker picture a step counts by its Michelson contrast (ITU-R BT.1702-3, for high dynamic range).
const MICHELSON: f32 = 1.0 / 17.0;

/// A rise, or a change to saturated red.
pub const UP: u8 = 1;
/// A fall, or a change from saturated red.
pub const DOWN: u8 = 2;

/// Limits of a transition.
#[derive(Debug, Clone, Copy)]
pub struct StepLimits {
    /// Least change of luminance, in cd/m2.
    pub step: f32,
    /// The darker of the two must be below this, in cd/m2.
    pub darker: f32,
    /// Whether brighter pairs count by their contrast.
    pub bright: bool,
    /// The longest time that it may take; the picture before is compared in any case.
    pub time: Ns,
}

impl StepLimits {
    /// The least change of luminance that is a transition, in cd/m2.
    pub(super) fn least(&self) -> f32 {
        // The difference of two luminances of that contrast, the darker one at the limit.
        let by_contrast = 2.0 * MICHELSON / (1.0 - MICHELSON) * self.darker;
        if self.bright {
            self.step.min(by_contrast)
        } else {
            self.step
        }
    }

    fn is_step(&self, dark: f32, light: f32) -> bool {
        let is_contrast = self.bright & (dark >= self.darker);
        ((dark < self.darker) & (light - dark >= self.step))
            | (is_contrast & (light - dark > MICHELSON * (light + dark)))
    }
}

/// Writes the directions of those points: the newest picture against the darkest and the brightest of the past.
pub(super) fn compare_luminance(
    now: &Sample,
    past: &[Sample],
    limits: &StepLimits,
    points: Range<usize>,
    out: &mut [u8],
) {
    let (mut low, mut high) = ([f32::INFINITY; LANES], [f32::NEG_INFINITY; LANES]);
    for then in past {
        let range = low.iter_mut().zip(&mut high);
        for ((low, high), then) in range.zip(&then.luminance[points.clone()]) {
            *low = low.min(*then);
            *high = high.max(*then);
        }
    }
    let range = low.iter().zip(&high);
    let points = out[points.clone()].iter_mut().zip(&now.luminance[points]);
    for ((out, now), (low, high)) in points.zip(range) {
        *out = directions(limits.is_step(*low, *now), limits.is_step(*now, *high));
    }
}

/// Both directions in which there may have been a transition, as bits.
fn directions(up: bool, down: bool) -> u8 {
    (UP * u8::from(up)) | (DOWN * u8::from(down))
}

/// Adds the transitions of those points to and from saturated red.
pub(super) fn find_red(
    (reader, display): (&PointReader, &Display),
    now: &Sample,
    then: &Sample,
    points: Range<usize>,
    out: &mut [u8],
) {
    for point in points {
        if now.red[point] == then.red[point] {
            continue;
        }
        let [a, b] = [now, then].map(|sample| {
            let signal = reader.signal(sample.codes.each_ref().map(|codes| codes[point]));
            display.chromaticity(display.light(signal).rgb)
        });
        if (a[0] - b[0]).hypot(a[1] - b[1]) >= RED_DISTANCE {
            out[point] |= if now.red[point] { UP } else { DOWN };
        }
    }
}
