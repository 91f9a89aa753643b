// SPDX-License-Identifier: MPL-2.0
//! Recognises idents and line-up signals by the interruptions of their tone.

use super::runs::{Run, Runs};
use crate::media::{MS, Ns, SECOND};

/// How far the times of an ident may be off: two blocks at each end.
const SLACK: Ns = 40 * MS;
/// Number of equal bursts that make a signal: the Greenwich pips have five and a longer one.
const BURSTS: usize = 7;
/// By how much it is quieter between bursts, in dB.
const QUIETER: f64 = 40.0;
/// By how much the pitch of bursts may differ, relatively: a codec changes that of 40 ms so much.
const PITCH: f64 = 0.08;
/// Shorter bursts are the ticks of a clock or metronome, and clicks in a silence.
const SHORTEST: Ns = 35 * MS;
/// Longest distance between the starts of bursts.
const LONGEST_PERIOD: Ns = 2 * SECOND;

/// Finds equal short tones at equal distances, of one or two pitches (a metronome has two). Returns since when, and until when at
/// least.
pub fn interrupted(runs: &Runs) -> Option<(Ns, Ns)> {
    let mut bursts = runs.past();
    let last = *bursts.next()?;
    let (mut later, mut period, mut pitch, mut count) = (last, None, None, 1);
    for burst in bursts {
        let gap = later.span.start.saturating_sub(burst.span.start);
        let known = *period.get_or_insert(gap);
        let apart = later.before <= later.peak - QUIETER;
        let regular = known <= LONGEST_PERIOD && gap.abs_diff(known) <= SLACK;
        let tuned = near(burst, last.frequency, PITCH)
            || near(burst, *pitch.get_or_insert(burst.frequency), PITCH);
        if !(apart && regular && tuned && alike(burst, &last)) {
            break;
        }
        later = *burst;
        count += 1;
    }
    let enough = count >= BURSTS && (SHORTEST..SECOND).contains(&last.duration());
    enough.then(|| {
        let period = period.unwrap_or(0);
        (later.span.start, last.span.start + period + SLACK)
    })
}

fn alike(a: &Run, b: &Run) -> bool {
    (a.peak - b.peak).abs() < 1.5 && a.duration().abs_diff(b.duration()) <= SLACK
}

/// The ident of a layout, if one can be told from the last 15 s.
pub fn name(channels: &[Runs]) -> Option<&'static str> {
    match channels {
        [left, right] => stereo(left, right),
        [_, _, _, _, _, _, ..] => surround(channels),
        _ => None,
    }
}

/// Breaks of 250 ms in a tone of 1 kHz, the newest first: their starts.
fn breaks(runs: &Runs) -> impl Iterator<Item = Ns> {
    runs.all().zip(runs.past()).filter_map(|(after, before)| {
        let gap = after.span.start.saturating_sub(before.span.end);
        let is_break = gap.abs_diff(250 * MS) <= SLACK && is_1k(after) && is_1k(before);
        is_break.then_some(before.span.end)
    })
}

fn is_1k(run: &Run) -> bool {
    near(run, 1000.0, 0.01)
}

fn near(run: &Run, frequency: f64, by: f64) -> bool {
    (run.frequency / frequency - 1.0).abs() < by
}

/// GLITS (a break on the left every 4 s, then two on the right) or that of EBU Tech 3304 (a break on the left every 3 s).
fn stereo(left: &Runs, right: &Runs) -> Option<&'static str> {
    let is = |x: Ns, wanted: Ns| x.abs_diff(wanted) <= 2 * SLACK;
    let on_right = |at: Ns| breaks(right).any(|b| b.abs_diff(at) <= 2 * SLACK);
    let glits = breaks(left).any(|at| on_right(at + 500 * MS) && on_right(at + SECOND));
    if glits {
        return Some("glits");
    }
    let mut starts = breaks(left);
    let (last, before) = (starts.next()?, starts.next()?);
    let regular = is(last - before, 3 * SECOND) && breaks(right).next().is_none();
    regular.then_some("ebu-stereo")
}

/// BLITS (each channel its own note, then 1 kHz) or that of EBU Tech 3304 for 5.1 (pulses of half a second, channel by channel).
fn surround(channels: &[Runs]) -> Option<&'static str> {
    let has = |channel: usize, frequency: f64| {
        channels[channel]
            .all()
            .any(|r| near(r, frequency, 0.01) && r.duration() > 300 * MS)
    };
    let notes = [(0, 880.0), (1, 880.0), (2, 1320.0), (4, 660.0), (5, 660.0)];
    if notes.iter().all(|(c, f)| has(*c, *f)) {
        return Some("blits");
    }
    let pulses = |runs: &Runs| {
        runs.past()
            .any(|r| is_1k(r) && r.duration().abs_diff(500 * MS) <= SLACK)
    };
    let pulsed = channels.iter().filter(|r| pulses(r)).count();
    (pulsed >= 4).then_some("ebu-5-1")
}
