// SPDX-License-Identifier: MPL-2.0
//! The pixels of a picture, for the few detectors that the grid doesn't tell enough.

use std::{fmt, ops::Range};

use super::kernel::Kernel;
use super::luma::Storage;
use super::unpack::Unpacker;
use super::{Planes, VideoFormat};

/// Pixels that are mapped only when somebody asks: most detectors never do, and the grid may be another element's.
pub trait Pixels {
    /// Maps the pixels and calls `read` with the planes; false if they can't be mapped.
    fn map_planes(&self, read: &mut dyn FnMut(&Planes<'_>)) -> bool;
}

impl fmt::Debug for dyn Pixels + '_ {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pixels")
    }
}

impl Pixels for Planes<'_> {
    fn map_planes(&self, read: &mut dyn FnMut(&Planes<'_>)) -> bool {
        read(self);
        true
    }
}

/// Copies luma of any layout as codes of 8 bits, limited or full range as it comes. Allocates when made and when the format changes.
pub struct LumaReader {
    kernel: Kernel,
    format: Option<VideoFormat>,
    unpacker: Option<Unpacker>,
    luma: Vec<u8>,
    chroma: Vec<u8>,
}

impl Default for LumaReader {
    fn default() -> Self {
        Self {
            kernel: Kernel::best(),
            format: None,
            unpacker: None,
            luma: Vec::new(),
            chroma: Vec::new(),
        }
    }
}

impl fmt::Debug for LumaReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LumaReader")
            .field("format", &self.format)
            .finish_non_exhaustive()
    }
}

impl LumaReader {
    /// Copies the part of the picture in those columns and lines into `out`, line after line without padding. What lies outside
    /// of the picture repeats its edge.
    pub fn read(
        &mut self,
        planes: &Planes<'_>,
        columns: Range<usize>,
        lines: Range<usize>,
        out: &mut [u8],
    ) {
        let format = planes.format();
        if self.format != Some(*format) {
            self.adapt(format);
        }
        if columns.is_empty() {
            return;
        }
        let storage = Storage::of(format.layout);
        for (y, out) in lines.zip(out.chunks_exact_mut(columns.len())) {
            let line = match &self.unpacker {
                Some(unpacker) => {
                    let y = y.min(format.height - 1);
                    let (luma, chroma) = (&mut self.luma[..], &mut self.chroma[..]);
                    self.kernel
                        .unpack(unpacker, planes.line(0, y), luma, chroma);
                    &self.luma
                }
                None => planes.line(0, y),
            };
            let within = columns.start.min(format.width)..columns.end.min(format.width);
            let (inside, outside) = out.split_at_mut(within.len());
            narrow(storage, line, within, inside);
            let edge = match inside.last() {
                Some(edge) => *edge,
                None => {
                    let mut edge = [0];
                    narrow(storage, line, format.width - 1..format.width, &mut edge);
                    edge[0]
                }
            };
            outside.fill(edge);
        }
    }

    fn adapt(&mut self, format: &VideoFormat) {
        self.unpacker = Unpacker::new(format);
        let (luma, chroma) = self
            .unpacker
            .as_ref()
            .map_or((0, 0), |u| u.line_bytes(format.width));
        self.luma.clear();
        self.luma.resize(luma, 0);
        self.chroma.clear();
        self.chroma.resize(chroma, 0);
        self.format = Some(*format);
    }
}

/// The upper 8 bits of samples.
fn narrow(storage: Storage, line: &[u8], columns: Range<usize>, out: &mut [u8]) {
    let shift = match storage {
        Storage::Eight => {
            out.copy_from_slice(&line[columns]);
            return;
        }
        Storage::Ten => 2,
        Storage::HighTen => 8,
    };
    let samples = line[2 * columns.start..2 * columns.end].as_chunks::<2>().0;
    for (out, sample) in out.iter_mut().zip(samples) {
        *out = (u16::from_le_bytes(*sample) >> shift).min(255) as u8;
    }
}
