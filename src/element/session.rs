// SPDX-License-Identifier: MPL-2.0
//! All streaming logic of an element with one stream: settings, caps, events, buffers, and what must never happen to them.
//!
//! Fail-open: whatever goes wrong while looking at a buffer ends in a warning, and the buffer goes on. Two locks, never held
//! together: `settings` for the length of a copy, `state` while a buffer or a serialised event is looked at. None is held
//! while a message is posted, so that a sync handler of the bus may call back into the element.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use gst::glib;

use super::{
    CAT,
    medium::{GstMedium, Source},
    outbox::Outbox,
    properties,
    stamps::Stamps,
};
use crate::core::{Common, Detector, Reason, Runner, Span};

/// So many panics, and a detector is left alone: it would only fill the bus.
const MOST_PANICS: u32 = 3;

/// The settings and the streaming state of one element.
pub struct Session<D: Detector<Medium: GstMedium>> {
    settings: Mutex<(Common, D::Settings)>,
    changed: AtomicBool,
    state: Mutex<State<D>>,
}

struct State<D: Detector<Medium: GstMedium>> {
    stream: Option<Stream<D>>,
    stamps: Stamps,
    outbox: Outbox,
    panics: u32,
    /// Number of the next episode: unique within the element, over all its streams.
    next_id: u64,
}

/// A stream whose caps can be analysed.
struct Stream<D: Detector<Medium: GstMedium>> {
    caps: gst::Caps,
    /// None: this format passes unanalysed.
    analysis: Option<(Runner<D>, <D::Medium as GstMedium>::Feed)>,
}

impl<D: Detector<Medium: GstMedium>> Default for Session<D> {
    fn default() -> Self {
        Self {
            settings: Mutex::new((D::COMMON, D::Settings::default())),
            changed: AtomicBool::new(false),
            state: Mutex::new(State {
                stream: None,
                stamps: Stamps::default(),
                outbox: Outbox::new::<D>(),
                panics: 0,
                next_id: 1,
            }),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<D: Detector<Medium: GstMedium>> Session<D> {
    /// The value of the property with that id.
    pub fn property(&self, id: usize) -> glib::Value {
        let settings = lock(&self.settings);
        properties::get::<D>(&settings.0, &settings.1, id)
    }

    /// Changes the property with that id; applies from the next buffer.
    pub fn set_property(&self, id: usize, value: &glib::Value) {
        let mut settings = lock(&self.settings);
        let (common, own) = &mut *settings;
        properties::set::<D>(common, own, id, value);
        drop(settings);
        self.changed.store(true, Ordering::Release);
    }

    /// Looks at a buffer; what comes back is to be pushed, whatever was seen.
    pub fn pass(&self, element: &gst::Element, mut buffer: gst::Buffer) -> gst::Buffer {
        if let Some(Some(mark)) = self.with_state(element, |state| state.look(element, &buffer)) {
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
    pub fn event(&self, element: &gst::Element, event: &gst::Event) {
        use gst::EventView;
        match event.view() {
            EventView::Caps(e) => self.set_caps(element, e.caps_owned()),
            EventView::Segment(e) => {
                self.finish(element, Reason::Segment);
                let segment = e.segment().clone().downcast::<gst::ClockTime>().ok();
                lock(&self.state).outbox.set_segment(segment);
            }
            EventView::StreamStart(_) => self.finish(element, Reason::Segment),
            EventView::FlushStop(_) => self.finish(element, Reason::Flush),
            EventView::Eos(_) | EventView::SegmentDone(_) => self.finish(element, Reason::Eos),
            EventView::Gap(e) => {
                let (start, duration) = e.get();
                let start = start.nseconds();
                let span = Span::new(
                    start,
                    start.saturating_add(duration.map_or(0, gst::ClockTime::nseconds)),
                );
                self.with_state(element, |state| {
                    if let Some((runner, _)) = state.analysis() {
                        runner.gap(span);
                    }
                });
            }
            _ => {}
        }
    }

    /// Closes what is open and forgets the stream.
    pub fn stop(&self, element: &gst::Element) {
        self.finish(element, Reason::Stopped);
        let mut state = lock(&self.state);
        state.stream = None;
        state.panics = 0;
        state.outbox.forget();
    }

    fn set_caps(&self, element: &gst::Element, caps: gst::Caps) {
        if lock(&self.state)
            .stream
            .as_ref()
            .is_some_and(|s| s.caps == caps)
        {
            return;
        }
        self.finish(element, Reason::Caps);
        let (common, own) = lock(&self.settings).clone();
        self.with_state(element, |state| {
            let analysis = match D::Medium::parse(&caps) {
                Ok((format, feed)) => {
                    state.outbox.set_channels::<D>(&format);
                    let runner = Runner::new(format, common, own).numbered_from(state.next_id);
                    Some((runner, feed))
                }
                Err(why) => {
                    state
                        .outbox
                        .warn(format!("not analysed: {why}; the stream passes unwatched"));
                    None
                }
            };
            state.stream = Some(Stream {
                caps: caps.clone(),
                analysis,
            });
        });
    }

    fn finish(&self, element: &gst::Element, reason: Reason) {
        self.with_state(element, |state| state.finish(reason));
    }

    /// Does something with the state, survives it, and posts what there is to post.
    fn with_state<R>(
        &self,
        element: &gst::Element,
        act: impl FnOnce(&mut State<D>) -> R,
    ) -> Option<R> {
        let changed = self
            .changed
            .swap(false, Ordering::Acquire)
            .then(|| lock(&self.settings).clone());
        let (done, posts) = {
            let mut state = lock(&self.state);
            let done = catch_unwind(AssertUnwindSafe(|| {
                if let Some((common, own)) = changed {
                    state.configure(common, own);
                }
                act(&mut state)
            }));
            if done.is_err() {
                state.recover();
            }
            state.collect();
            (done.ok(), state.outbox.take())
        };
        posts.post(element);
        done
    }
}

impl<D: Detector<Medium: GstMedium>> State<D> {
    fn analysis(&mut self) -> Option<&mut (Runner<D>, <D::Medium as GstMedium>::Feed)> {
        if self.panics >= MOST_PANICS {
            return None;
        }
        self.stream
            .as_mut()?
            .analysis
            .as_mut()
            .filter(|(runner, _)| runner.is_active())
    }

    fn configure(&mut self, common: Common, own: D::Settings) {
        if let Some((runner, _)) = self.stream.as_mut().and_then(|s| s.analysis.as_mut()) {
            runner.configure(common, own);
        }
    }

    fn look(
        &mut self,
        element: &gst::Element,
        buffer: &gst::BufferRef,
    ) -> Option<<D::Medium as GstMedium>::Mark> {
        self.stamps.note(buffer);
        let (runner, feed) = self.analysis()?;
        let source = Source { element, buffer };
        match D::Medium::read(feed, &source, &mut |span, view| runner.push(span, view)) {
            Ok(mark) => {
                if source.time().is_none() {
                    self.outbox.warn(
                        "buffers without timestamps: times are counted from the last known one"
                            .into(),
                    );
                }
                mark
            }
            Err(why) => {
                if let Some(span) = D::Medium::span(feed, buffer) {
                    runner.gap(span);
                }
                gst::debug!(CAT, obj = element, "buffer not analysed: {why}");
                self.outbox
                    .warn(format!("a buffer couldn't be analysed: {why}"));
                None
            }
        }
    }

    fn finish(&mut self, reason: Reason) {
        if let Some((runner, feed)) = self.stream.as_mut().and_then(|s| s.analysis.as_mut()) {
            runner.finish(reason);
            D::Medium::reset(feed);
        }
        // Before the past is forgotten: what just ended started at a buffer that is noted there.
        self.collect();
        self.stamps.forget();
    }

    /// After a panic: the detector begins anew, at most a few times.
    fn recover(&mut self) {
        self.panics += 1;
        if catch_unwind(AssertUnwindSafe(|| self.finish(Reason::Discont))).is_err() {
            self.panics = MOST_PANICS;
            self.stream = None;
        }
        self.outbox.warn_again(if self.panics < MOST_PANICS {
            "the detector failed on a buffer and begins anew; the stream goes on"
        } else {
            "the detector failed again and is given up until the next stop; the stream goes on"
        });
    }

    fn collect(&mut self) {
        if let Some((runner, _)) = self.stream.as_mut().and_then(|s| s.analysis.as_mut()) {
            self.next_id = runner.next_id();
            let reports = runner.take_reports();
            if !reports.is_empty() {
                let severity = runner.severity();
                self.outbox.add::<D>(reports, severity, &self.stamps);
            }
        }
    }
}
