// SPDX-License-Identifier: MPL-2.0

//! Blocks of 10-bit samples: two vectors hold a line of four cells, each half of a vector a cell.
//!
//! Sums are kept per column: of eight lines they fit in 16 bits, as do those of whole cells.

use super::super::band::Band;
use super::super::grid::{Quad, Statistic};
use super::super::sample::{HighTen, Sample, Ten};
use super::{BLOCK, Lanes, Totals, load};
use std::arch::x86_64::*;

impl Lanes for Ten {
    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn block(lines: &[&[u8]; Band::LINES], at: usize, totals: &mut Totals) -> Quad {
        // SAFETY: as the caller promises.
        unsafe { block::<false>(lines, at, totals) }
    }
}

impl Lanes for HighTen {
    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn block(lines: &[&[u8]; Band::LINES], at: usize, totals: &mut Totals) -> Quad {
        // SAFETY: as the caller promises.
        unsafe { block::<true>(lines, at, totals) }
    }
}

/// # Safety
///
/// As [`Lanes::block`].
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn block<const HIGH: bool>(
    lines: &[&[u8]; Band::LINES],
    at: usize,
    totals: &mut Totals,
) -> Quad {
    // SAFETY: as the caller promises: the second half of a block is within it.
    let halves = unsafe {
        [
            half::<HIGH>(lines, at, totals),
            half::<HIGH>(lines, at + BLOCK, totals),
        ]
    };
    let [low, high] = halves;
    let mut quad = Quad::default();
    // Eight statistics of each of four cells, brought together by statistic.
    let (first, second) = (low.words(), high.words());
    let ab_low = _mm256_unpacklo_epi16(first, second);
    let ab_high = _mm256_unpackhi_epi16(first, second);
    put(
        &mut quad,
        ab_low,
        [
            Statistic::Sum,
            Statistic::OddSum,
            Statistic::Dx,
            Statistic::Left,
        ],
    );
    put(
        &mut quad,
        ab_high,
        [
            Statistic::Dy,
            Statistic::Top,
            Statistic::Dy2,
            Statistic::Comb,
        ],
    );
    for (number, half) in [low, high].iter().enumerate() {
        let cells = [(half.min, half.max, 0), (swap(half.min), swap(half.max), 1)];
        for (min, max, cell) in cells {
            let cell = 2 * number + cell;
            quad.words[Statistic::Min as usize][cell] = least(_mm256_castsi256_si128(min));
            // The greatest value is the one with the least complement.
            quad.words[Statistic::Max as usize][cell] = !least(_mm256_castsi256_si128(not(max)));
        }
    }
    quad
}

/// Sums per column of two cells, of 16 bits.
struct Sums {
    /// The line to measure next, and the one above.
    pixels: __m256i,
    above: __m256i,
    sum: __m256i,
    odd_sum: __m256i,
    min: __m256i,
    max: __m256i,
    /// The first column of each cell is `left`.
    dx: __m256i,
    dy: __m256i,
    top: __m256i,
    dy2: __m256i,
    comb: __m256i,
}

/// Measures half a block.
///
/// # Safety
///
/// As [`Lanes::block`], but for 16 samples.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn half<const HIGH: bool>(
    lines: &[&[u8]; Band::LINES],
    at: usize,
    totals: &mut Totals,
) -> Sums {
    // SAFETY: the caller sees to it that 16 samples, of two bytes, can be read from `at` on.
    let (above, pixels) = unsafe {
        (
            codes::<HIGH>(load(lines[11], at)),
            codes::<HIGH>(load(lines[2], at)),
        )
    };
    let mut sums = Sums::new(above, pixels);
    // SAFETY: as the caller promises. Written out, because no compiler unrolls it.
    unsafe {
        sums.line::<HIGH, 0>(lines, at, totals);
        sums.line::<HIGH, 1>(lines, at, totals);
        sums.line::<HIGH, 2>(lines, at, totals);
        sums.line::<HIGH, 3>(lines, at, totals);
        sums.line::<HIGH, 4>(lines, at, totals);
        sums.line::<HIGH, 5>(lines, at, totals);
        sums.line::<HIGH, 6>(lines, at, totals);
        sums.line::<HIGH, 7>(lines, at, totals);
    }
    sums
}

impl Sums {
    #[inline]
    #[target_feature(enable = "avx2")]
    fn new(above: __m256i, pixels: __m256i) -> Self {
        let zero = _mm256_setzero_si256();
        Self {
            pixels,
            above,
            sum: zero,
            odd_sum: zero,
            min: pixels,
            max: pixels,
            dx: zero,
            dy: zero,
            top: zero,
            dy2: zero,
            comb: zero,
        }
    }

    /// Measures line `Y` of half a block.
    ///
    /// # Safety
    ///
    /// As [`half`].
    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn line<const HIGH: bool, const Y: usize>(
        &mut self,
        lines: &[&[u8]; Band::LINES],
        at: usize,
        totals: &mut Totals,
    ) {
        let (pixels, above) = (self.pixels, self.above);
        // SAFETY: the caller sees to it that there are 16 samples, of two bytes, from `at` on, and one before.
        let [below, two_above, before] = unsafe {
            [
                load(lines[Y + 3], at),
                load(lines[Y], at),
                load(lines[Y + 2], at - 2),
            ]
        };
        let (below, two_above, before) = (
            codes::<HIGH>(below),
            codes::<HIGH>(two_above),
            codes::<HIGH>(before),
        );
        let one = _mm256_set1_epi16(1);
        self.sum = _mm256_add_epi16(self.sum, pixels);
        totals.sum[Y] = _mm256_add_epi32(totals.sum[Y], _mm256_madd_epi16(pixels, one));
        if Y % 2 == 1 {
            self.odd_sum = _mm256_add_epi16(self.odd_sum, pixels);
        }
        let dy = differences(pixels, above);
        totals.dy[Y] = _mm256_add_epi32(totals.dy[Y], _mm256_madd_epi16(dy, one));
        if Y == 0 {
            self.top = dy;
        } else {
            self.dy = _mm256_add_epi16(self.dy, dy);
        }
        self.dy2 = _mm256_add_epi16(self.dy2, differences(pixels, two_above));
        self.dx = _mm256_add_epi16(self.dx, differences(pixels, before));
        self.comb = _mm256_add_epi16(self.comb, excess(pixels, above, below));
        self.min = _mm256_min_epu16(self.min, pixels);
        self.max = _mm256_max_epu16(self.max, pixels);
        (self.above, self.pixels) = (pixels, below);
    }

    /// For both cells: sum, odd sum, dx, left, dy, top, dy2, comb.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn words(&self) -> __m256i {
        let first = _mm256_set_epi64x(0, 0xffff, 0, 0xffff);
        let left = _mm256_and_si256(self.dx, first);
        let dx = _mm256_andnot_si256(first, self.dx);
        let sums = _mm256_hadd_epi16(self.sum, self.odd_sum);
        let across = _mm256_hadd_epi16(dx, left);
        let down = _mm256_hadd_epi16(self.dy, self.top);
        let fields = _mm256_hadd_epi16(self.dy2, self.comb);
        _mm256_hadd_epi16(
            _mm256_hadd_epi16(sums, across),
            _mm256_hadd_epi16(down, fields),
        )
    }
}

/// The codes of samples as they lie in memory.
#[inline]
#[target_feature(enable = "avx2")]
fn codes<const HIGH: bool>(samples: __m256i) -> __m256i {
    if HIGH {
        _mm256_srli_epi16::<6>(samples)
    } else {
        _mm256_min_epu16(samples, _mm256_set1_epi16(1023))
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn differences(one: __m256i, other: __m256i) -> __m256i {
    _mm256_abs_epi16(_mm256_sub_epi16(one, other))
}

/// The combing of a line, per pixel.
#[inline]
#[target_feature(enable = "avx2")]
fn excess(pixels: __m256i, above: __m256i, below: __m256i) -> __m256i {
    let over = _mm256_subs_epu16(pixels, _mm256_max_epu16(above, below));
    let under = _mm256_subs_epu16(_mm256_min_epu16(above, below), pixels);
    let threshold = _mm256_set1_epi16(Ten::COMB_THRESHOLD.cast_signed());
    // One of the two is 0.
    _mm256_subs_epu16(_mm256_or_si256(over, under), threshold)
}

/// Writes four statistics. In each half of `words` they follow one another, each for one cell of the first half block and
/// one of the second; the lower half has the first cell of each.
#[inline]
#[target_feature(enable = "avx2")]
fn put(quad: &mut Quad, words: __m256i, statistics: [Statistic; 4]) {
    let (low, high) = (
        _mm256_castsi256_si128(words),
        _mm256_extracti128_si256::<1>(words),
    );
    // Cells 0 2 and 1 3 become 0 1 2 3.
    let first = _mm_unpacklo_epi16(low, high);
    let second = _mm_unpackhi_epi16(low, high);
    let values = [
        first,
        _mm_unpackhi_epi64(first, first),
        second,
        _mm_unpackhi_epi64(second, second),
    ];
    for (statistic, value) in statistics.into_iter().zip(values) {
        // SAFETY: there is room for four words.
        unsafe { _mm_storel_epi64(quad.words[statistic as usize].as_mut_ptr().cast(), value) };
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn swap(words: __m256i) -> __m256i {
    _mm256_permute2x128_si256::<1>(words, words)
}

#[inline]
#[target_feature(enable = "avx2")]
fn not(words: __m256i) -> __m256i {
    _mm256_xor_si256(words, _mm256_set1_epi16(-1))
}

/// The least of eight words.
#[inline]
#[target_feature(enable = "avx2")]
fn least(words: __m128i) -> u16 {
    _mm_extract_epi16::<0>(_mm_minpos_epu16(words)) as u16
}
