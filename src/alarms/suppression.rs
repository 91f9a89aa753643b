// SPDX-License-Identifier: MPL-2.0
//! Holds back the alarms that say nothing new while another one lasts.
//!
//! An episode that begins while another implies it (a freeze while the picture is black) is held back. If it outlasts
//! the other by [`GRACE`], it is posted late; otherwise it is only counted.

use super::relations::OF_SILENT_PROGRAMME;
use crate::media::{Ns, SECOND};

/// How long an episode may outlast the one that implies it without being posted: both end with the same picture or
/// sound, but each detector waits for its own `clear-duration`, of at most 2 s by default.
pub const GRACE: Ns = 2 * SECOND;

/// What the suppression needs of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Name of the element that reports.
    pub element: String,
    /// Number of the episode at that element.
    pub id: u64,
    /// Kind of defect.
    pub kind: String,
    /// Whether the message ends the episode; otherwise it begins or updates it.
    pub is_end: bool,
    /// The channel that it concerns; `None` for the whole programme.
    pub channel: Option<usize>,
    /// Stream time up to which the message is valid.
    pub now: Ns,
}

/// Holds back the episodes of one stream that others imply; `M` is the message about an episode.
#[derive(Debug)]
pub struct Suppression<M> {
    implies: fn(&str, &str) -> bool,
    is_active: bool,
    /// Whether the sound of the programme, which is in another bin, is gone.
    is_silent: bool,
    posted: Vec<Event>,
    held: Vec<Held<M>>,
    count: u64,
}

#[derive(Debug)]
struct Held<M> {
    event: Event,
    message: M,
    /// When it is posted, if nothing implies it any more.
    due: Option<Ns>,
}

impl<M> Suppression<M> {
    /// Without any episode; `implies` tells whether the first kind implies the second.
    pub fn new(implies: fn(&str, &str) -> bool) -> Self {
        Self {
            implies,
            is_active: true,
            is_silent: false,
            posted: Vec::new(),
            held: Vec::new(),
            count: 0,
        }
    }

    /// Sets whether anything is held back from now on.
    pub fn set_active(&mut self, is_active: bool) {
        self.is_active = is_active;
    }

    /// Sets whether the sound of the programme is gone, as another bin knows.
    pub fn set_silent(&mut self, is_silent: bool, now: Ns) {
        let is_over = std::mem::replace(&mut self.is_silent, is_silent) && !is_silent;
        if is_over {
            self.release(now);
        }
    }

    /// How many episodes were held back so far, including those that were posted late.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Whether an episode is held back now.
    pub fn is_holding(&self) -> bool {
        !self.held.is_empty()
    }

    /// Takes a message; returns it if it is to be posted.
    pub fn filter(&mut self, event: Event, message: M) -> Option<M> {
        let is_same = |e: &Event| e.element == event.element && e.id == event.id;
        if let Some(i) = self.held.iter().position(|k| is_same(&k.event)) {
            if event.is_end {
                self.held.swap_remove(i);
            } else {
                self.held[i].message = message;
            }
            return None;
        }
        if let Some(i) = self.posted.iter().position(is_same) {
            if event.is_end {
                self.posted.swap_remove(i);
                self.release(event.now);
            }
            return Some(message);
        }
        if event.is_end {
            return Some(message);
        }
        if self.is_active && self.is_implied(&event) {
            self.count += 1;
            let due = None;
            self.held.push(Held {
                event,
                message,
                due,
            });
            return None;
        }
        self.posted.push(event);
        Some(message)
    }

    /// Returns the messages that are to be posted late, the newest of each episode: at time `now`, they have outlasted what implied
    /// them. Each is the first that is posted of its episode.
    pub fn take_due(&mut self, now: Ns) -> Vec<M> {
        let (due, held) = std::mem::take(&mut self.held)
            .into_iter()
            .partition(|k| k.due.is_some_and(|due| due <= now));
        self.held = held;
        let due: Vec<Held<M>> = due;
        due.into_iter()
            .map(|k| {
                self.posted.push(k.event);
                k.message
            })
            .collect()
    }

    /// Forgets all episodes; called when the elements that reported them are removed.
    pub fn clear(&mut self) {
        self.posted.clear();
        self.held.clear();
    }

    /// Whether an open episode of the whole programme, or of the same channel, implies this one.
    fn is_implied(&self, event: &Event) -> bool {
        let by_silence = self.is_silent && OF_SILENT_PROGRAMME.contains(&event.kind.as_str());
        by_silence
            || self.posted.iter().any(|open| {
                let concerns = open.channel.is_none() || open.channel == event.channel;
                concerns && (self.implies)(&open.kind, &event.kind)
            })
    }

    /// Called when an episode ends: sets when those are posted that it alone implied.
    fn release(&mut self, now: Ns) {
        for i in 0..self.held.len() {
            let implied = self.is_implied(&self.held[i].event);
            let due = &mut self.held[i].due;
            *due = (!implied).then(|| due.unwrap_or(now.saturating_add(GRACE)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn implied() -> Suppression<&'static str> {
        Suppression::new(|a, b| a == "black" && b == "freeze")
    }

    fn event(kind: &str, is_end: bool, now: Ns) -> Event {
        Event {
            element: format!("{kind}detect"),
            id: 1,
            kind: kind.to_owned(),
            is_end,
            channel: None,
            now: now * SECOND,
        }
    }

    #[test]
    fn an_alarm_that_another_implies_is_kept_back() {
        let mut i = implied();
        assert_eq!(i.filter(event("black", false, 2), "black"), Some("black"));
        assert_eq!(i.filter(event("freeze", false, 3), "freeze"), None);
        assert!(i.is_holding());
        assert_eq!(i.filter(event("black", true, 9), "over"), Some("over"));
        assert_eq!(i.filter(event("freeze", true, 9), "thawed"), None);
        assert_eq!(i.take_due(100 * SECOND), Vec::<&str>::new());
        assert_eq!((i.count(), i.is_holding()), (1, false));
    }

    #[test]
    fn what_outlasts_its_reason_is_told_late() {
        let mut i = implied();
        i.filter(event("black", false, 2), "black");
        i.filter(event("freeze", false, 3), "freeze");
        i.filter(event("freeze", false, 4), "still frozen");
        i.filter(event("black", true, 9), "over");
        assert_eq!(i.take_due(10 * SECOND), Vec::<&str>::new());
        assert_eq!(i.take_due(11 * SECOND), ["still frozen"]);
        assert_eq!(
            i.filter(event("freeze", true, 12), "thawed"),
            Some("thawed")
        );
    }

    #[test]
    fn captions_are_not_missed_while_the_programme_is_silent() {
        let mut i = Suppression::new(crate::alarms::relations::implies);
        i.set_silent(true, 5 * SECOND);
        assert!(
            i.filter(event("captions-missing", false, 12), "gone")
                .is_none()
        );
        assert!(i.filter(event("black", false, 12), "black").is_some());
        i.set_silent(false, 20 * SECOND);
        assert_eq!(i.take_due(21 * SECOND), Vec::<&str>::new());
        assert_eq!(i.take_due(22 * SECOND), ["gone"]);
    }

    #[test]
    fn a_silent_sound_hides_nothing_of_another_sound() {
        for kind in ["tone", "dropout", "hum"] {
            let mut i = Suppression::new(crate::alarms::relations::implies);
            i.set_silent(true, 5 * SECOND);
            assert!(i.filter(event(kind, false, 12), kind).is_some(), "{kind}");
        }
    }

    #[test]
    fn an_alarm_that_came_first_stays() {
        let mut i = implied();
        assert!(i.filter(event("freeze", false, 2), "freeze").is_some());
        assert!(i.filter(event("black", false, 3), "black").is_some());
        assert!(i.filter(event("freeze", true, 4), "thawed").is_some());
    }

    #[test]
    fn one_channel_implies_nothing_for_the_programme() {
        let mut i = implied();
        let mut channel = event("black", false, 1);
        channel.channel = Some(0);
        i.filter(channel, "one");
        assert!(i.filter(event("freeze", false, 2), "freeze").is_some());
    }

    #[test]
    fn a_dead_channel_is_silent_not_out_of_balance_as_well() {
        let mut i = Suppression::new(crate::alarms::relations::implies);
        let of = |kind: &str, channel| Event {
            channel: Some(channel),
            ..event(kind, false, 2)
        };
        assert!(i.filter(of("silence", 1), "silence").is_some());
        assert!(i.filter(of("imbalance", 1), "imbalance").is_none());
        assert!(i.filter(of("clipping", 1), "clipping").is_some());
        assert!(i.filter(of("hum", 0), "hum of the other one").is_some());
    }

    #[test]
    fn a_tone_with_short_pips_is_not_silence_as_well() {
        let mut i = Suppression::new(crate::alarms::relations::implies);
        assert!(i.filter(event("tone", false, 2), "tone").is_some());
        assert!(i.filter(event("silence", false, 3), "silence").is_none());
    }

    #[test]
    fn silence_with_short_ticks_is_not_a_tone_as_well() {
        let mut i = Suppression::new(crate::alarms::relations::implies);
        assert!(i.filter(event("silence", false, 2), "silence").is_some());
        assert!(i.filter(event("tone", false, 7), "tone").is_none());
    }
}
