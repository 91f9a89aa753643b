// SPDX-License-Identifier: MPL-2.0
//! What was put into the programme against what was found.

use super::super::screen::{Style, paint};
use super::super::tally::{Episode, Tally};
use super::super::time;
use super::{Fault, Programme};

/// How far off, in ns, an episode may start or end and still be the one that was put in.
const SLACK: u64 = 1_000_000_000;

impl Programme {
    /// For people; of what lies before `end`, in ns.
    pub fn comparison(&self, colour: bool, tally: &Tally, end: u64) -> Vec<String> {
        let mut lines = vec!["  injected and found:".to_owned()];
        let mut found = 0;
        let reached = |f: &&&Fault| f.to * 1_000_000 <= end;
        let faults: Vec<_> = self.faults.iter().filter(reached).collect();
        for fault in &faults {
            let hit = tally.episodes.iter().find(|e| fault.is(e));
            found += usize::from(hit.is_some());
            let (style, words) = match hit {
                Some(e) => {
                    let words = format!("found {} to {}", time::clock(e.start), time::clock(e.end));
                    (Style::Green, words)
                }
                None => (Style::Red, "not found".to_owned()),
            };
            lines.push(format!(
                "    {}  {}",
                fault.words(),
                paint(colour, style, &words)
            ));
        }
        let of_none = |e: &&Episode| !self.faults.iter().any(|f| f.explains(e));
        let others = tally.episodes.iter().filter(of_none).count();
        lines.push(format!(
            "    {found} of {} found, {others} others",
            faults.len()
        ));
        lines
    }
}

impl Fault {
    /// Whether the episode is this fault.
    fn is(&self, e: &Episode) -> bool {
        let near = |ms: u64, ns: u64| (ms * 1_000_000).abs_diff(ns) <= SLACK;
        e.kind == self.kind
            && near(self.from, e.start)
            && near(self.to, e.end)
            && (self.channel.is_none() || self.channel == e.channel)
    }

    /// Whether the episode comes of this fault, e.g. of one channel where all are silent.
    fn explains(&self, e: &Episode) -> bool {
        e.kind == self.kind
            && e.start < self.to * 1_000_000 + SLACK
            && e.end + SLACK > self.from * 1_000_000
    }
}
