// SPDX-License-Identifier: MPL-2.0
//! Streams that no member of the cluster watches: one of the members tells of them, on its page and as alarms.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::alerts::UNWATCHED as KIND;
use super::board::State;
use super::cluster::Update;
use super::config::Plan;
use super::log;
use super::outcome::{Analysed, Event, Outcome, Source};
use super::outlets::Outlets;
use super::stream::of_stream;

/// What people are told.
const WHY: &str = "no member of the cluster watches it";

/// The streams of which this process has told.
#[derive(Debug)]
pub struct Unwatched {
    outlets: Outlets,
    told: BTreeMap<Arc<str>, Box<Event>>,
}

impl Unwatched {
    /// None yet.
    pub fn new(outlets: Outlets) -> Self {
        let told = BTreeMap::new();
        Self { outlets, told }
    }

    /// Ends what is over. To be called before the streams of this process start, since one of them may be among these.
    pub fn end(&mut self, update: &Update) {
        let is_over = |stream: &Arc<str>| !update.unwatched.contains_key(stream);
        let over: Vec<_> = self
            .told
            .extract_if(.., |stream, _| is_over(stream))
            .collect();
        for (stream, mut event) in over {
            let lasted = Timestamp::now().duration_since(event.time);
            event.defect.state = "end".to_owned();
            event.defect.reason = Some("cleared".to_owned());
            event.defect.duration = u64::try_from(lasted.as_nanos()).unwrap_or(0);
            log::line(&stream, "it is watched again, or removed");
            self.tell(&event);
            self.outlets.board.forget(&stream);
        }
    }

    /// Tells of those that are new. To be called after streams that this process has given up are gone.
    pub fn begin(&mut self, update: &Update) {
        for (stream, number) in update.unwatched.iter() {
            let Some(plan) = update.plan(stream) else {
                continue;
            };
            if self.told.contains_key(stream) {
                continue;
            }
            log::error(stream, WHY);
            let board = &self.outlets.board;
            board.register(
                stream,
                &plan.uri.shown,
                Arc::clone(&plan.labels),
                Vec::new(),
            );
            board.set_state(stream, State::Unwatched, Some(WHY.to_owned()));
            let event = event(plan, *number);
            self.tell(&event);
            self.told.insert(Arc::clone(stream), event);
        }
    }

    fn tell(&self, event: &Event) {
        self.outlets
            .publish(Outcome::Defect(Box::new(event.clone())));
        if !event.maintenance {
            self.outlets.send_alarm(event);
        }
    }
}

/// The episode has the same name whichever member tells of it.
fn event(plan: &Plan, number: u64) -> Box<Event> {
    let time = Timestamp::now();
    let defect = of_stream(KIND, "begin", number, std::time::Duration::ZERO, Some(WHY));
    Box::new(Event {
        source: Source {
            stream: Arc::clone(&plan.id),
            labels: Arc::clone(&plan.labels),
            track: "".into(),
        },
        episode: format!("{}.{KIND}.all.{}.{number}", plan.id, defect.element).into(),
        time,
        analysed: Analysed::NOTHING,
        maintenance: plan.schedule().has(time),
        defect,
    })
}
