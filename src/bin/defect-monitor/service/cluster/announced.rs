// SPDX-License-Identifier: MPL-2.0
//! Which alarms members have announced, so that an alarm that two of them see is announced once.
//!
//! The bucket has one entry for the alarms of a receiver, a stream and a kind: the one that is open, or the last that was. It is written
//! by compare-and-set, so of two members one announces an alarm. Two alarms of one entry whose times overlap, give or take [`TOLERANCE`],
//! are one: members see the start of one defect at different times.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

/// By how much the clocks of members, and what they see of a defect, may differ.
const TOLERANCE: SignedDuration = SignedDuration::from_secs(2);

/// An alarm, and when it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// The episode that names it.
    pub alarm: Arc<str>,
    /// When it began.
    pub begin: Timestamp,
    /// When it was over; none: it lasts.
    pub over: Option<Timestamp>,
}

/// What the bucket has, by entry.
#[derive(Debug)]
pub struct Announced {
    /// Number of this process.
    process: u64,
    entries: BTreeMap<String, Entry>,
}

#[derive(Debug)]
struct Entry {
    revision: u64,
    /// The process that announced the last alarm, and the alarm; none: it was removed.
    last: Option<(u64, Span)>,
    /// When this process read that.
    read: Timestamp,
}

impl Announced {
    /// Nothing is known yet.
    pub fn new(process: u64) -> Self {
        Self {
            process,
            entries: BTreeMap::new(),
        }
    }

    /// Forgets all, to read it again.
    pub fn clear(&mut self) {
        self.entries.clear();
    }

    /// The bucket hasn't that entry any more.
    pub fn forget(&mut self, place: &str) {
        self.entries.remove(place);
    }

    /// An entry is this from that revision on.
    pub fn note(&mut self, place: &str, last: Option<(u64, Span)>, revision: u64, read: Timestamp) {
        let known = self.entries.get(place);
        if known.is_none_or(|known| known.revision < revision) {
            let entry = Entry {
                revision,
                last,
                read,
            };
            self.entries.insert(place.to_owned(), entry);
        }
    }

    /// The revision of an entry; 0: there is none.
    pub fn revision(&self, place: &str) -> u64 {
        self.entries.get(place).map_or(0, |entry| entry.revision)
    }

    /// Whether the entry is of that alarm, as this process has written it.
    pub fn is_written(&self, place: &str, alarm: &str) -> bool {
        let last = self.entries.get(place).and_then(|e| e.last.as_ref());
        last.is_some_and(|(process, span)| *process == self.process && *span.alarm == *alarm)
    }

    /// Whether an alarm of this process goes on as another process' alarm of another name: that one is open, or this process has no longer
    /// the stream (`holds`).
    pub fn is_replaced(&self, place: &str, alarm: &str, holds: bool) -> bool {
        let last = self.entries.get(place).and_then(|e| e.last.as_ref());
        last.is_some_and(|(process, other)| {
            *process != self.process && *other.alarm != *alarm && (other.over.is_none() || !holds)
        })
    }

    /// Whether another process speaks of an alarm of this one; `holds`: whether this one has the stream, and so goes on with its alarms.
    pub fn is_anothers(&self, place: &str, span: &Span, holds: bool) -> bool {
        let Some(entry) = self.entries.get(place) else {
            return false;
        };
        match &entry.last {
            Some((process, other)) if *process != self.process => {
                if other.alarm == span.alarm {
                    return other.over.is_some() || !holds;
                }
                // What was over before this one began is another one, whatever the clocks say.
                let is_recent = other.over.is_none() || span.begin <= later(entry.read, TOLERANCE);
                is_recent && other.is_at_the_time_of(span)
            }
            _ => false,
        }
    }
}

impl Span {
    fn is_at_the_time_of(&self, other: &Self) -> bool {
        let is_before = |one: &Self, other: &Self| {
            let over = one.over.map(|over| later(over, TOLERANCE));
            over.is_some_and(|over| over < other.begin)
        };
        !is_before(self, other) && !is_before(other, self)
    }
}

/// So much later, or the last time that there is.
fn later(time: Timestamp, by: SignedDuration) -> Timestamp {
    time.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(alarm: &str, begin: i64, over: Option<i64>) -> Span {
        let at = |second| Timestamp::from_second(second).unwrap();
        Span {
            alarm: alarm.into(),
            begin: at(begin),
            over: over.map(at),
        }
    }

    /// Whether process 2 leaves an alarm to process 1, which has announced one.
    fn is_anothers(announced: &Span, read: i64, span: &Span, holds: bool) -> bool {
        let mut known = Announced::new(2);
        let read = Timestamp::from_second(read).unwrap();
        known.note("p", Some((1, announced.clone())), 1, read);
        known.is_anothers("p", span, holds)
    }

    #[test]
    fn alarms_at_the_same_time_are_one() {
        let (open, past) = (span("a", 100, None), span("a", 100, Some(110)));
        for (announced, own, same) in [
            (&open, span("b", 101, None), true),
            (&open, span("b", 50, Some(99)), true),
            (&open, span("b", 50, Some(90)), false),
            (&past, span("b", 99, None), true),
            (&past, span("b", 105, Some(200)), true),
            (&past, span("b", 113, None), false),
            (&open, span("b", 50, Some(Timestamp::MAX.as_second())), true),
        ] {
            assert_eq!(is_anothers(announced, 120, &own, false), same, "{own:?}");
        }
        // Known to be over before: the other's clock is ahead.
        assert!(!is_anothers(&past, 90, &span("b", 95, None), true));
    }

    #[test]
    fn who_holds_the_stream_goes_on_with_its_alarm_until_it_is_over() {
        let (open, past) = (span("a", 100, None), span("a", 100, Some(110)));
        assert!(!is_anothers(&open, 100, &open, true));
        assert!(is_anothers(&open, 100, &open, false));
        assert!(is_anothers(&past, 100, &past, true));
    }

    #[test]
    fn what_this_process_has_written_is_its_own() {
        let (mut known, now) = (Announced::new(1), Timestamp::UNIX_EPOCH);
        assert_eq!(known.revision("p"), 0);
        known.note("p", Some((1, span("a", 100, None))), 5, now);
        known.note("p", None, 4, now);
        assert!(!known.is_anothers("p", &span("b", 100, None), false));
        assert!(known.is_written("p", "a") && !known.is_written("p", "b"));
        assert_eq!(known.revision("p"), 5);
        known.forget("p");
        assert_eq!(known.revision("p"), 0);
    }
}
