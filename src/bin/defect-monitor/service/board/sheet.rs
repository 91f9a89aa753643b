// SPDX-License-Identifier: MPL-2.0
//! The state of one stream.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use gstdefect::media::push_latest;
use jiff::Timestamp;
use serde::Serialize;

use super::super::outcome::{Event, Record};
use super::day::MinuteState;
use super::detector_state::DetectorState;
use super::state::{State, Track, Usage};

/// Episodes that are over and still known, for each stream.
pub const RECENT: usize = 20;
/// More than any stream has, so that nothing grows without end whatever detectors say.
const MANY: usize = 512;

/// Number of episodes of a kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KindCount {
    /// The element.
    pub detector: String,
    /// The kind.
    pub kind: String,
    /// Of the latest: `info`, `warning`, `error` or `critical`.
    pub severity: String,
    /// How many are open.
    pub open: u64,
    /// How many more are open within a maintenance window.
    pub expected: u64,
    /// How many have begun.
    pub total: u64,
}

/// All that is known of a stream, but for its last day and its picture.
#[derive(Debug, Clone, Serialize)]
pub struct StreamSheet {
    /// Its name.
    pub id: Arc<str>,
    /// Its URI, without passwords.
    pub uri: Arc<str>,
    /// Its labels.
    pub labels: Arc<BTreeMap<String, String>>,
    /// How it is.
    pub state: State,
    /// Why, in words.
    pub reason: Option<String>,
    /// Since when.
    pub since: Timestamp,
    /// Time of its last report, good or bad.
    pub heard: Option<Timestamp>,
    /// Share that is analysed, 0 to 1.
    pub analysed: f64,
    /// The tracks in it.
    pub tracks: Vec<Track>,
    /// The detectors that it is watched with.
    pub detectors: Vec<Arc<str>>,
    /// The states of its detectors.
    pub verdicts: Vec<DetectorState>,
    /// Episodes that are open, oldest first.
    pub open: Vec<Arc<Event>>,
    /// Episodes that are over, oldest first.
    pub recent: VecDeque<Arc<Event>>,
    /// How many there were of each kind.
    pub counts: Vec<KindCount>,
    /// What it uses.
    pub usage: Usage,
    /// The board's revision at the last change that isn't a mere measure.
    #[serde(skip)]
    pub changed: u64,
}

impl StreamSheet {
    /// Of a stream that hasn't been started.
    pub fn new(id: Arc<str>) -> Self {
        Self {
            id,
            uri: "".into(),
            labels: Arc::default(),
            state: State::Pending,
            reason: None,
            since: Timestamp::now(),
            heard: None,
            analysed: 1.0,
            tracks: Vec::new(),
            detectors: Vec::new(),
            verdicts: Vec::new(),
            open: Vec::new(),
            recent: VecDeque::new(),
            counts: Vec::new(),
            usage: Usage::default(),
            changed: 0,
        }
    }

    /// Takes the record of a second. Returns whether anything changed but measures.
    pub fn second(&mut self, record: &Record) -> bool {
        let now = Timestamp::now();
        self.heard = Some(now);
        let shown = (self.analysed * 100.0).round() != (record.analysed.share * 100.0).round();
        self.analysed = record.analysed.share;
        let place = self
            .verdicts
            .iter()
            .position(|v| *v.detector == *record.detector && *v.track == *record.source.track);
        let verdict = match place {
            Some(index) => &mut self.verdicts[index],
            None if self.verdicts.len() < MANY => {
                self.verdicts.push(DetectorState::new(record, now));
                let last = self.verdicts.len() - 1;
                &mut self.verdicts[last]
            }
            None => return shown,
        };
        verdict.note(record, now);
        shown
    }

    /// Takes note of an episode.
    pub fn episode(&mut self, event: &Event) {
        self.heard = Some(Timestamp::now());
        let place = self.open.iter().position(|o| o.episode == event.episode);
        let over = event.defect.state == "end";
        match (place, over) {
            (Some(index), false) => self.open[index] = Arc::new(event.clone()),
            (None, false) if self.open.len() < MANY => self.open.push(Arc::new(event.clone())),
            (None, false) => {}
            (place, true) => {
                if let Some(index) = place {
                    self.open.remove(index);
                }
                push_latest(&mut self.recent, Arc::new(event.clone()), RECENT);
            }
        }
        self.count_episode(event, place.is_none());
    }

    fn count_episode(&mut self, event: &Event, new: bool) {
        let same = |e: &&Arc<Event>| {
            e.defect.kind == event.defect.kind && e.defect.element == event.defect.element
        };
        let all = self.open.iter().filter(same).count() as u64;
        let expected = self.open.iter().filter(same).filter(|e| e.maintenance);
        let expected = expected.count() as u64;
        let count = self.count(event);
        count.total += u64::from(new);
        (count.open, count.expected) = (all - expected, expected);
        if count.severity != event.defect.severity {
            count.severity.clone_from(&event.defect.severity);
        }
    }

    /// The worst of the open episodes.
    pub fn worst(&self) -> Option<(MinuteState, &Event)> {
        let open = self
            .open
            .iter()
            .map(|event| (minute_state_of(event), &**event));
        open.max_by_key(|(state, _)| *state)
    }

    /// What detectors say now.
    pub fn current(&self, now: Timestamp) -> impl Iterator<Item = &DetectorState> {
        self.verdicts.iter().filter(move |v| v.is_current(now))
    }

    fn count(&mut self, event: &Event) -> &mut KindCount {
        let (detector, kind) = (&event.defect.element, &event.defect.kind);
        let place = self
            .counts
            .iter()
            .position(|c| c.kind == *kind && c.detector == *detector);
        let index = place.unwrap_or_else(|| {
            self.counts.push(KindCount {
                detector: detector.clone(),
                kind: kind.clone(),
                severity: String::new(),
                open: 0,
                expected: 0,
                total: 0,
            });
            self.counts.len() - 1
        });
        &mut self.counts[index]
    }
}

/// How bad an episode is. Those within a maintenance window are expected.
pub fn minute_state_of(event: &Event) -> MinuteState {
    if event.maintenance {
        MinuteState::Info
    } else {
        MinuteState::of_severity(&event.defect.severity)
    }
}
