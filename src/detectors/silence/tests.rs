// SPDX-License-Identifier: MPL-2.0
use super::*;
use crate::detector::{Finding, Report, Runner, State};
use crate::media::{
    MS,
    sound::{SampleLayout, SampleType},
};

const RATE: u32 = 48_000;

/// Sound of one rate, a function of time and channel.
struct Programme {
    rate: u32,
    positions: Vec<Position>,
    seconds: f64,
}

use crate::media::sound::Position;

fn stereo(seconds: f64) -> Programme {
    Programme {
        rate: RATE,
        positions: vec![Position::FrontLeft, Position::FrontRight],
        seconds,
    }
}

fn surround(seconds: f64) -> Programme {
    use Position::*;
    Programme {
        rate: RATE,
        positions: vec![FrontLeft, FrontRight, FrontCenter, Lfe, RearLeft, RearRight],
        seconds,
    }
}

impl Programme {
    fn runner(&self, settings: SilenceSettings) -> Runner<Silence> {
        let format = AudioFormat {
            sample: SampleType::F32,
            layout: SampleLayout::Planar,
            rate: self.rate,
            channels: self.positions.len(),
            positions: self.positions.clone(),
        };
        Runner::new(format, Silence::COMMON, settings)
    }

    /// Everything that is reported, with the end of the stream.
    fn watch(&self, settings: SilenceSettings, sound: impl Fn(f64, usize) -> f64) -> Vec<Finding> {
        let mut runner = self.runner(settings);
        self.push(&mut runner, 0.0, &sound);
        runner.reset(crate::detector::Reason::Eos);
        findings(&mut runner)
    }

    fn push(&self, runner: &mut Runner<Silence>, from: f64, sound: &impl Fn(f64, usize) -> f64) {
        let rate = f64::from(self.rate);
        let length = (self.rate / 100) as usize;
        let mut samples = vec![0f32; length * self.positions.len()];
        for block in 0..(self.seconds * rate / length as f64) as usize {
            for (c, channel) in samples.chunks_mut(length).enumerate() {
                for (i, x) in channel.iter_mut().enumerate() {
                    *x = sound(from + (block * length + i) as f64 / rate, c) as f32;
                }
            }
            let at = |samples: usize| ((from + samples as f64 / rate) * 1e9).round() as u64;
            let span = Span::new(at(block * length), at((block + 1) * length));
            runner.push(span, Block::new(&samples, length, self.rate));
        }
    }
}

fn findings(runner: &mut Runner<Silence>) -> Vec<Finding> {
    runner
        .take_reports()
        .into_iter()
        .filter_map(Report::finding)
        .collect()
}

fn settings() -> SilenceSettings {
    SilenceSettings::default()
}

/// Noise that depends on nothing but its place, -1 to 1.
fn noise(t: f64, c: usize) -> f64 {
    let mut x =
        ((t * 192_000.0).round() as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (c as u64) << 17;
    x = (x ^ (x >> 31)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 29)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (x >> 11) as f64 / (1u64 << 52) as f64 - 1.0
}

fn tone(t: f64) -> f64 {
    0.2 * (t * 440.0 * std::f64::consts::TAU).sin()
}

fn db(db: f64) -> f64 {
    10f64.powf(db / 20.0)
}

/// The episodes: channel, start and end in seconds, detail of the end.
fn episodes(found: &[Finding]) -> Vec<(Option<usize>, f64, f64, String)> {
    let ends = found.iter().filter(|f| matches!(f.state, State::End(_)));
    ends.map(|f| {
        let detail = f.observation.detail.clone().unwrap_or_default();
        (
            f.channel,
            f.at as f64 / 1e9,
            (f.at + f.duration) as f64 / 1e9,
            detail.into_owned(),
        )
    })
    .collect()
}

#[track_caller]
fn assert_one(found: &[Finding], channel: Option<usize>, start: f64, end: f64, detail: &str) {
    let all = episodes(found);
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!((all[0].0, all[0].3.as_str()), (channel, detail), "{all:?}");
    assert!((all[0].1 - start).abs() < 0.005, "{all:?}");
    assert!((all[0].2 - end).abs() < 0.005, "{all:?}");
}

const START: f64 = 1.2345;
const END: f64 = 4.5678;

fn within(t: f64) -> bool {
    (START..END).contains(&t)
}

mod legs;
mod low;
mod pauses;

#[test]
fn a_programme_with_sound_is_quiet() {
    assert!(stereo(5.0).watch(settings(), |t, _| tone(t)).is_empty());
}

#[test]
fn digital_silence_at_any_rate() {
    for rate in [8_000, 11_025, 44_100, 48_000, 192_000] {
        let programme = Programme {
            rate,
            ..stereo(6.0)
        };
        let found = programme.watch(settings(), |t, _| if within(t) { 0.0 } else { tone(t) });
        assert_one(&found, None, START, END, "digital-zero");
    }
}

#[test]
fn a_constant_code_is_digital_zero() {
    let found = stereo(6.0).watch(settings(), |t, _| if within(t) { 0.3 } else { tone(t) });
    assert_one(&found, None, START, END, "digital-zero");
}

#[test]
fn nothing_hides_silence() {
    let dither = |t, c| db(-90.0) * noise(t, c);
    let hiss = |t, c| db(-75.0) * noise(t, c);
    let click = |t: f64| {
        if t.fract() * f64::from(RATE) < 1.0 {
            0.1
        } else {
            0.0
        }
    };
    let offset = |t, c| 0.05 + hiss(t, c);
    let pop = |t: f64| if t.fract() < 0.012 { tone(t) } else { 0.0 };
    type Sound<'a> = &'a dyn Fn(f64, usize) -> f64;
    let cases: [(Sound<'_>, &str); 7] = [
        (&dither, "silence"),
        (&hiss, "silence"),
        (&offset, "silence"),
        (&|t, _| click(t), "digital-zero"),
        (&|t, c| click(t) + dither(t, c), "silence"),
        (&|t, _| click(t) + 0.1, "digital-zero"),
        (&|t, _| pop(t), "digital-zero"),
    ];
    for (i, (silence, detail)) in cases.into_iter().enumerate() {
        println!("case {i}");
        let found = stereo(6.0).watch(
            settings(),
            |t, c| {
                if within(t) { silence(t, c) } else { tone(t) }
            },
        );
        assert_one(&found, None, START, END, detail);
    }
}

#[test]
fn a_click_long_before_the_end_does_not_move_it() {
    let found = stereo(6.0).watch(settings(), |t, _| match t {
        t if (4.1..4.1001).contains(&t) => 0.5,
        t if within(t) => 0.0,
        t => tone(t),
    });
    assert_one(&found, None, START, END, "digital-zero");
}

#[test]
fn silent_from_the_first_sample() {
    let found = stereo(4.0).watch(settings(), |_, _| 0.0);
    assert_one(&found, None, 0.0, 4.0, "digital-zero");
    let begin = &found[0];
    assert_eq!((begin.state, begin.duration), (State::Begin, 2 * SECOND));
}

#[test]
fn beeps_of_a_frame_are_sound() {
    // One frame at 30 per second, once a second: the sound of a lip-sync test. It is there, so nothing is silent for 2 s.
    let found = stereo(8.0).watch(
        settings(),
        |t, _| if t % 1.0 < 0.0333 { tone(t) } else { 0.0 },
    );
    assert!(found.is_empty(), "{:?}", episodes(&found));
}

#[test]
fn a_tail_is_silent_where_it_passes_the_threshold() {
    // 60 dB in 1.5 s, from -17 dBFS rms: under -60 dBFS after 1.08 s.
    let found = stereo(8.0).watch(settings(), |t, c| {
        if t < START {
            0.24 * noise(t, c)
        } else {
            0.24 * noise(t, c) * db(-40.0 * (t - START))
        }
    });
    let all = episodes(&found);
    assert_eq!(all.len(), 1, "{all:?}");
    assert!((all[0].1 - (START + 1.07)).abs() < 0.05, "{all:?}");
}

#[test]
fn a_gap_is_no_sound() {
    let mut runner = stereo(0.0).runner(settings());
    stereo(1.0).push(&mut runner, 0.0, &|t, _| tone(t));
    runner.gap(Span::new(SECOND, 4 * SECOND));
    stereo(1.0).push(&mut runner, 4.0, &|t, _| tone(t));
    assert_one(&findings(&mut runner), None, 1.0, 4.0, "digital-zero");
}

#[test]
fn measures() {
    let mut common = Silence::COMMON;
    common.measurement_interval = SECOND;
    let mut runner = stereo(0.0).runner(settings());
    runner.configure(common, settings());
    stereo(2.0).push(&mut runner, 0.0, &|t, c| {
        if c == 0 { tone(t) } else { 0.25 }
    });
    let Some(Report::Measurement(m)) = runner.take_reports().into_iter().next() else {
        panic!("no measurement");
    };
    assert_eq!(m.span, Span::new(0, SECOND));
    // The sine of 0.2: -13.98 dBFS peak, 3.01 dB less rms.
    let expected = [-16.99, -12.04, -13.98, -12.04, 0.0, 0.25];
    for (value, expected) in m.values.iter().zip(expected) {
        assert!((value - expected).abs() < 0.01, "{:?}", m.values);
    }
}

#[test]
fn announced_in_time() {
    let found = stereo(8.0).watch(
        settings(),
        |t, c| if within(t) && c == 1 { 0.0 } else { tone(t) },
    );
    assert!(found[0].duration <= 2 * SECOND + 20 * MS, "{found:?}");
}
