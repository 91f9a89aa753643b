// SPDX-License-Identifier: MPL-2.0
//! Runs of pure tone in one channel.

use std::collections::VecDeque;

use crate::media::{MS, Ns, Span, dsp::sine::Sine, push_latest};

/// Share of the power of a line-up tone that may be something else: 2 % is noise 17 dB below the tone.
const PURE: f64 = 0.02;
/// The same share for a short tone, whose edges a codec spreads.
const FAIR: f64 = 0.1;
/// Lowest frequency in Hz: two periods in a block of 10 ms.
const LOWEST: f64 = 190.0;
/// By how much frequency may differ within a run, relatively: codecs change that of single blocks.
const DETUNED: f64 = 0.07;
/// By how much frequency (relatively) and level (dB) of a line-up tone may differ from its own mean: generators hold both; a
/// player or singer doesn't for seconds.
const STEADY: (f64, f64) = (0.01, 0.6);
/// Blocks in a row that may be disturbed within a run, for instance by a click.
const SPOILT: u32 = 2;
/// A block with less than this share of the tone's power is filled in part: its power tells where in it the tone begins or ends.
const FULL: f64 = 0.9;
/// How many runs are remembered.
const PAST: usize = 24;

/// A run of pure tone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Run {
    /// When the tone was there; next to silence exact to a fraction of a millisecond.
    pub span: Span,
    /// Mean frequency in Hz.
    pub frequency: f64,
    /// Mean and highest level in dBFS.
    pub level: f64,
    /// See `level`.
    pub peak: f64,
    /// The tone was pure, and its frequency and level were steady.
    pub steady: bool,
    /// Lowest level between the run before and this one.
    pub before: f64,
    blocks: u32,
    spoilt: u32,
    /// Power of its first block, and the block before that with its power.
    first: f64,
    lead: Option<(Span, f64)>,
}

impl Run {
    /// How long it lasted.
    pub fn duration(&self) -> Ns {
        self.span.duration()
    }

    fn new(span: Span, sine: Sine, level: f64) -> Self {
        Self {
            span,
            frequency: sine.frequency,
            level,
            peak: level,
            steady: true,
            before: f64::NEG_INFINITY,
            blocks: 1,
            spoilt: 0,
            first: sine.all,
            lead: None,
        }
    }

    /// Share of a block of that power that the tone fills, 0 to 1.
    fn share(&self, power: f64) -> f64 {
        (power / 10f64.powf(self.level / 10.0)).min(1.0)
    }

    /// Finds the start within the first block or the one before it, once the second block tells the full power.
    fn refine_start(&mut self) {
        let (first, lead) = (self.span, self.lead);
        let filled = |power| self.share(power) * first.duration() as f64;
        let before = lead.filter(|(span, power)| span.end == first.start && *power < self.first);
        let all = filled(self.first) + before.map_or(0.0, |(_, power)| filled(power));
        self.span.start = first.end - all as Ns;
    }

    /// Finds the end within the first block that doesn't belong to the run.
    fn refine_end(&mut self, span: Span, power: f64) {
        if self.span.end == span.start && self.blocks >= 2 {
            self.span.end += (self.share(power) * span.duration() as f64) as Ns;
        }
    }

    /// The same for a block that may hold something else, if it is weaker than the tone.
    fn refine_end_if_weaker(&mut self, span: Span, power: f64) {
        if self.share(power) < 1.0 {
            self.refine_end(span, power);
        }
    }

    /// Adds a block, if that belongs to the run.
    fn extend(&mut self, span: Span, sine: Sine, level: f64) -> bool {
        let frequency = sine.frequency;
        let mut off = (frequency / self.frequency - 1.0).abs();
        if off > DETUNED {
            self.refine_end_if_weaker(span, sine.all);
            return false;
        }
        // The first block may hold silence before the tone.
        if self.blocks == 1 {
            if self.level < level {
                self.level = level;
                self.frequency = frequency;
                off = 0.0;
            }
            self.refine_start();
        }
        let filled = self.share(sine.all.max(sine.power));
        let partly = filled < FULL || level < self.level - STEADY.1;
        self.steady &=
            sine.residue <= PURE && off <= STEADY.0 && (level - self.level).abs() <= STEADY.1;
        self.blocks += 1;
        // A slow mean at first exact, later over a second.
        let share = 1.0 / f64::from(self.blocks.min(100));
        self.frequency += share * (frequency - self.frequency);
        self.level += share * (level - self.level);
        self.peak = self.peak.max(level);
        self.span.end = match partly {
            true => (span.start + (filled * span.duration() as f64) as Ns).min(span.end - 1),
            false => span.end,
        };
        self.spoilt = 0;
        true
    }
}

/// The runs of one channel.
#[derive(Debug, Default)]
pub struct Runs {
    current: Option<Run>,
    past: VecDeque<Run>,
    /// Lowest level since the last run.
    quietest: f64,
    /// The latest block, with its power.
    latest: Option<(Span, f64)>,
}

impl Runs {
    /// With room for what is remembered.
    pub fn new() -> Self {
        Self {
            current: None,
            past: VecDeque::with_capacity(PAST + 1),
            quietest: f64::INFINITY,
            latest: None,
        }
    }

    /// Takes a block: the sine that fits it, with its level, if it is as loud as `threshold`.
    pub fn push(&mut self, span: Span, sine: Option<(Sine, f64)>, threshold: f64) {
        let level = sine.map_or(f64::NEG_INFINITY, |(_, level)| level);
        let power = sine.map_or(0.0, |(sine, _)| sine.all);
        let before = self.latest.replace((span, power));
        let pure = sine
            .filter(|(s, level)| s.residue <= FAIR && s.frequency >= LOWEST && *level >= threshold);
        let taken = match (&mut self.current, pure) {
            (Some(run), Some((sine, level))) => run.extend(span, sine, level),
            (Some(run), None) => {
                run.refine_end_if_weaker(span, power);
                run.spoilt += 1;
                run.spoilt <= SPOILT
            }
            (None, _) => false,
        };
        if pure.is_none() {
            self.quietest = self.quietest.min(level);
        }
        if taken {
            self.restart_if_unsteady(span, pure);
            return;
        }
        match self.current.take() {
            Some(run) if run.blocks >= 2 => push_latest(&mut self.past, run, PAST),
            // The block at either edge of a run may look like another note.
            Some(edge) => {
                self.quietest = self.quietest.min(edge.before);
                if let Some(run) = self.past.back_mut() {
                    run.refine_end(edge.span, edge.first);
                }
            }
            None => {}
        }
        if let Some((sine, level)) = pure {
            let mut run = Run::new(span, sine, level);
            run.lead = before;
            run.before = std::mem::replace(&mut self.quietest, f64::INFINITY);
            self.current = Some(run);
        }
    }

    /// A tone after a note of the same pitch, or at a new level, is a new run that may be steady.
    fn restart_if_unsteady(&mut self, span: Span, pure: Option<(Sine, f64)>) {
        if let (Some(run), Some((sine, level))) = (&mut self.current, pure)
            && !run.steady
            && sine.residue <= PURE
            && (level - run.level).abs() <= STEADY.1
            && run.duration() > 200 * MS
        {
            *run = Run::new(span, sine, level);
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.current = None;
        self.past.clear();
        self.quietest = f64::INFINITY;
        self.latest = None;
    }

    /// The run that goes on.
    pub fn current(&self) -> Option<&Run> {
        self.current.as_ref()
    }

    /// Those that are over, the newest first.
    pub fn past(&self) -> impl Iterator<Item = &Run> {
        self.past.iter().rev()
    }

    /// All of them, the newest first.
    pub fn all(&self) -> impl Iterator<Item = &Run> {
        self.current.iter().chain(self.past())
    }
}
