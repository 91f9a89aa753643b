// SPDX-License-Identifier: MPL-2.0
//! Timecodes and reference timestamps of the latest buffers, looked up when a defect message needs them.

use std::collections::VecDeque;

use crate::detector::{Finding, State};
use crate::media::{Ns, Span, push_latest};

/// How many buffers are remembered: a minute of 60 frames per second, so that a defect which waits that long before it is announced
/// still finds the timecode of its start.
const MOST: usize = 3600;

/// The stamps of the latest buffers; allocates nothing for streams without any.
#[derive(Default)]
pub struct Stamps {
    timecodes: VecDeque<(Span, gst_video::ValidVideoTimeCode)>,
    references: VecDeque<(Ns, Ns)>,
    /// The stamps of the open episodes, however long these last.
    open: Vec<(u64, Stamp)>,
}

/// The stamps of one instant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stamp {
    /// SMPTE timecode.
    pub timecode: Option<String>,
    /// Reference time.
    pub reference: Option<Ns>,
}

/// The stamps of one buffer.
#[derive(Debug, Clone)]
pub struct BufferStamps {
    /// Its presentation time, and its timecode.
    timecode: Option<(Span, gst_video::ValidVideoTimeCode)>,
    /// Its start, and its reference time, in ns.
    reference: Option<(Ns, Ns)>,
}

impl BufferStamps {
    /// The stamps of a buffer that starts at that time; `None` if it has none.
    pub fn of(start: Option<Ns>, buffer: &gst::BufferRef) -> Option<Self> {
        let start = start?;
        let duration = buffer.duration().map_or(0, gst::ClockTime::nseconds);
        let span = Span::new(start, start.saturating_add(duration));
        let timecode = buffer.meta::<gst_video::VideoTimeCodeMeta>();
        let reference = buffer.meta::<gst::ReferenceTimestampMeta>();
        let stamps = Self {
            timecode: timecode.map(|meta| (span, meta.tc())),
            reference: reference.map(|meta| (start, meta.timestamp().nseconds())),
        };
        (stamps.timecode.is_some() || stamps.reference.is_some()).then_some(stamps)
    }
}

impl Stamps {
    /// Remembers the stamps of a buffer.
    pub fn note(&mut self, buffer: BufferStamps) {
        if let Some(timecode) = buffer.timecode {
            push_latest(&mut self.timecodes, timecode, MOST);
        }
        if let Some(reference) = buffer.reference {
            push_latest(&mut self.references, reference, MOST);
        }
    }

    /// Forgets all, since times begin anew.
    pub fn reset(&mut self) {
        self.timecodes.clear();
        self.references.clear();
        self.open.clear();
    }

    /// The stamps of an episode's start; the same in each of its messages.
    pub fn of(&mut self, finding: &Finding) -> Stamp {
        let known = self.open.iter().position(|(id, _)| *id == finding.id);
        match (finding.state, known) {
            (State::End(_), Some(i)) => self.open.swap_remove(i).1,
            (_, Some(i)) => self.open[i].1.clone(),
            (_, None) => {
                let stamp = self.at(finding.at);
                if stamp != Stamp::default() {
                    self.open.push((finding.id, stamp.clone()));
                }
                stamp
            }
        }
    }

    /// The timecode of the buffer that starts at that time or is shown then, and the reference time, extrapolated
    /// from the nearest earlier buffer that had one.
    fn at(&self, at: Ns) -> Stamp {
        let shown = |span: &Span| span.start == at || (span.start < at && at < span.end);
        let timecode = self.timecodes.iter().rev().find(|(span, _)| shown(span));
        let reference = self.references.iter().rev().find(|(time, _)| *time <= at);
        Stamp {
            timecode: timecode.map(|(_, timecode)| timecode.to_string()),
            reference: reference.and_then(|(time, reference)| reference.checked_add(at - time)),
        }
    }
}
