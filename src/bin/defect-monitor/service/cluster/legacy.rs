// SPDX-License-Identifier: MPL-2.0
//! What members leave to others: alarms that are open, and notices that aren't sent yet. Each member writes its own into a bucket; whoever
//! claims a stream goes on with its alarms, as after a restart.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::announced::Announced;
use super::left::{EARLIER_RUN, Left, is_alarm, place_of, section_of};
use crate::service::state::{Mirrored, Section};

/// For how long notices of a member that is gone wait before others send them: it may be sending them as the last that it does.
const LAST_WORDS: Duration = Duration::from_secs(15);

/// What is left, by key.
#[derive(Debug)]
pub struct Legacy {
    /// Number of this process.
    process: u64,
    /// What this process leaves; none: it is to be removed.
    own: BTreeMap<String, Option<Left>>,
    /// What others have left, and when that was read.
    others: BTreeMap<String, (Left, Instant)>,
    /// Notices of others that this process has to send, until it has.
    inherited: BTreeSet<String>,
    /// The alarms that the bucket has.
    announced: Announced,
}

impl Legacy {
    /// None yet.
    pub fn new(process: u64) -> Self {
        Self {
            process,
            own: BTreeMap::new(),
            others: BTreeMap::new(),
            inherited: BTreeSet::new(),
            announced: Announced::new(process),
        }
    }

    /// Forgets what others have left, to read it again.
    pub fn clear(&mut self) {
        self.others.clear();
        self.announced.clear();
    }

    /// This process leaves that. Gives the key of the entry; none if it is of no use to others.
    pub fn leave(&mut self, mirrored: &Mirrored) -> Option<String> {
        let place = place_of(mirrored.section, &mirrored.key)?;
        match Left::of(self.process, mirrored) {
            Some(left) => drop(self.own.insert(place.clone(), Some(left))),
            None if mirrored.value.is_some() => return None,
            None => {
                let left = self.own.get_mut(&place)?;
                match left.as_mut().filter(|_| is_alarm(&place)) {
                    Some(alarm) => alarm.over = Some(Timestamp::now()),
                    None => *left = None,
                }
            }
        }
        Some(place)
    }

    /// An earlier run of this process has left that, and the bucket hasn't it. An alarm is as one of a process that is gone: who has its
    /// stream goes on with it. False if it is of no use to others.
    pub fn restore(&mut self, mirrored: &Mirrored) -> bool {
        let place = self.leave(mirrored);
        let alarm = place.as_ref().filter(|place| is_alarm(place));
        if let Some(Some(left)) = alarm.and_then(|place| self.own.get_mut(place)) {
            left.process = EARLIER_RUN;
        }
        place.is_some()
    }

    /// The keys of all that this process leaves, alarms before the notices of them.
    pub fn places(&self) -> Vec<String> {
        self.own.keys().cloned().collect()
    }

    /// An entry of this process: none if it leaves nothing there, and none in it if it is to be removed.
    pub fn own(&self, place: &str) -> Option<Option<Left>> {
        self.own.get(place).cloned()
    }

    /// The revision that an alarm is to be written over; none for a notice, which is written over anything.
    pub fn revision(&self, place: &str) -> Option<u64> {
        is_alarm(place).then(|| self.announced.revision(place))
    }

    /// Whether another process speaks of the alarm; `holds`: whether this one has the stream.
    pub fn is_anothers(&self, place: &str, left: &Left, holds: bool) -> bool {
        let Some(mut span) = left.span() else {
            return false;
        };
        if is_alarm(place) {
            span.over = left.over;
            // Others have to know of an alarm that is open rather than of one that is over.
            let is_past =
                span.over.is_some() && self.announced.is_replaced(place, &span.alarm, true);
            return is_past || self.announced.is_anothers(place, &span, holds);
        }
        if self.inherited.contains(place) {
            return false;
        }
        let Some(alarm) = left.alarm() else {
            return false;
        };
        // Who goes on with an alarm takes it for announced.
        let holds = holds || left.is_begin();
        self.announced.is_anothers(&alarm, &span, holds)
    }

    /// Whether an alarm that this process leaves, and that isn't over, goes on under another process' name; `holds` as before.
    pub fn is_replaced(&self, place: &str, left: &Left, holds: bool) -> bool {
        let span = left
            .span()
            .filter(|_| is_alarm(place) && left.over.is_none());
        span.is_some_and(|span| self.announced.is_replaced(place, &span.alarm, holds))
    }

    /// It isn't for this process to leave that.
    pub fn drop_own(&mut self, place: &str) {
        self.inherited.remove(place);
        self.own.remove(place);
    }

    /// The entry was written, or removed. What this process doesn't go on with isn't written again.
    pub fn note_written(&mut self, place: &str, left: Option<&Left>, revision: u64, holds: bool) {
        self.others.remove(place);
        self.announce(place, left, revision);
        let is_done = left.is_none_or(|left| is_alarm(place) && (left.over.is_some() || !holds));
        if is_done {
            self.drop_own(place);
        }
    }

    fn announce(&mut self, place: &str, left: Option<&Left>, revision: u64) {
        if is_alarm(place) {
            let last = left.and_then(|left| Some((left.process, left.span()?)));
            let now = Timestamp::now();
            self.announced.note(place, last, revision, now);
        }
    }

    /// The bucket has no such entry.
    pub fn forget(&mut self, place: &str) {
        self.announced.forget(place);
    }

    /// The alarms of these streams are others'. Those that the bucket hasn't yet are written, so that others know them.
    pub fn hand_over(&mut self, streams: &BTreeSet<Arc<str>>) {
        let announced = &self.announced;
        let is_left = |place: &str, left: &Left| {
            let span = left.span();
            let is_written = span.is_some_and(|span| announced.is_written(place, &span.alarm));
            is_alarm(place) && streams.contains(&left.stream) && is_written
        };
        self.own
            .retain(|place, left| !left.as_ref().is_some_and(|left| is_left(place, left)));
    }

    /// An entry of the bucket is this now; none: it is gone.
    pub fn note(&mut self, place: &str, left: Option<Left>, revision: u64, now: Instant) {
        self.announce(place, left.as_ref(), revision);
        let is_anothers = |left: &Left| left.process != self.process && left.over.is_none();
        match left.filter(is_anothers) {
            Some(left) => self.others.insert(place.to_owned(), (left, now)),
            None => self.others.remove(place),
        };
    }

    /// Offers what this process is to go on with: the alarms of the streams that it has, and what processes that don't live any more
    /// couldn't send of them. What `take_over` refuses is offered again later.
    pub fn inherit(
        &mut self,
        held: &BTreeSet<Arc<str>>,
        live: &BTreeSet<u64>,
        now: Instant,
        mut take_over: impl FnMut(&Mirrored) -> bool,
    ) {
        let is_due = |place: &String, (left, since): &(Left, Instant)| {
            let has_waited = now.saturating_duration_since(*since) >= LAST_WORDS;
            held.contains(&left.stream)
                && match section_of(place) {
                    Some(Section::Alarms) => true,
                    Some(_) => has_waited && !live.contains(&left.process),
                    None => false,
                }
        };
        let inherited = &mut self.inherited;
        self.others.retain(|place, other| {
            let Some(section) = section_of(place).filter(|_| is_due(place, other)) else {
                return true;
            };
            let (left, _) = &*other;
            let is_taken = take_over(&Mirrored {
                section,
                key: left.key.clone(),
                value: Some(left.value.clone()),
            });
            if is_taken && section == Section::Queue {
                inherited.insert(place.clone());
            }
            !is_taken
        });
    }
}

#[cfg(test)]
mod tests;
