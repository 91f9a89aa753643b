// SPDX-License-Identifier: MPL-2.0

//! The kernels for x86-64 with AVX2, 32 pixels or four cells at a time.

#![allow(
    unsafe_code,
    reason = "the only place: vectors are loaded by pointer, and AVX2 code may run only where there is AVX2"
)]

mod eight;
mod stage;
mod ten;
mod v210;

use super::band::Band;
use super::chroma::Chroma;
use super::grid::{Grid, Quad};
use super::luma::{Luma, Storage};
use super::sample::{Eight, HighTen, Sample, Ten};
use super::unpack::Unpacker;
use super::{CELL, Planes};
use std::arch::x86_64::*;

/// Pixels measured at a time.
const BLOCK: usize = Quad::CELLS * CELL;
/// Bytes that can be read before a block; the last of these are the sample before it.
const LEAD: usize = 8;

/// Proof that the processor has AVX2.
#[derive(Clone, Copy, Debug)]
pub struct Avx2(());

impl Avx2 {
    /// The proof, if the processor has AVX2.
    pub(super) fn detect() -> Option<Self> {
        is_x86_feature_detected!("avx2").then_some(Self(()))
    }

    /// As [`super::scalar::band`].
    pub(super) fn luma(self, storage: Storage, lines: &Band<'_>, grid: &mut Grid) {
        // SAFETY: `self` proves that there is AVX2.
        unsafe {
            match storage {
                Storage::Eight => band::<Eight>(lines, grid),
                Storage::Ten => band::<Ten>(lines, grid),
                Storage::HighTen => band::<HighTen>(lines, grid),
            }
        }
    }

    /// As [`Chroma::band`].
    pub(super) fn chroma(
        self,
        chroma: &mut Chroma,
        planes: &Planes<'_>,
        luma: &Luma,
        row: usize,
        grid: &mut Grid,
    ) {
        #[target_feature(enable = "avx2")]
        fn band(
            chroma: &mut Chroma,
            planes: &Planes<'_>,
            luma: &Luma,
            row: usize,
            grid: &mut Grid,
        ) {
            chroma.band(planes, luma, row, grid);
        }
        // SAFETY: `self` proves that there is AVX2.
        unsafe { band(chroma, planes, luma, row, grid) }
    }

    /// Fetches a line into the near cache.
    pub(super) fn prefetch(self, line: &[u8]) {
        let mut ahead = Prefetcher {
            lines: &[line],
            at: 0,
        };
        // SAFETY: `self` proves that there is AVX2.
        unsafe { ahead.fetch(line.len().next_multiple_of(Prefetcher::CACHE_LINE)) }
    }

    /// Runs code with vectors of AVX2, as far as it is inlined.
    #[inline]
    pub(super) fn vectorized<R>(self, code: impl FnOnce() -> R) -> R {
        #[target_feature(enable = "avx2")]
        fn run<R>(code: impl FnOnce() -> R) -> R {
            code()
        }
        // SAFETY: `self` proves that there is AVX2.
        unsafe { run(code) }
    }

    /// As [`Unpacker::line`].
    pub(super) fn unpack(
        self,
        unpacker: &Unpacker,
        source: &[u8],
        luma: &mut [u8],
        chroma: &mut [u8],
    ) {
        #[target_feature(enable = "avx2")]
        fn line(unpacker: &Unpacker, source: &[u8], luma: &mut [u8], chroma: &mut [u8]) {
            match unpacker {
                Unpacker::V210 => v210::line(source, luma, chroma),
                _ => unpacker.line(source, luma, chroma),
            }
        }
        // SAFETY: `self` proves that there is AVX2.
        unsafe { line(unpacker, source, luma, chroma) }
    }
}

/// The measuring code for one storage of samples.
trait Lanes: Sample {
    /// Measures the block that starts at byte `at` of the lines (in the order of [`Band::lines`]), and adds to the totals of lines.
    ///
    /// # Safety
    ///
    /// There must be AVX2. In each line there must be `LEAD` bytes before `at`, and a block from `at` on.
    unsafe fn block(lines: &[&[u8]; Band::LINES], at: usize, totals: &mut Totals) -> Quad;
}

/// For each of the eight lines, sums of 32 bits that add up to the sum of luma and that of the differences to the line above.
struct Totals {
    sum: [__m256i; CELL],
    dy: [__m256i; CELL],
}

/// Measures a band into its row of `grid`.
#[target_feature(enable = "avx2")]
fn band<S: Lanes>(band: &Band<'_>, grid: &mut Grid) {
    assert!(
        band.lines()
            .iter()
            .all(|line| line.len() >= band.width * S::BYTES),
        "lines are complete"
    );
    let mut totals = Totals {
        sum: [_mm256_setzero_si256(); CELL],
        dy: [_mm256_setzero_si256(); CELL],
    };
    let mut ahead = Prefetcher {
        lines: band.lines_ahead(),
        at: 0,
    };
    for x in (0..band.width).step_by(BLOCK) {
        ahead.fetch(CELL * BLOCK * S::BYTES);
        let inside = x >= BLOCK && x + BLOCK <= band.width;
        let staged;
        let (lines, at) = if inside {
            (band.lines(), x * S::BYTES)
        } else {
            staged = stage::Staged::new::<S>(band, x);
            (&staged.lines(), LEAD)
        };
        // SAFETY: there is AVX2 here. Inside, `x` is BLOCK or more, which is more than LEAD bytes, and lines have at least
        // `x` + BLOCK samples; staged lines are LEAD bytes, then a block.
        let quad = unsafe { S::block(lines, at, &mut totals) };
        grid.put(band.row, x / CELL, &quad);
    }
    // Beyond the right edge the last block repeats the last pixel.
    let beyond = (band.width.next_multiple_of(BLOCK) - band.width) as u32;
    for y in 0..band.height {
        let last = |line: &[u8]| u32::from(S::code(S::samples(line)[band.width - 1]));
        let (pixel, above) = (last(band.line(y)), last(band.above(y)));
        let sum = total(totals.sum[y]) - beyond * pixel;
        let dy = total(totals.dy[y]) - beyond * pixel.abs_diff(above);
        grid.put_line(band.row * CELL + y, sum, dy);
    }
}

/// Fetches the lines of the next band into the near cache, little by little.
///
/// Line after line: such sequential access also triggers the hardware prefetcher.
struct Prefetcher<'a> {
    lines: &'a [&'a [u8]],
    /// Bytes of the first line that are fetched.
    at: usize,
}

impl Prefetcher<'_> {
    const CACHE_LINE: usize = 64;

    /// Fetches that many bytes more.
    #[inline]
    #[target_feature(enable = "avx2")]
    #[allow(unused_unsafe, reason = "the hint became safe after Rust 1.92")]
    fn fetch(&mut self, count: usize) {
        for _ in 0..count / Self::CACHE_LINE {
            let Some((line, rest)) = self.lines.split_first() else {
                return;
            };
            // SAFETY: this is a hint, and never a fault whatever the address.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(line.as_ptr().wrapping_add(self.at).cast()) }
            self.at += Self::CACHE_LINE;
            if self.at >= line.len() {
                (self.lines, self.at) = (rest, 0);
            }
        }
    }
}

/// The sum of eight integers of 32 bits.
#[target_feature(enable = "avx2")]
fn total(sums: __m256i) -> u32 {
    sum_of_four(_mm_add_epi32(
        _mm256_castsi256_si128(sums),
        _mm256_extracti128_si256::<1>(sums),
    ))
}

/// The sum of four integers of 32 bits.
#[inline]
#[target_feature(enable = "avx2")]
fn sum_of_four(sums: __m128i) -> u32 {
    let sums = _mm_add_epi32(sums, _mm_shuffle_epi32::<0b01_00_11_10>(sums));
    let sums = _mm_add_epi32(sums, _mm_shuffle_epi32::<0b10_11_00_01>(sums));
    _mm_cvtsi128_si32(sums).cast_unsigned()
}

/// Loads 32 bytes from `line`, from `at` on.
///
/// # Safety
///
/// `line` must have 32 bytes from `at` on.
#[target_feature(enable = "avx2")]
unsafe fn load(line: &[u8], at: usize) -> __m256i {
    #[cfg(test)]
    assert!(
        at + 32 <= line.len(),
        "32 bytes from {at} on in {}",
        line.len()
    );
    // SAFETY: the caller sees to it that the bytes are there; they need no alignment.
    unsafe { _mm256_loadu_si256(line.as_ptr().add(at).cast()) }
}
