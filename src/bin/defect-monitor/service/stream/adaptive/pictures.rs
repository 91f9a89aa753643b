// SPDX-License-Identifier: MPL-2.0
//! Behind the decoder: covers the time of pictures that weren't decoded, and looks at key frames.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use gst::prelude::*;

use super::consecutive;
use super::decoding::Decoding;
use super::look::Look;
use super::policy::LONGEST_HOLD;
use crate::lock::lock;

/// Longest time for which a picture is shown again, in ns.
const PIECE: u64 = 500_000_000;

/// Longest time that is covered, in ns: two distances of key frames.
const LONGEST: u64 = 2 * LONGEST_HOLD;

/// The pictures of one track.
#[derive(Debug, Default)]
pub struct Pictures {
    shown: Mutex<Shown>,
    /// A picture is being repeated.
    repeats: AtomicBool,
}

/// What came out of the decoder.
#[derive(Debug, Default)]
struct Shown {
    /// The decoder that they come from; `None` if they come from none.
    decoding: Option<Arc<Decoding>>,
    info: Option<gst_video::VideoInfo>,
    /// The last picture, and its end in ns.
    last: Option<(gst::Buffer, u64)>,
    /// The look at the last key frame.
    look: Option<Look>,
    /// The detectors were told that pictures aren't consecutive.
    is_sparse: bool,
}

impl Pictures {
    /// Covers the time of pictures that weren't decoded, at the pad where decoded pictures go to the detectors.
    /// `decoding`: finds the decoder that they come from.
    pub fn watch(
        self: Arc<Self>,
        pad: &gst::Pad,
        decoding: impl Fn() -> Option<Arc<Decoding>> + Send + Sync + 'static,
    ) {
        let kinds = gst::PadProbeType::BUFFER
            | gst::PadProbeType::EVENT_DOWNSTREAM
            | gst::PadProbeType::EVENT_FLUSH;
        pad.add_probe(kinds, move |pad, info| {
            let passes = match &info.data {
                Some(gst::PadProbeData::Buffer(buffer)) => {
                    self.repeats.load(Ordering::Relaxed) || self.picture(pad, buffer)
                }
                Some(gst::PadProbeData::Event(event)) => self.event(event, &decoding),
                _ => true,
            };
            match passes {
                true => gst::PadProbeReturn::Ok,
                false => gst::PadProbeReturn::Handled,
            }
        });
    }

    /// Takes a picture; returns whether it goes to the detectors.
    fn picture(&self, pad: &gst::Pad, picture: &gst::Buffer) -> bool {
        let Some(start) = picture.pts().map(gst::ClockTime::nseconds) else {
            return true;
        };
        let mut shown = lock(&self.shown);
        let Some(decoding) = shown.decoding.clone() else {
            return true;
        };
        let length = picture.duration().map_or(0, gst::ClockTime::nseconds);
        if shown.was_shown(start, length, decoding.is_sparse()) || decoding.is_damaged(start) {
            return false;
        }
        let end = shown.last.as_ref().map(|(_, end)| *end);
        let hole = end.filter(|end| start > end.saturating_add(length / 2));
        if let Some(end) = hole
            && decoding.take_hole()
            && let Some((last, _)) = shown.last.take()
        {
            if !std::mem::replace(&mut shown.is_sparse, true) {
                pad.send_event(consecutive(false));
            }
            // A longer one is no distance of key frames, but a loss.
            if start - end < LONGEST {
                self.repeat(pad, last, end..start);
            }
        }
        let is_sparse = decoding.is_sparse();
        if !is_sparse && std::mem::take(&mut shown.is_sparse) {
            pad.send_event(consecutive(true));
        }
        // A second reference costs the detectors a copy of the header.
        shown.last = is_sparse.then(|| (picture.clone(), start + length));
        if decoding.given_out(start) {
            let look = look(&shown, picture);
            if look.as_ref().is_none_or(|look| shown.calls_for_more(look)) {
                decoding.suspect();
            }
            shown.look = look;
        }
        true
    }

    /// Shows the last picture again until the next one, in ns; more than once, so that each second has a picture.
    fn repeat(&self, pad: &gst::Pad, mut last: gst::Buffer, time: Range<u64>) {
        self.repeats.store(true, Ordering::Relaxed);
        let mut start = time.start;
        while start < time.end {
            let end = time.end.min(start + PIECE);
            let piece = last.make_mut();
            piece.set_pts(gst::ClockTime::from_nseconds(start));
            piece.set_duration(gst::ClockTime::from_nseconds(end - start));
            // An error here is also that of the next picture.
            let _ = pad.chain(last.clone());
            start = end;
        }
        self.repeats.store(false, Ordering::Relaxed);
    }

    /// Takes an event; returns whether it goes to the detectors.
    fn event(&self, event: &gst::EventRef, decoding: impl Fn() -> Option<Arc<Decoding>>) -> bool {
        match event.view() {
            gst::EventView::Caps(caps) => {
                let info = gst_video::VideoInfo::from_caps(caps.caps()).ok();
                let mut shown = lock(&self.shown);
                (shown.info, shown.last, shown.look) = (info, None, None);
                shown.decoding = decoding();
            }
            gst::EventView::Segment(_) | gst::EventView::FlushStop(_) => {
                let mut shown = lock(&self.shown);
                (shown.last, shown.look) = (None, None);
            }
            gst::EventView::CustomDownstream(event) => {
                return gst_video::StillFrameEvent::parse(event).is_err();
            }
            _ => {}
        }
        true
    }
}

/// A look at a picture; `None` if it can't be read, or is damaged.
fn look(shown: &Shown, picture: &gst::BufferRef) -> Option<Look> {
    let is_damaged = picture.flags().contains(gst::BufferFlags::CORRUPTED);
    let info = shown.info.as_ref().filter(|_| !is_damaged)?;
    Look::at(picture, info)
}

impl Shown {
    /// Whether the detectors have seen a picture of that time and length, in ns: a key frame is decoded again before those that refer to
    /// it.
    fn was_shown(&mut self, start: u64, length: u64, is_sparse: bool) -> bool {
        let Some((last, end)) = &self.last else {
            return false;
        };
        let last = last.pts().map_or(0, gst::ClockTime::nseconds);
        // Time may have jumped back.
        let is_before = start <= last || start + length / 2 < *end;
        let was_shown = is_before && start + LONGEST > *end;
        if was_shown && start == last && !is_sparse {
            // What was held comes next, and nothing else was shown before.
            self.last = None;
        }
        was_shown
    }

    /// Whether a key frame calls for decoding all pictures: it is like the last one, or empty and the last one wasn't. A programme that
    /// stays dark is judged by its key frames, as any other.
    fn calls_for_more(&self, look: &Look) -> bool {
        match &self.look {
            Some(last) => look.is_like(last) || (look.is_empty() && !last.is_empty()),
            None => look.is_empty(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PICTURE: u64 = 40_000_000;

    fn shown(start: u64) -> Shown {
        gst::init().unwrap();
        let mut picture = gst::Buffer::new();
        let header = picture.get_mut().unwrap();
        header.set_pts(gst::ClockTime::from_nseconds(start));
        header.set_duration(gst::ClockTime::from_nseconds(PICTURE));
        Shown {
            last: Some((picture, start + PICTURE)),
            ..Shown::default()
        }
    }

    #[test]
    fn what_is_decoded_again_is_shown_once() {
        let key = 100 * PICTURE;
        let mut shown = shown(key);
        assert!(shown.was_shown(key - PICTURE, PICTURE, false));
        assert!(shown.was_shown(key, PICTURE, false));
        assert!(!shown.was_shown(key + PICTURE, PICTURE, false));
    }

    #[test]
    fn after_a_jump_back_pictures_are_shown() {
        // By five seconds, once the key frame was decoded again, and by an hour, whatever was held.
        let key = 90_000 * PICTURE;
        let mut shown = shown(key);
        assert!(!shown.was_shown(0, PICTURE, true));
        assert!(shown.was_shown(key, PICTURE, false));
        assert!(!shown.was_shown(key - 125 * PICTURE, PICTURE, false));
    }
}
