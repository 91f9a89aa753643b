// SPDX-License-Identifier: MPL-2.0
//! All streaming logic of an element with sound and picture: settings, caps, events, buffers, and what must never happen to them.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Mutex,
};

use gst::glib;

use super::{line::Line, pads::Which, state::State};
use crate::detector::{Detector, Pair, Reason};
use crate::element::{
    grid_meta::{self, Measured},
    outbox::Topic,
    session::lock,
    wishes::Wishes,
};
use crate::media::Span;

/// The settings and the streaming state of one element. Locks are taken in the order of the fields, and none is held while a message is posted.
pub struct Session<D: Detector<Medium = Pair>> {
    settings: Wishes<D>,
    lines: [Mutex<Line>; 4],
    state: Mutex<State<D>>,
}

impl<D: Detector<Medium = Pair>> Default for Session<D> {
    fn default() -> Self {
        Self {
            settings: Wishes::default(),
            lines: Which::ALL.map(|which| Mutex::new(Line::new(which))),
            state: Mutex::default(),
        }
    }
}

impl<D: Detector<Medium = Pair>> Session<D> {
    /// The value of the property with that id.
    pub fn property(&self, id: usize) -> glib::Value {
        self.settings.get(id)
    }

    /// Changes the property with that id; applies from the next buffer.
    pub fn set_property(&self, id: usize, value: &glib::Value) {
        self.settings.set(id, value);
    }

    /// Looks at a buffer; what comes back is to be pushed, whatever was seen.
    pub fn pass(
        &self,
        element: &gst::Element,
        which: Which,
        mut buffer: gst::Buffer,
    ) -> gst::Buffer {
        // See the session of a single stream: a writable buffer would be changed by mapping.
        let held = buffer.clone();
        let mark = self.look(element, which, &held);
        drop(held);
        if let Some(mark) = mark {
            grid_meta::attach(&mut buffer, mark);
        }
        buffer
    }

    /// Looks at every buffer of a list.
    pub fn pass_list(
        &self,
        element: &gst::Element,
        which: Which,
        mut list: gst::BufferList,
    ) -> gst::BufferList {
        list.make_mut().foreach_mut(|buffer, _| {
            std::ops::ControlFlow::Continue(Some(self.pass(element, which, buffer)))
        });
        list
    }

    /// Looks at a buffer.
    pub fn look(
        &self,
        element: &gst::Element,
        which: Which,
        buffer: &gst::BufferRef,
    ) -> Option<Measured> {
        if !self.with_state(element, |state| state.is_active())? {
            lock(&self.lines[which as usize]).begin();
            return None;
        }
        let mut mark = None;
        self.guarded(element, || {
            let mut line = lock(&self.lines[which as usize]);
            let read = line.read(element, buffer, &mut |piece| lock(&self.state).take(piece));
            drop(line);
            match read {
                Ok(read) => mark = read,
                Err(why) => {
                    let text = format!("a buffer couldn't be analysed: {why}");
                    lock(&self.state).warn(Topic::Buffer, text);
                }
            }
        });
        mark
    }

    /// Takes note of an event, before it goes downstream.
    pub fn event(&self, element: &gst::Element, which: Which, event: &gst::Event) {
        use gst::EventView;
        match event.view() {
            EventView::Caps(e) => self.set_caps(element, which, e.caps_owned()),
            EventView::Segment(e) => {
                let segment = e.segment().clone().downcast::<gst::ClockTime>().ok();
                self.part_ends(element, which, Reason::Segment);
                lock(&self.lines[which as usize]).set_segment(segment.clone());
                lock(&self.state).set_segment(which, segment);
            }
            EventView::StreamStart(_) => self.part_ends(element, which, Reason::Segment),
            EventView::FlushStop(_) => self.breaks(element, which, Reason::Flush),
            EventView::Eos(_) | EventView::SegmentDone(_) => {
                self.part_ends(element, which, Reason::Eos);
            }
            EventView::Gap(e) => {
                let (start, duration) = e.get();
                let start = start.nseconds();
                let end = start.saturating_add(duration.map_or(0, gst::ClockTime::nseconds));
                self.guarded(element, || {
                    let mut line = lock(&self.lines[which as usize]);
                    let span = line.running_span(Span::new(start, end));
                    line.skip(end);
                    drop(line);
                    if let Some(span) = span {
                        lock(&self.state).pass_over(which, span);
                    }
                });
            }
            _ => {}
        }
    }

    /// Closes what is open and forgets the streams.
    pub fn stop(&self, element: &gst::Element) {
        self.with_state(element, |state| {
            state.reset(Reason::Stopped);
            state.forget();
        });
        for (line, which) in self.lines.iter().zip(Which::ALL) {
            *lock(line) = Line::new(which);
        }
    }

    fn set_caps(&self, element: &gst::Element, which: Which, caps: gst::Caps) {
        let set = catch_unwind(AssertUnwindSafe(|| {
            lock(&self.lines[which as usize]).set_caps(caps)
        }));
        match set {
            Ok(Ok(false)) => {}
            Ok(Ok(true)) => self.breaks(element, which, Reason::Caps),
            Ok(Err(why)) => {
                self.breaks(element, which, Reason::Caps);
                let text = format!("not analysed: {why}; the stream passes unwatched");
                self.with_state(element, |state| state.warn(Topic::Caps, text));
            }
            Err(_) => {
                self.with_state(element, State::recover);
            }
        }
    }

    /// A part of one of the streams ends; the next one may go on in running time, which is what the detector sees.
    fn part_ends(&self, element: &gst::Element, which: Which, reason: Reason) {
        let fed = lock(&self.lines[which as usize]).begin();
        if fed && which.src().is_some() {
            self.with_state(element, |state| state.close(reason));
        }
    }

    /// One of the streams breaks off; of the programme's, that ends what is open. One that only begins is no reason to forget what the
    /// others had.
    fn breaks(&self, element: &gst::Element, which: Which, reason: Reason) {
        let fed = lock(&self.lines[which as usize]).begin();
        if fed && which.src().is_some() {
            self.with_state(element, |state| state.reset(reason));
        }
    }

    /// Does something that may fail, survives it, and posts what there is to post.
    fn guarded(&self, element: &gst::Element, act: impl FnOnce()) {
        let failed = catch_unwind(AssertUnwindSafe(act)).is_err();
        self.with_state(element, |state| {
            if failed {
                state.recover();
            }
        });
    }

    fn with_state<R>(
        &self,
        element: &gst::Element,
        act: impl FnOnce(&mut State<D>) -> R,
    ) -> Option<R> {
        let changed = self.settings.take_changed();
        let (done, posts) = {
            let mut state = lock(&self.state);
            let done = catch_unwind(AssertUnwindSafe(|| {
                if let Some(wanted) = changed {
                    state.configure(wanted);
                }
                act(&mut state)
            }));
            (done.ok(), state.take_posts())
        };
        posts.post(element);
        done
    }
}
