// SPDX-License-Identifier: MPL-2.0
//! Finds repeats in a stretch of pictures, and tells a regular cadence from stutter.

use std::collections::VecDeque;

use super::disorder;
use crate::media::{Ns, Span};

/// The change from one picture to the next.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// The time of the picture.
    pub span: Span,
    /// Change against the picture before.
    pub moved: f64,
    /// Change against the second picture before.
    pub back: f64,
    /// Change against the third picture before; `f64::MAX` if there was none.
    pub third: f64,
    /// The change is one of brightness: a flash, not motion.
    pub flash: bool,
}

/// The result for a stretch of pictures.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// Too few pictures move to stutter.
    pub still: bool,
    /// Number of faults: repeats followed by a jump, repeats without a rhythm, steps back.
    pub faults: u32,
    /// The latest picture is a repeat.
    pub repeat_now: bool,
    /// The latest picture jumps after a repeat.
    pub jump_now: bool,
    /// The time in which the faults are counted: that of the window, also while it isn't full.
    pub window: Ns,
    /// Start of the first fault.
    pub first: Ns,
    /// End of the last one.
    pub last: Option<Ns>,
    /// What the faults are: the detail of the defect.
    pub detail: &'static str,
    /// Confidence of the faults, 0 to 1.
    pub confidence: f64,
}

/// Change of a picture, in 8-bit codes, from which it moves. Chosen well over what noise and codecs change in the means of
/// still cells (under 0.1).
pub const MOVING: f64 = 0.35;

/// Change, in 8-bit codes, from which a picture is never a repeat. Repeats are searched between pictures that change so much: less than
/// [`MOVING`], since slow motion shows the rhythm, too, though nobody sees a fault in it.
const FAINT_MOTION: f64 = 0.08;

/// A picture that changes by less than this share of the motion before and after repeats the one before: what codecs change
/// in a repeat.
pub const REPEAT: f64 = 0.12;

/// The most repeats in a row that are stutter; more are a freeze or a pause.
const LONGEST_RUN: usize = 8;

/// A step of more than this many times the pace after a repeat makes up for lost time. Two frames' motion is up to twice one's;
/// the change of cells grows slower than the motion.
const JUMP: f64 = 1.3;

/// A change this many times the pace is a cut, not motion.
const CUT: f64 = 6.0;

/// Largest change, in 8-bit codes, of a picture out of order: flashing patterns, which go to and fro, change more.
/// Chosen: cells count up to 30.
const OTHER: f64 = 12.0;

/// Number of moving pictures on each side of a repeat whose median change is the pace.
const NEARBY: usize = 4;

/// A picture that changes by less than this share of the largest changes on both sides is a dip in the motion. Repeats coded with
/// H.264 (640 pixels wide, CRF 26) changed by up to 0.25 of it.
const DIP: f64 = 0.35;

/// Number of pictures on each side for that comparison: the longest hold of a cadence is five (12 in 60).
const AROUND: usize = 5;

/// The longest period of a regular cadence: 3:2 pulldown and its relatives have 5, 6, 10 or 12, 24 pictures in 50 have 25.
const LONGEST_PERIOD: usize = 25;

/// The share of the steps that a cadence must explain.
const EXPLAINED: f64 = 0.9;

/// Least number of pictures that can be judged.
const LEAST: usize = 12;

/// What a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepKind {
    /// Motion, or none.
    Plain,
    /// The picture before again, amid motion.
    Repeat,
    /// The second picture before again, amid motion.
    Back,
}

/// Judges a stretch; `None` if it is too short. `kinds`: a buffer for what each step is.
pub fn judge(steps: &VecDeque<Step>, kinds: &mut Vec<StepKind>) -> Option<Verdict> {
    if steps.len() < LEAST {
        return None;
    }
    let last = steps.back()?;
    let length = last.span.end.saturating_sub(steps.front()?.span.start);
    let full = steps.len() == super::MOST;
    let mut verdict = Verdict {
        still: steps.iter().filter(|s| s.moved >= MOVING).count() * 4 < steps.len(),
        faults: 0,
        repeat_now: false,
        jump_now: false,
        window: if full {
            length.clamp(1, super::WINDOW)
        } else {
            super::WINDOW
        },
        first: last.span.start,
        last: None,
        detail: "repeat-drop",
        confidence: 0.9,
    };
    classify(steps, kinds);
    if !verdict.still && kinds.iter().any(|s| *s != StepKind::Plain) {
        verdict.repeat_now = kinds.len() > 1 && kinds[kinds.len() - 2] == StepKind::Repeat;
        count(
            steps,
            kinds,
            full || length >= super::WINDOW / 4 * 3,
            &mut verdict,
        );
    }
    if !verdict.still {
        disorder::count(steps, &mut verdict);
    }
    Some(verdict)
}

/// Finds the repeats: short runs of next to no change with motion right before and right after.
fn classify(steps: &VecDeque<Step>, kinds: &mut Vec<StepKind>) {
    kinds.clear();
    kinds.resize(steps.len(), StepKind::Plain);
    let mut before = 0;
    for after in 1..steps.len() {
        let (from, to) = (&steps[before], &steps[after]);
        // The last picture before a cut may be held; it says nothing about the rhythm.
        let other = from.flash || to.flash || is_cut(steps, before, after);
        let motion = if other { 0.0 } else { from.moved.min(to.moved) };
        let quiet = |s: &Step| s.moved <= REPEAT * motion;
        let run = before + 1..after;
        if motion >= FAINT_MOTION
            && !run.is_empty()
            && run.len() <= LONGEST_RUN
            && run.clone().all(|i| quiet(&steps[i]))
        {
            kinds[run].fill(StepKind::Repeat);
        }
        let back = to.back <= REPEAT * motion && after == before + 1;
        if back && (MOVING..OTHER).contains(&motion) {
            kinds[after] = StepKind::Back;
        }
        // A picture that might be the next repeat doesn't end the run.
        if steps[after].moved >= FAINT_MOTION {
            before = after;
        }
    }
}

/// The median change of the moving pictures around a run.
fn pace(steps: &VecDeque<Step>, kinds: &[StepKind], run: &std::ops::Range<usize>) -> f64 {
    let mut near = [0.0; 2 * NEARBY];
    let moving = |i: &usize| kinds[*i] == StepKind::Plain && steps[*i].moved >= MOVING;
    let earlier = (0..run.start).rev().filter(moving).take(NEARBY);
    // The first after the run is the one that may jump.
    let later = (run.end + 1..steps.len()).filter(moving).take(NEARBY);
    let mut n = 0;
    for i in earlier.chain(later) {
        near[n] = steps[i].moved;
        n += 1;
    }
    near[..n].sort_unstable_by(f64::total_cmp);
    if n > 0 { near[n / 2] } else { f64::MAX }
}

/// Whether the repeats come in a fixed rhythm. Codecs change repeats, too, so dips of the motion count as well: a cadence shows in
/// them, while repeats without a rhythm have none either way.
fn is_regular(steps: &VecDeque<Step>, kinds: &[StepKind]) -> bool {
    let mut repeats = [false; super::MOST];
    for (repeat, kind) in repeats.iter_mut().zip(kinds) {
        *repeat = *kind == StepKind::Repeat;
    }
    let n = steps.len().min(repeats.len());
    if has_rhythm(steps, kinds, &repeats[..n]) {
        return true;
    }
    for (i, dip) in repeats[..n].iter_mut().enumerate() {
        *dip = is_dip(steps, i);
    }
    has_rhythm(steps, kinds, &repeats[..n])
}

/// Whether a step is small against those on both sides.
fn is_dip(steps: &VecDeque<Step>, i: usize) -> bool {
    let most =
        |range: std::ops::Range<usize>| steps.range(range).map(|s| s.moved).fold(0.0, f64::max);
    let before = most(i.saturating_sub(AROUND)..i);
    let after = most(i + 1..(i + 1 + AROUND).min(steps.len()));
    steps[i].moved <= DIP * before.min(after)
}

/// Whether these repeats come in a fixed rhythm, between the first and the last moving picture. Each scene has its own rhythm.
fn has_rhythm(steps: &VecDeque<Step>, kinds: &[StepKind], repeats: &[bool]) -> bool {
    let moves = |s: &Step| s.moved >= FAINT_MOTION;
    let (Some(from), Some(to)) = (steps.iter().position(moves), steps.iter().rposition(moves))
    else {
        return true;
    };
    let (n, to) = (to + 1 - from, to.min(repeats.len().saturating_sub(1)));
    (2..=LONGEST_PERIOD.min(n / 3)).any(|period| {
        let (mut same, mut compared, mut scene) = (0, 0, from);
        for i in from..=to {
            let before = (0..i).rev().find(|b| kinds[*b] != StepKind::Repeat);
            if before.is_some_and(|before| is_cut(steps, before, i)) {
                scene = i;
            }
            if i >= scene + period {
                compared += 1;
                same += usize::from(repeats[i] == repeats[i - period]);
            }
        }
        same as f64 >= EXPLAINED * compared as f64
    })
}

/// Whether step `i` is out of proportion to the motion on both sides: that of step `before`, and of the next one.
fn is_cut(steps: &VecDeque<Step>, before: usize, i: usize) -> bool {
    let after = steps.get(i + 1).map_or(f64::MAX, |s| s.moved);
    steps[i].moved > CUT * steps[before].moved.max(after).max(MOVING)
}

/// Whether picture `i`, which is the same as the one before the last, is out of place: the next one jumps, or is a step back as well. Where
/// something swings, a picture may be the same as an earlier one, and the motion goes on evenly.
fn is_step_back(steps: &VecDeque<Step>, kinds: &[StepKind], i: usize) -> bool {
    let is_back = |i: usize| kinds.get(i) == Some(&StepKind::Back);
    let pace = pace(steps, kinds, &(i..i + 1));
    let jumps = steps.get(i + 1).is_some_and(|s| s.moved >= JUMP * pace);
    jumps || is_back(i + 1) || i.checked_sub(1).is_some_and(is_back)
}

/// Counts the faults. `long`: the stretch is long enough to tell a cadence of a long period from none.
fn count(steps: &VecDeque<Step>, kinds: &[StepKind], long: bool, verdict: &mut Verdict) {
    let regular = !long || is_regular(steps, kinds);
    let (mut runs, mut jumps, mut jumped, mut irregular, mut back) = (0u32, 0u32, 0u32, 0u32, 0u32);
    let mut i = 0;
    while i < steps.len() {
        let start = i;
        while i < steps.len() && kinds[i] == StepKind::Repeat {
            i += 1;
        }
        let run = start..i;
        let mut fault = 0;
        if i < steps.len() && kinds[i] == StepKind::Back {
            if is_step_back(steps, kinds, i) {
                back += 1;
                fault = 1;
            }
        } else if i < steps.len() && !run.is_empty() {
            let (repeats, pace) = (run.len() as u32, pace(steps, kinds, &run));
            let slowest = steps[i]
                .moved
                .min(start.checked_sub(1).map_or(0.0, |b| steps[b].moved));
            runs += 1;
            if steps[i].moved > CUT * pace || slowest < MOVING {
                // No fault: a repeat before a cut isn't certain, and one in slow motion is seen by nobody.
            } else if steps[i].moved >= JUMP * pace {
                jumps += repeats;
                jumped += 1;
                fault = repeats;
                verdict.jump_now |= i + 1 == steps.len();
            } else if !regular {
                irregular += repeats;
                fault = repeats;
            }
        }
        if fault > 0 {
            verdict.first = verdict.first.min(steps[start].span.start);
            verdict.last = Some(steps[i].span.end);
        }
        i += 1;
    }
    // Single jumps in a regular cadence are motion that speeds up.
    verdict.faults = if regular && jumped * 2 < runs {
        back
    } else {
        jumps + irregular + back
    };
    verdict.detail = match (back, jumps, irregular) {
        (b, j, i) if b > j + i => "back",
        (_, j, i) if j >= i => "repeat-drop",
        _ => "irregular",
    };
    verdict.confidence = if verdict.detail == "irregular" {
        0.7
    } else {
        0.9
    };
}
