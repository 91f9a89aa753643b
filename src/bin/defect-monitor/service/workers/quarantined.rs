// SPDX-License-Identifier: MPL-2.0
//! A quarantined stream: it isn't watched, and its records are `not-analysed`.

use std::sync::Arc;

use jiff::Timestamp;

use crate::service::config::Plan;
use crate::service::outcome::{Analysed, Event, Outcome, Record, Source, Status};
use crate::service::stream::{Ledger, NextSecond, WallClock, of_stream};

/// The kind of defect, and the reason in its records.
const KIND: &str = "quarantined";

/// A quarantined stream.
#[derive(Debug)]
pub struct Quarantined {
    plan: Plan,
    wall: WallClock,
    ledger: Ledger,
    event: Box<Event>,
}

impl Quarantined {
    /// Quarantines a stream from now on; `seconds`: where its detectors stopped.
    pub fn new(plan: &Plan, detectors: Vec<Arc<str>>, seconds: &[NextSecond], why: &str) -> Self {
        let wall = WallClock::new();
        let mut ledger = Ledger::new(wall.now(), detectors);
        ledger.resume_from(seconds, KIND);
        let time = Timestamp::now();
        let defect = of_stream(KIND, "begin", 1, std::time::Duration::ZERO, Some(why));
        let session = time.as_millisecond();
        let event = Box::new(Event {
            source: source(plan, "".into()),
            episode: format!("{}.{session}.all.{}.1", plan.id, defect.element).into(),
            time,
            analysed: Analysed::NOTHING,
            maintenance: plan.schedule().has(time),
            defect,
        });
        let plan = plan.clone();
        Self {
            plan,
            wall,
            ledger,
            event,
        }
    }

    /// The episode, which has begun.
    pub fn begin(&self) -> Box<Event> {
        self.event.clone()
    }

    /// The end of the episode, and the second at which the detectors continue.
    pub fn end(mut self, reason: &str) -> (Box<Event>, Vec<NextSecond>) {
        let lasted = Timestamp::now().duration_since(self.event.time);
        let defect = &mut self.event.defect;
        defect.state = "end".to_owned();
        defect.reason = Some(reason.to_owned());
        defect.duration = u64::try_from(lasted.as_nanos()).unwrap_or(0);
        self.ledger.close();
        (self.event, self.ledger.next_seconds())
    }

    /// The records of the time since the last call.
    pub fn records(&mut self) -> Vec<Outcome> {
        if let Some(by) = self.wall.follow() {
            self.ledger.note_clock_step(by);
        }
        self.ledger
            .fill_until(self.wall.now() / 1_000_000_000, KIND);
        let plan = &self.plan;
        let record = |second: crate::service::stream::Second| {
            Outcome::Second(Record {
                source: source(plan, second.track),
                time: Timestamp::from_second(second.at).unwrap_or_default(),
                stream_time: None,
                detector: second.detector,
                status: Status::NotAnalysed,
                kinds: second.kinds,
                analysed: Analysed::NOTHING,
                reason: second.reason.map(ToOwned::to_owned),
                measures: second.measures,
            })
        };
        self.ledger
            .take_finished()
            .into_iter()
            .map(record)
            .collect()
    }
}

fn source(plan: &Plan, track: Arc<str>) -> Source {
    Source {
        stream: Arc::clone(&plan.id),
        labels: Arc::clone(&plan.labels),
        track,
    }
}
