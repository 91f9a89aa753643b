// SPDX-License-Identifier: MPL-2.0
//! Times from which the pictures of a stream are known to be damaged.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use crate::lock::lock;

/// Time after the first picture in which damage doesn't count: a stream joined in the middle lacks reference
/// pictures. Chosen.
const SETTLING: gst::ClockTime = gst::ClockTime::from_mseconds(500);
/// Most marks that are kept; unused ones (e.g. of audio) are dropped, oldest first.
const MOST: usize = 64;
/// Distance in time from which times have begun anew: no decoder is so late.
const FAR: gst::ClockTime = gst::ClockTime::from_seconds(10);

/// The streams of a pipeline, by their ids.
#[derive(Debug, Default)]
pub struct MarksByStream(Mutex<BTreeMap<String, Arc<Marks>>>);

/// The marks of a stream: the first picture from each of these times on is damaged.
#[derive(Debug, Default)]
pub struct Marks(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    first: Option<gst::ClockTime>,
    at: Vec<Mark>,
    /// Time of the last key frame before which pictures are lacking on purpose.
    start: Option<gst::ClockTime>,
}

#[derive(Debug, Clone, Copy)]
struct Mark {
    time: gst::ClockTime,
    /// By the decoder, rather than by the demuxer.
    by_decoder: bool,
}

impl MarksByStream {
    /// The marks of a stream.
    pub fn of(&self, id: &str) -> Arc<Marks> {
        let mut known = lock(&self.0);
        if let Some(marks) = known.get(id) {
            return Arc::clone(marks);
        }
        Arc::clone(known.entry(id.to_owned()).or_default())
    }
}

impl Marks {
    /// Adds a mark: data before the picture of that time was lost.
    pub fn add(&self, time: gst::ClockTime) {
        self.push(Mark {
            time,
            by_decoder: false,
        });
    }

    /// Adds a mark: the picture of that time couldn't be decoded whole; unless it lacks references on purpose.
    pub fn add_undecoded(&self, time: gst::ClockTime) {
        if !self.lacks_references(time) {
            self.push(Mark {
                time,
                by_decoder: true,
            });
        }
    }

    fn push(&self, mark: Mark) {
        let mut noted = lock(&self.0);
        if noted.at.len() == MOST {
            noted.at.remove(0);
        }
        noted.at.push(mark);
    }

    /// Notes that the key frame of that time has no pictures before it, on purpose: those that are shown before it but coded behind it lack
    /// what they refer to, and what the decoder said of earlier pictures concerns none that is shown.
    pub fn start_anew(&self, time: Option<gst::ClockTime>) {
        let mut noted = lock(&self.0);
        noted.start = time;
        noted
            .at
            .retain(|mark| !mark.by_decoder || Some(mark.time) >= time);
    }

    /// Whether that is the time of the last key frame before which pictures are lacking.
    pub fn is_start(&self, time: gst::ClockTime) -> bool {
        lock(&self.0).start == Some(time)
    }

    /// Whether a picture of that time lacks references on purpose.
    fn lacks_references(&self, time: gst::ClockTime) -> bool {
        let start = lock(&self.0).start;
        start.is_some_and(|start| time < start && start < time + FAR)
    }

    /// Whether the picture of that time is the first after a mark, which is removed then.
    pub fn take(&self, time: gst::ClockTime) -> bool {
        let mut noted = lock(&self.0);
        let first = *noted.first.get_or_insert(time);
        let is_one = |mark: &Mark| mark.time <= time && time < mark.time + FAR;
        let is_one = noted.at.iter().any(is_one);
        noted
            .at
            .retain(|mark| time < mark.time && mark.time < time + FAR);
        is_one && time >= first + SETTLING
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_picture_from_a_mark_on_is_damaged() {
        let marks = MarksByStream::default().of("a");
        let ms = gst::ClockTime::from_mseconds;
        // Who joins lacks what came before.
        marks.add(ms(40));
        assert!(!marks.take(ms(0)) && !marks.take(ms(40)));
        marks.add(ms(1000));
        marks.add(ms(1010));
        assert!(!marks.take(ms(960)));
        assert!(marks.take(ms(1040)));
        assert!(!marks.take(ms(1080)));
    }

    #[test]
    fn streams_are_told_apart_and_what_nobody_takes_is_bounded() {
        let known = MarksByStream::default();
        let ms = gst::ClockTime::from_mseconds;
        (0..1000).for_each(|n| known.of("sound").add(ms(n)));
        assert_eq!(lock(&known.of("sound").0).at.len(), MOST);
        known.of("picture").take(ms(0));
        assert!(!known.of("picture").take(ms(2000)));
    }
}
