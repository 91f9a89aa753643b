// SPDX-License-Identifier: MPL-2.0
//! Judges one channel in stretches of half a second.

use super::{
    PAST, TONE_BLOCKS,
    byte_swap::is_swapped,
    histogram::{Histogram, Shape},
    preambles::PreambleSearch,
    verdict::StretchVerdict,
};
use crate::media::{
    Ns, Span,
    dsp::sine::{Sine, SineFit},
    sound::Block,
};

/// Share of the samples within 2 % of the peak from which a stretch has flat tops. Measured in half seconds of 18
/// recordings: at most 0.6 % (wind in a microphone), mastered pop 0.13 %; driven by 15 to 25 dB 3 to 60 % where they
/// are loud. A sine has 13 %.
const FLAT: f64 = 0.025;
/// Least ratio of these samples to those between 2 and 10 % below the peak.
const SHARP: f64 = 0.5;
/// Largest share of the samples within 2 % of the peak that lie within 0.5 %, for a sine: half of them where crests
/// are round, all where they are flat. Measured: a sine 0.5, overdriven voices 0.5 and more; so the blocks of a sine
/// have to be pure as well.
const ROUND: f64 = 0.62;
/// Share of the blocks with sound that have to be pure for a sine: a single sine, as steady as a tone or too low to
/// tell.
const ALL_PURE: f64 = 0.7;
/// Frequency in Hz under which a block holds less than a period.
const LOW: f64 = 100.0;
/// By how much the peak of overdriven sound may differ between stretches, relatively: saturation has one ceiling.
/// Measured: 0.2 %.
const CEILING: f64 = 0.004;
/// Stretches below the ceiling (pauses and soft sounds) after which the ceiling is forgotten.
const HELD: usize = 10;
/// Share of the blocks that have to be swapped, of those that could be judged.
const SWAPPED: f64 = 0.6;
/// Largest residue of a pure tone, and largest relative change of frequency and power from block to block of a steady
/// one: overdriven voices are smooth, too, but not steady.
const PURE: f64 = 0.02;
const STEADY: (f64, f64) = (0.02, 0.1);
/// Mean square of a block with sound, -60 dBFS.
const AUDIBLE: f64 = 1e-6;
/// Line-up tones played at another rate, in Hz: 1 kHz and 440 Hz, 44.1 against 48 kHz and 32 against 48 kHz.
const WRONG: [f64; 6] = [1088.435, 918.75, 1500.0, 666.667, 478.912, 404.25];
/// Largest relative distance from these.
const NEAR: f64 = 0.002;

/// The state of one channel.
#[derive(Debug)]
pub struct ChannelJudge {
    histogram: Histogram,
    fit: SineFit,
    start: Option<Ns>,
    preambles: PreambleSearch,
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
    /// Whether the last stretch reached the ceiling, without flat tops.
    touched: bool,
    /// End of the last stretch with a defect.
    last: Option<Ns>,
    /// Verdicts about the last stretches with their times, the oldest first.
    past: [(StretchVerdict, Span); PAST],
}

impl ChannelJudge {
    /// For the start of a stream.
    pub fn new(fit: SineFit) -> Self {
        Self {
            histogram: Histogram::new(),
            fit,
            start: None,
            preambles: PreambleSearch::default(),
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
            past: [(StretchVerdict::Unknown, Span { start: 0, end: 0 }); PAST],
        }
    }

    /// Takes a block.
    pub fn push(&mut self, span: Span, block: &Block<'_>, channel: usize) {
        self.start.get_or_insert(span.start);
        let samples = block.channel(channel);
        self.histogram.push(samples);
        self.preambles.push(block, channel);
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

    /// Ends the stretch: returns the verdict, and how flat its tops were (0 to 1).
    pub fn end_stretch(&mut self, end: Ns) -> (StretchVerdict, f64) {
        let shape = self.histogram.take();
        let verdict = self.judge(shape.as_ref());
        let start = self.start.take().unwrap_or(end);
        self.past.rotate_left(1);
        self.past[PAST - 1] = (verdict, Span::new(start, end));
        if StretchVerdict::DEFECTS.contains(&verdict) || std::mem::take(&mut self.touched) {
            self.last = Some(end);
        }
        (self.sounding, self.pure) = (0, 0);
        self.swapped = 0;
        self.judged = 0;
        self.tone = 0;
        self.frequency = 0.0;
        (verdict, shape.map_or(0.0, |s| s.top - s.below))
    }

    fn judge(&mut self, shape: Option<&Shape>) -> StretchVerdict {
        if self.preambles.take() {
            return StretchVerdict::Data;
        }
        if self.judged >= 5 && f64::from(self.swapped) >= SWAPPED * f64::from(self.judged) {
            return StretchVerdict::Swap;
        }
        let Some(shape) = shape else {
            return StretchVerdict::Unknown;
        };
        if shape.lattice.is_some() {
            return StretchVerdict::Crush;
        }
        if self.tone >= TONE_BLOCKS {
            let frequency = self.frequency / f64::from(self.tone);
            let wrong = WRONG.iter().any(|w| (frequency / w - 1.0).abs() < NEAR);
            return if wrong {
                StretchVerdict::Rate
            } else {
                StretchVerdict::Clean
            };
        }
        self.flatness(shape)
    }

    fn flatness(&mut self, shape: &Shape) -> StretchVerdict {
        let of_ceiling = self.ceiling.map(|c| shape.peak as f64 / c as f64);
        let is_sine = f64::from(self.pure) >= ALL_PURE * f64::from(self.sounding)
            && shape.crest < ROUND * shape.top;
        if shape.top >= FLAT && shape.top >= SHARP * shape.below && !is_sine {
            let same = of_ceiling.is_none_or(|r| (r - 1.0).abs() <= CEILING);
            self.ceiling = Some(shape.peak);
            self.held = 0;
            return if same {
                StretchVerdict::Overdrive
            } else {
                StretchVerdict::Clean
            };
        }
        // Below the ceiling it may still be overdriven, and at the ceiling it is likely to be; above, it isn't.
        self.held += 1;
        match of_ceiling {
            Some(r) if self.held <= HELD && r <= 1.0 + CEILING => {
                if r >= 1.0 - CEILING {
                    self.held = 1;
                    self.touched = true;
                }
                return StretchVerdict::Unknown;
            }
            _ => {}
        }
        self.ceiling = None;
        StretchVerdict::Clean
    }

    /// Whether the sound may be overdriven and only soft at the moment.
    pub fn may_still_be_overdriven(&self) -> bool {
        self.ceiling.is_some() && self.held > 0 && self.held <= HELD
    }

    /// How many of the last stretches have a verdict that is `wanted`.
    pub fn count(&self, wanted: impl Fn(StretchVerdict) -> bool) -> usize {
        self.past.iter().filter(|(m, _)| wanted(*m)).count()
    }

    /// Start of the first of the last stretches with this verdict.
    pub fn first(&self, verdict: StretchVerdict) -> Option<Ns> {
        let found = self.past.iter().find(|(m, _)| *m == verdict);
        found.map(|(_, span)| span.start)
    }

    /// End of the last stretch with a defect.
    pub fn last_defect(&self) -> Option<Ns> {
        self.last
    }
}
