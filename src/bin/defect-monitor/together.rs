// SPDX-License-Identifier: MPL-2.0
//! Sound and picture together: their detectors stand in the chain of the pictures, and the sound that comes to the end of its own chain
//! is looked at there, too.
//!
//! No queue is added and nothing waits: sound is looked at in the thread that brings it. A stream that ends, is sparse or never comes
//! leaves the other as it is.

use std::sync::{Arc, Mutex};

use gst::prelude::*;

use super::chain::Chain;
use crate::lock::lock;

/// The chains whose streams go together.
const PICTURE: &str = "video-0";
const SOUND: &str = "audio-0";

/// Whether pictures of that name go together with a sound.
pub fn is_picture(name: &str) -> bool {
    name == PICTURE
}

/// Brings the sound to where the pictures are.
#[derive(Debug, Default)]
pub struct Together(Arc<Mutex<Vec<gst::Pad>>>);

impl Together {
    /// A chain has been made; those that go together are brought together.
    pub fn meet(&self, chain: &Chain) {
        if is_picture(&chain.name) {
            chain.ears().clone_into(&mut lock(&self.0));
        } else if chain.name == SOUND {
            self.listen(chain.end());
        }
    }

    fn listen(&self, end: &gst::Pad) {
        let ears = Arc::clone(&self.0);
        let kinds = gst::PadProbeType::BUFFER
            | gst::PadProbeType::EVENT_DOWNSTREAM
            | gst::PadProbeType::EVENT_FLUSH;
        end.add_probe(kinds, move |end, info| {
            for ear in lock(&ears).iter() {
                if ear.sticky_event::<gst::event::Segment>(0).is_none() {
                    // It has come later than the sound.
                    end.sticky_events_foreach(|event| {
                        ear.push_event(event.clone());
                        std::ops::ControlFlow::Continue(gst::EventForeachAction::Keep)
                    });
                }
                // Whatever becomes of it there, the sound goes on.
                match &info.data {
                    Some(gst::PadProbeData::Event(event)) => {
                        ear.push_event(event.clone());
                    }
                    Some(gst::PadProbeData::Buffer(buffer)) => {
                        let _ = ear.push(buffer.clone());
                    }
                    _ => {}
                }
            }
            gst::PadProbeReturn::Ok
        });
    }
}

/// A pad through which a detector in a chain of pictures hears; what comes out of it again goes nowhere.
pub fn ear(detector: &gst::Element) -> Result<gst::Pad, String> {
    let pad = |name: &str| {
        let pad = detector.static_pad(name);
        pad.ok_or_else(|| format!("{} without {name}", detector.name()))
    };
    let rest = gst::Pad::builder(gst::PadDirection::Sink)
        .chain_function(|_, _, _| Ok(gst::FlowSuccess::Ok))
        .event_function(|_, _, _| true)
        .build();
    pad("audio_src")?.link(&rest).map_err(|e| e.to_string())?;
    rest.set_active(true).map_err(|e| e.to_string())?;
    let ear = gst::Pad::builder(gst::PadDirection::Src).build();
    ear.link(&pad("audio_sink")?).map_err(|e| e.to_string())?;
    ear.set_active(true).map_err(|e| e.to_string())?;
    Ok(ear)
}
