// SPDX-License-Identifier: MPL-2.0
//! The streams that a source offers, and which of them can be decoded.

use super::streams::is_watched;
use crate::decoder;

/// A stream on offer.
struct Offered {
    stream: gst::Stream,
    /// The caps by which `has_decoder` was found: a stream may get others later.
    caps: Option<gst::Caps>,
    has_decoder: bool,
}

impl Offered {
    fn new(stream: gst::Stream) -> Self {
        Self {
            caps: stream.caps(),
            has_decoder: decoder::is_there(&stream),
            stream,
        }
    }

    /// Whether there is a decoder. Looked up only when the caps are new: it takes a look at every element that GStreamer has.
    fn has_decoder(&mut self) -> bool {
        let caps = self.stream.caps();
        if caps != self.caps {
            (self.caps, self.has_decoder) = (caps, decoder::is_there(&self.stream));
        }
        self.has_decoder
    }
}

/// What a source offers, as far as it said.
#[derive(Default)]
pub struct Offer(Vec<Offered>);

impl Offer {
    /// The streams of a collection.
    pub fn new(collection: &gst::StreamCollection) -> Self {
        let streams = (0..collection.len() as u32).filter_map(|i| collection.stream(i));
        Self(streams.map(Offered::new).collect())
    }

    /// All streams.
    pub fn streams(&self) -> impl Iterator<Item = &gst::Stream> {
        self.0.iter().map(|offered| &offered.stream)
    }

    /// The pictures and sounds that can be decoded, or those that can't.
    pub fn watched(&mut self, decodable: bool) -> Vec<gst::Stream> {
        let mut watched = Vec::new();
        for offered in self.0.iter_mut().filter(|o| is_watched(&o.stream)) {
            if offered.has_decoder() == decodable {
                watched.push(offered.stream.clone());
            }
        }
        watched
    }
}
