// SPDX-License-Identifier: MPL-2.0

//! Pictures, and the grid they are reduced to.
//!
//! A [`VideoFormat`] says what the bytes of a frame mean, [`Planes`] borrows them, and a [`Measurer`] reads them once and writes
//! a [`Grid`]: a few sums for every cell of 8x8 luma pixels, and two for every line. Detectors work on grids, a
//! [`GridPool`] recycles them. The few that must look at [`Pixels`] again copy what they need with a [`LumaReader`].
//!
//! The pass goes down the picture in bands of 8 lines. Where luma lies in memory as it is needed (planar and semi-planar
//! layouts), it is read in place; else each line is first unpacked into a small ring of lines. A kernel then measures
//! the band: `scalar` is the definition, `avx2` says the same faster.

mod band;
#[cfg(test)]
#[expect(missing_docs, reason = "for tests")]
pub mod canvas;
mod cells;
mod change;
mod chroma;
mod colour;
mod components;
mod cuts;
mod display;
mod edge;
mod format;
mod grid;
mod kernel;
mod layout;
mod light;
mod lights;
mod luma;
mod measure;
mod patch;
mod pixels;
mod places;
mod planes;
mod points;
mod pool;
mod region;
mod sample;
mod scalar;
mod signal;
mod unpack;
mod view;

#[cfg(target_arch = "x86_64")]
mod avx2;

#[cfg(test)]
mod tests;

pub use cells::Cells;
pub use change::{brightening, change, count_changed};
pub use colour::{Colours, Rgb};
pub use components::Component;
pub use cuts::{CellChanges, SceneCutDetector};
pub use display::{Display, Light};
pub use edge::new_edge;
pub use format::{Levels, Matrix, Range, Transfer, VideoFormat};
pub use grid::{CELL, Grid};
pub use kernel::{Kernel, vectorized};
pub use layout::Layout;
pub use light::sdr_to_transfer;
pub use lights::{LANES, SaturatedRed};
pub use measure::Measurer;
pub use patch::Patch;
pub use pixels::{LumaReader, Pixels};
pub use planes::{PlaneError, Planes};
pub use points::{Lines, PointReader};
pub use pool::GridPool;
pub use region::{Area, Region};
pub use signal::{SIGNAL_MAX, Signal, SignalConverter};
pub use view::{BufferFlags, Field, Fields, Picture};
