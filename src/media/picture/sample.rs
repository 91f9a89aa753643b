// SPDX-License-Identifier: MPL-2.0

//! How a sample is read from the bytes of a line.

/// One of the three ways samples of planes are stored.
pub(super) trait Sample {
    /// The bytes of a sample.
    type Bytes: Copy;
    /// How many they are.
    const BYTES: usize = size_of::<Self::Bytes>();
    /// What an excess over both vertical neighbours must go beyond to count as combing: 9 at 8 bit, the default `cthresh` of
    /// FFmpeg's fieldmatch, and as much of the range at 10 bit.
    const COMB_THRESHOLD: u16;

    /// The samples of a line.
    fn samples(line: &[u8]) -> &[Self::Bytes];

    /// The code of a sample.
    fn code(bytes: Self::Bytes) -> u16;
}

/// 8 bit.
pub(super) struct Eight;
/// 10 bits in the low end of 16, little endian. Codes over 1023 are invalid and read as 1023.
pub(super) struct Ten;
/// 10 bits or more in the high end of 16, little endian, reduced to 10.
pub(super) struct HighTen;

impl Sample for Eight {
    type Bytes = u8;
    const COMB_THRESHOLD: u16 = 9;

    #[inline(always)]
    fn samples(line: &[u8]) -> &[u8] {
        line
    }

    #[inline(always)]
    fn code(byte: u8) -> u16 {
        u16::from(byte)
    }
}

impl Sample for Ten {
    type Bytes = [u8; 2];
    const COMB_THRESHOLD: u16 = 36;

    #[inline(always)]
    fn samples(line: &[u8]) -> &[[u8; 2]] {
        line.as_chunks().0
    }

    #[inline(always)]
    fn code(bytes: [u8; 2]) -> u16 {
        u16::from_le_bytes(bytes).min(1023)
    }
}

impl Sample for HighTen {
    type Bytes = [u8; 2];
    const COMB_THRESHOLD: u16 = 36;

    #[inline(always)]
    fn samples(line: &[u8]) -> &[[u8; 2]] {
        line.as_chunks().0
    }

    #[inline(always)]
    fn code(bytes: [u8; 2]) -> u16 {
        u16::from_le_bytes(bytes) >> 6
    }
}
