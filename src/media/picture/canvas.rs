// SPDX-License-Identifier: MPL-2.0
//! Pictures made for tests.

use std::sync::{Arc, LazyLock};

use super::{Grid, Layout, Matrix, Measurer, Planes, Range, Transfer, VideoFormat};

/// An I420 picture that can be painted on.
#[derive(Clone)]
pub struct Canvas {
    pub width: usize,
    pub height: usize,
    planes: [Vec<u8>; 3],
}

/// Black in limited range.
pub const DARK: [u8; 3] = [16, 128, 128];

/// The format of a [`Canvas`].
pub fn i420(width: usize, height: usize) -> VideoFormat {
    VideoFormat {
        layout: Layout::I420,
        width,
        height,
        range: Range::Limited,
        matrix: Matrix::Bt709,
        transfer: Transfer::Sdr,
        frame_duration: Some(40_000_000),
    }
}

impl Canvas {
    /// All of one colour: Y, Cb, Cr.
    pub fn new(width: usize, height: usize, colour: [u8; 3]) -> Self {
        let chroma = width.div_ceil(2) * height.div_ceil(2);
        let planes = [
            vec![colour[0]; width * height],
            vec![colour[1]; chroma],
            vec![colour[2]; chroma],
        ];
        Self {
            width,
            height,
            planes,
        }
    }

    /// Paints a rectangle.
    pub fn fill(
        &mut self,
        x: usize,
        y: usize,
        width: usize,
        height: usize,
        colour: [u8; 3],
    ) -> &mut Self {
        for (plane, samples) in self.planes.iter_mut().enumerate() {
            let step = if plane == 0 { 1 } else { 2 };
            let stride = self.width.div_ceil(step);
            let columns = x.div_ceil(step)..(x + width).div_ceil(step).min(stride);
            let rows = samples.chunks_exact_mut(stride).skip(y.div_ceil(step));
            for row in rows.take((y + height).div_ceil(step) - y.div_ceil(step)) {
                if let Some(row) = row.get_mut(columns.clone()) {
                    row.fill(colour[plane]);
                }
            }
        }
        self
    }

    /// Sets every luma sample by its place and value.
    pub fn luma(&mut self, mut value: impl FnMut(usize, usize, u8) -> u8) -> &mut Self {
        self.each_in(0, &mut |x, y, _, old| value(x, y, old));
        self
    }

    /// Sets every sample by the place in luma pixels, plane and value.
    pub fn each(&mut self, mut value: impl FnMut(usize, usize, usize, u8) -> u8) -> &mut Self {
        (0..3).for_each(|plane| self.each_in(plane, &mut value));
        self
    }

    fn each_in(&mut self, plane: usize, value: &mut impl FnMut(usize, usize, usize, u8) -> u8) {
        let step = if plane == 0 { 1 } else { 2 };
        let rows = self.planes[plane].chunks_exact_mut(self.width.div_ceil(step));
        for (y, row) in rows.enumerate() {
            for (x, sample) in row.iter_mut().enumerate() {
                *sample = value(x * step, y * step, plane, *sample);
            }
        }
    }

    /// Its planes, as if it were of that format but for the layout.
    pub fn planes_as(&self, format: &VideoFormat) -> Planes<'_> {
        let chroma = self.width.div_ceil(2);
        let planes = [
            (&self.planes[0][..], self.width),
            (&self.planes[1][..], chroma),
            (&self.planes[2][..], chroma),
        ];
        Planes::new(format, &planes).expect("planes fit")
    }

    /// Its planes.
    pub fn planes(&self) -> Planes<'_> {
        self.planes_as(&i420(self.width, self.height))
    }

    /// Its grid, as if it were of that format but for the layout.
    pub fn grid_as(&self, format: &VideoFormat) -> Arc<Grid> {
        let mut grid = Grid::new(format);
        Measurer::new(format).measure(&self.planes_as(format), &mut grid);
        Arc::new(grid)
    }

    /// Its grid.
    pub fn grid(&self) -> Arc<Grid> {
        self.grid_as(&i420(self.width, self.height))
    }
}

/// Sine by a table, to a thousandth: scenes take millions of them.
pub fn sine(angle: f64) -> f64 {
    const STEPS: usize = 4096;
    static TABLE: LazyLock<Vec<f32>> = LazyLock::new(|| {
        let turn = |step: usize| step as f32 / STEPS as f32 * std::f32::consts::TAU;
        (0..STEPS).map(|step| turn(step).sin()).collect()
    });
    // Many whole turns are added, for the cast rounds towards zero.
    let step = (angle / std::f64::consts::TAU + 1e6) * STEPS as f64 + 0.5;
    TABLE[step as usize % STEPS].into()
}

/// Cosine by the same table.
pub fn cosine(angle: f64) -> f64 {
    sine(angle + std::f64::consts::FRAC_PI_2)
}

/// Noise that is the same every time: each call gives the next value, 0 to 255.
pub fn noise(seed: u32) -> impl FnMut() -> u8 {
    let mut state = seed | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 11) as u8
    }
}
