// SPDX-License-Identifier: MPL-2.0
//! How well the evidence `content` of `avsyncdetect` tells the offset of sound against picture, on clips of talking heads with offsets that
//! are imposed on them, and how often it is confident of clips whose sound is another one's. Prints Markdown:
//!
//!     cargo bench --bench lipsync -- [--maps FOLDER] CLIP[:OFFSET][+CLIP[:OFFSET]...] ...
//!
//! Each argument is a programme; OFFSET is by how many ms the sound of a clip is early by itself. With a folder as
//! `train.py --each` makes it, each programme is judged with what was learnt from the others. With VERBOSE in the
//! environment, every comparison is told.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a benchmark that can't go on has failed"
)]

#[path = "common/decode.rs"]
mod decode;

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use decode::RATE;
use gstdefect::{
    detectors::avsync::content::{Maps, SpeechSync},
    media::{MS, Ns, SECOND, Span, picture::Grid, sound::Block},
};

const OFFSETS: [i64; 9] = [-400, -240, -120, -60, 0, 60, 120, 240, 400];

/// A clip, decoded.
struct Clip {
    grids: Vec<(Span, Arc<Grid>)>,
    sound: Vec<f32>,
    /// By how many ms its sound is early.
    own: i64,
}

impl Clip {
    fn read(argument: &str) -> Self {
        let (path, own) = argument.split_once(':').unwrap_or((argument, "0"));
        assert!(Path::new(path).exists(), "no such clip: {path}");
        let (_, sound) = decode::sound(path, "", 1);
        let mut grids = decode::grids(path, "");
        let first = grids[0].0.start;
        for (span, _) in &mut grids {
            *span = Span::new(span.start - first, span.end - first);
        }
        let own = own.parse().expect("an offset in ms");
        Self { grids, sound, own }
    }

    fn length(&self) -> Ns {
        self.grids.last().unwrap().0.end
    }
}

/// What came of the windows of a programme.
#[derive(Default, Clone, Copy)]
struct Score {
    in_view: usize,
    confident: usize,
    right: usize,
    alarms: bool,
    worst: f64,
    /// Of the analysis alone, all of it and of its dearest picture.
    spent: Duration,
    dearest: Duration,
    shown: Ns,
}

/// Plays the pictures of one programme with the sound of another, so many ms early.
fn play(pictures: &[Clip], sounds: &[Clip], early: i64, maps: &Maps) -> Score {
    let mut speech_sync = SpeechSync::new(maps.clone());
    let mut score = Score::default();
    let lead = 2 * SECOND;
    // Sound as one piece, in step but for what is imposed.
    let total: Ns = pictures.iter().map(Clip::length).sum::<Ns>() + 2 * lead;
    let at = |time: Ns| (u128::from(time) * u128::from(RATE) / u128::from(SECOND)) as i64;
    let mut sound = vec![0f32; at(total) as usize];
    let mut start = lead;
    for clip in sounds {
        let from = at(start) + (clip.own - early) * i64::from(RATE) / 1000;
        for (i, sample) in clip.sound.iter().enumerate() {
            if let Some(to) = sound.get_mut((from + i as i64) as usize) {
                *to = *sample;
            }
        }
        start += clip.length();
    }
    let mut blocks = sound.chunks_exact(RATE as usize / 100).enumerate();
    let (mut start, mut next) = (lead, lead + 10 * SECOND);
    for clip in pictures {
        for (span, grid) in &clip.grids {
            let span = Span::new(start + span.start, start + span.end);
            let begun = Instant::now();
            speech_sync.look(span, grid);
            score.dearest = score.dearest.max(begun.elapsed());
            for (i, block) in blocks.by_ref() {
                let begin = i as Ns * 10 * MS;
                speech_sync.listen(
                    Span::new(begin, begin + 10 * MS),
                    &Block::new(block, block.len(), RATE),
                );
                if begin + 10 * MS >= span.end {
                    break;
                }
            }
            score.spent += begun.elapsed();
            if span.end < next {
                continue;
            }
            next += SECOND;
            let begun = Instant::now();
            speech_sync.compare(span.end);
            score.spent += begun.elapsed();
            if let Some((confident, compared)) = speech_sync.last() {
                let off = (compared.offset - early as f64).abs();
                if std::env::var_os("VERBOSE").is_some() {
                    eprintln!("{early} {:.2} s {compared:.2?}", span.end as f64 / 1e9);
                }
                score.in_view += 1;
                score.confident += usize::from(confident);
                score.right += usize::from(confident && off <= 45.0);
                score.worst = score.worst.max(if confident { off } else { 0.0 });
            }
            let wrong = |e: f64| !(-60.0..=40.0).contains(&e);
            let estimate = speech_sync.estimate().filter(|e| e.uncertainty.is_finite());
            score.alarms |= estimate.is_some_and(|e| {
                wrong(e.offset - e.uncertainty) && wrong(e.offset + e.uncertainty)
            });
        }
        start += clip.length();
    }
    score.shown = start - lead;
    score
}

fn share(part: usize, of: usize) -> String {
    if of == 0 {
        "-".into()
    } else {
        format!("{:.0} %", 100.0 * part as f64 / of as f64)
    }
}

fn main() {
    gst::init().unwrap();
    let mut arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| a != "--bench")
        .collect();
    let mut folder = None;
    if arguments.first().is_some_and(|a| a == "--maps") {
        folder = Some(arguments[1].clone());
        arguments.drain(..2);
    }
    if arguments.is_empty() {
        println!(
            "nothing to judge: cargo bench --bench lipsync -- [--maps FOLDER] CLIP[:OFFSET][+CLIP...] ..."
        );
        return;
    }
    let name = |argument: &str| {
        let first = argument.split(['+', ':']).next().unwrap();
        Path::new(first)
            .file_stem()
            .unwrap()
            .to_string_lossy()
            .into_owned()
    };
    let programmes: Vec<(String, Maps, Vec<Clip>)> = arguments
        .iter()
        .map(|argument| {
            let name = name(argument);
            let maps = folder.as_ref().map_or_else(Maps::default, |folder| {
                let path = Path::new(folder).join(format!("{name}.bin"));
                Maps::read(&std::fs::read(path).unwrap()).expect("maps")
            });
            (name, maps, argument.split('+').map(Clip::read).collect())
        })
        .collect();
    println!(
        "| programme | sound early by | windows of 10 s with a face | confident | of those within 45 ms | worst, ms | alarm |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    let mut all = Score::default();
    for (name, maps, clips) in &programmes {
        for early in OFFSETS {
            let s = play(clips, clips, early, maps);
            println!(
                "| {name} | {early} ms | {} | {} | {} | {:.0} | {} |",
                s.in_view,
                share(s.confident, s.in_view),
                share(s.right, s.confident),
                s.worst,
                if s.alarms { "yes" } else { "no" }
            );
            all.in_view += s.in_view;
            all.confident += s.confident;
            all.right += s.right;
            all.worst = all.worst.max(s.worst);
            all.spent += s.spent;
            all.shown += s.shown;
            all.dearest = all.dearest.max(s.dearest);
        }
    }
    println!(
        "| all | | {} | {} | {} | {:.0} | |",
        all.in_view,
        share(all.confident, all.in_view),
        share(all.right, all.confident),
        all.worst
    );
    println!(
        "\nCost: {:.1} % of a core; the dearest picture {:.1} ms.",
        100.0 * all.spent.as_secs_f64() / (all.shown as f64 / SECOND as f64),
        all.dearest.as_secs_f64() * 1000.0
    );
    let (mut other, mut alarms) = (Score::default(), 0);
    for (i, (_, maps, pictures)) in programmes.iter().enumerate() {
        for (_, _, sounds) in programmes
            .iter()
            .enumerate()
            .filter(|(j, _)| *j != i)
            .map(|(_, p)| p)
        {
            let s = play(pictures, sounds, 0, maps);
            other.in_view += s.in_view;
            other.confident += s.confident;
            alarms += usize::from(s.alarms);
        }
    }
    println!(
        "\nWith the sound of another programme: confident in {} of {} windows, {alarms} alarms.",
        other.confident, other.in_view
    );
}
