// SPDX-License-Identifier: MPL-2.0
//! One alarm: the episodes of one kind of defect in one stream, as a receiver is told of them.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::super::notice::{Notice, rank};
use crate::service::outcome::Event;

/// Number of returns from which an alarm is flapping.
const FLAPPING: u32 = 3;

/// See the module. What is written down is what the next run has to know.
#[derive(Debug, Serialize, Deserialize)]
pub struct Alarm {
    /// The event that began it, with the worst severity so far.
    pub begin: Event,
    /// Whether the receiver was sent its begin.
    pub is_sent: bool,
    /// How often it has come back.
    pub returns: u32,
    /// How often it was sent again.
    pub repeats: u64,
    /// How many episodes it has.
    #[serde(skip)]
    pub count: u64,
    /// Its open episodes.
    #[serde(skip)]
    pub open: BTreeSet<Arc<str>>,
    /// The end of the last episode, if none lasts.
    #[serde(skip)]
    pub end: Option<Event>,
    /// When its end is sent; afterwards, when the alarm is forgotten.
    #[serde(skip)]
    pub due: Option<Instant>,
    /// When it is sent again.
    #[serde(skip)]
    pub repeat: Option<Instant>,
    /// Whether its end was sent.
    #[serde(skip)]
    pub is_over: bool,
}

impl Alarm {
    /// Begins with that episode.
    pub fn new(event: &Event, returns: u32) -> Self {
        Self {
            begin: event.clone(),
            is_sent: false,
            returns,
            repeats: 0,
            count: 1,
            open: [Arc::clone(&event.episode)].into(),
            end: None,
            due: None,
            repeat: None,
            is_over: false,
        }
    }

    /// Adds an episode; returns whether it is more severe.
    pub fn add(&mut self, event: &Event) -> bool {
        if self.open.insert(Arc::clone(&event.episode)) {
            self.count += 1;
        }
        (self.end, self.due) = (None, None);
        let is_worse = rank(&event.defect.severity) > rank(&self.begin.defect.severity);
        if is_worse {
            self.begin
                .defect
                .severity
                .clone_from(&event.defect.severity);
        }
        is_worse
    }

    /// It goes on as another one, which was announced. Gives the end under its own name.
    pub fn continue_as(&mut self, announced: Self) -> Option<Notice> {
        let is_other = self.begin.episode != announced.begin.episode;
        let end = is_other.then(|| self.elsewhere());
        self.begin = announced.begin;
        self.is_sent |= announced.is_sent;
        self.returns = self.returns.max(announced.returns);
        end
    }

    /// Its end, since it goes on in another process.
    pub fn elsewhere(&self) -> Notice {
        self.ended_by("announced-by-another-member")
    }

    /// Its end at this moment, for a reason that isn't the end of its episodes.
    pub fn ended_by(&self, reason: &str) -> Notice {
        let mut end = self.ongoing();
        end.event.defect.state = "end".to_owned();
        end.event.defect.reason = Some(reason.to_owned());
        end
    }

    /// After a restart it is unknown whether its episodes go on; it ends at `due` unless one is reported.
    pub fn interrupt(&mut self, due: Instant) {
        let mut end = self.begin.clone();
        end.defect.reason = Some("monitor-restarted".to_owned());
        self.open.clear();
        self.count = 0;
        (self.end, self.due) = (Some(end), Some(due));
    }

    /// The notice of its begin, which is sent now; it is sent again after `repeat`.
    pub fn send(&mut self, repeat: Option<Duration>, now: Instant) -> Notice {
        self.is_sent = true;
        self.repeat = repeat.map(|repeat| now + repeat);
        self.notice(self.begin.clone())
    }

    /// The notice that it lasts.
    pub fn ongoing(&self) -> Notice {
        let mut event = self.begin.clone();
        event.defect.state = "ongoing".to_owned();
        let lasted = Timestamp::now().duration_since(event.time).as_nanos();
        event.defect.duration = u64::try_from(lasted)
            .unwrap_or(0)
            .max(event.defect.duration);
        self.notice(event)
    }

    /// The notice of its end, from the end of its last episode.
    pub fn over(&self, last: &Event) -> Notice {
        let mut event = self.begin.clone();
        event.defect.state = "end".to_owned();
        event.defect.reason.clone_from(&last.defect.reason);
        event.defect.value = last.defect.value;
        event.analysed = last.analysed;
        let before = u64::try_from(last.time.duration_since(event.time).as_nanos()).unwrap_or(0);
        event.defect.duration = last.defect.duration.saturating_add(before);
        let isolated = last.defect.count.unwrap_or(0);
        event.defect.count = (self.count > 1 || isolated > 0).then(|| isolated.max(self.count));
        self.notice(event)
    }

    fn notice(&self, event: Event) -> Notice {
        Notice {
            event,
            flapping: self.returns >= FLAPPING,
            repeats: self.repeats,
            acknowledged: None,
        }
    }
}
