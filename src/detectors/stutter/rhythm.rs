// SPDX-License-Identifier: MPL-2.0
//! The rhythm of repeats in a stretch of pictures, and whether it is one.

use std::collections::VecDeque;

use crate::core::{Ns, Span};

/// From one picture to the next.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// The time of the picture.
    pub span: Span,
    /// Change against the picture before.
    pub moved: f64,
    /// Change against the one before that.
    pub back: f64,
}

/// What a stretch of pictures shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// Nothing moves that could stutter.
    pub still: bool,
    /// Repeats with a jump, without a rhythm, and steps back.
    pub faults: u32,
    /// The latest picture is a repeat.
    pub repeat_now: bool,
    /// The latest picture jumps after a repeat.
    pub jump_now: bool,
    /// Start of the first fault.
    pub first: Ns,
    /// End of the last one.
    pub last: Option<Ns>,
    /// Sort of the faults.
    pub detail: &'static str,
    /// 0 to 1.
    pub confidence: f64,
}

/// Median change of the pictures that move, in 8-bit codes, from which a scene moves at all. Chosen well over what
/// noise and codecs change in the means of still cells (under 0.1).
const MOVING: f64 = 0.35;

/// A picture that changes by less than this share of the scene's own pace repeats the one before: what codecs change in a repeat.
const REPEAT: f64 = 0.12;

/// A step of more than this many times the pace after a repeat makes up for lost time. Two frames' motion is up to twice one's;
/// the change of cells grows slower than the motion.
const JUMP: f64 = 1.3;

/// A change so many times the pace is a cut, not motion.
const CUT: f64 = 6.0;

/// The longest period of a regular cadence (3:2 pulldown and its relatives have 5, 6, 10 or 12).
const LONGEST_PERIOD: usize = 12;

/// The share of the steps that a cadence must explain.
const EXPLAINED: f64 = 0.95;

/// The shortest stretch that can be judged.
const LEAST: usize = 12;

/// Judges a stretch; `None` if it is too short. `scratch`: room for as many numbers as there are steps.
pub fn judge(steps: &VecDeque<Step>, scratch: &mut Vec<f64>) -> Option<Verdict> {
    if steps.len() < LEAST {
        return None;
    }
    let pace = pace(steps, scratch);
    let is_repeat = |s: &Step| s.moved <= REPEAT * pace;
    let repeats = steps.iter().filter(|s| is_repeat(s)).count();
    let last = steps.back()?;
    let mut verdict = Verdict {
        still: pace < MOVING || repeats * 4 > steps.len() * 3,
        faults: 0,
        repeat_now: pace >= MOVING && is_repeat(last),
        jump_now: false,
        first: last.span.start,
        last: None,
        detail: "repeat-drop",
        confidence: 0.9,
    };
    if verdict.still || repeats == 0 && !steps.iter().any(|s| is_back(s, pace)) {
        return Some(verdict);
    }
    let regular = is_regular(steps, &is_repeat);
    count(steps, pace, regular, &mut verdict);
    Some(verdict)
}

/// The typical change of the pictures that change: the median, repeats left out.
fn pace(steps: &VecDeque<Step>, scratch: &mut Vec<f64>) -> f64 {
    scratch.clear();
    scratch.extend(steps.iter().map(|s| s.moved));
    scratch.sort_unstable_by(f64::total_cmp);
    // Repeats are the smallest; a first guess from the upper half tells them off.
    let guess = scratch[scratch.len() * 3 / 4];
    let moving = scratch.partition_point(|m| *m <= REPEAT * guess);
    let moved = &scratch[moving..];
    moved.get(moved.len() / 2).copied().unwrap_or(0.0)
}

/// A picture that is the one before the last again, while that one was another.
fn is_back(step: &Step, pace: f64) -> bool {
    step.back <= REPEAT * pace && step.moved > 4.0 * REPEAT * pace
}

/// Whether the repeats come in a fixed rhythm.
fn is_regular(steps: &VecDeque<Step>, is_repeat: &dyn Fn(&Step) -> bool) -> bool {
    let n = steps.len();
    (2..=LONGEST_PERIOD.min(n / 3)).any(|period| {
        let same = (period..n)
            .filter(|i| is_repeat(&steps[*i]) == is_repeat(&steps[i - period]))
            .count();
        same as f64 >= EXPLAINED * (n - period) as f64
    })
}

fn count(steps: &VecDeque<Step>, pace: f64, regular: bool, verdict: &mut Verdict) {
    let is_repeat = |s: &Step| s.moved <= REPEAT * pace;
    let (mut run, mut jumps, mut irregular, mut back) = (0u32, 0u32, 0u32, 0u32);
    for (i, step) in steps.iter().enumerate() {
        let newest = i + 1 == steps.len();
        let mut fault = 0;
        if is_repeat(step) {
            run += 1;
            continue;
        }
        if is_back(step, pace) {
            back += 1;
            fault = 1;
        } else if run > 0 && step.moved > CUT * pace {
            // The repeat before a cut tells nothing.
        } else if run > 0 && step.moved >= JUMP * pace {
            jumps += run;
            fault = run;
            verdict.jump_now |= newest;
        } else if run > 0 && !regular {
            irregular += run;
            fault = run;
        }
        if fault > 0 {
            verdict.first = verdict.first.min(
                step.span
                    .start
                    .saturating_sub(u64::from(run) * step.span.duration()),
            );
            verdict.last = Some(step.span.end);
        }
        run = 0;
    }
    let total = jumps + irregular + back;
    // In a regular cadence a jump here and there is motion that speeds up.
    verdict.faults = if regular && jumps * 2 < count_runs(steps, &is_repeat) {
        back
    } else {
        total
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

/// How many runs of repeats there are.
fn count_runs(steps: &VecDeque<Step>, is_repeat: &dyn Fn(&Step) -> bool) -> u32 {
    let mut before = false;
    let mut runs = 0;
    for step in steps {
        let now = is_repeat(step);
        runs += u32::from(now && !before);
        before = now;
    }
    runs
}
