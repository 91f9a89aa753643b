// SPDX-License-Identifier: MPL-2.0

//! Frames made for tests.

use super::super::{Grid, Layout, Matrix, Measurer, Planes, Range, Transfer, VideoFormat};

/// A small generator of random numbers (xorshift).
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 8
    }

    fn bytes(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            // Runs of extremes now and then, so that bounds are met.
            *byte = match self.next() {
                random if random % 8 == 0 => 0,
                random if random % 8 == 1 => 255,
                random => (random >> 8) as u8,
            };
        }
    }
}

pub(super) fn format(layout: Layout, width: usize, height: usize) -> VideoFormat {
    VideoFormat {
        layout,
        width,
        height,
        range: if layout.is_rgb() {
            Range::Full
        } else {
            Range::Limited
        },
        matrix: Matrix::Bt709,
        transfer: Transfer::Sdr,
        frame_duration: None,
    }
}

/// The bytes of a frame, with padding.
pub(super) struct Frame {
    pub(super) format: VideoFormat,
    pub(super) planes: Vec<(Vec<u8>, usize)>,
}

impl Frame {
    /// A frame full of random bytes, with `padding` more of them after each line but the last.
    pub(super) fn random(format: &VideoFormat, padding: usize, seed: u64) -> Self {
        let mut random = Random::new(seed);
        let planes = (0..format.plane_count()).map(|plane| {
            let (line, lines) = format.layout.plane_size(plane, format.width, format.height);
            let stride = line + padding;
            let mut bytes = vec![0; stride * (lines - 1) + line];
            random.bytes(&mut bytes);
            (bytes, stride)
        });
        Self {
            format: *format,
            planes: planes.collect(),
        }
    }

    pub(super) fn planes(&self) -> Planes<'_> {
        let planes: Vec<_> = self
            .planes
            .iter()
            .map(|(bytes, stride)| (&bytes[..], *stride))
            .collect();
        Planes::new(&self.format, &planes).unwrap()
    }

    pub(super) fn measure(&self) -> Grid {
        self.measure_with(Measurer::new(&self.format))
    }

    pub(super) fn measure_scalar(&self) -> Grid {
        self.measure_with(Measurer::scalar(&self.format))
    }

    /// Measures twice, so that what is left of the first time would show.
    fn measure_with(&self, mut measurer: Measurer) -> Grid {
        let mut grid = Grid::new(&self.format);
        measurer.measure(&Self::random(&self.format, 3, 99).planes(), &mut grid);
        measurer.measure(&self.planes(), &mut grid);
        grid
    }
}
