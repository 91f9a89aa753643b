// SPDX-License-Identifier: MPL-2.0
//! What buffers say about the time of the world: timecodes and reference timestamps, kept until a message needs them.

use std::collections::VecDeque;

use crate::core::Ns;

/// How many buffers are remembered: a minute of 60 frames per second, so that a defect which waits that long before it is announced
/// still finds the timecode of its start.
const MOST: usize = 3600;

/// The stamps of the latest buffers; takes no memory for streams that carry none.
#[derive(Default)]
pub struct Stamps {
    timecodes: VecDeque<(Ns, gst_video::ValidVideoTimeCode)>,
    references: VecDeque<(Ns, Ns)>,
}

impl Stamps {
    /// Takes note of a buffer's stamps.
    pub fn note(&mut self, buffer: &gst::BufferRef) {
        let Some(time) = buffer.pts().map(gst::ClockTime::nseconds) else {
            return;
        };
        if let Some(meta) = buffer.meta::<gst_video::VideoTimeCodeMeta>() {
            push(&mut self.timecodes, (time, meta.tc()));
        }
        if let Some(meta) = buffer.meta::<gst::ReferenceTimestampMeta>() {
            push(&mut self.references, (time, meta.timestamp().nseconds()));
        }
    }

    /// Forgets all, since times begin anew.
    pub fn forget(&mut self) {
        self.timecodes.clear();
        self.references.clear();
    }

    /// The timecode of the buffer that starts at that time.
    pub fn timecode(&self, at: Ns) -> Option<String> {
        self.timecodes
            .iter()
            .rev()
            .find(|(time, _)| *time == at)
            .map(|(_, timecode)| timecode.to_string())
    }

    /// The reference time at that time, counted on from the nearest buffer before it that had one.
    pub fn reference(&self, at: Ns) -> Option<Ns> {
        let (time, reference) = self.references.iter().rev().find(|(time, _)| *time <= at)?;
        reference.checked_add(at - time)
    }
}

fn push<T>(queue: &mut VecDeque<T>, stamp: T) {
    if queue.len() == MOST {
        queue.pop_front();
    }
    queue.push_back(stamp);
}
