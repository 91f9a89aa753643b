// SPDX-License-Identifier: MPL-2.0
//! The time of a stream over its segments.
//!
//! Detectors see one timeline. In the first segment it is the time of the buffers; a new segment continues it if its
//! running time does, so that a playlist is one stream to them. Times of their reports are converted back to the
//! segment in which they lie.

use std::collections::VecDeque;

use super::message::Segment;
use crate::media::{LATEST, MS, Ns, push_latest};

/// The longest unit that may lie in two segments: a block of sound.
const LONGEST_BLOCK: Ns = 10 * MS;

/// How many segments are remembered for defects that began in them.
const MOST_PARTS: usize = 64;

/// The timeline of a stream, see the module.
#[derive(Debug, Default)]
pub struct Timeline {
    /// The segments in order; the last one is in force.
    parts: VecDeque<Part>,
}

#[derive(Debug)]
struct Part {
    /// Its start on the timeline.
    from: Ns,
    /// Time on the timeline minus the time of a buffer, in ns.
    offset: i128,
    segment: Option<Segment>,
}

impl Timeline {
    /// The segment in force.
    pub fn segment(&self) -> Option<&Segment> {
        self.parts.back()?.segment.as_ref()
    }

    /// Begins anew, with that segment and the times of its buffers.
    pub fn restart(&mut self, segment: Option<Segment>) {
        self.parts.clear();
        self.parts.push_back(Part {
            from: 0,
            offset: 0,
            segment,
        });
    }

    /// Sets the segment when the stream is at `position` on the timeline. Returns whether the timeline goes on; if
    /// not, it begins anew.
    pub fn begin(&mut self, segment: Option<Segment>, position: Option<Ns>) -> bool {
        let offset = self.continuing(segment.as_ref(), position);
        let (Some(offset), Some(from)) = (offset, position) else {
            self.restart(segment);
            return false;
        };
        let same = |part: &&mut Part| {
            part.offset == offset && mapping(part.segment.as_ref()) == mapping(segment.as_ref())
        };
        if let Some(part) = self.parts.back_mut().filter(same) {
            part.segment = segment;
            return true;
        }
        let start = segment.as_ref().and_then(|s| s.start());
        let start = i128::from(start.map_or(0, |start| start.nseconds())) + offset;
        let part = Part {
            // Not before the start of the segment: some sound before it may not have been judged yet.
            from: from.max(start.clamp(0, i128::from(LATEST)) as Ns),
            offset,
            segment,
        };
        push_latest(&mut self.parts, part, MOST_PARTS);
        true
    }

    /// The offset with which running time continues in that segment; `None` if it isn't known.
    fn continuing(&self, segment: Option<&Segment>, position: Option<Ns>) -> Option<i128> {
        let (position, new) = (position?, segment?);
        let part = self.parts.back()?;
        let old = part.segment.as_ref()?;
        if old.rate() <= 0.0 || new.rate() <= 0.0 {
            return None;
        }
        let running = running_time(old, i128::from(position) - part.offset)?;
        let offset = i128::from(position) - buffer_time(new, running)?;
        let start = i128::from(new.start().map_or(0, |start| start.nseconds()));
        (start + offset >= 0).then_some(offset)
    }

    /// Converts the time of a buffer to the timeline.
    pub fn of_buffer(&self, time: Ns) -> Ns {
        let offset = self.parts.back().map_or(0, |part| part.offset);
        (i128::from(time) + offset).clamp(0, i128::from(LATEST)) as Ns
    }

    /// Converts a running time to the timeline; `None` if the segment in force gives buffers none.
    pub fn of_running_time(&self, time: Ns) -> Option<Ns> {
        let part = self.parts.back()?;
        let time = buffer_time(part.segment.as_ref()?, i128::from(time))?;
        Some((time + part.offset).clamp(0, i128::from(LATEST)) as Ns)
    }

    /// The start of an episode that begins with a unit at `at`. Sound is judged in blocks, the first of which may
    /// begin with samples of the segment before: its episodes begin with the new segment.
    pub fn episode_start(&self, at: Ns) -> Ns {
        let near = |part: &&Part| part.from > at && part.from - at <= LONGEST_BLOCK;
        self.parts.iter().find(near).map_or(at, |part| part.from)
    }

    /// The time of a buffer at that instant, and the segment in which it lies.
    pub fn to_buffer(&self, at: Ns) -> (Ns, Option<&Segment>) {
        let part = self.parts.iter().rev().find(|part| part.from <= at);
        let Some(part) = part.or(self.parts.front()) else {
            return (at, None);
        };
        let time = i128::from(at) - part.offset;
        let time = time.clamp(0, i128::from(u64::MAX - 1)) as Ns;
        (time, part.segment.as_ref())
    }
}

/// The fields of a segment that decide which times it gives to buffers.
fn mapping(segment: Option<&Segment>) -> Option<[Option<gst::ClockTime>; 5]> {
    segment
        .filter(|s| s.rate() == 1.0)
        .map(|s| [s.start(), s.stop(), s.time(), s.base(), s.offset()])
}

/// Running time of a buffer's time in a segment played forwards, also before its start and after its end, in ns.
fn running_time(segment: &Segment, time: i128) -> Option<i128> {
    let start = i128::from((segment.start()? + segment.offset()?).nseconds());
    let base = i128::from(segment.base()?.nseconds());
    Some(base + scaled(time - start, 1.0 / segment.rate()))
}

/// The time of a buffer at that running time; the inverse.
fn buffer_time(segment: &Segment, running: i128) -> Option<i128> {
    let start = i128::from((segment.start()? + segment.offset()?).nseconds());
    let base = i128::from(segment.base()?.nseconds());
    Some(start + scaled(running - base, segment.rate()))
}

fn scaled(time: i128, factor: f64) -> i128 {
    if factor == 1.0 {
        time
    } else {
        (time as f64 * factor).round() as i128
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::SECOND;

    fn segment(start: u64, base: u64) -> Segment {
        gst::init().expect("GStreamer");
        let mut segment = Segment::new();
        segment.set_start(gst::ClockTime::from_seconds(start));
        segment.set_base(gst::ClockTime::from_seconds(base));
        segment
    }

    #[test]
    fn running_time_that_goes_on_is_one_timeline() {
        let mut timeline = Timeline::default();
        assert!(!timeline.begin(Some(segment(100, 0)), None));
        assert_eq!(timeline.of_buffer(104 * SECOND), 104 * SECOND);
        // Another clip, from its start.
        assert!(timeline.begin(Some(segment(0, 5)), Some(105 * SECOND)));
        assert_eq!(timeline.of_buffer(0), 105 * SECOND);
        let place = |at| {
            let (time, segment) = timeline.to_buffer(at * SECOND);
            (
                time / SECOND,
                segment.and_then(|s| s.base()).map(|b| b.seconds()),
            )
        };
        assert_eq!(place(104), (104, Some(0)));
        assert_eq!(place(105), (0, Some(5)));
        assert_eq!(place(107), (2, Some(5)));
        assert_eq!(timeline.of_running_time(7 * SECOND), Some(107 * SECOND));
    }

    #[test]
    fn a_segment_that_is_sent_again_changes_nothing() {
        let mut timeline = Timeline::default();
        timeline.begin(Some(segment(0, 0)), None);
        for n in 1..1000 {
            assert!(timeline.begin(Some(segment(0, 0)), Some(n * SECOND)));
            assert_eq!(timeline.of_buffer(n * SECOND), n * SECOND);
        }
        assert_eq!(timeline.parts.len(), 1);
    }

    #[test]
    fn the_rate_counts() {
        let mut timeline = Timeline::default();
        let mut fast = segment(10, 0);
        fast.set_rate(2.0);
        timeline.begin(Some(fast), None);
        // After 10 s of the stream 5 s have passed.
        assert!(timeline.begin(Some(segment(50, 5)), Some(20 * SECOND)));
        assert_eq!(timeline.of_buffer(50 * SECOND), 20 * SECOND);
    }

    #[test]
    fn what_does_not_go_on_begins_anew() {
        let mut timeline = Timeline::default();
        timeline.begin(Some(segment(0, 100)), None);
        assert!(!timeline.begin(Some(segment(0, 0)), Some(5 * SECOND)));
        assert_eq!(timeline.of_buffer(SECOND), SECOND);
        let mut back = segment(0, 0);
        back.set_rate(-1.0);
        assert!(!timeline.begin(Some(back), Some(5 * SECOND)));
        assert!(!timeline.begin(None, Some(5 * SECOND)));
        assert!(!timeline.begin(Some(segment(0, 0)), None));
    }
}
