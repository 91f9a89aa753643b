// SPDX-License-Identifier: MPL-2.0

//! Copies of the blocks at the edges of the picture, padded to whole blocks.

use super::super::band::Band;
use super::super::sample::Sample;
use super::{BLOCK, LEAD};

/// Copies of the lines of a block, with a sample before, and continued by the last pixel. The bytes before that sample are 0.
///
/// Aligned as vectors are: this also aligns the stack of the function that has one, so that none of its vectors lies across two pages.
/// Such a vector cost up to 0.16 ms per 1080p picture, depending on how deep the stack was.
#[repr(align(32))]
pub(super) struct Staged([[u8; Staged::BYTES]; Band::LINES]);

impl Staged {
    /// Room for what lies before a block, and a block of samples of two bytes.
    const BYTES: usize = LEAD + 2 * BLOCK;

    /// The block of `band` from pixel `x` on.
    pub(super) fn new<S: Sample>(band: &Band<'_>, x: usize) -> Self {
        let mut staged = Self([[0; Self::BYTES]; Band::LINES]);
        let count = BLOCK.min(band.width - x);
        for (to, from) in staged.0.iter_mut().zip(band.lines()) {
            let sample = |x: usize| &from[x * S::BYTES..(x + 1) * S::BYTES];
            let (before, to) = to.split_at_mut(LEAD);
            // The first pixel of a line is its own neighbour, so that there is no difference.
            before[LEAD - S::BYTES..].copy_from_slice(sample(x.saturating_sub(1)));
            let (pixels, beyond) = to.split_at_mut(count * S::BYTES);
            pixels.copy_from_slice(&from[x * S::BYTES..(x + count) * S::BYTES]);
            match sample(x + count - 1) {
                [byte] => beyond.fill(*byte),
                [low, high] => beyond.as_chunks_mut().0.fill([*low, *high]),
                _ => {}
            }
        }
        staged
    }

    /// The lines; the block is from `LEAD` on.
    pub(super) fn lines(&self) -> [&[u8]; Band::LINES] {
        self.0.each_ref().map(|line| &line[..])
    }
}
