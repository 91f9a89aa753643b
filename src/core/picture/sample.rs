// SPDX-License-Identifier: MPL-2.0

//! How a sample is read from the bytes of a line.

/// One of the three ways samples of planes are stored.
pub(super) trait Sample {
    /// Bytes from one sample to the next.
    const BYTES: usize;
    /// Added to an excess over both vertical neighbours before it counts as combing: 9 at 8 bit, the default
    /// `cthresh` of FFmpeg's fieldmatch, and as much of the range at 10 bit.
    const COMB_THRESHOLD: u16;

    /// The code of the sample in the first [`Self::BYTES`] of `bytes`.
    fn code(bytes: &[u8]) -> u16;

    /// The codes of a line.
    #[inline(always)]
    fn codes(line: &[u8]) -> impl ExactSizeIterator<Item = u16> {
        line.chunks_exact(Self::BYTES).map(Self::code)
    }
}

/// 8 bit.
pub(super) struct Eight;
/// 10 bits in the low end of 16, little endian. Codes over 1023 are invalid and read as 1023.
pub(super) struct Ten;
/// 10 bits or more in the high end of 16, little endian, reduced to 10.
pub(super) struct HighTen;

impl Sample for Eight {
    const BYTES: usize = 1;
    const COMB_THRESHOLD: u16 = 9;

    #[inline(always)]
    fn code(bytes: &[u8]) -> u16 {
        u16::from(bytes[0])
    }
}

impl Sample for Ten {
    const BYTES: usize = 2;
    const COMB_THRESHOLD: u16 = 36;

    #[inline(always)]
    fn code(bytes: &[u8]) -> u16 {
        u16::from_le_bytes([bytes[0], bytes[1]]).min(1023)
    }
}

impl Sample for HighTen {
    const BYTES: usize = 2;
    const COMB_THRESHOLD: u16 = 36;

    #[inline(always)]
    fn code(bytes: &[u8]) -> u16 {
        u16::from_le_bytes([bytes[0], bytes[1]]) >> 6
    }
}
