// SPDX-License-Identifier: MPL-2.0
//! Whether a grid on a buffer still describes its pixels.
//!
//! Elements such as `textoverlay` and `videobalance` change pixels in place and keep metas. So a grid counts only if the way
//! upstream to the element that measured it leads through nothing but elements known to leave pixels alone. The
//! way is walked for every buffer: it is a few pointers long, and pipelines are relinked while they play.

use gst::prelude::*;

/// GObject types of elements with one sink pad `sink` that pass pixels on as they are.
const HARMLESS: &[&str] = &[
    "GstQueue",
    "GstQueue2",
    "GstTee",
    "GstIdentity",
    "GstCapsFilter",
    "GstClockSync",
    "GstValve",
    "GstProgressReport",
    "GstWatchdog",
];

/// What the type names of our own elements begin with; none of them touches pixels.
const OURS: &str = "GstDefect";

/// More steps than a sane chain has: a guard against loops.
const LONGEST_WAY: usize = 64;

/// Whether nothing between `element` and the element at address `maker` upstream of it can have changed pixels.
pub fn leads_untouched_to(element: &gst::Element, maker: usize) -> bool {
    let mut element = element.clone();
    for _ in 0..LONGEST_WAY {
        let Some(before) = element_before(&element) else {
            return false;
        };
        if before.as_ptr() as usize == maker {
            return true;
        }
        let type_name = before.type_().name();
        if !HARMLESS.contains(&type_name) && !type_name.starts_with(OURS) {
            return false;
        }
        element = before;
    }
    false
}

/// The element linked to the sink pad, seen through the walls of bins.
fn element_before(element: &gst::Element) -> Option<gst::Element> {
    let mut pad = element.static_pad("sink")?.peer()?;
    for _ in 0..LONGEST_WAY {
        pad = match pad.downcast::<gst::GhostPad>() {
            // Into a bin: what its ghost pad stands for.
            Ok(ghost) => ghost.target()?,
            Err(pad) => match pad.downcast::<gst::ProxyPad>() {
                // Out of the bin that we are in: what its ghost pad is linked to.
                Ok(inner) => inner.internal()?.upcast::<gst::Pad>().peer()?,
                Err(pad) => return pad.parent_element(),
            },
        };
    }
    None
}
