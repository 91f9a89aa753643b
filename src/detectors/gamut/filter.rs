// SPDX-License-Identifier: MPL-2.0
//! The low-pass filter of EBU R103 over the pixels of a cell.

use crate::media::picture::{CELL, Colours, Component, Planes, Range, VideoFormat};

/// The filter across (EBU R103 v3, annex), and down: of lines of the same field.
const ACROSS: [f32; 7] = [1.0, 2.0, 3.0, 4.0, 3.0, 2.0, 1.0];
const ACROSS_SUM: f32 = 16.0;
const DOWN: [f32; 3] = [1.0, 2.0, 1.0];
const DOWN_SUM: f32 = 4.0;
/// Columns beyond a cell that the filter reads, on each side.
const BESIDE: usize = ACROSS.len() / 2;
/// Columns that it reads, and lines at most: two more fields' lines above and below.
const WIDE: usize = CELL + 2 * BESIDE;
const HIGH: usize = CELL + 4;

/// A component of a cell's pixels, in 8-bit codes.
type Patch = [[f32; CELL]; CELL];

/// R', G', B' and Y' of a pixel: 0 is nominal black, 1 nominal white.
pub type Levels = [f64; 4];

/// Reads and filters cells of pictures of one format.
#[derive(Debug)]
pub struct Filter {
    format: VideoFormat,
    parts: [Component; 3],
    has_colour: bool,
    colours: Colours,
}

impl Filter {
    /// For pictures of that format.
    pub fn new(format: &VideoFormat) -> Self {
        let (parts, grey) = Component::of(format.layout);
        Self {
            format: *format,
            parts,
            has_colour: !grey,
            colours: Colours::new(format),
        }
    }

    /// The levels of each pixel of a cell, filtered if that is asked for; of interlaced pictures within a field.
    pub fn cell(
        &self,
        planes: &Planes<'_>,
        (column, row): (usize, usize),
        (filtered, interlaced): (bool, bool),
        mut pixel: impl FnMut(Levels),
    ) {
        let step = if interlaced { 2 } else { 1 };
        let (x, y) = (column * CELL, row * CELL);
        let read = |part: usize| self.read(self.parts[part], planes, (x, y), (filtered, step));
        let first = read(0);
        let others = self.has_colour.then(|| [read(1), read(2)]);
        let inside = |start: usize, end: usize| CELL.min(end.saturating_sub(start));
        for j in 0..inside(y, self.format.height) {
            for i in 0..inside(x, self.format.width) {
                let rest = others
                    .as_ref()
                    .map_or([128.0; 2], |[b, c]| [b[j][i], c[j][i]]);
                pixel(self.levels([first[j][i], rest[0], rest[1]].map(f64::from)));
            }
        }
    }

    /// R', G', B' and Y' of a pixel with these codes.
    fn levels(&self, [a, b, c]: [f64; 3]) -> Levels {
        if self.format.layout.is_rgb() {
            let (black, white) = match self.format.range {
                Range::Limited => (16.0, 235.0),
                Range::Full => (0.0, 255.0),
            };
            let [r, g, b] = [a, b, c].map(|code| (code - black) / (white - black));
            return [r, g, b, self.colours.luma([r, g, b])];
        }
        let [r, g, blue] = self.colours.rgb(a, b, c);
        [r, g, blue, self.colours.luma([r, g, blue])]
    }

    fn read(
        &self,
        part: Component,
        planes: &Planes<'_>,
        (x, y): (usize, usize),
        (filtered, step): (bool, usize),
    ) -> Patch {
        let (last_column, last_line) = (self.format.width - 1, self.format.height - 1);
        let mut lines = [[0.0f32; CELL]; HIGH];
        let mut codes = [0u16; WIDE];
        let count = CELL + 2 * step;
        for (n, line) in lines.iter_mut().enumerate().take(count) {
            // Beyond the picture its outermost lines of the same field go on.
            let mut at = (y + n).saturating_sub(step);
            if y + n < step {
                at = (y + n) % step.max(1);
            }
            while at > last_line {
                at = at.saturating_sub(step);
            }
            let columns = (x..x + WIDE).map(|at| at.saturating_sub(BESIDE).min(last_column));
            part.read(planes, at, columns, &mut codes);
            for (i, out) in line.iter_mut().enumerate() {
                *out = match filtered {
                    true => {
                        codes[i..i + ACROSS.len()]
                            .iter()
                            .zip(ACROSS)
                            .map(|(c, w)| f32::from(*c) * w)
                            .sum::<f32>()
                            / ACROSS_SUM
                    }
                    false => f32::from(codes[i + BESIDE]),
                } / 4.0;
            }
        }
        std::array::from_fn(|j| {
            std::array::from_fn(|i| match filtered {
                true => {
                    (0..DOWN.len())
                        .map(|n| DOWN[n] * lines[j + n * step][i])
                        .sum::<f32>()
                        / DOWN_SUM
                }
                false => lines[j + step][i],
            })
        })
    }
}
