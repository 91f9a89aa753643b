// SPDX-License-Identifier: MPL-2.0
//! Whether a grid on a buffer still describes its pixels.
//!
//! Elements such as `textoverlay` and `videobalance` change pixels in place and keep metas. So a grid counts only if the path
//! upstream to the element that measured it leads through nothing but elements known to leave pixels alone. The
//! path is walked for every buffer: it is a few pointers long, and pipelines are relinked while they play.

use std::hash::{DefaultHasher, Hash, Hasher};

use gst::prelude::*;

use super::grid_meta::{self, Inner};

/// GObject types of elements with one sink pad `sink` that pass pixels on as they are.
const PASSTHROUGH_TYPES: &[&str] = &[
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

/// Prefix of the type names of our own elements; none of them touches pixels.
const OURS: &str = "GstDefect";

/// Most steps that are walked, a guard against loops; no usual chain has as many.
const MAX_STEPS: usize = 64;

/// The path upstream, as an element last saw it.
#[derive(Debug, Default)]
pub struct UpstreamPath {
    /// The path to the maker of the latest grid, as a hash; `None` if something on it may touch pixels.
    known: Option<Option<u64>>,
    /// Grids with smaller numbers were measured before the path changed.
    since: u64,
}

impl UpstreamPath {
    /// Whether nothing between `element` and the maker of a grid can have changed pixels.
    ///
    /// Where the pipeline was relinked, frames may still come out of a queue that went another path: grids measured before the
    /// change was noticed don't count.
    pub fn is_unmodified(
        &mut self,
        (element, sink): (&gst::Element, &str),
        measured: &Inner,
    ) -> bool {
        let path = walk(element, sink, measured.maker);
        if self.known.is_some_and(|known| known != path) {
            self.since = grid_meta::count();
        }
        self.known = Some(path);
        path.is_some() && measured.number >= self.since
    }
}

/// A hash of the path from that sink pad of `element` to the element at address `maker` upstream of it, if none on it touches pixels.
fn walk(element: &gst::Element, sink: &str, maker: usize) -> Option<u64> {
    let mut hash = DefaultHasher::new();
    let mut pad = element.static_pad(sink);
    for _ in 0..MAX_STEPS {
        let before = element_before(pad?)?;
        let address = before.as_ptr() as usize;
        address.hash(&mut hash);
        if address == maker {
            return Some(hash.finish());
        }
        let type_name = before.type_().name();
        if !PASSTHROUGH_TYPES.contains(&type_name) && !type_name.starts_with(OURS) {
            return None;
        }
        // Those with more than one stream have a pad for pictures.
        pad = before
            .static_pad("sink")
            .or_else(|| before.static_pad("video_sink"));
    }
    None
}

/// The element linked to a sink pad, seen through the walls of bins.
fn element_before(sink: gst::Pad) -> Option<gst::Element> {
    let mut pad = sink.peer()?;
    for _ in 0..MAX_STEPS {
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
