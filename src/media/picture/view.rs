// SPDX-License-Identifier: MPL-2.0
//! The view of a picture that a detector gets.

use std::sync::Arc;

use super::{Grid, Pixels};

/// One picture. Detectors that compare pictures keep the grid of earlier ones, never their pixels.
#[derive(Debug, Clone, Copy)]
pub struct Picture<'a> {
    /// Its statistics.
    pub grid: &'a Arc<Grid>,
    /// How the stream says that it was scanned.
    pub fields: Fields,
    /// Whether the stream flags it as damaged.
    pub health: BufferFlags,
    /// Its pixels, if they are available: for what the grid doesn't contain.
    pub pixels: Option<&'a dyn Pixels>,
}

/// Whether the stream flags a picture as damaged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BufferFlags {
    /// Flagged as damaged.
    pub corrupted: bool,
    /// Flagged as a discontinuity: something was lost, or the source began anew.
    pub discontinuous: bool,
}

/// What the stream says about the fields of a picture.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Fields {
    /// It consists of two fields of different times.
    pub interlaced: bool,
    /// The upper field comes first.
    pub top_first: bool,
    /// The buffer holds this field alone.
    pub single: Option<Field>,
}

/// One of the two fields of an interlaced picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// Lines 0, 2, 4, ...
    Top,
    /// Lines 1, 3, 5, ...
    Bottom,
}

impl Picture<'_> {
    /// Whether it can be compared with the pictures before it. The two fields of a frame lie half a line apart: where each has a
    /// buffer of its own, only the top ones are compared.
    pub fn is_comparable(&self) -> bool {
        self.fields.single != Some(Field::Bottom)
    }
}

impl<'a> Picture<'a> {
    /// A progressive picture.
    pub fn progressive(grid: &'a Arc<Grid>) -> Self {
        Self {
            grid,
            fields: Fields::default(),
            health: BufferFlags::default(),
            pixels: None,
        }
    }
}
