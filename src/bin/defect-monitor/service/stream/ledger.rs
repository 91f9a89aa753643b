// SPDX-License-Identifier: MPL-2.0
//! The seconds of a stream, detector by detector, none left out.
//!
//! Measurements are of a second each, but begin when their track does; each is put down to the whole second of the clock that it
//! begins nearest to. Where two meet in one, as at the seam of two sessions, it gets the worse of them; where none falls, nothing was
//! analysed, for a reason.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use gstdefect::MeasurementMessage;
use serde::{Deserialize, Serialize};

use super::super::outcome::Status;

/// In ns.
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
    /// The same in the stream, in ns.
    pub stream_time: Option<u64>,
    /// The worst of its kinds.
    pub status: Status,
    /// Those of the kinds that aren't fine.
    pub kinds: BTreeMap<String, Status>,
    /// Why nothing was analysed.
    pub reason: Option<&'static str>,
    /// What was measured.
    pub measures: BTreeMap<String, f64>,
}

/// The second of a detector that is to come next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Next {
    /// The track; empty while none is known.
    pub track: Arc<str>,
    /// The element.
    pub detector: Arc<str>,
    /// Its start, in seconds of Unix time.
    pub at: i64,
}

/// Where a detector is.
#[derive(Debug)]
struct Line {
    /// The second that is to come next.
    next: i64,
    /// The one before, which may still get worse.
    pending: Option<Second>,
}

/// All detectors of a stream.
#[derive(Debug)]
pub struct Ledger {
    /// By track and detector; the track is empty while none is known.
    lines: BTreeMap<(Arc<str>, Arc<str>), Line>,
    /// End of the latest measurement, in ns of Unix time.
    end: i64,
    /// What is to be told.
    out: Vec<Second>,
}

impl Ledger {
    /// From that instant on, in ns of Unix time, with these detectors for whatever comes.
    pub fn new(start: i64, detectors: impl IntoIterator<Item = Arc<str>>) -> Self {
        let next = start.div_euclid(SECOND);
        let line = |detector| {
            (
                ("".into(), detector),
                Line {
                    next,
                    pending: None,
                },
            )
        };
        Self {
            lines: detectors.into_iter().map(line).collect(),
            end: start,
            out: Vec::new(),
        }
    }

    /// Goes on where another worker left off, for the detectors that are still there. What is missing until then is put down.
    pub fn go_on(&mut self, seconds: &[Next], reason: &'static str) {
        let start = self.end.div_euclid(SECOND);
        let known: BTreeSet<_> = self.lines.keys().map(|(_, d)| Arc::clone(d)).collect();
        let lines: BTreeMap<_, _> = seconds
            .iter()
            .filter(|next| known.contains(&next.detector))
            .map(|next| {
                let key = (Arc::clone(&next.track), Arc::clone(&next.detector));
                // A clock that was set back meanwhile.
                let next = if next.at > start + AHEAD {
                    start
                } else {
                    next.at
                };
                let pending = None;
                (key, Line { next, pending })
            })
            .collect();
        if !lines.is_empty() {
            self.lines = lines;
            self.absent(start, reason);
        }
    }

    /// Where each detector goes on, once all is closed.
    pub fn next(&self) -> Vec<Next> {
        let next = |((track, detector), line): (&(Arc<str>, Arc<str>), &Line)| Next {
            track: Arc::clone(track),
            detector: Arc::clone(detector),
            at: line.next,
        };
        self.lines.iter().map(next).collect()
    }

    /// End of what was measured, in ns of Unix time.
    pub fn end(&self) -> i64 {
        self.end
    }

    /// A track has come, watched by these detectors.
    pub fn add(&mut self, track: &Arc<str>, detectors: impl IntoIterator<Item = Arc<str>>) {
        let whole = self.lines.iter().filter(|((track, _), _)| track.is_empty());
        let next = whole.map(|(_, line)| line.next).min();
        let start = next.unwrap_or_else(|| self.end.div_euclid(SECOND));
        for detector in detectors {
            let key = (Arc::clone(track), detector);
            self.lines.entry(key).or_insert(Line {
                next: start,
                pending: None,
            });
        }
    }

    /// The tracks are known: there is nothing more to say of the stream as a whole.
    pub fn settle(&mut self) {
        let is_known = self.lines.keys().any(|(track, _)| !track.is_empty());
        if is_known {
            self.lines.retain(|(track, _), _| !track.is_empty());
        }
    }

    /// A measurement that begins at that instant, in ns of Unix time.
    pub fn measured(&mut self, track: &Arc<str>, begins: i64, m: &MeasurementMessage) {
        let key = (Arc::clone(track), Arc::from(m.element.as_str()));
        let Some(line) = self.lines.get_mut(&key) else {
            return;
        };
        let duration = i64::try_from(m.duration).unwrap_or(SECOND);
        self.end = self.end.max(begins.saturating_add(duration));
        let at = (begins + SECOND / 2).div_euclid(SECOND);
        // A long stretch in one message is one without data.
        let last = at.max((begins + duration - SECOND / 2).div_euclid(SECOND));
        if at + 1 < line.next || (at < line.next && line.pending.is_none()) {
            return;
        }
        if at >= line.next {
            line.close(&mut self.out);
            line.skip(&key, at, "gap", &mut self.out);
            line.next = at + 1;
            line.pending = Some(Second::new(&key, at));
        }
        if let Some(second) = &mut line.pending {
            second.take(m);
        }
        if last > at {
            line.close(&mut self.out);
            line.skip(&key, last + 1, "gap", &mut self.out);
        }
    }

    /// Nothing was analysed before that second: what is open goes, and what is missing is put down.
    pub fn absent(&mut self, until: i64, reason: &'static str) {
        for (key, line) in &mut self.lines {
            if line.next < until {
                line.close(&mut self.out);
                line.skip(key, until, reason, &mut self.out);
                self.end = self.end.max(until * SECOND);
            }
        }
    }

    /// The clock was set by that much, in ns. Each detector gets one second that says so, and goes on from there.
    pub fn step(&mut self, by: i64) {
        for (key, line) in &mut self.lines {
            line.close(&mut self.out);
            self.out
                .push(Second::not_analysed(key, line.next, "clock-step"));
            let next = (line.next + 1).saturating_mul(SECOND).saturating_add(by);
            line.next = next.div_euclid(SECOND);
        }
        self.end = self.end.saturating_add(by);
    }

    /// What is open gets no worse.
    pub fn close(&mut self) {
        for line in self.lines.values_mut() {
            line.close(&mut self.out);
        }
    }

    /// What is to be told.
    pub fn take(&mut self) -> Vec<Second> {
        std::mem::take(&mut self.out)
    }
}

impl Line {
    fn close(&mut self, out: &mut Vec<Second>) {
        out.extend(self.pending.take());
    }

    fn skip(
        &mut self,
        key: &(Arc<str>, Arc<str>),
        until: i64,
        reason: &'static str,
        out: &mut Vec<Second>,
    ) {
        // A clock that was set far ahead is no stretch of the stream.
        if until - self.next > LONGEST {
            self.next = until - LONGEST;
        }
        for at in self.next..until {
            out.push(Second::not_analysed(key, at, reason));
        }
        self.next = self.next.max(until);
    }
}

/// So many seconds a stream may be ahead of the clock.
const AHEAD: i64 = 8;
/// A day, in seconds.
const LONGEST: i64 = 86_400;

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
            self.reason.get_or_insert("no-data");
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
        ledger.settle();
        (ledger, track)
    }

    fn told(ledger: &mut Ledger) -> Vec<(i64, Status, Option<&'static str>)> {
        ledger.close();
        let out = ledger.take();
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
            let seconds: Vec<i64> = told(&mut ledger).iter().map(|(at, ..)| *at).collect();
            let all: Vec<i64> = (100..=seconds[seconds.len() - 1]).collect();
            assert_eq!(seconds, all, "{length} ms");
            assert!((seconds.len() as i64 - 50 * length / 1000).abs() <= 1);
        }
    }

    #[test]
    fn what_was_not_there_is_put_down_with_the_reason() {
        let (mut ledger, track) = ledger();
        ledger.absent(102, "connecting");
        ledger.measured(&track, 102 * SECOND + 7, &measurement(SECOND, "defect"));
        ledger.measured(&track, 104 * SECOND + 7, &measurement(SECOND, "ok"));
        ledger.absent(107, "lost");
        let not = Status::NotAnalysed;
        assert_eq!(
            told(&mut ledger),
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
            told(&mut ledger),
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
        ledger.absent(101, "connecting");
        assert_eq!(ledger.take().len(), 2);
        ledger.add(&"video-0".into(), ["blackdetect".into()]);
        ledger.settle();
        ledger.absent(103, "lost");
        let out = ledger.take();
        assert!(out.iter().all(|s| &*s.track == "video-0"));
        assert_eq!(out.iter().map(|s| s.at).collect::<Vec<_>>(), [101, 102]);
    }

    #[test]
    fn another_worker_goes_on_without_a_hole() {
        let (mut first, track) = ledger();
        first.measured(&track, 100 * SECOND, &measurement(SECOND, "ok"));
        first.measured(&track, 101 * SECOND, &measurement(SECOND, "ok"));
        first.close();
        assert_eq!(first.take().len(), 2);
        let detectors: [Arc<str>; 2] = ["blackdetect".into(), "freezedetect".into()];
        let mut second = Ledger::new(105 * SECOND + 7, detectors.clone());
        second.go_on(&first.next(), "monitor-restarted");
        second.add(&track, detectors);
        second.settle();
        second.measured(&track, 105 * SECOND + 7, &measurement(SECOND, "ok"));
        let (not, why) = (Status::NotAnalysed, Some("monitor-restarted"));
        assert_eq!(
            told(&mut second),
            [
                (102, not, why),
                (103, not, why),
                (104, not, why),
                (105, Status::Ok, None)
            ]
        );
        // The clock was set back meanwhile.
        let mut third = Ledger::new(50 * SECOND, ["blackdetect".into()]);
        third.go_on(&second.next(), "monitor-restarted");
        third.absent(51, "connecting");
        assert_eq!(told(&mut third), [(50, not, Some("connecting"))]);
    }

    #[test]
    fn a_clock_that_is_set_is_one_second_of_each_detector() {
        for by in [120, -600, 25 * 3600] {
            let (mut ledger, track) = ledger();
            ledger.measured(&track, 100 * SECOND, &measurement(SECOND, "ok"));
            ledger.step(by * SECOND);
            ledger.measured(&track, (102 + by) * SECOND, &measurement(SECOND, "ok"));
            ledger.measured(&track, (103 + by) * SECOND, &measurement(SECOND, "ok"));
            let step = (101, Status::NotAnalysed, Some("clock-step"));
            assert_eq!(
                told(&mut ledger),
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
