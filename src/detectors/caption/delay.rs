// SPDX-License-Identifier: MPL-2.0
//! How late captions are: when text appears, against when someone begins to speak.
//!
//! For each delay from 5 s early to 20 s late, the onsets of text of the last two minutes are counted that have an onset of speech just so
//! long before them; one that misses it by a little counts less. The delay that most of them have is the answer if it stands out from all
//! the others: by five standard deviations once it has stood out by three for a minute and a half, and then as long as it stands out by
//! three. So music, a voice without captions, and text that has nothing to do with the sound have no delay. Captions are late by a constant
//! or by a little more or less from line to line; if it differs by seconds from line to line, it isn't found.
//!
//! Limits: set on simulated speech and captions (`delay_tests.rs`). In 120 hours of speech with captions of other speech no delay was
//! believed; without the minute and a half 6 were. Captions that miss the words by 0.2 s (one standard deviation) have a delay within five
//! minutes in all of 60 programmes, by 0.4 s in 73 % of them, by 0.6 s in 17 %; live captions that drift by half a second in 92 %.

use std::collections::VecDeque;

use crate::media::{MS, Ns, SECOND, push_latest};

/// Delays are told apart by this much.
const STEP: Ns = 100 * MS;
/// How early and how late captions may be.
const MOST_EARLY: Ns = 5 * SECOND;
const MOST_LATE: Ns = 20 * SECOND;
const DELAYS: usize = ((MOST_EARLY + MOST_LATE) / STEP) as usize + 1;
/// How far an onset may be from the delay and count.
const NEAR: f32 = 0.9 * SECOND as f32 / STEP as f32;
/// What is farther than that from a delay, in steps, has nothing to do with it.
const APART: usize = 14;

/// How much of the stream is compared.
const WINDOW: Ns = 120 * SECOND;
/// The fewest onsets of text that say anything.
const LEAST: usize = 6;
/// By how many standard deviations a delay has to stand out for [`LONG`], and once after that to be believed.
const LEAST_PROMINENCE: f32 = 3.0;
const PROMINENCE: f32 = 5.0;
const LONG: Ns = 90 * SECOND;
/// A delay that moves by less is the same one.
const SAME: usize = 10;

/// Time between two comparisons.
const INTERVAL: Ns = 5 * SECOND;
/// The answer is out of date if sound or text stop for so long.
const LASTING: Ns = 30 * SECOND;

/// The most onsets that are kept; older ones are forgotten.
const MOST_TEXT: usize = 256;
const MOST_SPEECH: usize = 512;

/// Learns the delay of captions, see the module.
#[derive(Debug)]
pub struct Delay {
    text: VecDeque<Ns>,
    speech: VecDeque<Ns>,
    /// How far the sound is known.
    heard: Option<Ns>,
    /// When text and speech were compared last, and the delay that stood out then.
    compared: Option<Ns>,
    candidate: Option<Candidate>,
}

/// A delay that stands out.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    /// In steps from the earliest.
    delay: usize,
    /// Since when it or nearly the same one stands out.
    since: Ns,
    is_believed: bool,
}

impl Default for Delay {
    fn default() -> Self {
        Self {
            text: VecDeque::with_capacity(MOST_TEXT),
            speech: VecDeque::with_capacity(MOST_SPEECH),
            heard: None,
            compared: None,
            candidate: None,
        }
    }
}

impl Delay {
    /// Text appears.
    pub fn note_text(&mut self, at: Ns) {
        push(&mut self.text, at, MOST_TEXT);
    }

    /// Someone begins to speak at those times; all until `until` are known now.
    pub fn note_speech(&mut self, onsets: &[Ns], until: Ns) {
        if self.heard.is_some_and(|heard| until < heard) {
            self.speech.clear();
            (self.compared, self.candidate) = (None, None);
        }
        for at in onsets {
            push(&mut self.speech, *at, MOST_SPEECH);
        }
        self.heard = Some(until);
    }

    /// The delay at `now`, up to which all text is known, in seconds; negative if captions are early, `None` if it isn't known.
    pub fn at(&mut self, now: Ns) -> Option<f64> {
        let known = now.min(self.heard?);
        let due = known / INTERVAL * INTERVAL;
        if self.compared.is_none_or(|compared| due > compared) {
            self.compared = Some(due);
            self.candidate = self.compare(due);
        }
        let is_valid = now.saturating_sub(self.compared?) <= LASTING;
        let candidate = self.candidate.filter(|c| c.is_believed && is_valid)?;
        let ns = candidate.delay as f64 * STEP as f64 - MOST_EARLY as f64;
        Some(ns / SECOND as f64)
    }

    /// Compares what came until `now`.
    fn compare(&self, now: Ns) -> Option<Candidate> {
        // Speech that text precedes has to have been heard.
        let end = now.saturating_sub(MOST_EARLY);
        let is_recent = |at: &&Ns| **at < end && end - **at <= WINDOW;
        let mut counts = [0.0; DELAYS];
        let mut lines = 0;
        for line in self.text.iter().filter(is_recent) {
            lines += 1;
            self.count(*line, &mut counts);
        }
        let delay = highest(&counts);
        let prominence = prominence(&counts, delay, lines);
        if lines < LEAST || prominence < LEAST_PROMINENCE {
            return None;
        }
        let before = self
            .candidate
            .filter(|before| before.delay.abs_diff(delay) <= SAME);
        let since = before.map_or(now, |before| before.since);
        let is_new = prominence >= PROMINENCE && now - since >= LONG;
        Some(Candidate {
            delay,
            since,
            is_believed: is_new || before.is_some_and(|before| before.is_believed),
        })
    }

    /// Adds one line: for each delay, how near the nearest onset of speech is.
    fn count(&self, line: Ns, counts: &mut [f32; DELAYS]) {
        let mut nearness = [0f32; DELAYS];
        let from = line.saturating_sub(MOST_LATE + SECOND);
        let first = self.speech.partition_point(|at| *at < from);
        let to = line + MOST_EARLY + SECOND;
        for speech in self.speech.range(first..).take_while(|at| **at < to) {
            let delay = line as f64 - *speech as f64 + MOST_EARLY as f64;
            let place = (delay / STEP as f64) as f32;
            let first = (place - NEAR).ceil().max(0.0) as usize;
            let last = (place + NEAR).max(0.0) as usize;
            for (i, nearness) in nearness.iter_mut().enumerate().take(last + 1).skip(first) {
                *nearness = nearness.max(1.0 - (i as f32 - place).abs() / NEAR);
            }
        }
        for (count, nearness) in counts.iter_mut().zip(nearness) {
            *count += nearness;
        }
    }
}

/// Adds an onset. One that is earlier than those before means that times began anew.
fn push(onsets: &mut VecDeque<Ns>, at: Ns, most: usize) {
    if onsets.back().is_some_and(|last| at < *last) {
        onsets.clear();
    }
    push_latest(onsets, at, most);
}

/// The delay with the highest count.
fn highest(counts: &[f32; DELAYS]) -> usize {
    let all = counts.iter().enumerate();
    all.max_by(|a, b| a.1.total_cmp(b.1))
        .map_or(0, |(delay, _)| delay)
}

/// By how many standard deviations the count of a delay is above those of others, for that many lines.
fn prominence(counts: &[f32; DELAYS], delay: usize, lines: usize) -> f32 {
    let others = || {
        let apart = counts
            .iter()
            .enumerate()
            .filter(|(i, _)| i.abs_diff(delay) > APART);
        apart.map(|(_, count)| *count)
    };
    let number = others().count() as f32;
    let mean = others().sum::<f32>() / number;
    let variance = others().map(|count| (count - mean).powi(2)).sum::<f32>() / number;
    // The counts of that many lines scatter at least this much by chance.
    let least = 0.3 * (lines as f32).sqrt();
    (counts[delay] - mean) / variance.sqrt().max(least)
}

#[cfg(test)]
#[path = "delay_tests.rs"]
mod tests;
