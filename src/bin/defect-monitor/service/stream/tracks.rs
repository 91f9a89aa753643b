// SPDX-License-Identifier: MPL-2.0
//! The tracks of a session: which are watched, which aren't and why, and whether they have changed so that a new session is needed.
//!
//! GStreamer 1.22 reports when a live source adds or drops a track, but plays a new one only in a new pipeline.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::probes::Probes;
use crate::chain::Chain;
use crate::format;
use crate::lock::lock;
use crate::service::board::Track;
use crate::source::Streams;

/// How long the tracks that are offered and those that are played may differ.
const MISMATCH_TIME: Duration = Duration::from_secs(3);
/// Time without data, in seconds, after which a track may have changed its codec, while others go on.
const STOPPED: f64 = 10.0;

/// Names of tracks.
pub type Names = BTreeSet<String>;

/// The tracks of a session.
#[derive(Debug)]
pub struct Tracks {
    /// Tracks whose chain is missing or superfluous, and since when these.
    mismatch: (Names, Instant),
}

impl Default for Tracks {
    fn default() -> Self {
        Self {
            mismatch: (Names::new(), Instant::now()),
        }
    }
}

/// The chains that haven't ended.
pub fn live(streams: &Streams) -> Vec<Arc<Chain>> {
    let mut chains = streams.chains();
    chains.retain(|chain| !chain.seen.is_over());
    chains
}

/// All tracks with their description; `without_data`: those for which a new session didn't help.
pub fn list(streams: &Streams, without_data: &Names) -> Vec<Track> {
    let live = live(streams);
    let watched = live.iter().filter_map(|chain| {
        let raw = format::raw(&chain.seen.format()?);
        Some(Track {
            name: chain.name.as_str().into(),
            what: match chain.codec() {
                Some(codec) => format!("{raw}, {codec}"),
                None => raw,
            },
        })
    });
    let unwatched = |stream: &gst::Stream, why: &str| Track {
        name: streams.name_of(stream).into(),
        what: format!("{}, not watched: {why}", format::stream(stream)),
    };
    let mut all: Vec<Track> = watched.collect();
    let subtitles = streams.subtitles();
    all.extend(subtitles.iter().map(|subtitles| Track {
        name: subtitles.name.as_str().into(),
        what: subtitles.what.into(),
    }));
    let undecodable = streams.undecodable();
    all.extend(
        undecodable
            .iter()
            .map(|s| unwatched(s, "GStreamer has no decoder for it")),
    );
    let missing = streams.wanted().into_iter().filter(|s| {
        let is_live = live
            .iter()
            .any(|chain| s.stream_id().as_deref() == Some(&chain.id));
        !is_live && without_data.contains(&streams.name_of(s))
    });
    all.extend(missing.map(|s| unwatched(&s, "it gives no data")));
    // Pictures first.
    all.sort_by(|a, b| b.name.cmp(&a.name));
    all
}

impl Tracks {
    /// The tracks that need a new session, once their chains have been missing or superfluous for a while. `without_data`: those that
    /// an earlier session was started for already.
    pub fn changed(
        &mut self,
        streams: &Streams,
        probes: &Probes,
        without_data: &mut Names,
    ) -> Option<Names> {
        let mismatch = mismatch(streams, probes);
        if mismatch != self.mismatch.0 {
            self.mismatch = (mismatch, Instant::now());
        }
        let (mismatch, since) = &self.mismatch;
        if since.elapsed() < MISMATCH_TIME {
            return None;
        }
        let is_new = !mismatch.is_subset(without_data);
        without_data.clone_from(mismatch);
        is_new.then(|| mismatch.clone())
    }
}

fn mismatch(streams: &Streams, probes: &Probes) -> Names {
    let (live, wanted) = (live(streams), streams.wanted());
    let is_wanted = |chain: &Chain| {
        let mut ids = wanted.iter().map(gst::Stream::stream_id);
        chain.id.is_empty() || ids.any(|id| id.as_deref() == Some(&chain.id))
    };
    let has_stopped = |chain: &Chain| {
        let idle = probes
            .track(&chain.name)
            .and_then(|t| lock(&t.clock).idle());
        chain.seen.buffers() > 0 && idle.is_some_and(|idle| idle >= STOPPED)
    };
    let missing = wanted.iter().filter(|s| {
        let id = s.stream_id();
        live.iter().all(|chain| id.as_deref() != Some(&chain.id))
    });
    let mut names: Names = missing.map(|s| streams.name_of(s)).collect();
    let surplus = live.iter().filter(|c| !is_wanted(c) || has_stopped(c));
    names.extend(surplus.map(|chain| chain.name.clone()));
    names
}
