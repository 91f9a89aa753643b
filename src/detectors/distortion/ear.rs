// SPDX-License-Identifier: MPL-2.0
//! Listens to one channel, stretch by stretch.

use super::{
    PAST, TONE_BLOCKS, data,
    marks::{Histogram, Mark, Shape, is_swapped},
};
use crate::core::{
    Ns, Span,
    sound::{Block, sine::SineFit},
};

/// Share of the samples within 2 % of the peak from which a stretch has flat tops; mastered pop has up to 1 %, a sine 13 %.
const FLAT: f64 = 0.04;
/// And how many times as many as between 2 and 10 % below: a sine has 0.8, mastered pop up to 0.5.
const SHARP: f64 = 1.5;
/// By how much the peak of overdriven sound may differ from stretch to stretch: saturation has one ceiling.
const CEILING: f64 = 0.02;
/// Blocks of a stretch that have to be swapped, of those that could be judged.
const SWAPPED: f64 = 0.6;
/// What isn't the sine in a line-up tone.
const PURE: f64 = 0.02;
/// Line-up tones as they come out at another rate: 1 kHz and 440 Hz, 44.1 against 48 kHz and 32 against 48 kHz.
const WRONG: [f64; 6] = [1088.435, 918.75, 1500.0, 666.667, 478.912, 404.25];
/// How near they have to be, relatively.
const NEAR: f64 = 0.002;

/// One channel.
#[derive(Debug)]
pub struct Ear {
    histogram: Histogram,
    fit: SineFit,
    start: Option<Ns>,
    preambles: usize,
    swapped: u32,
    judged: u32,
    tone: u32,
    frequency: f64,
    /// Peak of the last flat stretch.
    ceiling: Option<usize>,
    /// Marks of the last stretches with their times, the oldest first.
    past: [(Mark, Span); PAST],
}

impl Ear {
    /// Has heard nothing yet.
    pub fn new(fit: SineFit) -> Self {
        Self {
            histogram: Histogram::new(),
            fit,
            start: None,
            preambles: 0,
            swapped: 0,
            judged: 0,
            tone: 0,
            frequency: 0.0,
            ceiling: None,
            past: [(Mark::Unknown, Span { start: 0, end: 0 }); PAST],
        }
    }

    /// A block.
    pub fn listen(&mut self, span: Span, block: &Block<'_>, channel: usize) {
        self.start.get_or_insert(span.start);
        let samples = block.channel(channel);
        self.histogram.push(samples);
        self.preambles += data::preambles(block, channel);
        if let Some(swapped) = is_swapped(samples) {
            self.judged += 1;
            self.swapped += u32::from(swapped);
        }
        if let Some(sine) = self.fit.fit(samples).filter(|s| s.residue < PURE) {
            self.tone += 1;
            self.frequency += sine.frequency;
        }
    }

    /// The stretch ends: its mark, and how flat its tops were.
    pub fn conclude(&mut self, end: Ns) -> (Mark, f64) {
        let shape = self.histogram.take();
        let mark = self.mark(shape.as_ref());
        let start = self.start.take().unwrap_or(end);
        self.past.rotate_left(1);
        self.past[PAST - 1] = (mark, Span::new(start, end));
        self.preambles = 0;
        self.swapped = 0;
        self.judged = 0;
        self.tone = 0;
        self.frequency = 0.0;
        (mark, shape.map_or(0.0, |s| s.top - s.below))
    }

    fn mark(&mut self, shape: Option<&Shape>) -> Mark {
        if self.preambles > 0 {
            return Mark::Data;
        }
        if self.judged >= 5 && f64::from(self.swapped) >= SWAPPED * f64::from(self.judged) {
            return Mark::Swap;
        }
        let Some(shape) = shape else {
            return Mark::Unknown;
        };
        if shape.lattice.is_some() {
            return Mark::Crush;
        }
        if self.tone >= TONE_BLOCKS {
            let frequency = self.frequency / f64::from(self.tone);
            let wrong = WRONG.iter().any(|w| (frequency / w - 1.0).abs() < NEAR);
            return if wrong { Mark::Rate } else { Mark::Clean };
        }
        self.flatness(shape)
    }

    fn flatness(&mut self, shape: &Shape) -> Mark {
        let peak = shape.peak as f64;
        let of_ceiling = self.ceiling.map(|c| peak / c as f64);
        if shape.top >= FLAT && shape.top >= SHARP * shape.below {
            let same = of_ceiling.is_none_or(|r| (r - 1.0).abs() <= CEILING);
            self.ceiling = Some(shape.peak);
            return if same { Mark::Overdrive } else { Mark::Clean };
        }
        match of_ceiling {
            // Quieter than the ceiling: a pause, or soft sounds.
            Some(r) if r < 1.0 - CEILING => Mark::Unknown,
            // At the ceiling without flat tops, or through it.
            _ => {
                self.ceiling = None;
                Mark::Clean
            }
        }
    }

    /// How many of the last stretches have such a mark.
    pub fn count(&self, wanted: impl Fn(Mark) -> bool) -> usize {
        self.past.iter().filter(|(m, _)| wanted(*m)).count()
    }

    /// When the first of the last stretches with that mark began.
    pub fn first(&self, mark: Mark) -> Option<Ns> {
        let found = self.past.iter().find(|(m, _)| *m == mark);
        found.map(|(_, span)| span.start)
    }

    /// When the last of the last stretches with a defect ended.
    pub fn last_defect(&self) -> Option<Ns> {
        let mut past = self.past.iter().rev();
        let found = past.find(|(m, _)| Mark::DEFECTS.contains(m));
        found.map(|(_, span)| span.end)
    }
}
