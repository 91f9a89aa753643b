// SPDX-License-Identifier: MPL-2.0
//! Defect detectors for live picture and sound, as elements of GStreamer.
//!
//! Each element passes its stream on untouched, looks at it on the way, and posts a message on the bus when something is
//! wrong and when it is over. [`media`] is what streams consist of, [`detector`] the contract of a detector, [`detectors`] are the detectors themselves,
//! [`alarms`] is what concerns several of them; none of these knows GStreamer. The elements around them need the feature `plugin` (default).

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
