// SPDX-License-Identifier: MPL-2.0
//! An element with sound and picture between pads of ours.

use std::sync::{Arc, Mutex};

use gst::prelude::*;

use super::{Heard, Seen, init, rig::template};

/// Playing, in the thread of the test.
pub struct PairRig {
    pub element: gst::Element,
    pads: Vec<(String, gst::Pad)>,
    log: Arc<Mutex<Vec<(String, Seen)>>>,
    _behind: Vec<gst::Pad>,
}

impl PairRig {
    /// With those sink pads linked, of `audio`, `video`, `reference_audio` and `reference_video`.
    pub fn new(streams: &[&str]) -> Self {
        init();
        let element = gst::ElementFactory::make("avsyncdetect").build().unwrap();
        Self::around(element, streams)
    }

    /// Around another element with such pads.
    pub fn around(element: gst::Element, streams: &[&str]) -> Self {
        let log = Arc::new(Mutex::new(Vec::new()));
        let bus = gst::Bus::new();
        let said = log.clone();
        bus.set_sync_handler(move |_, message| {
            let seen = Seen::message(message).map(|seen| ("bus".to_owned(), seen));
            said.lock().unwrap().extend(seen);
            gst::BusSyncReply::Drop
        });
        element.set_bus(Some(&bus));
        let (mut pads, mut behind) = (Vec::new(), Vec::new());
        for name in streams {
            let sink = format!("{name}_sink");
            let sink = match element.static_pad(&sink) {
                Some(pad) => pad,
                None => element.request_pad_simple(&sink).unwrap(),
            };
            let ours = gst::Pad::builder(gst::PadDirection::Src).build();
            ours.link(&sink).unwrap();
            pads.push(((*name).to_owned(), ours));
            if let Some(src) = element.static_pad(&format!("{name}_src")) {
                let pad = catcher(name, &log);
                src.link(&pad).unwrap();
                pad.set_active(true).unwrap();
                behind.push(pad);
            }
        }
        element.set_state(gst::State::Playing).unwrap();
        for (_, pad) in &pads {
            pad.set_active(true).unwrap();
        }
        Self {
            element,
            pads,
            log,
            _behind: behind,
        }
    }

    pub fn pad(&self, stream: &str) -> &gst::Pad {
        &self.pads.iter().find(|(name, _)| name == stream).unwrap().1
    }

    /// STREAM_START, CAPS and SEGMENT.
    pub fn open(&self, stream: &str, caps: &gst::Caps) {
        let pad = self.pad(stream);
        assert!(pad.push_event(gst::event::StreamStart::new(stream)));
        assert!(pad.push_event(gst::event::Caps::new(caps)));
        let segment = gst::FormattedSegment::<gst::ClockTime>::new();
        assert!(pad.push_event(gst::event::Segment::new(&segment)));
    }

    pub fn push(&self, stream: &str, buffer: gst::Buffer) {
        self.pad(stream).push(buffer).unwrap();
    }

    /// What came out of a stream.
    pub fn out(&self, stream: &str) -> Heard {
        let log = self.log.lock().unwrap();
        let own = log.iter().filter(|(name, _)| name == stream);
        Heard(own.map(|(_, seen)| seen.clone()).collect())
    }

    /// What was said, and what came out, in order.
    pub fn all(&self) -> Heard {
        let log = self.log.lock().unwrap();
        Heard(log.iter().map(|(_, seen)| seen.clone()).collect())
    }

    pub fn eos(&self) {
        for (_, pad) in &self.pads {
            pad.push_event(gst::event::Eos::new());
        }
    }
}

impl Drop for PairRig {
    fn drop(&mut self) {
        let _ = self.element.set_state(gst::State::Null);
        for (_, pad) in &self.pads {
            let _ = pad.set_active(false);
        }
    }
}

fn catcher(name: &str, log: &Arc<Mutex<Vec<(String, Seen)>>>) -> gst::Pad {
    let (buffers, events) = (log.clone(), log.clone());
    let (first, second) = (name.to_owned(), name.to_owned());
    gst::Pad::builder_from_template(&template(gst::PadDirection::Sink))
        .name(name)
        .chain_function(move |_, _, buffer| {
            let seen = (first.clone(), Seen::Buffer(buffer));
            buffers.lock().unwrap().push(seen);
            Ok(gst::FlowSuccess::Ok)
        })
        .event_function(move |_, _, event| {
            let seen = (second.clone(), Seen::Event(event));
            events.lock().unwrap().push(seen);
            true
        })
        .build()
}
