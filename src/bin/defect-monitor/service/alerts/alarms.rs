// SPDX-License-Identifier: MPL-2.0
//! The alarms of a receiver: groups episodes into alarms, with hold-down, flapping and mutes.
//!
//! The episodes of one kind in one stream are one alarm. Its begin is sent at once, its end after the hold-down, so
//! that a defect that comes and goes is one alarm. An alarm that returns soon after its end has a longer hold-down
//! each time. A muted alarm isn't sent; if it outlasts the mute it is sent when the mute ends.
//!
//! Alarms outlast the process. After a start each waits for its defect to be found again, and goes on under the same
//! name; after the grace it ends with the reason `monitor-restarted`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::notice::Notice;
use super::operations::Operations;
use crate::service::outcome::Event;
use crate::service::state::{Section, StateStore};

mod alarm;

use alarm::Alarm;

/// The timing of a receiver's alarms.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// How long a defect must be over before its end is sent.
    pub hold_down: Duration,
    /// The longest hold-down of an alarm that returns again and again.
    pub longest_hold_down: Duration,
    /// How often an alarm is sent again while it lasts.
    pub repeat: Option<Duration>,
    /// Whether it is sent again also if somebody has acknowledged it.
    pub repeat_acknowledged: bool,
    /// How long after a start a defect may take to be found again.
    pub grace: Duration,
}

/// Stream and kind.
type Place = (Arc<str>, String);

/// See the module.
#[derive(Debug)]
pub struct Alarms {
    receiver: String,
    rules: Rules,
    alarms: BTreeMap<Place, Alarm>,
    operations: Arc<Operations>,
    state: StateStore,
}

impl Alarms {
    /// Those that an earlier run left. In a cluster none: who watches a stream goes on with its alarms.
    pub fn load(
        receiver: &str,
        rules: Rules,
        operations: &Arc<Operations>,
        state: &StateStore,
    ) -> Self {
        let mut alarms = Self {
            receiver: receiver.to_owned(),
            rules,
            alarms: BTreeMap::new(),
            operations: Arc::clone(operations),
            state: state.clone(),
        };
        if state.is_mirrored() {
            return alarms;
        }
        for mut alarm in left(receiver, state) {
            let now = Instant::now();
            alarm.interrupt(now + rules.grace);
            alarm.repeat = rules.repeat.map(|repeat| now + repeat);
            alarms.alarms.insert(place(&alarm.begin), alarm);
        }
        alarms
    }

    /// Another process has the streams that `is_gone` says: their alarms are its own. They aren't over.
    pub fn hand_over(&mut self, is_gone: impl Fn(&str) -> bool) {
        for (place, _) in self.alarms.extract_if(.., |place, _| is_gone(&place.0)) {
            self.state
                .forget(Section::Alarms, &key(&self.receiver, &place));
        }
    }

    /// The end of the alarm in an entry of the state, for when another process announces that alarm under another name. `None` if it isn't
    /// one of this receiver.
    pub fn replaced(&self, entry: &str, value: &str) -> Option<Notice> {
        let alarm = serde_json::from_str::<Alarm>(value).ok()?;
        let is_mine = entry == key(&self.receiver, &place(&alarm.begin));
        is_mine.then(|| alarm.elsewhere())
    }

    /// Continues an alarm of another process, as one that an earlier run left. `None` if it isn't one of this receiver. If there was one
    /// here already, it goes on under the other's name; the end under its own is given.
    pub fn take_over(&mut self, entry: &str, value: &str, now: Instant) -> Option<Vec<Notice>> {
        let mut alarm = serde_json::from_str::<Alarm>(value).ok()?;
        let place = place(&alarm.begin);
        if entry != key(&self.receiver, &place) {
            return None;
        }
        let known = self.alarms.get_mut(&place).filter(|known| !known.is_over);
        let mut ends = Vec::new();
        match known {
            // Its defect was found here before that was known.
            Some(known) => ends.extend(known.continue_as(alarm)),
            None => {
                alarm.interrupt(now + self.rules.grace);
                alarm.repeat = self.rules.repeat.map(|repeat| now + repeat);
                self.alarms.insert(place.clone(), alarm);
            }
        }
        self.keep(&place);
        Some(ends)
    }

    /// Since when there is an alarm of that kind in a stream, if it isn't over.
    pub fn open_since(&self, stream: &Arc<str>, kind: &str) -> Option<Timestamp> {
        let alarm = self.alarms.get(&(Arc::clone(stream), kind.to_owned()))?;
        (!alarm.is_over).then_some(alarm.begin.time)
    }

    /// Times them by these rules from now on.
    pub fn set_rules(&mut self, rules: Rules, now: Instant) {
        self.rules = rules;
        for alarm in self.alarms.values_mut() {
            let next = rules.repeat.map(|repeat| now + repeat);
            alarm.repeat = next.map(|next| alarm.repeat.map_or(next, |before| before.min(next)));
        }
    }

    /// Whether an episode is part of an alarm.
    pub fn has(&self, episode: &str) -> bool {
        let mut all = self.alarms.values();
        all.any(|alarm| alarm.open.contains(episode))
    }

    /// Forgets the alarms of that stream, or all, since it or this receiver is removed. Returns the ends of those whose begin it was sent.
    pub fn give_up(&mut self, stream: Option<&str>) -> Vec<Notice> {
        let reason = match stream {
            Some(_) => "stream-removed",
            None => "receiver-removed",
        };
        let is_meant = |place: &Place| stream.is_none_or(|stream| *place.0 == *stream);
        let mut ends = Vec::new();
        for (place, alarm) in self.alarms.extract_if(.., |place, _| is_meant(place)) {
            self.state
                .delete(Section::Alarms, &key(&self.receiver, &place));
            if alarm.is_sent && !alarm.is_over {
                ends.push(alarm.ended_by(reason));
            }
        }
        ends
    }

    /// Takes an event of an episode. Returns the notice to send now.
    pub fn note(&mut self, event: &Event, now: Instant) -> Option<Notice> {
        match event.defect.state.as_str() {
            "begin" => self.begin(event, now),
            "end" => {
                self.end(event, now);
                None
            }
            _ => None,
        }
    }

    fn begin(&mut self, event: &Event, now: Instant) -> Option<Notice> {
        let place = place(event);
        let before = self.alarms.get_mut(&place);
        if let Some(alarm) = before.filter(|alarm| !alarm.is_over) {
            let is_worse = alarm.add(event);
            let notice = (is_worse && alarm.is_sent).then(|| alarm.ongoing());
            if is_worse {
                self.keep(&place);
            }
            return notice;
        }
        let returns = self.alarms.get(&place).map_or(0, |alarm| alarm.returns + 1);
        let mut alarm = Alarm::new(event, returns);
        let is_muted = self.operations.is_muted(&place.0, &place.1);
        let notice = (!is_muted).then(|| alarm.send(self.rules.repeat, now));
        self.alarms.insert(place.clone(), alarm);
        self.keep(&place);
        notice
    }

    fn end(&mut self, event: &Event, now: Instant) {
        let Some(alarm) = self.alarms.get_mut(&place(event)) else {
            return;
        };
        alarm.open.remove(&event.episode);
        if alarm.open.is_empty() && !alarm.is_over {
            alarm.end = Some(event.clone());
            alarm.due = Some(now + self.rules.hold_down(alarm.returns));
        }
    }

    /// The notices that are due at `now`. At shutdown, ends that are certain, not those of alarms that await
    /// confirmation after a restart.
    pub fn due(&mut self, now: Instant, is_closing: bool) -> Vec<Notice> {
        let (mut notices, mut changed, mut gone) = (Vec::new(), Vec::new(), Vec::new());
        for (place, alarm) in &mut self.alarms {
            let is_known = !alarm.open.is_empty() || alarm.count > 0;
            let is_due = alarm.due.is_some_and(|due| due <= now)
                || (is_closing && is_known && alarm.end.is_some());
            if alarm.is_over {
                if is_due {
                    gone.push(place.clone());
                }
            } else if is_due && let Some(end) = alarm.end.take() {
                notices.extend(alarm.is_sent.then(|| alarm.over(&end)));
                alarm.is_over = true;
                alarm.due = Some(now + self.rules.longest_hold_down);
                self.state
                    .delete(Section::Alarms, &key(&self.receiver, place));
            } else if !alarm.is_sent
                && !alarm.open.is_empty()
                && !self.operations.is_muted(&place.0, &place.1)
            {
                notices.push(alarm.send(self.rules.repeat, now));
                changed.push(place.clone());
            } else if alarm.is_sent && alarm.repeat.is_some_and(|at| at <= now) {
                alarm.repeat = self.rules.repeat.map(|repeat| now + repeat);
                let begun = alarm.begin.time;
                let taken = self
                    .operations
                    .acknowledged_since(&place.0, &place.1, begun);
                let is_wanted = (taken.is_none() || self.rules.repeat_acknowledged)
                    && !self.operations.is_muted(&place.0, &place.1);
                if is_wanted {
                    alarm.repeats += 1;
                    notices.push(Notice {
                        acknowledged: taken,
                        ..alarm.ongoing()
                    });
                }
            }
        }
        gone.iter()
            .for_each(|place| drop(self.alarms.remove(place)));
        changed.iter().for_each(|place| self.keep(place));
        notices
    }

    fn keep(&self, place: &Place) {
        if let Some(alarm) = self.alarms.get(place) {
            self.state
                .set(Section::Alarms, &key(&self.receiver, place), alarm);
        }
    }
}

impl Rules {
    fn hold_down(&self, returns: u32) -> Duration {
        let longest = self.longest_hold_down.max(self.hold_down);
        self.hold_down
            .saturating_mul(1 << returns.min(20))
            .min(longest)
    }
}

fn place(event: &Event) -> Place {
    (Arc::clone(&event.source.stream), event.defect.kind.clone())
}

fn left(receiver: &str, state: &StateStore) -> impl Iterator<Item = Alarm> {
    let left: Vec<(String, Alarm)> = state.load(Section::Alarms, &format!("{receiver}\u{1f}"));
    left.into_iter().map(|(_, alarm)| alarm)
}

/// The names of the alarms that an earlier run left and whose begin it sent, or was to send.
pub fn begun_before(receiver: &str, state: &StateStore) -> impl Iterator<Item = Arc<str>> {
    let begun = left(receiver, state).filter(|alarm| alarm.is_sent);
    begun.map(|alarm| alarm.begin.episode)
}

/// The key of an alarm in the state.
pub fn key(receiver: &str, (stream, kind): &(Arc<str>, String)) -> String {
    format!("{receiver}\u{1f}{stream}\u{1f}{kind}")
}
