// SPDX-License-Identifier: MPL-2.0
//! The rules of contract sections 3 and 4, held against what a detector said.

use std::collections::BTreeMap;

use gstdefect::{
    DefectMessage, MeasurementMessage,
    detectors::{Entry, Input},
};

use super::{Heard, SECOND, Seen};

const SEVERITIES: [&str; 4] = ["info", "warning", "error", "critical"];
const STATES: [&str; 4] = ["ok", "defect", "inconclusive", "not-analysed"];
const REASONS: [&str; 8] = [
    "cleared", "eos", "flush", "caps", "segment", "discont", "inactive", "stopped",
];

/// Follows the messages of one element.
pub struct Rules<'a> {
    entry: &'a Entry,
    open: BTreeMap<u64, DefectMessage>,
    last_id: u64,
    /// Where the last measurement of each kind ended: as a timestamp, and as running time, which goes on over segments.
    measured: BTreeMap<String, (u64, Option<u64>)>,
}

impl<'a> Rules<'a> {
    pub fn new(entry: &'a Entry) -> Self {
        Self {
            entry,
            open: BTreeMap::new(),
            last_id: 0,
            measured: BTreeMap::new(),
        }
    }

    /// Holds all rules against everything that was said; nothing may be open in the end.
    pub fn check(entry: &'a Entry, heard: &Heard) {
        let mut rules = Self::new(entry);
        for seen in &heard.0 {
            match seen {
                Seen::Defect(d) => rules.defect(d),
                Seen::Measurement(m) => rules.measurement(m),
                _ => {}
            }
        }
        assert!(rules.open.is_empty(), "still open: {:?}", rules.open);
    }

    pub fn defect(&mut self, d: &DefectMessage) {
        let info = self.entry.info;
        let kind = info.kinds.iter().find(|k| k.name == d.kind);
        let kind = kind.unwrap_or_else(|| panic!("{} doesn't report {d:?}", info.element));
        if let Some(detail) = &d.detail {
            let listed = kind.details.iter().any(|(name, _)| name == detail);
            assert!(listed, "detail isn't in the documentation: {d:?}");
        }
        assert!(SEVERITIES.contains(&&*d.severity), "{d:?}");
        let numbers = [d.value, d.threshold, d.confidence];
        let all = numbers.iter().chain(d.extra.values());
        assert!(all.clone().all(|n| n.is_finite()), "not finite: {d:?}");
        assert!((0.0..=1.0).contains(&d.confidence), "{d:?}");
        let has_channels = self.entry.input == Input::Sound;
        assert_eq!(d.channel.is_some(), has_channels, "channel: {d:?}");
        assert!(d.channel.is_none_or(|c| c >= -1), "{d:?}");
        assert!(self.entry.is_video || d.area.is_none(), "area: {d:?}");
        assert!(d.area.is_none_or(|[_, _, w, h]| w > 0 && h > 0), "{d:?}");
        assert_eq!(d.reason.is_some(), d.state == "end", "reason: {d:?}");
        assert!(d.timestamp < u64::MAX && d.duration < u64::MAX, "{d:?}");
        self.state(d);
    }

    fn state(&mut self, d: &DefectMessage) {
        if d.state == "begin" {
            assert!(d.id > self.last_id, "ids go up from 1: {d:?}");
            self.last_id = d.id;
            self.open.insert(d.id, d.clone());
            return;
        }
        let begin = self.open.get(&d.id);
        let begin = begin.unwrap_or_else(|| panic!("there is no episode of {d:?}"));
        let same = |d: &DefectMessage| {
            (
                d.kind.clone(),
                d.channel,
                d.timestamp,
                d.stream_time,
                d.running_time,
                d.timecode.clone(),
                d.reference_time,
            )
        };
        assert_eq!(same(begin), same(d), "begin and {} differ", d.state);
        match &*d.state {
            "ongoing" => {}
            "end" => {
                assert!(REASONS.contains(&d.reason.as_deref().unwrap()), "{d:?}");
                self.open.remove(&d.id);
            }
            _ => panic!("no such state: {d:?}"),
        }
    }

    pub fn measurement(&mut self, m: &MeasurementMessage) {
        let info = self.entry.info;
        assert!(info.kinds.iter().any(|k| k.name == m.kind), "{m:?}");
        assert!(STATES.contains(&&*m.status), "{m:?}");
        for (name, value) in &m.measures {
            assert!(value.is_finite(), "{name}: {m:?}");
            let known = info.measures.iter().any(|measure| {
                let channel = name.strip_prefix(measure.name).unwrap_or("?");
                match channel.strip_prefix('-') {
                    Some(c) => measure.per_channel && c.parse::<usize>().is_ok(),
                    None => !measure.per_channel && channel.is_empty(),
                }
            });
            assert!(known, "measure {name} isn't in the documentation");
        }
        assert!(m.duration > 0, "{m:?}");
        let end = |start: u64| start + m.duration;
        let ends = (end(m.timestamp), m.running_time.map(end));
        if let Some(last) = self.measured.insert(m.kind.clone(), ends) {
            let goes_on = last.0 == m.timestamp || last.1.is_some() && last.1 == m.running_time;
            assert!(goes_on, "an interval is missing between {last:?} and {m:?}");
        }
    }

    /// A defect is announced in time: `now` is the end of the last unit before the message.
    pub fn announced_by(d: &DefectMessage, min_duration: u64, now: u64) {
        let latest = d.timestamp + min_duration + SECOND;
        assert!(now <= latest, "announced at {now}, not by {latest}: {d:?}");
    }
}
