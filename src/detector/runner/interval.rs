// SPDX-License-Identifier: MPL-2.0
//! The measurement intervals of a stream: when each is over, and what is reported of it.

use super::Runner;
use crate::detector::{Detector, MeasureSet, Medium, common::SHORTEST_MEASUREMENT_INTERVAL};
use crate::media::{Ns, Span};

/// The most intervals without data that are reported one by one; the rest of a longer gap becomes one interval.
const MOST_EMPTY_INTERVALS: u64 = 1000;

/// The measurement interval in progress.
#[derive(Debug, Default)]
pub(super) struct Interval {
    /// `None` if no interval runs.
    pub(super) start: Option<Ns>,
    /// Whether a unit that was analysed lies in it.
    pub(super) analysed: bool,
    /// Whether one began in it.
    pub(super) has_begun: bool,
    /// End of the last unit that was analysed.
    pub(super) covered: Ns,
    /// Room for what is measured.
    pub(super) values: Vec<f64>,
}

impl<D: Detector> Runner<D> {
    /// How long intervals are; `None` if nothing is measured.
    pub(super) fn interval_length(&self) -> Option<Ns> {
        let set = self.episodes.common().measurement_interval;
        (set > 0).then(|| set.max(SHORTEST_MEASUREMENT_INTERVAL))
    }

    /// Reports the intervals that end at or before `now`.
    pub(super) fn complete_intervals(&mut self, now: Ns) {
        let Some(length) = self.interval_length() else {
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

    /// Ends the interval in progress, however short, at the position of the stream.
    pub(super) fn end_interval(&mut self) {
        if let (Some(_), Some(end)) = (self.interval.start, self.position()) {
            self.complete_intervals(end);
            if let Some(start) = self.interval.start.take().filter(|start| *start < end) {
                self.report_interval(start, end);
            }
        }
        let values = std::mem::take(&mut self.interval.values);
        self.interval = Interval {
            values,
            ..Interval::default()
        };
    }

    /// Reports an interval. A unit that is longer is analysed in each interval that it lies in, and measured in that in
    /// which it begins.
    fn report_interval(&mut self, start: Ns, end: Ns) {
        let Interval {
            analysed,
            has_begun,
            covered,
            values,
            ..
        } = &mut self.interval;
        values.fill(f64::NAN);
        if let Some((format, detector)) = self.detector.as_mut().filter(|_| *has_begun) {
            let channels = D::Medium::channels(format);
            detector.measure().write(channels, values);
        }
        let lasts = end < *covered;
        let span = Span::new(start, end);
        self.episodes.measured(span, *analysed, lasts, values);
        (*analysed, *has_begun) = (lasts, false);
    }
}
