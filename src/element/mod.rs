// SPDX-License-Identifier: MPL-2.0
//! Everything that knows both GStreamer and the pure core; it never names a detector.
//!
//! An element is a plain `gst::Element` with two pads that proxy caps and allocation, not a `GstBaseTransform`: a base transform
//! that isn't in passthrough answers ALLOCATION queries itself, activates a pool of its own and copies shared buffers,
//! and one that is may not attach a meta. Here a buffer is looked at and pushed on, and events and queries take GStreamer's
//! default way through.

#[macro_use]
mod macros;
mod arrivals;
mod audio;
pub mod bin;
mod choice;
pub mod grid_meta;
pub mod medium;
pub mod message;
pub mod outbox;
#[macro_use]
pub mod pair;
pub mod properties;
pub mod session;
mod stamps;
mod state;
mod timeline;
mod timer;
mod upstream;
mod video;
mod waits;
mod wishes;

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
