// SPDX-License-Identifier: MPL-2.0
//! What a detector reports: episodes, the results of intervals, warnings.

use super::Finding;
use crate::media::Span;

/// The result of an interval of the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Analysed, without a defect.
    Ok,
    /// There was a defect.
    Defect,
    /// Analysed, but the content couldn't be judged.
    Inconclusive,
    /// There was no data, or none that could be read.
    NotAnalysed,
}

impl Status {
    /// Its name in the message.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Defect => "defect",
            Self::Inconclusive => "inconclusive",
            Self::NotAnalysed => "not-analysed",
        }
    }
}

/// The result of an interval; becomes a measurement message.
#[derive(Debug, Clone, PartialEq)]
pub struct Measurement {
    /// Index into [`Info::kinds`](super::Info::kinds).
    pub kind: usize,
    /// The result.
    pub status: Status,
    /// The time of the interval.
    pub span: Span,
    /// The measures, see [`Info::measure_names`](super::Info::measure_names); NaN = not known.
    pub values: Vec<f64>,
}

/// Something to be posted.
#[derive(Debug, Clone, PartialEq)]
pub enum Report {
    /// About an episode.
    Defect(Finding),
    /// About an interval.
    Measurement(Measurement),
    /// A warning: the detector was asked for something that it can't do, and goes on without.
    Warning(String),
}

impl Report {
    /// The finding, if the report is about an episode.
    pub fn finding(self) -> Option<Finding> {
        if let Self::Defect(finding) = self {
            Some(finding)
        } else {
            None
        }
    }
}
