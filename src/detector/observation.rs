// SPDX-License-Identifier: MPL-2.0
//! Types of a detector's observations, and of the findings that are reported about episodes.

use std::borrow::Cow;

use crate::media::{Ns, picture::Area};

/// Whether a unit has a defect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence {
    /// The unit has the defect.
    Present,
    /// The unit doesn't have it.
    Absent,
    /// It can't be judged: an announced episode goes on, a candidate is forgotten after `clear-duration`.
    Unknown,
}

/// What a detector observed in one unit.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// Whether the defect is there.
    pub evidence: Evidence,
    /// The measure that decides, in the unit of the threshold.
    pub value: f64,
    /// The limit it is compared with.
    pub threshold: f64,
    /// How sure the detector is, 0 to 1.
    pub confidence: f64,
    /// Sub-kind.
    pub detail: Option<Cow<'static, str>>,
    /// The part of the picture that has the defect.
    pub area: Option<Area>,
    /// Further numbers for the message, by field name.
    pub extra: [Option<(&'static str, f64)>; 3],
    /// Start of the defect, or its end if it is absent, if that lies before this unit.
    pub since: Option<Ns>,
    /// How long this defect has to last before it is announced, if not `min-duration`.
    pub min_duration: Option<Ns>,
    /// How many defects an [isolated](super::Episodes::observe_isolated) observation stands for, usually 1.
    pub count: u64,
}

impl Observation {
    /// A plain observation.
    pub fn new(evidence: Evidence, value: f64, threshold: f64) -> Self {
        Self {
            evidence,
            value,
            threshold,
            confidence: 1.0,
            detail: None,
            area: None,
            extra: [None; 3],
            since: None,
            min_duration: None,
            count: 1,
        }
    }

    /// Present or absent.
    pub fn present_if(present: bool, value: f64, threshold: f64) -> Self {
        Self::new(
            if present {
                Evidence::Present
            } else {
                Evidence::Absent
            },
            value,
            threshold,
        )
    }

    /// An observation that can't be judged.
    pub fn unknown() -> Self {
        Self::new(Evidence::Unknown, 0.0, 0.0)
    }

    /// With a sub-kind.
    pub fn detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// With a confidence, 0 to 1.
    pub fn confidence(mut self, confidence: f64) -> Self {
        self.confidence = confidence.clamp(0.0, 1.0);
        self
    }

    /// With the place in the picture.
    pub fn area(mut self, area: Area) -> Self {
        self.area = Some(area);
        self
    }

    /// With an earlier time of the change.
    pub fn since(mut self, at: Ns) -> Self {
        self.since = Some(at);
        self
    }

    /// With another time to wait than `min-duration`.
    pub fn min_duration(mut self, duration: Ns) -> Self {
        self.min_duration = Some(duration);
        self
    }

    /// Stands for `count` isolated defects.
    pub fn count(mut self, count: u64) -> Self {
        self.count = count;
        self
    }

    /// With one more number for the message; a fourth is lost.
    pub fn extra(mut self, name: &'static str, value: f64) -> Self {
        if let Some(free) = self.extra.iter_mut().find(|e| e.is_none()) {
            *free = Some((name, value));
        }
        self
    }
}

/// Why an episode ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The defect is gone.
    Cleared,
    /// The stream ended.
    Eos,
    /// The stream was flushed.
    Flush,
    /// The format changed.
    Caps,
    /// A new segment began.
    Segment,
    /// The timeline jumped, or analysis had to begin anew.
    Discont,
    /// The detector was switched off.
    Inactive,
    /// The element was stopped.
    Stopped,
}

impl Reason {
    /// Its name in the message.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cleared => "cleared",
            Self::Eos => "eos",
            Self::Flush => "flush",
            Self::Caps => "caps",
            Self::Segment => "segment",
            Self::Discont => "discont",
            Self::Inactive => "inactive",
            Self::Stopped => "stopped",
        }
    }
}

/// The state of an episode in a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It begins.
    Begin,
    /// It goes on.
    Ongoing,
    /// It has ended.
    End(Reason),
}

/// What is reported about an episode; becomes a defect message.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// Index into [`Info::kinds`](super::Info::kinds).
    pub kind: usize,
    /// Channel, or the programme as a whole.
    pub channel: Option<usize>,
    /// Where the episode stands.
    pub state: State,
    /// Its number, from 1.
    pub id: u64,
    /// When the defect started.
    pub at: Ns,
    /// How long it has lasted.
    pub duration: Ns,
    /// The observation; `value` is the worst so far.
    pub observation: Observation,
    /// Number of isolated defects, if the episode consists of these.
    pub count: Option<u64>,
}
