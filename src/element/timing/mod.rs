// SPDX-License-Identifier: MPL-2.0
//! An element that is also called when no buffer comes: one [`Stream`](super::stream::Stream), and the time since the last buffer.

use std::sync::{Arc, OnceLock};

use gst::prelude::*;

use super::{
    guarded::Guarded,
    object::{DetectorElement, Session},
    pads::{self, OneStream},
    reader::GstMedium,
    settings::SharedSettings,
    stream::pass,
};
use crate::detector::{BufferTiming, TimingDetector};
use crate::media::{MS, Ns, SECOND};

mod hidden;
mod reader;
mod state;
mod timer;

use state::TimedStream;
use timer::{Timer, now};

/// The shortest time between two checks of an idle stream, whatever the settings.
const SHORTEST_WAIT: Ns = 10 * MS;

/// The longest time; GStreamer's clock can't stop longer waits.
const LONGEST_WAIT: Ns = 24 * 3600 * SECOND;

/// The session of an element with one stream whose timing is watched.
pub struct TimingSession<D: TimingDetector> {
    timed: Guarded<TimedStream<D>>,
    timer: Timer,
    src: OnceLock<gst::Pad>,
}

impl<D: TimingDetector> Default for TimingSession<D> {
    fn default() -> Self {
        Self {
            timed: Guarded::default(),
            timer: Timer::default(),
            src: OnceLock::new(),
        }
    }
}

impl<D: TimingDetector> Session for TimingSession<D> {
    type Detector = D;
    const CLASS: &'static str = BufferTiming::CLASS;

    fn settings(&self) -> &SharedSettings<D> {
        &self.timed.settings
    }

    fn settings_changed(self: &Arc<Self>, element: &gst::Element) {
        self.check_timeout(element);
    }

    fn pad_templates() -> Vec<gst::PadTemplate> {
        pads::templates(BufferTiming::CAPS)
    }

    fn add_pads<I: DetectorElement<Session = Self>>(&self, element: &gst::Element) {
        pads::add::<I>(element, &self.src);
    }

    fn state_changes(
        self: &Arc<Self>,
        element: &gst::Element,
        transition: gst::StateChange,
        done: bool,
    ) {
        match (transition, done) {
            (gst::StateChange::PausedToPlaying, true) => {
                self.timed.with(element, TimedStream::play);
                self.check_timeout(element);
            }
            (gst::StateChange::PlayingToPaused, false) => {
                self.timed.with(element, TimedStream::pause);
                self.timer.cancel();
            }
            (gst::StateChange::PausedToReady, true) => {
                self.timer.cancel();
                self.timed.with(element, TimedStream::stop);
            }
            _ => {}
        }
    }
}

impl<D: TimingDetector> OneStream for TimingSession<D> {
    fn src(&self) -> Option<&gst::Pad> {
        self.src.get()
    }

    fn pass(&self, element: &gst::Element, buffer: gst::Buffer) -> gst::Buffer {
        pass(&self.timed, element, buffer, |timed, source| {
            timed.on_buffer(buffer_duration(source.1));
            timed.analyze(source)
        })
    }

    fn on_downstream_return(self: &Arc<Self>, element: &gst::Element) {
        self.timed.with(element, TimedStream::on_downstream_return);
        self.arm(element);
    }

    fn event(self: &Arc<Self>, element: &gst::Element, event: &gst::Event) {
        self.timed.with(element, |timed| timed.event(event));
        self.arm(element);
    }
}

impl<D: TimingDetector> TimingSession<D> {
    /// Starts the timer if a timeout may come.
    fn arm(self: &Arc<Self>, element: &gst::Element) {
        if !self.timer.is_armed() {
            self.check_timeout(element);
        }
    }

    /// Reports a timeout that is due, and sets the timer for the next one.
    fn check_timeout(self: &Arc<Self>, element: &gst::Element) {
        let Some(Some(next)) = self.timed.with(element, TimedStream::check_timeout) else {
            return;
        };
        let now = now();
        let next = next.clamp(now + SHORTEST_WAIT, now + LONGEST_WAIT);
        let (session, element) = (Arc::downgrade(self), element.downgrade());
        self.timer.set(next, move || {
            if let (Some(session), Some(element)) = (session.upgrade(), element.upgrade()) {
                session.timer.rang();
                session.check_timeout(&element);
            }
        });
    }
}

fn buffer_duration(buffer: &gst::BufferRef) -> Ns {
    buffer.duration().map_or(0, gst::ClockTime::nseconds)
}
