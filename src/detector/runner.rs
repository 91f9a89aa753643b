// SPDX-License-Identifier: MPL-2.0
//! Runs a detector on one stream: clock, gaps, measurement intervals, episodes. Everything an element does except
//! GStreamer.

use super::{
    Common, Detector, Episodes, Medium, Reason, Report,
    clock::{Continuation, StreamClock},
};
use crate::media::{Ns, SECOND, Span};

mod interval;
use interval::Interval;

type Format<D> = <<D as Detector>::Medium as Medium>::Format;

/// The most pieces of a second in which a detector gets a gap: a longer one has no other effect than a quarter of an
/// hour.
const MOST_PIECES: u64 = 1000;

/// Runs a detector over units of one format.
pub struct Runner<D: Detector> {
    /// `None`: the format isn't supported, and measurements say that nothing was analysed.
    detector: Option<(Format<D>, D)>,
    /// Whether the detector has seen nothing since it was made or reset.
    is_new: bool,
    settings: D::Settings,
    clock: StreamClock,
    episodes: Episodes<D::Kind>,
    interval: Interval,
}

impl<D: Detector> Runner<D> {
    /// For a stream of that format.
    pub fn new(format: Format<D>, common: Common, settings: D::Settings) -> Self {
        let channels = D::Medium::channels(&format);
        let declared = D::Medium::unit_duration(&format);
        let detector = D::new(&format);
        Self::with(
            Some((format, detector)),
            channels,
            declared,
            common,
            settings,
        )
    }

    /// For a stream that can't be analysed: it only has [gaps](Self::gap) and [unreadable](Self::push_unreadable)
    /// units.
    pub fn unsupported(common: Common, settings: D::Settings) -> Self {
        Self::with(None, 0, None, common, settings)
    }

    fn with(
        detector: Option<(Format<D>, D)>,
        channels: usize,
        declared: Option<Ns>,
        common: Common,
        settings: D::Settings,
    ) -> Self {
        let values = vec![f64::NAN; D::INFO.measure_count(channels)];
        Self {
            detector,
            settings,
            clock: StreamClock::new(D::Medium::CONTINUITY, declared),
            is_new: true,
            episodes: Episodes::new(D::INFO, common, channels),
            interval: Interval {
                values,
                ..Default::default()
            },
        }
    }

    /// Counts episodes from `next_id` on, so that they go on where another runner ended.
    pub fn numbered_from(mut self, next_id: u64) -> Self {
        self.episodes.set_next_id(next_id);
        self
    }

    /// The number of the next episode.
    pub fn next_id(&self) -> u64 {
        self.episodes.next_id()
    }

    /// The format of the stream, if it can be analysed.
    pub fn format(&self) -> Option<&Format<D>> {
        self.detector.as_ref().map(|(format, _)| format)
    }

    /// End of the last unit or gap; `None` before the first one and after a [reset](Self::reset).
    pub fn position(&self) -> Option<Ns> {
        self.clock.position()
    }

    /// Sets the settings from the next unit on.
    pub fn configure(&mut self, common: Common, settings: D::Settings) {
        if !common.active {
            self.reset(Reason::Inactive);
        }
        if common.measurement_interval != self.episodes.common().measurement_interval {
            self.end_interval();
            if let Some((_, detector)) = &mut self.detector {
                // Counts made while no interval ran belong to none.
                detector.measure();
            }
        }
        self.episodes.set_common(common);
        self.settings = settings;
    }

    /// Whether the detector is switched on.
    pub fn is_active(&self) -> bool {
        self.episodes.common().active
    }

    /// Takes a unit; an empty span means that its duration isn't known.
    pub fn push(&mut self, span: Span, view: <D::Medium as Medium>::View<'_>) {
        let span = self.advance(span);
        self.with_detector(|detector, settings, episodes| {
            detector.push(span, view, settings, episodes);
        });
        // Set only now, since the detector may panic.
        if self.detector.is_some() {
            self.interval.analysed = true;
            self.interval.has_begun = true;
            self.interval.covered = span.end;
        }
    }

    /// Takes a unit that takes none of the stream's time, because it belongs to another stream.
    pub fn push_untimed(&mut self, view: <D::Medium as Medium>::View<'_>) {
        let now = self.position().unwrap_or(0);
        self.with_detector(|detector, settings, episodes| {
            detector.push(Span::new(now, now), view, settings, episodes);
        });
    }

    /// Takes a unit that couldn't be read: its time isn't judged.
    pub fn push_unreadable(&mut self, span: Span) {
        let span = self.advance(span);
        self.episodes.unjudged(span);
        self.complete_intervals(span.end);
    }

    /// Takes a time without data.
    pub fn gap(&mut self, span: Span) {
        let span = span.clamped();
        let step = self.arrive(span);
        // Passed on in pieces, so that a long gap has the same effect as many short ones.
        let mut at = span.start;
        for _ in 0..MOST_PIECES {
            let end = span.end.min(at.saturating_add(SECOND));
            self.complete_intervals(at);
            self.pass_gap(Span::new(at, end));
            at = end;
            if at >= span.end {
                break;
            }
        }
        self.episodes.unjudged(Span::new(at, span.end));
        self.clock.pass(span, step);
    }

    /// The settings that every detector has.
    pub(super) fn common(&self) -> &Common {
        self.episodes.common()
    }

    /// The detector's own settings.
    pub(super) fn settings(&self) -> &D::Settings {
        &self.settings
    }

    /// Calls the detector, if the format is supported; takes none of the stream's time.
    pub(super) fn with_detector(
        &mut self,
        act: impl FnOnce(&mut D, &D::Settings, &mut Episodes<D::Kind>),
    ) {
        if let Some((_, detector)) = &mut self.detector {
            self.is_new = false;
            act(detector, &self.settings, &mut self.episodes);
        }
    }

    /// Ends a part of the stream whose next part may follow in time: ends the announced episodes and the interval. A
    /// defect that lasts is announced again at once if the next unit follows the last one.
    pub fn close(&mut self, reason: Reason) {
        self.end_interval();
        let at = self.position().unwrap_or(0);
        self.episodes.close(reason, at);
    }

    /// Breaks the stream: ends every episode and the interval, and forgets the past.
    pub fn reset(&mut self, reason: Reason) {
        self.forget_content(reason);
        self.clock.reset();
    }

    /// Ends every episode without the detector, which can't be asked any more.
    pub fn end_episodes(&mut self, reason: Reason) {
        self.episodes.reset(reason);
    }

    /// Whether each observation is described from now on, for [`take_log`](Self::take_log).
    pub fn set_logging(&mut self, on: bool) {
        self.episodes.set_logging(on);
    }

    /// The observations since the last call, a line each: why a unit counted or didn't. For debugging.
    pub fn take_log(&mut self) -> Vec<String> {
        self.episodes.take_log()
    }

    /// Takes the reports that are to be posted.
    pub fn take_reports(&mut self) -> Vec<Report> {
        self.episodes.take_reports()
    }

    /// Advances the clock with a unit; returns the time that it covers.
    fn advance(&mut self, span: Span) -> Span {
        let span = span.clamped();
        let step = self.arrive(span);
        self.clock.advance(span, step)
    }

    /// Handles missing time, jumps, and intervals that end, before a unit or gap with this span.
    fn arrive(&mut self, span: Span) -> Continuation {
        let step = self.clock.classify(span);
        match step {
            Continuation::Continues => {}
            Continuation::AfterGap(missing) => self.pass_gap(missing),
            Continuation::Breaks => {
                let end = self.position();
                self.forget_content(Reason::Discont);
                // Skipped time is part of the stream, though it wasn't analysed.
                let skipped = end.filter(|end| *end < span.start);
                self.interval.start = skipped.filter(|_| self.interval_length().is_some());
            }
        }
        self.complete_intervals(span.start);
        step
    }

    /// Passes a time without data to the detector.
    fn pass_gap(&mut self, missing: Span) {
        self.with_detector(|detector, settings, episodes| {
            detector.gap(missing, settings, episodes);
        });
        self.episodes.unjudged(missing);
    }

    fn forget_content(&mut self, reason: Reason) {
        self.end_interval();
        self.episodes.reset(reason);
        // Reset only once, since most detectors allocate in it: not for each buffer of a stream that can't be
        // analysed.
        if let Some((format, detector)) = &mut self.detector
            && !self.is_new
        {
            detector.reset(format);
            self.is_new = true;
        }
    }
}

#[cfg(test)]
#[path = "runner_tests.rs"]
mod tests;
