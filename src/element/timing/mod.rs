// SPDX-License-Identifier: MPL-2.0
//! An element that is also called when no buffer comes: one [`Stream`], and the time since the last buffer.

use std::sync::{Arc, OnceLock};

use gst::prelude::*;

use super::{
    guarded::{Analysis, Guarded},
    object::{DetectorElement, Session},
    outbox::Posts,
    pads::{self, OneStream},
    reader::GstMedium,
    settings::{SettingsSnapshot, SharedSettings},
    stream::{Stream, pass, span},
};
use crate::detector::{
    BufferTiming, TimingDetector,
    timing::{Idle, IdleTimer},
};
use crate::media::{MS, Ns, SECOND};

mod hidden;
mod reader;
mod timer;

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
        self.look(element);
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
                self.look(element);
            }
            (gst::StateChange::PlayingToPaused, false) => {
                self.timed.with(element, |timed| timed.timer.pause(now()));
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
            // Nothing is judged in times that the stream calls sparse.
            match timed.stream.is_sparse() {
                true => None,
                false => timed.stream.analyze(source),
            }
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
            self.look(element);
        }
    }

    /// Reports a timeout that is due, and sets the timer for the next one.
    fn look(self: &Arc<Self>, element: &gst::Element) {
        let Some(Some(next)) = self.timed.with(element, TimedStream::look) else {
            return;
        };
        let now = now();
        let next = next.clamp(now + SHORTEST_WAIT, now + LONGEST_WAIT);
        let (session, element) = (Arc::downgrade(self), element.downgrade());
        self.timer.set(next, move || {
            if let (Some(session), Some(element)) = (session.upgrade(), element.upgrade()) {
                session.timer.rang();
                session.look(&element);
            }
        });
    }
}

/// The state of an element's stream and of the time without a buffer.
struct TimedStream<D: TimingDetector> {
    stream: Stream<D>,
    timer: IdleTimer,
    /// Whether the detector was told of a timeout that hasn't ended yet.
    timed_out: bool,
}

impl<D: TimingDetector> Default for TimedStream<D> {
    fn default() -> Self {
        Self {
            stream: Stream::default(),
            timer: IdleTimer::default(),
            timed_out: false,
        }
    }
}

impl<D: TimingDetector> Analysis for TimedStream<D> {
    type Detector = D;

    fn configure(&mut self, settings: SettingsSnapshot<D>) {
        let was_active = self.stream.analyzer.common().active;
        if was_active && !settings.common.active {
            self.extend_stall();
            self.timed_out = false;
        }
        if !was_active && settings.common.active {
            self.timer.forget_time(now());
        }
        self.stream.configure(settings);
    }

    fn recover(&mut self) {
        self.timed_out = false;
        self.stream.recover();
    }

    fn take_posts(&mut self) -> Posts {
        self.stream.take_posts()
    }
}

impl<D: TimingDetector> TimedStream<D> {
    /// The pipeline plays: from now on buffers may be missed, also before there are caps.
    fn play(&mut self) {
        if !self.stream.is_started() {
            let (format, reader) = reader::unknown();
            self.stream.start(format, reader);
        }
        self.timer.play(now());
    }

    fn stop(&mut self) {
        self.extend_stall();
        self.stream.stop();
        (self.timer, self.timed_out) = (IdleTimer::default(), false);
    }

    fn event(&mut self, event: &gst::EventRef) {
        use gst::EventView;
        match event.view() {
            EventView::Gap(e) => {
                let (start, duration) = e.get();
                self.on_buffer(span(start.nseconds(), duration).duration());
                self.timer.on_downstream_return(now());
            }
            EventView::FlushStart(_) => self.timer.flush(),
            _ => self.extend_stall(),
        }
        if self.stream.event(event) {
            self.timed_out = false;
        }
        if let EventView::Segment(_) = event.view() {
            // The distance between parts of a stream isn't judged by timestamps.
            self.stream.reset_reader();
        }
        match event.view() {
            EventView::StreamStart(_) | EventView::Segment(_) | EventView::FlushStop(_) => {
                self.timer.restart(now());
            }
            EventView::Eos(_) | EventView::SegmentDone(_) => self.timer.end(),
            _ => {}
        }
    }

    /// Takes a buffer of that length, or an announced gap.
    fn on_buffer(&mut self, duration: Ns) {
        let now = now();
        self.resume(now);
        let waited = self.timer.on_buffer(now, duration);
        if let Some(runner) = self.stream.analyzer.runner() {
            runner.on_buffer(waited);
        }
    }

    /// Called when the next element has taken the last buffer, which may end the wait.
    fn on_downstream_return(&mut self) {
        let now = now();
        self.resume(now);
        self.timer.on_downstream_return(now);
    }

    /// Ends a stall that was reported.
    fn resume(&mut self, now: Ns) {
        if std::mem::take(&mut self.timed_out)
            && let Some(idle) = self.idle(now)
            && let Some(runner) = self.stream.analyzer.runner()
        {
            runner.on_resume(idle);
        }
    }

    /// Reports a timeout that is due; returns when the next one will be, by the monotonic clock.
    fn look(&mut self) -> Option<Ns> {
        if self.stream.is_sparse() {
            return None;
        }
        let now = now();
        let idle = self.idle(now)?;
        let since = self.timer.since()?;
        let timeout = self.stream.analyzer.runner()?.timeout(&idle)?;
        let due = since.saturating_add(timeout);
        if now < due {
            return Some(due);
        }
        self.timed_out = true;
        self.stream.analyzer.runner()?.on_timeout(idle);
        let update = self.stream.analyzer.common().update_interval;
        (update > 0).then(|| now.saturating_add(update))
    }

    /// Extends a reported stall until now, before the stream breaks.
    fn extend_stall(&mut self) {
        if self.timed_out
            && let Some(idle) = self.idle(now())
            && let Some(runner) = self.stream.analyzer.runner()
        {
            runner.on_timeout(idle);
        }
    }

    fn idle(&mut self, now: Ns) -> Option<Idle> {
        let analyzer = &mut self.stream.analyzer;
        let (runner, outbox) = analyzer.runner_and_outbox()?;
        let line = outbox.timeline();
        let segment_start = || Some(line.of_buffer(line.segment()?.start()?.nseconds()));
        let position = runner.position().or_else(segment_start);
        self.timer.idle(now, position.unwrap_or(0))
    }
}

fn buffer_duration(buffer: &gst::BufferRef) -> Ns {
    buffer.duration().map_or(0, gst::ClockTime::nseconds)
}
