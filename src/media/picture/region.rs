// SPDX-License-Identifier: MPL-2.0
//! Parts of a picture in pixels ([`Area`]) and in fractions of it ([`Region`]).

/// A rectangle of the picture, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Area {
    /// Left edge.
    pub x: u32,
    /// Upper edge.
    pub y: u32,
    /// Width.
    pub width: u32,
    /// Height.
    pub height: u32,
}

/// A rectangle in fractions of the picture: x, y, width, height.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Region {
    /// Left edge, 0 to 1.
    pub x: f64,
    /// Upper edge, 0 to 1.
    pub y: f64,
    /// Width, 0 to 1.
    pub width: f64,
    /// Height, 0 to 1.
    pub height: f64,
}

impl Region {
    /// The whole picture.
    pub const ALL: Self = Self {
        x: 0.0,
        y: 0.0,
        width: 1.0,
        height: 1.0,
    };
}

impl Default for Region {
    fn default() -> Self {
        Self::ALL
    }
}
