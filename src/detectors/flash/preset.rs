// SPDX-License-Identifier: MPL-2.0
//! The rules by which flashes are judged.

use super::transition::StepLimits;
use crate::media::{MS, Ns, picture::Transfer};

crate::setting_enum! {
    /// A rule.
    pub enum Preset: "GstDefectFlashPreset" {
        /// ITU-R BT.1702-3
        Bt1702 = "bt1702",
        /// Ofcom, section 2, annex 1: the same limits
        Ofcom = "ofcom",
        /// WCAG 2.2, 2.3.1: by relative luminance, a quarter of any ninth of the screen
        Wcag = "wcag",
        /// As BT.1702 with a fifth of the screen, and long sequences whatever their spacing
        Strict = "strict",
    }
}

crate::setting_enum! {
    /// A display of standard dynamic range.
    pub enum Curve: "GstDefectFlashDisplay" {
        /// sRGB where the caps say so or say nothing of RGB, else BT.1886
        Auto = "auto",
        /// ITU-R BT.1886: gamma 2.4
        Bt1886 = "bt1886",
        /// IEC 61966-2-1
        Srgb = "srgb",
    }
}

/// Step of luminance and limit of the darker picture, in cd/m2 (BT.1702-3; WCAG's 0.1 and 0.8 at 200 cd/m2 are the same).
const STEP: f32 = 20.0;
const DARKER: f32 = 160.0;

impl Preset {
    /// Share of the screen that may flash.
    pub fn area(self) -> f64 {
        match self {
            Self::Strict => 0.20,
            _ => 0.25,
        }
    }

    /// Share of the screen that stripes may take, if they stand or if they oscillate, reverse or flash.
    pub fn pattern_area(self) -> (f64, f64) {
        match self {
            Self::Strict => (0.25, 0.20),
            _ => (0.40, 0.25),
        }
    }

    /// The least step that is a transition, in pictures with that curve.
    pub fn step(self, transfer: Transfer, time: Ns) -> StepLimits {
        let hdr = matches!(transfer, Transfer::Pq | Transfer::Hlg);
        StepLimits {
            step: STEP,
            darker: DARKER,
            bright: hdr && self != Self::Wcag,
            time,
        }
    }

    /// Distance of leading edges from which any number of flashes is harmless: 9 pictures at 50 Hz, 10 at 60 Hz (BT.1702-3).
    pub fn spacing(self, picture: Option<Ns>) -> Ns {
        // By the length of a picture: 60 Hz and what is made of it, or anything else.
        let is_60 = picture.is_some_and(|length| {
            let sixtieths = length as f64 * 60.0 / 1e9;
            (sixtieths - sixtieths.round()).abs() < 0.02 && sixtieths >= 0.49
                || length == 16_683_333
        });
        match self {
            Self::Strict => 501 * MS,
            _ if is_60 => 334 * MS,
            _ => 360 * MS,
        }
    }
}

impl Curve {
    /// The curve by which a stream with that one is shown.
    pub fn of(self, stream: Transfer) -> Transfer {
        match (self, stream) {
            (Self::Bt1886, Transfer::Srgb) => Transfer::Sdr,
            (Self::Srgb, Transfer::Sdr) => Transfer::Srgb,
            _ => stream,
        }
    }
}
