// SPDX-License-Identifier: MPL-2.0

//! Blocks of 10-bit samples: two vectors hold a line of four cells, each half of a vector a cell.
//!
//! Sums are kept per column: of eight lines they fit in 16 bits, as do those of whole cells.

use super::super::band::Band;
use super::super::grid::{Quad, Statistic};
use super::super::sample::{HighTen, Sample, Ten};
use super::{BLOCK, CELL, Lanes, Totals, load};
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
        let cells = [
            (half.min, half.max, half.squares, 0),
            (swap(half.min), swap(half.max), swap(half.squares), 1),
        ];
        for (min, max, squares, cell) in cells {
            let cell = 2 * number + cell;
            quad.words[Statistic::Min as usize][cell] = least(_mm256_castsi256_si128(min));
            // The greatest is what is least of the complements.
            quad.words[Statistic::Max as usize][cell] = !least(_mm256_castsi256_si128(not(max)));
            quad.square_sum[cell] = sum_of_four(_mm256_castsi256_si128(squares));
        }
    }
    quad
}

/// Sums per column of two cells, of 16 bits but for squares.
struct Sums {
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
    /// Four sums of 32 bits per cell.
    squares: __m256i,
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
    let line = |number: usize| codes::<HIGH>(unsafe { load(lines[number], at) });
    // SAFETY: as above, and that there is a sample before.
    let before = |number: usize| codes::<HIGH>(unsafe { load(lines[number], at - 2) });
    let zero = _mm256_setzero_si256();
    let one = _mm256_set1_epi16(1);
    let (mut above, mut pixels) = (line(11), line(2));
    let (mut sum, mut odd_sum, mut dx, mut dy, mut top) = (zero, zero, zero, zero, zero);
    let (mut dy2, mut comb, mut squares) = (zero, zero, zero);
    let (mut min, mut max) = (pixels, pixels);
    for y in 0..CELL {
        let below = line(y + 3);
        sum = _mm256_add_epi16(sum, pixels);
        totals.sum[y] = _mm256_add_epi32(totals.sum[y], _mm256_madd_epi16(pixels, one));
        if y % 2 == 1 {
            odd_sum = _mm256_add_epi16(odd_sum, pixels);
        }
        let difference = differences(pixels, above);
        totals.dy[y] = _mm256_add_epi32(totals.dy[y], _mm256_madd_epi16(difference, one));
        if y == 0 {
            top = difference;
        } else {
            dy = _mm256_add_epi16(dy, difference);
        }
        dy2 = _mm256_add_epi16(dy2, differences(pixels, line(y)));
        dx = _mm256_add_epi16(dx, differences(pixels, before(y + 2)));
        comb = _mm256_add_epi16(comb, excess(pixels, above, below));
        squares = _mm256_add_epi32(squares, _mm256_madd_epi16(pixels, pixels));
        min = _mm256_min_epu16(min, pixels);
        max = _mm256_max_epu16(max, pixels);
        (above, pixels) = (pixels, below);
    }
    Sums {
        sum,
        odd_sum,
        min,
        max,
        dx,
        dy,
        top,
        dy2,
        comb,
        squares,
    }
}

impl Sums {
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

#[inline]
#[target_feature(enable = "avx2")]
fn sum_of_four(sums: __m128i) -> u32 {
    let sums = _mm_add_epi32(sums, _mm_shuffle_epi32::<0b01_00_11_10>(sums));
    let sums = _mm_add_epi32(sums, _mm_shuffle_epi32::<0b10_11_00_01>(sums));
    _mm_cvtsi128_si32(sums).cast_unsigned()
}
