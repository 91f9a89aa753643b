// SPDX-License-Identifier: MPL-2.0
//! A second of a detector, and what was measured in it.

use std::collections::BTreeMap;
use std::sync::Arc;

use gstdefect::MeasurementMessage;

use super::NO_DATA;
use crate::service::outcome::Status;

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

impl Second {
    pub(super) fn new((track, detector): &(Arc<str>, Arc<str>), at: i64) -> Self {
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

    pub(super) fn not_analysed(key: &(Arc<str>, Arc<str>), at: i64, reason: &'static str) -> Self {
        Self {
            status: Status::NotAnalysed,
            reason: Some(reason),
            ..Self::new(key, at)
        }
    }

    pub(super) fn take(&mut self, m: &MeasurementMessage) {
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
