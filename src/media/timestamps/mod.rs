// SPDX-License-Identifier: MPL-2.0
//! What the timestamps of buffers say, whatever is in the buffers.

mod sequence;

pub use sequence::{Sequence, Stamps};

use super::Ns;

/// What is known of a stream whose content nobody looks at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StreamFormat {
    /// Decoded picture or sound: every buffer has a timestamp.
    pub raw: bool,
    /// Coded pictures, which may come in another order than they are shown.
    pub reorders: bool,
    /// Time between two pictures, if the stream declares it.
    pub frame_duration: Option<Ns>,
}

/// How the timestamp of a buffer goes with those before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TimestampCheck {
    /// Its time, on the axis that should go on evenly; none if it has none, or none that can be judged.
    pub at: Option<Ns>,
    /// Where it should be: at the end of the one before.
    pub expected: Option<Ns>,
    /// The time of the one before.
    pub before: Option<Ns>,
    /// How long it lasts, as far as is known.
    pub duration: Ns,
    /// It has no timestamp, and for so long there has been none.
    pub unstamped: Option<Ns>,
}

#[cfg(test)]
mod tests;
