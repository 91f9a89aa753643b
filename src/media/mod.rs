// SPDX-License-Identifier: MPL-2.0
//! What streams consist of: time, pictures and sound, and the signal processing that several detectors share. Nothing
//! in here knows detectors.

pub mod captions;
pub mod dsp;
mod latest;
pub mod network;
pub mod picture;
pub mod sound;
mod time;
pub mod timestamps;

pub use latest::push_latest;
pub use time::{LATEST, MS, Ns, SECOND, Span};
