// SPDX-License-Identifier: MPL-2.0
//! What all detectors of a bin warn of alike - a stream that can't be analysed - is said once, by the bin.

use std::sync::Mutex;

use super::{
    super::{
        guarded::lock,
        outbox::{Topic, WARNING},
    },
    DefectBin,
};

/// What was said since the bin started.
#[derive(Debug, Default)]
pub struct Warnings(Mutex<Vec<String>>);

impl Warnings {
    /// Takes a message of a detector; gives back what is to be posted instead, if anything is.
    pub fn take(&self, message: gst::Message, bin: &DefectBin) -> Option<gst::Message> {
        let gst::MessageView::Warning(warning) = message.view() else {
            return Some(message);
        };
        if !is_of_the_stream(warning) {
            return Some(message);
        }
        let text = warning.error().to_string();
        let mut said = lock(&self.0);
        if said.contains(&text) {
            return None;
        }
        said.push(text);
        drop(said);
        let details = warning.details().map(ToOwned::to_owned);
        let of_bin = gst::message::Warning::builder_from_error(warning.error())
            .src(bin)
            .details_if_some(details)
            .build();
        Some(of_bin)
    }

    /// The next stream is warned of again.
    pub fn clear(&self) {
        lock(&self.0).clear();
    }
}

/// Whether a warning is about the stream, not about one detector.
fn is_of_the_stream(warning: &gst::message::Warning) -> bool {
    let details = warning.details().filter(|d| d.has_name(WARNING));
    let topic = details.and_then(|d| d.get::<&str>("topic").ok());
    let of_stream = [Topic::Caps, Topic::Buffer, Topic::Times];
    topic.is_some_and(|topic| of_stream.iter().any(|t| t.name() == topic))
}
