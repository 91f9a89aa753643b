// SPDX-License-Identifier: MPL-2.0
//! Begins, keeps up and ends the hum of one channel, from window to window.

use super::{
    STEPS,
    lines::{Family, Steadiness},
};
use crate::media::{Ns, SECOND};

/// Score, less ten times the spread, from which a family is hum. Measured on 19 recordings without mains hum: at most 25
/// (street with an engine), music 14; with hum at -42 dBFS under loud pop 21 to 36 at the best moment, under speech 30 and more.
pub const BEGIN: f64 = 27.0;
/// Score and largest spread that keep it up at the same frequency.
const KEEP: f64 = 13.0;
const KEEP_SPREAD: f64 = 1.5;
/// Largest spread from which it begins where the fundamental isn't near mains. Set on the two recordings
/// that showed it: a chip tune with a bass at 49.81 Hz has 1.1, lines at 179.4 and 358.8 Hz under crows 0.42 and more.
const AWAY_SPREAD: f64 = 0.3;
/// The second strongest line has to stand out by so many dB, or the strongest alone by more, with less spread.
pub const SECOND_LINE: f64 = 10.0;
const LONE_LINE: f64 = 16.0;
const LONE_SPREAD: f64 = 0.3;
/// And that in so many windows running, so for 12 s: a bass note repeated for 7 s was the longest in pop music.
const LONE_WINDOWS: u32 = 5;
/// Contrast in dB of a line that keeps its level, but not its phase, or isn't at mains; and windows running that it has to.
const CONSTANT_LINE: f64 = 20.0;
const CONSTANT_WINDOWS: u32 = 5;
/// Notes of the usual tuning in that range, in Hz, from F#1 to B1, and how near to one such a line is taken for a held note.
const NOTES: [f64; 6] = [46.249, 48.999, 51.913, 55.0, 58.27, 61.735];
const TUNED: f64 = 0.003;
/// How far it may wander, in Hz: the mean of one that flutters.
const FLUTTER: f64 = 0.6;
/// How far the fundamental may wander from window to window, in Hz: mains moves by some mHz a second.
const WANDER: f64 = 0.06;
/// And how far from where it was at first: else a bass note nearby could take over.
const WANDER_FAR: f64 = 0.1;
/// A hum begins when it fills so much of the window, and goes on after the last one ended: not with the end of that.
const FILLED: f64 = 0.4;
const APART: Ns = 3 * SECOND / 2;

/// Hum that goes on in a channel.
#[derive(Debug, Clone, Copy)]
pub struct Episode {
    /// Where it is now, and where it was at first.
    frequency: f64,
    first: f64,
    /// When it began.
    pub since: Ns,
    /// When its strongest line was there last.
    seen: Ns,
}

/// What is known of a channel.
#[derive(Debug, Default)]
pub struct Follower {
    /// What the last window had.
    last: Option<Family>,
    hum: Option<Episode>,
    /// Windows running that had one steady line.
    lone: u32,
    /// Windows running that had a line of constant level.
    constant: u32,
    /// The frequency of the first of them.
    anchor: f64,
    /// When the last hum was last there.
    over: Ns,
}

/// Worth a closer look: what keeps hum up, or a single strong line.
pub fn stands_out(family: &Family) -> bool {
    family.score >= KEEP || family.contrast[0] >= LONE_LINE - 2.0
}

impl Episode {
    /// It is still there, at that frequency, until then.
    fn go_on(&mut self, frequency: f64, seen: Ns) {
        self.frequency = frequency;
        self.seen = self.seen.max(seen);
    }
}

impl Follower {
    /// The hum that goes on.
    pub fn hum(&self) -> Option<&Episode> {
        self.hum.as_ref()
    }

    /// A window from `start` on, `window` long, in which that was found. If there was hum before: when it was last there.
    pub fn push(
        &mut self,
        found: Option<(Family, Steadiness)>,
        start: Ns,
        window: Ns,
    ) -> Option<Ns> {
        let before = self.hum.map(|hum| hum.seen);
        self.over = before.unwrap_or(self.over);
        match found {
            Some((family, steady)) => self.follow(family, steady, start, window),
            None => (self.hum, self.lone, self.constant) = (None, 0, 0),
        }
        self.last = found.map(|(family, _)| family);
        before
    }

    fn follow(&mut self, family: Family, steady: Steadiness, start: Ns, window: Ns) {
        let near = |frequency: f64, by: f64| (family.frequency - frequency).abs() <= by;
        let at = |share: f64| start.saturating_add((window as f64 * share) as Ns);
        let goes_on = self.last.is_some_and(|l| near(l.frequency, WANDER));
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
        if constant && self.constant > 0 && near(self.anchor, FLUTTER) {
            self.constant += 1;
        } else {
            (self.constant, self.anchor) = (u32::from(constant), family.frequency);
        }
        let together = family.contrast[1] >= SECOND_LINE
            && family.score - 10.0 * steady.spread[0] >= BEGIN
            && (family.is_near_mains() || steady.spread[0] <= AWAY_SPREAD);
        let kept = family.score >= KEEP && steady.spread[0] <= KEEP_SPREAD || alone;
        let fresh = steady.extent.1 - steady.extent.0 >= FILLED
            && (self.over == 0 || at(steady.extent.1) > self.over.saturating_add(APART));
        let over = self.over;
        // That many windows before this one had it, too.
        let begin = |(from, until): (f64, f64), windows: u32| {
            let before = Ns::from(windows.saturating_sub(1)) * window / STEPS as Ns;
            Some(Episode {
                frequency: family.frequency,
                first: family.frequency,
                since: at(from).saturating_sub(before).max(over),
                seen: at(until),
            })
        };
        match &mut self.hum {
            Some(hum) if kept && near(hum.frequency, WANDER) && near(hum.first, WANDER_FAR) => {
                hum.go_on(family.frequency, at(steady.extent.1));
            }
            Some(hum) if constant && near(hum.first, FLUTTER) => {
                hum.go_on(family.frequency, at(1.0));
            }
            Some(_) => self.hum = None,
            None if goes_on && fresh && (together || self.lone >= LONE_WINDOWS) => {
                self.hum = begin(steady.extent, self.lone);
            }
            // All of these windows are full of it.
            None if self.constant >= CONSTANT_WINDOWS => {
                self.hum = begin((0.0, 1.0), self.constant);
            }
            None => {}
        }
    }
}
