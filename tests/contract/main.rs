// SPDX-License-Identifier: MPL-2.0
//! Every registered detector, held against the contract: what it does to the stream, what it says, and when.
//!
//! Driven by [`gstdefect::detectors::all`], so that a new detector is covered as soon as it is in the list.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that can't go on has failed"
)]

#[path = "../common/mod.rs"]
mod common;

mod clock;
mod episodes;
mod formats;
mod grids;
mod hostile;
mod measurements;
mod messages;
mod pad_functions;
mod pair;
mod posting;
mod queries;
mod registration;
mod scenarios;
mod settings;
mod sound;
mod times;
mod transparent;

use common::*;
use gstdefect::detectors::{Entry, Input};

/// Empty content for that long; opens an episode of those detectors that mind.
fn feed_empty(rig: &Rig, stream: &mut Stream, duration: u64) {
    let until = stream.time() + duration;
    while stream.time() < until {
        rig.push(stream.empty());
    }
}

/// Lively content for that long.
fn feed_full(rig: &Rig, stream: &mut Stream, duration: u64) {
    let until = stream.time() + duration;
    while stream.time() < until {
        rig.push(stream.full());
    }
}

/// An element of that detector, with its stream opened.
fn opened(entry: &Entry) -> (Rig, Stream) {
    let (rig, stream) = (Rig::of(entry), Stream::of(entry));
    rig.open(&stream.caps());
    (rig, stream)
}

/// An element of that detector in the middle of an episode, if empty content is one to it.
fn troubled(entry: &Entry) -> (Rig, Stream) {
    let (rig, mut stream) = opened(entry);
    feed_full(&rig, &mut stream, SECOND);
    feed_empty(&rig, &mut stream, 10 * SECOND);
    (rig, stream)
}

/// An element of that detector in the middle of an episode of its own fault; the stream goes on from there.
fn in_episode(entry: &Entry) -> (Rig, Stream) {
    let faulty = Faulty::of(entry);
    let rig = Rig::around(faulty.element());
    rig.open(&faulty.caps);
    let stream = until_begin(entry, &rig);
    (rig, stream)
}

/// Plays the fault of that detector until an episode is open.
fn until_begin(entry: &Entry, rig: &Rig) -> Stream {
    let faulty = Faulty::of(entry);
    for buffer in &faulty.buffers {
        rig.push(buffer.clone());
        rig.drop_buffers();
        let heard = rig.heard();
        if heard.state("begin").len() > heard.state("end").len() {
            let end = buffer.pts().unwrap() + buffer.duration().unwrap_or_default();
            let mut stream = Stream::from_caps(&faulty.caps);
            stream.seek(end.nseconds());
            return stream;
        }
    }
    panic!("{}: nothing is open in its fault", entry.info.element);
}

/// Detectors that mind emptiness; with them the tests aren't vacuous.
fn minds_emptiness(entry: &Entry) -> bool {
    ["blackdetect", "silencedetect"].contains(&entry.info.element)
}
