// SPDX-License-Identifier: MPL-2.0
//! All streaming logic of an element with one stream: settings, caps, events, buffers, and what must never happen to them.
//!
//! Fail-open: whatever goes wrong while looking at a buffer ends in a warning, and the buffer goes on. Two locks, never held
//! together: `settings` for the length of a copy, `state` while a buffer or a serialised event is looked at. None is held
//! while a message is posted, so that a sync handler of the bus may call back into the element.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use gst::{glib, prelude::*};

use super::{
    medium::GstMedium,
    state::State,
    timer::{self, Timer},
    wishes::Wishes,
};
use crate::detector::{Detector, Reason};
use crate::media::{Ns, Span};

/// The settings and the streaming state of one element.
pub struct Session<D: Detector<Medium: GstMedium>> {
    settings: Wishes<D>,
    state: Mutex<State<D>>,
    timer: Timer,
    /// For the timer.
    element: Mutex<glib::WeakRef<gst::Element>>,
}

impl<D: Detector<Medium: GstMedium>> Default for Session<D> {
    fn default() -> Self {
        Self {
            settings: Wishes::default(),
            state: Mutex::default(),
            timer: Timer::default(),
            element: Mutex::default(),
        }
    }
}

/// Locks, whatever happened to another who did.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<D: Detector<Medium: GstMedium>> Session<D> {
    /// The value of the property with that id.
    pub fn property(&self, id: usize) -> glib::Value {
        self.settings.get(id)
    }

    /// Changes the property with that id; applies from the next buffer.
    pub fn set_property(self: &Arc<Self>, id: usize, value: &glib::Value) {
        self.settings.set(id, value);
        if self.timer.is_armed() {
            // There may be no next buffer.
            self.set_timer(timer::now());
        }
    }

    /// Takes note of a change of state, before or after it is done.
    pub fn state_changes(
        self: &Arc<Self>,
        element: &gst::Element,
        transition: gst::StateChange,
        done: bool,
    ) {
        match (transition, done) {
            (gst::StateChange::PausedToPlaying, true) if D::Medium::WAITS => {
                *lock(&self.element) = element.downgrade();
                self.with_state(element, State::play);
                self.set_timer(timer::now());
            }
            (gst::StateChange::PlayingToPaused, false) if D::Medium::WAITS => {
                self.timer.cancel();
                self.with_state(element, |state| state.waiting().pause(timer::now()));
            }
            (gst::StateChange::PausedToReady, true) => {
                self.timer.cancel();
                self.stop(element);
            }
            _ => {}
        }
    }

    /// What came was pushed and taken.
    pub fn pushed(self: &Arc<Self>) {
        if D::Medium::WAITS {
            lock(&self.state).waiting().taken(timer::now());
            self.arm();
        }
    }

    /// Sees to it that a timer runs if one is needed.
    fn arm(self: &Arc<Self>) {
        if !self.timer.is_armed() {
            let next = lock(&self.state).next_look();
            if let Some(at) = next {
                self.set_timer(at);
            }
        }
    }

    /// Looks at the clock at that time, and whenever there may be something to see.
    fn set_timer(self: &Arc<Self>, at: Ns) {
        let session = Arc::downgrade(self);
        self.timer.set(at, move || {
            if let Some(session) = session.upgrade() {
                session.look_at_clock();
            }
        });
    }

    fn look_at_clock(self: &Arc<Self>) {
        self.timer.rang();
        let element = lock(&self.element).upgrade();
        if let Some(element) = element
            && let Some(Some(next)) = self.with_state(&element, State::look_at_clock)
        {
            self.set_timer(next);
        }
    }

    /// Looks at a buffer; what comes back is to be pushed, whatever was seen.
    pub fn pass(&self, element: &gst::Element, mut buffer: gst::Buffer) -> gst::Buffer {
        // Mapping may merge the memories of a buffer that is writable, and leave them merged: so it isn't, for that long.
        let held = buffer.clone();
        let mark = self.with_state(element, |state| state.look(element, &held));
        drop(held);
        if let Some(Some(mark)) = mark {
            D::Medium::attach(&mut buffer, mark);
        }
        buffer
    }

    /// Looks at every buffer of a list.
    pub fn pass_list(&self, element: &gst::Element, mut list: gst::BufferList) -> gst::BufferList {
        list.make_mut().foreach_mut(|buffer, _| {
            std::ops::ControlFlow::Continue(Some(self.pass(element, buffer)))
        });
        list
    }

    /// Takes note of an event, before it goes downstream.
    pub fn event(self: &Arc<Self>, element: &gst::Element, event: &gst::Event) {
        use gst::EventView;
        match event.view() {
            EventView::Caps(e) => {
                let caps = e.caps_owned();
                self.with_state(element, |state| state.set_caps(caps));
            }
            EventView::Segment(e) => {
                let segment = e.segment().clone().downcast::<gst::ClockTime>().ok();
                self.with_state(element, |state| state.set_segment(segment));
                self.begins(element);
            }
            EventView::StreamStart(_) => {
                self.close(element, Reason::Segment);
                self.begins(element);
            }
            EventView::FlushStart(_) if D::Medium::WAITS => {
                self.with_state(element, |state| state.waiting().flush());
            }
            EventView::FlushStop(_) => {
                self.reset(element, Reason::Flush);
                self.begins(element);
            }
            EventView::Eos(_) | EventView::SegmentDone(_) => {
                self.close(element, Reason::Eos);
                self.with_state(element, |state| state.waiting().end());
            }
            EventView::Gap(e) => {
                let (start, duration) = e.get();
                let span = span(start.nseconds(), duration);
                self.with_state(element, |state| state.gap(span));
            }
            _ => {}
        }
        if D::Medium::WAITS {
            self.arm();
        }
    }

    /// A stream, or a new part of it, begins: time to wait for it begins, too.
    fn begins(&self, element: &gst::Element) {
        if D::Medium::WAITS {
            self.with_state(element, |state| state.waiting().restart(timer::now()));
        }
    }

    /// Closes what is open and forgets the stream.
    fn stop(&self, element: &gst::Element) {
        self.reset(element, Reason::Stopped);
        lock(&self.state).forget();
    }

    fn close(&self, element: &gst::Element, reason: Reason) {
        self.with_state(element, |state| state.close(reason));
    }

    fn reset(&self, element: &gst::Element, reason: Reason) {
        self.with_state(element, |state| state.reset(reason));
    }

    /// Does something with the state, survives it, and posts what there is to post.
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
            if done.is_err() {
                state.recover();
            }
            (done.ok(), state.take_posts())
        };
        posts.post(element);
        done
    }
}

fn span(start: Ns, duration: Option<gst::ClockTime>) -> Span {
    let duration = duration.map_or(0, gst::ClockTime::nseconds);
    Span::new(start, start.saturating_add(duration))
}
