// SPDX-License-Identifier: MPL-2.0
//! Which elements are decoders, and on how many threads they run.

use gst::prelude::*;

/// What decoders call the number of their threads.
const THREADS: &[&str] = &["max-threads", "n-threads", "threads"];

/// Whether an element is a decoder, and one of pictures.
pub fn kind(element: &gst::Element) -> Option<bool> {
    let class = element.factory()?.metadata("klass")?.to_owned();
    (class.contains("Decoder") && !element.is::<gst::Bin>()).then(|| class.contains("Video"))
}

/// Many streams share the processors better than many threads of each; and what a stream uses stays known.
pub fn use_one_thread(decoder: &gst::Element) {
    for property in THREADS {
        if decoder.find_property(property).is_some() {
            decoder.set_property_from_str(property, "1");
        }
    }
}
