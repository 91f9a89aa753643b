// SPDX-License-Identifier: MPL-2.0
//! Drops pictures, so that only some are decoded or analysed.
//!
//! A picture that is kept is stretched to begin where the one before ended, so that detectors see no gaps. What happens between two
//! pictures is dated up to one such step late or early.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use gst::prelude::*;

use crate::evidence::NEW_START;
use crate::lock::lock;

/// Longest distance over which a picture is stretched.
const LONGEST: gst::ClockTime = gst::ClockTime::from_seconds(60);

/// Over so many of the latest pictures a share is taken, or half as many.
const LATEST: u64 = 1000;

/// Counts the pictures that came and those that passed.
#[derive(Debug, Default)]
pub struct AnalysedShare {
    came: AtomicU64,
    passed: AtomicU64,
}

impl AnalysedShare {
    /// Share of the pictures that passed, 0 to 1.
    pub fn value(&self) -> f64 {
        let came = self.came.load(Ordering::Relaxed);
        match came {
            0 => 1.0,
            _ => (self.passed.load(Ordering::Relaxed) as f64 / came as f64).min(1.0),
        }
    }

    /// Notes that so many pictures that didn't pass were decoded later.
    pub fn note_later(&self, pictures: usize) {
        self.passed.fetch_add(pictures as u64, Ordering::Relaxed);
    }

    /// Notes a picture; of more than [`LATEST`] pictures, the earlier count half.
    pub fn note(&self, passes: bool) {
        if self.came.fetch_add(1, Ordering::Relaxed) >= LATEST {
            self.came.store(LATEST / 2 + 1, Ordering::Relaxed);
            let half = |passed| Some(passed / 2);
            let _ = self
                .passed
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, half);
        }
        self.passed.fetch_add(u64::from(passes), Ordering::Relaxed);
    }
}

/// Pad probes that drop pictures.
pub struct Sparse;

impl Sparse {
    /// Only key frames pass.
    pub fn keyframes(pad: &gst::Pad, share: &Arc<AnalysedShare>) {
        let share = Arc::clone(share);
        pad.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
            let Some(gst::PadProbeData::Buffer(buffer)) = &mut info.data else {
                return gst::PadProbeReturn::Ok;
            };
            // Headers belong to no picture.
            if buffer.flags().contains(gst::BufferFlags::HEADER)
                && !buffer.flags().contains(gst::BufferFlags::DELTA_UNIT)
                && buffer.pts().is_none()
            {
                return gst::PadProbeReturn::Ok;
            }
            let passes = !buffer.flags().contains(gst::BufferFlags::DELTA_UNIT);
            share.note(passes);
            if passes {
                buffer.make_mut().set_flags(NEW_START);
                gst::PadProbeReturn::Ok
            } else {
                gst::PadProbeReturn::Handled
            }
        });
    }

    /// One picture in `n` passes, stretched to begin at the end of the last one.
    pub fn every(pad: &gst::Pad, n: u32, share: &Arc<AnalysedShare>) {
        let share = Arc::clone(share);
        let state = Mutex::new((0_u32, None::<gst::ClockTime>));
        let kinds = gst::PadProbeType::BUFFER | gst::PadProbeType::EVENT_DOWNSTREAM;
        pad.add_probe(kinds, move |_, info| {
            let mut state = lock(&state);
            match &mut info.data {
                Some(gst::PadProbeData::Buffer(buffer)) => {
                    let passes = state.0 == 0;
                    state.0 = (state.0 + 1) % n.max(1);
                    share.note(passes);
                    if !passes {
                        return gst::PadProbeReturn::Handled;
                    }
                    state.1 = stretch(buffer.make_mut(), state.1);
                }
                Some(gst::PadProbeData::Event(event)) => match event.type_() {
                    gst::EventType::Segment | gst::EventType::FlushStop => *state = (0, None),
                    _ => {}
                },
                _ => {}
            }
            gst::PadProbeReturn::Ok
        });
    }
}

/// Makes a picture begin where the last one ended; returns its end.
fn stretch(buffer: &mut gst::BufferRef, last: Option<gst::ClockTime>) -> Option<gst::ClockTime> {
    let pts = buffer.pts()?;
    let end = pts + buffer.duration().unwrap_or_default();
    if let Some(last) = last.filter(|last| *last < end && end - *last <= LONGEST) {
        buffer.set_pts(last);
        buffer.set_duration(end - last);
    }
    Some(end)
}
