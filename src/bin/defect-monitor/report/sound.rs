// SPDX-License-Identifier: MPL-2.0
//! The sound of one track: the last seconds of it, out of which the waveform and the spectrum of a defect are cut.

use std::collections::VecDeque;

use gstdefect::media::dsp::spectrum::Spectrum;

use super::data::{Excerpt, Wave};

/// How long sound is kept, in seconds.
const KEPT: f64 = 20.0;
/// Samples that are kept at most, whatever the rate and the number of channels.
const MOST_SAMPLES: usize = 16_000_000;
/// Length of the excerpt of a click or another isolated defect, in seconds.
const CLICK: f64 = 0.08;
/// Points of a waveform.
const POINTS: usize = 400;
/// Excerpts of a track, so that a storm of defects doesn't become a storm of waveforms.
const MOST_EXCERPTS: usize = 400;
/// Bands of a spectrum.
const BANDS: usize = 96;
/// Lowest frequency of a spectrum, in Hz.
const LOWEST: f32 = 20.0;

/// What identifies an episode within a track: the element and the number.
pub type Episode = (String, u64);

/// An excerpt that is wanted, and may not be there yet.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Whose it is.
    pub episode: Episode,
    /// When the defect began, in seconds.
    pub start: f64,
    /// Whether it is a short defect such as a click, which needs a finer scale of time.
    pub is_isolated: bool,
    /// The channel concerned; none: the first two.
    pub channel: Option<usize>,
}

/// The sound of one track.
#[derive(Debug, Default)]
pub struct Sound {
    rate: u32,
    channels: usize,
    /// When the first kept frame is heard, in seconds.
    first: f64,
    /// Interleaved samples.
    samples: VecDeque<f32>,
    wanted: Vec<Wanted>,
    excerpts: Vec<(Episode, Excerpt)>,
}

impl Sound {
    /// The format changes: what was kept is of no use any more.
    pub fn set_format(&mut self, rate: u32, channels: usize) {
        if (self.rate, self.channels) != (rate, channels) {
            self.cut(true);
            (self.rate, self.channels) = (rate, channels);
            self.samples.clear();
        }
    }

    /// Takes note of interleaved samples that begin at that instant, in seconds.
    pub fn push(&mut self, at: f64, samples: &[f32]) {
        if self.rate == 0 || self.channels == 0 {
            return;
        }
        if (at - self.end()).abs() > 0.1 {
            self.cut(true);
            self.samples.clear();
        }
        if self.samples.is_empty() {
            self.first = at;
        }
        self.samples.extend(samples);
        let most = (KEPT * f64::from(self.rate)) as usize * self.channels;
        let extra = self.samples.len().saturating_sub(most.min(MOST_SAMPLES));
        let frames = extra / self.channels;
        self.samples.drain(..frames * self.channels);
        self.first += frames as f64 / f64::from(self.rate);
        self.cut(false);
    }

    /// Asks for an excerpt.
    pub fn want(&mut self, wanted: Wanted) {
        if self.wanted.len() + self.excerpts.len() < MOST_EXCERPTS {
            self.wanted.push(wanted);
        }
    }

    /// The excerpts that were asked for, of what there is.
    pub fn take(&mut self) -> Vec<(Episode, Excerpt)> {
        self.cut(true);
        std::mem::take(&mut self.excerpts)
    }

    fn end(&self) -> f64 {
        let frames = self.samples.len() / self.channels.max(1);
        self.first + frames as f64 / f64::from(self.rate.max(1))
    }

    /// Cuts out the excerpts whose sound has come; all of them, `now`.
    fn cut(&mut self, now: bool) {
        let end = self.end();
        let is_due = |w: &mut Wanted| now || span(w).1 <= end;
        let due: Vec<_> = self.wanted.extract_if(.., is_due).collect();
        for wanted in due {
            let excerpt = self.excerpt(&wanted);
            self.excerpts.extend(excerpt.map(|e| (wanted.episode, e)));
        }
    }

    fn excerpt(&self, wanted: &Wanted) -> Option<Excerpt> {
        let rate = f64::from(self.rate);
        let (from, to) = span(wanted);
        let from = from.max(self.first);
        // The start may be gone: then it is what follows.
        let shortest = if wanted.is_isolated { CLICK } else { 1.0 };
        let to = to.max(from + shortest).min(self.end());
        let first = ((from - self.first) * rate) as usize;
        let last = ((to - self.first) * rate) as usize;
        if last <= first + 1 || self.channels == 0 {
            return None;
        }
        let shown = match wanted.channel {
            Some(channel) if channel < self.channels => channel..channel + 1,
            _ => 0..self.channels.min(2),
        };
        let mut waves = Vec::new();
        let mut power: Vec<f32> = Vec::new();
        let mut size = 0;
        for channel in shown {
            let samples: Vec<f32> = (first..last)
                .filter_map(|n| self.samples.get(n * self.channels + channel).copied())
                .collect();
            waves.push(wave(channel, &samples));
            // The spectrum is that of the defect, not of what was before.
            let skip = ((wanted.start.max(from) - from) * rate) as usize;
            let defect = samples.get(skip..).unwrap_or(&samples);
            let defect = if defect.len() < 256 { &samples } else { defect };
            let (length, bins) = spectrum(defect);
            size = length;
            power.resize(bins.len().max(power.len()), 0.0);
            for (most, bin) in power.iter_mut().zip(bins) {
                *most = most.max(bin);
            }
        }
        let (frequencies, levels) = bands(&power, size, self.rate);
        Some(Excerpt {
            from,
            to,
            waves,
            frequencies,
            levels,
        })
    }
}

/// From when to when an excerpt goes.
fn span(wanted: &Wanted) -> (f64, f64) {
    match wanted.is_isolated {
        true => (wanted.start - CLICK + 0.05, wanted.start + 0.05),
        false => (wanted.start - 0.5, wanted.start + 2.5),
    }
}

fn wave(channel: usize, samples: &[f32]) -> Wave {
    let points = POINTS.min(samples.len()).max(1);
    let round = |x: f32| (x * 1e4).round() / 1e4;
    let (mut low, mut high) = (Vec::new(), Vec::new());
    for point in 0..points {
        let from = point * samples.len() / points;
        let to = ((point + 1) * samples.len() / points)
            .max(from + 1)
            .min(samples.len());
        let piece = samples.get(from..to).unwrap_or_default();
        low.push(round(piece.iter().copied().fold(f32::INFINITY, f32::min)));
        high.push(round(
            piece.iter().copied().fold(f32::NEG_INFINITY, f32::max),
        ));
    }
    Wave { channel, low, high }
}

/// The length of the transform, and the mean power in each of its bins.
fn spectrum(samples: &[f32]) -> (usize, Vec<f32>) {
    let length = [4096, 2048, 1024, 512, 256]
        .into_iter()
        .find(|n| *n <= samples.len());
    let Some(length) = length else {
        return (0, Vec::new());
    };
    let mut spectrum = Spectrum::new(length);
    let mut sum = vec![0.0_f32; spectrum.len()];
    let mut count = 0;
    for frame in samples.windows(length).step_by(length / 2) {
        for (sum, power) in sum.iter_mut().zip(spectrum.power(frame)) {
            *sum += power;
        }
        count += 1;
    }
    let scale = 1.0 / count.max(1) as f32;
    sum.iter_mut().for_each(|power| *power *= scale);
    (length, sum)
}

/// Frequencies in equal steps for the ear, and the level around each, in dBFS.
fn bands(power: &[f32], length: usize, rate: u32) -> (Vec<f32>, Vec<f32>) {
    let (mut frequencies, mut levels) = (Vec::new(), Vec::new());
    if length == 0 {
        return (frequencies, levels);
    }
    let highest = rate as f32 / 2.0;
    let width = rate as f32 / length as f32;
    let edge = |n: usize| LOWEST * (highest / LOWEST).powf(n as f32 / BANDS as f32);
    for band in 0..BANDS {
        let from = (edge(band) / width).round() as usize;
        let to = (edge(band + 1) / width).round() as usize;
        // Narrow bands share a bin, which is shown once.
        if to <= from {
            continue;
        }
        let sum: f32 = power
            .get(from..to.min(power.len()))
            .unwrap_or_default()
            .iter()
            .sum();
        frequencies.push((edge(band) * edge(band + 1)).sqrt().round());
        levels.push((10.0 * sum.max(1e-14).log10() * 10.0).round() / 10.0);
    }
    (frequencies, levels)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(start: f64, is_isolated: bool) -> Wanted {
        let episode = ("humdetect0".to_owned(), 1);
        Wanted {
            episode,
            start,
            is_isolated,
            channel: None,
        }
    }

    /// Ten seconds of a sine wave of 1 kHz at -20 dBFS (rms -23) in the left channel.
    fn sound() -> Sound {
        let mut sound = Sound::default();
        sound.set_format(48_000, 2);
        for block in 0..100 {
            let frames = (0..4800).map(|n| block * 4800 + n);
            let samples: Vec<f32> = frames
                .flat_map(|n| {
                    [
                        0.1 * (std::f32::consts::TAU * (n % 48) as f32 / 48.0).sin(),
                        0.0,
                    ]
                })
                .collect();
            sound.push(f64::from(block) * 0.1, &samples);
        }
        sound
    }

    #[test]
    fn an_excerpt_shows_wave_and_spectrum() {
        let mut sound = sound();
        sound.want(wanted(5.0, false));
        let (_, excerpt) = sound.take().remove(0);
        assert!((excerpt.from - 4.5).abs() < 1e-6 && (excerpt.to - 7.5).abs() < 1e-6);
        assert_eq!(excerpt.waves.len(), 2);
        assert!(
            excerpt.waves[0]
                .high
                .iter()
                .all(|h| (h - 0.1).abs() < 0.001)
        );
        assert!(excerpt.waves[1].high.iter().all(|h| *h == 0.0));
        let loudest = (0..excerpt.levels.len())
            .max_by(|a, b| excerpt.levels[*a].total_cmp(&excerpt.levels[*b]));
        let loudest = loudest.unwrap();
        // Part of the power may lie in the band beside it.
        assert!(
            (excerpt.frequencies[loudest] - 1000.0).abs() < 60.0,
            "{:?}",
            excerpt.frequencies[loudest]
        );
        assert!(
            (excerpt.levels[loudest] + 23.0).abs() < 3.0,
            "{}",
            excerpt.levels[loudest]
        );
    }

    #[test]
    fn sound_that_is_yet_to_come_is_waited_for_and_the_end_is_not() {
        let mut sound = sound();
        sound.want(wanted(9.9, false));
        assert!(sound.excerpts.is_empty());
        let (_, excerpt) = sound.take().remove(0);
        assert!((excerpt.to - 10.0).abs() < 1e-3, "{}", excerpt.to);
        sound.want(wanted(5.0, true));
        let (_, click) = sound.take().remove(0);
        assert!((click.to - click.from - 0.08).abs() < 1e-3);
    }

    #[test]
    fn memory_is_bounded() {
        let mut sound = Sound::default();
        sound.set_format(192_000, 64);
        let second = vec![0.0; 192_000 * 64];
        for n in 0..4 {
            sound.push(f64::from(n), &second);
        }
        assert!(sound.samples.len() <= MOST_SAMPLES);
        assert!((sound.end() - 4.0).abs() < 1e-3);
    }
}
