// SPDX-License-Identifier: MPL-2.0
//! Fills the places where a stream has no data as a player shows them: the last picture stays, and there is silence.
//!
//! A hole in a stream becomes a GAP event, for which `freezedetect` takes the picture as held and `silencedetect` the sound as silent.
//! A stream that ends before the others goes on with its last picture, or with a gap, until the others have ended.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use gst::prelude::*;
use gstdefect::media::LATEST;

use super::passage::Seen;
use crate::lock::lock;

/// The streams that are played together.
#[derive(Debug, Default)]
pub struct StreamGroup(Mutex<Vec<Arc<Seen>>>);

/// A stream may end this much earlier than the others, in ns: streams of a programme seldom end at the same time. Chosen.
const END_TOLERANCE: u64 = 1_000_000_000;

/// Length of a picture whose buffer has no duration, in ns.
const PICTURE: u64 = 40_000_000;

/// How often the other streams are asked for their positions.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// Shortest hole that is filled, in ns; detectors deal with shorter ones.
const SHORTEST_HOLE: u64 = 1_000_000_000;

/// So much is filled behind the end of a stream at most, in ns: a day. Beyond it the times of the others have jumped. Chosen.
const LONGEST_FILL: u64 = 86_400_000_000_000;

/// Longest hole that is filled, in ns: beyond it the timestamps have jumped, and players go on at the new time. Chosen.
const LONGEST_HOLE: u64 = 60_000_000_000;

/// Finds holes between the buffers of a stream.
#[derive(Debug, Default)]
pub struct Holes {
    /// Start and end of the last buffer, in ns on the timeline of the buffers.
    last: Option<(u64, u64)>,
    /// From the start of the last buffer but one to the start of the last, in ns.
    distance: Option<u64>,
}

impl Holes {
    /// A new segment has a timeline of its own.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    /// The next buffer covers `start..end`, in ns. Returns the hole before it: more than a second without data, in a stream whose
    /// buffers usually come at less than half that distance.
    pub fn next(&mut self, start: u64, end: u64) -> Option<(u64, u64)> {
        let (last_start, last_end) = self.last.replace((start, end.max(start)))?;
        let distance = start.checked_sub(last_start)?;
        let usual = self.distance.replace(distance)?;
        let missing = start.saturating_sub(last_end);
        let is_hole = (SHORTEST_HOLE..=LONGEST_HOLE).contains(&missing) && distance / 2 > usual;
        is_hole.then_some((last_end, start))
    }
}

/// Announces that there is no data between two times of the stream, in ns.
pub fn announce_gap(sink: &gst::Pad, (start, end): (u64, u64)) {
    if end > LATEST {
        return;
    }
    let length = gst::ClockTime::from_nseconds(end.saturating_sub(start));
    let gap = gst::event::Gap::builder(gst::ClockTime::from_nseconds(start)).duration(length);
    sink.send_event(gap.build());
}

impl StreamGroup {
    /// Adds a stream.
    pub fn join(&self, seen: Arc<Seen>) {
        lock(&self.0).push(seen);
    }

    /// Goes on with `last` (sound: `None`) behind the end of a stream until all others have ended. Called by the streaming thread with the
    /// end-of-stream event, which waits for it; `pad` is where the event comes from.
    pub fn fill_to_common_end(&self, seen: &Arc<Seen>, pad: &gst::Pad, last: Option<&gst::Buffer>) {
        let (Some(sink), Some((length, end))) = (pad.peer(), seen.extent()) else {
            return;
        };
        if length == 0 {
            return;
        }
        seen.fill(0);
        while !seen.is_leaving() {
            let others: Vec<_> = lock(&self.0)
                .iter()
                .filter(|other| !Arc::ptr_eq(other, seen))
                .cloned()
                .collect();
            let others_go_on = others.iter().any(|o| !o.has_ended() && !o.is_over());
            let latest = others
                .iter()
                .filter_map(|other| other.extent())
                .map(|(_, last)| last)
                .max();
            let missing = latest.unwrap_or(0).saturating_sub(end).min(LONGEST_FILL);
            if missing >= END_TOLERANCE {
                match last {
                    Some(picture) => repeat(&sink, picture, seen, missing),
                    None => fill_with_silence(&sink, seen, missing),
                }
            }
            if !others_go_on {
                break;
            }
            std::thread::sleep(POLL_INTERVAL);
        }
    }
}

/// Repeats the last picture up to `missing` ns after its end.
fn repeat(sink: &gst::Pad, picture: &gst::Buffer, seen: &Seen, missing: u64) {
    let length = picture.duration().map_or(0, gst::ClockTime::nseconds);
    let length = if length == 0 { PICTURE } else { length };
    let start = picture.pts().map(gst::ClockTime::nseconds);
    let mut at = seen.filled();
    while let Some(next) = at.checked_add(length).filter(|next| *next <= missing)
        && !seen.is_leaving()
    {
        let pts = start.and_then(|start| start.checked_add(next));
        let Some(pts) = pts.filter(|pts| *pts < LATEST) else {
            return seen.fill(missing);
        };
        let mut copy = picture.copy();
        if let Some(copy) = copy.get_mut() {
            copy.set_pts(gst::ClockTime::from_nseconds(pts));
            copy.set_dts(gst::ClockTime::NONE);
            copy.set_duration(gst::ClockTime::from_nseconds(length));
            copy.unset_flags(gst::BufferFlags::DISCONT);
        }
        if sink.chain(copy).is_err() {
            return seen.fill(missing);
        }
        at = next;
        seen.fill(at);
    }
}

/// Announces that there is no sound up to `missing` ns after its end.
fn fill_with_silence(sink: &gst::Pad, seen: &Seen, missing: u64) {
    let filled = seen.filled();
    if let Some(end) = seen.position().filter(|_| missing > filled) {
        announce_gap(
            sink,
            (end.saturating_add(filled), end.saturating_add(missing)),
        );
        seen.fill(missing);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    fn holes(starts: &[u64], length: u64) -> Vec<(u64, u64)> {
        let mut holes = Holes::default();
        let found = starts
            .iter()
            .filter_map(|start| holes.next(start * MS, (start + length) * MS));
        found.map(|(from, to)| (from / MS, to / MS)).collect()
    }

    /// A day of pictures would take minutes.
    #[test]
    fn absurd_times_are_not_filled() {
        gst::init().unwrap();
        let sink = gst::Pad::builder(gst::PadDirection::Sink).build();
        let mut picture = gst::Buffer::new();
        let seen = Seen::default();
        for (pts, length) in [
            (u64::MAX - 1, 40 * MS),
            (LATEST - 1, 40 * MS),
            (0, u64::MAX - 1),
        ] {
            let buffer = picture.make_mut();
            buffer.set_pts(gst::ClockTime::from_nseconds(pts));
            buffer.set_duration(gst::ClockTime::from_nseconds(length));
            seen.fill(0);
            repeat(&sink, &picture, &seen, LONGEST_FILL);
        }
        announce_gap(&sink, (0, u64::MAX));
        announce_gap(&sink, (u64::MAX, u64::MAX));
    }

    #[test]
    fn a_hole_is_longer_than_the_stream_is_slow() {
        assert_eq!(holes(&[0, 40, 80, 3620, 3660], 40), [(120, 3620)]);
        for regular in [
            &[0, 40, 80, 900][..],
            &[0, 3000, 6000, 9000],
            &[0, 3000, 8000, 11_000],
            &[0, 40, 80, 3_600_000],
            &[5000, 5040, 0, 40],
        ] {
            assert_eq!(holes(regular, 40), [], "{regular:?}");
        }
    }
}
