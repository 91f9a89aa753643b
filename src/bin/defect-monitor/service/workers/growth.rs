// SPDX-License-Identifier: MPL-2.0
//! Recognises leaks: a worker grows with each reconnect of its streams.
//!
//! What a stream takes differs from stream to stream and from moment to moment. So minima over 60 s are compared, at
//! equal numbers of streams.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use crate::service::protocol::Footprint;

/// Time over which the minimum is taken.
const WINDOW: Duration = Duration::from_secs(60);
/// Reconnects needed for a verdict.
const RECONNECTS: u64 = 8;
/// Growth that is normal for streams that come and go, per resource.
const THREADS: u64 = 32;
const DESCRIPTORS: u64 = 64;
const MEMORY: u64 = 256 << 20;
/// Growth per reconnect that is a leak, once the total is more than normal.
const THREADS_EACH: u64 = 1;
const DESCRIPTORS_EACH: u64 = 1;
const MEMORY_EACH: u64 = 1 << 20;

/// The growth of one worker.
#[derive(Debug, Default)]
pub struct Growth {
    /// The last [`WINDOW`], oldest first: when, how many streams were watched, and what the process had.
    seen: VecDeque<(Instant, usize, Footprint)>,
    /// By the number of streams watched: the first minimum, and the number of reconnects then.
    first: BTreeMap<usize, (Footprint, u64)>,
}

impl Growth {
    /// Takes what the worker uses, with the number of its streams and of reconnects. Returns the resources that have
    /// grown too much.
    pub fn note(
        &mut self,
        now: Instant,
        watched: usize,
        reconnects: u64,
        has: Footprint,
    ) -> Option<String> {
        self.seen.push_back((now, watched, has));
        while self
            .seen
            .front()
            .is_some_and(|(at, ..)| now.saturating_duration_since(*at) > WINDOW)
        {
            self.seen.pop_front();
        }
        let (oldest, ..) = self.seen.front()?;
        if now.saturating_duration_since(*oldest) < WINDOW / 2 {
            return None;
        }
        let same = self.seen.iter().filter(|(_, n, _)| *n == watched);
        let least = same.map(|(.., has)| *has).reduce(least)?;
        let (first, before) = *self.first.entry(watched).or_insert((least, reconnects));
        let reconnects = reconnects.saturating_sub(before);
        if reconnects < RECONNECTS {
            return None;
        }
        let grown = |now: u64, then: u64, usual: u64, each: u64| {
            let grown = now.saturating_sub(then);
            (grown > usual && grown >= each * reconnects).then_some(grown)
        };
        let threads = grown(least.threads, first.threads, THREADS, THREADS_EACH);
        let descriptors = grown(
            least.descriptors,
            first.descriptors,
            DESCRIPTORS,
            DESCRIPTORS_EACH,
        );
        let memory = grown(least.memory, first.memory, MEMORY, MEMORY_EACH);
        let what = threads
            .map(|n| format!("{n} threads"))
            .or_else(|| descriptors.map(|n| format!("{n} descriptors")))
            .or_else(|| memory.map(|n| format!("{} MB", n / 1_000_000)))?;
        Some(format!("it has grown by {what} in {reconnects} reconnects"))
    }
}

fn least(a: Footprint, b: Footprint) -> Footprint {
    Footprint {
        threads: a.threads.min(b.threads),
        descriptors: a.descriptors.min(b.descriptors),
        memory: a.memory.min(b.memory),
        cpu: a.cpu,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two streams for an hour, of which one reconnects every 10 s, with so much left of each reconnect; whether that is noticed, and when.
    fn noticed(threads: u64, descriptors: u64, memory: u64) -> Option<(u64, String)> {
        let (start, mut growth) = (Instant::now(), Growth::default());
        (0..3600).find_map(|second| {
            let reconnects = second / 10;
            // It takes a while to be back.
            let watched = if second % 10 < 3 { 1 } else { 2 };
            let has = Footprint {
                threads: 10 + 12 * watched + threads * reconnects,
                descriptors: 20 + 9 * watched + descriptors * reconnects,
                memory: (100 << 20) + (30 << 20) * watched + memory * reconnects,
                cpu: Duration::ZERO,
            };
            let now = start + Duration::from_secs(second);
            let what = growth.note(now, watched as usize, reconnects, has)?;
            Some((second, what))
        })
    }

    #[test]
    fn what_each_reconnect_leaves_is_noticed_and_a_change_of_streams_is_not() {
        assert_eq!(noticed(0, 0, 0), None);
        for (threads, descriptors, memory, what) in [
            (4, 7, 3_700_000, "threads"),
            (0, 7, 0, "descriptors"),
            (0, 0, 3_700_000, "MB"),
        ] {
            let (second, why) = noticed(threads, descriptors, memory).unwrap();
            assert!(why.contains(what) && second < 1200, "{second} s: {why}");
        }
    }

    #[test]
    fn streams_that_come_up_are_no_leak() {
        let (start, mut growth) = (Instant::now(), Growth::default());
        for second in 0..600 {
            // Eight that couldn't be reached at first.
            let watched = if second < 300 { 0 } else { 8 };
            let has = Footprint {
                threads: 10 + 40 * watched,
                descriptors: 20 + 40 * watched,
                memory: (100 << 20) * (1 + watched),
                cpu: Duration::ZERO,
            };
            let now = start + Duration::from_secs(second);
            assert_eq!(growth.note(now, watched as usize, second, has), None);
        }
    }
}
