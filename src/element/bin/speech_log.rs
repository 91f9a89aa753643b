// SPDX-License-Identifier: MPL-2.0
//! When someone began to speak in a programme, for the bins that have its captions.

use std::collections::VecDeque;

use super::super::speech::Heard;
use crate::media::{Ns, SECOND, push_latest};

/// The most onsets that wait for a bin with captions.
const MOST: usize = 256;
/// An onset is known so long after it at the latest.
const KNOWN_AFTER: Ns = SECOND;

/// The onsets of speech of one sound stream: the first that has any.
#[derive(Debug, Default)]
pub struct SpeechLog {
    /// The number of the bin that hears them.
    source: Option<u64>,
    /// The latest, in running time, and the number of the next.
    onsets: VecDeque<Ns>,
    next: u64,
}

impl SpeechLog {
    /// Adds an onset that the bin of that number heard.
    pub fn add(&mut self, source: u64, at: Ns) {
        if *self.source.get_or_insert(source) != source {
            return;
        }
        push_latest(&mut self.onsets, at, MOST);
        self.next += 1;
    }

    /// The bin of that number is gone.
    pub fn remove(&mut self, source: u64) {
        if self.source == Some(source) {
            self.source = None;
            self.onsets.clear();
        }
    }

    /// The bin that hears the speech.
    pub fn source(&self) -> Option<u64> {
        self.source
    }

    /// The onsets from that number on, which becomes the number of the next; `position`: how far the sound has come, in running time.
    pub fn since(&self, number: &mut u64, position: Ns) -> Heard {
        let new = (self.next - (*number).min(self.next)) as usize;
        *number = self.next;
        let old = self.onsets.len().saturating_sub(new);
        Heard {
            onsets: self.onsets.iter().skip(old).copied().collect(),
            until: position.saturating_sub(KNOWN_AFTER),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_onset_is_told_once_and_only_those_of_one_stream() {
        let mut log = SpeechLog::default();
        log.add(1, 5 * SECOND);
        log.add(2, 6 * SECOND);
        log.add(1, 7 * SECOND);
        let mut number = 0;
        let heard = log.since(&mut number, 10 * SECOND);
        assert_eq!(
            (heard.onsets, heard.until),
            (vec![5 * SECOND, 7 * SECOND], 9 * SECOND)
        );
        log.add(1, 11 * SECOND);
        assert_eq!(log.since(&mut number, 12 * SECOND).onsets, [11 * SECOND]);
        assert!(log.since(&mut number, 13 * SECOND).onsets.is_empty());
        log.remove(1);
        log.add(2, 14 * SECOND);
        assert_eq!(log.since(&mut number, 15 * SECOND).onsets, [14 * SECOND]);
    }
}
