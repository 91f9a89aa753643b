// SPDX-License-Identifier: MPL-2.0
//! HLS playlists on the disk, with segments that they themselves say are missing (`EXT-X-GAP`, draft-pantos-hls-rfc8216bis 4.4.4.7).
//!
//! GStreamer's `hlsdemux`, which reads such playlists, doesn't know the tag and gives up where there is no file. Without the entry of
//! the segment it goes on with the next one, whose timestamps tell the gap. (What comes by HTTP is read by `hlsdemux2`, which knows it.)

use std::sync::Mutex;

use gst::{glib, prelude::*};

use crate::lock::lock;

/// Has the demuxer in a decoder get the playlist without the segments that are missing, if there are any and the playlist is complete:
/// one that grows is read again by the demuxer itself.
pub fn leave_out_gaps(decoder: &gst::Element, uri: &str) {
    let path = glib::filename_from_uri(uri).ok();
    let text = path.and_then(|(path, _)| std::fs::read_to_string(path).ok());
    let filtered = text.as_deref().and_then(without_gaps);
    let (Some(text), Some(bin)) = (filtered, decoder.downcast_ref::<gst::Bin>()) else {
        return;
    };
    bin.connect_deep_element_added(move |_, _, element| {
        let is_reader = element.factory().is_some_and(|f| f.name() == "hlsdemux");
        if let Some(sink) = element.static_pad("sink").filter(|_| is_reader) {
            replace(&sink, text.clone());
        }
    });
}

/// Has a pad get that text instead of what comes.
fn replace(pad: &gst::Pad, text: String) {
    let whole = Mutex::new(Some(gst::Buffer::from_slice(text.into_bytes())));
    let pushed = gst::PadProbeType::BUFFER | gst::PadProbeType::PUSH;
    pad.add_probe(pushed, move |_, info| {
        let next = lock(&whole).take();
        match next {
            Some(whole) => {
                info.data = Some(gst::PadProbeData::Buffer(whole));
                gst::PadProbeReturn::Ok
            }
            None => gst::PadProbeReturn::Drop,
        }
    });
}

/// Tags that belong to one segment alone.
const OF_SEGMENT: &[&str] = &[
    "#EXTINF",
    "#EXT-X-BYTERANGE",
    "#EXT-X-GAP",
    "#EXT-X-PROGRAM-DATE-TIME",
];

/// The playlist without missing segments; `None` if it has none, or isn't complete.
fn without_gaps(text: &str) -> Option<String> {
    let lines = || text.lines().map(str::trim_end);
    let has = |tag: &str| lines().any(|line| line == tag);
    if !has("#EXT-X-GAP") || !has("#EXT-X-ENDLIST") {
        return None;
    }
    let is_entry = |line: &str| !line.is_empty() && !line.starts_with('#');
    let of_segment = |line: &str| OF_SEGMENT.iter().any(|tag| line.starts_with(tag));
    let lines: Vec<&str> = lines().collect();
    let mut kept = String::with_capacity(text.len());
    for segment in lines.split_inclusive(|line| is_entry(line)) {
        let missing = segment.contains(&"#EXT-X-GAP");
        for line in segment {
            if !missing || !(is_entry(line) || of_segment(line)) {
                kept.push_str(line);
                kept.push('\n');
            }
        }
    }
    Some(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_segments_are_left_out_with_their_tags() {
        let whole = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\na.ts\n#EXT-X-KEY:METHOD=NONE\n#EXT-X-GAP\n#EXTINF:2,\nb.ts\n\
                     #EXTINF:2,\r\nc.ts\n#EXT-X-ENDLIST\n";
        let kept = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\na.ts\n#EXT-X-KEY:METHOD=NONE\n#EXTINF:2,\nc.ts\n#EXT-X-ENDLIST\n";
        assert_eq!(without_gaps(whole).as_deref(), Some(kept));
        assert_eq!(without_gaps(kept), None);
        // One that grows is left as it is.
        assert_eq!(without_gaps(&whole.replace("#EXT-X-ENDLIST\n", "")), None);
    }
}
