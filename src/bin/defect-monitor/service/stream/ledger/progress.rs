// SPDX-License-Identifier: MPL-2.0
//! How far the records of one detector have come.

use std::sync::Arc;

use super::Second;

/// How far the records of a detector have come.
#[derive(Debug)]
pub struct Progress {
    /// The next second, in seconds of Unix time.
    pub next: i64,
    /// The second before, which may still get worse.
    pub pending: Option<Second>,
    /// It judges nothing at present, since not all pictures are decoded.
    pub rests: bool,
    /// It did so at some time since its last second.
    pub has_rested: bool,
}

/// Longest gap that is filled, in seconds: a day.
const LONGEST_GAP: i64 = 86_400;

impl Progress {
    /// Before the second that starts then, in seconds of Unix time.
    pub fn starting_at(next: i64) -> Self {
        Self {
            next,
            pending: None,
            rests: false,
            has_rested: false,
        }
    }

    /// Reports the second before.
    pub fn close(&mut self, out: &mut Vec<Second>) {
        out.extend(self.pending.take());
    }

    /// Reports all seconds before `until` as not analysed.
    pub fn fill(
        &mut self,
        key: &(Arc<str>, Arc<str>),
        until: i64,
        reason: &'static str,
        out: &mut Vec<Second>,
    ) {
        // After a clock that was set far ahead only the last day is filled.
        if until - self.next > LONGEST_GAP {
            self.next = until - LONGEST_GAP;
        }
        for at in self.next..until {
            out.push(Second::not_analysed(key, at, reason));
        }
        self.next = self.next.max(until);
    }
}
