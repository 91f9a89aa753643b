// SPDX-License-Identifier: MPL-2.0
//! The streams of a source, and their chains.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use gst::prelude::*;

use crate::chain::{Chain, Pace, discarding_sink};
use crate::choice::Choice;
use crate::decoder;
use crate::fill::StreamGroup;
use crate::lock::lock;
use crate::subtitles::Subtitles;
use crate::together::Together;

use super::offer::Offer;

/// Time that a chain waits for another stream.
const VACANT: Duration = Duration::from_secs(1);

/// A stream without a picture after so much sound, in ns, has times that count from the sound. Chosen.
const LATE_PICTURE: u64 = 10_000_000_000;

/// What a source's callbacks share with the player.
pub struct Streams {
    pub(super) choice: Arc<Choice>,
    pace: Pace,
    chains: Mutex<Vec<Arc<Chain>>>,
    subtitles: Mutex<Vec<Arc<Subtitles>>>,
    together: Together,
    group: Arc<StreamGroup>,
    offer: Mutex<Offer>,
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
            offer: Mutex::default(),
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
        lock(&self.offer).streams().cloned().collect()
    }

    /// The pictures and sounds on offer that can be decoded.
    pub fn wanted(&self) -> Vec<gst::Stream> {
        lock(&self.offer).watched(true)
    }

    /// The video and audio streams on offer for which there is no decoder.
    pub fn undecodable(&self) -> Vec<gst::Stream> {
        lock(&self.offer).watched(false)
    }

    /// Name of a stream on offer, e.g. `audio-1`: counted in the order in which the source offers them, so that it is the same in
    /// each run.
    #[cfg_attr(
        not(feature = "service"),
        expect(dead_code, reason = "the service asks for it")
    )]
    pub fn name_of(&self, stream: &gst::Stream) -> String {
        let is_video = stream.stream_type().contains(gst::StreamType::VIDEO);
        format!(
            "{}-{}",
            medium_name(is_video),
            self.place(is_video, Some(stream))
        )
    }

    /// Takes note of what the source offers.
    pub fn set_collection(&self, collection: &gst::StreamCollection) {
        let offer = Offer::new(collection);
        *lock(&self.offer) = offer;
    }

    /// Gives a new stream its chain; what is neither picture, sound nor subtitles goes nowhere.
    pub(super) fn add(&self, pipeline: &gst::Pipeline, pad: &gst::Pad) -> Result<(), String> {
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
    pub(super) fn remove(&self, pad: &gst::Pad) {
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

/// Whether a stream is picture or sound.
pub fn is_watched(stream: &gst::Stream) -> bool {
    stream
        .stream_type()
        .intersects(gst::StreamType::VIDEO | gst::StreamType::AUDIO)
}

/// Whether a stream is watched, and there is a decoder for it.
pub fn is_selected(stream: &gst::Stream) -> bool {
    is_watched(stream) && decoder::is_there(stream)
}

fn medium_name(is_video: bool) -> &'static str {
    if is_video { "video" } else { "audio" }
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
