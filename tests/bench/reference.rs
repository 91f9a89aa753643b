// SPDX-License-Identifier: MPL-2.0
//! How well the evidence `reference` of `avsyncdetect` tells what a chain adds, on the clips of a folder one after the other as one
//! programme: as they are, against what coders and processors made of them, with delays and lip-sync errors imposed. Prints Markdown:
//!
//!     cargo bench --bench reference -- FOLDER ...
//!
//! Each second, the last five are a window; those with motion and sound count. By how much a coder itself delays the sound is found by the
//! waveforms.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a benchmark that can't go on has failed"
)]

#[path = "common/decode.rs"]
mod decode;

use std::{path::PathBuf, sync::Arc};

use decode::RATE;
use gstdefect::{
    detector::{
        Common, PairDriver, Report, Runner, Severity,
        pair::{Content, Piece, Side},
        settings::{Setting, Settings},
    },
    detectors::avsync::{AvSync, AvSyncSettings, Source},
    media::{
        MS, Ns, SECOND, Span,
        picture::{Grid, Picture},
        sound::Block,
    },
};

/// What is done to sound and picture.
const WAYS: &[(&str, &str, &str, usize)] = &[
    (
        "x264 at 800 kb/s, AAC at 96",
        "x264enc tune=zerolatency bitrate=800 speed-preset=veryfast ! avdec_h264 ! ",
        "avenc_aac bitrate=96000 ! avdec_aac ! ",
        2,
    ),
    (
        "to 320x180, logo, x264 at 300 kb/s; MP2 at 128, -8 dB, mono",
        "videoscale add-borders=false ! video/x-raw,width=320,height=180,pixel-aspect-ratio=1/1 ! textoverlay text=LOGO valignment=top \
        halignment=right ! videoconvert ! x264enc tune=zerolatency bitrate=300 speed-preset=veryfast ! avdec_h264 ! ",
        "audio/x-raw,rate=48000,channels=2 ! avenc_mp2 bitrate=128000 ! avdec_mp2float ! audioconvert ! volume volume=0.4 ! audioconvert ! \
        audio/x-raw,channels=1 ! ",
        1,
    ),
    (
        "to 1280x720, x264 at 1500 kb/s with B-frames; compressor 3:1 from -26 dB and +8 dB, AAC at 64",
        "videoscale add-borders=false ! video/x-raw,width=1280,height=720,pixel-aspect-ratio=1/1 ! x264enc bitrate=1500 \
        speed-preset=veryfast bframes=2 ! avdec_h264 ! ",
        "audiodynamic characteristics=soft-knee mode=compressor threshold=0.05 ratio=0.33 ! volume volume=2.5 ! audioconvert ! avenc_aac \
        bitrate=64000 ! avdec_aac ! ",
        2,
    ),
];

/// What is imposed, in ms.
const DELAYS: [i64; 5] = [0, 40, 1_000, 3_330, 10_000];
const ERRORS: [i64; 5] = [-200, -60, 0, 60, 200];

/// Time begins here, so that nothing comes before it.
const LEAD: i64 = 2_000 * MS as i64;

/// What is compared at a time.
const WINDOW: i64 = 5 * SECOND as i64;

/// A window has motion if the cells of its pictures change by so many codes, on average; sound, if so many of its
/// blocks of 10 ms are over -50 dBFS.
const MOTION: f64 = 0.5;
const LOUD: usize = 100;

/// Pictures, and blocks of 10 ms of sound, from 0 on.
#[derive(Default)]
struct Programme {
    pictures: Vec<(Span, Arc<Grid>)>,
    channels: usize,
    sound: Vec<f32>,
}

impl Programme {
    fn length(&self) -> Ns {
        self.blocks() as Ns * 10 * MS
    }

    fn block_size(&self) -> usize {
        RATE as usize / 100 * self.channels
    }

    fn blocks(&self) -> usize {
        self.sound.len() / self.block_size().max(1)
    }

    /// Adds a clip at the end; `begin` and `length`: its own first instant, and how much of it there is.
    fn add(
        &mut self,
        pictures: Vec<(Span, Arc<Grid>)>,
        sound: &(Ns, Vec<f32>),
        begin: Ns,
        length: Ns,
    ) {
        let base = self.length();
        for (span, grid) in pictures {
            let place = |t: Ns| (t + base).saturating_sub(begin);
            if span.start >= begin && span.start < begin + length {
                self.pictures
                    .push((Span::new(place(span.start), place(span.end)), grid));
            }
        }
        let size = RATE as usize / 100;
        let shift = (sound.0 as i64 - begin as i64) * i64::from(RATE) / SECOND as i64;
        for first in (0..(length / (10 * MS)) as usize).map(|i| i * size) {
            for channel in 0..self.channels {
                let sample = |i: usize| {
                    let at = usize::try_from((first + i) as i64 - shift).ok()?;
                    sound.1.get(at * self.channels + channel).copied()
                };
                self.sound
                    .extend((0..size).map(|i| sample(i).unwrap_or(0.0)));
            }
        }
    }

    /// Mean change of the cells of each picture, in codes.
    fn motion(&self) -> Vec<(Ns, f64)> {
        let pairs = self.pictures.windows(2);
        let change = |a: &Grid, b: &Grid| {
            if a.sum().len() != b.sum().len() {
                return 0.0;
            }
            let both = a.sum().iter().zip(b.sum());
            let all: u64 = both.map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
            all as f64 / 64.0 / a.sum().len() as f64
        };
        pairs
            .map(|p| (p[1].0.start, change(&p[0].1, &p[1].1)))
            .collect()
    }

    /// For each second, whether the window that ends there has motion and sound.
    fn counting(&self) -> Vec<bool> {
        let motion = self.motion();
        let loud = |block: &[f32]| {
            let power: f32 = block.iter().map(|v| v * v).sum();
            power / block.len() as f32 > 1e-5
        };
        let loud: Vec<bool> = self.sound.chunks(self.block_size()).map(loud).collect();
        let window = |end: Ns| {
            let Some(from) = end.checked_sub(WINDOW as Ns) else {
                return false;
            };
            let within = motion.iter().filter(|(at, _)| (from..end).contains(at));
            let (sum, count) = within.fold((0.0, 0), |(s, n), (_, m)| (s + m, n + 1));
            let blocks = (from / (10 * MS)) as usize..(end / (10 * MS)) as usize;
            let heard = loud.get(blocks).unwrap_or_default();
            sum >= MOTION * f64::from(count.max(1)) && heard.iter().filter(|l| **l).count() >= LOUD
        };
        (0..=self.length() / SECOND)
            .map(|s| window(s * SECOND))
            .collect()
    }
}

/// By how much the second sound is later than the first, by their waveforms, in ms; none, if it is silent.
fn lag(straight: &(Ns, Vec<f32>), treated: &(Ns, Vec<f32>), channels: usize) -> Option<f64> {
    let mono = |s: &[f32]| -> Vec<f32> { s.chunks(channels).map(|c| c.iter().sum()).collect() };
    let (a, b) = (mono(&straight.1), mono(&treated.1));
    let (most, length) = (6_000usize, RATE as usize);
    let energy = |from: usize| a[from..from + length].iter().map(|v| v * v).sum::<f32>();
    let starts = (most..a.len().saturating_sub(length + most)).step_by(length / 2);
    let from = starts.max_by(|x, y| energy(*x).total_cmp(&energy(*y)))?;
    if energy(from) < 1e-5 * length as f32 {
        return None;
    }
    let score = |at: &usize| -> f32 {
        let there = b.get(*at..(at + length).min(b.len())).unwrap_or_default();
        a[from..].iter().zip(there).map(|(a, b)| a * b).sum()
    };
    let best = (from - most..from + most)
        .max_by(|x, y| score(x).abs().total_cmp(&score(y).abs()))
        .unwrap();
    let samples = best as f64 - from as f64;
    let apart = treated.0 as f64 - straight.0 as f64;
    Some(samples * 1000.0 / f64::from(RATE) + apart / MS as f64)
}

/// What came of the windows.
#[derive(Default, Clone, Copy)]
struct Score {
    windows: usize,
    said: usize,
    right: usize,
    worst: [f64; 2],
}

/// Plays a programme against its reference; delays in ms, `own`: of the coder of the sound.
fn play(
    reference: &Programme,
    programme: &Programme,
    (picture, sound): (i64, i64),
    own: &[(Ns, f64)],
    counting: &[bool],
    score: &mut Score,
) {
    let common = Common::new(Severity::Error, 0, 0);
    let common = Common {
        measurement_interval: SECOND,
        ..common
    };
    let mut settings = AvSyncSettings::default();
    let evidence = AvSyncSettings::specs()
        .iter()
        .position(|s| s.name == "evidence");
    settings.set(evidence.unwrap(), Source::Reference.to_value());
    let mut runner: Runner<AvSync> = Runner::new((), common, settings);
    let mut driver = PairDriver::default();
    let moved = |span: Span, by: i64| {
        let place = |t: Ns| (t as i64 + LEAD + by) as Ns;
        Span::new(place(span.start), place(span.end))
    };
    let ms = MS as i64;
    // Everything in the order in which it comes.
    let mut order: Vec<(Ns, Side, bool, usize)> = Vec::new();
    for (side, what, by) in [
        (Side::Reference, reference, (0, 0)),
        (Side::Programme, programme, (picture * ms, sound * ms)),
    ] {
        let pictures = what.pictures.iter().enumerate();
        order.extend(pictures.map(|(i, (s, _))| (moved(*s, by.0).start, side, true, i)));
        let block = |i: usize| Span::new(i as Ns * 10 * MS, (i as Ns + 1) * 10 * MS);
        order.extend((0..what.blocks()).map(|i| (moved(block(i), by.1).end, side, false, i)));
    }
    order.sort_by_key(|(at, ..)| *at);
    let shift = LEAD + picture.max(sound) * ms;
    for (_, side, is_picture, i) in order {
        let (what, by) = match side {
            Side::Reference => (reference, (0, 0)),
            Side::Programme => (programme, (picture * ms, sound * ms)),
        };
        let piece = if is_picture {
            let (span, grid) = &what.pictures[i];
            Piece {
                side,
                span: moved(*span, by.0),
                content: Content::Picture(Picture::progressive(grid)),
            }
        } else {
            let size = what.block_size();
            let block = Block::new(&what.sound[i * size..][..size], size / what.channels, RATE);
            let span = Span::new(i as Ns * 10 * MS, (i as Ns + 1) * 10 * MS);
            Piece {
                side,
                span: moved(span, by.1),
                content: Content::Sound(block),
            }
        };
        driver.push(&mut runner, piece);
        if side == Side::Reference {
            continue;
        }
        for report in runner.take_reports() {
            let Report::Measurement(m) = report else {
                continue;
            };
            let at = m.span.end as i64 - shift;
            // It takes two searches that agree.
            if at < WINDOW + 2 * SECOND as i64 {
                continue;
            }
            if !counting
                .get((at / SECOND as i64) as usize)
                .is_some_and(|c| *c)
            {
                continue;
            }
            let coder = own
                .iter()
                .rfind(|(from, _)| (*from as i64) <= at - WINDOW / 2);
            let coder = coder.map_or(0.0, |c| c.1);
            score.windows += 1;
            if m.values[0].is_nan() {
                if std::env::var_os("VERBOSE").is_some() {
                    let found = &m.values[3..];
                    eprintln!("{picture} {sound} at {:.1} s: {found:.1?}", at as f64 / 1e9);
                }
                continue;
            }
            score.said += 1;
            let off = [
                (m.values[3] - picture as f64).abs(),
                (m.values[4] - sound as f64 - coder).abs(),
            ];
            let near = what
                .pictures
                .partition_point(|(s, _)| (s.start as i64) < at);
            let frame = what.pictures[near.min(what.pictures.len() - 1)]
                .0
                .duration();
            let right = off[0] <= frame as f64 / MS as f64 && off[1] <= 10.0;
            score.right += usize::from(right);
            if !right && std::env::var_os("VERBOSE").is_some() {
                eprintln!("{picture} {sound} at {:.1} s: {:.1?}", at as f64 / 1e9, off);
            }
            for (worst, off) in score.worst.iter_mut().zip(off) {
                *worst = worst.max(off);
            }
        }
    }
}

/// Clips that have both sound and pictures.
fn clips(folders: &[String]) -> Vec<String> {
    let mut paths: Vec<PathBuf> = Vec::new();
    for folder in folders {
        let entries = std::fs::read_dir(folder).expect(folder);
        paths.extend(entries.map(|e| e.unwrap().path()));
    }
    paths.sort();
    let paths = paths.iter().map(|p| p.to_str().unwrap().to_owned());
    let has = |path: &str, tail: &str| decode::buffers(path, tail).next().is_some();
    paths
        .filter(|p| has(p, "audio/x-raw") && has(p, "video/x-raw"))
        .collect()
}

fn main() {
    gst::init().unwrap();
    let folders: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| a != "--bench")
        .collect();
    if folders.is_empty() {
        println!("nothing to judge: cargo bench --bench reference -- FOLDER ...");
        return;
    }
    let clips = clips(&folders);
    let mut all: Vec<Programme> = std::iter::once(2)
        .chain(WAYS.iter().map(|w| w.3))
        .map(|channels| Programme {
            channels,
            ..Programme::default()
        })
        .collect();
    // By how much each coder delays the sound, from where on; in silence as before.
    let mut own: Vec<Vec<(Ns, f64)>> = vec![Vec::new(); WAYS.len()];
    for clip in &clips {
        let (pictures, sound) = (decode::grids(clip, ""), decode::sound(clip, "", 2));
        let begin = pictures[0].0.start;
        let length = (pictures.last().unwrap().0.end - begin) / (10 * MS) * (10 * MS);
        let base = all[0].length();
        for (i, (_, video, audio, channels)) in WAYS.iter().enumerate() {
            let treated = decode::sound(clip, audio, *channels);
            let comparable = decode::sound(clip, "", *channels);
            own[i].extend(lag(&comparable, &treated, *channels).map(|lag| (base, lag)));
            all[i + 1].add(decode::grids(clip, video), &treated, begin, length);
        }
        all[0].add(pictures, &sound, begin, length);
    }
    let counting = all[0].counting();
    println!(
        "{} clips, {:.0} s; delays of {DELAYS:?} ms, sound early by {ERRORS:?} ms\n",
        clips.len(),
        all[0].length() as f64 / SECOND as f64
    );
    println!(
        "| chain | windows | right | wrong | inconclusive | worst picture, ms | worst sound, ms |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|");
    for (i, (name, ..)) in WAYS.iter().enumerate() {
        let mut score = Score::default();
        for delay in DELAYS {
            for error in ERRORS {
                let delays = (delay + error, delay);
                play(&all[0], &all[i + 1], delays, &own[i], &counting, &mut score);
            }
        }
        let share = |n: usize| 100.0 * n as f64 / score.windows.max(1) as f64;
        println!(
            "| {name} | {} | {:.1} % | {:.1} % | {:.1} % | {:.0} | {:.1} |",
            score.windows,
            share(score.right),
            share(score.said - score.right),
            share(score.windows - score.said),
            score.worst[0],
            score.worst[1]
        );
    }
}
