// SPDX-License-Identifier: MPL-2.0
//! Slices of coded pictures, found in the bytes of a stream one after the other.
//!
//! A slice is lost in place: its unit gets the type of one that decoders skip (filler data; in MPEG-2, user data), so that
//! nothing else in the stream moves.

use super::ts::Codec;

/// Follows the bytes of one stream.
#[derive(Debug)]
pub struct Slices {
    codec: Codec,
    zeros: u8,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum State {
    /// Between start codes.
    Inside,
    /// The next byte is the first of a unit.
    Start,
    /// Bytes of a slice's header to come before the one that tells whether it is the first of its picture.
    Header(u8),
}

/// What a byte turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// Nothing to note.
    Nothing,
    /// The type of a unit that may be a slice: to be remembered.
    Type,
    /// The unit whose type was last is a slice that isn't the first of its picture.
    Slice,
    /// It is the first.
    First,
}

impl Slices {
    /// For a stream of that sort.
    pub fn new(codec: Codec) -> Self {
        Self {
            codec,
            zeros: 0,
            state: State::Inside,
        }
    }

    /// The next byte.
    pub fn take(&mut self, byte: u8) -> Found {
        let found = match self.state {
            State::Inside => Found::Nothing,
            State::Start => self.unit(byte),
            State::Header(0) => {
                self.state = State::Inside;
                // H.264: first_mb_in_slice 0 is coded as a one; H.265: first_slice_segment_in_pic_flag. MPEG-2 told by the type.
                if byte & 0x80 == 0 || self.codec == Codec::Mpeg2 {
                    Found::Slice
                } else {
                    Found::First
                }
            }
            State::Header(n) => {
                self.state = State::Header(n - 1);
                Found::Nothing
            }
        };
        if byte == 1 && self.zeros >= 2 {
            self.state = State::Start;
        }
        self.zeros = if byte == 0 {
            (self.zeros + 1).min(2)
        } else {
            0
        };
        found
    }

    fn unit(&mut self, byte: u8) -> Found {
        self.state = State::Inside;
        match self.codec {
            // Each row of macroblocks begins a slice; without the first the picture is still there.
            Codec::Mpeg2 if (0x02..=0xaf).contains(&byte) => {
                self.state = State::Header(0);
                Found::Type
            }
            Codec::H264 if matches!(byte & 0x1f, 1 | 5) => {
                self.state = State::Header(0);
                Found::Type
            }
            Codec::H265 if byte >> 1 & 0x3f < 32 => {
                self.state = State::Header(1);
                Found::Type
            }
            _ => Found::Nothing,
        }
    }

    /// The type byte with which decoders skip a unit.
    pub fn skipped(&self, byte: u8) -> u8 {
        match self.codec {
            Codec::Mpeg2 => 0xb2,
            Codec::H264 => byte & 0xe0 | 12,
            Codec::H265 => byte & 0x81 | 38 << 1,
            Codec::Other => byte,
        }
    }
}
