// SPDX-License-Identifier: MPL-2.0
//! Episodes: a defect is established, maybe goes on, and is over. One state machine for all detectors.

use super::{Common, Direction, Evidence, Finding, Observation, Reason, State};
use crate::media::{Ns, Span};

/// The state machine of one kind and channel.
#[derive(Debug, Default)]
pub(super) struct Track {
    open: Option<Episode>,
    /// End of the last episode: the next one doesn't start before.
    floor: Ns,
}

#[derive(Debug)]
struct Episode {
    since: Ns,
    /// End of the last unit that had the defect.
    last: Ns,
    /// Number; none before it is announced.
    id: Option<u64>,
    seen: Observation,
    count: u64,
    clear_since: Option<Ns>,
    updated: Ns,
}

/// What a track needs to know of its surroundings.
pub(super) struct Context<'a> {
    pub kind: usize,
    pub channel: Option<usize>,
    pub direction: Direction,
    pub common: &'a Common,
    pub next_id: &'a mut u64,
    pub emit: &'a mut dyn FnMut(Finding),
}

impl Track {
    /// Whether an announced episode is open.
    pub fn announced(&self) -> bool {
        self.open.as_ref().is_some_and(|e| e.id.is_some())
    }

    /// Takes what was seen in a unit. `isolated`: a defect of its own, to be counted.
    pub fn observe(
        &mut self,
        span: Span,
        seen: Observation,
        isolated: bool,
        context: &mut Context<'_>,
    ) {
        match seen.evidence {
            Evidence::Present => self.present(span, seen, isolated, context),
            Evidence::Absent => self.absent(span, seen.since, context),
            Evidence::Unknown => {}
        }
        if let Some(e) = &mut self.open
            && e.id.is_some()
            && context.common.update_interval > 0
            && span.end.saturating_sub(e.updated) >= context.common.update_interval
        {
            e.updated = span.end;
            e.emit(State::Ongoing, context);
        }
    }

    fn present(
        &mut self,
        span: Span,
        seen: Observation,
        isolated: bool,
        context: &mut Context<'_>,
    ) {
        let wait = seen.min_duration.unwrap_or(context.common.min_duration);
        let floor = self.floor;
        let e = match &mut self.open {
            Some(e) => {
                e.see(seen, context.direction);
                e
            }
            none => none.insert(Episode::new(
                seen.since.unwrap_or(span.start).max(floor),
                seen,
            )),
        };
        e.last = span.end.max(e.since);
        e.clear_since = None;
        e.count += u64::from(isolated);
        if e.id.is_none() && (isolated || e.last - e.since >= wait) {
            e.id = Some(*context.next_id);
            e.updated = e.last;
            *context.next_id += 1;
            e.emit(State::Begin, context);
        }
    }

    fn absent(&mut self, span: Span, since: Option<Ns>, context: &mut Context<'_>) {
        let Some(e) = &mut self.open else { return };
        if e.id.is_none() {
            self.open = None;
            return;
        }
        let clear = *e.clear_since.get_or_insert(since.unwrap_or(span.start));
        if span.end.saturating_sub(clear) >= context.common.clear_duration {
            e.last = clear.max(e.since);
            self.close(Reason::Cleared, context);
        }
    }

    /// Ends what is open, at the last moment that had the defect.
    pub fn close(&mut self, reason: Reason, context: &mut Context<'_>) {
        if let Some(mut e) = self.open.take() {
            if let Some(clear) = e.clear_since {
                e.last = clear.max(e.since);
            }
            self.floor = e.last;
            e.emit(State::End(reason), context);
        }
    }

    /// Ends what is open at that time; the next one may start before it.
    pub fn end(&mut self, at: Ns, context: &mut Context<'_>) {
        if let Some(e) = &mut self.open {
            e.clear_since = Some(at);
        }
        self.close(Reason::Cleared, context);
        self.forget();
    }

    /// The timeline begins anew.
    pub fn forget(&mut self) {
        *self = Self::default();
    }
}

impl Episode {
    fn new(since: Ns, seen: Observation) -> Self {
        Self {
            since,
            last: since,
            id: None,
            seen,
            count: 0,
            clear_since: None,
            updated: since,
        }
    }

    /// Keeps the worst value, and the newest words.
    fn see(&mut self, seen: Observation, direction: Direction) {
        let worst = match direction {
            Direction::HigherIsWorse => self.seen.value.max(seen.value),
            Direction::LowerIsWorse => self.seen.value.min(seen.value),
            Direction::AwayFromZero if seen.value.abs() > self.seen.value.abs() => seen.value,
            Direction::AwayFromZero => self.seen.value,
        };
        let confidence = self.seen.confidence.max(seen.confidence);
        self.seen = Observation {
            value: worst,
            confidence,
            ..seen
        };
    }

    /// Says where it stands; an episode that wasn't announced has nothing to say.
    fn emit(&self, state: State, context: &mut Context<'_>) {
        let Some(id) = self.id else { return };
        (context.emit)(Finding {
            kind: context.kind,
            channel: context.channel,
            state,
            id,
            at: self.since,
            duration: self.last - self.since,
            seen: self.seen.clone(),
            count: (self.count > 0).then_some(self.count),
        });
    }
}

#[cfg(test)]
#[path = "episode_tests.rs"]
mod tests;
