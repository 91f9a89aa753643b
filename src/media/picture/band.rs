// SPDX-License-Identifier: MPL-2.0

//! Eight lines of luma, and the lines around them that are looked at with them.

use super::CELL;

/// The luma of one row of cells, as bytes that a `Sample` reads.
///
/// The picture is continued below its last line by that line, and above its first one so that differences vanish.
pub(super) struct Band<'a> {
    /// In the order that makes the lines around easy to find: the lines two above lines 0 and 1, the eight lines, the line
    /// below them, the line above them.
    lines: [&'a [u8]; Band::LINES],
    /// The eight lines of the next band, when they are not in a near cache yet.
    ahead: Option<[&'a [u8]; CELL]>,
    /// Pixels in a line.
    pub(super) width: usize,
    /// Number of the band from the top, from 0.
    pub(super) row: usize,
    /// Lines that are in the picture, 1 to 8.
    pub(super) height: usize,
}

impl<'a> Band<'a> {
    /// Lines that a band refers to.
    pub(super) const LINES: usize = CELL + 4;

    /// Band `row` of a picture of `width` x `height`, the lines of which `line` gives, by numbers below `height`.
    pub(super) fn new(
        row: usize,
        width: usize,
        height: usize,
        line: impl Fn(usize) -> &'a [u8],
    ) -> Self {
        let first = row * CELL;
        let lines = std::array::from_fn(|at| {
            let y = match at {
                // Nothing is two above the first two lines: they stand in for it themselves.
                0 | 1 if row == 0 => at,
                11 => first.saturating_sub(1),
                _ => first + at - 2,
            };
            line(y.min(height - 1))
        });
        Self {
            lines,
            ahead: None,
            width,
            row,
            height: (height - first).min(CELL),
        }
    }

    /// The band, with the next one, which kernels may fetch ahead.
    pub(super) fn ahead(self, height: usize, line: impl Fn(usize) -> &'a [u8]) -> Self {
        let next = (self.row + 1) * CELL;
        Self {
            ahead: Some(std::array::from_fn(|y| line((next + y).min(height - 1)))),
            ..self
        }
    }

    /// Line `y` of the eight.
    #[inline(always)]
    pub(super) fn line(&self, y: usize) -> &'a [u8] {
        self.lines[y + 2]
    }

    /// The line below line `y`.
    #[inline(always)]
    pub(super) fn below(&self, y: usize) -> &'a [u8] {
        self.lines[y + 3]
    }

    /// The line above line `y`.
    #[inline(always)]
    pub(super) fn above(&self, y: usize) -> &'a [u8] {
        self.lines[if y == 0 { 11 } else { y + 1 }]
    }

    /// The line two above line `y`.
    #[inline(always)]
    pub(super) fn two_above(&self, y: usize) -> &'a [u8] {
        self.lines[y]
    }

    /// All lines: those two above at 0, the eight at 2, below at 10, above at 11.
    #[cfg(target_arch = "x86_64")]
    pub(super) fn lines(&self) -> &[&'a [u8]; Band::LINES] {
        &self.lines
    }

    /// The lines of the next band, when they should be fetched ahead.
    #[cfg(target_arch = "x86_64")]
    pub(super) fn lines_ahead(&self) -> &[&'a [u8]] {
        self.ahead.as_ref().map_or(&[], |lines| lines)
    }
}
