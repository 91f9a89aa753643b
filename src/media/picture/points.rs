// SPDX-License-Identifier: MPL-2.0
//! Points of a picture, evenly spread, for what must be judged by pixels but not by all of them.
//!
//! Where an area is measured against a limit, points are exact to their share of the picture; means of cells aren't, for those at the edge of
//! what is measured mix both sides.

use super::kernel::Kernel;
use super::{
    Component, Display, Lights, Planes, SaturatedRed, Signal, SignalConverter, VideoFormat,
};

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
    kernel: Kernel,
    /// Where the samples of each component lie in a line, and those of the pixels beside.
    places: [Vec<usize>; 3],
    beside: [Vec<usize>; 3],
    /// The first of the two lines of each row.
    rows: Vec<usize>,
    /// A row of codes of each component.
    codes: [Vec<u16>; 3],
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
        let converter = SignalConverter::new(format);
        let last = format.width.saturating_sub(1);
        let columns = || (0..across).map(|i| place(i, across, format.width));
        let places = |part: &Component| columns().map(|x| part.place(x)).collect();
        let beside = |part: &Component| columns().map(|x| part.place((x + 1).min(last))).collect();
        Self {
            format: *format,
            lines: Lines::All,
            kernel: Kernel::best(),
            places: converter.parts().each_ref().map(places),
            beside: converter.parts().each_ref().map(beside),
            converter,
            rows: (0..down).map(|i| place(i, down, format.height)).collect(),
            codes: [(); 3].map(|()| vec![0; across]),
            mean: false,
        }
    }

    /// Whether it is for such pictures.
    pub fn fits(&self, format: &VideoFormat) -> bool {
        self.format == *format
    }

    /// Points in a row, and rows.
    pub fn size(&self) -> (usize, usize) {
        (self.places[0].len(), self.rows.len())
    }

    /// Where a row and a column of points begin in the picture, in pixels; the number of rows or columns is where it ends.
    pub fn edge(&self, column: usize, row: usize) -> (usize, usize) {
        let (across, down) = self.size();
        (
            column * self.format.width / across,
            row * self.format.height / down,
        )
    }

    /// Hands over the signal of each point, row by row.
    pub fn read(&mut self, planes: &Planes<'_>, mut point: impl FnMut(usize, Signal)) {
        let across = self.size().0;
        for row in 0..self.rows.len() {
            self.read_row(planes, row);
            let [a, b, c] = &self.codes;
            for (i, ((a, b), c)) in a.iter().zip(b).zip(c).enumerate() {
                point(row * across + i, self.converter.signal([*a, *b, *c]));
            }
        }
    }

    /// Writes the light that each point gives off, row by row; says whether any is a saturated red.
    pub fn read_light(
        &mut self,
        planes: &Planes<'_>,
        display: &Display,
        saturated: SaturatedRed,
        out: &mut Lights<'_>,
    ) -> bool {
        let across = self.size().0;
        let mut any_red = false;
        for row in 0..self.rows.len() {
            self.read_row(planes, row);
            let points = row * across..(row + 1) * across;
            let [r, g, b] = &mut out.signal;
            let mut row = Lights {
                luminance: &mut out.luminance[points.clone()],
                signal: [
                    &mut r[points.clone()],
                    &mut g[points.clone()],
                    &mut b[points.clone()],
                ],
                red: &mut out.red[points],
            };
            let of = (&self.converter, display);
            let codes = self.codes.each_ref().map(|codes| &codes[..]);
            any_red |= self.kernel.lights(of, saturated, codes, &mut row);
        }
        any_red
    }

    /// Reads the codes of a row of points.
    fn read_row(&mut self, planes: &Planes<'_>, row: usize) {
        let y = self.rows[row];
        let components = if self.converter.has_colour() { 3 } else { 1 };
        for (n, codes) in self.codes.iter_mut().enumerate().take(components) {
            // Chroma is coarse, and no mean is taken of it.
            let mean = self.mean && (n == 0 || self.converter.is_rgb());
            let beside = mean.then(|| (&self.beside[n][..], y + self.lines.step()));
            self.converter.parts()[n].read_at(planes, y, &self.places[n], beside, codes);
        }
    }
}
