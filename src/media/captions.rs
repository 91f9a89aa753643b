// SPDX-License-Identifier: MPL-2.0
//! Caption data as streams carry it, not yet decoded.

use std::{fmt, ops::Range};

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

/// When someone begins to speak in the programme, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpeechOnsets<'a> {
    /// Those that weren't handed over before, on the timeline of the captions.
    pub new: &'a [Ns],
    /// All onsets until that time are known.
    pub until: Ns,
}

/// The caption data of one buffer, or what is known of the sound.
pub trait CaptionPackets {
    /// Hands over each packet.
    fn each(&self, packet: &mut dyn FnMut(Packing, &[u8]));

    /// What was heard of the programme; `None` if this is a buffer.
    fn speech(&self) -> Option<SpeechOnsets<'_>> {
        None
    }
}

impl fmt::Debug for dyn CaptionPackets + '_ {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CaptionPackets")
    }
}

/// Bytes of a caption distribution packet (SMPTE ST 334-2): its start, the length of its header, and its sections.
const CDP_START: [u8; 2] = [0x96, 0x69];
const CDP_HEADER: usize = 7;
const CDP_TIME: u8 = 0x71;
const CDP_TIME_LENGTH: usize = 5;
const CDP_DATA: u8 = 0x72;

/// Where the `cc_data` is in a caption distribution packet, empty if it has none; `None` if the packet is damaged.
pub fn cc_data(packet: &[u8]) -> Option<Range<usize>> {
    let length = usize::from(*packet.get(2)?);
    let sum = packet.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte));
    if !packet.starts_with(&CDP_START) || length != packet.len() || sum != 0 {
        return None;
    }
    let has_time = *packet.get(CDP_HEADER)? == CDP_TIME;
    let section = CDP_HEADER + if has_time { CDP_TIME_LENGTH } else { 0 };
    let start = section + 2;
    match packet.get(section..)? {
        [CDP_DATA, count, ..] => {
            let end = start + 3 * usize::from(count & 0x1f);
            (end <= packet.len()).then_some(start..end)
        }
        // The time section is optional.
        _ => Some(section..section),
    }
}
