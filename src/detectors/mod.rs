// SPDX-License-Identifier: MPL-2.0
#![doc = include_str!("README.md")]
// A folder for each detector. The list below is the only other place that names them; whatever exists once for each detector
// is made from it, the elements too.

use crate::detector::Visitor;

pub use crate::detector::{Entry, Input};

pub mod avsync;
pub mod black;
pub mod border;
pub mod caption;
pub mod click;
pub mod clip;
pub mod corruption;
pub mod dc;
pub mod distortion;
pub mod dropout;
pub mod flash;
pub mod freeze;
pub mod gamut;
pub mod hiss;
pub mod hum;
pub mod interlace;
pub mod loudness;
pub mod phase;
pub mod silence;
pub mod slate;
pub mod stall;
pub mod stutter;
pub mod tear;
pub mod tone;

/// Calls the macro of that name with every detector: `module::Type: medium, ...`.
macro_rules! for_each_detector {
    ($callback:ident) => {
        $callback! {
            avsync::AvSync: pair,
            black::Black: video,
            border::Border: video,
            caption::Caption: captions,
            click::Click: audio,
            clip::Clip: audio,
            corruption::Corruption: video,
            dc::Dc: audio,
            distortion::Distortion: audio,
            dropout::Dropout: audio,
            flash::Flash: video,
            freeze::Freeze: video,
            gamut::Gamut: video,
            hiss::Hiss: audio,
            hum::Hum: audio,
            interlace::Interlace: video,
            loudness::Loudness: audio,
            phase::Phase: audio,
            silence::Silence: audio,
            slate::Slate: video,
            stall::Stall: timing,
            stutter::Stutter: video,
            tear::Tear: video,
            tone::Tone: audio,
        }
    };
}
#[cfg(feature = "plugin")]
pub(crate) use for_each_detector;

macro_rules! list {
    ($($module:ident :: $detector:ident : $medium:ident),* $(,)?) => {
        /// Every detector there is.
        pub fn all() -> Vec<Entry> {
            vec![$(Entry::of::<$module::$detector>()),*]
        }

        /// Takes a visitor to every detector, for tests and benchmarks that need its type.
        pub fn visit(visitor: &mut impl Visitor) {
            $(visitor.$medium::<$module::$detector>();)*
        }
    };
}
for_each_detector!(list);
