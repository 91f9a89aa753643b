// SPDX-License-Identifier: MPL-2.0
//! Converts signals to the light of a display.

use super::{Matrix, SIGNAL_MAX, Signal, Transfer};

/// Light of white in standard dynamic range, in cd/m2, as ITU-R BT.1702-3 takes it (annex 2).
const SDR_WHITE: f64 = 200.0;
/// Exponent of a display (ITU-R BT.1886, without lift).
const SDR_GAMMA: f64 = 2.4;
/// Peak light of PQ, in cd/m2 (SMPTE ST 2084).
const PQ_PEAK: f64 = 10_000.0;
/// Peak light of the nominal HLG display, in cd/m2, and its system gamma (ITU-R BT.2100, table 5).
const HLG_PEAK: f64 = 1000.0;
const HLG_GAMMA: f64 = 1.2;
/// Number of steps of scene light in the table of HLG displays.
const HLG_STEPS: usize = 8192;

/// A display, which converts signals to light. Tables are made once.
#[derive(Debug)]
pub struct Display {
    /// Linear light of each signal: of a primary at white = 1; for HLG that of the scene.
    linear: Box<[f32; SIGNAL_MAX as usize + 1]>,
    /// Shares of red, green and blue in luminance, times the light of white.
    weights: [f32; 3],
    /// For HLG: light of the display by light of the scene.
    hlg: Vec<f32>,
    /// Primaries as X, Y, Z.
    xyz: [[f32; 3]; 3],
}

/// The light of a pixel.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Light {
    /// Luminance in cd/m2.
    pub luminance: f32,
    /// Linear red, green, blue; white is 1 each.
    pub rgb: [f32; 3],
}

impl Display {
    /// For signals with that curve and those primaries (those of BT.709 for BT.601, too).
    pub fn new(transfer: Transfer, matrix: Matrix) -> Self {
        let white = match transfer {
            Transfer::Sdr | Transfer::Srgb => SDR_WHITE,
            Transfer::Pq => PQ_PEAK,
            Transfer::Hlg => 1.0,
        };
        let linear = |signal: f64| match transfer {
            Transfer::Sdr => signal.powf(SDR_GAMMA),
            Transfer::Srgb if signal <= 0.040_45 => signal / 12.92,
            Transfer::Srgb => ((signal + 0.055) / 1.055).powf(2.4),
            Transfer::Pq => pq(signal),
            Transfer::Hlg => hlg(signal),
        };
        let xyz: [[f32; 3]; 3] = match matrix {
            Matrix::Bt601 | Matrix::Bt709 => [
                [0.412_391, 0.357_584, 0.180_481],
                [0.212_639, 0.715_169, 0.072_192],
                [0.019_331, 0.119_195, 0.950_532],
            ],
            Matrix::Bt2020 => [
                [0.636_958, 0.144_617, 0.168_881],
                [0.262_700, 0.677_998, 0.059_302],
                [0.0, 0.028_073, 1.060_985],
            ],
        };
        let steps = if transfer == Transfer::Hlg {
            HLG_STEPS
        } else {
            0
        };
        let shown = |step: usize| HLG_PEAK * (step as f64 / (HLG_STEPS - 1) as f64).powf(HLG_GAMMA);
        let signal = |code: usize| code as f64 / f64::from(SIGNAL_MAX);
        Self {
            linear: Box::new(std::array::from_fn(|code| linear(signal(code)) as f32)),
            weights: xyz[1].map(|weight| weight * white as f32),
            hlg: (0..steps).map(|step| shown(step) as f32).collect(),
            xyz,
        }
    }

    /// The light of a pixel with that signal.
    #[inline(always)]
    pub fn light(&self, signal: Signal) -> Light {
        let rgb = signal.map(|code| self.linear(code));
        let [luminance] = self.luminances(&rgb.map(|light| [light]));
        Light { luminance, rgb }
    }

    /// The smallest change of red, green or blue, in units of the [signal](Signal), that may change the luminance of some colour by that
    /// many cd/m2. Curves are steepest at white, and the weights of the three add up to 1: nothing changes faster than white does.
    pub fn least_change(&self, luminance: f32) -> u16 {
        let grey = |code: u16| self.light([code; 3]).luminance;
        // Steps of the tables.
        let least = luminance - 0.2;
        let is_less = |by: &u16| grey(SIGNAL_MAX) - grey(SIGNAL_MAX - by) < least;
        (1..SIGNAL_MAX).take_while(is_less).count() as u16 + 1
    }

    /// Linear light of a primary with that signal.
    #[inline(always)]
    pub(super) fn linear(&self, signal: u16) -> f32 {
        self.linear[usize::from(signal.min(SIGNAL_MAX))]
    }

    /// Luminance of linear reds, greens and blues.
    #[inline(always)]
    pub(super) fn luminances<const N: usize>(&self, [r, g, b]: &[[f32; N]; 3]) -> [f32; N] {
        let [by_red, by_green, by_blue] = self.weights;
        let mut luminance = [0.0; N];
        for i in 0..N {
            luminance[i] = by_red * r[i] + by_green * g[i] + by_blue * b[i];
        }
        match self.hlg.len() {
            0 => luminance,
            steps => luminance
                .map(|scene| self.hlg[((scene * (steps - 1) as f32) as usize).min(steps - 1)]),
        }
    }

    /// CIE 1976 u', v' of linear red, green and blue; for black those of white.
    pub fn chromaticity(&self, rgb: [f32; 3]) -> [f32; 2] {
        let rgb = if rgb.iter().all(|c| *c <= 0.0) {
            [1.0; 3]
        } else {
            rgb
        };
        let [x, y, z] = self
            .xyz
            .map(|row| row.iter().zip(rgb).map(|(m, c)| m * c).sum::<f32>());
        let sum = x + 15.0 * y + 3.0 * z;
        [4.0 * x / sum, 9.0 * y / sum]
    }
}

/// EOTF of SMPTE ST 2084: light as a fraction of 10 000 cd/m2.
fn pq(signal: f64) -> f64 {
    let (m1, m2) = (2610.0 / 16_384.0, 2523.0 / 4096.0 * 128.0);
    let (c1, c2, c3) = (
        3424.0 / 4096.0,
        2413.0 / 4096.0 * 32.0,
        2392.0 / 4096.0 * 32.0,
    );
    let e = signal.powf(1.0 / m2);
    ((e - c1).max(0.0) / (c2 - c3 * e)).powf(1.0 / m1)
}

/// Inverse OETF of ARIB STD-B67: light of the scene, 0 to 1.
fn hlg(signal: f64) -> f64 {
    let (a, b, c) = (0.178_832_77, 0.284_668_92, 0.559_910_73);
    if signal <= 0.5 {
        signal * signal / 3.0
    } else {
        (((signal - c) / a).exp() + b) / 12.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grey(transfer: Transfer, code: f64) -> f64 {
        let signal = ((code - 64.0) / 876.0 * f64::from(SIGNAL_MAX)).round() as u16;
        let display = Display::new(transfer, Matrix::Bt709);
        f64::from(display.light([signal; 3]).luminance)
    }

    /// Anchors of BT.1702-3, annex 2, and 10-bit greys of BT.2100 that show the same light.
    #[test]
    fn known_codes_show_known_light() {
        for (transfer, codes) in [
            (Transfer::Sdr, [(400.0, 20.1), (863.0, 160.4)]),
            (Transfer::Pq, [(377.0, 20.0), (551.0, 160.0)]),
            (Transfer::Hlg, [(361.0, 20.0), (686.0, 160.0)]),
        ] {
            for (code, light) in codes {
                let is = grey(transfer, code);
                assert!((is / light - 1.0).abs() < 0.03, "{transfer:?} {code}: {is}");
            }
        }
    }

    #[test]
    fn primaries_have_their_chromaticity() {
        let display = Display::new(Transfer::Sdr, Matrix::Bt709);
        for (rgb, [u, v]) in [
            ([1.0, 0.0, 0.0], [0.4507, 0.5229]),
            ([0.0, 0.0, 1.0], [0.1754, 0.1579]),
            ([1.0, 1.0, 1.0], [0.1978, 0.4683]),
            ([0.0, 0.0, 0.0], [0.1978, 0.4683]),
        ] {
            let is = display.chromaticity(rgb);
            assert!(
                (is[0] - u).abs() < 1e-3 && (is[1] - v).abs() < 1e-3,
                "{rgb:?}: {is:?}"
            );
        }
    }
}
