// SPDX-License-Identifier: MPL-2.0
//! The defect `lost`: a stream, or one of its tracks, isn't there. No detector can see that.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use gstdefect::DefectMessage;

/// Name in the place of an element if the stream is lost.
pub const STREAM: &str = "stream";
/// Name in the place of an element if a track of a stream that is there is lost.
pub const TRACK: &str = "track";
/// The kind of defect.
pub const KIND: &str = "lost";
/// Time without the stream after which it is lost: a try or two to get it back.
pub const LIMIT: Duration = Duration::from_secs(5);

/// A message to be reported, and how long ago its episode began.
pub type Change = (DefectMessage, Duration);

/// Whether a stream or track is there, and the episode if it is lost.
#[derive(Debug)]
pub struct Absence {
    /// Start of the run in ns of Unix time: part of the names of its episodes.
    session: i64,
    element: &'static str,
    severity: &'static str,
    /// Since when the stream or track isn't there.
    since: Option<Instant>,
    /// Number of the episode, if one is open.
    open: Option<u64>,
    count: u64,
}

impl Absence {
    /// A stream that isn't there yet.
    pub fn of_stream(session: i64) -> Self {
        Self::new(session, STREAM, "critical")
    }

    /// A stream that is lost, as another worker reported it; `since`: how long ago that began.
    pub fn resumed(lost: &DefectMessage, session: i64, since: Duration) -> Self {
        Self {
            since: Instant::now().checked_sub(since),
            open: Some(lost.id),
            count: lost.id,
            ..Self::of_stream(session)
        }
    }

    /// A track that isn't there yet.
    pub fn of_track(session: i64) -> Self {
        Self::new(session, TRACK, "error")
    }

    /// Sets the severity: `error` for the only track of its medium, `warning` if others are left.
    pub fn set_only_track(&mut self, is_only: bool) {
        self.severity = if is_only { "error" } else { "warning" };
    }

    /// Start of the run, which is part of the names of its episodes.
    pub fn session(&self) -> i64 {
        self.session
    }

    /// Whether an episode is open.
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    fn new(session: i64, element: &'static str, severity: &'static str) -> Self {
        Self {
            session,
            element,
            severity,
            since: Some(Instant::now()),
            open: None,
            count: 0,
        }
    }

    /// Updates whether the stream or track is there, and why not. Returns what is to be reported.
    pub fn update(&mut self, present: bool, why: Option<&str>) -> Option<Change> {
        if present {
            return self.end();
        }
        let lasted = self.since.get_or_insert_with(Instant::now).elapsed();
        if lasted < LIMIT || self.open.is_some() {
            return None;
        }
        self.count += 1;
        self.open = Some(self.count);
        Some((self.message(self.count, "begin", lasted, why), lasted))
    }

    /// Ends the absence: the stream is there, or watching stops. Returns the end of the episode, if one is open.
    pub fn end(&mut self) -> Option<Change> {
        let since = self.since.take();
        let id = self.open.take()?;
        let lasted = since?.elapsed();
        Some((self.message(id, "end", lasted, None), lasted))
    }

    fn message(&self, id: u64, state: &str, lasted: Duration, why: Option<&str>) -> DefectMessage {
        DefectMessage {
            element: self.element.to_owned(),
            severity: self.severity.to_owned(),
            value: lasted.as_secs_f64(),
            threshold: LIMIT.as_secs_f64(),
            reason: (state == "end").then(|| "cleared".to_owned()),
            ..of_stream(KIND, state, id, lasted, why)
        }
    }
}

/// A critical defect of a stream as a whole, which no element reports; `detail`: the reason, for people.
pub fn of_stream(
    kind: &str,
    state: &str,
    id: u64,
    lasted: Duration,
    detail: Option<&str>,
) -> DefectMessage {
    DefectMessage {
        element: STREAM.to_owned(),
        kind: kind.to_owned(),
        state: state.to_owned(),
        id,
        severity: "critical".to_owned(),
        timestamp: 0,
        stream_time: None,
        running_time: None,
        duration: u64::try_from(lasted.as_nanos()).unwrap_or(0),
        value: 0.0,
        threshold: 0.0,
        confidence: 1.0,
        detail: detail.map(ToOwned::to_owned),
        channel: None,
        area: None,
        timecode: None,
        reference_time: None,
        reason: None,
        count: None,
        extra: BTreeMap::new(),
    }
}
