// SPDX-License-Identifier: MPL-2.0
//! The properties of a `defectbin`.

use gst::{glib, prelude::*};

use super::super::properties;
use crate::alarms::selection::Profile;
use crate::detector::{Settings, settings::MAX_TIME};

crate::settings! {
    /// Settings of `defectbin`.
    pub struct BinSettings {
        /// Which detectors watch, before `detectors` adds to them or takes some away; can't be changed while the bin runs
        "profile" profile: Profile = Profile::Auto;
        /// Detectors to add, with their settings, and to take away:
        /// blackdetect min-duration=1000000000, humdetect, -tonedetect; can't be changed while the bin runs
        "detectors" detectors: String = String::new();
        /// Name of the programme that the stream belongs to: elements of the same name report together when picture and sound
        /// are gone, and compare captions with the sound (empty: none); can't be changed while the bin runs
        "programme" programme: String = String::new();
        /// Whether the stream is analysed; if not, buffers only pass
        "active" active: bool = true;
        /// Time between two ongoing messages of each detector in ns, unless `detectors` says otherwise (0 = off, else at least 100 ms)
        "update-interval" update_interval: u64 = 0, in 0..=MAX_TIME;
        /// Time between two measurement messages of each detector in ns, unless `detectors` says otherwise (0 = off, else at least 10 ms)
        "measurement-interval" measurement_interval: u64 = 0, in 0..=MAX_TIME;
        /// Whether the detectors post measurements, and defects that begin from now on, on the bus, unless `detectors` says otherwise; a
        /// defect that was posted still gets its end
        "post-messages" post_messages: bool = true;
        /// Keep back alarms that another one implies, like a freeze while the picture is black
        "hide-implied" hide_implied: bool = true;
    }
}

/// Those that decide on the chain, which is made when the bin starts; the others can be changed while playing.
const OF_THE_CHAIN: &[&str] = &["profile", "detectors", "programme"];

/// The read-only property that follows the settings.
pub const HIDDEN: &str = "hidden";

/// Whether a property can only be set while the bin is stopped.
pub fn is_of_the_chain(property: &str) -> bool {
    OF_THE_CHAIN.contains(&property)
}

/// All properties.
pub fn specs() -> Vec<glib::ParamSpec> {
    let settings = BinSettings::specs().iter().map(|spec| {
        let mutable = if is_of_the_chain(spec.name) {
            gst::PARAM_FLAG_MUTABLE_READY
        } else {
            gst::PARAM_FLAG_MUTABLE_PLAYING
        };
        properties::param_spec(spec, mutable)
    });
    let hidden = glib::ParamSpecUInt64::builder(HIDDEN)
        .blurb("How many alarms were kept back since the start")
        .read_only()
        .build();
    settings.chain([hidden]).collect()
}
