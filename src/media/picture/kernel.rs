// SPDX-License-Identifier: MPL-2.0

//! The choice of code for the processor at hand.

#[cfg(target_arch = "x86_64")]
use super::avx2::Avx2;
use super::band::Band;
use super::chroma::Chroma;
use super::grid::Grid;
use super::luma::{Luma, Storage};
use super::sample::{Eight, HighTen, Ten};
use super::unpack::Unpacker;
use super::{Planes, scalar};

/// Calls a function that the compiler can turn into vectors, with the vectors of the processor at hand. It and all that it calls must be
/// marked `#[inline(always)]`: what isn't inlined has the vectors of any processor. So it is a function, since a closure can't be marked.
#[inline]
pub fn vectorized<A, R>(code: impl FnOnce(A) -> R, arguments: A) -> R {
    Kernel::best().vectorized(|| code(arguments))
}

/// Code for the processor at hand. All kinds give the same numbers.
#[derive(Clone, Copy, Debug)]
pub enum Kernel {
    /// That every processor runs.
    Scalar,
    /// That one with AVX2 runs.
    #[cfg(target_arch = "x86_64")]
    Avx2(Avx2),
}

impl Kernel {
    /// The fastest that this processor can run.
    pub fn best() -> Self {
        #[cfg(target_arch = "x86_64")]
        if let Some(avx2) = Avx2::detect() {
            return Self::Avx2(avx2);
        }
        Self::Scalar
    }

    /// Measures the luma of a band.
    pub(super) fn luma(self, storage: Storage, band: &Band<'_>, grid: &mut Grid) {
        match self {
            Self::Scalar => match storage {
                Storage::Eight => scalar::band::<Eight>(band, grid),
                Storage::Ten => scalar::band::<Ten>(band, grid),
                Storage::HighTen => scalar::band::<HighTen>(band, grid),
            },
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(avx2) => avx2.luma(storage, band, grid),
        }
    }

    /// Measures the chroma of a band.
    pub(super) fn chroma(
        self,
        chroma: &mut Chroma,
        planes: &Planes<'_>,
        luma: &Luma,
        row: usize,
        grid: &mut Grid,
    ) {
        match self {
            Self::Scalar => chroma.band(planes, luma, row, grid),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(avx2) => avx2.chroma(chroma, planes, luma, row, grid),
        }
    }

    /// Hints that a line will be read soon.
    pub(super) fn prefetch(self, line: &[u8]) {
        match self {
            Self::Scalar => {}
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(avx2) => avx2.prefetch(line),
        }
    }

    /// Runs code that the compiler can turn into vectors, with the vectors of this processor: what is called there has to be inlined.
    #[inline]
    pub fn vectorized<R>(self, code: impl FnOnce() -> R) -> R {
        match self {
            Self::Scalar => code(),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(avx2) => avx2.vectorized(code),
        }
    }

    /// Unpacks a line.
    pub(super) fn unpack(
        self,
        unpacker: &Unpacker,
        source: &[u8],
        luma: &mut [u8],
        chroma: &mut [u8],
    ) {
        match self {
            Self::Scalar => unpacker.line(source, luma, chroma),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(avx2) => avx2.unpack(unpacker, source, luma, chroma),
        }
    }
}
