// SPDX-License-Identifier: MPL-2.0
//! One record for each second and detector of a stream, without gaps.
//!
//! A measurement covers a second, but not a whole one of the clock: it is assigned to the second of the clock nearest to its start.
//! If two measurements fall into one second (between two sessions), the worse counts; a second without one is `not-analysed`, with a
//! reason.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use gstdefect::MeasurementMessage;
use serde::{Deserialize, Serialize};

use super::super::outcome::Status;

/// A second in ns.
const SECOND: i64 = 1_000_000_000;

/// A second of a detector.
#[derive(Debug, Clone, PartialEq)]
pub struct Second {
    /// The track; empty while none is known.
    pub track: Arc<str>,
    /// The element.
    pub detector: Arc<str>,
    /// Its start, in seconds of Unix time.
    pub at: i64,
    /// Its start in stream time, in ns.
    pub stream_time: Option<u64>,
    /// The worst of its kinds.
    pub status: Status,
    /// The kinds that aren't `ok`.
    pub kinds: BTreeMap<String, Status>,
    /// Why nothing was analysed.
    pub reason: Option<&'static str>,
    /// What was measured.
    pub measures: BTreeMap<String, f64>,
}

/// The second of a detector that is to come next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextSecond {
    /// The track; empty while none is known.
    pub track: Arc<str>,
    /// The element.
    pub detector: Arc<str>,
    /// Its start, in seconds of Unix time.
    pub at: i64,
}

/// How far the records of a detector have come.
#[derive(Debug)]
struct Progress {
    /// The next second, in seconds of Unix time.
    next: i64,
    /// The second before, which may still get worse.
    pending: Option<Second>,
    /// It judges nothing at present, since not all pictures are decoded.
    rests: bool,
    /// It did so at some time since its last second.
    has_rested: bool,
}

/// Why nothing was analysed: no data came.
const NO_DATA: &str = "no-data";
/// Why nothing was analysed: the detector needs all pictures, and only key frames were decoded.
pub const SPARSE: &str = "sparse";

/// The records of all detectors of a stream.
#[derive(Debug)]
pub struct Ledger {
    /// By track and detector; the track is empty while none is known.
    progress: BTreeMap<(Arc<str>, Arc<str>), Progress>,
    /// End of the latest measurement, in ns of Unix time.
    end: i64,
    /// Seconds that are complete, to be reported.
    finished: Vec<Second>,
}

impl Ledger {
    /// Starts at that instant, in ns of Unix time, with these detectors until tracks are known.
    pub fn new(start: i64, detectors: impl IntoIterator<Item = Arc<str>>) -> Self {
        let next = start.div_euclid(SECOND);
        let progress = |detector| (("".into(), detector), Progress::starting_at(next));
        Self {
            progress: detectors.into_iter().map(progress).collect(),
            end: start,
            finished: Vec::new(),
        }
    }

    /// Continues the seconds of an earlier run, for the detectors that still exist. The gap until now is recorded as not analysed.
    pub fn resume_from(&mut self, seconds: &[NextSecond], reason: &'static str) {
        let start = self.end.div_euclid(SECOND);
        let known: BTreeSet<_> = self.progress.keys().map(|(_, d)| Arc::clone(d)).collect();
        let progress: BTreeMap<_, _> = seconds
            .iter()
            .filter(|next| known.contains(&next.detector))
            .map(|next| {
                let key = (Arc::clone(&next.track), Arc::clone(&next.detector));
                // The clock was set back meanwhile.
                let next = if next.at > start + MAX_AHEAD {
                    start
                } else {
                    next.at
                };
                (key, Progress::starting_at(next))
            })
            .collect();
        if !progress.is_empty() {
            self.progress = progress;
            self.fill_until(start, reason);
        }
    }

    /// The next second of each detector, for a later run; call [`Self::close`] before.
    pub fn next_seconds(&self) -> Vec<NextSecond> {
        let next = |((track, detector), progress): (&(Arc<str>, Arc<str>), &Progress)| NextSecond {
            track: Arc::clone(track),
            detector: Arc::clone(detector),
            at: progress.next,
        };
        self.progress.iter().map(next).collect()
    }

    /// End of the latest measurement, in ns of Unix time.
    pub fn end(&self) -> i64 {
        self.end
    }

    /// Adds a track that is watched by these detectors.
    pub fn add(&mut self, track: &Arc<str>, detectors: impl IntoIterator<Item = Arc<str>>) {
        let whole = self
            .progress
            .iter()
            .filter(|((track, _), _)| track.is_empty());
        let next = whole.map(|(_, progress)| progress.next).min();
        let start = next.unwrap_or_else(|| self.end.div_euclid(SECOND));
        for detector in detectors {
            let key = (Arc::clone(track), detector);
            self.progress
                .entry(key)
                .or_insert(Progress::starting_at(start));
        }
    }

    /// Drops the records of the stream as a whole, once there are those of tracks.
    pub fn drop_untracked(&mut self) {
        let is_known = self.progress.keys().any(|(track, _)| !track.is_empty());
        if is_known {
            self.progress.retain(|(track, _), _| !track.is_empty());
        }
    }

    /// Takes a measurement that begins at that instant, in ns of Unix time.
    pub fn measured(&mut self, track: &Arc<str>, begins: i64, m: &MeasurementMessage) {
        let key = (Arc::clone(track), Arc::from(m.element.as_str()));
        let Some(progress) = self.progress.get_mut(&key) else {
            return;
        };
        let duration = i64::try_from(m.duration).unwrap_or(SECOND);
        self.end = self.end.max(begins.saturating_add(duration));
        let at = (begins + SECOND / 2).div_euclid(SECOND);
        // Only a stretch without data comes as one long measurement.
        let last = at.max((begins + duration - SECOND / 2).div_euclid(SECOND));
        if at + 1 < progress.next || (at < progress.next && progress.pending.is_none()) {
            return;
        }
        if at >= progress.next {
            progress.close(&mut self.finished);
            // The measurement that a detector ends with when it is switched off comes after the news.
            let has_rested = std::mem::replace(&mut progress.has_rested, progress.rests);
            let reason = if has_rested { SPARSE } else { "gap" };
            progress.fill(&key, at, reason, &mut self.finished);
            progress.next = at + 1;
            progress.pending = Some(Second::new(&key, at));
        }
        if let Some(second) = &mut progress.pending {
            second.take(m);
        }
        if last > at {
            progress.close(&mut self.finished);
            progress.fill(&key, last + 1, "gap", &mut self.finished);
        }
    }

    /// Closes all seconds before `until`, in seconds of Unix time, while other tracks have data; missing ones are recorded as not analysed.
    pub fn fill_tracks_until(&mut self, until: i64) {
        for (key, progress) in &mut self.progress {
            if progress.next < until && progress.has_rested {
                progress.close(&mut self.finished);
                progress.fill(key, until, SPARSE, &mut self.finished);
            }
        }
        self.fill_until(until, NO_DATA);
    }

    /// Closes all seconds before `until`, in seconds of Unix time; missing ones are recorded as not analysed.
    pub fn fill_until(&mut self, until: i64, reason: &'static str) {
        for (key, progress) in &mut self.progress {
            if progress.next < until {
                progress.close(&mut self.finished);
                progress.fill(key, until, reason, &mut self.finished);
                progress.has_rested = progress.rests;
                self.end = self.end.max(until * SECOND);
            }
        }
    }

    /// Notes that these detectors of a track judge nothing from now on, since not all pictures are decoded; or do again.
    pub fn set_resting(&mut self, track: &str, detectors: &[String], rest: bool) {
        for ((of, detector), progress) in &mut self.progress {
            if **of == *track && detectors.iter().any(|name| **name == **detector) {
                progress.rests = rest;
                progress.has_rested |= rest;
            }
        }
    }

    /// Notes that the clock was set by that many ns: each detector gets one second with the reason `clock-step` and continues after it.
    pub fn note_clock_step(&mut self, by: i64) {
        for (key, progress) in &mut self.progress {
            progress.close(&mut self.finished);
            self.finished
                .push(Second::not_analysed(key, progress.next, "clock-step"));
            let next = (progress.next + 1)
                .saturating_mul(SECOND)
                .saturating_add(by);
            progress.next = next.div_euclid(SECOND);
        }
        self.end = self.end.saturating_add(by);
    }

    /// Closes the open second of each detector.
    pub fn close(&mut self) {
        for progress in self.progress.values_mut() {
            progress.close(&mut self.finished);
        }
    }

    /// Takes the complete seconds out.
    pub fn take_finished(&mut self) -> Vec<Second> {
        std::mem::take(&mut self.finished)
    }
}

impl Progress {
    fn starting_at(next: i64) -> Self {
        Self {
            next,
            pending: None,
            rests: false,
            has_rested: false,
        }
    }

    fn close(&mut self, out: &mut Vec<Second>) {
        out.extend(self.pending.take());
    }

    fn fill(
        &mut self,
        key: &(Arc<str>, Arc<str>),
        until: i64,
        reason: &'static str,
        out: &mut Vec<Second>,
    ) {
        // After a clock that was set far ahead only the last day is filled.
        if until - self.next > LONGEST_GAP {
            self.next = until - LONGEST_GAP;
        }
        for at in self.next..until {
            out.push(Second::not_analysed(key, at, reason));
        }
        self.next = self.next.max(until);
    }
}

/// How far a stream may be ahead of the clock, in seconds.
const MAX_AHEAD: i64 = 8;
/// Longest gap that is filled, in seconds: a day.
const LONGEST_GAP: i64 = 86_400;

impl Second {
    fn new((track, detector): &(Arc<str>, Arc<str>), at: i64) -> Self {
        Self {
            track: Arc::clone(track),
            detector: Arc::clone(detector),
            at,
            stream_time: None,
            status: Status::Ok,
            kinds: BTreeMap::new(),
            reason: None,
            measures: BTreeMap::new(),
        }
    }

    fn not_analysed(key: &(Arc<str>, Arc<str>), at: i64, reason: &'static str) -> Self {
        Self {
            status: Status::NotAnalysed,
            reason: Some(reason),
            ..Self::new(key, at)
        }
    }

    fn take(&mut self, m: &MeasurementMessage) {
        let status = match m.status.as_str() {
            "ok" => Status::Ok,
            "defect" => Status::Defect,
            "inconclusive" => Status::Inconclusive,
            _ => Status::NotAnalysed,
        };
        self.status = self.status.max(status);
        if status == Status::NotAnalysed {
            self.reason.get_or_insert(NO_DATA);
        }
        if status != Status::Ok {
            let kind = self.kinds.entry(m.kind.clone()).or_insert(status);
            *kind = status.max(*kind);
        }
        if self.status != Status::NotAnalysed {
            self.reason = None;
        }
        self.stream_time = self.stream_time.or(m.stream_time);
        for (name, value) in &m.measures {
            self.measures.insert(name.clone(), *value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measurement(duration: i64, status: &str) -> MeasurementMessage {
        MeasurementMessage {
            element: "blackdetect".to_owned(),
            kind: "black".to_owned(),
            status: status.to_owned(),
            timestamp: 0,
            stream_time: Some(0),
            running_time: Some(0),
            duration: duration as u64,
            measures: BTreeMap::new(),
        }
    }

    fn ledger() -> (Ledger, Arc<str>) {
        let mut ledger = Ledger::new(100 * SECOND, ["blackdetect".into()]);
        let track: Arc<str> = "video-0".into();
        ledger.add(&track, ["blackdetect".into()]);
        ledger.drop_untracked();
        (ledger, track)
    }

    fn seconds(ledger: &mut Ledger) -> Vec<(i64, Status, Option<&'static str>)> {
        ledger.close();
        let out = ledger.take_finished();
        out.iter().map(|s| (s.at, s.status, s.reason)).collect()
    }

    #[test]
    fn no_second_is_missing_or_there_twice_at_any_seam() {
        // Sessions of odd lengths, one right after another, with intervals cut at their ends.
        for length in [300_i64, 400, 499, 500, 501, 900, 1000, 1300, 2700, 10_040] {
            let (mut ledger, track) = ledger();
            let mut at = 100 * SECOND;
            for _ in 0..50 {
                let end = at + length * 1_000_000;
                while at < end {
                    let duration = SECOND.min(end - at);
                    ledger.measured(&track, at, &measurement(duration, "ok"));
                    at += duration;
                }
            }
            let seconds: Vec<i64> = seconds(&mut ledger).iter().map(|(at, ..)| *at).collect();
            let all: Vec<i64> = (100..=seconds[seconds.len() - 1]).collect();
            assert_eq!(seconds, all, "{length} ms");
            assert!((seconds.len() as i64 - 50 * length / 1000).abs() <= 1);
        }
    }

    #[test]
    fn what_was_not_there_is_put_down_with_the_reason() {
        let (mut ledger, track) = ledger();
        ledger.fill_until(102, "connecting");
        ledger.measured(&track, 102 * SECOND + 7, &measurement(SECOND, "defect"));
        ledger.measured(&track, 104 * SECOND + 7, &measurement(SECOND, "ok"));
        ledger.fill_until(107, "lost");
        let not = Status::NotAnalysed;
        assert_eq!(
            seconds(&mut ledger),
            [
                (100, not, Some("connecting")),
                (101, not, Some("connecting")),
                (102, Status::Defect, None),
                (103, not, Some("gap")),
                (104, Status::Ok, None),
                (105, not, Some("lost")),
                (106, not, Some("lost")),
            ]
        );
    }

    #[test]
    fn what_rests_until_its_next_measurement_is_sparse() {
        let (mut ledger, track) = ledger();
        ledger.measured(&track, 100 * SECOND, &measurement(SECOND, "ok"));
        let detectors = ["blackdetect".to_owned()];
        ledger.set_resting(&track, &detectors, true);
        // What it ends with.
        ledger.measured(&track, 101 * SECOND, &measurement(SECOND, "ok"));
        ledger.fill_tracks_until(103);
        ledger.set_resting(&track, &detectors, false);
        ledger.measured(&track, 104 * SECOND, &measurement(SECOND, "ok"));
        ledger.measured(&track, 106 * SECOND, &measurement(SECOND, "ok"));
        let reasons: Vec<_> = seconds(&mut ledger).iter().map(|(.., why)| *why).collect();
        let sparse = Some(SPARSE);
        assert_eq!(
            reasons,
            [None, None, sparse, sparse, None, Some("gap"), None]
        );
    }

    #[test]
    fn the_worst_of_a_second_counts_and_late_news_doesnt() {
        let (mut ledger, track) = ledger();
        for status in ["ok", "defect", "not-analysed"] {
            ledger.measured(&track, 100 * SECOND, &measurement(SECOND, status));
        }
        ledger.measured(
            &track,
            101 * SECOND,
            &measurement(3 * SECOND, "not-analysed"),
        );
        ledger.measured(&track, 101 * SECOND, &measurement(SECOND, "ok"));
        let not = Status::NotAnalysed;
        assert_eq!(
            seconds(&mut ledger),
            [
                (100, Status::Defect, None),
                (101, not, Some("no-data")),
                (102, not, Some("gap")),
                (103, not, Some("gap")),
            ]
        );
    }

    #[test]
    fn tracks_take_over_from_the_stream_as_a_whole() {
        let mut ledger = Ledger::new(100 * SECOND, ["blackdetect".into(), "stalldetect".into()]);
        ledger.fill_until(101, "connecting");
        assert_eq!(ledger.take_finished().len(), 2);
        ledger.add(&"video-0".into(), ["blackdetect".into()]);
        ledger.drop_untracked();
        ledger.fill_until(103, "lost");
        let out = ledger.take_finished();
        assert!(out.iter().all(|s| &*s.track == "video-0"));
        assert_eq!(out.iter().map(|s| s.at).collect::<Vec<_>>(), [101, 102]);
    }

    #[test]
    fn another_worker_goes_on_without_a_hole() {
        let (mut first, track) = ledger();
        first.measured(&track, 100 * SECOND, &measurement(SECOND, "ok"));
        first.measured(&track, 101 * SECOND, &measurement(SECOND, "ok"));
        first.close();
        assert_eq!(first.take_finished().len(), 2);
        let detectors: [Arc<str>; 2] = ["blackdetect".into(), "freezedetect".into()];
        let mut second = Ledger::new(105 * SECOND + 7, detectors.clone());
        second.resume_from(&first.next_seconds(), "monitor-restarted");
        second.add(&track, detectors);
        second.drop_untracked();
        second.measured(&track, 105 * SECOND + 7, &measurement(SECOND, "ok"));
        let (not, why) = (Status::NotAnalysed, Some("monitor-restarted"));
        assert_eq!(
            seconds(&mut second),
            [
                (102, not, why),
                (103, not, why),
                (104, not, why),
                (105, Status::Ok, None)
            ]
        );
        // The clock was set back meanwhile.
        let mut third = Ledger::new(50 * SECOND, ["blackdetect".into()]);
        third.resume_from(&second.next_seconds(), "monitor-restarted");
        third.fill_until(51, "connecting");
        assert_eq!(seconds(&mut third), [(50, not, Some("connecting"))]);
    }

    #[test]
    fn a_clock_that_is_set_is_one_second_of_each_detector() {
        for by in [120, -600, 25 * 3600] {
            let (mut ledger, track) = ledger();
            ledger.measured(&track, 100 * SECOND, &measurement(SECOND, "ok"));
            ledger.note_clock_step(by * SECOND);
            ledger.measured(&track, (102 + by) * SECOND, &measurement(SECOND, "ok"));
            ledger.measured(&track, (103 + by) * SECOND, &measurement(SECOND, "ok"));
            let step = (101, Status::NotAnalysed, Some("clock-step"));
            assert_eq!(
                seconds(&mut ledger),
                [
                    (100, Status::Ok, None),
                    step,
                    (102 + by, Status::Ok, None),
                    (103 + by, Status::Ok, None),
                ]
            );
        }
    }
}
