// SPDX-License-Identifier: MPL-2.0
//! A stream that ends before the others: as in a player, its last picture stays and its sound is silent until they have ended, too.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use gst::prelude::*;

use super::chain::Seen;
use crate::lock::lock;

/// The streams of a programme.
#[derive(Debug, Default)]
pub struct Company(Mutex<Vec<Arc<Seen>>>);

/// So much longer, in ns, the others may last: streams of a programme seldom end at the same time.
const LONGER: u64 = 1_000_000_000;

/// Length of a picture that says nothing of it, in ns.
const PICTURE: u64 = 40_000_000;

/// How often there is a look at the others.
const TICK: Duration = Duration::from_millis(20);

impl Company {
    /// Another stream.
    pub fn join(&self, seen: Arc<Seen>) {
        lock(&self.0).push(seen);
    }

    /// Goes on with `last` (none for sound) behind the end of a stream until all others have ended, in the thread that streams;
    /// `pad` is where the stream comes from.
    pub fn outlast(&self, seen: &Arc<Seen>, pad: &gst::Pad, last: Option<&gst::Buffer>) {
        let (Some(sink), Some((length, end))) = (pad.peer(), seen.extent()) else {
            return;
        };
        if length == 0 {
            return;
        }
        let mut filled = 0;
        while !seen.is_leaving() {
            let others: Vec<_> = lock(&self.0)
                .iter()
                .filter(|o| !Arc::ptr_eq(o, seen))
                .cloned()
                .collect();
            let go_on = others.iter().any(|o| !o.has_ended() && !o.is_over());
            let latest = others
                .iter()
                .filter_map(|o| o.extent())
                .map(|(_, last)| last)
                .max();
            let missing = latest.unwrap_or(0).saturating_sub(end);
            if missing >= LONGER {
                filled = match last {
                    Some(picture) => hold(&sink, picture, filled, missing),
                    None => silence(pad, &sink, seen, filled, missing),
                };
            }
            if !go_on {
                break;
            }
            std::thread::sleep(TICK);
        }
    }
}

/// Repeats the last picture up to `missing` ns after its end; returns how far.
fn hold(sink: &gst::Pad, picture: &gst::Buffer, filled: u64, missing: u64) -> u64 {
    let length = picture.duration().map_or(0, gst::ClockTime::nseconds);
    let length = if length == 0 { PICTURE } else { length };
    let Some(pts) = picture.pts() else {
        return missing;
    };
    let mut at = filled;
    while at + length <= missing {
        let mut copy = picture.copy();
        if let Some(copy) = copy.get_mut() {
            copy.set_pts(pts + gst::ClockTime::from_nseconds(length + at));
            copy.set_dts(gst::ClockTime::NONE);
            copy.set_duration(gst::ClockTime::from_nseconds(length));
            copy.unset_flags(gst::BufferFlags::DISCONT);
        }
        if sink.chain(copy).is_err() {
            return missing;
        }
        at += length;
    }
    at
}

/// Announces that there is no sound up to `missing` ns after its end; returns how far.
fn silence(pad: &gst::Pad, sink: &gst::Pad, seen: &Seen, filled: u64, missing: u64) -> u64 {
    let Some(end) = seen.position() else {
        return missing;
    };
    if missing > filled && pad.sticky_event::<gst::event::Segment>(0).is_some() {
        let start = gst::ClockTime::from_nseconds(end + filled);
        let gap = gst::event::Gap::builder(start)
            .duration(gst::ClockTime::from_nseconds(missing - filled));
        sink.send_event(gap.build());
    }
    missing
}
