// SPDX-License-Identifier: MPL-2.0
//! Says what a stream has to say, in the words of outcomes.

use std::collections::BTreeMap;
use std::sync::Arc;

use gstdefect::DefectMessage;
use jiff::Timestamp;

use super::ledger::Second;
use crate::service::config::{Plan, schedule::Schedule};
use crate::service::outcome::{Event, Moment, Outcome, Record, Snapshot, Source, Status};
use crate::service::outlets::Outlets;

/// Speaks for one stream.
#[derive(Debug)]
pub struct Reporter {
    stream: Arc<str>,
    labels: Arc<BTreeMap<String, String>>,
    schedule: Schedule,
    outlets: Outlets,
}

impl Reporter {
    /// For the stream of that plan.
    pub fn new(plan: &Plan, outlets: Outlets) -> Self {
        Self {
            stream: Arc::clone(&plan.id),
            labels: Arc::clone(&plan.labels),
            schedule: plan.schedule(),
            outlets,
        }
    }

    /// Where things go.
    pub fn outlets(&self) -> &Outlets {
        &self.outlets
    }

    /// A second of a detector.
    pub fn second(&self, second: Second, analysed: f64) {
        let time = Timestamp::from_second(second.at).unwrap_or_default();
        let nothing = second.status == Status::NotAnalysed;
        let reason = match second.reason {
            Some(_) if self.schedule.has(time) => Some("maintenance"),
            reason => reason,
        };
        self.outlets.tell(Outcome::Second(Record {
            source: self.source(second.track),
            time,
            stream_time: second.stream_time,
            detector: second.detector,
            status: second.status,
            kinds: second.kinds,
            analysed: if nothing { 0.0 } else { analysed },
            reason: reason.map(ToOwned::to_owned),
            measures: second.measures,
        }));
    }

    /// A defect at that instant, in ns of Unix time; `session`: tells episodes of the same number apart.
    pub fn defect(
        &self,
        track: &Arc<str>,
        (session, time): (i64, i64),
        analysed: f64,
        defect: DefectMessage,
    ) -> Arc<str> {
        let time = Timestamp::from_nanosecond(i128::from(time)).unwrap_or_default();
        let (stream, element, id) = (&self.stream, &defect.element, defect.id);
        let session = session / 1_000_000;
        let place = if track.is_empty() { "all" } else { track };
        let episode: Arc<str> = format!("{stream}.{session}.{place}.{element}.{id}").into();
        self.outlets.tell(Outcome::Defect(Box::new(Event {
            source: self.source(Arc::clone(track)),
            episode: Arc::clone(&episode),
            time,
            analysed,
            maintenance: self.schedule.has(Timestamp::now().max(time)),
            defect,
        })));
        episode
    }

    /// A picture of an episode.
    pub fn picture(&self, track: &Arc<str>, episode: &Arc<str>, moment: Moment, shot: &Shot) {
        self.outlets.tell(Outcome::Picture(Snapshot {
            source: self.source(Arc::clone(track)),
            episode: Arc::clone(episode),
            time: Timestamp::from_nanosecond(i128::from(shot.time)).unwrap_or_default(),
            moment,
            jpeg: Arc::clone(&shot.jpeg),
        }));
    }

    fn source(&self, track: Arc<str>) -> Source {
        Source {
            stream: Arc::clone(&self.stream),
            labels: Arc::clone(&self.labels),
            track,
        }
    }
}

/// A picture that was taken.
#[derive(Debug, Clone)]
pub struct Shot {
    /// When it was, in ns of Unix time.
    pub time: i64,
    /// The file.
    pub jpeg: Arc<[u8]>,
}
