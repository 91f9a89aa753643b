// SPDX-License-Identifier: MPL-2.0
//! Keeps back the alarms that say nothing new while another one lasts.
//!
//! A black picture doesn't move; an alarm that it is frozen wouldn't help anybody. An episode that begins while one that implies it
//! is open is kept back. If it outlasts the other by [`GRACE`], it is a defect of its own and told late; if it is over by then, nobody
//! hears of it but the count.

use super::relations::OF_SILENT_PROGRAMME;
use crate::media::{Ns, SECOND};

/// So long may an episode outlast the one that implies it: both end with the same picture or sound, but each
/// detector waits for its own `clear-duration`, of at most 2 s by default.
pub const GRACE: Ns = 2 * SECOND;

/// What a message says, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Who reports.
    pub element: String,
    /// Number of the episode at that element.
    pub id: u64,
    /// Kind of defect.
    pub kind: String,
    /// Whether the episode is over with it; or else it begins or goes on.
    pub is_end: bool,
    /// The channel that it concerns; `None` for the whole programme.
    pub channel: Option<usize>,
    /// The time up to which it speaks.
    pub now: Ns,
}

/// The open episodes of a stream; `M` is the message that tells of one.
#[derive(Debug)]
pub struct Implied<M> {
    implies: fn(&str, &str) -> bool,
    is_active: bool,
    /// The sound of the programme, in another bin, is gone.
    is_silent: bool,
    told: Vec<Event>,
    kept: Vec<Kept<M>>,
    count: u64,
}

#[derive(Debug)]
struct Kept<M> {
    event: Event,
    message: M,
    /// When it is told, if nothing implies it any more.
    due: Option<Ns>,
}

impl<M> Implied<M> {
    /// Without any episode; the function says whether one kind implies another.
    pub fn new(implies: fn(&str, &str) -> bool) -> Self {
        Self {
            implies,
            is_active: true,
            is_silent: false,
            told: Vec::new(),
            kept: Vec::new(),
            count: 0,
        }
    }

    /// Whether anything is kept back from now on.
    pub fn set_active(&mut self, is_active: bool) {
        self.is_active = is_active;
    }

    /// Whether the sound of the programme is gone, as another bin knows.
    pub fn set_silent(&mut self, is_silent: bool, now: Ns) {
        let is_over = std::mem::replace(&mut self.is_silent, is_silent) && !is_silent;
        if is_over {
            self.release(now);
        }
    }

    /// How many episodes were kept back, those that were told late included.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Whether an episode is kept back now.
    pub fn is_keeping(&self) -> bool {
        !self.kept.is_empty()
    }

    /// Takes a message; gives it back if it is to be told.
    pub fn take(&mut self, event: Event, message: M) -> Option<M> {
        let is_same = |e: &Event| e.element == event.element && e.id == event.id;
        if let Some(i) = self.kept.iter().position(|k| is_same(&k.event)) {
            if event.is_end {
                self.kept.swap_remove(i);
            } else {
                self.kept[i].message = message;
            }
            return None;
        }
        if let Some(i) = self.told.iter().position(is_same) {
            if event.is_end {
                self.told.swap_remove(i);
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
            self.kept.push(Kept {
                event,
                message,
                due,
            });
            return None;
        }
        self.told.push(event);
        Some(message)
    }

    /// Time goes on; tells what has outlasted its reason.
    pub fn due(&mut self, now: Ns) -> Vec<M> {
        let (due, kept) = std::mem::take(&mut self.kept)
            .into_iter()
            .partition(|k| k.due.is_some_and(|due| due <= now));
        self.kept = kept;
        let due: Vec<Kept<M>> = due;
        due.into_iter()
            .map(|k| {
                self.told.push(k.event);
                k.message
            })
            .collect()
    }

    /// All episodes are forgotten, as the elements that reported them are.
    pub fn clear(&mut self) {
        self.told.clear();
        self.kept.clear();
    }

    /// Whether an open episode of the programme, or of the same channel, implies that one.
    fn is_implied(&self, event: &Event) -> bool {
        let by_silence = self.is_silent && OF_SILENT_PROGRAMME.contains(&event.kind.as_str());
        by_silence
            || self.told.iter().any(|open| {
                let concerns = open.channel.is_none() || open.channel == event.channel;
                concerns && (self.implies)(&open.kind, &event.kind)
            })
    }

    /// An episode was over: sets when those are told that it alone implied.
    fn release(&mut self, now: Ns) {
        for i in 0..self.kept.len() {
            let implied = self.is_implied(&self.kept[i].event);
            let due = &mut self.kept[i].due;
            *due = (!implied).then(|| due.unwrap_or(now.saturating_add(GRACE)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn implied() -> Implied<&'static str> {
        Implied::new(|a, b| a == "black" && b == "freeze")
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
        assert_eq!(i.take(event("black", false, 2), "black"), Some("black"));
        assert_eq!(i.take(event("freeze", false, 3), "freeze"), None);
        assert!(i.is_keeping());
        assert_eq!(i.take(event("black", true, 9), "over"), Some("over"));
        assert_eq!(i.take(event("freeze", true, 9), "thawed"), None);
        assert_eq!(i.due(100 * SECOND), Vec::<&str>::new());
        assert_eq!((i.count(), i.is_keeping()), (1, false));
    }

    #[test]
    fn what_outlasts_its_reason_is_told_late() {
        let mut i = implied();
        i.take(event("black", false, 2), "black");
        i.take(event("freeze", false, 3), "freeze");
        i.take(event("freeze", false, 4), "still frozen");
        i.take(event("black", true, 9), "over");
        assert_eq!(i.due(10 * SECOND), Vec::<&str>::new());
        assert_eq!(i.due(11 * SECOND), ["still frozen"]);
        assert_eq!(i.take(event("freeze", true, 12), "thawed"), Some("thawed"));
    }

    #[test]
    fn captions_are_not_missed_while_the_programme_is_silent() {
        let mut i = Implied::new(crate::alarms::relations::implies);
        i.set_silent(true, 5 * SECOND);
        assert!(
            i.take(event("captions-missing", false, 12), "gone")
                .is_none()
        );
        assert!(i.take(event("black", false, 12), "black").is_some());
        i.set_silent(false, 20 * SECOND);
        assert_eq!(i.due(21 * SECOND), Vec::<&str>::new());
        assert_eq!(i.due(22 * SECOND), ["gone"]);
    }

    #[test]
    fn a_silent_sound_hides_nothing_of_another_sound() {
        for kind in ["tone", "dropout", "hum"] {
            let mut i = Implied::new(crate::alarms::relations::implies);
            i.set_silent(true, 5 * SECOND);
            assert!(i.take(event(kind, false, 12), kind).is_some(), "{kind}");
        }
    }

    #[test]
    fn an_alarm_that_came_first_stays() {
        let mut i = implied();
        assert!(i.take(event("freeze", false, 2), "freeze").is_some());
        assert!(i.take(event("black", false, 3), "black").is_some());
        assert!(i.take(event("freeze", true, 4), "thawed").is_some());
    }

    #[test]
    fn one_channel_implies_nothing_for_the_programme() {
        let mut i = implied();
        let mut channel = event("black", false, 1);
        channel.channel = Some(0);
        i.take(channel, "one");
        assert!(i.take(event("freeze", false, 2), "freeze").is_some());
    }

    #[test]
    fn a_dead_channel_is_silent_not_out_of_balance_as_well() {
        let mut i = Implied::new(crate::alarms::relations::implies);
        let of = |kind: &str, channel| Event {
            channel: Some(channel),
            ..event(kind, false, 2)
        };
        assert!(i.take(of("silence", 1), "silence").is_some());
        assert!(i.take(of("imbalance", 1), "imbalance").is_none());
        assert!(i.take(of("clipping", 1), "clipping").is_some());
        assert!(i.take(of("hum", 0), "hum of the other one").is_some());
    }

    #[test]
    fn a_tone_with_short_pips_is_not_silence_as_well() {
        let mut i = Implied::new(crate::alarms::relations::implies);
        assert!(i.take(event("tone", false, 2), "tone").is_some());
        assert!(i.take(event("silence", false, 3), "silence").is_none());
    }

    #[test]
    fn silence_with_short_ticks_is_not_a_tone_as_well() {
        let mut i = Implied::new(crate::alarms::relations::implies);
        assert!(i.take(event("silence", false, 2), "silence").is_some());
        assert!(i.take(event("tone", false, 7), "tone").is_none());
    }
}
