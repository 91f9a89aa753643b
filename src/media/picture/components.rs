// SPDX-License-Identifier: MPL-2.0
//! Single samples of any layout: for the few detectors that judge pixels, not cells.

use super::places::{Places, take_even};
use super::{Layout, Planes};

/// How a sample is stored.
#[derive(Debug, Clone, Copy)]
enum Storage {
    /// 8 bits.
    Byte,
    /// 10 bits in the low end of 16, little endian.
    Low,
    /// The upper 10 of 16 bits, little endian.
    High,
    /// 10 of the 32 bits of a word that three samples share: luma, Cb or Cr of v210, by this number.
    V210(usize),
}

/// One of the three components of a layout: where its samples lie.
#[derive(Debug, Clone, Copy)]
pub struct Component {
    plane: usize,
    /// Bytes from the start of a line to the first sample, and from one sample to the next.
    offset: usize,
    step: usize,
    /// Pixels, and lines, that share a sample: as a power of two.
    across: u32,
    down: u32,
    storage: Storage,
}

/// For each of the six pixels of a v210 group, the word that has its Y, Cb and Cr, and their lowest bit in it.
const V210: [[(usize, u32); 6]; 3] = [
    [(0, 10), (1, 0), (1, 20), (2, 10), (3, 0), (3, 20)],
    [(0, 0), (0, 0), (1, 10), (1, 10), (2, 20), (2, 20)],
    [(0, 20), (0, 20), (2, 0), (2, 0), (3, 10), (3, 10)],
];

impl Component {
    /// Y, Cb, Cr of a layout, or R, G, B where it stores those; luma alone where it has no colour.
    pub fn of(layout: Layout) -> ([Self; 3], bool) {
        use Layout::*;
        let part = |plane, offset, step, storage| Self {
            plane,
            offset,
            step,
            across: 0,
            down: 0,
            storage,
        };
        let halved = |c: Self, down| Self {
            across: 1,
            down,
            ..c
        };
        let planar = |storage, cb, cr, across, down| {
            let step = if matches!(storage, Storage::Byte) {
                1
            } else {
                2
            };
            let chroma = |plane| Self {
                across,
                down,
                ..part(plane, 0, step, storage)
            };
            [part(0, 0, step, storage), chroma(cb), chroma(cr)]
        };
        let mixed = |storage, cb: usize, cr: usize, down| {
            let size = if matches!(storage, Storage::Byte) {
                1
            } else {
                2
            };
            let chroma = |at| halved(part(1, at * size, 2 * size, storage), down);
            [part(0, 0, size, storage), chroma(cb), chroma(cr)]
        };
        let bytes = |step, at: [usize; 3]| at.map(|at| part(0, at, step, Storage::Byte));
        let words = |at: [usize; 3]| at.map(|at| part(0, 2 * at, 8, Storage::High));
        let packed = |y, cb, cr| {
            let chroma = |at| halved(part(0, at, 4, Storage::Byte), 0);
            [part(0, y, 2, Storage::Byte), chroma(cb), chroma(cr)]
        };
        let parts = match layout {
            Gray8 => [part(0, 0, 1, Storage::Byte); 3],
            Gray16Le => [part(0, 0, 2, Storage::High); 3],
            I420 => planar(Storage::Byte, 1, 2, 1, 1),
            Yv12 => planar(Storage::Byte, 2, 1, 1, 1),
            Y42b => planar(Storage::Byte, 1, 2, 1, 0),
            Y444 => planar(Storage::Byte, 1, 2, 0, 0),
            I42010Le => planar(Storage::Low, 1, 2, 1, 1),
            I42210Le => planar(Storage::Low, 1, 2, 1, 0),
            Y44410Le => planar(Storage::Low, 1, 2, 0, 0),
            Nv12 => mixed(Storage::Byte, 0, 1, 1),
            Nv21 => mixed(Storage::Byte, 1, 0, 1),
            Nv16 => mixed(Storage::Byte, 0, 1, 0),
            P01010Le => mixed(Storage::High, 0, 1, 1),
            Yuy2 => packed(0, 1, 3),
            Uyvy => packed(1, 0, 2),
            Ayuv => bytes(4, [1, 2, 3]),
            V210 => [0, 1, 2].map(|i| part(0, 0, 0, Storage::V210(i))),
            Rgb => bytes(3, [0, 1, 2]),
            Bgr => bytes(3, [2, 1, 0]),
            Rgba | Rgbx => bytes(4, [0, 1, 2]),
            Bgra | Bgrx => bytes(4, [2, 1, 0]),
            Argb | Xrgb => bytes(4, [1, 2, 3]),
            Abgr | Xbgr => bytes(4, [3, 2, 1]),
            Rgba64Le => words([0, 1, 2]),
            Bgra64Le => words([2, 1, 0]),
            Argb64Le => words([1, 2, 3]),
            Abgr64Le => words([3, 2, 1]),
        };
        (parts, matches!(layout, Gray8 | Gray16Le))
    }

    /// The line of the plane that has the samples of line `y` of the picture.
    pub fn row(&self, y: usize) -> usize {
        y >> self.down
    }

    /// The samples of line `y`; past the last line it is the last one again.
    #[inline(always)]
    pub fn line<'a>(&self, planes: &Planes<'a>, y: usize) -> &'a [u8] {
        planes.line(self.plane, self.row(y))
    }

    /// Writes the samples of the pixels at `columns` of line `y` into `out`, as codes of 10 bits: those of 8 bits times 4.
    /// Columns must lie within the picture; past the last line it is the last one again.
    #[inline(always)]
    pub fn read(
        &self,
        planes: &Planes<'_>,
        y: usize,
        columns: impl Iterator<Item = usize>,
        out: &mut [u16],
    ) {
        let places = columns.map(|x| self.place(x));
        self.decode(out, self.line(planes, y), places, None);
    }

    /// Writes the samples of successive pixels of line `y` into `out`, from column `first` on, as [`read`](Self::read) does.
    #[inline(always)]
    pub fn read_run(&self, planes: &Planes<'_>, y: usize, first: usize, out: &mut [u16]) {
        if !matches!(self.storage, Storage::Byte) || (self.step, self.across) != (1, 0) {
            return self.read(planes, y, first..first + out.len(), out);
        }
        let line = self.line(planes, y);
        for (out, code) in out.iter_mut().zip(&line[self.offset + first..]) {
            *out = u16::from(*code) << 2;
        }
    }

    /// Where the samples of the pixels at these columns lie in their line, for [`read_at`](Self::read_at).
    pub fn places(&self, columns: impl Iterator<Item = usize>) -> Places {
        Places::new(columns.map(|x| self.place(x)).collect())
    }

    /// Where the sample of the pixel of column `x` lies in its line.
    fn place(&self, x: usize) -> usize {
        match self.storage {
            Storage::V210(_) => x,
            _ => self.offset + (x >> self.across) * self.step,
        }
    }

    /// Writes the samples of line `y` at these [places](Self::places) into `out`, as codes of 10 bits.
    /// With a line `below` they are the means of four: each sample, that of the next pixel, and those of the line below. Then the component
    /// must have a sample for each pixel, and each place one beside it.
    pub fn read_at(
        &self,
        planes: &Planes<'_>,
        y: usize,
        places: &Places,
        below: Option<usize>,
        out: &mut [u16],
    ) {
        let line = self.line(planes, y);
        let below = below.map(|below| self.line(planes, below));
        let is_byte = matches!(self.storage, Storage::Byte);
        match places.pitch(self.step, line.len()) {
            4 if is_byte => take_even::<4>(out, (line, below), places.first(), self.step),
            8 if is_byte => take_even::<8>(out, (line, below), places.first(), self.step),
            16 if is_byte => take_even::<16>(out, (line, below), places.first(), self.step),
            _ => self.decode(out, line, places.all.iter().copied(), below),
        }
    }

    /// Writes the samples at these places of a line, or the means of four, as codes of 10 bits.
    #[inline(always)]
    fn decode(
        &self,
        out: &mut [u16],
        line: &[u8],
        places: impl Iterator<Item = usize>,
        below: Option<&[u8]>,
    ) {
        let lines = (line, below);
        match self.storage {
            Storage::Byte => take(out, lines, places, self.step, |line, at| {
                u16::from(line[at]) << 2
            }),
            Storage::Low => take(out, lines, places, self.step, |line, at| {
                u16::from_le_bytes([line[at], line[at + 1]]).min(1023)
            }),
            Storage::High => take(out, lines, places, self.step, |line, at| {
                u16::from_le_bytes([line[at], line[at + 1]]) >> 6
            }),
            Storage::V210(component) => take(out, lines, places, 1, |line, x| {
                let (word, shift) = V210[component][x % 6];
                let word = line.as_chunks::<4>().0.get(x / 6 * 4 + word);
                (u32::from_le_bytes(word.copied().unwrap_or_default()) >> shift & 1023) as u16
            }),
        }
    }
}

/// Writes the samples at these places of a line, or the means with those at the next place and with those of the line below.
#[inline(always)]
fn take(
    out: &mut [u16],
    (line, below): (&[u8], Option<&[u8]>),
    places: impl Iterator<Item = usize>,
    next: usize,
    sample: impl Fn(&[u8], usize) -> u16,
) {
    let Some(below) = below else {
        for (out, at) in out.iter_mut().zip(places) {
            *out = sample(line, at);
        }
        return;
    };
    for (out, at) in out.iter_mut().zip(places) {
        let sum = sample(line, at) + sample(line, at + next);
        *out = (sum + sample(below, at) + sample(below, at + next) + 2) >> 2;
    }
}
