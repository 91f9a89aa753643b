// SPDX-License-Identifier: MPL-2.0
//! Decodes only key frames of a picture while all is well, and every picture while there is any suspicion.
//!
//! 1. Before the decoder ([`Decoding`]), a policy decides on each coded picture; those between two key frames are held.
//! 2. Behind the decoder ([`Pictures`]), the time of pictures that weren't decoded is covered by the last picture before them, which was
//!    found to be well; and each key frame gets a quick look.
//! 3. Before the detectors, those that judge consecutive pictures are switched off where pictures are left out, and on again. A message on
//!    the bus says so.
//!
//! Steps 1 and 2 happen in the thread of the decoder, step 3 in that of the detectors; an event between the two tells which pictures are
//! consecutive.

mod decoding;
mod look;
mod pictures;
mod policy;
mod rate;

use std::sync::{Mutex, MutexGuard};

use gst::prelude::*;
use gstdefect::alarms::relations;

pub use decoding::Decoding;
pub use pictures::Pictures;

use crate::lock::lock;

/// Whether a detector is switched off where pictures are left out: it judges consecutive pictures. The freeze detector is among these since
/// of two key frames that are alike it can't tell whether anything moved between them; the stall detector isn't, since no time is missing.
pub fn judges_consecutive(detector: &str) -> bool {
    match detector {
        "freezedetect" => true,
        "stalldetect" => false,
        other => relations::CONSECUTIVE.contains(&other),
    }
}

/// Name of the event behind which pictures are consecutive or not.
const EVENT: &str = "defect-monitor-consecutive";
/// Name of the message that detectors have been switched off or on.
const SWITCHED: &str = "defect-monitor-switched";

/// The event behind which pictures are consecutive or not.
fn consecutive(are: bool) -> gst::Event {
    let structure = gst::Structure::builder(EVENT).field("are", are).build();
    gst::event::CustomDownstream::new(structure)
}

/// The detectors that were switched, and whether they are on now, if that is what a message says.
pub fn switched(message: &gst::StructureRef) -> Option<(Vec<String>, bool)> {
    let structure = Some(message).filter(|s| s.name() == SWITCHED)?;
    let detectors = structure.get::<gst::Array>("detectors").ok()?;
    let names = detectors.iter().filter_map(|name| name.get().ok());
    Some((names.collect(), structure.get("active").ok()?))
}

/// Says on the bus which detectors of a bin were switched off or on.
fn post_switched(bin: &gst::Bin, detectors: &[gst::Element], active: bool) {
    let factories = detectors.iter().filter_map(gst::Element::factory);
    let names = gst::Array::new(factories.map(|factory| factory.name().to_string()));
    let structure = gst::Structure::builder(SWITCHED)
        .field("detectors", names)
        .field("active", active)
        .build();
    let message = gst::message::Element::builder(structure).src(bin).build();
    // Without a bus nobody wants to know.
    let _ = bin.post_message(message);
}

/// Switches the detectors in a bin that judge consecutive pictures off and on, as the events at that pad before them say.
pub fn switch_detectors(pad: &gst::Pad, bin: &gst::Bin) {
    let bin = bin.downgrade();
    let off = Mutex::new(Vec::new());
    pad.add_probe(gst::PadProbeType::EVENT_DOWNSTREAM, move |_, info| {
        let are = match &info.data {
            Some(gst::PadProbeData::Event(event)) => event
                .structure()
                .filter(|s| s.name() == EVENT)
                .and_then(|s| s.get::<bool>("are").ok()),
            _ => None,
        };
        let (Some(are), Some(bin)) = (are, bin.upgrade()) else {
            return gst::PadProbeReturn::Ok;
        };
        let mut off: MutexGuard<'_, Vec<gst::Element>> = lock(&off);
        if !are {
            *off = of_consecutive_pictures(&bin);
        }
        off.iter()
            .for_each(|detector| detector.set_property("active", are));
        post_switched(&bin, &off, are);
        gst::PadProbeReturn::Handled
    });
}

/// The active detectors of a bin that judge consecutive pictures.
fn of_consecutive_pictures(bin: &gst::Bin) -> Vec<gst::Element> {
    let elements = bin.iterate_recurse().into_iter().flatten();
    let is_one = |element: &gst::Element| {
        let factory = element.factory();
        factory.is_some_and(|f| judges_consecutive(&f.name())) && element.property::<bool>("active")
    };
    elements.filter(is_one).collect()
}
