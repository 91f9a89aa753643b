// SPDX-License-Identifier: MPL-2.0
//! Caption data as streams carry it, not yet decoded.

use std::fmt;

use super::Ns;

/// How caption data is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// CEA-608 byte pairs of the first field.
    Cea608,
    /// CEA-608 as SMPTE ST 334-1, annex A, packs it: field and line, and a byte pair.
    Cea608WithField,
    /// CEA-708 as `cc_data`: triplets, which carry CEA-608, too.
    CcData,
    /// CEA-708 as caption distribution packets of SMPTE ST 334-2.
    Cdp,
    /// Timed text: words, or anything else that stands for some.
    Text,
}

/// What stays the same in a stream with captions until its caps change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CaptionFormat {
    /// How the buffers themselves are packed; `None`: they are pictures, and captions are attached to them.
    pub packing: Option<Packing>,
    /// Time between two buffers, in ns, if the stream declares it.
    pub frame_duration: Option<Ns>,
}

/// The caption data of one buffer.
pub trait CaptionPackets {
    /// Hands over each packet.
    fn each(&self, packet: &mut dyn FnMut(Packing, &[u8]));
}

impl fmt::Debug for dyn CaptionPackets + '_ {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CaptionPackets")
    }
}
