// SPDX-License-Identifier: MPL-2.0
//! Where streams come from, and how they get their chains.

use std::sync::{Arc, Mutex};

use gst::prelude::*;
use gst_base::prelude::*;

use super::chain::{Chain, Pace, make};
use super::choice::Choice;
use super::decoder;
use super::together::Together;
use crate::lock::lock;

/// What a source's callbacks share with the player.
pub struct Streams {
    choice: Arc<Choice>,
    pace: Pace,
    chains: Mutex<Vec<Arc<Chain>>>,
    together: Together,
    collection: Mutex<Option<gst::StreamCollection>>,
}

impl Streams {
    /// None yet.
    pub fn new(choice: Arc<Choice>, pace: Pace) -> Self {
        Self {
            choice,
            pace,
            chains: Mutex::default(),
            together: Together::default(),
            collection: Mutex::default(),
        }
    }

    /// The chains so far, those that are over included.
    pub fn chains(&self) -> Vec<Arc<Chain>> {
        lock(&self.chains).clone()
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

    /// Gives a new stream its chain; what isn't picture or sound goes nowhere.
    fn add(&self, pipeline: &gst::Pipeline, pad: &gst::Pad) -> Result<(), String> {
        let stream = pad.stream();
        let Some(is_video) = medium(pad, stream.as_ref()) else {
            return discard(pipeline, pad);
        };
        let name = self.name(is_video, stream.as_ref());
        let chain = Chain::new(
            pipeline,
            &self.choice,
            self.pace,
            (name, is_video),
            stream.as_ref(),
        )?;
        let target = chain.pad().ok_or("chain without pad")?;
        self.together.meet(&chain);
        lock(&self.chains).push(Arc::new(chain));
        pad.link(&target).map_err(|e| e.to_string())?;
        Ok(())
    }

    /// The stream of that pad is gone.
    fn remove(&self, pipeline: &gst::Pipeline, pad: &gst::Pad) {
        let id = pad.stream().and_then(|s| s.stream_id());
        let gone = self
            .chains()
            .into_iter()
            .find(|c| !c.seen.is_over() && id.as_deref() == Some(c.id.as_str()));
        // Not from the thread that streams.
        if let Some(chain) = gone {
            pipeline.call_async(move |pipeline| chain.remove(pipeline));
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
    // got its pads; with decodebin3 alone all of 4,800 did.
    let (source, decoder) = if uri.starts_with("file:") {
        let source = gst::Element::make_from_uri(gst::URIType::Src, uri, None);
        (
            Some(source.map_err(|e| e.to_string())?),
            make("decodebin3")?,
        )
    } else {
        let source = make("uridecodebin3")?;
        source.set_property("uri", uri);
        (None, source)
    };
    // All pictures and sounds, not one of each. One without a decoder would be waited for in vain.
    decoder.connect("select-stream", false, |args| {
        let stream = args.get(2)?.get::<gst::Stream>().ok()?;
        Some(i32::from(is_selected(&stream)).to_value())
    });
    follow(pipeline, &decoder, streams);
    pipeline.add(&decoder).map_err(|e| e.to_string())?;
    if let Some(source) = source {
        pipeline.add(&source).map_err(|e| e.to_string())?;
        source.link(&decoder).map_err(|e| e.to_string())?;
    }
    Ok(())
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
    let (pipeline, streams) = (pipeline.downgrade(), Arc::clone(streams));
    source.connect_pad_removed(move |_, pad| {
        if let Some(pipeline) = pipeline.upgrade() {
            streams.remove(&pipeline, pad);
        }
    });
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

/// Whether data comes when it comes. Bins with live sources in them don't always say so when they start.
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
    let sink = make("fakesink")?;
    sink.set_property("async", false);
    sink.set_property("sync", false);
    pipeline.add(&sink).map_err(|e| e.to_string())?;
    sink.sync_state_with_parent().map_err(|e| e.to_string())?;
    let target = sink.static_pad("sink").ok_or("fakesink without sink")?;
    pad.link(&target).map_err(|e| e.to_string())?;
    Ok(())
}
