// SPDX-License-Identifier: MPL-2.0
//! Defect detectors for live picture and sound, as elements of GStreamer.
//!
//! Each element passes its stream on untouched, looks at it on the way, and posts a message on the bus when something is
//! wrong and when it is over. [The reference](detectors) has all elements, their properties and messages.
//!
//! # A program that finds black pictures
//!
//! GStreamer 1.22 or newer and its header files are needed; on Debian and Ubuntu:
//!
//! ```sh
//! sudo apt-get install gcc pkg-config libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev gstreamer1.0-plugins-base
//! ```
//!
//! In `Cargo.toml` (the crate isn't on crates.io; the path is that of a checkout):
//!
//! ```toml
//! [dependencies]
//! gstdefect = { package = "gst-plugin-defect", path = "../gst-plugin-defect" }
//! gst = { package = "gstreamer", version = "0.25" }
//! ```
//!
//! In `src/main.rs`:
//!
#![cfg_attr(feature = "plugin", doc = "```")]
#![cfg_attr(not(feature = "plugin"), doc = "```ignore")]
//! use gst::prelude::*;
//! use gstdefect::DefectMessage;
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     gst::init()?;
//!     // The elements are there from now on, without a plugin file.
//!     gstdefect::plugin_register_static()?;
//!     // A test picture of black for four seconds; `uridecodebin uri=file:///... ! video/x-raw` is a source of your own.
//!     let pipeline = gst::parse::launch(
//!         "videotestsrc pattern=black num-buffers=100 ! video/x-raw,format=I420,framerate=25/1 ! blackdetect ! fakesink",
//!     )?;
//!     let bus = pipeline.bus().ok_or("a pipeline without a bus")?;
//!     pipeline.set_state(gst::State::Playing)?;
//!     let mut found = Vec::new();
//!     for message in bus.iter_timed(gst::ClockTime::NONE) {
//!         if let Ok(defect) = DefectMessage::try_from(&message) {
//!             println!("{} {} at {} ns", defect.kind, defect.state, defect.timestamp);
//!             found.push(defect.state);
//!         }
//!         match message.view() {
//!             gst::MessageView::Eos(_) => break,
//!             gst::MessageView::Error(error) => return Err(error.error().into()),
//!             _ => {}
//!         }
//!     }
//!     pipeline.set_state(gst::State::Null)?;
//!     assert_eq!(found, ["begin", "end"]);
//!     Ok(())
//! }
//! ```
//!
//! `cargo run` prints `black begin at 0 ns` and `black end at 0 ns`: both messages tell when the defect began, and
//! [`DefectMessage::duration`] how long it has lasted.
//!
//! # What next
//!
//! - Any other detector: put its [element](detectors) where the content is that you mean, several one behind the
//!   other. `defectbin` takes those that fit the stream.
//! - Limits: `element.set_property("threshold", 0.05)`, at any time.
//! - Measures as well as defects: set `measurement-interval`, and read [`MeasurementMessage`].
//! - Episodes that are open when the pipeline stops end on the way to READY: set that state, read the bus until it is
//!   empty, then set NULL, which discards what nobody has read.
//! - Without GStreamer: with `default-features = false` the crate is its pure parts alone. [`media`] is what streams
//!   consist of, [`detector`] the contract of a detector, [`detectors`] are the detectors themselves, [`alarms`] is
//!   what concerns several of them. None of these knows GStreamer.

#[cfg(test)]
extern crate self as gstdefect;

pub mod alarms;
#[macro_use]
pub mod detector;
pub mod detectors;
#[cfg(feature = "plugin")]
mod element;
pub mod media;
#[cfg(feature = "plugin")]
pub mod message;
#[cfg(feature = "plugin")]
pub use message::{DefectMessage, MeasurementMessage};

/// Of the grid that a buffer carries: the address of the element that measured it, and its number among all that were measured
/// in this process. For tests.
#[cfg(feature = "plugin")]
#[doc(hidden)]
pub fn grid_on(buffer: &gst::BufferRef) -> Option<(usize, u64)> {
    element::grid_meta::of(buffer).map(|measured| (measured.0.maker, measured.0.number))
}

#[cfg(feature = "plugin")]
#[expect(
    missing_docs,
    reason = "the macro's functions are those that every plugin has"
)]
mod plugin {
    fn plugin_init(plugin: &gst::Plugin) -> Result<(), gst::glib::BoolError> {
        if crate::element::grid_meta::belongs_to_another_copy() {
            return Ok(());
        }
        crate::element::grid_meta::register();
        crate::element::register(Some(plugin))
    }

    gst::plugin_define!(
        defect,
        env!("CARGO_PKG_DESCRIPTION"),
        plugin_init,
        concat!(env!("CARGO_PKG_VERSION"), "-", env!("COMMIT_ID")),
        "MPL-2.0",
        env!("CARGO_PKG_NAME"),
        env!("CARGO_PKG_NAME"),
        env!("CARGO_PKG_REPOSITORY"),
        env!("BUILD_REL_DATE")
    );
}
#[cfg(feature = "plugin")]
pub use plugin::plugin_register_static;
