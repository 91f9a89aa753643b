// SPDX-License-Identifier: MPL-2.0
//! Takes the observations of a detector, keeps the episodes of every kind and channel, and collects the reports.

use super::episode::{Context, EpisodeMachine};
use super::{Common, Evidence, Info, KindSet, Measurement, Observation, Reason, Report, Status};
use crate::media::{Ns, Span};
use std::marker::PhantomData;

/// Keeps the episodes and collects the reports of one detector.
#[derive(Debug)]
pub struct Episodes<K> {
    info: &'static Info,
    kinds: PhantomData<K>,
    common: Common,
    /// The state machines; per kind: one for the programme as a whole, then one for each channel.
    machines: Vec<EpisodeMachine>,
    /// State machines per kind: 1 and the number of channels.
    slots: usize,
    next_id: u64,
    reports: Vec<Report>,
    /// Per kind: the evidence observed in the current measurement interval.
    observed: Vec<Observed>,
    /// For debugging: a line for each observation; `None` while nobody reads them.
    log: Option<Vec<String>>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Observed {
    defect: bool,
    known: bool,
    unknown: bool,
}

impl<K: KindSet> Episodes<K> {
    /// For a stream with that many channels of their own.
    pub fn new(info: &'static Info, common: Common, channels: usize) -> Self {
        let slots = channels + 1;
        Self {
            info,
            kinds: PhantomData,
            common,
            machines: (0..info.kinds.len() * slots)
                .map(|_| EpisodeMachine::default())
                .collect(),
            slots,
            next_id: 1,
            reports: Vec::new(),
            observed: vec![Observed::default(); info.kinds.len()],
            log: None,
        }
    }

    /// Whether each observation is described from now on, for [`take_log`](Self::take_log).
    pub(super) fn set_logging(&mut self, on: bool) {
        if on != self.log.is_some() {
            self.log = on.then(Vec::new);
        }
    }

    /// What was observed since the last call, a line each: why a unit counted or didn't.
    pub(super) fn take_log(&mut self) -> Vec<String> {
        self.log.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// The settings that every detector has.
    pub fn common(&self) -> &Common {
        &self.common
    }

    pub(super) fn next_id(&self) -> u64 {
        self.next_id
    }

    pub(super) fn set_next_id(&mut self, next_id: u64) {
        self.next_id = next_id;
    }

    pub(super) fn set_common(&mut self, common: Common) {
        self.common = common;
    }

    /// Takes the observation of a unit for a kind, in a channel or (`None`) in the programme as a whole. To be called
    /// for every unit, also without a defect: that is how an episode ends.
    pub fn observe(
        &mut self,
        kind: K,
        channel: Option<usize>,
        span: Span,
        observation: Observation,
    ) {
        self.take(kind.index(), channel, span, observation, false);
    }

    /// Takes an isolated defect: it is announced at once; repeats within `clear-duration` are counted.
    pub fn observe_isolated(
        &mut self,
        kind: K,
        channel: Option<usize>,
        span: Span,
        observation: Observation,
    ) {
        self.take(kind.index(), channel, span, observation, true);
    }

    /// Takes a unit without a defect of that kind.
    pub fn clear(&mut self, kind: K, channel: Option<usize>, span: Span) {
        self.observe(
            kind,
            channel,
            span,
            Observation::new(Evidence::Absent, 0.0, 0.0),
        );
    }

    /// Warns that the detector was asked for something that it can't do, e.g. to read a file that isn't readable.
    pub fn warn(&mut self, text: String) {
        self.reports.push(Report::Warning(text));
    }

    /// Whether an announced episode is open, or was until a new segment began and is to be announced again.
    pub fn is_open(&self, kind: K, channel: Option<usize>) -> bool {
        let slot = channel.map_or(0, |c| c + 1);
        slot < self.slots
            && self
                .machines
                .get(kind.index() * self.slots + slot)
                .is_some_and(EpisodeMachine::is_open)
    }

    /// Ends an open episode at `at`, without waiting for `clear-duration`, and lets the next one start before that: for
    /// defects whose length isn't one of stream time.
    pub fn end_at(&mut self, kind: K, channel: Option<usize>, at: Ns) {
        let slot = channel.map_or(0, |c| c + 1);
        if slot < self.slots {
            let index = kind.index() * self.slots + slot;
            self.with_machine(index, |machine, context| machine.end_at(at, context));
        }
    }

    fn take(
        &mut self,
        kind: usize,
        channel: Option<usize>,
        span: Span,
        observation: Observation,
        isolated: bool,
    ) {
        let slot = channel.map_or(0, |c| c + 1);
        let Some(observed) = self.observed.get_mut(kind).filter(|_| slot < self.slots) else {
            #[cfg(test)]
            panic!("{}: kind {kind}, channel {channel:?}", self.info.element);
            #[cfg(not(test))]
            return;
        };
        match observation.evidence {
            Evidence::Unknown => observed.unknown = true,
            _ => observed.known = true,
        }
        let index = kind * self.slots + slot;
        let described = self
            .log
            .as_ref()
            .map(|_| describe(self.info.kinds[kind].name, channel, span, &observation));
        self.with_machine(index, |machine, context| {
            machine.observe(span, observation, isolated, context)
        });
        if let (Some(log), Some(line)) = (&mut self.log, described) {
            log.push(format!("{line}; {}", self.machines[index].describe()));
        }
        self.observed[kind].defect |= self.machines[index].is_announced();
    }

    fn with_machine(
        &mut self,
        index: usize,
        act: impl FnOnce(&mut EpisodeMachine, &mut Context<'_>),
    ) {
        let Self {
            info,
            common,
            machines,
            slots,
            next_id,
            reports,
            ..
        } = self;
        let (kind, slot) = (index / *slots, index % *slots);
        let mut emit = |finding| reports.push(Report::Defect(finding));
        let mut context = Context {
            kind,
            channel: slot.checked_sub(1),
            direction: info.kinds[kind].direction,
            common,
            next_id,
            emit: &mut emit,
        };
        act(&mut machines[index], &mut context);
    }

    /// Takes a time in which nothing could be judged, except what was observed in it.
    pub(super) fn unjudged(&mut self, span: Span) {
        self.each_machine(|machine, context| machine.unjudged(span, context));
    }

    /// Ends every announced episode at `at`, the end of a part of the stream whose next part may follow.
    pub(super) fn close(&mut self, reason: Reason, at: Ns) {
        self.each_machine(|machine, context| machine.close(reason, at, context));
        self.observed.fill(Observed::default());
    }

    /// Ends every announced episode and forgets the candidates, because the stream breaks.
    pub(super) fn reset(&mut self, reason: Reason) {
        self.each_machine(|machine, context| machine.reset(reason, context));
        self.observed.fill(Observed::default());
    }

    fn each_machine(&mut self, mut act: impl FnMut(&mut EpisodeMachine, &mut Context<'_>)) {
        for index in 0..self.machines.len() {
            self.with_machine(index, &mut act);
        }
    }

    /// Reports an interval for every kind, and begins the next one. `analysed`: whether there was any content to
    /// analyse. `lasts`: the last unit goes on in the next interval.
    pub(super) fn measured(&mut self, span: Span, analysed: bool, lasts: bool, values: &[f64]) {
        for kind in 0..self.info.kinds.len() {
            let status = match self.observed[kind] {
                Observed { defect: true, .. } => Status::Defect,
                _ if !analysed => Status::NotAnalysed,
                Observed {
                    known: false,
                    unknown: true,
                    ..
                } => Status::Inconclusive,
                _ => Status::Ok,
            };
            self.reports.push(Report::Measurement(Measurement {
                kind,
                status,
                span,
                values: values.to_vec(),
            }));
            let machines = &self.machines[kind * self.slots..][..self.slots];
            let observed = &mut self.observed[kind];
            match lasts {
                true => observed.defect = machines.iter().any(EpisodeMachine::is_announced),
                false => *observed = Observed::default(),
            }
        }
    }

    /// Takes the reports that are to be posted, in order.
    pub fn take_reports(&mut self) -> Vec<Report> {
        std::mem::take(&mut self.reports)
    }
}

/// An observation as a line for debugging.
fn describe(kind: &str, channel: Option<usize>, span: Span, observation: &Observation) -> String {
    let channel = channel.map_or(String::new(), |c| format!("[{c}]"));
    let (from, to) = (span.start as f64 / 1e9, span.end as f64 / 1e9);
    let what = match observation.evidence {
        Evidence::Present => "present",
        Evidence::Absent => "absent",
        Evidence::Unknown => {
            return format!("{kind}{channel} {from:.3}-{to:.3} s: can't be judged");
        }
    };
    let Observation {
        value, threshold, ..
    } = observation;
    format!("{kind}{channel} {from:.3}-{to:.3} s: {what}, value {value}, limit {threshold}")
}
