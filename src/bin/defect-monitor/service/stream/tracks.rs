// SPDX-License-Identifier: MPL-2.0
//! The tracks of a session: which are watched, which aren't and why, and whether they have changed so that a new session is needed.
//!
//! GStreamer 1.22 tells when a live source adds or drops a track, but plays what is new only in a new pipeline.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::tap::Tap;
use crate::chain::Chain;
use crate::format;
use crate::lock::lock;
use crate::service::board::Track;
use crate::source::Streams;

/// So long what is offered and what comes may differ.
const SETTLE: Duration = Duration::from_secs(3);
/// A track that gives nothing for so long while others go on may have changed its coding; in seconds.
const STOPPED: f64 = 10.0;

/// Names of tracks.
pub type Names = BTreeSet<String>;

/// The tracks of a session.
#[derive(Debug)]
pub struct Tracks {
    /// Those that have no chain although they are offered, or a chain although they aren't, and since when.
    apart: (Names, Instant),
}

impl Default for Tracks {
    fn default() -> Self {
        Self {
            apart: (Names::new(), Instant::now()),
        }
    }
}

/// The chains that a stream goes through now.
pub fn live(streams: &Streams) -> Vec<Arc<Chain>> {
    let mut chains = streams.chains();
    chains.retain(|chain| !chain.seen.is_over());
    chains
}

/// All tracks that are there, in words; `without`: those that were offered in vain before.
pub fn list(streams: &Streams, without: &Names) -> Vec<Track> {
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
        !is_live && without.contains(&streams.name_of(s))
    });
    all.extend(missing.map(|s| unwatched(&s, "it gives no data")));
    // Pictures first.
    all.sort_by(|a, b| b.name.cmp(&a.name));
    all
}

impl Tracks {
    /// The tracks that need a new session, once what is offered and what comes have differed for a while. `without`: those that
    /// an earlier session was made for already.
    pub fn changed(&mut self, streams: &Streams, tap: &Tap, without: &mut Names) -> Option<Names> {
        let apart = apart(streams, tap);
        if apart != self.apart.0 {
            self.apart = (apart, Instant::now());
        }
        let (apart, since) = &self.apart;
        if since.elapsed() < SETTLE {
            return None;
        }
        let is_new = !apart.is_subset(without);
        without.clone_from(apart);
        is_new.then(|| apart.clone())
    }
}

fn apart(streams: &Streams, tap: &Tap) -> Names {
    let (live, wanted) = (live(streams), streams.wanted());
    let is_wanted = |chain: &Chain| {
        let mut ids = wanted.iter().map(gst::Stream::stream_id);
        chain.id.is_empty() || ids.any(|id| id.as_deref() == Some(&chain.id))
    };
    let has_stopped = |chain: &Chain| {
        let idle = tap.track(&chain.name).and_then(|t| lock(&t.clock).idle());
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
