// SPDX-License-Identifier: MPL-2.0
//! Makes stream times count from the first picture, as players count, where the source counts from a clock that is ahead of it.

use super::super::source::{self, Streams};
use super::PlayEvent;

/// Most events that wait for the first picture.
const MOST_HELD: usize = 1000;

/// The stream time from which times count.
#[derive(Debug, Default)]
pub struct Origin {
    /// Whether times are to count from the first picture; `None` before anything was reported.
    counts_from_clock: Option<bool>,
    /// In ns; `None` before it is known.
    origin: Option<u64>,
    /// Results that wait for it.
    held: Vec<PlayEvent>,
}

impl Origin {
    /// In ns of stream time; 0 before it is known, and where times need no shift.
    pub fn time(&self) -> u64 {
        self.origin.unwrap_or(0)
    }

    /// Shifts the times of results; holds them back until the origin is known, if they `may_wait`.
    pub fn place(
        &mut self,
        events: Vec<PlayEvent>,
        (pipeline, streams): (&gst::Pipeline, &Streams),
        may_wait: bool,
    ) -> Vec<PlayEvent> {
        let is_timed =
            |event: &PlayEvent| matches!(event, PlayEvent::Defect(..) | PlayEvent::Measurement(..));
        // Before the first result the elements that tell how times count may not be there.
        if self.held.is_empty() && !events.iter().any(is_timed) {
            return events;
        }
        let counts_from_clock = *self
            .counts_from_clock
            .get_or_insert_with(|| source::counts_from_clock(pipeline));
        if !counts_from_clock {
            return events;
        }
        // What is no result waits for none.
        let (mut events, results): (Vec<_>, Vec<_>) = events
            .into_iter()
            .partition(|event| matches!(event, PlayEvent::Warning(_) | PlayEvent::Failed(_)));
        self.held.extend(results);
        self.origin = self.origin.or_else(|| streams.origin());
        if self.origin.is_none() && may_wait && self.held.len() < MOST_HELD {
            return events;
        }
        let origin = *self.origin.get_or_insert(0);
        let place = |time: &mut Option<u64>| *time = time.map(|time| time.saturating_sub(origin));
        for event in &mut self.held {
            match event {
                PlayEvent::Defect(_, defect) => place(&mut defect.stream_time),
                PlayEvent::Measurement(_, measurement) => place(&mut measurement.stream_time),
                PlayEvent::Element(..) | PlayEvent::Warning(_) | PlayEvent::Failed(_) => {}
            }
        }
        let mut placed = std::mem::take(&mut self.held);
        placed.append(&mut events);
        placed
    }
}
