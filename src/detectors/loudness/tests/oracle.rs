// SPDX-License-Identifier: MPL-2.0
//! Agreement with the crate `ebur128` on programmes with the dynamics of speech and music: made here, since no recording is part
//! of the project.

use super::*;
use ebur128::{Channel, EbuR128, Mode};

/// Numbers that are the same each time.
pub struct Dice(pub u64);

impl Dice {
    /// Evenly between -1 and 1.
    pub fn roll(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }
}

/// Syllables of voiced and unvoiced sound with pauses between sentences.
pub fn speech(rate: u32, seconds: u32, seed: u64) -> Vec<f32> {
    let mut dice = Dice(seed);
    let mut out = Vec::new();
    let (mut level, mut low) = (0.0, 0.0);
    while out.len() < (rate * seconds) as usize {
        let length = f64::from(rate) * (0.15 + 0.1 * dice.roll().abs());
        let pause = dice.roll() > 0.75;
        let (loud, pitch) = (0.05 + 0.25 * dice.roll().abs(), 110.0 + 40.0 * dice.roll());
        let target = if pause { 0.0005 } else { loud };
        for i in 0..(length * if pause { 3.0 } else { 1.0 }) as usize {
            level += (target - level) * 200.0 / f64::from(rate);
            let buzz = (pitch * i as f64 / f64::from(rate)).fract() * 2.0 - 1.0;
            low += (buzz + 0.3 * dice.roll() - low) * (8_000.0 / f64::from(rate)).min(0.8);
            out.push((low * level) as f32);
        }
    }
    out.truncate((rate * seconds) as usize);
    out
}

/// Chords with a beat under them, in parts of different loudness.
fn music(rate: u32, seconds: u32, seed: u64) -> Vec<f32> {
    let mut dice = Dice(seed);
    let mut notes = [220.0, 277.0, 330.0, 440.0];
    let mut loud = 0.2;
    (0..rate * seconds)
        .map(|i| {
            let t = f64::from(i) / f64::from(rate);
            if i % (rate / 2) == 0 {
                notes = notes.map(|_| 110.0 * 2f64.powf((dice.roll() + 1.0) * 1.5));
            }
            if i % (rate * 8) == 0 {
                loud = 10f64.powf(dice.roll() * 0.5 - 1.0);
            }
            let chord: f64 = notes
                .iter()
                .map(|f| (std::f64::consts::TAU * f * t).sin())
                .sum();
            let beat = (-(t * 2.0).fract() * 12.0).exp() * dice.roll();
            (loud * (0.25 * chord + beat)).clamp(-1.0, 1.0) as f32
        })
        .collect()
}

fn check(rate: u32, layout: &[Position], map: &[Channel], signal: &Signal) {
    // Not its histograms, which round to 0.1 LU.
    let modes = Mode::M | Mode::S | Mode::I | Mode::LRA | Mode::TRUE_PEAK;
    let mut oracle = EbuR128::new(layout.len() as u32, rate, modes).unwrap();
    oracle.set_channel_map(map).unwrap();
    let block = rate as usize / 10;
    let mut short_terms = Vec::new();
    let mut listener = Listener::new(rate, layout);
    for start in (0..signal[0].len() / block * block).step_by(block) {
        let part: Signal = signal
            .iter()
            .map(|c| c[start..start + block].to_vec())
            .collect();
        let planes: Vec<&[f32]> = part.iter().map(Vec::as_slice).collect();
        oracle.add_frames_planar_f32(&planes).unwrap();
        let mut last = None;
        listener.listen(&part, |_, v| last = Some(v));
        let v = last.unwrap();
        short_terms.extend((!v.short_term.is_nan()).then_some(v.short_term));
        if start >= 30 * block && oracle.loudness_momentary().unwrap() > -70.0 {
            near(v.momentary, oracle.loudness_momentary().unwrap(), 0.05);
            near(v.short_term, oracle.loudness_shortterm().unwrap(), 0.05);
        }
    }
    let v = listener.result();
    near(v.integrated, oracle.loudness_global().unwrap(), 0.05);
    // The crate takes a window a second, Tech 3342 asks for ten: hence its tolerance here, and the exact range besides.
    near(v.range, oracle.loudness_range().unwrap(), 1.0);
    near(v.range, exact_range(&mut short_terms), 0.1);
    // The beats are noise up to the edge of the band, where interpolation filters differ; the EBU's signals settle the accuracy.
    let peak = (0..layout.len() as u32).map(|c| oracle.true_peak(c).unwrap());
    near(v.true_peak, amplitude_db(peak.fold(0.0, f64::max)), 0.6);
}

/// Tech 3342 word for word, on all values.
fn exact_range(levels: &mut Vec<f64>) -> f64 {
    levels.retain(|l| *l >= -70.0);
    let mean = levels.iter().map(|l| 10f64.powf(l / 10.0)).sum::<f64>() / levels.len() as f64;
    levels.retain(|l| *l >= 10.0 * mean.log10() - 20.0);
    levels.sort_by(f64::total_cmp);
    let at = |share: f64| levels[((levels.len() - 1) as f64 * share).round() as usize];
    at(0.95) - at(0.10)
}

#[test]
fn agrees_in_stereo_at_several_rates() {
    for rate in [44_100, 48_000, 96_000] {
        let map = [Channel::Left, Channel::Right];
        check(
            rate,
            STEREO,
            &map,
            &vec![speech(rate, 30, 1), speech(rate, 30, 2)],
        );
        check(
            rate,
            STEREO,
            &map,
            &vec![music(rate, 30, 3), music(rate, 30, 4)],
        );
    }
}

#[test]
fn agrees_in_surround() {
    use Position::*;
    let layout = [FrontLeft, FrontRight, FrontCenter, Lfe, RearLeft, RearRight];
    let map = [
        Channel::Left,
        Channel::Right,
        Channel::Center,
        Channel::Unused,
        Channel::LeftSurround,
        Channel::RightSurround,
    ];
    let signal: Signal = (0..6)
        .map(|c| {
            if c == 2 {
                speech(48_000, 30, 7)
            } else {
                music(48_000, 30, 10 + c)
            }
        })
        .collect();
    check(48_000, &layout, &map, &signal);
}
