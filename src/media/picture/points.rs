// SPDX-License-Identifier: MPL-2.0
//! Reads evenly spread points of a picture, for detectors that need pixels but not all of them.
//!
//! An area measured by points is exact to the share of a point in the picture. Means of cells are less exact, since cells at the edge
//! of the area mix both sides.

use super::kernel::Kernel;
use super::lights;
use super::places::Places;
use super::{Component, Display, Planes, SaturatedRed, Signal, SignalConverter, VideoFormat};

/// Approximate number of points in a picture: every eighth pixel of 1080p both ways.
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
    /// Where the samples of each component lie in a line.
    places: [Places; 3],
    /// The first of the two lines of each row.
    rows: Vec<usize>,
    /// Whether a point is the mean of four pixels, which reduces grain.
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
        let line = |i| (place(i, down, in_field) * lines.step() + lines.first()).min(height - 1);
        Self {
            lines,
            rows: (0..down).map(line).collect(),
            // Closer together the points would share pixels.
            mean: pitch >= 2.0 && width >= 2,
            // Each point needs a pixel to its right.
            ..Self::at_columns(format, across, width.saturating_sub(2))
        }
    }

    /// That many columns and rows of single pixels.
    pub fn of_size(format: &VideoFormat, across: usize, down: usize) -> Self {
        Self {
            rows: (0..down).map(|i| place(i, down, format.height)).collect(),
            ..Self::at_columns(format, across, format.width.saturating_sub(1))
        }
    }

    /// That many columns of single pixels, none of them beyond `last`; no rows.
    fn at_columns(format: &VideoFormat, across: usize, last: usize) -> Self {
        let converter = SignalConverter::new(format);
        let columns = || (0..across).map(|i| place(i, across, format.width).min(last));
        let places = |part: &Component| part.places(columns());
        Self {
            format: *format,
            lines: Lines::All,
            kernel: Kernel::best(),
            places: converter.parts().each_ref().map(places),
            converter,
            rows: Vec::new(),
            mean: false,
        }
    }

    /// Whether the reader is for pictures of that format.
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

    /// Writes the codes of 10 bits of all points, row by row; of pictures without colour only the first component.
    pub fn read(&self, planes: &Planes<'_>, codes: &mut [Vec<u16>; 3]) {
        let across = self.size().0;
        let components = if self.converter.has_colour() { 3 } else { 1 };
        for (row, y) in self.rows.iter().copied().enumerate() {
            if let Some(next) = self.rows.get(row + 1) {
                self.prefetch(planes, *next, components);
            }
            for (n, codes) in codes.iter_mut().enumerate().take(components) {
                let codes = &mut codes[row * across..(row + 1) * across];
                let below = self.is_mean(n).then(|| y + self.lines.step());
                self.converter.parts()[n].read_at(planes, y, &self.places[n], below, codes);
            }
        }
    }

    /// Whether points of that component are means: not of chroma, which has fewer samples.
    fn is_mean(&self, component: usize) -> bool {
        self.mean && (component == 0 || self.converter.is_rgb())
    }

    fn prefetch(&self, planes: &Planes<'_>, y: usize, components: usize) {
        for (n, part) in self.converter.parts()[..components].iter().enumerate() {
            self.kernel.prefetch(part.line(planes, y));
            if self.is_mean(n) {
                self.kernel
                    .prefetch(part.line(planes, y + self.lines.step()));
            }
        }
    }

    /// The signal of a point with those codes.
    pub fn signal(&self, codes: [u16; 3]) -> Signal {
        self.converter.signal(codes)
    }

    /// Writes the luminance in cd/m2 of points with these codes, and whether each is a saturated red. All slices are of the same length.
    pub fn lights(
        &self,
        display: &Display,
        saturated: SaturatedRed,
        codes: [&[u16]; 3],
        luminance: &mut [f32],
        red: &mut [bool],
    ) {
        let of = (&self.converter, display);
        self.kernel
            .vectorized(|| lights::lights(of, saturated, codes, luminance, red));
    }

    /// Writes the luminance in cd/m2 of points with these codes. All slices are of the same length.
    pub fn luminances(&self, display: &Display, codes: [&[u16]; 3], luminance: &mut [f32]) {
        let of = (&self.converter, display);
        self.kernel
            .vectorized(|| lights::luminances(of, codes, luminance));
    }

    /// Marks the runs of [`LANES`](super::LANES) points of which one may have changed by `least` or more in red, green or blue between two
    /// pictures with these codes. Slices of codes are of the same length.
    pub fn mark_changes(
        &self,
        least: u16,
        now: [&[u16]; 3],
        then: [&[u16]; 3],
        marks: &mut [bool],
    ) {
        self.kernel
            .vectorized(|| lights::mark_changes(&self.converter, least, now, then, marks));
    }
}

/// The middle of the `i`th of `count` equal parts of a length.
fn place(i: usize, count: usize, length: usize) -> usize {
    (2 * i + 1) * length / (2 * count)
}
