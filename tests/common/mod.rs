// SPDX-License-Identifier: MPL-2.0
//! What the tests share: an element between pads of ours ([`Rig`]), pictures and sound of every format, and the ears on the bus.
//!
//! `mod common;` in a test; `common::run("videotestsrc ... ! blackdetect ! fakesink")` for a scenario.
#![allow(dead_code, unused_imports, reason = "no test uses all of it")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that can't go on has failed"
)]

pub mod example;
pub mod faults;
pub mod faulty;
mod heard;
pub mod launch;
mod material;
mod memory;
mod outside;
mod pair;
mod pictures;
pub mod programme;
mod rig;
mod rules;
pub mod show;
mod sounds;

pub use faulty::Faulty;
pub use heard::{Heard, Seen};
pub use launch::{run, run_with};
pub use material::with_defect;
pub use memory::{no_share, pool_of, unmappable};
pub use outside::{Example, golden, library, root, tool};
pub use pair::PairRig;
pub use pictures::{Look, Pictures, VIDEO_FORMATS};
pub use rig::{Identity, Rig, identity};
pub use rules::Rules;
pub use sounds::{AUDIO_FORMATS, Sounds, Wave};

use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use gst::{glib::LogLevel, prelude::*};
use gstdefect::detectors::{Entry, Input};

pub const MS: u64 = 1_000_000;
pub const SECOND: u64 = 1_000 * MS;

/// What GLib called critical; a watcher gives no cause for that.
static CRITICAL: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// GStreamer and the plugin, once per process.
pub fn init() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        gst::init().unwrap();
        gst::glib::log_set_default_handler(|domain, level, text| {
            if matches!(level, LogLevel::Error | LogLevel::Critical) {
                let text = format!("{}: {text}", domain.unwrap_or_default());
                critical().push(text);
            }
        });
        gstdefect::plugin_register_static().unwrap();
    });
}

fn critical() -> MutexGuard<'static, Vec<String>> {
    CRITICAL.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Fails if GLib found something critical so far.
pub fn nothing_critical() {
    let said = std::mem::take(&mut *critical());
    assert!(said.is_empty(), "{said:#?}");
}

/// Runs a test of times. A busy machine is late by itself, but not three times.
pub fn in_a_quiet_moment(test: fn()) {
    if !(0..2).any(|_| std::panic::catch_unwind(test).is_ok()) {
        test();
    }
}

/// The detectors with one stream.
pub fn all() -> Vec<Entry> {
    let mut all = gstdefect::detectors::all();
    all.retain(|entry| entry.input != Input::Pair);
    all
}

/// Every stream that passes a detector: those of [`all`], and sound and picture of the one with two of them.
pub fn streams() -> Vec<Entry> {
    let mut streams = all();
    for is_video in [true, false] {
        let pairs = gstdefect::detectors::all().into_iter();
        let pairs = pairs.filter(|entry| entry.input == Input::Pair);
        streams.extend(pairs.map(|entry| Entry { is_video, ..entry }));
    }
    streams
}

/// Those that look at what is in it.
pub fn readers() -> impl Iterator<Item = Entry> {
    let reads = |e: &Entry| !matches!(e.input, Input::Anything | Input::Captions);
    all().into_iter().filter(reads)
}

/// The detectors of pictures.
pub fn video() -> impl Iterator<Item = Entry> {
    all().into_iter().filter(|e| e.input == Input::Pictures)
}

/// The detectors of sound.
pub fn audio() -> impl Iterator<Item = Entry> {
    all().into_iter().filter(|e| e.input == Input::Sound)
}

/// A stream that a detector can look at, whatever its medium.
pub enum Stream {
    Pictures(Pictures),
    Sounds(Sounds),
}

impl Stream {
    /// A small plain stream for that detector.
    pub fn of(entry: &Entry) -> Self {
        if entry.is_video {
            Self::Pictures(Pictures::new("I420", 64, 48))
        } else {
            Self::Sounds(Sounds::new("S16LE", 48_000, 2))
        }
    }

    /// A stream with these caps.
    pub fn from_caps(caps: &gst::Caps) -> Self {
        match gst_audio::AudioInfo::from_caps(caps) {
            Ok(info) => Self::Sounds(Sounds::of(info)),
            Err(_) => Self::Pictures(Pictures::from_caps(caps)),
        }
    }

    pub fn caps(&self) -> gst::Caps {
        match self {
            Self::Pictures(p) => p.caps(),
            Self::Sounds(s) => s.caps(),
        }
    }

    /// A buffer of 40 ms with nothing in it: black, or silence.
    pub fn empty(&mut self) -> gst::Buffer {
        match self {
            Self::Pictures(p) => p.buffer(Look::Black),
            Self::Sounds(s) => s.buffer(Wave::Silence, 40 * MS),
        }
    }

    /// A buffer of 40 ms with a lot in it.
    pub fn full(&mut self) -> gst::Buffer {
        match self {
            Self::Pictures(p) => p.buffer(Look::Noise),
            Self::Sounds(s) => s.buffer(Wave::Noise, 40 * MS),
        }
    }

    /// Where the next buffer starts.
    pub fn seek(&mut self, time: u64) {
        match self {
            Self::Pictures(p) => p.time = time,
            Self::Sounds(s) => s.time = time,
        }
    }

    pub fn time(&self) -> u64 {
        match self {
            Self::Pictures(p) => p.time,
            Self::Sounds(s) => s.time,
        }
    }
}
