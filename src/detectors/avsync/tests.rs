// SPDX-License-Identifier: MPL-2.0

use std::sync::Arc;

use super::*;
use crate::detector::{
    Finding, PairDriver, Reason, Report, Runner, State,
    settings::{Setting, Settings, Value},
};
use crate::media::{
    MS,
    picture::{Grid, Layout, Matrix, Measurer, Picture, Planes, Range, Transfer, VideoFormat},
    sound::Block,
    timestamps::{self, Sequence, Stamps, StreamFormat},
};

mod reference;
mod timelines;

const RATE: u32 = 48_000;

/// Both streams, and a reference, each made of a function of time.
struct Bench {
    runner: Runner<AvSync>,
    driver: PairDriver,
    measurer: Measurer,
    format: VideoFormat,
    sequences: [Sequence; 2],
}

fn size(width: usize, height: usize) -> VideoFormat {
    VideoFormat {
        layout: Layout::Gray8,
        width,
        height,
        range: Range::Full,
        matrix: Matrix::Bt709,
        transfer: Transfer::Sdr,
        frame_duration: Some(40 * MS),
    }
}

fn settings(evidence: Source) -> AvSyncSettings {
    let mut settings = AvSyncSettings::default();
    settings.set(3, evidence.to_value());
    settings
}

impl Bench {
    fn new(evidence: Source) -> Self {
        let common = Common {
            measurement_interval: SECOND,
            ..AvSync::COMMON
        };
        let format = size(64, 32);
        let raw = |content| StreamFormat {
            content,
            raw: true,
            ..StreamFormat::default()
        };
        let mut driver = PairDriver::default();
        driver.begin(0);
        driver.begin(1);
        Self {
            runner: Runner::new((), common, settings(evidence)),
            driver,
            measurer: Measurer::scalar(&format),
            format,
            sequences: [
                Sequence::new(raw(timestamps::Content::Sound)),
                Sequence::new(raw(timestamps::Content::Pictures)),
            ],
        }
    }

    fn grid(&mut self, paint: impl Fn(usize, usize) -> u8) -> Arc<Grid> {
        let (width, height) = (self.format.width, self.format.height);
        let bytes: Vec<u8> = (0..width * height)
            .map(|i| paint(i % width, i / width))
            .collect();
        let mut grid = Grid::new(&self.format);
        if let Ok(planes) = Planes::new(&self.format, &[(&bytes[..], width)]) {
            self.measurer.measure(&planes, &mut grid);
        }
        Arc::new(grid)
    }

    fn picture(&mut self, side: Side, start: Ns, paint: impl Fn(usize, usize) -> u8) {
        let grid = self.grid(paint);
        let span = Span::new(start, start + 40 * MS);
        let content = Content::Picture(Picture::progressive(&grid));
        self.driver.push(
            &mut self.runner,
            Piece {
                side,
                span,
                content,
            },
        );
    }

    fn sound(&mut self, side: Side, start: Ns, samples: &[f32]) {
        let block = Block::new(samples, samples.len(), RATE);
        let span = Span::new(start, start + 10 * MS);
        let content = Content::Sound(block);
        self.driver.push(
            &mut self.runner,
            Piece {
                side,
                span,
                content,
            },
        );
    }

    fn stamp(&mut self, which: usize, start: Ns, duration: Ns) {
        let (span, arrival) = self.sequences[which].next(Stamps {
            pts: Some(start),
            dts: None,
            duration: Some(duration),
            discontinuous: false,
        });
        let content = if which == 0 {
            Content::SoundStamp(arrival)
        } else {
            Content::PictureStamp(arrival)
        };
        self.driver.push(
            &mut self.runner,
            Piece {
                side: Side::Programme,
                span,
                content,
            },
        );
    }

    /// What was found, and what was measured.
    fn measured(mut self) -> (Vec<Finding>, Vec<Vec<f64>>) {
        self.driver.finish(&mut self.runner);
        self.runner.reset(Reason::Eos);
        let (mut findings, mut measured) = (Vec::new(), Vec::new());
        for report in self.runner.take_reports() {
            match report {
                Report::Defect(finding) => findings.push(finding),
                Report::Measurement(m) => measured.push(m.values),
                Report::Warning(_) => {}
            }
        }
        (findings, measured)
    }

    /// What was found, and the offsets that were measured.
    fn finish(self) -> (Vec<Finding>, Vec<f64>) {
        let (findings, measured) = self.measured();
        (findings, known(&measured, 0))
    }
}

/// One of the measures, where it was known.
fn known(measured: &[Vec<f64>], which: usize) -> Vec<f64> {
    let values = measured.iter().map(|m| m[which]);
    values.filter(|v| !v.is_nan()).collect()
}

/// Numbers from 0 to 1 that look like chance.
fn chance(n: u64) -> f64 {
    let mut x = n.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5bf0_3635;
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((x ^ (x >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}

/// Flashes of two pictures and beeps of 1 kHz and 40 ms every second; beeps so much later.
fn line_up(evidence: Source, late: i64, seconds: u64) -> (Vec<Finding>, Vec<f64>) {
    let mut bench = Bench::new(evidence);
    for frame in 0..seconds * 25 {
        let bright = frame % 25 == 12 || frame % 25 == 13;
        bench.picture(Side::Programme, frame * 40 * MS, |_, _| {
            if bright { 220 } else { 20 }
        });
        for part in 0..4 {
            let start = frame * 40 * MS + part * 10 * MS;
            let samples: Vec<f32> = (0..480u64)
                .map(|i| {
                    let at = (start + i * SECOND / 48_000) as i64 - late * MS as i64 - 480_000_000;
                    let within = at.rem_euclid(SECOND as i64);
                    let sounds = at >= 0 && within < 40 * MS as i64;
                    if sounds {
                        (std::f64::consts::TAU * 1000.0 * within as f64 / 1e9).sin() as f32 * 0.5
                    } else {
                        0.0
                    }
                })
                .collect();
            bench.sound(Side::Programme, start, &samples);
        }
    }
    bench.finish()
}

fn last(offsets: &[f64]) -> f64 {
    offsets.last().copied().unwrap_or(f64::NAN)
}

#[test]
fn flashes_and_beeps_tell_the_offset() {
    // The face network, which all evidence together includes, is most of the work: one offset runs with it.
    let alone = [-300, -120, -41, 0, 7, 65, 300].map(|late| (Source::FlashBeep, late));
    for (evidence, late) in alone.into_iter().chain([(Source::All, 200)]) {
        let (findings, offsets) = line_up(evidence, late, 8);
        let last = offsets.last().copied().unwrap_or(f64::NAN);
        assert!((last + late as f64).abs() <= 1.0, "{late}: {offsets:?}");
        let wrong = !(-40..=60).contains(&late);
        assert_eq!(findings.len(), if wrong { 2 } else { 0 }, "{late}");
        for f in findings {
            assert_eq!(f.observation.detail.as_deref(), Some("flash-beep"));
            assert!((f.observation.value + late as f64).abs() <= 1.0, "{f:?}");
        }
    }
}

#[test]
fn two_flashes_are_no_line_up() {
    assert_eq!(line_up(Source::All, 300, 2).1, [] as [f64; 0]);
}

#[test]
fn one_stream_alone_is_inconclusive() {
    let mut bench = Bench::new(Source::All);
    for frame in 0..100 {
        bench.picture(Side::Programme, frame * 40 * MS, |_, _| 20);
    }
    bench.driver.finish(&mut bench.runner);
    bench.runner.reset(Reason::Eos);
    for report in bench.runner.take_reports() {
        let Report::Measurement(m) = report else {
            panic!("{report:?}");
        };
        assert_eq!(m.status.name(), "inconclusive");
    }
}

#[test]
fn a_preset_sets_the_limits_that_nobody_set() {
    let mut settings = AvSyncSettings::default();
    assert_eq!((settings.early(), settings.late()), (40.0, 60.0));
    settings.set(0, Preset::Atsc.to_value());
    assert_eq!((settings.early(), settings.late()), (15.0, 45.0));
    settings.set(2, Value::F64(100.0));
    settings.set(0, Preset::Bt1359.to_value());
    assert_eq!((settings.early(), settings.late()), (90.0, 100.0));
    assert_eq!(settings.get(1), Value::F64(90.0));
}

#[test]
fn a_change_for_the_better_ends_it() {
    let mut bench = Bench::new(Source::FlashBeep);
    for frame in 0..750u64 {
        let bright = frame % 25 == 12;
        bench.picture(Side::Programme, frame * 40 * MS, |_, _| {
            if bright { 220 } else { 20 }
        });
        let late: u64 = if frame < 375 { 200 } else { 0 };
        for part in 0..4 {
            let start = frame * 40 * MS + part * 10 * MS;
            let first = (480 + late) * MS;
            let sounds = start % SECOND == first % SECOND && start >= first;
            let level = if sounds { 0.5 } else { 0.0 };
            let samples: Vec<f32> = (0..480)
                .map(|i| if i % 48 < 24 { level } else { -level })
                .collect();
            bench.sound(Side::Programme, start, &samples);
        }
    }
    let (findings, offsets) = bench.finish();
    assert_eq!(findings.len(), 2, "{findings:?} {offsets:?}");
    assert_eq!(findings[1].state, State::End(Reason::Cleared));
    assert!(last(&offsets).abs() <= 1.0);
}
