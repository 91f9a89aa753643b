// SPDX-License-Identifier: MPL-2.0
//! Sources of streams: the elements that read and decode a URI.

mod offer;
mod parsed_caps;
mod streams;
mod wrapped;

use std::sync::Arc;

use gst::prelude::*;
use gst_base::prelude::*;

pub use streams::{Streams, is_watched};

use super::chain::{make, take_out};
use super::jitter;
use super::playlist;
use super::subtitles::{self, Subtitles};
use streams::is_selected;

/// The source of a URI; its pads get their chains as they appear.
pub fn uri(pipeline: &gst::Pipeline, uri: &str, streams: &Arc<Streams>) -> Result<(), String> {
    // GStreamer 1.22's uridecodebin3 parses ahead of its decodebin3, and on a busy machine one start of a file in 240 never
    // got its pads; with decodebin3 alone all of 4,800 did. Nor can it play everything, see `decoder_for`.
    let is_simple = SIMPLE.iter().any(|scheme| uri.starts_with(scheme));
    if !is_simple {
        return add_decoder(pipeline, &whole(uri)?, streams);
    }
    let source = gst::Element::make_from_uri(gst::URIType::Src, uri, None);
    let source = source.map_err(|e| e.to_string())?;
    let finder = make("typefind")?;
    pipeline
        .add_many([&source, &finder])
        .map_err(|e| e.to_string())?;
    source.link(&finder).map_err(|e| e.to_string())?;
    let (pipeline, streams) = (pipeline.downgrade(), Arc::clone(streams));
    let (uri, source) = (uri.to_owned(), source.downgrade());
    finder.connect("have-type", false, move |args| {
        let finder = args.first()?.get::<gst::Element>().ok()?;
        let caps = args.get(2)?.get::<gst::Caps>().ok()?;
        let (pipeline, source) = (pipeline.upgrade()?, source.upgrade()?);
        let kind = caps.structure(0)?.name().as_str();
        let found = if PLAYLISTS.contains(&kind) && !uri.starts_with("file:") {
            exchange(&pipeline, [source, finder.clone()], &uri, &streams)
        } else {
            if OGG.contains(&kind) && !uri.starts_with("file:") {
                refuse_seeks(&finder);
            }
            make(decoder_for(kind)).and_then(|decoder| {
                if kind == "application/x-hls" {
                    playlist::leave_out_gaps(&decoder, &uri);
                }
                add_decoder(&pipeline, &decoder, &streams)?;
                finder.link(&decoder).map_err(|e| e.to_string())?;
                decoder.sync_state_with_parent().map_err(|e| e.to_string())
            })
        };
        if let Err(why) = found {
            gst::element_error!(finder, gst::CoreError::Failed, ("{}", why));
        }
        None
    });
    Ok(())
}

/// What comes as one stream of bytes.
const SIMPLE: &[&str] = &["file:", "fd:", "http:", "https:"];

/// Lists of files, which are fetched one by one.
const PLAYLISTS: &[&str] = &[
    "application/x-hls",
    "application/dash+xml",
    "application/vnd.ms-sstr+xml",
];

const OGG: &[&str] = &["application/ogg", "audio/ogg", "video/ogg"];

/// Sound behind tags: MP3 files as most people have them, and the titles that radio stations send along. Only ID3 was seen to fail in
/// decodebin3; the others are demuxed alike.
const TAGGED: &[&str] = &[
    "application/x-id3",
    "application/x-apetag",
    "application/x-icy",
];

/// Has what follows an element play on from where it is. GStreamer's Ogg demuxer looks at the end of what can seek, only to learn the
/// length. An HTTP server that tells a length counts as such, and fails if it can't send parts of a file; from a file as standard
/// input the demuxer returns to the first link and never comes to the second.
fn refuse_seeks(element: &gst::Element) {
    let Some(end) = element.static_pad("src") else {
        return;
    };
    end.add_probe(gst::PadProbeType::QUERY_UPSTREAM, |_, info| {
        let query = info.query_mut().map(gst::QueryRef::view_mut);
        let Some(gst::QueryViewMut::Seeking(query)) = query else {
            return gst::PadProbeReturn::Ok;
        };
        let none = gst::GenericFormattedValue::none_for_format(query.format());
        query.set(false, none, none);
        gst::PadProbeReturn::Handled
    });
}

/// Which decoder plays that kind of file. In GStreamer 1.22 decodebin3 never offers the sound of a WAV file with a `bext` chunk
/// (broadcast WAV), nor that of Wave64, gives up after the first link of a chained Ogg file, finds no segments beside a playlist on
/// the disk, and loses MP3 behind an ID3 tag in one of three starts; decodebin plays them.
fn decoder_for(kind: &str) -> &'static str {
    const ANY_SCHEDULE: &[&str] = &["audio/x-wav", "audio/x-aiff", "audio/x-rf64", "audio/x-w64"];
    if [OGG, ANY_SCHEDULE, PLAYLISTS, TAGGED]
        .concat()
        .contains(&kind)
    {
        "decodebin"
    } else {
        "decodebin3"
    }
}

/// A source and decoder in one.
pub fn whole(uri: &str) -> Result<gst::Element, String> {
    let decoder = make("uridecodebin3")?;
    jitter::limit_wait(&decoder);
    decoder.set_property("uri", uri);
    Ok(decoder)
}

/// Puts one that fetches what is in a list in place of what has fetched the list.
fn exchange(
    pipeline: &gst::Pipeline,
    old: [gst::Element; 2],
    uri: &str,
    streams: &Arc<Streams>,
) -> Result<(), String> {
    let end = old[1].static_pad("src").ok_or("typefind without src")?;
    let kinds = gst::PadProbeType::DATA_DOWNSTREAM;
    end.add_probe(kinds, |_, _| gst::PadProbeReturn::Drop);
    let decoder = whole(uri)?;
    let streams = Arc::clone(streams);
    // Not from the thread that streams.
    pipeline.call_async(move |pipeline| {
        for element in &old {
            take_out(pipeline, element);
        }
        let added = add_decoder(pipeline, &decoder, &streams)
            .and_then(|()| decoder.sync_state_with_parent().map_err(|e| e.to_string()));
        if let Err(why) = added {
            gst::element_error!(decoder, gst::CoreError::Failed, ("{}", why));
        }
    });
    Ok(())
}

/// Adds a decoder whose pads get their chains as they appear.
fn add_decoder(
    pipeline: &gst::Pipeline,
    decoder: &gst::Element,
    streams: &Arc<Streams>,
) -> Result<(), String> {
    let has_subtitles = Subtitles::is_wanted(&streams.choice);
    if has_subtitles && decoder.find_property("caps").is_some() {
        let caps: gst::Caps = decoder.property("caps");
        decoder.set_property("caps", subtitles::undecoded(&caps));
    }
    if decoder.type_().name() != "GstDecodeBin" {
        // All pictures and sounds, not one of each. One without a decoder would be waited for in vain.
        decoder.connect("select-stream", false, move |args| {
            let stream = args.get(2)?.get::<gst::Stream>().ok()?;
            let is_subtitles = || stream.caps().and_then(|caps| subtitles::format_of(&caps));
            let wanted = is_selected(&stream) || has_subtitles && is_subtitles().is_some();
            Some(i32::from(wanted).to_value())
        });
    }
    parsed_caps::tell(decoder);
    wrapped::mend(decoder);
    follow(pipeline, decoder, streams);
    pipeline.add(decoder).map_err(|e| e.to_string())
}

/// Gives the pads of a source their chains, those that are there and those that appear.
pub fn follow(pipeline: &gst::Pipeline, source: &gst::Element, streams: &Arc<Streams>) {
    let add = {
        let (pipeline, streams) = (pipeline.downgrade(), Arc::clone(streams));
        move |source: &gst::Element, pad: &gst::Pad| {
            if let Some(pipeline) = pipeline.upgrade()
                && let Err(why) = streams.add(&pipeline, pad)
            {
                gst::element_error!(source, gst::CoreError::Failed, ("{}", why));
            }
        }
    };
    for pad in source.src_pads() {
        add(source, &pad);
    }
    source.connect_pad_added(add);
    let streams = Arc::clone(streams);
    source.connect_pad_removed(move |_, pad| streams.remove(pad));
}

/// Whether the source is live. Bins with live sources in them don't always say so when they start.
pub fn is_live(pipeline: &gst::Pipeline) -> bool {
    let mut elements = pipeline.iterate_recurse().into_iter().flatten();
    let live = |e: gst::Element| e.downcast::<gst_base::BaseSrc>().is_ok_and(|s| s.is_live());
    let mut latency = gst::query::Latency::new();
    elements.any(live) || (pipeline.query(&mut latency) && latency.result().0)
}

/// Whether what is played is of a kind that states its length, rather than one whose length is guessed from the bitrate.
pub fn tells_its_length(pipeline: &gst::Pipeline) -> bool {
    const KNOWN: &[&str] = &[
        "qtdemux",
        "matroskademux",
        "avidemux",
        "mxfdemux",
        "flvdemux",
        "asfdemux",
    ];
    has_any(pipeline, KNOWN)
}

/// Whether stream time counts from a clock of the transmission, which is ahead of the first picture: players count from the picture.
pub fn counts_from_clock(pipeline: &gst::Pipeline) -> bool {
    has_any(pipeline, &["tsdemux", "mpegpsdemux"])
}

/// Whether a pipeline has an element of one of these factories in it.
fn has_any(pipeline: &gst::Pipeline, factories: &[&str]) -> bool {
    let mut elements = pipeline.iterate_recurse().into_iter().flatten();
    elements.any(|element| {
        let factory = element.factory();
        factory.is_some_and(|f| factories.contains(&f.name().as_str()))
    })
}

/// Elements that read a list or a description, and fetch from elsewhere what is in it.
const FETCHING: &[&str] = &[
    "hlsdemux",
    "hlsdemux2",
    "dashdemux",
    "dashdemux2",
    "mssdemux",
    "mssdemux2",
    "sdpdemux",
];

/// Whether all of a file or a stream of bytes has been read, or given up: its end has passed, or the thread of the demuxer that pulls
/// data has stopped. Of lists that isn't known.
pub fn is_read(pipeline: &gst::Pipeline) -> bool {
    if has_any(pipeline, FETCHING) {
        return false;
    }
    let has_ended = |pad: gst::Pad| pad.sticky_event::<gst::event::Eos>(0).is_some();
    let has_stopped = |pad: &gst::Pad| {
        pad.mode() == gst::PadMode::Pull && pad.task_state() == gst::TaskState::Paused
    };
    let mut elements = pipeline.iterate_recurse().into_iter().flatten();
    elements.any(|element| {
        let is_finder = element.factory().is_some_and(|f| f.name() == "typefind");
        let end = element.static_pad("src").filter(|_| is_finder);
        end.is_some_and(has_ended) || element.sink_pads().iter().any(has_stopped)
    })
}
