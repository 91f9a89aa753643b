// SPDX-License-Identifier: MPL-2.0
//! Tracks the hum of one channel from window to window: its start, its continuation, its end.

use super::{STEPS, lines::Family, steadiness::Steadiness};
use crate::media::{Ns, SECOND};

/// Score, less ten times the spread, from which a family is hum. Measured on 19 recordings without mains hum: at most 25
/// (street with an engine), music 14; with hum at -42 dBFS under loud pop 21 to 36 at the best moment, under speech 30 and more.
pub const BEGIN: f64 = 27.0;
/// Smallest score and largest spread at which hum goes on at the same frequency.
const KEEP: f64 = 13.0;
const KEEP_SPREAD: f64 = 1.5;
/// Largest spread at which hum may begin where the fundamental isn't near mains. Set on the two recordings that
/// showed the need: a chip tune with a bass at 49.81 Hz has 1.1, lines at 179.4 and 358.8 Hz under crows 0.42 and
/// more.
const AWAY_SPREAD: f64 = 0.3;
/// Contrast in dB that the second strongest line needs; or, if the strongest line is alone, what that needs, with a
/// smaller spread.
pub const SECOND_LINE: f64 = 10.0;
const LONE_LINE: f64 = 16.0;
const LONE_SPREAD: f64 = 0.3;
/// Consecutive windows that need such a lone line: 12 s. A bass note repeated for 7 s was the longest in pop music.
const LONE_WINDOWS: u32 = 5;
/// A line that keeps its level, but not its phase, or that isn't at mains: its contrast in dB, and the consecutive
/// windows that need it.
const CONSTANT_LINE: f64 = 20.0;
const CONSTANT_WINDOWS: u32 = 5;
/// Notes of the usual tuning in that range, in Hz, from F#1 to B1, and the relative distance within which such a line
/// is taken for a held note.
const NOTES: [f64; 6] = [46.249, 48.999, 51.913, 55.0, 58.27, 61.735];
const TUNED: f64 = 0.003;
/// How far a line of constant level may wander, in Hz: the mean frequency of a tape that flutters.
const MAX_FLUTTER: f64 = 0.6;
/// How far the fundamental may wander from window to window, in Hz: mains moves by some mHz a second.
const MAX_STEP: f64 = 0.06;
/// How far the fundamental may be from its first frequency, in Hz; without this limit a bass note nearby could take
/// ended.
const MAX_WANDER: f64 = 0.1;
/// A hum begins only when its line fills this share of the window, and ends this long after the end of the last hum:
/// else the rest of the last hum would begin it again.
const FILLED: f64 = 0.4;
const APART: Ns = 3 * SECOND / 2;

/// The hum that is going on in a channel.
#[derive(Debug, Clone, Copy)]
pub struct Ongoing {
    /// Its fundamental in the last window and in the first, in Hz.
    frequency: f64,
    first: f64,
    /// When it began.
    pub since: Ns,
    /// When its strongest line was there last.
    seen: Ns,
}

/// Decides about the hum of one channel.
#[derive(Debug, Default)]
pub struct HumTracker {
    /// The family found in the last window.
    last: Option<Family>,
    hum: Option<Ongoing>,
    /// Consecutive windows with one steady line.
    lone: u32,
    /// Consecutive windows with a line of constant level.
    constant: u32,
    /// The frequency in the first of these windows, in Hz.
    anchor: f64,
    /// End of the last hum; 0 if there was none.
    ended: Ns,
}

/// Whether a family is worth a closer look: it could continue hum, or has a single strong line.
pub fn stands_out(family: &Family) -> bool {
    family.score >= KEEP || family.contrast[0] >= LONE_LINE - 2.0
}

impl Ongoing {
    /// The hum lasts until `seen`, now at `frequency`.
    fn extend(&mut self, frequency: f64, seen: Ns) {
        self.frequency = frequency;
        self.seen = self.seen.max(seen);
    }
}

impl HumTracker {
    /// The hum that is going on now.
    pub fn hum(&self) -> Option<&Ongoing> {
        self.hum.as_ref()
    }

    /// Takes a window of length `window` from `start` on, and what was found in it. Returns the end so far of the hum
    /// that was going on before, if there was one.
    pub fn push(
        &mut self,
        found: Option<(Family, Steadiness)>,
        start: Ns,
        window: Ns,
    ) -> Option<Ns> {
        let before = self.hum.map(|hum| hum.seen);
        self.ended = before.unwrap_or(self.ended);
        match found {
            Some((family, steady)) => self.track(family, steady, start, window),
            None => (self.hum, self.lone, self.constant) = (None, 0, 0),
        }
        self.last = found.map(|(family, _)| family);
        before
    }

    fn track(&mut self, family: Family, steady: Steadiness, start: Ns, window: Ns) {
        let near = |frequency: f64, by: f64| (family.frequency - frequency).abs() <= by;
        let at = |share: f64| start.saturating_add((window as f64 * share) as Ns);
        let goes_on = self.last.is_some_and(|l| near(l.frequency, MAX_STEP));
        let alone = family.contrast[0] >= LONE_LINE && steady.spread[1] <= LONE_SPREAD;
        self.lone = if alone && (goes_on || self.lone == 0) {
            self.lone + 1
        } else {
            0
        };
        let tuned = NOTES
            .iter()
            .any(|note| (family.frequency / note - 1.0).abs() < TUNED);
        let constant = steady.constant && !tuned && family.contrast[0] >= CONSTANT_LINE;
        if constant && self.constant > 0 && near(self.anchor, MAX_FLUTTER) {
            self.constant += 1;
        } else {
            (self.constant, self.anchor) = (u32::from(constant), family.frequency);
        }
        let together = family.contrast[1] >= SECOND_LINE
            && family.score - 10.0 * steady.spread[0] >= BEGIN
            && (family.is_near_mains() || steady.spread[0] <= AWAY_SPREAD);
        let kept = family.score >= KEEP && steady.spread[0] <= KEEP_SPREAD || alone;
        let fresh = steady.extent.1 - steady.extent.0 >= FILLED
            && (self.ended == 0 || at(steady.extent.1) > self.ended.saturating_add(APART));
        let ended = self.ended;
        // The hum was in as many windows before this one.
        let begin = |(from, until): (f64, f64), windows: u32| {
            let before = Ns::from(windows.saturating_sub(1)) * window / STEPS as Ns;
            Some(Ongoing {
                frequency: family.frequency,
                first: family.frequency,
                since: at(from).saturating_sub(before).max(ended),
                seen: at(until),
            })
        };
        match &mut self.hum {
            Some(hum) if kept && near(hum.frequency, MAX_STEP) && near(hum.first, MAX_WANDER) => {
                hum.extend(family.frequency, at(steady.extent.1));
            }
            Some(hum) if constant && near(hum.first, MAX_FLUTTER) => {
                hum.extend(family.frequency, at(1.0));
            }
            Some(_) => self.hum = None,
            None if goes_on && fresh && (together || self.lone >= LONE_WINDOWS) => {
                self.hum = begin(steady.extent, self.lone);
            }
            // The line fills all of these windows.
            None if self.constant >= CONSTANT_WINDOWS => {
                self.hum = begin((0.0, 1.0), self.constant);
            }
            None => {}
        }
    }
}
