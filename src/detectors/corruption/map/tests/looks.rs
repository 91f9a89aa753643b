// SPDX-License-Identifier: MPL-2.0
//! When pictures are looked at, and what becomes of what is seen: with a network made by hand, to which bright blocks are damaged ones.

use std::cell::Cell;

use super::super::{
    BLOCK, NeuralLayer, interval,
    weights::{CHANNELS, Weights},
};
use crate::{
    detectors::corruption::{
        CorruptionSettings,
        damage::Damage,
        layer::{Layer, PictureContext},
    },
    media::{
        MS, Ns, Span,
        picture::{
            CellChanges, Cells, Fields, Picture, Pixels, Planes, SceneCutDetector,
            canvas::{Canvas, DARK, i420},
        },
    },
};

const FRAME: Ns = 40 * MS;
const SIZE: (usize, usize) = (320, 192);
/// A size whose looks take long.
const LARGE: (usize, usize) = (1920, 1080);

fn one_interval() -> Ns {
    interval(SIZE.0 / BLOCK, SIZE.1 / BLOCK)
}

/// The mean of 4x4 pixels that are brighter than the middle, handed down to the verdict.
fn bright() -> &'static Weights {
    let zeros = vec![0; 4 * Weights::COUNT];
    let mut weights = Weights::read(zeros.as_slice().try_into().unwrap());
    let [first, second, third] = &mut weights.layers;
    for place in (1..5).flat_map(|y| (1..5).map(move |x| 6 * y + x)) {
        first.weights[place * 2 * CHANNELS[0]] = 1.0 / 16.0;
    }
    second.weights[4 * CHANNELS[0] * CHANNELS[1]] = 1.0;
    third.weights[4 * CHANNELS[1] * CHANNELS[2]] = 1.0;
    // White has a logit of about 8, dark -8.
    (weights.out[0], weights.bias) = (10.0, -8.0);
    Box::leak(Box::new(weights))
}

/// Counts how often somebody wants to see the pixels.
#[derive(Debug)]
struct Counted<'a>(Planes<'a>, &'a Cell<u32>);

impl Pixels for Counted<'_> {
    fn map_planes(&self, read: &mut dyn FnMut(&Planes<'_>)) -> bool {
        self.1.set(self.1.get() + 1);
        self.0.map_planes(read)
    }
}

/// Plays pictures of 40 ms each; what is thought of each, and how often pixels were looked at up to there.
fn play(
    settings: &CorruptionSettings,
    fields: Fields,
    pictures: impl IntoIterator<Item = (Canvas, bool)>,
) -> Vec<(Option<Damage>, Option<Ns>, u32)> {
    let mut pictures = pictures.into_iter().peekable();
    let (first, _) = pictures.peek().unwrap();
    let format = i420(first.width, first.height);
    let mut mapped = NeuralLayer::with(bright(), &format);
    let (mut cuts, mut changes) = (SceneCutDetector::default(), CellChanges::default());
    let count = Cell::new(0);
    let one = |(n, (canvas, suspicious)): (u64, (Canvas, bool))| {
        let (grid, span) = (canvas.grid(), Span::new(n * FRAME, (n + 1) * FRAME));
        let pixels = Counted(canvas.planes(), &count);
        let picture = Picture {
            fields,
            pixels: Some(&pixels),
            ..Picture::progressive(&grid)
        };
        let cells = Cells::all(&grid);
        cuts.step(span.start, changes.step(&grid, &cells));
        let damage = mapped.inspect(&PictureContext {
            span,
            picture,
            cells: &cells,
            settings,
            changes: &changes,
            cuts: &cuts,
            after_loss: false,
            suspicious,
            coarse: false,
        });
        let healed_at = mapped.take_healed();
        let since = damage.as_ref().map(|d| d.span.start).or(healed_at);
        (damage, since, count.get())
    };
    (0..).zip(pictures).map(one).collect()
}

fn on() -> CorruptionSettings {
    CorruptionSettings {
        map: true,
        ..CorruptionSettings::default()
    }
}

fn dark() -> Canvas {
    Canvas::new(SIZE.0, SIZE.1, DARK)
}

/// With 10 by 2 bright blocks.
fn spoilt() -> Canvas {
    let mut canvas = dark();
    canvas.fill(64, 96, 160, 32, [235, 128, 128]);
    canvas
}

/// A large picture, with 60 by 11 bright blocks or without.
fn large(spoilt: bool) -> Canvas {
    let mut canvas = Canvas::new(LARGE.0, LARGE.1, DARK);
    if spoilt {
        canvas.fill(64, 96, 960, 176, [235, 128, 128]);
    }
    canvas
}

fn plain(
    pictures: usize,
    spoilt_ones: std::ops::Range<usize>,
) -> Vec<(Option<Damage>, Option<Ns>, u32)> {
    let picture = |n| {
        if spoilt_ones.contains(&n) {
            spoilt()
        } else {
            dark()
        }
    };
    play(
        &on(),
        Fields::default(),
        (0..pictures).map(|n| (picture(n), false)),
    )
}

#[test]
fn damage_is_seen_where_and_from_when_on_until_it_is_gone() {
    let seen = plain(100, 30..60);
    let known: Vec<usize> = (0..100).filter(|n| seen[*n].0.is_some()).collect();
    let (first, last) = (known[0], known[known.len() - 1]);
    assert_eq!(known.len(), last - first + 1, "without a break");
    let (damage, since, _) = &seen[first];
    let damage = damage.as_ref().unwrap();
    assert_eq!(
        damage.cells,
        Cells {
            columns: 8..28,
            rows: 12..16
        }
    );
    assert!((damage.share - 20.0 / 240.0).abs() < 1e-9, "{damage:?}");
    assert_eq!(damage.detail, "map");
    let (from, to) = (30 * FRAME, 60 * FRAME);
    let since = since.unwrap();
    assert!((from..=from + one_interval()).contains(&since), "{since}");
    // The look takes a while; it is told of the picture that was looked at.
    assert!(since < first as Ns * FRAME, "{since}");
    let gone = seen[last + 1].1.unwrap();
    assert!(gone.abs_diff(to) <= one_interval() / 2 + FRAME, "{gone}");
    assert_eq!(seen[last + 2].1, None, "said once");
}

#[test]
fn pixels_are_copied_twice_a_turn() {
    let count = plain(101, 0..0)[100].2;
    let turns = (100 * FRAME / one_interval()) as u32;
    assert!(
        (2 * turns - 2..=2 * turns + 2).contains(&count),
        "{count} in {turns}"
    );
}

#[test]
fn a_suspicion_is_looked_into_at_once() {
    let settings = on();
    let (dark, spoilt) = (large(false), large(true));
    let seen = |spoilt_from: usize, suspicious: Option<usize>| {
        let picture = |n| if n >= spoilt_from { &spoilt } else { &dark };
        let pictures = (0..60).map(|n| (picture(n).clone(), suspicious == Some(n)));
        play(&settings, Fields::default(), pictures)
    };
    let known = |seen: &[(Option<Damage>, Option<Ns>, u32)]| {
        seen.iter().position(|s| s.0.is_some()).unwrap()
    };
    let quiet = seen(20, None);
    // A look at the last picture before has just begun.
    let begin = (0..20)
        .rev()
        .find(|n| quiet[*n].2 > quiet[*n - 1].2)
        .unwrap();
    let late = seen(begin + 1, None);
    let soon = seen(begin + 1, Some(begin + 1));
    assert!(
        known(&soon) + 5 < known(&late),
        "{} {}",
        known(&soon),
        known(&late)
    );
}

#[test]
fn what_is_switched_off_or_interlaced_is_not_looked_at() {
    let pictures = || (0..40).map(|_| (spoilt(), true));
    let off = CorruptionSettings { map: false, ..on() };
    let interlaced = Fields {
        interlaced: true,
        ..Fields::default()
    };
    let on = on();
    for seen in [
        play(&off, Fields::default(), pictures()),
        play(&on, interlaced, pictures()),
    ] {
        assert!(
            seen.iter()
                .all(|(damage, _, count)| damage.is_none() && *count == 0)
        );
    }
    let seen = play(&on, Fields::default(), pictures());
    assert!(seen.iter().any(|(damage, ..)| damage.is_some()));
}

#[test]
fn what_always_looks_so_is_how_the_programme_looks() {
    let seen = plain(600, 0..600);
    let damaged = |seconds: usize| seen[25 * seconds].0.is_some();
    assert!(damaged(2) && damaged(5));
    assert!(!damaged(15) && !damaged(23));
}

#[test]
fn a_cut_ends_it() {
    let scene = |n: usize| {
        if n < 40 {
            spoilt()
        } else {
            Canvas::new(SIZE.0, SIZE.1, [90, 128, 128])
        }
    };
    let settings = on();
    let seen = play(
        &settings,
        Fields::default(),
        (0..60).map(|n| (scene(n), false)),
    );
    assert!(seen[39].0.is_some());
    assert!(seen[40..].iter().all(|s| s.0.is_none()));
}
