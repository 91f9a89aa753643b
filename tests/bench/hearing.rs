// SPDX-License-Identifier: MPL-2.0
//! What the detectors of hum, hiss, clicks and clipping begin to hear: recall against level, on made programmes of three sorts, and
//! false alarms on the same programmes without the defect. `cargo bench --bench hearing [-- WORD]` prints it as Markdown; with a word,
//! only the tables with it in their title.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a benchmark that can't go on has failed"
)]

#[path = "../common/mod.rs"]
mod common;

use std::ops::Range;

use common::{
    faults,
    programme::{Channels, Dice, Genre},
};
use gstdefect::{
    detector::{Audio, Detector, Reason, Report, Runner, State},
    detectors::{click::Click, clip::Clip, hiss::Hiss, hum::Hum},
    media::sound::{AudioFormat, Blocks, Position, SampleLayout, SampleType, Samples},
};

const RATE: u32 = 48_000;
/// Programmes of each sort.
const TAKES: u64 = 4;
const SECONDS: f32 = 32.0;
/// When hum, hiss and clipping are there, in seconds.
const FAULT: Range<f64> = 12.0..26.0;

fn at(seconds: f64) -> usize {
    (seconds * f64::from(RATE)) as usize
}

/// The episodes of a detector with its defaults, in seconds.
fn hear<D: Detector<Medium = Audio>>(channels: &Channels) -> Vec<Range<f64>> {
    let format = AudioFormat {
        sample: SampleType::F32,
        layout: SampleLayout::Planar,
        rate: RATE,
        channels: channels.len(),
        positions: vec![Position::FrontLeft, Position::FrontRight],
    };
    let flat = channels.concat();
    let samples = Samples::packed(&format, bytemuck::cast_slice(&flat));
    let mut runner = Runner::<D>::new(format.clone(), D::COMMON, D::Settings::default());
    let mut blocks = Blocks::new(&format);
    blocks.push(Some(0), &samples, |span, block| runner.push(span, block));
    runner.reset(Reason::Eos);
    let ended = |report| match report {
        Report::Defect(f) if matches!(f.state, State::End(_)) => {
            Some(f.at as f64 / 1e9..(f.at + f.duration) as f64 / 1e9)
        }
        _ => None,
    };
    runner
        .take_reports()
        .into_iter()
        .filter_map(ended)
        .collect()
}

/// A defect at a level, where it was put.
type Damage<'a> = &'a dyn Fn(&mut Channels, f32, u64) -> Vec<Range<f64>>;

struct Table<'a> {
    title: &'a str,
    levels: &'a [f32],
    /// Makes the programme fit to be damaged; the clean twin goes through it, too.
    prepare: &'a dyn Fn(&mut Channels),
    damage: Damage<'a>,
    /// How far from a defect an episode may lie, in seconds.
    slack: f64,
}

impl Table<'_> {
    fn print<D: Detector<Medium = Audio>>(&self) {
        println!(
            "\n| {} |{}",
            self.title,
            cells(self.levels.iter().map(|l| format!("{l}")))
        );
        println!("|---|{}", cells(self.levels.iter().map(|_| "---".into())));
        let (mut alarms, mut minutes) = (0, 0.0);
        for genre in Genre::ALL {
            let mut found = vec![(0, 0); self.levels.len()];
            for take in 0..TAKES {
                let mut clean = genre.stereo(RATE, SECONDS, 100 + take);
                (self.prepare)(&mut clean);
                alarms += hear::<D>(&clean).len();
                minutes += SECONDS / 60.0;
                for (level, (hits, all)) in self.levels.iter().zip(&mut found) {
                    let mut bad = clean.clone();
                    let defects = (self.damage)(&mut bad, *level, take);
                    let episodes = hear::<D>(&bad);
                    let near = |d: &&Range<f64>| {
                        let (from, to) = (d.start - self.slack, d.end + self.slack);
                        episodes.iter().any(|e| e.start < to && e.end > from)
                    };
                    *hits += defects.iter().filter(near).count();
                    *all += defects.len();
                }
            }
            let share = |(hits, all): &(usize, usize)| format!("{} %", 100 * hits / all.max(&1));
            println!("| {} |{}", genre.name(), cells(found.iter().map(share)));
        }
        println!("\nFalse alarms on the clean versions: {alarms} in {minutes:.0} minutes.");
    }
}

fn cells(values: impl Iterator<Item = String>) -> String {
    values.map(|v| format!(" {v} |")).collect()
}

/// Up to full scale.
fn normalise(channels: &mut Channels) {
    let frames = 0..channels[0].len();
    faults::clip(channels, frames, 0.0, 0.0);
}

fn clipped(channels: &mut Channels, drive: f32, down: f32) -> Vec<Range<f64>> {
    faults::clip(channels, at(FAULT.start)..at(FAULT.end), drive, down);
    vec![FAULT]
}

/// Clicks at random, no nearer to each other than 2 s.
fn clicks(channels: &mut Channels, height: f32, take: u64) -> Vec<Range<f64>> {
    let mut dice = Dice::new(take);
    let times = (1..10).map(|n| f64::from(3 * n) + f64::from(dice.between(-0.5, 0.5)));
    times
        .map(|t| {
            faults::click(channels, RATE, at(t), height);
            t..t + 0.001
        })
        .collect()
}

fn main() {
    let wanted = std::env::args()
        .skip(1)
        .find(|a| !a.starts_with('-'))
        .unwrap_or_default();
    let is_wanted = |table: &Table<'_>| table.title.contains(&wanted);
    let frames = at(FAULT.start)..at(FAULT.end);
    let hum = Table {
        title: "hum of 50 Hz and overtones, dBFS",
        levels: &[-66.0, -60.0, -54.0, -48.0, -42.0, -36.0, -30.0],
        prepare: &|_| {},
        damage: &|x, level, _| {
            faults::hum(x, RATE, frames.clone(), 50.0, level);
            vec![FAULT]
        },
        slack: 1.0,
    };
    let hiss = Table {
        title: "white hiss, dBFS",
        levels: &[-84.0, -78.0, -75.0, -72.0, -69.0, -66.0, -60.0],
        damage: &|x, level, take| {
            faults::hiss(x, frames.clone(), level, take);
            vec![FAULT]
        },
        ..hum
    };
    let click = Table {
        title: "click, dB over the sound around it",
        levels: &[-18.0, -12.0, -6.0, 0.0, 6.0, 12.0, 24.0],
        damage: &clicks,
        slack: 0.005,
        ..hum
    };
    let clip = Table {
        title: "clipping, dB driven over full scale",
        levels: &[1.0, 2.0, 3.0, 4.0, 6.0, 9.0, 12.0],
        prepare: &normalise,
        damage: &|x, drive, _| clipped(x, drive, 0.0),
        slack: 1.0,
    };
    let lowered = Table {
        title: "clipping, dB driven over full scale, then lowered by 6 dB",
        damage: &|x, drive, _| clipped(x, drive, 6.0),
        ..clip
    };
    println!("Programmes with -20 dBFS (ambience -35), {TAKES} of each sort.");
    if is_wanted(&hum) {
        hum.print::<Hum>();
    }
    if is_wanted(&hiss) {
        hiss.print::<Hiss>();
    }
    if is_wanted(&click) {
        click.print::<Click>();
    }
    for table in [clip, lowered].iter().filter(|t| is_wanted(t)) {
        table.print::<Clip>();
    }
}
