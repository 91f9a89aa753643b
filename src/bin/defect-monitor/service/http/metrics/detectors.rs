// SPDX-License-Identifier: MPL-2.0
//! The metrics of detectors: status, episodes, measures.

use std::fmt::Error;

use jiff::Timestamp;

use super::super::super::board::StreamSheet;
use super::super::super::board::detector_state::DetectorState;
use super::super::super::outcome::Status;
use super::Families;

/// What each detector says, and for how long it has.
pub fn of_detectors(out: &mut Families, sheets: &[StreamSheet]) -> Result<(), Error> {
    let now = Timestamp::now();
    out.gauge(
        "defect_detector_status",
        "Of the last second: 0 ok, 1 not analysed, 2 inconclusive, 3 defect",
        |v| {
            each_verdict(sheets, |labels, verdict| {
                if !verdict.is_current(now) {
                    return Ok(());
                }
                v.put(&labels, f64::from(verdict.status as u8))
            })
        },
    )?;
    out.counter(
        "defect_detector_seconds",
        "Seconds of a stream with each status",
        |v| {
            each_verdict(sheets, |[stream, track, detector], verdict| {
                let mut seconds = verdict.seconds;
                for (name, status) in STATUSES {
                    let count = *seconds.of(status);
                    if count > 0 || status == Status::Ok {
                        v.put(&[stream, track, detector, ("status", name)], count as f64)?;
                    }
                }
                Ok(())
            })
        },
    )
}

const STATUSES: [(&str, Status); 4] = [
    ("ok", Status::Ok),
    ("defect", Status::Defect),
    ("inconclusive", Status::Inconclusive),
    ("not-analysed", Status::NotAnalysed),
];

type Labels<'a> = [(&'static str, &'a str); 3];

fn each_verdict<'a>(
    sheets: &'a [StreamSheet],
    mut put: impl FnMut(Labels<'a>, &'a DetectorState) -> Result<(), Error>,
) -> Result<(), Error> {
    for sheet in sheets {
        for verdict in &sheet.verdicts {
            let labels = [
                ("stream", &*sheet.id),
                ("track", &*verdict.track),
                ("detector", &*verdict.detector),
            ];
            put(labels, verdict)?;
        }
    }
    Ok(())
}

/// Defects, by kind.
pub fn of_episodes(out: &mut Families, sheets: &[StreamSheet]) -> Result<(), Error> {
    out.gauge(
        "defect_episodes_open",
        "Defects that go on; with maintenance=\"true\" those within a maintenance window",
        |v| {
            for sheet in sheets {
                for count in &sheet.counts {
                    let labels = |maintenance| {
                        [
                            ("stream", &*sheet.id),
                            ("detector", count.detector.as_str()),
                            ("kind", count.kind.as_str()),
                            ("severity", count.severity.as_str()),
                            ("maintenance", maintenance),
                        ]
                    };
                    v.put(&labels("false"), count.open as f64)?;
                    if count.expected > 0 {
                        v.put(&labels("true"), count.expected as f64)?;
                    }
                }
            }
            Ok(())
        },
    )?;
    out.counter("defect_episodes", "Defects that have begun", |v| {
        for sheet in sheets {
            for count in &sheet.counts {
                let labels = [
                    ("stream", &*sheet.id),
                    ("detector", count.detector.as_str()),
                    ("kind", count.kind.as_str()),
                ];
                v.put(&labels, count.total as f64)?;
            }
        }
        Ok(())
    })
}

/// The measures that are metrics: name and help, detector, measure, label that tells it from others of that name, factor to base units.
type Measured = (
    &'static str,
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
    f64,
);

const MEASURES: [Measured; 4] = [
    (
        "defect_loudness_lufs",
        "Loudness by ITU-R BS.1770 over a window",
        "loudnessdetect",
        &[
            ("momentary", "momentary"),
            ("short-term", "short-term"),
            ("integrated", "integrated"),
        ],
        1.0,
    ),
    (
        "defect_true_peak_dbtp",
        "Largest true peak so far",
        "loudnessdetect",
        &[("true-peak", "")],
        1.0,
    ),
    (
        "defect_av_offset_seconds",
        "How much the sound is early; negative if it is late",
        "avsyncdetect",
        &[("offset", "")],
        1e-3,
    ),
    (
        "defect_corrupted_area_ratio",
        "Share of the picture that is damaged",
        "corruptiondetect",
        &[("area", "")],
        1.0,
    ),
];

/// The measures that are worth a curve.
pub fn of_measures(out: &mut Families, sheets: &[StreamSheet]) -> Result<(), Error> {
    let now = Timestamp::now();
    for (name, help, detector, measures, factor) in MEASURES {
        out.gauge(name, help, |v| {
            each_verdict(sheets, |[stream, track, _], verdict| {
                if *verdict.detector != *detector || !verdict.is_current(now) {
                    return Ok(());
                }
                for (measure, window) in measures {
                    let Some(value) = verdict.measures.get(*measure) else {
                        continue;
                    };
                    let value = value * factor;
                    match *window {
                        "" => v.put(&[stream, track], value)?,
                        _ => v.put(&[stream, track, ("window", window)], value)?,
                    }
                }
                Ok(())
            })
        })?;
    }
    Ok(())
}
