// SPDX-License-Identifier: MPL-2.0
//! Points of a picture, evenly spread, for what must be judged by pixels but not by all of them.
//!
//! Where an area is measured against a limit, points are exact to their share of the picture; means of cells aren't, for those at the edge of
//! what is measured mix both sides.

use super::{Component, Planes, Signal, SignalConverter, VideoFormat};

/// About as many points as a picture has: every eighth pixel of 1080p both ways.
const POINTS: f64 = 32_400.0;

/// Which lines of a frame are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lines {
    /// All of them.
    All,
    /// Lines 0, 2, 4, ...
    Even,
    /// Lines 1, 3, 5, ...
    Odd,
}

impl Lines {
    fn first(self) -> usize {
        usize::from(self == Self::Odd)
    }

    fn step(self) -> usize {
        if self == Self::All { 1 } else { 2 }
    }
}

/// Reads the signal at points of pictures of one format. Allocates when made.
#[derive(Debug)]
pub struct PointReader {
    format: VideoFormat,
    lines: Lines,
    converter: SignalConverter,
    columns: Vec<usize>,
    /// The first of the two lines of each row.
    rows: Vec<usize>,
    /// A row of codes: the first component of the four pixels, and the two others.
    codes: [Vec<u16>; 6],
    /// Whether a point is the mean of four pixels: that takes off the grain.
    mean: bool,
}

impl PointReader {
    /// Points of four pixels each, of those lines of pictures of that format.
    pub fn new(format: &VideoFormat, lines: Lines) -> Self {
        let (width, height) = (format.width.max(1), format.height.max(1));
        let pitch = ((width * height) as f64 / POINTS).sqrt().max(1.0);
        let across = ((width as f64 / pitch).round() as usize).clamp(1, width);
        let in_field = (height.saturating_sub(lines.first()))
            .div_ceil(lines.step())
            .max(1);
        let down = (height as f64 / pitch / lines.step() as f64).round() as usize;
        let down = down.clamp(1, in_field);
        let place = |i: usize, of: usize, length: usize| (2 * i + 1) * length / (2 * of);
        let line = |i| (place(i, down, in_field) * lines.step() + lines.first()).min(height - 1);
        Self {
            lines,
            rows: (0..down).map(line).collect(),
            // Closer together the points would share pixels.
            mean: pitch >= 2.0,
            ..Self::of_size(format, across, 1)
        }
    }

    /// That many columns and rows of single pixels.
    pub fn of_size(format: &VideoFormat, across: usize, down: usize) -> Self {
        let place = |i: usize, of: usize, length: usize| (2 * i + 1) * length / (2 * of);
        Self {
            format: *format,
            lines: Lines::All,
            converter: SignalConverter::new(format),
            columns: (0..across)
                .map(|i| place(i, across, format.width))
                .collect(),
            rows: (0..down).map(|i| place(i, down, format.height)).collect(),
            codes: [(); 6].map(|()| vec![0; across]),
            mean: false,
        }
    }

    /// Whether it is for such pictures.
    pub fn fits(&self, format: &VideoFormat) -> bool {
        self.format == *format
    }

    /// Points in a row, and rows.
    pub fn size(&self) -> (usize, usize) {
        (self.columns.len(), self.rows.len())
    }

    /// Where a row and a column of points begin in the picture, in pixels; the number of rows or columns is where it ends.
    pub fn edge(&self, column: usize, row: usize) -> (usize, usize) {
        let (across, down) = self.size();
        (
            column * self.format.width / across,
            row * self.format.height / down,
        )
    }

    /// Writes the signal of each point, row by row.
    pub fn read(&mut self, planes: &Planes<'_>, mut point: impl FnMut(usize, Signal)) {
        let (step, last) = (self.lines.step(), self.format.width - 1);
        let [first, second, third] = *self.converter.parts();
        for (row, &y) in self.rows.iter().enumerate() {
            let [a, b, c, d, cb, cr] = &mut self.codes;
            let columns = || self.columns.iter().copied();
            let beside = || self.columns.iter().map(|x| (x + 1).min(last));
            let mean = |part: Component, into: &mut [u16], others: [&mut [u16]; 3]| {
                let [b, c, d] = others;
                part.read(planes, y, columns(), into);
                if !self.mean {
                    return;
                }
                part.read(planes, y, beside(), b);
                part.read(planes, y + step, columns(), c);
                part.read(planes, y + step, beside(), d);
                for (((a, b), c), d) in into.iter_mut().zip(b).zip(c).zip(d) {
                    *a = (*a + *b + *c + *d + 2) >> 2;
                }
            };
            mean(first, a, [b, c, d]);
            if self.converter.is_rgb() {
                mean(second, cb, [b, c, d]);
                mean(third, cr, [b, c, d]);
            } else if self.converter.has_colour() {
                second.read(planes, y, columns(), cb);
                third.read(planes, y, columns(), cr);
            }
            let start = row * self.columns.len();
            for (i, ((a, b), c)) in a.iter().zip(cb.iter()).zip(cr.iter()).enumerate() {
                point(start + i, self.converter.signal([*a, *b, *c]));
            }
        }
    }
}
