// SPDX-License-Identifier: MPL-2.0
//! The messages of the bus as events of the monitor.

use gst::{MessageView, prelude::*};
use gstdefect::{DefectMessage, MeasurementMessage};

use super::super::chain::Chain;
use super::super::{decoder, problem, subtitles};
use super::{Play, PlayEvent};

/// Most different warnings that are passed on: broken streams have ever new ones.
const MOST_WARNINGS: usize = 50;

impl Play {
    /// Adds what a message means to `events`, or notes it.
    pub(super) fn read(&mut self, message: &gst::Message, events: &mut Vec<PlayEvent>) {
        match message.view() {
            MessageView::Element(e) => {
                if let Ok(defect) = DefectMessage::try_from(message.as_ref()) {
                    events.push(PlayEvent::Defect(stream(message), defect));
                } else if let Ok(measurement) = MeasurementMessage::try_from(message.as_ref()) {
                    events.push(PlayEvent::Measurement(stream(message), measurement));
                } else if let Some(name) = e.structure().and_then(problem::missing) {
                    self.miss(name);
                } else if let Some(structure) = e.structure() {
                    events.push(PlayEvent::Element(stream(message), structure.to_owned()));
                }
            }
            MessageView::StreamCollection(m) => {
                self.streams.set_collection(&m.stream_collection());
                let names = self.streams.undecodable();
                names.iter().for_each(|s| self.miss(decoder::name(s)));
            }
            MessageView::Warning(w) => {
                let text = problem::text(&w.error(), w.debug().as_deref());
                self.warn(&stream(message), text, events);
            }
            MessageView::Error(e) => {
                self.ending.fail();
                if self.watched() == 0 {
                    self.failure.probe(&self.uri);
                }
                self.failure.add(&e.error(), e.debug().as_deref());
            }
            MessageView::Eos(_) => self.ending.eos(),
            MessageView::Latency(_) => {
                let _ = self.pipeline.recalculate_latency();
            }
            _ => {}
        }
    }

    /// Takes note of a decoder that is missing.
    fn miss(&mut self, name: String) {
        if !self.missing.contains(&name) {
            self.missing.push(name);
        }
    }

    fn warn(&mut self, stream: &str, text: String, events: &mut Vec<PlayEvent>) {
        let text = match stream {
            "" => text,
            stream => format!("{stream}: {text}"),
        };
        let text_alone = problem::without_numbers(&text);
        if !self.warned.contains(&text_alone) && self.warned.len() < MOST_WARNINGS {
            self.warned.push(text_alone);
            events.push(PlayEvent::Warning(text));
        }
    }
}

/// Name of the chain or track of subtitles that a message comes from; empty if it comes from elsewhere.
pub fn stream(message: &gst::Message) -> String {
    let mut object = message.src().cloned();
    while let Some(o) = object {
        if o.is::<gst::Pipeline>() {
            break;
        }
        let is_track = |name: &str| Chain::is_name(name) || subtitles::is_name(name);
        if o.is::<gst::Bin>() && is_track(&o.name()) {
            return o.name().to_string();
        }
        object = o.parent();
    }
    String::new()
}
