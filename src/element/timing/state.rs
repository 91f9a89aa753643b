// SPDX-License-Identifier: MPL-2.0
//! The state of an element's stream and of the time without a buffer.

use super::{reader, timer::now};
use crate::detector::{
    BufferTiming, TimingDetector,
    timing::{Idle, IdleTimer},
};
use crate::element::{
    guarded::Analysis,
    outbox::Posts,
    settings::SettingsSnapshot,
    stream::{Attached, Stream, span},
};
use crate::media::Ns;

/// The state of an element's stream and of the time without a buffer.
pub struct TimedStream<D: TimingDetector> {
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
    pub fn play(&mut self) {
        if !self.stream.is_started() {
            let (format, reader) = reader::unknown();
            self.stream.start(format, reader);
        }
        self.timer.play(now());
    }

    /// The pipeline pauses: no buffer is missed until it plays again.
    pub fn pause(&mut self) {
        self.timer.pause(now());
    }

    /// Ends the open episodes and forgets the stream.
    pub fn stop(&mut self) {
        self.extend_stall();
        self.stream.stop();
        (self.timer, self.timed_out) = (IdleTimer::default(), false);
    }

    /// Analyses a buffer; returns what is to be attached to it. Nothing is judged in times that the stream calls sparse.
    pub fn analyze(
        &mut self,
        source: (&gst::Element, &gst::BufferRef),
    ) -> Option<Attached<BufferTiming>> {
        match self.stream.is_sparse() {
            true => None,
            false => self.stream.analyze(source),
        }
    }

    /// Handles an event, before it goes downstream.
    pub fn event(&mut self, event: &gst::EventRef) {
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
    pub fn on_buffer(&mut self, duration: Ns) {
        let now = now();
        self.resume(now);
        let waited = self.timer.on_buffer(now, duration);
        if let Some(runner) = self.stream.analyzer.runner() {
            runner.on_buffer(waited);
        }
    }

    /// Called when the next element has taken the last buffer, which may end the wait.
    pub fn on_downstream_return(&mut self) {
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
    pub fn check_timeout(&mut self) -> Option<Ns> {
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
