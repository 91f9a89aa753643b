// SPDX-License-Identifier: MPL-2.0
//! Elements that need sound and pictures (`avsyncdetect`): they are in the picture's chain; sound is copied to them
//! from the end of its own chain.
//!
//! No queue is added and nothing waits: sound is analysed in the thread that brings it. A stream that ends, is sparse
//! or never comes doesn't affect the other.

use std::collections::VecDeque;
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

/// Most sound, in bytes and pieces, that waits for the chain of the pictures.
const MOST_BYTES: usize = 64 << 20;
const MOST_PIECES: usize = 20_000;

/// Brings the sound to where the pictures are.
#[derive(Debug, Default)]
pub struct Together(Arc<Mutex<Meeting>>);

#[derive(Debug, Default)]
struct Meeting {
    ears: Vec<gst::Pad>,
    /// The pictures have come.
    met: bool,
    early: VecDeque<Piece>,
    bytes: usize,
}

#[derive(Debug)]
enum Piece {
    Event(gst::Event),
    Buffer(gst::Buffer),
}

impl Together {
    /// A chain has been made; those that go together are brought together.
    pub fn meet(&self, chain: &Chain) {
        if is_picture(&chain.name) {
            let mut meeting = lock(&self.0);
            chain.ears().clone_into(&mut meeting.ears);
            meeting.met = true;
            meeting.bytes = 0;
            for piece in std::mem::take(&mut meeting.early) {
                meeting.hear(&piece);
            }
        } else if chain.name == SOUND {
            self.listen(chain.end());
        }
    }

    fn listen(&self, end: &gst::Pad) {
        let meeting = Arc::clone(&self.0);
        let kinds = gst::PadProbeType::BUFFER
            | gst::PadProbeType::EVENT_DOWNSTREAM
            | gst::PadProbeType::EVENT_FLUSH;
        end.add_probe(kinds, move |_, info| {
            let piece = match &info.data {
                Some(gst::PadProbeData::Event(event)) => Piece::Event(event.clone()),
                Some(gst::PadProbeData::Buffer(buffer)) => Piece::Buffer(buffer.clone()),
                _ => return gst::PadProbeReturn::Ok,
            };
            let mut meeting = lock(&meeting);
            if meeting.met {
                meeting.hear(&piece);
            } else {
                meeting.keep(piece);
            }
            gst::PadProbeReturn::Ok
        });
    }
}

impl Meeting {
    /// Whatever becomes of it there, the sound goes on.
    fn hear(&self, piece: &Piece) {
        for ear in &self.ears {
            match piece {
                Piece::Event(event) => {
                    ear.push_event(event.clone());
                }
                Piece::Buffer(buffer) => {
                    let _ = ear.push(buffer.clone());
                }
            }
        }
    }

    /// Keeps what comes too early; of too much, only the events.
    fn keep(&mut self, piece: Piece) {
        if let Piece::Buffer(buffer) = &piece {
            self.bytes = self.bytes.saturating_add(buffer.size());
        }
        self.early.push_back(piece);
        if self.bytes > MOST_BYTES || self.early.len() > MOST_PIECES {
            self.early.retain(|piece| matches!(piece, Piece::Event(_)));
            self.bytes = 0;
        }
    }
}

/// A pad that passes data to a detector whose output is discarded.
pub fn ear(detector: &gst::Element, sink: &str, src: &str) -> Result<gst::Pad, String> {
    let pad = |name: &str| {
        let pad = detector.static_pad(name);
        pad.ok_or_else(|| format!("{} without {name}", detector.name()))
    };
    let rest = gst::Pad::builder(gst::PadDirection::Sink)
        .chain_function(|_, _, _| Ok(gst::FlowSuccess::Ok))
        .event_function(|_, _, _| true)
        .build();
    pad(src)?.link(&rest).map_err(|e| e.to_string())?;
    rest.set_active(true).map_err(|e| e.to_string())?;
    let ear = gst::Pad::builder(gst::PadDirection::Src).build();
    ear.link(&pad(sink)?).map_err(|e| e.to_string())?;
    ear.set_active(true).map_err(|e| e.to_string())?;
    Ok(ear)
}
