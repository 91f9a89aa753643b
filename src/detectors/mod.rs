// SPDX-License-Identifier: MPL-2.0
//! The detectors, a folder each. This list is the only other place that names them.

use crate::detector::{Detector, Medium, Visitor};

pub use crate::detector::{Entry, Input};

macro_rules! detectors {
    ($($name:ident :: $ty:ident),* $(,)?) => {
        /// Every detector there is.
        pub fn all() -> Vec<Entry> {
            vec![$(Entry::of::<$name::$ty>()),*]
        }

        /// Takes a visitor to every detector, for tests and benchmarks that need its type.
        pub fn visit(visitor: &mut impl Visitor) {
            $(<<$name::$ty as Detector>::Medium as Medium>::receive::<$name::$ty>(visitor);)*
        }

        /// Registers the element of every detector.
        #[cfg(feature = "plugin")]
        pub(crate) fn register(plugin: Option<&gst::Plugin>) -> Result<(), gst::glib::BoolError> {
            $($name::element::register(plugin)?;)*
            Ok(())
        }
    };
}

pub mod avsync;
pub mod black;
pub mod border;
pub mod click;
pub mod clip;
pub mod corruption;
pub mod dc;
pub mod distortion;
pub mod dropout;
pub mod freeze;
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

detectors! {
    avsync::AvSync,
    black::Black,
    border::Border,
    click::Click,
    clip::Clip,
    corruption::Corruption,
    dc::Dc,
    distortion::Distortion,
    dropout::Dropout,
    freeze::Freeze,
    hiss::Hiss,
    hum::Hum,
    interlace::Interlace,
    loudness::Loudness,
    phase::Phase,
    silence::Silence,
    slate::Slate,
    stall::Stall,
    stutter::Stutter,
    tear::Tear,
    tone::Tone,
}
