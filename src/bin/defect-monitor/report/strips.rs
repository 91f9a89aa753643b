// SPDX-License-Identifier: MPL-2.0
//! Measurements over time, as strips under the time line. [`PLANS`] says which there are, in their order.

use std::collections::BTreeMap;

use gstdefect::MeasurementMessage;
use gstdefect::detectors;

use super::data::{Limit, Line, Setting, Strip, Track};
use super::film::Luma;
use super::settings;

/// Channels whose levels are drawn; more lines than that nobody can tell apart.
const MOST_CHANNELS: usize = 16;

/// What is measured: track, element, and name of the measure.
type Key = (String, String, String);

/// All measurements of a file, with their times in ns.
#[derive(Debug, Default)]
pub struct Series(BTreeMap<Key, Vec<(u64, f32)>>);

impl Series {
    /// Takes note of a measurement at that instant in ns.
    pub fn push(&mut self, track: &str, at: u64, message: &MeasurementMessage) {
        let Some(element) = element(message) else {
            return;
        };
        for (name, value) in &message.measures {
            self.add(track, element, name, at, *value as f32);
        }
    }

    /// Takes note of the luma of pictures, whose times count from the origin, in ns.
    pub fn push_luma(&mut self, track: &str, origin: u64, luma: &[(u64, Luma)]) {
        for (at, luma) in luma {
            let at = at.saturating_sub(origin);
            for (name, value) in [("low", luma.low), ("mean", luma.mean), ("high", luma.high)] {
                self.add(track, PICTURE, name, at, value);
            }
        }
    }

    fn add(&mut self, track: &str, element: &str, name: &str, at: u64, value: f32) {
        let key = (track.to_owned(), element.to_owned(), name.to_owned());
        self.0.entry(key).or_default().push((at, value));
    }

    /// Names of the measures of an element that begin like that.
    fn names(&self, track: &str, element: &str, beginning: &str) -> Vec<String> {
        let keys = self.0.keys().filter(|(t, e, _)| t == track && e == element);
        let numbered = keys.filter_map(|(_, _, name)| {
            let number = name.strip_prefix(beginning)?.parse::<usize>().ok()?;
            Some((number, name.clone()))
        });
        let mut names: Vec<_> = numbered.collect();
        names.sort();
        names.into_iter().map(|(_, name)| name).collect()
    }
}

/// The name under which a message is kept. The kinds of one detector send the same measures: one of them is enough.
fn element(message: &MeasurementMessage) -> Option<&'static str> {
    let all = detectors::all();
    let entry = all
        .iter()
        .find(|d| d.info.kinds.first().is_some_and(|k| k.name == message.kind))?;
    Some(match message.element.as_str() {
        TIMESTAMPS => TIMESTAMPS,
        _ => entry.info.element,
    })
}

/// The detector of timestamps before the decoder.
const TIMESTAMPS: &str = "timestamps";
/// What is measured here, by no detector.
const PICTURE: &str = "picture";

/// A strip to be made where there are measurements for it.
struct Plan {
    title: &'static str,
    unit: &'static str,
    /// The elements that may have measured it; the first that has counts.
    elements: &'static [&'static str],
    /// Measures with their labels; one that ends in a hyphen is there for each channel.
    lines: &'static [(&'static str, &'static str)],
    range: Option<[f32; 2]>,
    /// Properties of the first of the elements that are drawn as limits, with their labels.
    limits: &'static [(&'static str, &'static str)],
}

#[rustfmt::skip]
const PLANS: &[Plan] = &[
    Plan { title: "Luma: darkest 1 %, mean, brightest 1 %", unit: "", elements: &[PICTURE],
        lines: &[("high", "brightest"), ("mean", "mean"), ("low", "darkest")], range: Some([0.0, 1.0]), limits: &[] },
    Plan { title: "Change from picture to picture", unit: "", elements: &["freezedetect"],
        lines: &[("change", "mean change of luma")], range: None, limits: &[] },
    Plan { title: "Damaged share of the picture", unit: "", elements: &["corruptiondetect"],
        lines: &[("area", "damaged area")], range: Some([0.0, 1.0]), limits: &[] },
    Plan { title: "Repeated pictures", unit: "/s", elements: &["stutterdetect"],
        lines: &[("repeats", "repeated"), ("drops", "dropped")], range: None, limits: &[] },
    Plan { title: "Loudness", unit: "LUFS", elements: &["loudnessdetect"],
        lines: &[("momentary", "momentary"), ("short-term", "short-term"), ("integrated", "integrated")], range: Some([-60.0, 0.0]),
        limits: &[("target", "target")] },
    Plan { title: "True peak so far", unit: "dBTP", elements: &["loudnessdetect"],
        lines: &[("true-peak", "true peak")], range: Some([-60.0, 3.0]), limits: &[("max-true-peak", "limit")] },
    Plan { title: "Peak of each channel", unit: "dBFS", elements: LEVELS,
        lines: &[("peak-", "channel")], range: Some([-80.0, 0.0]), limits: &[] },
    Plan { title: "Level of each channel (rms)", unit: "dBFS", elements: LEVELS,
        lines: &[("rms-", "channel")], range: Some([-80.0, 0.0]), limits: &[("threshold", "silence")] },
    Plan { title: "Phase: lowest correlation of a pair", unit: "", elements: &["phasedetect"],
        lines: &[("correlation", "correlation")], range: Some([-1.0, 1.0]), limits: &[("inversion-threshold", "inverted")] },
    Plan { title: "Hum", unit: "dBFS", elements: &["humdetect"],
        lines: &[("level", "mains lines")], range: Some([-120.0, 0.0]), limits: &[("threshold", "limit")] },
    Plan { title: "Noise floor, 2 to 16 kHz", unit: "dBFS", elements: &["hissdetect"],
        lines: &[("floor", "noise floor")], range: Some([-120.0, 0.0]), limits: &[("threshold", "limit")] },
    Plan { title: "Sound against picture (positive: sound is early)", unit: "ms", elements: &["avsyncdetect"],
        lines: &[("offset", "offset")], range: None, limits: &[] },
    Plan { title: "Timestamps: buffers per second, and gaps", unit: "", elements: &[TIMESTAMPS, "stalldetect"],
        lines: &[("rate", "buffers per second"), ("gaps", "gaps")], range: None, limits: &[] },
];

/// Those that measure levels; the first is on unless it was switched off.
const LEVELS: &[&str] = &["silencedetect", "clipdetect", "dcdetect"];

/// The strips of a file.
pub fn of(series: &Series, tracks: &[Track], settings: &[Setting]) -> Vec<Strip> {
    let strips = tracks.iter().flat_map(|track| {
        let name = track.name.as_str();
        PLANS
            .iter()
            .filter_map(move |plan| strip(plan, series, name, settings))
    });
    strips.collect()
}

fn strip(plan: &Plan, series: &Series, track: &str, settings: &[Setting]) -> Option<Strip> {
    let found = plan.elements.iter().find_map(|element| {
        let lines = lines(plan, series, track, element);
        (!lines.is_empty()).then_some((*element, lines))
    });
    let (element, found) = found?;
    let (times, lines) = align(&found);
    // What never had a value needs no room.
    if lines.iter().all(|l| l.values.iter().all(Option::is_none)) {
        return None;
    }
    let is_first = plan.elements.first() == Some(&element);
    let limits = plan.limits.iter().filter(|_| is_first);
    let limits = limits.filter_map(|(property, label)| {
        let value = settings::number(settings, element, property)? as f32;
        Some(Limit { label, value })
    });
    Some(Strip {
        title: plan.title.to_owned(),
        unit: plan.unit,
        track: track.to_owned(),
        range: plan.range,
        times,
        lines,
        limits: limits.collect(),
    })
}

type Found<'a> = Vec<(String, &'a Vec<(u64, f32)>)>;

/// The measurements of a plan, with their labels.
fn lines<'a>(plan: &Plan, series: &'a Series, track: &str, element: &str) -> Found<'a> {
    let mut found = Vec::new();
    for (measure, label) in plan.lines {
        let names = match measure.ends_with('-') {
            true => series.names(track, element, measure),
            false => vec![(*measure).to_owned()],
        };
        for name in names.into_iter().take(MOST_CHANNELS) {
            let label = match name.strip_prefix(measure) {
                Some(number) if !number.is_empty() => format!("{label} {number}"),
                _ => (*label).to_owned(),
            };
            let key = (track.to_owned(), element.to_owned(), name);
            found.extend(series.0.get(&key).map(|values| (label, values)));
        }
    }
    found
}

/// Puts lines on common times, in seconds.
fn align(found: &Found) -> (Vec<f32>, Vec<Line>) {
    let mut instants: Vec<u64> = found
        .iter()
        .flat_map(|(_, v)| v.iter().map(|(at, _)| *at))
        .collect();
    instants.sort_unstable();
    instants.dedup();
    let lines = found.iter().map(|(label, values)| {
        let by_time: BTreeMap<u64, f32> = values.iter().copied().collect();
        let values = instants
            .iter()
            .map(|at| by_time.get(at).copied().filter(|v| v.is_finite()));
        let values = values
            .map(|v| v.map(|v| (v * 1000.0).round() / 1000.0))
            .collect();
        Line {
            label: label.clone(),
            values,
        }
    });
    let lines = lines.collect();
    let seconds = |at: &u64| ((*at as f64 / 1e6).round() / 1e3) as f32;
    (instants.iter().map(seconds).collect(), lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans_name_what_the_detectors_measure() {
        let all = detectors::all();
        for plan in PLANS {
            for element in plan
                .elements
                .iter()
                .filter(|e| ![PICTURE, TIMESTAMPS].contains(e))
            {
                let entry = all.iter().find(|d| d.info.element == *element);
                let entry = entry.unwrap_or_else(|| panic!("{element} isn't a detector"));
                for (measure, _) in plan.lines {
                    let name = measure.trim_end_matches('-');
                    let known = entry
                        .info
                        .measures
                        .iter()
                        .any(|m| m.name == name && m.per_channel == measure.ends_with('-'));
                    assert!(known, "{element} doesn't measure {measure}");
                }
                let specs = entry.specs();
                for (property, _) in plan.limits.iter().filter(|_| *element == plan.elements[0]) {
                    assert!(
                        specs.iter().any(|s| s.name == *property),
                        "{element} has no {property}"
                    );
                }
            }
        }
    }

    #[test]
    fn lines_get_common_times_and_gaps_where_nothing_was_measured() {
        let (a, b) = (
            vec![(0, 1.0), (1_000_000_000, f32::NAN)],
            vec![(1_000_000_000, 2.0), (2_000_000_000, 3.0)],
        );
        let (times, lines) = align(&vec![("a".to_owned(), &a), ("b".to_owned(), &b)]);
        assert_eq!(times, [0.0, 1.0, 2.0]);
        assert_eq!(lines[0].values, [Some(1.0), None, None]);
        assert_eq!(lines[1].values, [None, Some(2.0), Some(3.0)]);
    }
}
