// SPDX-License-Identifier: MPL-2.0

//! Measures a frame into a grid, in one pass.

use super::chroma::Chroma;
use super::kernel::Kernel;
use super::luma::{Luma, Storage};
use super::{Grid, Planes, VideoFormat};
use std::fmt;

/// Measures frames of one format into grids. Allocates when made, not when measuring.
pub struct Measurer {
    format: VideoFormat,
    kernel: Kernel,
    luma: Luma,
    chroma: Chroma,
}

impl Measurer {
    /// A measurer for `format`, with the fastest code that this processor can run.
    pub fn new(format: &VideoFormat) -> Self {
        Self::with_kernel(format, Kernel::best())
    }

    /// A measurer for `format` that runs on any processor.
    pub fn scalar(format: &VideoFormat) -> Self {
        Self::with_kernel(format, Kernel::Scalar)
    }

    fn with_kernel(format: &VideoFormat, kernel: Kernel) -> Self {
        Self {
            format: *format,
            kernel,
            luma: Luma::new(format),
            chroma: Chroma::new(format),
        }
    }

    /// The format of the frames measured last.
    pub fn format(&self) -> &VideoFormat {
        &self.format
    }

    /// Measures a frame into `grid`, all of which is overwritten.
    ///
    /// Should the frame be of another format than those before, or the grid be for another, they are made anew.
    pub fn measure(&mut self, planes: &Planes<'_>, grid: &mut Grid) {
        let format = planes.format();
        if self.format != *format {
            *self = Self::with_kernel(format, self.kernel);
        }
        if !grid.fits(format) {
            *grid = Grid::new(format);
        }
        let storage = Storage::of(format.layout);
        self.luma.restart();
        for row in 0..grid.rows() {
            let band = self.luma.band(self.kernel, planes, row);
            self.kernel.luma(storage, &band, grid);
            self.kernel
                .chroma(&mut self.chroma, planes, &self.luma, row, grid);
        }
    }
}

impl fmt::Debug for Measurer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Measurer")
            .field("format", &self.format)
            .finish_non_exhaustive()
    }
}
