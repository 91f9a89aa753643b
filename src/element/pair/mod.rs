// SPDX-License-Identifier: MPL-2.0
//! An element with sound and picture: two streams that pass independently of each other, and two pads for a
//! reference, which end here.
//!
//! Each stream is read under a lock of its own, held by its own thread alone. What was read goes into a common
//! [`inbox`], from which a thread feeds the detector if no other thread is doing so. So no buffer of one stream waits
//! for the other, neither for its data nor for its analysis; only events that end an episode wait until everything
//! before them is judged.

mod inbox;
mod pads;
mod reader;
pub mod session;
mod state;
