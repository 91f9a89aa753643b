// SPDX-License-Identifier: MPL-2.0
//! Sound: what a buffer holds ([`Samples`]), and the [`Block`]s of about 10 ms that detectors see.
//!
//! Blocks don't depend on how the samples were divided into buffers: they are cut by counting samples from the first one
//! of the stream (or after a jump of time).

mod blocks;
mod format;
mod meter;
mod samples;

pub use blocks::{Block, Blocks};
pub use format::{AudioFormat, Position, SampleLayout, SampleType};
pub use meter::Meter;
pub use samples::{Samples, SamplesError};

/// The level of nothing, in dBFS: what measures show for digital silence, since messages hold finite numbers only.
pub const FLOOR_DB: f64 = -200.0;

/// An amplitude (full scale = 1) in dBFS, not below [`FLOOR_DB`].
pub fn amplitude_db(amplitude: f64) -> f64 {
    if amplitude > 1e-10 {
        20.0 * amplitude.log10()
    } else {
        FLOOR_DB
    }
}

/// A mean square (full scale square wave = 1) in dBFS, not below [`FLOOR_DB`].
pub fn power_db(power: f64) -> f64 {
    if power > 1e-20 {
        10.0 * power.log10()
    } else {
        FLOOR_DB
    }
}

#[cfg(test)]
mod tests;
