// SPDX-License-Identifier: MPL-2.0
//! Posts a warning that all detectors of a bin share - the stream can't be analysed - once, from the bin.

use std::sync::Mutex;

use super::{
    super::{
        guarded::lock,
        outbox::{WARNING, WarningTopic},
    },
    DefectBin,
};

/// The warnings posted since the bin started.
#[derive(Debug, Default)]
pub struct Warnings(Mutex<Vec<String>>);

impl Warnings {
    /// Takes a message of a detector; returns the message to post instead, if any.
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

    /// Called when a stream ends: the next one is warned of again.
    pub fn clear(&self) {
        lock(&self.0).clear();
    }
}

/// Whether a warning is about the stream, not about one detector.
fn is_of_the_stream(warning: &gst::message::Warning) -> bool {
    let details = warning.details().filter(|d| d.has_name(WARNING));
    let topic = details.and_then(|d| d.get::<&str>("topic").ok());
    let of_stream = [
        WarningTopic::Caps,
        WarningTopic::Buffer,
        WarningTopic::Times,
    ];
    topic.is_some_and(|topic| of_stream.iter().any(|t| t.name() == topic))
}
