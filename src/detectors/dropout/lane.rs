// SPDX-License-Identifier: MPL-2.0
//! One channel: runs of silent or equal samples, and the sound at their edges.

use super::DropoutSettings;
use crate::media::sound::{AudioFormat, Meter};

/// Silence inside a gap: -70 dBFS, which also holds what a lossy codec leaves in it.
const QUIET: f32 = 3.16e-4;

/// Samples this close are equal: half a step of 16 bits, and a little.
const SAME: f32 = 0.6 / 32_768.0;

/// Sound: RMS of the 16 ms before a gap and after it, -45 dBFS. Chosen: 25 dB over `QUIET`.
const SOUND: f32 = 5.6e-3;

/// The same where the run is digital: all of exactly one value, -55 dBFS.
const FAINT: f32 = 1.8e-3;

/// How much lower than the sound 6 to 16 ms from a run the last or first millisecond and 4 ms may be, in dB, as the mean of what
/// amplitude and first difference say. Calculated, a linear fade of 10 ms or more, as the release of a gate, comes to -23 and -12; one of
/// 3 ms to -14 and -3; a cut to 0. Set between by measurement on speech with gates of 10 to 50 ms and on cuts with ramps of 0 to 3 ms.
const FIRST: f32 = -18.5;
const NEAR: f32 = -8.0;

/// A run of silent or equal samples that is over. Positions count back from the newest sample.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gap {
    pub start: u64,
    pub length: u64,
    hold: bool,
}

impl Gap {
    pub fn end(&self) -> u64 {
        self.start - self.length
    }

    pub fn ms(&self, rate: u32) -> f64 {
        self.length as f64 * 1000.0 / f64::from(rate.max(1))
    }

    /// What its length tells.
    pub fn detail(&self, rate: u32) -> &'static str {
        if self.hold {
            return "hold";
        }
        let frames = [
            ("aac-frame", 1024.0),
            ("mp2-frame", 1152.0),
            ("ac3-frame", 1536.0),
            // Opus counts in time: 20 ms, 960 samples at its 48 kHz.
            ("opus-frame", f64::from(rate) * 0.02),
        ];
        let length = self.length as f64;
        let close = |frame: f64, n: f64| (length - n * frame).abs() <= 0.02 * frame;
        (1..=8)
            .flat_map(|n| frames.map(|(name, frame)| (name, frame, f64::from(n))))
            .find(|&(_, frame, n)| close(frame, n))
            .map_or("gap", |(name, ..)| name)
    }
}

/// A run in progress or waiting for the sound after it.
#[derive(Debug, Clone, Copy)]
struct Run {
    value: f32,
    start: u64,
    end: u64,
    hold: bool,
    digital: bool,
    /// The loudest of the 10 ms before.
    peak: f32,
}

/// The sound beside a run.
#[derive(Debug, Clone, Copy)]
struct Edge {
    /// RMS of the nearest 16 ms.
    rms: f32,
    /// The nearest millisecond and 4 ms against the sound farther away, in dB.
    first: f32,
    near: f32,
    peak: f32,
    /// RMS of the first difference in the nearest 4 ms.
    change: f32,
}

#[derive(Debug)]
pub(super) struct Lane {
    length: usize,
    /// 16 ms.
    hear: u64,
    rate: u32,
    /// The last four blocks.
    x: Vec<f32>,
    /// Samples so far.
    count: u64,
    /// The run in progress: its value, its first sample, and whether it has changed by nothing yet.
    value: f32,
    start: u64,
    digital: bool,
    /// It is long enough, and sound ran up to it.
    open: Option<Run>,
    /// It is over, and the sound after it isn't heard yet.
    waiting: Option<Run>,
    power: f32,
}

impl Lane {
    pub fn new(format: &AudioFormat) -> Self {
        let length = format.block_length();
        Self {
            length,
            hear: u64::from(format.rate) * 16 / 1000,
            rate: format.rate,
            x: vec![0.0; 4 * length],
            count: 0,
            value: 0.0,
            start: 0,
            digital: true,
            open: None,
            waiting: None,
            power: 0.0,
        }
    }

    pub fn reset(&mut self) {
        (self.count, self.start, self.value) = (0, 0, 0.0);
        (self.open, self.waiting) = (None, None);
        self.x.fill(0.0);
    }

    /// Whether there was sound in the last tenths of a second.
    pub fn sounds(&self) -> bool {
        self.power > QUIET * QUIET
    }

    /// Whether a run goes on that may become a dropout, or one is over whose sound after it isn't known yet.
    pub fn is_undecided(&self, settings: &DropoutSettings) -> bool {
        let longest = settings.longest * f64::from(self.rate) / 1000.0;
        let may_be = |run: &Run| (self.count - run.start) as f64 <= longest;
        self.waiting.is_some() || self.open.as_ref().is_some_and(may_be)
    }

    /// Takes a block; a dropout that turned out to be one.
    pub fn push(&mut self, samples: &[f32], settings: &DropoutSettings) -> Option<Gap> {
        let n = self.length.min(samples.len());
        let samples = &samples[..n];
        self.x.copy_within(self.length.., 0);
        self.x[3 * self.length..][..n].copy_from_slice(samples);
        // A tenth of a second to forget.
        self.power += (Meter::of(samples).power() as f32 - self.power) * 0.1;
        let count = |ms: f64| (ms * f64::from(self.rate) / 1000.0) as u64;
        let (shortest, longest) = (count(settings.threshold).max(2), count(settings.longest));
        let first = self.count;
        self.count += n as u64;
        if self.may_have_run(samples, shortest.min(self.length as u64) as usize) {
            self.scan(samples, first, shortest, longest);
        } else if let Some(&last) = samples.last() {
            (self.value, self.start, self.digital) = (last, self.count - 1, true);
        }
        // The sound after a run is known as soon as 16 ms of it are here.
        let run = self.waiting.filter(|r| self.count >= r.end + self.hear)?;
        self.waiting = None;
        self.judge(run)
    }

    /// Whether a run may begin, go on or lie in the block: a look at two samples every half run is enough to tell.
    fn may_have_run(&self, samples: &[f32], shortest: usize) -> bool {
        let alike = |w: &[f32]| match *w {
            [a, b] => (a.abs() <= QUIET && b.abs() <= QUIET) || (a - b).abs() <= 2.0 * SAME,
            _ => true,
        };
        let end = samples.len().saturating_sub(2);
        self.open.is_some()
            || samples.first().is_some_and(|&x| self.goes_on(x))
            || alike(&samples[end..])
            || samples[..end]
                .chunks(shortest / 2)
                .any(|c| alike(&c[..c.len().min(2)]))
    }

    fn goes_on(&self, x: f32) -> bool {
        if self.value.abs() <= QUIET {
            x.abs() <= QUIET
        } else {
            (x - self.value).abs() <= SAME
        }
    }

    fn scan(&mut self, samples: &[f32], first: u64, shortest: u64, longest: u64) {
        for (here, &x) in (first..).zip(samples) {
            if self.goes_on(x) {
                self.digital &= x == self.value;
                // Now, while the sound before it is still here.
                if here + 1 - self.start == shortest.min(self.length as u64) {
                    self.open();
                }
                continue;
            }
            if let Some(mut run) = self.open.take() {
                (run.end, run.digital) = (here, self.digital);
                if (shortest..=longest).contains(&(here - run.start)) {
                    self.waiting = Some(run);
                }
            }
            (self.value, self.start, self.digital) = (x, here, true);
        }
    }

    /// Samples at absolute positions, as far as they are still here.
    fn at(&self, from: u64, to: u64) -> &[f32] {
        let base = self.count as i64 - self.x.len() as i64;
        let index = |p: u64| (p as i64 - base).clamp(0, self.x.len() as i64) as usize;
        &self.x[index(from)..index(to).max(index(from))]
    }

    /// A run has become long enough: was there sound before it?
    fn open(&mut self) {
        let start = self.start;
        if start < self.hear {
            return;
        }
        let before = self.at(start.saturating_sub(2 * self.length as u64), start);
        let edge = Edge::of(before.iter().rev().copied(), self.rate);
        if edge.is_sharp(self.digital) {
            let hold = self.value.abs() > QUIET;
            self.open = Some(Run {
                value: self.value,
                start,
                end: start,
                hold,
                digital: true,
                peak: edge.peak,
            });
        }
    }

    fn judge(&self, run: Run) -> Option<Gap> {
        let after = self.at(run.end, run.end + 2 * self.length as u64);
        let edge = Edge::of(after.iter().copied(), self.rate);
        // A run at the very top is the wave's own: cut off, or square.
        let top = run.hold && run.value.abs() >= 0.97 * run.peak.max(edge.peak);
        if !edge.is_sharp(run.digital) || top {
            return None;
        }
        Some(Gap {
            start: self.count - run.start,
            length: run.end - run.start,
            hold: run.hold,
        })
    }
}

impl Edge {
    /// From the samples beside a run, the nearest one first.
    fn of(x: impl Iterator<Item = f32>, rate: u32) -> Self {
        let ms = |n: u32| (n * rate / 1000) as usize;
        // Energies and lengths: 0 to 1 ms, 1 to 4 ms, 4 to 6 ms, 6 to 16 ms.
        let ends = [ms(1), ms(4), ms(6), ms(16)];
        let mut parts = [(0.0f32, 0.0f32, 0.0f32); 4];
        let (mut part, mut peak, mut last) = (0, 0.0f32, None);
        for (i, x) in x.take(ends[3]).enumerate() {
            while part < 3 && i >= ends[part] {
                part += 1;
            }
            let d = x - last.unwrap_or(x);
            let (energy, change, count) = parts[part];
            parts[part] = (energy + x * x, change + d * d, count + 1.0);
            peak = peak.max(x.abs());
            last = Some(x);
        }
        let mean = |parts: &[(f32, f32, f32)]| {
            let sum = parts
                .iter()
                .fold((0.0, 0.0, 0.0), |s, p| (s.0 + p.0, s.1 + p.1, s.2 + p.2));
            (sum.0 / sum.2.max(1.0), sum.1 / sum.2.max(1.0))
        };
        let (first, near, far, all) = (
            mean(&parts[..1]),
            mean(&parts[..2]),
            mean(&parts[3..]),
            mean(&parts),
        );
        let db = |a: f32, b: f32| 10.0 * ((a + 1e-12) / (b + 1e-12)).log10();
        let against = |a: (f32, f32)| (db(a.0, far.0) + db(a.1, far.1)) / 2.0;
        Self {
            rms: all.0.sqrt(),
            first: against(first),
            near: against(near),
            peak,
            change: near.1.sqrt(),
        }
    }

    /// Whether there is sound, and it is there right up to the run.
    fn is_sharp(&self, digital: bool) -> bool {
        let least = if digital { FAINT } else { SOUND };
        self.rms >= least && self.first >= FIRST && self.near >= NEAR && self.change > 4.0 * SAME
    }
}
