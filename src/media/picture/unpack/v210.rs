// SPDX-License-Identifier: MPL-2.0

//! v210: 6 pixels in 16 bytes, four little-endian words of three 10-bit samples each.

/// Pixels that are packed together.
pub(in super::super) const GROUP_PIXELS: usize = 6;
/// Bytes of a group.
pub(in super::super) const GROUP_BYTES: usize = 16;

/// Bytes for the samples of a line of luma, or of chroma pairs, and as many more as let whole vectors be written.
pub(super) fn line_bytes(width: usize) -> usize {
    width.div_ceil(GROUP_PIXELS) * GROUP_PIXELS * 2 + 4
}

/// Unpacks a line into 16-bit samples: luma, and pairs of Cb and Cr.
#[inline(always)]
pub(super) fn line(source: &[u8], luma: &mut [u8], chroma: &mut [u8]) {
    let (luma, chroma) = (
        luma.chunks_exact_mut(2 * GROUP_PIXELS),
        chroma.chunks_exact_mut(2 * GROUP_PIXELS),
    );
    for ((group, luma), chroma) in source.chunks_exact(GROUP_BYTES).zip(luma).zip(chroma) {
        let sample = |word: usize, at: u32| {
            let bytes = &group[word * 4..][..4];
            let word = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
            (word >> (10 * at) & 0x3ff) as u16
        };
        put(
            luma,
            [
                sample(0, 1),
                sample(1, 0),
                sample(1, 2),
                sample(2, 1),
                sample(3, 0),
                sample(3, 2),
            ],
        );
        put(
            chroma,
            [
                sample(0, 0),
                sample(0, 2),
                sample(1, 1),
                sample(2, 0),
                sample(2, 2),
                sample(3, 1),
            ],
        );
    }
}

#[inline(always)]
fn put(to: &mut [u8], samples: [u16; GROUP_PIXELS]) {
    for (to, sample) in to.chunks_exact_mut(2).zip(samples) {
        to.copy_from_slice(&sample.to_le_bytes());
    }
}
