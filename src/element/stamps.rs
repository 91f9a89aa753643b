// SPDX-License-Identifier: MPL-2.0
//! What buffers say about the time of the world: timecodes and reference timestamps, kept until a message needs them.

use std::collections::VecDeque;

use crate::detector::{Finding, State};
use crate::media::{Ns, Span};

/// How many buffers are remembered: a minute of 60 frames per second, so that a defect which waits that long before it is announced
/// still finds the timecode of its start.
const MOST: usize = 3600;

/// The stamps of the latest buffers; takes no memory for streams that carry none.
#[derive(Default)]
pub struct Stamps {
    timecodes: VecDeque<(Span, gst_video::ValidVideoTimeCode)>,
    references: VecDeque<(Ns, Ns)>,
    /// Those of the episodes that are open, however long they last.
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

impl Stamps {
    /// Takes note of the stamps of a buffer that starts at that time.
    pub fn note(&mut self, start: Option<Ns>, buffer: &gst::BufferRef) {
        let Some(time) = start else { return };
        if let Some(meta) = buffer.meta::<gst_video::VideoTimeCodeMeta>() {
            let duration = buffer.duration().map_or(0, gst::ClockTime::nseconds);
            let span = Span::new(time, time.saturating_add(duration));
            push(&mut self.timecodes, (span, meta.tc()));
        }
        if let Some(meta) = buffer.meta::<gst::ReferenceTimestampMeta>() {
            push(&mut self.references, (time, meta.timestamp().nseconds()));
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

    /// The timecode of the buffer that starts at that time or else is shown then, and the reference time, counted on from the
    /// nearest buffer before that had one.
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

fn push<T>(queue: &mut VecDeque<T>, stamp: T) {
    if queue.len() == MOST {
        queue.pop_front();
    }
    queue.push_back(stamp);
}
