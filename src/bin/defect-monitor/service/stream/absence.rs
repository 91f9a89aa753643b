// SPDX-License-Identifier: MPL-2.0
//! That a stream isn't there is a defect as well: the worst, and one that no detector can see.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use gstdefect::DefectMessage;

/// What reports it, in the place of an element.
pub const ELEMENT: &str = "stream";
/// The kind of defect.
pub const KIND: &str = "lost";
/// So long a stream may be away: a try or two to get it back.
pub const LIMIT: Duration = Duration::from_secs(5);

/// Whether the stream is there.
#[derive(Debug)]
pub struct Absence {
    /// Since when it isn't.
    since: Option<Instant>,
    /// Number of the episode, if one is open.
    open: Option<u64>,
    count: u64,
}

impl Absence {
    /// It isn't there yet.
    pub fn new() -> Self {
        Self {
            since: Some(Instant::now()),
            open: None,
            count: 0,
        }
    }

    /// Whether an episode is open.
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// How it is now, and why. Gives what is to be reported, and how long ago it began.
    pub fn note(&mut self, present: bool, why: Option<&str>) -> Option<(DefectMessage, Duration)> {
        if present {
            let since = self.since.take();
            let id = self.open.take()?;
            let lasted = since?.elapsed();
            return Some((message(id, "end", lasted, None), lasted));
        }
        let lasted = self.since.get_or_insert_with(Instant::now).elapsed();
        if lasted < LIMIT || self.open.is_some() {
            return None;
        }
        self.count += 1;
        self.open = Some(self.count);
        Some((message(self.count, "begin", lasted, why), lasted))
    }
}

fn message(id: u64, state: &str, lasted: Duration, why: Option<&str>) -> DefectMessage {
    DefectMessage {
        element: ELEMENT.to_owned(),
        kind: KIND.to_owned(),
        state: state.to_owned(),
        id,
        severity: "critical".to_owned(),
        timestamp: 0,
        stream_time: None,
        running_time: None,
        duration: lasted.as_nanos() as u64,
        value: lasted.as_secs_f64(),
        threshold: LIMIT.as_secs_f64(),
        confidence: 1.0,
        detail: why.map(ToOwned::to_owned),
        channel: None,
        area: None,
        timecode: None,
        reference_time: None,
        reason: (state == "end").then(|| "cleared".to_owned()),
        count: None,
        extra: BTreeMap::new(),
    }
}
