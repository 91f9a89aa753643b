// SPDX-License-Identifier: MPL-2.0
//! The format of the pictures that benchmarks measure.

use gstdefect::media::picture::{Layout, Matrix, Range, Transfer, VideoFormat};

/// Pictures of that size, as high definition has them.
pub fn format(layout: Layout, width: usize, height: usize) -> VideoFormat {
    VideoFormat {
        layout,
        width,
        height,
        range: Range::Limited,
        matrix: Matrix::Bt709,
        transfer: Transfer::Sdr,
        frame_duration: None,
    }
}
