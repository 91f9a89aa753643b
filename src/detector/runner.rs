// SPDX-License-Identifier: MPL-2.0
//! A detector at work on one stream: settings, time, intervals and episodes around it. The whole of an element but GStreamer.

use super::{
    Common, Detector, Episodes, MeasureSet, Medium, Reason, Report, Severity, waiting::Wait,
};
use crate::media::{Ns, SECOND, Span};

type Format<D> = <<D as Detector>::Medium as Medium>::Format;

/// The most intervals without data that are reported one by one; a longer gap becomes a single one.
const MOST_EMPTY_INTERVALS: u64 = 1000;

/// The most pieces of a gap that a detector is told of: a quarter of an hour, by then it knows.
const MOST_PIECES: u64 = 1000;

/// The shortest time between two measurements; a wish for less would flood the bus.
const SHORTEST_INTERVAL: Ns = 10_000_000;

/// How far time may jump forward and still be a gap in the same programme.
const LONGEST_GAP: Ns = SECOND;

/// How far apart the times of two units may be that follow one another: more than rounding, less than a block.
const UNEVEN: Ns = 1_000_000;

/// Runs a detector over units of one format.
pub struct Runner<D: Detector> {
    /// None: the stream can't be analysed, which is what its measurements say.
    sight: Option<(Format<D>, D)>,
    settings: D::Settings,
    episodes: Episodes<D::Kind>,
    interval: Interval,
    /// End of the last unit.
    position: Option<Ns>,
}

/// The measurement interval in progress.
#[derive(Debug, Default)]
struct Interval {
    start: Option<Ns>,
    analysed: bool,
    values: Vec<f64>,
}

impl<D: Detector> Runner<D> {
    /// For a stream of that format.
    pub fn new(format: Format<D>, common: Common, settings: D::Settings) -> Self {
        let channels = D::Medium::channels(&format);
        let detector = D::new(&format);
        Self::with(Some((format, detector)), channels, common, settings)
    }

    /// For a stream that can't be analysed: it only knows [gaps](Self::gap).
    pub fn blind(common: Common, settings: D::Settings) -> Self {
        Self::with(None, 0, common, settings)
    }

    fn with(
        sight: Option<(Format<D>, D)>,
        channels: usize,
        common: Common,
        settings: D::Settings,
    ) -> Self {
        let values = vec![f64::NAN; D::INFO.measure_count(channels)];
        Self {
            sight,
            settings,
            episodes: Episodes::new(D::INFO, common, channels),
            interval: Interval {
                values,
                ..Default::default()
            },
            position: None,
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
        self.sight.as_ref().map(|(format, _)| format)
    }

    /// Where the stream is: the end of the last unit.
    pub fn position(&self) -> Option<Ns> {
        self.position
    }

    /// Applies from the next unit.
    pub fn configure(&mut self, common: Common, settings: D::Settings) {
        if !common.active {
            self.finish(Reason::Inactive);
        }
        self.episodes.set_common(common);
        self.settings = settings;
    }

    /// Whether the detector is switched on.
    pub fn is_active(&self) -> bool {
        self.episodes.common().active
    }

    /// The severity that its messages carry.
    pub fn severity(&self) -> Severity {
        self.episodes.common().severity
    }

    /// One unit.
    pub fn push(&mut self, span: Span, view: <D::Medium as Medium>::View<'_>) {
        let span = span.clamped();
        self.arrive(span);
        if let Some((_, detector)) = &mut self.sight {
            self.interval.analysed = true;
            detector.push(span, view, &self.settings, &mut self.episodes);
        }
        self.position = Some(span.end);
    }

    /// A unit that takes none of the stream's time: of another stream, say.
    pub fn aside(&mut self, view: <D::Medium as Medium>::View<'_>) {
        let now = self.position.unwrap_or(0);
        if let Some((_, detector)) = &mut self.sight {
            detector.push(
                Span::new(now, now),
                view,
                &self.settings,
                &mut self.episodes,
            );
        }
    }

    /// A stretch whose data couldn't be read: nothing is known about it.
    pub fn unread(&mut self, span: Span) {
        self.arrive(span);
        self.complete_intervals(span.end);
        self.position = Some(span.end);
    }

    /// A stretch without data.
    pub fn gap(&mut self, span: Span) {
        let span = span.clamped();
        self.arrive(span);
        // In pieces, so that a long one has the same effect as many short ones.
        let mut at = span.start;
        for _ in 0..MOST_PIECES {
            let end = span.end.min(at.saturating_add(SECOND));
            self.complete_intervals(at);
            if let Some((_, detector)) = &mut self.sight {
                detector.gap(Span::new(at, end), &self.settings, &mut self.episodes);
            }
            at = end;
            if at >= span.end {
                break;
            }
        }
        self.position = Some(span.end);
    }

    /// Nothing has come for a while, by the wall clock: time of the stream stands still.
    pub fn wait(&mut self, wait: Wait) {
        if let Some((_, detector)) = &mut self.sight {
            detector.wait(wait, &self.settings, &mut self.episodes);
        }
    }

    /// How long nothing may come before [`wait`](Self::wait) is to be called.
    pub fn patience(&self, wait: &Wait) -> Option<Ns> {
        self.is_active()
            .then(|| D::patience(wait, self.episodes.common(), &self.settings))?
    }

    /// The stream breaks off here: ends every episode and forgets the past.
    pub fn finish(&mut self, reason: Reason) {
        if let (Some(_), Some(end)) = (self.interval.start, self.position) {
            self.complete_intervals(end);
        }
        self.episodes.close(reason);
        if let (Some(start), Some(end)) = (self.interval.start.take(), self.position.take())
            && end > start
            && self.wanted_interval().is_some()
        {
            self.report_interval(start, end);
        }
        self.episodes.finish(reason);
        self.interval.analysed = false;
        if let Some((format, detector)) = &mut self.sight {
            detector.renew(format);
        }
    }

    /// What is to be posted.
    pub fn take_reports(&mut self) -> Vec<Report> {
        self.episodes.take_reports()
    }

    /// Deals with jumps of time and with the intervals that are over when a unit of that span comes.
    fn arrive(&mut self, span: Span) {
        if let Some(expected) = self.position {
            // Units may overlap by their own length: rounded timestamps, repeated fields.
            let tolerance = span.duration().max(LONGEST_GAP / 25);
            let backwards = span.start.saturating_add(tolerance) < expected;
            let forwards = span.start
                > expected.saturating_add(LONGEST_GAP.max(span.duration().saturating_mul(2)));
            if backwards || forwards {
                self.finish(Reason::Discont);
            }
            let apart = span.start.abs_diff(expected) > UNEVEN;
            if D::Medium::CONTINUOUS && apart && !backwards && !forwards {
                let from = expected.max(span.start.saturating_sub(LONGEST_GAP));
                self.bridge(Span::new(from.min(span.start), span.start));
            }
            if forwards && self.wanted_interval().is_some() {
                // What was skipped is part of the stream, though nobody saw it.
                self.interval.start = Some(expected);
            }
        }
        self.complete_intervals(span.start);
    }

    /// Tells the detector that what comes doesn't go on from what was.
    fn bridge(&mut self, hole: Span) {
        if let Some((_, detector)) = &mut self.sight {
            detector.gap(hole, &self.settings, &mut self.episodes);
        }
    }

    fn wanted_interval(&self) -> Option<Ns> {
        let wanted = self.episodes.common().measurement_interval;
        (wanted > 0).then(|| wanted.max(SHORTEST_INTERVAL))
    }

    /// Reports the intervals that end at or before `now`.
    fn complete_intervals(&mut self, now: Ns) {
        let Some(length) = self.wanted_interval() else {
            self.interval.start = None;
            return;
        };
        let mut start = *self.interval.start.get_or_insert(now);
        let over = now.saturating_sub(start) / length;
        if over > MOST_EMPTY_INTERVALS {
            self.report_interval(start, start + over * length);
            start += over * length;
        } else {
            for _ in 0..over {
                self.report_interval(start, start + length);
                start += length;
            }
        }
        self.interval.start = Some(start);
    }

    fn report_interval(&mut self, start: Ns, end: Ns) {
        self.interval.values.fill(f64::NAN);
        if let Some((format, detector)) = self.sight.as_mut().filter(|_| self.interval.analysed) {
            let channels = D::Medium::channels(format);
            detector
                .measure()
                .write(channels, &mut self.interval.values);
        }
        self.episodes
            .measured(start, end, self.interval.analysed, &self.interval.values);
        self.interval.analysed = false;
    }
}

#[cfg(test)]
#[path = "runner_tests.rs"]
mod tests;
