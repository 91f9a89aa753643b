// SPDX-License-Identifier: MPL-2.0
//! Listens to one channel, stretch by stretch.

use super::{
    PAST, TONE_BLOCKS, data,
    marks::{Histogram, Mark, Shape, is_swapped},
};
use crate::media::{
    Ns, Span,
    dsp::sine::{Sine, SineFit},
    sound::Block,
};

/// Share of the samples within 2 % of the peak from which a stretch has flat tops. Measured in half seconds of 18 recordings: at
/// most 0.6 % (wind in a microphone), mastered pop 0.13 %; driven by 15 to 25 dB 3 to 60 % where they are loud. A sine has 13 %.
const FLAT: f64 = 0.025;
/// And how many times as many as between 2 and 10 % below.
const SHARP: f64 = 0.5;
/// Share of the samples within 2 % of the peak that lie within 0.5 %: half of them where crests are round, as of any sine, all where
/// they are flat. Measured: a sine 0.5, overdriven voices 0.5 and more; so the blocks of a sine have to be pure as well.
const ROUND: f64 = 0.62;
/// Share of the blocks with sound that are pure then, and as steady as those of a tone or too low to tell.
const ALL_PURE: f64 = 0.7;
/// Frequency in Hz under which a block holds less than a period.
const LOW: f64 = 100.0;
/// By how much the peak of overdriven sound may differ from stretch to stretch: saturation has one ceiling. Measured: 0.2 %.
const CEILING: f64 = 0.004;
/// How many stretches under the ceiling it is remembered: pauses and soft sounds.
const HELD: usize = 10;
/// Blocks of a stretch that have to be swapped, of those that could be judged.
const SWAPPED: f64 = 0.6;
/// What isn't the sine in a tone, and by how much frequency and power may change from block to block, relatively: overdriven
/// voices are smooth, too, but not steady.
const PURE: f64 = 0.02;
const STEADY: (f64, f64) = (0.02, 0.1);
/// Mean square of a block with sound, -60 dBFS.
const AUDIBLE: f64 = 1e-6;
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
    /// Blocks with sound, and those of them that a single sine fits.
    sounding: u32,
    pure: u32,
    swapped: u32,
    judged: u32,
    tone: u32,
    sine: Option<Sine>,
    frequency: f64,
    /// Peak of the last flat stretch.
    ceiling: Option<usize>,
    /// Stretches since then.
    held: usize,
    /// The last stretch came up to it, without flat tops.
    touched: bool,
    /// End of the last stretch with a defect.
    last: Option<Ns>,
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
            sounding: 0,
            pure: 0,
            swapped: 0,
            judged: 0,
            tone: 0,
            sine: None,
            frequency: 0.0,
            ceiling: None,
            held: 0,
            touched: false,
            last: None,
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
        let sine = self.fit.fit(samples);
        self.sounding += u32::from(sine.is_some_and(|s| s.power > AUDIBLE));
        let sine = sine.filter(|s| s.residue < PURE);
        let low = sine.is_some_and(|s| s.power > AUDIBLE && s.frequency < LOW);
        self.pure += u32::from(low);
        if let (Some(now), Some(before)) = (sine, self.sine)
            && (now.frequency / before.frequency.max(1.0) - 1.0).abs() <= STEADY.0
            && (now.power / before.power.max(1e-12) - 1.0).abs() <= STEADY.1
        {
            self.tone += 1;
            self.pure += u32::from(!low);
            self.frequency += now.frequency;
        }
        self.sine = sine;
    }

    /// The stretch ends: its mark, and how flat its tops were.
    pub fn conclude(&mut self, end: Ns) -> (Mark, f64) {
        let shape = self.histogram.take();
        let mark = self.mark(shape.as_ref());
        let start = self.start.take().unwrap_or(end);
        self.past.rotate_left(1);
        self.past[PAST - 1] = (mark, Span::new(start, end));
        if Mark::DEFECTS.contains(&mark) || std::mem::take(&mut self.touched) {
            self.last = Some(end);
        }
        self.preambles = 0;
        (self.sounding, self.pure) = (0, 0);
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
        let of_ceiling = self.ceiling.map(|c| shape.peak as f64 / c as f64);
        let is_sine = f64::from(self.pure) >= ALL_PURE * f64::from(self.sounding)
            && shape.crest < ROUND * shape.top;
        if shape.top >= FLAT && shape.top >= SHARP * shape.below && !is_sine {
            let same = of_ceiling.is_none_or(|r| (r - 1.0).abs() <= CEILING);
            self.ceiling = Some(shape.peak);
            self.held = 0;
            return if same { Mark::Overdrive } else { Mark::Clean };
        }
        // Under the ceiling it may still be overdriven, and touching it, it is likely to; through it, it isn't.
        self.held += 1;
        match of_ceiling {
            Some(r) if self.held <= HELD && r <= 1.0 + CEILING => {
                if r >= 1.0 - CEILING {
                    self.held = 1;
                    self.touched = true;
                }
                return Mark::Unknown;
            }
            _ => {}
        }
        self.ceiling = None;
        Mark::Clean
    }

    /// Whether overdriven sound may just be soft at the moment.
    pub fn holds(&self) -> bool {
        self.ceiling.is_some() && self.held > 0 && self.held <= HELD
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

    /// When the last stretch with a defect ended.
    pub fn last_defect(&self) -> Option<Ns> {
        self.last
    }
}
