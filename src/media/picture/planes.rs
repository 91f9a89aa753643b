// SPDX-License-Identifier: MPL-2.0

//! The borrowed planes of one frame.

use super::VideoFormat;
use std::fmt;

/// The planes of one frame, checked against its format.
#[derive(Clone, Copy)]
pub struct Planes<'a> {
    format: VideoFormat,
    planes: [Plane<'a>; 3],
}

/// One plane. `bytes` reaches to the end of the last line at least.
#[derive(Clone, Copy, Default)]
struct Plane<'a> {
    bytes: &'a [u8],
    stride: usize,
    line: usize,
    lines: usize,
}

/// Why planes cannot be those of a frame of the given format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlaneError {
    /// A side of the picture is 0, or more than [`VideoFormat::MAX_SIDE`].
    Size {
        /// Pixels in a line.
        width: usize,
        /// Lines.
        height: usize,
    },
    /// There are too few or too many planes.
    Count {
        /// Planes the format has.
        expected: usize,
        /// Planes given.
        given: usize,
    },
    /// The lines of a plane overlap.
    Stride {
        /// Number of the plane, from 0.
        plane: usize,
        /// Bytes a line needs.
        expected: usize,
        /// Bytes from one line to the next.
        given: usize,
    },
    /// A plane ends before its last line does.
    Length {
        /// Number of the plane, from 0.
        plane: usize,
        /// Bytes the plane needs with its stride; `usize::MAX` if that can't be counted.
        expected: usize,
        /// Bytes given.
        given: usize,
    },
}

impl fmt::Display for PlaneError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Size { width, height } => {
                write!(f, "cannot measure a picture of {width}x{height}")
            }
            Self::Count { expected, given } => write!(f, "expected {expected} planes, not {given}"),
            Self::Stride {
                plane,
                expected,
                given,
            } => {
                write!(
                    f,
                    "stride of plane {plane} is {given}, expected at least {expected} bytes"
                )
            }
            Self::Length {
                plane,
                expected,
                given,
            } => {
                write!(
                    f,
                    "plane {plane} has {given} bytes, expected at least {expected}"
                )
            }
        }
    }
}

impl std::error::Error for PlaneError {}

impl<'a> Planes<'a> {
    /// Borrows the planes of a frame, each with its stride in bytes.
    ///
    /// The last line of a plane may be without the padding up to a full stride.
    ///
    /// # Errors
    ///
    /// A [`PlaneError`] when the format fails [`VideoFormat::check`], the number of planes is another, or a plane is too small.
    pub fn new(format: &VideoFormat, planes: &[(&'a [u8], usize)]) -> Result<Self, PlaneError> {
        let VideoFormat {
            layout,
            width,
            height,
            ..
        } = *format;
        format.check()?;
        if planes.len() != layout.plane_count() {
            return Err(PlaneError::Count {
                expected: layout.plane_count(),
                given: planes.len(),
            });
        }
        let mut checked = [Plane::default(); 3];
        for (plane, &(bytes, stride)) in planes.iter().enumerate() {
            let (line, lines) = layout.plane_size(plane, width, height);
            if stride < line {
                return Err(PlaneError::Stride {
                    plane,
                    expected: line,
                    given: stride,
                });
            }
            let expected = format.plane_length(plane, stride);
            if bytes.len() < expected {
                return Err(PlaneError::Length {
                    plane,
                    expected,
                    given: bytes.len(),
                });
            }
            checked[plane] = Plane {
                bytes,
                stride,
                line,
                lines,
            };
        }
        Ok(Self {
            format: *format,
            planes: checked,
        })
    }

    /// The format the planes were checked against.
    pub fn format(&self) -> &VideoFormat {
        &self.format
    }

    /// The bytes of line `y` of `plane`, without padding. Past the last line it is the last one again.
    ///
    /// # Panics
    ///
    /// When the format has no such plane.
    pub fn line(&self, plane: usize, y: usize) -> &'a [u8] {
        let Plane {
            bytes,
            stride,
            line,
            lines,
        } = self.planes[plane];
        &bytes[y.min(lines - 1) * stride..][..line]
    }
}

impl fmt::Debug for Planes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Planes({} {}x{})",
            self.format.layout.name(),
            self.format.width,
            self.format.height
        )
    }
}
