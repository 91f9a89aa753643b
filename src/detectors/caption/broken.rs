// SPDX-License-Identifier: MPL-2.0
//! The share of pairs and packets that can't be read, lately.

use super::decoder::Tally;
use crate::detector::{Evidence, Observation};
use crate::media::{Ns, SECOND, Span};

/// Broken pairs and packets are counted over one to two windows of this length; fewer than [`LEAST`] are none.
const WINDOW: Ns = 5 * SECOND;
const LEAST: u32 = 3;
/// Captions are right again when the share has fallen to this part of the limit, so that bursts are one episode.
const HYSTERESIS: f64 = 0.5;

/// What came in a window.
#[derive(Debug, Clone, Copy, Default)]
struct Window {
    tally: Tally,
    /// When the first broken one came.
    first: Option<Ns>,
}

/// Counts broken pairs and packets.
#[derive(Debug, Default)]
pub struct Broken {
    /// The window since the time `began`, and the one before.
    windows: [Window; 2],
    began: Ns,
    /// When the last broken one came.
    last: Option<Ns>,
    /// Whether there are too many.
    is_over: bool,
}

impl Broken {
    /// Takes what came at that time.
    pub fn note(&mut self, span: Span, tally: &Tally) {
        if span.start.saturating_sub(self.began) >= WINDOW {
            self.windows = [Window::default(), self.windows[0]];
            self.began = span.start;
        }
        let window = &mut self.windows[0];
        window.tally.add(tally);
        if tally.broken() > 0 {
            window.first.get_or_insert(span.start);
            self.last = Some(span.end);
        }
    }

    /// Whether more than `threshold`, a share, are broken at `now`: from the first broken one to the last.
    pub fn judge(&mut self, now: Ns, threshold: f64) -> Observation {
        let [window, before] = &self.windows;
        let mut recent = window.tally;
        recent.add(&before.tally);
        let broken = recent.broken();
        let share = f64::from(broken) / f64::from(recent.pieces().max(1));
        let limit = threshold * if self.is_over { HYSTERESIS } else { 1.0 };
        let observation = |evidence| Observation::new(evidence, share, threshold);
        let was_over = std::mem::replace(&mut self.is_over, broken >= LEAST && share > limit);
        if !self.is_over {
            let end = self.last.filter(|_| was_over);
            let absent = observation(Evidence::Absent);
            return end.into_iter().fold(absent, Observation::since);
        }
        if self.last != Some(now) {
            // The counts tell later whether that was the last one.
            return observation(Evidence::Unknown);
        }
        let detail = match recent.parity_errors * 2 >= broken {
            true => "parity",
            false => "codes",
        };
        let first = before.first.or(window.first).unwrap_or(now);
        let present = observation(Evidence::Present).detail(detail);
        present.since(first).min_duration(0)
    }
}
