// SPDX-License-Identifier: MPL-2.0
//! Everything that knows both GStreamer and the pure rooms.
//!
//! The way of a buffer from the pad to the message, in an element with one stream:
//!
//! 1. [`pads`]: the chain function of the sink pad hands the buffer to the element's session and pushes on what comes back.
//! 2. [`stream`]: the session takes the lock of [`guarded`], which catches panics and brings the [`settings`] up to date, and gives the
//!    buffer to its [`Stream`](stream::Stream).
//! 3. [`reader`]: the medium - [`video`] or [`audio`] - reads the buffer into units: a picture's grid of cells, blocks of 10 ms of
//!    sound. A grid that an earlier detector attached ([`grid_meta`]) is read instead, if nothing on the path [`upstream`] can have changed
//!    the picture since.
//! 4. [`analyzer`]: each unit goes to the [`Runner`](crate::detector::Runner), which keeps time and calls the detector. The detector
//!    tells [`Episodes`](crate::detector::Episodes) what it observed, and they report what begins and ends.
//! 5. [`outbox`]: reports become structures ([`message`]) with the times of the segment in which each began ([`timeline`]), and
//!    the timecode of the buffer where the defect started ([`stamps`]). Once the lock is open they are posted on the bus.
//! 6. A grid that was measured is attached to the buffer, which then goes downstream.
//!
//! [`timing`] adds to such a stream the time without a buffer; [`pair`] has two streams and a reference beside it. [`object`] makes the
//! GObject types, one for each detector in the [list](crate::detectors), with their [`properties`]; [`bin`] is `defectbin`.
//!
//! An element is a plain `gst::Element` whose pads proxy caps and allocation, not a `GstBaseTransform`: a base transform
//! that isn't in passthrough answers ALLOCATION queries itself, activates a pool of its own and copies shared buffers,
//! and one that is may not attach a meta. Here events and queries take GStreamer's default way through.

mod analyzer;
mod audio;
mod bin;
mod captions;
mod enum_property;
pub mod grid_meta;
mod guarded;
mod message;
#[macro_use]
mod object;
mod outbox;
mod pads;
mod pair;
mod properties;
mod reader;
mod settings;
mod stamps;
mod stream;
mod timeline;
mod timing;
mod unreadable;
mod upstream;
mod video;

#[cfg(test)]
mod tests;

use std::sync::LazyLock;

/// The debug category of all elements; the object says which one speaks.
pub static CAT: LazyLock<gst::DebugCategory> = LazyLock::new(|| {
    gst::DebugCategory::new(
        "defect",
        gst::DebugColorFlags::empty(),
        Some("Defect detectors"),
    )
});

/// Registers all elements.
pub fn register(plugin: Option<&gst::Plugin>) -> Result<(), gst::glib::BoolError> {
    object::register(plugin)?;
    bin::register(plugin)
}
