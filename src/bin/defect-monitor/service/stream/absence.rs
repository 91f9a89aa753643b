// SPDX-License-Identifier: MPL-2.0
//! That a stream or one of its tracks isn't there is a defect as well, one that no detector can see.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use gstdefect::DefectMessage;

/// What reports it of a stream, in the place of an element.
pub const STREAM: &str = "stream";
/// What reports it of a track of a stream that is there.
pub const TRACK: &str = "track";
/// The kind of defect.
pub const KIND: &str = "lost";
/// So long a stream may be away: a try or two to get it back.
pub const LIMIT: Duration = Duration::from_secs(5);

/// What is to be reported, and how long ago it began.
pub type Change = (DefectMessage, Duration);

/// Whether a stream or track is there.
#[derive(Debug)]
pub struct Absence {
    /// Tells its episodes from those of other runs of the stream.
    session: i64,
    element: &'static str,
    severity: &'static str,
    /// Since when it isn't.
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
    pub fn going_on(lost: &DefectMessage, session: i64, since: Duration) -> Self {
        Self {
            since: Instant::now().checked_sub(since),
            open: Some(lost.id),
            count: lost.id,
            ..Self::of_stream(session)
        }
    }

    /// A track.
    pub fn of_track(session: i64) -> Self {
        Self::new(session, TRACK, "error")
    }

    /// Whether none of its kind is left, which decides how bad it is that a track has gone.
    pub fn is_only(&mut self, is_only: bool) {
        self.severity = if is_only { "error" } else { "warning" };
    }

    /// What tells its episodes from those of other runs.
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

    /// How it is now, and why. Gives what is to be reported.
    pub fn note(&mut self, present: bool, why: Option<&str>) -> Option<Change> {
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

    /// It is there, or nobody looks any more. Gives the end of the episode, if one is open.
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

/// A critical defect of a stream as a whole, which no element reports; `detail`: why it is so.
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
