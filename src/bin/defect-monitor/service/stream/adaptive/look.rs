// SPDX-License-Identifier: MPL-2.0
//! A quick look at a decoded key frame: whether it is dark, plain, or like the one before.

use gst_video::prelude::*;

/// Samples in a row, and rows.
const COLUMNS: usize = 64;
const ROWS: usize = 36;
/// Between the 5th and the 95th percentile of the samples of a plain picture, in codes of 8 bits. Chosen.
const PLAIN: u8 = 16;
/// 95th percentile of the samples of a dark picture, in codes of 8 bits. Chosen.
const DARK: u8 = 45;
/// Difference of a sample between two pictures from which it has changed, in codes of 8 bits: more than coding leaves of a still picture.
const CHANGED: u8 = 4;
/// Share of the samples that may have changed between two pictures that are alike.
const ALIKE: f64 = 0.02;

/// Samples of a picture, in codes of 8 bits: luma, or the first colour.
#[derive(Debug)]
pub struct Look(Vec<u8>);

impl Look {
    /// Samples of that buffer; `None` if its format can't be read.
    pub fn at(buffer: &gst::BufferRef, info: &gst_video::VideoInfo) -> Option<Self> {
        let format = info.format_info();
        if format.is_complex() || format.has_palette() {
            return None;
        }
        let frame = gst_video::VideoFrameRef::from_buffer_ref_readable(buffer, info).ok()?;
        let (width, height) = (frame.comp_width(0) as usize, frame.comp_height(0) as usize);
        let plane = frame.comp_data(0).ok()?;
        let stride = usize::try_from(frame.comp_stride(0)).ok()?;
        let step = usize::try_from(frame.comp_pstride(0)).ok()?;
        let depth = frame.comp_depth(0);
        let shift = format.shift().first().copied().unwrap_or(0);
        let is_little = format.is_le();
        let sample = |row: usize, column: usize| {
            let at = (row * height / ROWS) * stride + (column * width / COLUMNS) * step;
            if depth == 8 && shift == 0 {
                return plane.get(at).copied();
            }
            let bytes = [*plane.get(at)?, *plane.get(at + 1)?];
            let value = match is_little {
                true => u16::from_le_bytes(bytes),
                false => u16::from_be_bytes(bytes),
            };
            Some(((value >> shift) >> depth.saturating_sub(8)) as u8)
        };
        let places = (0..ROWS).flat_map(|row| (0..COLUMNS).map(move |column| (row, column)));
        let samples: Option<Vec<u8>> = places.map(|(row, column)| sample(row, column)).collect();
        samples.map(Self)
    }

    /// Whether nearly all of it is dark or of one brightness.
    pub fn is_empty(&self) -> bool {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let part = |share: usize| sorted.get(sorted.len() * share / 100).copied().unwrap_or(0);
        let (low, high) = (part(5), part(95));
        high - low < PLAIN || high < DARK
    }

    /// Whether it is like another picture but for the errors of coding.
    pub fn is_like(&self, other: &Self) -> bool {
        let both = self.0.iter().zip(&other.0);
        let changed = both.filter(|(a, b)| a.abs_diff(**b) >= CHANGED).count();
        (changed as f64) < ALIKE * self.0.len() as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A picture of that format whose luma is given by row and column, in codes of 8 bits.
    fn look(format: gst_video::VideoFormat, luma: impl Fn(usize, usize) -> u8) -> Option<Look> {
        gst::init().unwrap();
        let info = gst_video::VideoInfo::builder(format, 320, 180)
            .build()
            .unwrap();
        let mut buffer = gst::Buffer::with_size(info.size()).unwrap();
        {
            let buffer = buffer.get_mut().unwrap();
            let mut frame =
                gst_video::VideoFrameRef::from_buffer_ref_writable(buffer, &info).unwrap();
            let (stride, step) = (
                frame.comp_stride(0) as usize,
                frame.comp_pstride(0) as usize,
            );
            let offset = frame.format_info().poffset()[0] as usize;
            let plane = frame.plane_data_mut(0).unwrap();
            for row in 0..180 {
                for column in 0..320 {
                    let at = row * stride + column * step + offset;
                    let value = luma(row, column);
                    match format {
                        gst_video::VideoFormat::I42010le => {
                            plane[at..at + 2]
                                .copy_from_slice(&(u16::from(value) << 2).to_le_bytes());
                        }
                        gst_video::VideoFormat::P01010le => {
                            plane[at..at + 2]
                                .copy_from_slice(&(u16::from(value) << 8).to_le_bytes());
                        }
                        _ => plane[at] = value,
                    }
                }
            }
        }
        Look::at(&buffer, &info)
    }

    const FORMATS: [gst_video::VideoFormat; 5] = [
        gst_video::VideoFormat::I420,
        gst_video::VideoFormat::Nv12,
        gst_video::VideoFormat::Uyvy,
        gst_video::VideoFormat::I42010le,
        gst_video::VideoFormat::P01010le,
    ];

    #[test]
    fn dark_and_plain_pictures_are_empty_and_others_are_not() {
        for format in FORMATS {
            let empty = |luma: fn(usize, usize) -> u8| look(format, luma).unwrap().is_empty();
            assert!(empty(|_, _| 16), "{format}");
            assert!(empty(|_, _| 140), "{format}");
            assert!(
                empty(|row, column| 16 + ((row * column) % 20) as u8),
                "{format}"
            );
            assert!(
                !empty(|row, column| ((row + column) % 220) as u8),
                "{format}"
            );
        }
    }

    #[test]
    fn errors_of_coding_leave_pictures_alike_and_motion_does_not() {
        for format in FORMATS {
            let still = look(format, |row, column| ((row + column) % 220) as u8).unwrap();
            let coded = look(format, |r, c| {
                ((r + c) % 220) as u8 + ((r * 7 + c * 3) % 3) as u8
            });
            let moved = look(format, |row, column| ((row + column + 9) % 220) as u8);
            assert!(still.is_like(&coded.unwrap()), "{format}");
            assert!(!still.is_like(&moved.unwrap()), "{format}");
        }
    }

    #[test]
    fn a_format_that_cannot_be_read_gives_none() {
        assert!(look(gst_video::VideoFormat::V210, |_, _| 0).is_none());
    }
}
