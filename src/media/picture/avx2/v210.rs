// SPDX-License-Identifier: MPL-2.0

//! Unpacking of v210, a group of 6 pixels at a time.

use super::super::unpack::{GROUP_BYTES, GROUP_PIXELS};
use std::arch::x86_64::*;

/// As the scalar one: into 16-bit samples of luma, and pairs of Cb and Cr.
#[target_feature(enable = "avx2")]
pub(super) fn line(source: &[u8], luma: &mut [u8], chroma: &mut [u8]) {
    // Of the words, A and C are the lowest and highest ten bits, B those between. Samples of luma are B0 A1 C1 B2 A3 C3, of
    // chroma A0 C0 B1 A2 C2 B3; -1 leaves a place empty.
    let luma_outer = _mm_setr_epi8(-1, -1, 4, 5, 6, 7, -1, -1, 12, 13, 14, 15, -1, -1, -1, -1);
    let luma_inner = _mm_setr_epi8(0, 1, -1, -1, -1, -1, 8, 9, -1, -1, -1, -1, -1, -1, -1, -1);
    let chroma_outer = _mm_setr_epi8(0, 1, 2, 3, -1, -1, 8, 9, 10, 11, -1, -1, -1, -1, -1, -1);
    let chroma_inner = _mm_setr_epi8(-1, -1, -1, -1, 4, 5, -1, -1, -1, -1, 12, 13, -1, -1, -1, -1);
    let lowest = _mm_set1_epi32(0x3ff);
    let (groups, _) = source.as_chunks::<GROUP_BYTES>();
    for (number, group) in groups.iter().enumerate() {
        // SAFETY: a group has 16 bytes.
        let group = unsafe { _mm_loadu_si128(group.as_ptr().cast()) };
        let inner = _mm_and_si128(_mm_srli_epi32::<10>(group), lowest);
        let highest = _mm_and_si128(_mm_srli_epi32::<4>(group), _mm_set1_epi32(0x3ff_0000));
        let outer = _mm_or_si128(_mm_and_si128(group, lowest), highest);
        let at = number * GROUP_PIXELS * 2;
        put(
            luma,
            at,
            _mm_or_si128(
                _mm_shuffle_epi8(outer, luma_outer),
                _mm_shuffle_epi8(inner, luma_inner),
            ),
        );
        put(
            chroma,
            at,
            _mm_or_si128(
                _mm_shuffle_epi8(outer, chroma_outer),
                _mm_shuffle_epi8(inner, chroma_inner),
            ),
        );
    }
}

/// Writes 16 bytes, the last 4 of which are overwritten by the next group.
#[inline]
#[target_feature(enable = "avx2")]
fn put(to: &mut [u8], at: usize, samples: __m128i) {
    let to = &mut to[at..at + 16];
    // SAFETY: `to` has 16 bytes.
    unsafe { _mm_storeu_si128(to.as_mut_ptr().cast(), samples) }
}
