// SPDX-License-Identifier: MPL-2.0
//! The shape of an element with sound and picture: two streams that pass side by side, each as if the other weren't there, and two pads
//! for a reference, which end here.
//!
//! Each stream is read under a lock of its own, held by its own thread alone; only what was read is handed over under a common one, for as
//! long as the detector takes. No stream ever waits for data of another.

mod line;
mod pads;
pub mod session;
mod state;
