// SPDX-License-Identifier: MPL-2.0
//! Which elements are decoders, which streams have one, and on how many threads they run.

use gst::prelude::*;

use super::format;

/// What decoders call the number of their threads.
const THREADS: &[&str] = &["max-threads", "n-threads", "threads"];

/// Whether an element is a decoder, and one of pictures.
pub fn kind(element: &gst::Element) -> Option<bool> {
    let class = element.factory()?.metadata("klass")?.to_owned();
    (class.contains("Decoder") && !element.is::<gst::Bin>()).then(|| class.contains("Video"))
}

/// Whether GStreamer has a decoder for a stream; also if the stream doesn't say how it is coded.
pub fn is_there(stream: &gst::Stream) -> bool {
    let Some(coding) = stream.caps().and_then(|caps| coding(&caps)) else {
        return true;
    };
    let is_raw = |s: &gst::StructureRef| s.name().ends_with("/x-raw");
    let decoders = gst::ElementFactory::factories_with_type(
        gst::ElementFactoryType::DECODER,
        gst::Rank::MARGINAL,
    );
    coding.iter().any(is_raw) || decoders.iter().any(|d| d.can_sink_any_caps(&coding))
}

/// What decides which decoder reads a stream. The other fields are changed by the parser before it.
const CODING: &[&str] = &[
    "mpegversion",
    "layer",
    "divxversion",
    "msmpegversion",
    "wmvversion",
    "wmaversion",
    "rmversion",
    "raversion",
];

fn coding(caps: &gst::Caps) -> Option<gst::Caps> {
    let coding = caps.iter().map(|structure| {
        let mut coding = gst::Structure::new_empty(structure.name());
        let fields = structure
            .iter()
            .filter(|(name, _)| CODING.contains(&name.as_str()));
        fields.for_each(|(name, value)| coding.set_value(name, value.clone()));
        coding
    });
    let caps: gst::Caps = coding.collect();
    (!caps.is_empty()).then_some(caps)
}

/// What is missing where there is no decoder for a stream, e.g. `AC-3 (ATSC A/52) decoder`.
pub fn name(stream: &gst::Stream) -> String {
    let codec = format::codec(stream);
    format!("{} decoder", codec.as_deref().unwrap_or("unknown"))
}

/// Many streams share the processors better than many threads of each; and what a stream uses stays known.
pub fn use_one_thread(decoder: &gst::Element) {
    for property in THREADS {
        if decoder.find_property(property).is_some() {
            decoder.set_property_from_str(property, "1");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(caps: &str) -> gst::Stream {
        let caps: gst::Caps = caps.parse().unwrap();
        gst::Stream::new(
            None,
            Some(&caps),
            gst::StreamType::AUDIO,
            gst::StreamFlags::empty(),
        )
    }

    #[test]
    fn streams_as_demultiplexers_offer_them_have_decoders_or_not() {
        gst::init().unwrap();
        for (caps, is) in [
            ("audio/mpeg, mpegversion=4, stream-format=adts", true),
            ("audio/mpeg, mpegversion=1, layer=2", true),
            (
                "video/x-h264, stream-format=byte-stream, alignment=nal",
                true,
            ),
            ("video/mpeg, mpegversion=2, systemstream=false", true),
            ("audio/x-raw, format=S16LE", true),
            ("audio/mpeg, mpegversion=9", false),
            ("audio/x-ac4", false),
            ("video/x-no-such-coding", false),
        ] {
            assert_eq!(is_there(&stream(caps)), is, "{caps}");
        }
    }
}
