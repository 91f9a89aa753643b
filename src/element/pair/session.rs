// SPDX-License-Identifier: MPL-2.0
//! Streaming logic of the element with sound and picture: caps, events, buffers.

use std::sync::{
    Arc, Mutex, OnceLock,
    atomic::{AtomicBool, Ordering},
};

use super::{
    inbox::{Content, Inbox, Item, MOST_WAITING},
    pads::{self, SoundAndPicture, Which},
    reader::StreamReader,
    state::State,
};
use crate::detector::{Detector, Pair, Reason};
use crate::element::{
    grid_meta::{self, Measured},
    guarded::{Busy, Guarded, lock},
    object::{DetectorElement, Session},
    outbox::WarningTopic,
    settings::SharedSettings,
    stamps::BufferStamps,
    stream::span,
};
use crate::media::Span;

/// The session of an element with sound and picture. Locks are taken in the order of the fields.
pub struct PairSession<D: Detector<Medium = Pair>> {
    readers: [Mutex<StreamReader>; 4],
    state: Guarded<State<D>>,
    inbox: Inbox,
    /// Whether the detector has failed too often: then nothing is read any more.
    given_up: AtomicBool,
    /// The source pads of sound and picture.
    srcs: [OnceLock<gst::Pad>; 2],
}

impl<D: Detector<Medium = Pair>> Default for PairSession<D> {
    fn default() -> Self {
        Self {
            readers: Which::ALL.map(|which| Mutex::new(StreamReader::new(which))),
            state: Guarded::default(),
            inbox: Inbox::default(),
            given_up: AtomicBool::new(false),
            srcs: [OnceLock::new(), OnceLock::new()],
        }
    }
}

impl<D: Detector<Medium = Pair>> Session for PairSession<D> {
    type Detector = D;
    const CLASS: &'static str = "Filter/Analyzer/Audio/Video";

    fn settings(&self) -> &SharedSettings<D> {
        &self.state.settings
    }

    fn pad_templates() -> Vec<gst::PadTemplate> {
        pads::templates()
    }

    fn add_pads<I: DetectorElement<Session = Self>>(&self, element: &gst::Element) {
        let [sound, picture] = &self.srcs;
        pads::add::<I, { Which::Sound as usize }>(element, sound);
        pads::add::<I, { Which::Picture as usize }>(element, picture);
    }

    fn request_pad<I: DetectorElement<Session = Self>>(
        &self,
        element: &gst::Element,
        template: &gst::PadTemplate,
    ) -> Option<gst::Pad> {
        use gst::prelude::*;
        if element.static_pad(template.name_template()).is_some() {
            return None;
        }
        let pad = pads::end::<I>(template)?;
        // In an element that plays, the pad can be used at once.
        if element.current_state() >= gst::State::Paused {
            let _ = pad.set_active(true);
        }
        element.add_pad(&pad).ok()?;
        Some(pad)
    }

    fn state_changes(
        self: &Arc<Self>,
        element: &gst::Element,
        transition: gst::StateChange,
        done: bool,
    ) {
        if (transition, done) == (gst::StateChange::PausedToReady, true) {
            self.feed_all(element);
            self.state.with(element, State::stop);
            self.given_up.store(false, Ordering::Relaxed);
            for (reader, which) in self.readers.iter().zip(Which::ALL) {
                *lock(reader) = StreamReader::new(which);
            }
        }
    }
}

impl<D: Detector<Medium = Pair>> SoundAndPicture for PairSession<D> {
    fn src(&self, which: Which) -> Option<&gst::Pad> {
        self.srcs.get(which as usize)?.get()
    }

    fn pass(&self, element: &gst::Element, which: Which, mut buffer: gst::Buffer) -> gst::Buffer {
        // Mapping may merge the memories of a writable buffer for good; a second reference makes it read-only for the
        // time of the analysis.
        let held = buffer.clone();
        let meta = self.analyze(element, which, &held);
        drop(held);
        if let Some(meta) = meta {
            grid_meta::attach(&mut buffer, meta);
        }
        buffer
    }

    fn event(&self, element: &gst::Element, which: Which, event: &gst::Event) {
        use gst::EventView;
        match event.view() {
            EventView::Caps(e) => self.set_caps(element, which, e.caps_owned()),
            EventView::Segment(e) => {
                let segment = e.segment().clone().downcast::<gst::ClockTime>().ok();
                self.part_ends(element, which, Reason::Segment);
                self.reader(which).set_segment(segment.clone());
                self.feed_all(element);
                self.state
                    .with(element, |state| state.set_segment(which, segment));
            }
            EventView::StreamStart(_) => {
                self.part_ends(element, which, Reason::Segment);
                self.feed_all(element);
                self.state.with(element, |state| state.begin(which));
            }
            EventView::FlushStop(_) => self.breaks(element, which, Reason::Flush),
            EventView::SegmentDone(_) => self.part_ends(element, which, Reason::Segment),
            EventView::Eos(_) => {
                self.end_reading(element, which);
                self.feed_all(element);
                self.state.with(element, |state| state.end(which));
            }
            EventView::Gap(e) => {
                let (start, duration) = e.get();
                let gap = span(start.nseconds(), duration);
                self.pass_gap(element, which, |reader| reader.announce(gap));
            }
            _ => {}
        }
    }
}

impl<D: Detector<Medium = Pair>> PairSession<D> {
    fn reader(&self, which: Which) -> std::sync::MutexGuard<'_, StreamReader> {
        lock(&self.readers[which as usize])
    }

    /// Reads a buffer and feeds the detector; returns the grid to attach to the buffer.
    fn analyze(
        &self,
        element: &gst::Element,
        which: Which,
        buffer: &gst::BufferRef,
    ) -> Option<Measured> {
        if self.given_up.load(Ordering::Relaxed) || !self.state.settings.is_active() {
            self.reader(which).begin();
            // An episode that is open ends with the first buffer that isn't analysed.
            let _or_with_the_next = self.state.try_with(element, |_| {});
            return None;
        }
        let is_other = self.catch(element, || self.reader(which).refit(buffer))?;
        if is_other {
            self.breaks(element, which, Reason::Caps);
        }
        let read = self.catch(element, || {
            let mut reader = self.reader(which);
            if which.src().is_some() {
                let start = buffer.pts().and_then(|t| reader.running_time(t.nseconds()));
                if let Some(stamps) = BufferStamps::of(start, buffer) {
                    self.inbox.put(which, Content::WorldTime(stamps));
                }
            }
            if buffer.pts().is_none() && reader.is_readable() {
                self.inbox.put(which, Content::Untimed);
            }
            reader.read(element, buffer, &mut |piece| {
                if self.inbox.put_piece(which, piece) > MOST_WAITING {
                    self.feed_one(element);
                }
            })
        })?;
        let meta = read.unwrap_or_else(|why| {
            self.inbox.put(which, Content::Unreadable(why.to_string()));
            None
        });
        self.feed(element, which);
        meta
    }

    /// Feeds the detector with the waiting items, unless another thread feeds it. Pictures take the most work: a
    /// thread that brings sound leaves them, and the items after them, to the threads that bring pictures.
    fn feed(&self, element: &gst::Element, which: Which) {
        let left = |next: &Item| which.is_sound() && next.is_picture();
        for _ in 0..MOST_WAITING {
            if self.inbox.next_is(|next| next.is_none_or(left)) {
                break;
            }
            let fed = self.state.try_with(element, |state| {
                if !self.inbox.next_is(|next| next.is_none_or(left)) {
                    self.inbox.take(|item| state.take(item));
                }
            });
            match fed {
                Ok(Some(())) => {}
                Ok(None) => self.note_failure(element),
                Err(Busy) => break,
            }
        }
    }

    /// Feeds the detector with all that has come until now, of every stream.
    fn feed_all(&self, element: &gst::Element) {
        for _ in 0..self.inbox.len() {
            self.feed_one(element);
        }
    }

    /// Feeds the detector with the item that comes next; waits for other threads that do so.
    fn feed_one(&self, element: &gst::Element) {
        let fed = self
            .state
            .with(element, |state| self.inbox.take(|item| state.take(item)));
        if fed.is_none() {
            self.note_failure(element);
        }
    }

    /// Calls `act`, which reads one of the streams; `None`: it panicked.
    fn catch<R>(&self, element: &gst::Element, act: impl FnOnce() -> R) -> Option<R> {
        let done = self.state.catch(element, act);
        if done.is_none() {
            self.note_failure(element);
        }
        done
    }

    fn note_failure(&self, element: &gst::Element) {
        if let Some(given_up) = self.state.with(element, |state| state.has_given_up()) {
            self.given_up.store(given_up, Ordering::Relaxed);
        }
    }

    fn set_caps(&self, element: &gst::Element, which: Which, caps: gst::Caps) {
        let set = self.catch(element, || self.reader(which).set_caps(caps));
        match set {
            None | Some(Ok(false)) => {}
            Some(Ok(true)) => self.breaks(element, which, Reason::Caps),
            Some(Err(why)) => {
                self.breaks(element, which, Reason::Caps);
                let text = format!("not analysed: {why}; the stream passes unwatched");
                self.state
                    .with(element, |state| state.warn(WarningTopic::Caps, text));
            }
        }
    }

    /// Feeds the detector with the gap that a reader returns.
    fn pass_gap(
        &self,
        element: &gst::Element,
        which: Which,
        read: impl FnOnce(&mut StreamReader) -> Option<Span>,
    ) {
        let passed = self.catch(element, || read(&mut self.reader(which)));
        if let Some(Some(span)) = passed {
            self.inbox.put(which, Content::Gap(span));
            self.feed(element, which);
        }
    }

    /// Ends what is read of one of the streams, with the gap that it announced last; returns whether anything had been read.
    fn end_reading(&self, element: &gst::Element, which: Which) -> bool {
        self.pass_gap(element, which, StreamReader::end);
        self.reader(which).begin()
    }

    /// Ends a part of one of the streams; the next part may continue it in running time, which the detector sees.
    fn part_ends(&self, element: &gst::Element, which: Which, reason: Reason) {
        let fed = self.end_reading(element, which);
        if fed && which.src().is_some() {
            self.feed_all(element);
            self.state.with(element, |state| state.close(reason));
        }
    }

    /// Breaks one of the streams; if it is one of the programme's, open episodes end. A stream that only begins is no
    /// reason to forget the others.
    fn breaks(&self, element: &gst::Element, which: Which, reason: Reason) {
        let fed = match reason {
            Reason::Flush => self.reader(which).begin(),
            _ => self.end_reading(element, which),
        };
        if fed && which.src().is_some() {
            self.feed_all(element);
            self.state.with(element, |state| state.reset(reason));
        }
    }
}
