// SPDX-License-Identifier: MPL-2.0
//! GStreamer elements around the detectors. ([`media`](crate::media), [`detector`](crate::detector),
//! [`detectors`](crate::detectors) and [`alarms`](crate::alarms) don't know GStreamer.)
//!
//! The way of a buffer from the pad to the message, in an element with one stream:
//!
//! 1. [`pads`]: the chain function of the sink pad passes the buffer to the element's session and pushes the buffer that it returns.
//! 2. [`guarded`] takes the lock, applies changed [`settings`], catches panics, and calls
//! 3. [`stream`] (`Stream::analyze`): it notes the timecode of the buffer ([`stamps`]), closes a gap that was announced, and has the
//!    medium - [`video`] or [`audio`], see [`reader`] - read the buffer into units: the grid of a picture's cells, or blocks of 10 ms of
//!    sound. A grid that an earlier detector attached ([`grid_meta`]) is read if nothing [`upstream`] can have changed the picture since;
//!    otherwise the picture is measured ([`Measurer`](crate::media::picture::Measurer)).
//! 4. Each unit goes straight to the [`Runner`](crate::detector::Runner): its clock finds gaps and jumps, then it calls the detector's
//!    `push`, which tells [`Episodes`](crate::detector::Episodes) what it observed. The state machine of `detector/episode.rs` decides
//!    when an episode begins, goes on and ends, and emits reports.
//! 5. [`guarded`] collects the reports through the [`analyzer`] into the [`outbox`]: they become structures ([`message`]) with the times
//!    of the segment in which each began ([`timeline`]) and the timecode of the buffer at which the defect started. After unlocking they
//!    are posted on the bus.
//! 6. [`stream`] (`pass`) attaches a new grid to the buffer, and [`pads`] pushes it.
//!
//! [`timing`] adds to such a stream the time without a buffer; [`pair`] has two streams and a reference. [`object`]
//! makes the GObject types, one for each detector in the [list](crate::detectors), with their [`properties`]; [`bin`]
//! is `defectbin`. What a bin hears of speech goes from the bin of the sound to that of the captions ([`speech`]).
//!
//! An element is a plain `gst::Element` whose pads proxy caps and allocation, not a `GstBaseTransform`: a base transform
//! that isn't in passthrough answers ALLOCATION queries itself, activates a pool of its own and copies shared buffers,
//! and one that is in passthrough may not attach a meta. Here events and queries are handled as GStreamer does by default.

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
mod speech;
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
