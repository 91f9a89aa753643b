// SPDX-License-Identifier: MPL-2.0
//! No second is missing or there twice, and each that has no measurement says why.

use super::*;
use crate::service::outcome::Status;

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
