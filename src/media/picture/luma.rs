// SPDX-License-Identifier: MPL-2.0

//! Where the lines of luma come from.

use super::band::Band;
use super::kernel::Kernel;
use super::unpack::Unpacker;
use super::{CELL, Layout, Planes, VideoFormat};

/// How luma samples are stored, in a plane or in the ring: names a `Sample`.
#[derive(Clone, Copy)]
pub(super) enum Storage {
    Eight,
    Ten,
    HighTen,
}

impl Storage {
    /// How plane 0 of a planar `layout` stores samples, or the ring for others.
    pub(super) fn of(layout: Layout) -> Self {
        match layout {
            Layout::Gray16Le | Layout::P01010Le => Self::HighTen,
            _ if layout.depth() == 10 => Self::Ten,
            _ => Self::Eight,
        }
    }
}

/// The lines of luma of a frame, as they are in plane 0 or unpacked from it.
pub(super) struct Luma {
    ring: Option<Ring>,
}

/// Unpacked lines, line `y` in slot `y % SLOTS`.
struct Ring {
    unpacker: Unpacker,
    luma: Vec<u8>,
    /// Pairs of chroma, when the unpacker takes them apart with luma.
    chroma: Vec<u8>,
    luma_line: usize,
    chroma_line: usize,
    /// Number of the next line to unpack.
    next: usize,
}

/// A band needs 11 lines.
const SLOTS: usize = 16;

impl Luma {
    pub(super) fn new(format: &VideoFormat) -> Self {
        let ring = Unpacker::new(format).map(|unpacker| {
            let (luma_line, chroma_line) = unpacker.line_bytes(format.width);
            let luma = vec![0; luma_line * SLOTS];
            Ring {
                unpacker,
                luma,
                chroma: vec![0; chroma_line * SLOTS],
                luma_line,
                chroma_line,
                next: 0,
            }
        });
        Self { ring }
    }

    /// Starts a frame.
    pub(super) fn restart(&mut self) {
        if let Some(ring) = &mut self.ring {
            ring.next = 0;
        }
    }

    /// The lines of band `row`. Bands must be asked for from the top down.
    pub(super) fn band<'a>(
        &'a mut self,
        kernel: Kernel,
        planes: &Planes<'a>,
        row: usize,
    ) -> Band<'a> {
        let VideoFormat { width, height, .. } = *planes.format();
        let Some(ring) = &mut self.ring else {
            let line = |y| planes.line(0, y);
            return Band::new(row, width, height, line).ahead(height, line);
        };
        // The band, and the line below it.
        let end = height.min((row + 1) * CELL + 1);
        while ring.next < end {
            let slot = ring.next % SLOTS;
            let luma = &mut ring.luma[slot * ring.luma_line..][..ring.luma_line];
            let chroma = &mut ring.chroma[slot * ring.chroma_line..][..ring.chroma_line];
            kernel.unpack(&ring.unpacker, planes.line(0, ring.next), luma, chroma);
            ring.next += 1;
        }
        let ring = &*ring;
        // Unpackers may write beyond the width.
        let bytes = width * if planes.format().depth() == 8 { 1 } else { 2 };
        Band::new(row, width, height, |y| {
            &ring.luma[y % SLOTS * ring.luma_line..][..bytes]
        })
    }

    /// Line `y` of unpacked chroma pairs, of the band asked for last. Past the last line it is the last one again.
    pub(super) fn chroma_line(&self, y: usize) -> &[u8] {
        self.ring.as_ref().map_or(&[], |ring| {
            let y = y.min(ring.next.saturating_sub(1));
            &ring.chroma[y % SLOTS * ring.chroma_line..][..ring.chroma_line]
        })
    }
}
