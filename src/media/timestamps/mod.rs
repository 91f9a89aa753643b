// SPDX-License-Identifier: MPL-2.0
//! Judges the timestamps of buffers, whatever the buffers contain.
//!
//! A stream is judged by its own distances between buffers. Lengths that headers, demuxers and decoders give to buffers, and the
//! rate that caps declare, are hints: they count where the distances agree with them.

mod announced;
mod order;
mod repeats;
mod rhythm;
mod sequence;

pub use announced::Announced;
pub use rhythm::Break;
pub use sequence::{Sequence, Stamps};

use super::Ns;

/// What a stream consists of, as far as its timestamps are concerned.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Content {
    /// Pictures.
    Pictures,
    /// Sound: the length of a buffer follows from its samples.
    Sound,
    /// Anything else: buffers may come when they like.
    #[default]
    Other,
}

/// The format of a stream whose content isn't examined.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StreamFormat {
    /// Pictures, sound or something else.
    pub content: Content,
    /// Decoded picture or sound: every buffer has a timestamp.
    pub raw: bool,
    /// Coded pictures, which may come in another order than they are shown.
    pub reorders: bool,
    /// A picture may come in several buffers that have one time: fields, slices.
    pub parts: bool,
    /// Time between two pictures, if the stream declares it.
    pub frame_duration: Option<Ns>,
}

/// How the timestamp of a buffer follows those before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TimestampCheck {
    /// How far, in ns, the buffer begins after the end of the one before; negative if before it. `None` if one of the two is unknown.
    pub late: Option<i64>,
    /// How long it lasts, in ns, as far as is known.
    pub duration: Ns,
    /// A break in the timestamps; known some buffers later, when those that follow confirm it.
    pub broken: Option<Break>,
    /// If it has no timestamp: the time without timestamps so far, in ns.
    pub unstamped: Option<Ns>,
}

#[cfg(test)]
mod tests;
