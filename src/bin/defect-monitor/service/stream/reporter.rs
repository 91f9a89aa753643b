// SPDX-License-Identifier: MPL-2.0
//! Reports the seconds, defects and pictures of a stream, and its alarms unless there is a maintenance window.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use gstdefect::DefectMessage;
use jiff::Timestamp;

use super::ledger::Second;
use super::link::Link;
use super::stopper::{Reason, Stopper};
use super::wall::WallClock;
use crate::service::config::{Plan, schedule::Schedule};
use crate::service::outcome::{Analysed, Event, Moment, Outcome, Record, Snapshot, Source, Status};

/// Most episodes that are open at a time; more than any stream has.
const MAX_OPEN: usize = 1024;

/// Reports for one stream.
#[derive(Debug)]
pub struct Reporter {
    /// The clock that dates what is reported.
    pub wall: WallClock,
    stream: Arc<str>,
    schedule: Schedule,
    link: Link,
    stopper: Stopper,
    open: OpenEpisodes,
}

/// Episodes that are open, by name.
pub type OpenEpisodes = BTreeMap<Arc<str>, OpenEpisode>;

/// An episode that is open.
#[derive(Debug)]
pub struct OpenEpisode {
    /// When the episode started; unchanged if the clock is set.
    time: Timestamp,
    /// The latest event of an episode whose alarm is held back since it began within a maintenance window, and when the event came.
    held: Option<(Box<Event>, Instant)>,
}

impl Reporter {
    /// For the stream of that plan. Episodes that end after it was stopped get the stopper's reason.
    pub fn new(plan: &Plan, link: Link, stopper: Stopper) -> Self {
        Self {
            wall: WallClock::new(),
            stream: Arc::clone(&plan.id),
            schedule: plan.schedule(),
            link,
            stopper,
            open: BTreeMap::new(),
        }
    }

    /// Continues the episodes that the run before left open.
    pub fn resume_episodes(&mut self, open: OpenEpisodes) {
        self.open = open;
    }

    /// Continues an episode that another worker left open; `alarmed`: whether its alarm was sent.
    pub fn resume_episode(&mut self, event: Box<Event>, alarmed: bool) {
        let (episode, time) = (Arc::clone(&event.episode), event.time);
        let held = (!alarmed).then(|| (event, Instant::now()));
        self.open.insert(episode, OpenEpisode { time, held });
    }

    /// The episodes that are open.
    pub fn into_open(self) -> OpenEpisodes {
        self.open
    }

    /// The channel to the supervisor.
    pub fn link(&self) -> &Link {
        &self.link
    }

    /// Reports a second of a detector; `analysed`: how much of the track was analysed.
    pub fn second(&self, second: Second, analysed: Analysed) {
        let time = Timestamp::from_second(second.at).unwrap_or_default();
        let nothing = second.status == Status::NotAnalysed;
        let reason = match second.reason {
            Some(_) if self.schedule.has(time) => Some("maintenance"),
            reason => reason,
        };
        self.link.outcome(Outcome::Second(Record {
            source: self.source(second.track),
            time,
            stream_time: second.stream_time,
            detector: second.detector,
            status: second.status,
            kinds: second.kinds,
            analysed: Analysed {
                share: if nothing { 0.0 } else { analysed.share },
                ..analysed
            },
            reason: reason.map(ToOwned::to_owned),
            measures: second.measures,
        }));
    }

    /// Reports a defect that started at that instant of the monotonic clock, in ns; `session`: tells episodes of the same number apart.
    /// Returns the name of the episode.
    pub fn defect(
        &mut self,
        track: &Arc<str>,
        (session, start): (i64, i64),
        analysed: Analysed,
        mut defect: DefectMessage,
    ) -> Arc<str> {
        let (stream, element, id) = (&self.stream, &defect.element, defect.id);
        let session = session / 1_000_000;
        let place = if track.is_empty() { "all" } else { track };
        let episode: Arc<str> = format!("{stream}.{session}.{place}.{element}.{id}").into();
        let known = self.open.get(&episode).map(|open| open.time);
        let time = known.unwrap_or_else(|| timestamp(self.wall.unix(start)));
        if let Some(reason) = self.stopper.reason().filter(|_| defect.state == "end") {
            defect.reason = Some(reason.name().to_owned());
        }
        let event = Box::new(Event {
            source: self.source(Arc::clone(track)),
            episode: Arc::clone(&episode),
            time,
            analysed,
            maintenance: self.schedule.has(Timestamp::now().max(time)),
            defect,
        });
        self.link.outcome(Outcome::Defect(event.clone()));
        self.alarm(event);
        episode
    }

    /// Sends the begin and the end of an episode to the alarms, unless it began within a maintenance window.
    fn alarm(&mut self, event: Box<Event>) {
        match event.defect.state.as_str() {
            "begin" => {
                let held = event.maintenance.then(|| (event.clone(), Instant::now()));
                if held.is_none() {
                    self.link.alarm(&event);
                }
                let time = event.time;
                if self.open.len() < MAX_OPEN {
                    self.open.insert(event.episode, OpenEpisode { time, held });
                }
            }
            "end" => {
                let open = self.open.remove(&event.episode);
                let is_held = open.is_some_and(|open| open.held.is_some());
                // Watching stops: receivers get no end, since the defect may still be there.
                let unknown = matches!(
                    self.stopper.reason(),
                    Some(Reason::Stopped | Reason::HandedOver)
                );
                if !is_held && !unknown {
                    self.link.alarm(&event);
                }
            }
            _ => {
                if let Some(OpenEpisode {
                    held: Some(held), ..
                }) = self.open.get_mut(&event.episode)
                {
                    *held = (event, Instant::now());
                }
            }
        }
    }

    /// Sends the held alarms of episodes that outlast their maintenance window.
    pub fn end_maintenance(&mut self) {
        if self.open.values().all(|open| open.held.is_none()) || self.schedule.has(Timestamp::now())
        {
            return;
        }
        for open in self.open.values_mut() {
            let Some((mut event, heard)) = open.held.take() else {
                continue;
            };
            let more = u64::try_from(heard.elapsed().as_nanos()).unwrap_or(0);
            event.maintenance = false;
            event.defect.duration = event.defect.duration.saturating_add(more);
            event.defect.state = "ongoing".to_owned();
            self.link.outcome(Outcome::Defect(event.clone()));
            event.defect.state = "begin".to_owned();
            self.link.alarm(&event);
        }
    }

    /// Reports a picture of an episode.
    pub fn picture(&self, track: &Arc<str>, episode: &Arc<str>, moment: Moment, shot: &Shot) {
        self.link.outcome(Outcome::Picture(Snapshot {
            source: self.source(Arc::clone(track)),
            episode: Arc::clone(episode),
            time: timestamp(self.wall.unix(shot.at)),
            moment,
            jpeg: Arc::clone(&shot.jpeg),
        }));
    }

    fn source(&self, track: Arc<str>) -> Source {
        Source {
            stream: Arc::clone(&self.stream),
            // The supervisor adds them.
            labels: Arc::default(),
            track,
        }
    }
}

/// The session in the name of an episode of the stream as a whole: ns of Unix time, to the millisecond.
pub fn session_of(episode: &str) -> Option<i64> {
    let session = episode.rsplit('.').nth(3)?.parse::<i64>().ok()?;
    session.checked_mul(1_000_000)
}

/// A picture that was taken.
#[derive(Debug, Clone)]
pub struct Shot {
    /// Its time on the monotonic clock, in ns.
    pub at: i64,
    /// The JPEG file.
    pub jpeg: Arc<[u8]>,
}

/// An instant of Unix time in ns.
fn timestamp(unix: i64) -> Timestamp {
    Timestamp::from_nanosecond(i128::from(unix)).unwrap_or_default()
}
