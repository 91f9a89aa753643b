// SPDX-License-Identifier: MPL-2.0
//! Reasons why a stream or a buffer can't be analysed, as users read them in a warning.

use std::fmt;

/// Why a stream or a buffer can't be analysed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unreadable {
    /// These caps name no format.
    Caps(String),
    /// A format that isn't supported; the text names it, and what is possible.
    Format(String),
    /// The CPU can't read the memory that the caps name.
    MemoryType(String),
    /// A buffer of that many bytes whose memory can't be mapped.
    Unmappable(usize),
    /// The buffer's description of its planes is wrong.
    Planes(String),
}

/// Refuses caps with a negative size, rate or count of channels, which GStreamer would read as one of 4 thousand millions.
pub fn refuse_negative(caps: &gst::CapsRef) -> Result<(), Unreadable> {
    let is_negative = |name: &str| {
        let number = caps.structure(0).and_then(|s| s.get::<i32>(name).ok());
        number.is_some_and(|n| n < 0)
    };
    if ["width", "height", "rate", "channels"]
        .into_iter()
        .any(is_negative)
    {
        return Err(Unreadable::Caps(caps.to_string()));
    }
    Ok(())
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Caps(caps) => write!(f, "caps without a known format: {caps}"),
            Self::Format(text) | Self::MemoryType(text) | Self::Planes(text) => f.write_str(text),
            Self::Unmappable(size) => write!(f, "its memory can't be mapped ({size} bytes)"),
        }
    }
}
