// SPDX-License-Identifier: MPL-2.0
//! Tracks of subtitles: DVB subtitles, teletext and timed text, watched as they come, without a decoder.
//!
//! Whether they are there and go on is all that is watched. They come when they like, so no play waits for them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use gst::prelude::*;

use super::chain::{discarding_sink, make, take_out};
use super::choice::Choice;

/// The detector of captions.
const DETECTOR: &str = "captiondetect";

/// What tracks of subtitles are called, with a number.
const NAME: &str = "subtitles-";

/// The sorts of subtitles that are watched, as GStreamer and people call them.
const WATCHED: [(&str, &str); 7] = [
    ("subpicture/x-dvb", "DVB subtitles"),
    ("application/x-teletext", "teletext"),
    ("text/x-raw", "timed text"),
    ("subpicture/x-dvd", "DVD subtitles"),
    ("subpicture/x-pgs", "PGS subtitles"),
    ("closedcaption/x-cea-608", "CEA-608"),
    ("closedcaption/x-cea-708", "CEA-708"),
];

/// A track of subtitles that is watched.
#[derive(Debug)]
pub struct Subtitles {
    /// Its name, e.g. `subtitles-0`.
    pub name: String,
    /// What it is, for people.
    pub what: &'static str,
    /// The stream's identity in the collection.
    pub id: Option<String>,
    buffers: Arc<AtomicU64>,
    bin: gst::Bin,
}

/// The format of subtitles in words, by their caps; `None` if they are none that can be watched.
pub fn format_of(caps: &gst::CapsRef) -> Option<&'static str> {
    let name = caps.structure(0)?.name().as_str();
    let known = WATCHED.iter().find(|(known, _)| *known == name);
    known.map(|(_, what)| *what)
}

/// Whether the track of that name is subtitles.
pub fn is_name(name: &str) -> bool {
    name.starts_with(NAME)
}

/// What decoders hand on as it is: what they'd do without, and subtitles.
pub fn undecoded(caps: &gst::Caps) -> gst::Caps {
    let mut caps = caps.clone();
    for (name, _) in WATCHED {
        let more = gst::Caps::new_empty_simple(name);
        caps.merge(more);
    }
    caps
}

impl Subtitles {
    /// Watches the stream that comes out of that pad; `None` if it is no such stream or captions aren't to be watched.
    pub fn watch(
        pipeline: &gst::Pipeline,
        choice: &Choice,
        number: usize,
        pad: &gst::Pad,
    ) -> Result<Option<Self>, String> {
        let caps = pad.current_caps().unwrap_or_else(|| pad.query_caps(None));
        let Some(what) = format_of(&caps).filter(|_| Self::is_wanted(choice)) else {
            return Ok(None);
        };
        let name = format!("{NAME}{number}");
        let detectors = choice.alone(DETECTOR)?;
        detectors.set_property("programme", pipeline.name());
        let elements = [make("queue")?, detectors, discarding_sink()?];
        let bin = gst::Bin::with_name(&name);
        let failed = |e: gst::glib::BoolError| e.to_string();
        bin.add_many(&elements).map_err(failed)?;
        gst::Element::link_many(&elements).map_err(failed)?;
        let entry = elements[0].static_pad("sink").ok_or("queue without sink")?;
        let buffers = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&buffers);
        entry.add_probe(gst::PadProbeType::BUFFER, move |_, _| {
            count.fetch_add(1, Ordering::Relaxed);
            gst::PadProbeReturn::Ok
        });
        let entry = gst::GhostPad::with_target(&entry).map_err(failed)?;
        entry.set_active(true).map_err(failed)?;
        bin.add_pad(&entry).map_err(failed)?;
        pipeline.add(&bin).map_err(failed)?;
        bin.sync_state_with_parent().map_err(failed)?;
        pad.link(&entry).map_err(|e| e.to_string())?;
        let id = pad.stream_id().map(|id| id.to_string());
        Ok(Some(Self {
            name,
            what,
            id,
            buffers,
            bin,
        }))
    }

    /// Whether subtitles are to be watched.
    pub fn is_wanted(choice: &Choice) -> bool {
        choice.chosen().any(|c| c.entry.info.element == DETECTOR)
    }

    /// How many buffers came.
    pub fn buffers(&self) -> u64 {
        self.buffers.load(Ordering::Relaxed)
    }

    /// Ends it, with its episodes, and takes it out of the pipeline.
    pub fn remove(&self, pipeline: &gst::Pipeline) {
        take_out(pipeline, self.bin.upcast_ref());
    }
}
