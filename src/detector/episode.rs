// SPDX-License-Identifier: MPL-2.0
//! Episodes: a defect begins, may go on, and ends. One state machine for all detectors.
//!
//! Before an episode is announced it is a candidate. Only time that was judged counts towards `min-duration`, and a
//! candidate is forgotten when nothing could be judged for longer than `clear-duration`.

use super::{
    Common, Direction, Evidence, Finding, Observation, Reason, State,
    common::SHORTEST_UPDATE_INTERVAL,
};
use crate::media::{Ns, Span};

/// The state machine of one kind and channel.
#[derive(Debug, Default)]
pub(super) struct EpisodeMachine {
    open: Option<Episode>,
    /// End of the last episode; the next one doesn't start before.
    floor: Ns,
    /// End of the last span that was observed.
    observed: Ns,
    /// Whether a part of the stream has ended, and nothing was observed since.
    at_boundary: bool,
}

#[derive(Debug)]
struct Episode {
    since: Ns,
    /// End of the last unit that had the defect.
    last: Ns,
    /// Number; `None` before it is announced.
    id: Option<u64>,
    /// Whether it continues an announced episode that a segment boundary ended: then it is announced with its next
    /// unit, without waiting for `min-duration`.
    established: bool,
    observation: Observation,
    count: u64,
    clear_since: Option<Ns>,
    /// Time between `since` and `last` in which nothing could be judged.
    unjudged: Ns,
    /// Start and length of the time in which nothing can be judged.
    unknown: Option<(Ns, Ns)>,
    /// When the last message was emitted, in stream time.
    updated: Ns,
    /// The duration in the last message.
    reported: Ns,
}

/// What an `EpisodeMachine` needs from outside.
pub(super) struct Context<'a> {
    pub kind: usize,
    pub channel: Option<usize>,
    pub direction: Direction,
    pub common: &'a Common,
    pub next_id: &'a mut u64,
    pub emit: &'a mut dyn FnMut(Finding),
}

impl EpisodeMachine {
    /// Whether an announced episode is open, or one that a new segment ended and that goes on.
    pub fn is_open(&self) -> bool {
        self.open
            .as_ref()
            .is_some_and(|e| e.id.is_some() || e.established)
    }

    /// Its state as a text, for debugging.
    pub fn describe(&self) -> String {
        match &self.open {
            None => "no episode".to_owned(),
            Some(Episode {
                id: Some(number), ..
            }) => format!("episode {number} is open"),
            Some(e) => {
                let lasted = e.last.saturating_sub(e.since) as f64 / 1e9;
                format!("not announced yet, for {lasted:.3} s")
            }
        }
    }

    /// Whether an announced episode is open.
    pub fn is_announced(&self) -> bool {
        self.open.as_ref().is_some_and(|e| e.id.is_some())
    }

    /// Takes the observation of a unit. `isolated`: the unit is a defect of its own, to be counted.
    pub fn observe(
        &mut self,
        span: Span,
        observation: Observation,
        isolated: bool,
        context: &mut Context<'_>,
    ) {
        self.observed = span.end;
        if std::mem::take(&mut self.at_boundary)
            && let Some(e) = self.open.as_mut().filter(|e| e.established)
        {
            e.since = span.start.max(self.floor);
            e.last = e.since;
        }
        match observation.evidence {
            Evidence::Present => self.present(span, observation, isolated, context),
            Evidence::Absent => self.absent(span, observation.since, context),
            Evidence::Unknown => self.unknown(span, context),
        }
        let interval = context.common.update_interval;
        if let Some(e) = &mut self.open
            && e.id.is_some()
            && interval > 0
            && span.end.saturating_sub(e.updated) >= interval.max(SHORTEST_UPDATE_INTERVAL)
        {
            e.updated = span.end;
            e.emit(State::Ongoing, context);
        }
    }

    /// Takes a time in which nothing could be judged, except what was observed in it.
    pub fn unjudged(&mut self, span: Span, context: &Context<'_>) {
        if self.observed < span.end {
            self.observed = span.end;
            self.unknown(span, context);
        }
    }

    fn present(
        &mut self,
        span: Span,
        observation: Observation,
        isolated: bool,
        context: &mut Context<'_>,
    ) {
        let wait = observation
            .min_duration
            .unwrap_or(context.common.min_duration);
        let since = observation.since.unwrap_or(span.start);
        let count = observation.count;
        let floor = self.floor;
        let e = match &mut self.open {
            Some(e) => {
                if e.established && e.id.is_none() {
                    e.observation = observation;
                } else {
                    e.update(observation, context.direction);
                }
                e
            }
            none => none.insert(Episode::new(since.max(floor), observation)),
        };
        // An observation whose start lies that far back has judged that time after all.
        if let Some((start, length)) = e.unknown.take()
            && since > start
        {
            e.unjudged += length;
        }
        e.last = span.end.max(e.last);
        e.clear_since = None;
        e.count += if isolated { count } else { 0 };
        let judged = (e.last - e.since).saturating_sub(e.unjudged);
        if e.id.is_none() && (isolated || e.established || judged >= wait) {
            e.id = Some(*context.next_id);
            e.updated = e.last;
            *context.next_id += 1;
            e.emit(State::Begin, context);
        }
    }

    fn absent(&mut self, span: Span, since: Option<Ns>, context: &mut Context<'_>) {
        let Some(e) = &mut self.open else { return };
        if e.id.is_none() && !e.established {
            self.open = None;
            return;
        }
        e.unknown = None;
        let clear = *e.clear_since.get_or_insert(since.unwrap_or(span.start));
        if span.end.saturating_sub(clear) >= context.common.clear_duration {
            self.end_open(Reason::Cleared, context);
        }
    }

    fn unknown(&mut self, span: Span, context: &Context<'_>) {
        let Some(e) = &mut self.open else { return };
        let (_, length) = e.unknown.get_or_insert((span.start, 0));
        *length += span.duration();
        if e.id.is_none() && *length > context.common.clear_duration {
            self.open = None;
        }
    }

    /// Ends an announced episode at `at`, the end of a part of the stream whose next part may follow; a candidate
    /// stays.
    pub fn close(&mut self, reason: Reason, at: Ns, context: &mut Context<'_>) {
        let Some(e) = self.open.as_ref().filter(|e| e.id.is_some()) else {
            return;
        };
        // Isolated defects are counted and have no length.
        let lasts = (e.count == 0).then(|| (e.clear_since, e.unknown, e.observation.clone()));
        self.end_open(reason, context);
        self.floor = self.floor.max(at);
        self.at_boundary = true;
        if let Some((clear_since, unknown, observation)) = lasts {
            self.open = Some(Episode {
                established: true,
                clear_since,
                unknown,
                ..Episode::new(self.floor, observation)
            });
        }
    }

    /// Ends the open episode and forgets it, because the stream breaks.
    pub fn reset(&mut self, reason: Reason, context: &mut Context<'_>) {
        self.end_open(reason, context);
        *self = Self::default();
    }

    /// Ends the open episode at `at`; the next one may start before.
    pub fn end_at(&mut self, at: Ns, context: &mut Context<'_>) {
        if let Some(e) = &mut self.open {
            e.last = e.last.max(at);
            e.clear_since = Some(at);
        }
        self.reset(Reason::Cleared, context);
    }

    /// Ends the open episode at the end of the last unit that had the defect.
    fn end_open(&mut self, reason: Reason, context: &mut Context<'_>) {
        if let Some(mut e) = self.open.take() {
            if let Some(clear) = e.clear_since {
                e.last = clear.max(e.since);
            }
            e.emit(State::End(reason), context);
            self.floor = e.since.saturating_add(e.reported);
        }
    }
}

impl Episode {
    fn new(since: Ns, observation: Observation) -> Self {
        Self {
            since,
            last: since,
            id: None,
            established: false,
            observation,
            count: 0,
            clear_since: None,
            unjudged: 0,
            unknown: None,
            updated: since,
            reported: 0,
        }
    }

    /// Keeps the worst value and the newest texts; the limit stays what it was when the episode was announced.
    fn update(&mut self, new: Observation, direction: Direction) {
        let old = &self.observation;
        let value = match direction {
            Direction::HigherIsWorse => old.value.max(new.value),
            Direction::LowerIsWorse => old.value.min(new.value),
            Direction::AwayFromZero if new.value.abs() > old.value.abs() => new.value,
            Direction::AwayFromZero => old.value,
        };
        let announced = self.id.is_some();
        self.observation = Observation {
            value,
            threshold: if announced {
                old.threshold
            } else {
                new.threshold
            },
            confidence: old.confidence.max(new.confidence),
            ..new
        };
    }

    /// Emits a finding, if the episode is announced; its duration never shrinks from message to message.
    fn emit(&mut self, state: State, context: &mut Context<'_>) {
        let Some(id) = self.id else { return };
        self.reported = self.reported.max(self.last - self.since);
        (context.emit)(Finding {
            kind: context.kind,
            channel: context.channel,
            state,
            id,
            at: self.since,
            duration: self.reported,
            observation: self.observation.clone(),
            count: (self.count > 0).then_some(self.count),
        });
    }
}

#[cfg(test)]
#[path = "episode_tests.rs"]
mod tests;
