// SPDX-License-Identifier: MPL-2.0
//! The shape of an element that is also called when no buffer comes: one [`Stream`], and beside it the time that has passed since the
//! last buffer.

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

mod reader;
mod timer;

use timer::{Timer, now};

/// The shortest time from one look at an idle stream to the next, whatever the settings say.
const SHORTEST_WAIT: Ns = 10 * MS;

/// The longest one; the clock can't stop a wait whose end it can't reckon with.
const LONGEST_WAIT: Ns = 24 * 3600 * SECOND;

/// An element with one stream whose timing is watched, from its pads inwards.
pub struct TimingSession<D: TimingDetector> {
    watch: Guarded<TimingWatch<D>>,
    timer: Timer,
    src: OnceLock<gst::Pad>,
}

impl<D: TimingDetector> Default for TimingSession<D> {
    fn default() -> Self {
        Self {
            watch: Guarded::default(),
            timer: Timer::default(),
            src: OnceLock::new(),
        }
    }
}

impl<D: TimingDetector> Session for TimingSession<D> {
    type Detector = D;
    const CLASS: &'static str = BufferTiming::CLASS;

    fn settings(&self) -> &SharedSettings<D> {
        &self.watch.settings
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
                self.watch.with(element, TimingWatch::play);
                self.look(element);
            }
            (gst::StateChange::PlayingToPaused, false) => {
                self.watch.with(element, |watch| watch.timer.pause(now()));
                self.timer.cancel();
            }
            (gst::StateChange::PausedToReady, true) => {
                self.timer.cancel();
                self.watch.with(element, TimingWatch::stop);
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
        pass(&self.watch, element, buffer, |watch, source| {
            watch.on_buffer(buffer_duration(source.1));
            // Nor is there anything to judge in times that the stream calls sparse.
            match watch.stream.is_sparse() {
                true => None,
                false => watch.stream.analyze(source),
            }
        })
    }

    fn on_downstream_return(self: &Arc<Self>, element: &gst::Element) {
        self.watch.with(element, TimingWatch::on_downstream_return);
        self.arm(element);
    }

    fn event(self: &Arc<Self>, element: &gst::Element, event: &gst::Event) {
        self.watch.with(element, |watch| watch.event(event));
        self.arm(element);
    }
}

impl<D: TimingDetector> TimingSession<D> {
    /// Sees to it that the timer runs if a timeout may come.
    fn arm(self: &Arc<Self>, element: &gst::Element) {
        if !self.timer.is_armed() {
            self.look(element);
        }
    }

    /// Reports a timeout that is due, and sets the timer for the next one.
    fn look(self: &Arc<Self>, element: &gst::Element) {
        let Some(Some(next)) = self.watch.with(element, TimingWatch::look) else {
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

/// What an element knows of its stream and of the time without a buffer.
struct TimingWatch<D: TimingDetector> {
    stream: Stream<D>,
    timer: IdleTimer,
    /// The detector was told of a timeout that isn't over yet.
    timed_out: bool,
}

impl<D: TimingDetector> Default for TimingWatch<D> {
    fn default() -> Self {
        Self {
            stream: Stream::default(),
            timer: IdleTimer::default(),
            timed_out: false,
        }
    }
}

impl<D: TimingDetector> Analysis for TimingWatch<D> {
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

impl<D: TimingDetector> TimingWatch<D> {
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
            // How far the parts of a stream lie apart isn't a matter of its timestamps.
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

    /// A buffer of that length has come, or an announced gap.
    fn on_buffer(&mut self, duration: Ns) {
        let now = now();
        self.resume(now);
        let waited = self.timer.on_buffer(now, duration);
        if let Some(runner) = self.stream.analyzer.runner() {
            runner.on_buffer(waited);
        }
    }

    /// The next element has taken the last buffer, which may have been what was waited for.
    fn on_downstream_return(&mut self) {
        let now = now();
        self.resume(now);
        self.timer.on_downstream_return(now);
    }

    /// A stall that was reported is over.
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

    /// A stall that was reported has lasted until now: what breaks the stream off now says so.
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
        let (runner, outbox) = analyzer.working()?;
        let line = outbox.timeline();
        let segment_start = || Some(line.of_buffer(line.segment()?.start()?.nseconds()));
        let position = runner.position().or_else(segment_start);
        self.timer.idle(now, position.unwrap_or(0))
    }
}

fn buffer_duration(buffer: &gst::BufferRef) -> Ns {
    buffer.duration().map_or(0, gst::ClockTime::nseconds)
}
