// SPDX-License-Identifier: MPL-2.0
//! Sources of streams, and the chains for their pads.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use gst::prelude::*;
use gst_base::prelude::*;

use super::chain::{Chain, Pace, discarding_sink, make};
use super::choice::Choice;
use super::decoder;
use super::fill::StreamGroup;
use super::jitter;
use super::playlist;
use super::subtitles::{self, Subtitles};
use super::together::Together;
use crate::lock::lock;

/// Time that a chain waits for another stream.
const VACANT: Duration = Duration::from_secs(1);

/// A stream without a picture after so much sound, in ns, has times that count from the sound. Chosen.
const LATE_PICTURE: u64 = 10_000_000_000;

/// What a source's callbacks share with the player.
pub struct Streams {
    choice: Arc<Choice>,
    pace: Pace,
    chains: Mutex<Vec<Arc<Chain>>>,
    subtitles: Mutex<Vec<Arc<Subtitles>>>,
    together: Together,
    group: Arc<StreamGroup>,
    collection: Mutex<Option<gst::StreamCollection>>,
}

impl Streams {
    /// None yet.
    pub fn new(choice: Arc<Choice>, pace: Pace) -> Self {
        Self {
            choice,
            pace,
            chains: Mutex::default(),
            subtitles: Mutex::default(),
            together: Together::default(),
            group: Arc::default(),
            collection: Mutex::default(),
        }
    }

    /// The chains so far, those that are over included.
    pub fn chains(&self) -> Vec<Arc<Chain>> {
        lock(&self.chains).clone()
    }

    /// The tracks of subtitles so far.
    pub fn subtitles(&self) -> Vec<Arc<Subtitles>> {
        lock(&self.subtitles).clone()
    }

    /// Stream time of the first picture, in ns, or of the first sound where there are no pictures or none after [`LATE_PICTURE`] of sound;
    /// `None` before it is known.
    pub fn origin(&self) -> Option<u64> {
        let extents = |is_video| {
            let chains = self.chains().into_iter();
            chains
                .filter(move |c| c.is_video == is_video)
                .filter_map(|c| c.seen.extent())
        };
        let first = |is_video| extents(is_video).map(|(length, last)| last - length).min();
        let is_picture = |s: &gst::Stream| s.stream_type().contains(gst::StreamType::VIDEO);
        let has_pictures =
            self.wanted().iter().any(is_picture) || self.chains().iter().any(|c| c.is_video);
        let no_picture_yet = || extents(false).all(|(length, _)| length < LATE_PICTURE);
        first(true).or_else(|| first(false).filter(|_| !has_pictures || !no_picture_yet()))
    }

    /// What the source offers, as far as it said.
    pub fn offered(&self) -> Vec<gst::Stream> {
        lock(&self.collection)
            .iter()
            .flat_map(|c| {
                (0..c.len() as u32)
                    .filter_map(|i| c.stream(i))
                    .collect::<Vec<_>>()
            })
            .collect()
    }

    /// The pictures and sounds on offer that can be decoded.
    pub fn wanted(&self) -> Vec<gst::Stream> {
        let mut offered = self.offered();
        offered.retain(is_selected);
        offered
    }

    /// The pictures and sounds on offer for which there is no decoder.
    pub fn undecodable(&self) -> Vec<gst::Stream> {
        let mut offered = self.offered();
        offered.retain(|stream| is_watched(stream) && !decoder::is_there(stream));
        offered
    }

    /// Name of a stream on offer, e.g. `audio-1`: counted in the order in which the source offers them, so that it is the same in
    /// each run.
    pub fn name_of(&self, stream: &gst::Stream) -> String {
        let is_video = stream.stream_type().contains(gst::StreamType::VIDEO);
        format!(
            "{}-{}",
            medium_name(is_video),
            self.place(is_video, Some(stream))
        )
    }

    /// Takes note of what the source offers.
    pub fn set_collection(&self, collection: gst::StreamCollection) {
        *lock(&self.collection) = Some(collection);
    }

    /// Gives a new stream its chain; what is neither picture, sound nor subtitles goes nowhere.
    fn add(&self, pipeline: &gst::Pipeline, pad: &gst::Pad) -> Result<(), String> {
        let stream = pad.stream();
        let Some(is_video) = medium(pad, stream.as_ref()) else {
            let mut all = lock(&self.subtitles);
            return match Subtitles::watch(pipeline, &self.choice, all.len(), pad)? {
                Some(subtitles) => {
                    all.push(Arc::new(subtitles));
                    Ok(())
                }
                None => discard(pipeline, pad),
            };
        };
        if let Some(chain) = self.vacant(is_video) {
            return chain.take(pad);
        }
        let name = self.name(is_video, stream.as_ref());
        let chain = Chain::new(
            pipeline,
            &self.choice,
            self.pace,
            (name, is_video),
            pad,
            &self.group,
        )?;
        self.together.meet(&chain);
        let chain = Arc::new(chain);
        lock(&self.chains).push(Arc::clone(&chain));
        chain.take(pad)
    }

    /// A chain whose stream is gone, for one that goes on where that ended: the next link of a chained file, say.
    fn vacant(&self, is_video: bool) -> Option<Arc<Chain>> {
        let mut chains = self.chains().into_iter();
        chains.find(|c| c.is_video == is_video && !c.seen.is_over() && c.vacant_for().is_some())
    }

    /// Ends the chains that no other stream has taken.
    pub fn sweep(&self, pipeline: &gst::Pipeline) {
        let gone =
            |c: &Arc<Chain>| !c.seen.is_over() && c.vacant_for().is_some_and(|t| t >= VACANT);
        for chain in self.chains().into_iter().filter(gone) {
            chain.remove(pipeline);
        }
    }

    /// The stream of that pad is gone.
    fn remove(&self, pad: &gst::Pad) {
        let mut chains = self.chains().into_iter();
        if let Some(chain) = chains.find(|c| c.source().as_ref() == Some(pad)) {
            chain.leave();
        }
    }

    /// How many of its kind are offered before a stream.
    fn place(&self, is_video: bool, stream: Option<&gst::Stream>) -> usize {
        let kind = if is_video {
            gst::StreamType::VIDEO
        } else {
            gst::StreamType::AUDIO
        };
        let id = stream.and_then(gst::Stream::stream_id);
        let offered = self.offered();
        let mut of_kind = offered.iter().filter(|s| s.stream_type().contains(kind));
        of_kind.position(|s| s.stream_id() == id).unwrap_or(0)
    }

    /// The name of a new chain: that of its stream, or the next that is free.
    fn name(&self, is_video: bool, stream: Option<&gst::Stream>) -> String {
        let medium = medium_name(is_video);
        let taken = self.chains();
        (self.place(is_video, stream)..)
            .map(|n| format!("{medium}-{n}"))
            .find(|name| taken.iter().all(|c| c.seen.is_over() || c.name != *name))
            .unwrap_or_else(|| medium.to_owned())
    }
}

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
/// (broadcast WAV), gives up after the first link of a chained Ogg file, finds no segments beside a playlist on the disk, and loses
/// MP3 behind an ID3 tag in one of three starts; decodebin plays them.
fn decoder_for(kind: &str) -> &'static str {
    const ANY_SCHEDULE: &[&str] = &["audio/x-wav", "audio/x-aiff", "audio/x-rf64"];
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
            let _ = element.set_state(gst::State::Null);
        }
        let _ = pipeline.remove_many(&old);
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
            let is_subtitles = || stream.caps().and_then(|caps| subtitles::sort_of(&caps));
            let wanted = is_selected(&stream) || has_subtitles && is_subtitles().is_some();
            Some(i32::from(wanted).to_value())
        });
    }
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

/// Whether a stream is picture or sound.
pub fn is_watched(stream: &gst::Stream) -> bool {
    stream
        .stream_type()
        .intersects(gst::StreamType::VIDEO | gst::StreamType::AUDIO)
}

fn is_selected(stream: &gst::Stream) -> bool {
    is_watched(stream) && decoder::is_there(stream)
}

fn medium_name(is_video: bool) -> &'static str {
    if is_video { "video" } else { "audio" }
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
    let mut elements = pipeline.iterate_recurse().into_iter().flatten();
    elements.any(|e| {
        e.factory()
            .is_some_and(|f| KNOWN.contains(&f.name().as_str()))
    })
}

/// Whether stream time counts from a clock of the transmission, which is ahead of the first picture: players count from the picture.
pub fn counts_from_clock(pipeline: &gst::Pipeline) -> bool {
    const CLOCKED: &[&str] = &["tsdemux", "mpegpsdemux"];
    let mut elements = pipeline.iterate_recurse().into_iter().flatten();
    elements.any(|e| {
        e.factory()
            .is_some_and(|f| CLOCKED.contains(&f.name().as_str()))
    })
}

/// Whether it is pictures or sound, or neither.
fn medium(pad: &gst::Pad, stream: Option<&gst::Stream>) -> Option<bool> {
    if let Some(stream) = stream.filter(|s| is_watched(s)) {
        return Some(stream.stream_type().contains(gst::StreamType::VIDEO));
    }
    let caps = pad.current_caps().unwrap_or_else(|| pad.query_caps(None));
    let name = caps.structure(0)?.name();
    match name.as_str() {
        "video/x-raw" => Some(true),
        "audio/x-raw" => Some(false),
        _ => None,
    }
}

fn discard(pipeline: &gst::Pipeline, pad: &gst::Pad) -> Result<(), String> {
    let sink = discarding_sink()?;
    pipeline.add(&sink).map_err(|e| e.to_string())?;
    sink.sync_state_with_parent().map_err(|e| e.to_string())?;
    let target = sink.static_pad("sink").ok_or("fakesink without sink")?;
    pad.link(&target).map_err(|e| e.to_string())?;
    Ok(())
}
