// SPDX-License-Identifier: MPL-2.0

//! Blocks of 8-bit samples: a vector holds a line of four cells.
//!
//! The processor's sum of absolute differences gives one number per eight bytes, so one per cell.

use super::super::band::Band;
use super::super::grid::Quad;
use super::super::sample::{Eight, Sample};
use super::{Lanes, Totals, load};
use std::arch::x86_64::*;

impl Lanes for Eight {
    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn block(lines: &[&[u8]; Band::LINES], at: usize, totals: &mut Totals) -> Quad {
        // SAFETY: the caller sees to it that 32 samples, of a byte, can be read from `at` on.
        let (above, pixels) = unsafe { (load(lines[11], at), load(lines[2], at)) };
        let mut sums = Sums::new(above, pixels);
        // SAFETY: as the caller promises. Written out, because no compiler unrolls it.
        unsafe {
            sums.line::<0>(lines, at, totals);
            sums.line::<1>(lines, at, totals);
            sums.line::<2>(lines, at, totals);
            sums.line::<3>(lines, at, totals);
            sums.line::<4>(lines, at, totals);
            sums.line::<5>(lines, at, totals);
            sums.line::<6>(lines, at, totals);
            sums.line::<7>(lines, at, totals);
        }
        sums.quad()
    }
}

/// Sums per cell, each of 64 bits, and bounds per column.
///
/// Lines 1, 2, 5 and 6 have all eight lines as neighbours, and what combing needs is the least and greatest of the neighbours:
/// that alone gives the bounds of the block.
struct Sums {
    /// The line to measure next, and the one above.
    pixels: __m256i,
    above: __m256i,
    even_sum: __m256i,
    odd_sum: __m256i,
    min: __m256i,
    max: __m256i,
    /// With `left`.
    dx: __m256i,
    /// Of the four lines last measured, the first pixel of each cell above its left neighbour, a word for each.
    borders: __m256i,
    left: __m256i,
    dy: __m256i,
    top: __m256i,
    dy2: __m256i,
    comb: __m256i,
}

impl Sums {
    #[inline]
    #[target_feature(enable = "avx2")]
    fn new(above: __m256i, pixels: __m256i) -> Self {
        let zero = _mm256_setzero_si256();
        Self {
            pixels,
            above,
            even_sum: zero,
            odd_sum: zero,
            min: _mm256_set1_epi8(-1),
            max: zero,
            dx: zero,
            borders: zero,
            left: zero,
            dy: zero,
            top: zero,
            dy2: zero,
            comb: zero,
        }
    }

    /// Measures line `Y` of a block.
    ///
    /// # Safety
    ///
    /// As [`Lanes::block`].
    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn line<const Y: usize>(
        &mut self,
        lines: &[&[u8]; Band::LINES],
        at: usize,
        totals: &mut Totals,
    ) {
        let (pixels, above) = (self.pixels, self.above);
        // SAFETY: the caller sees to it that there are 32 samples, of a byte, from `at` on, and one before.
        let (below, two_above, before) = unsafe {
            (
                load(lines[Y + 3], at),
                load(lines[Y], at),
                load(lines[Y + 2], at - 1),
            )
        };
        let sum = _mm256_sad_epu8(pixels, _mm256_setzero_si256());
        totals.sum[Y] = _mm256_add_epi64(totals.sum[Y], sum);
        if Y.is_multiple_of(2) {
            self.even_sum = _mm256_add_epi64(self.even_sum, sum);
        } else {
            self.odd_sum = _mm256_add_epi64(self.odd_sum, sum);
        }
        let dy = _mm256_sad_epu8(pixels, above);
        totals.dy[Y] = _mm256_add_epi64(totals.dy[Y], dy);
        if Y == 0 {
            self.top = dy;
        } else {
            self.dy = _mm256_add_epi64(self.dy, dy);
        }
        self.dy2 = _mm256_add_epi64(self.dy2, _mm256_sad_epu8(pixels, two_above));
        self.dx = _mm256_add_epi64(self.dx, _mm256_sad_epu8(pixels, before));
        // SAFETY: as the caller promises.
        unsafe { self.border::<Y>(lines[Y + 2], at, before) };
        let (least, greatest) = (_mm256_min_epu8(above, below), _mm256_max_epu8(above, below));
        if matches!(Y, 1 | 2 | 5 | 6) {
            self.min = _mm256_min_epu8(self.min, least);
            self.max = _mm256_max_epu8(self.max, greatest);
        }
        self.comb = _mm256_add_epi64(self.comb, comb(pixels, least, greatest));
        (self.above, self.pixels) = (pixels, below);
    }

    /// Adds the differences of line `Y` across the left borders of cells. `before` is the line from the sample before `at` on.
    ///
    /// The two pixels at a border are a word. Read from so many words earlier, those of four lines fit in a vector.
    ///
    /// # Safety
    ///
    /// As [`Lanes::block`].
    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn border<const Y: usize>(&mut self, line: &[u8], at: usize, before: __m256i) {
        // SAFETY: the caller sees to it that `LEAD` bytes lie before `at`.
        self.borders = unsafe {
            match Y % 4 {
                0 => before,
                1 => _mm256_blend_epi16::<0b0010_0010>(self.borders, load(line, at - 3)),
                2 => _mm256_blend_epi16::<0b0100_0100>(self.borders, load(line, at - 5)),
                _ => _mm256_blend_epi16::<0b1000_1000>(self.borders, load(line, at - 7)),
            }
        };
        if Y % 4 == 3 {
            let left = _mm256_maddubs_epi16(self.borders, _mm256_set1_epi16(0x01ff));
            let left = _mm256_sad_epu8(_mm256_abs_epi16(left), _mm256_setzero_si256());
            self.left = _mm256_add_epi64(self.left, left);
        }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn quad(self) -> Quad {
        // The least of eight bytes ends up in the lowest one.
        let min = _mm256_min_epu8(self.min, _mm256_srli_epi64::<32>(self.min));
        let min = _mm256_min_epu8(min, _mm256_srli_epi64::<16>(min));
        let min = _mm256_min_epu8(min, _mm256_srli_epi64::<8>(min));
        let max = _mm256_max_epu8(self.max, _mm256_srli_epi64::<32>(self.max));
        let max = _mm256_max_epu8(max, _mm256_srli_epi64::<16>(max));
        let max = _mm256_max_epu8(max, _mm256_srli_epi64::<8>(max));
        let lowest = _mm256_set1_epi64x(0xff);
        let (min, max) = (_mm256_and_si256(min, lowest), _mm256_and_si256(max, lowest));
        let sum = _mm256_add_epi64(self.even_sum, self.odd_sum);
        let dx = _mm256_sub_epi64(self.dx, self.left);

        let mut quad = Quad::default();
        let (words, _) = quad.words.as_flattened_mut().as_chunks_mut::<16>();
        let zero = _mm256_setzero_si256();
        store(&mut words[0], interleave([sum, self.odd_sum, min, max]));
        store(
            &mut words[1],
            interleave([dx, self.left, self.dy, self.top]),
        );
        store(&mut words[2], interleave([self.dy2, self.comb, zero, zero]));
        quad
    }
}

/// The combing of a line, per cell, from the least and greatest of its neighbours.
#[inline]
#[target_feature(enable = "avx2")]
fn comb(pixels: __m256i, least: __m256i, greatest: __m256i) -> __m256i {
    let over = _mm256_subs_epu8(pixels, greatest);
    let under = _mm256_subs_epu8(least, pixels);
    let threshold = _mm256_set1_epi8(Eight::COMB_THRESHOLD as i8);
    // One of the two is 0.
    let excess = _mm256_subs_epu8(_mm256_or_si256(over, under), threshold);
    _mm256_sad_epu8(excess, _mm256_setzero_si256())
}

/// From four statistics, as numbers of 16 bits in 64 for each of four cells: first the four of the first, and so on.
#[inline]
#[target_feature(enable = "avx2")]
fn interleave([a, b, c, d]: [__m256i; 4]) -> __m256i {
    let (ab, cd) = (_mm256_packus_epi32(a, b), _mm256_packus_epi32(c, d));
    // In each half two cells, as pairs by statistic: bring the pairs of both together.
    let halves = _mm256_packus_epi32(ab, cd);
    _mm256_permutevar8x32_epi32(halves, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7))
}

#[inline]
#[target_feature(enable = "avx2")]
fn store(to: &mut [u16; 16], words: __m256i) {
    // SAFETY: `to` has room for 16 words, and needs no alignment.
    unsafe { _mm256_storeu_si256(to.as_mut_ptr().cast(), words) }
}
