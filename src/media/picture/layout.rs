// SPDX-License-Identifier: MPL-2.0

//! How samples lie in memory.

use Layout::*;

/// A memory layout; each is GStreamer's video format of the name that [`Layout::name`] gives. Planes are counted in memory
/// order, so plane 1 of YV12 is V.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Layout {
    /// Luma alone, 8 bit.
    Gray8,
    /// Planes Y, U, V; chroma halved both ways.
    I420,
    /// Planes Y, V, U; chroma halved both ways.
    Yv12,
    /// Planes Y, UV; chroma halved both ways.
    Nv12,
    /// Planes Y, VU; chroma halved both ways.
    Nv21,
    /// Planes Y, UV; chroma halved across.
    Nv16,
    /// Planes Y, U, V; chroma halved across.
    Y42b,
    /// Planes Y, U, V, all of full size.
    Y444,
    /// Bytes Y U Y V for two pixels.
    Yuy2,
    /// Bytes U Y V Y for two pixels.
    Uyvy,
    /// Bytes A Y U V for each pixel.
    Ayuv,
    /// Bytes R G B.
    Rgb,
    /// Bytes B G R.
    Bgr,
    /// Bytes R G B A.
    Rgba,
    /// Bytes B G R A.
    Bgra,
    /// Bytes A R G B.
    Argb,
    /// Bytes A B G R.
    Abgr,
    /// Bytes R G B and one unused.
    Rgbx,
    /// Bytes B G R and one unused.
    Bgrx,
    /// One unused byte and R G B.
    Xrgb,
    /// One unused byte and B G R.
    Xbgr,
    /// A R G B of 16 bits each, little endian; read as 8 bits, like the three that follow.
    Argb64Le,
    /// A B G R of 16 bits each, little endian.
    Abgr64Le,
    /// R G B A of 16 bits each, little endian.
    Rgba64Le,
    /// B G R A of 16 bits each, little endian.
    Bgra64Le,
    /// Luma alone, 16 bit little endian.
    Gray16Le,
    /// As I420, 10 bits in the low end of 16, little endian.
    I42010Le,
    /// As Y42B, 10 bits in the low end of 16, little endian.
    I42210Le,
    /// As Y444, 10 bits in the low end of 16, little endian.
    Y44410Le,
    /// As NV12, 10 bits in the high end of 16, little endian.
    P01010Le,
    /// 4:2:2, 10 bit, 6 pixels in 16 bytes.
    V210,
}

impl Layout {
    /// Every layout, with GStreamer's name for it.
    const NAMES: [(Self, &str); 31] = [
        (Gray8, "GRAY8"),
        (I420, "I420"),
        (Yv12, "YV12"),
        (Nv12, "NV12"),
        (Nv21, "NV21"),
        (Nv16, "NV16"),
        (Y42b, "Y42B"),
        (Y444, "Y444"),
        (Yuy2, "YUY2"),
        (Uyvy, "UYVY"),
        (Ayuv, "AYUV"),
        (Rgb, "RGB"),
        (Bgr, "BGR"),
        (Rgba, "RGBA"),
        (Bgra, "BGRA"),
        (Argb, "ARGB"),
        (Abgr, "ABGR"),
        (Rgbx, "RGBx"),
        (Bgrx, "BGRx"),
        (Xrgb, "xRGB"),
        (Xbgr, "xBGR"),
        (Argb64Le, "ARGB64_LE"),
        (Abgr64Le, "ABGR64_LE"),
        (Rgba64Le, "RGBA64_LE"),
        (Bgra64Le, "BGRA64_LE"),
        (Gray16Le, "GRAY16_LE"),
        (I42010Le, "I420_10LE"),
        (I42210Le, "I422_10LE"),
        (Y44410Le, "Y444_10LE"),
        (P01010Le, "P010_10LE"),
        (V210, "v210"),
    ];

    /// Every layout that can be measured.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::NAMES.iter().map(|&(layout, _)| layout)
    }

    /// GStreamer's name of this layout.
    pub fn name(self) -> &'static str {
        Self::NAMES
            .iter()
            .find(|(layout, _)| *layout == self)
            .map_or("", |&(_, name)| name)
    }

    /// The layout that GStreamer calls `name`; `None` if it can't be measured. `ARGB64` is in the order of the machine.
    pub fn from_name(name: &str) -> Option<Self> {
        let name = match name {
            "ARGB64" if cfg!(target_endian = "little") => "ARGB64_LE",
            name => name,
        };
        Self::NAMES
            .iter()
            .find(|(_, other)| *other == name)
            .map(|&(layout, _)| layout)
    }

    /// Bits per sample in the numbers of a grid, 8 or 10.
    pub fn depth(self) -> u32 {
        match self {
            Gray16Le | I42010Le | I42210Le | Y44410Le | P01010Le | V210 => 10,
            _ => 8,
        }
    }

    /// Number of planes, 1 to 3.
    pub fn plane_count(self) -> usize {
        match self {
            I420 | Yv12 | Y42b | Y444 | I42010Le | I42210Le | Y44410Le => 3,
            Nv12 | Nv21 | Nv16 | P01010Le => 2,
            _ => 1,
        }
    }

    /// Whether pixels are stored as red, green and blue.
    pub fn is_rgb(self) -> bool {
        matches!(
            self,
            Rgb | Bgr
                | Rgba
                | Bgra
                | Argb
                | Abgr
                | Rgbx
                | Bgrx
                | Xrgb
                | Xbgr
                | Argb64Le
                | Abgr64Le
                | Rgba64Le
                | Bgra64Le
        )
    }

    /// Where a part of a picture begins in `plane`, in bytes, that has (`x`, `y`) as its first pixel. Where pixels share bytes it is the
    /// first one of those that do.
    pub fn offset(self, plane: usize, x: usize, y: usize, stride: usize) -> usize {
        let half = x / 2;
        let bytes = match (self, plane) {
            (Gray8, _) | (I420 | Yv12 | Nv12 | Nv21 | Nv16 | Y42b, 0) | (Y444, _) => x,
            (I420 | Yv12 | Y42b, _) => half,
            (Nv12 | Nv21 | Nv16, _) => half * 2,
            (Gray16Le, _) | (I42010Le | I42210Le | P01010Le, 0) | (Y44410Le, _) => x * 2,
            (I42010Le | I42210Le, _) => half * 2,
            (P01010Le, _) | (Yuy2 | Uyvy, _) => half * 4,
            (V210, _) => x / 6 * 16,
            (Rgb | Bgr, _) => x * 3,
            (Argb64Le | Abgr64Le | Rgba64Le | Bgra64Le, _) => x * 8,
            _ => x * 4,
        };
        let line = match (self, plane) {
            (I420 | Yv12 | Nv12 | Nv21 | I42010Le | P01010Le, 1..) => y / 2,
            _ => y,
        };
        line * stride + bytes
    }

    /// Bytes in a line of `plane` that carry picture, and the number of lines, of a picture of `width` x `height`.
    pub(super) fn plane_size(self, plane: usize, width: usize, height: usize) -> (usize, usize) {
        let half = width.div_ceil(2);
        let bytes = match (self, plane) {
            (Gray8, _) | (I420 | Yv12 | Nv12 | Nv21 | Nv16 | Y42b, 0) | (Y444, _) => width,
            (I420 | Yv12 | Y42b, _) => half,
            (Nv12 | Nv21 | Nv16, _) => half * 2,
            (Gray16Le, _) | (I42010Le | I42210Le | P01010Le, 0) | (Y44410Le, _) => width * 2,
            (I42010Le | I42210Le, _) => half * 2,
            (P01010Le, _) | (Yuy2 | Uyvy, _) => half * 4,
            (Rgb | Bgr, _) => width * 3,
            (Ayuv | Rgba | Bgra | Argb | Abgr | Rgbx | Bgrx | Xrgb | Xbgr, _) => width * 4,
            (Argb64Le | Abgr64Le | Rgba64Le | Bgra64Le, _) => width * 8,
            (V210, _) => width.div_ceil(6) * 16,
        };
        let lines = match (self, plane) {
            (I420 | Yv12 | Nv12 | Nv21 | I42010Le | P01010Le, 1..) => height.div_ceil(2),
            _ => height,
        };
        (bytes, lines)
    }
}
