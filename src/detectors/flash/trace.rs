// SPDX-License-Identifier: MPL-2.0
//! Test media of the TRACE RERC (<https://github.com/traceRERC/pse-test-media>, BSD-3-Clause, see NOTICE): an area of the screen whose
//! colour follows a list, at 30 pictures a second in sRGB. Each exceeds all limits of the broadcast rules by a little, or all but one.
//!
//! `trace/areas.txt` has each area at the points that are sampled of 1080p (column 8 i + 4, line 8 j + 4): lengths of runs outside and
//! inside in turn, row by row. `trace/tests.txt` has a test in each line: its set and name, whether it passes, the colour outside of the
//! area, the area, and the colours with the number of pictures of each.

use std::{collections::BTreeMap, sync::Arc};

use super::*;
use crate::detector::{Runner, testing::ended};
use crate::media::picture::{Grid, Layout, Matrix, Measurer, Range, Transfer};

const WIDTH: usize = 240;
const HEIGHT: usize = 135;
const RATE: u64 = 30;

type Colour = [u8; 3];

struct Test {
    name: String,
    passes: bool,
    ground: Colour,
    area: Vec<bool>,
    colours: Vec<Colour>,
}

fn colour(text: &str) -> Colour {
    let code = u32::from_str_radix(text, 16).unwrap();
    [16, 8, 0].map(|shift| (code >> shift) as u8)
}

fn areas() -> BTreeMap<&'static str, Vec<bool>> {
    let area = |line: &'static str| {
        let (name, runs) = line.split_once(' ').unwrap();
        let runs = runs.split(' ').map(|run| run.parse::<usize>().unwrap());
        let turns = [false, true].into_iter().cycle();
        let points = runs
            .zip(turns)
            .flat_map(|(run, inside)| std::iter::repeat_n(inside, run));
        (name, points.collect())
    };
    include_str!("trace/areas.txt").lines().map(area).collect()
}

fn tests() -> Vec<Test> {
    let areas = areas();
    let test = |line: &str| {
        let words: Vec<&str> = line.split(' ').collect();
        let [set, name, verdict, ground, area, ..] = words[..] else {
            panic!("{line}")
        };
        let colours = words[5..].iter().flat_map(|run| {
            let (count, code) = run.split_once('x').unwrap();
            std::iter::repeat_n(colour(code), count.parse().unwrap())
        });
        Test {
            name: format!("{set}/{name}"),
            passes: verdict == "pass",
            ground: colour(ground),
            area: areas[area].clone(),
            colours: colours.collect(),
        }
    };
    include_str!("trace/tests.txt").lines().map(test).collect()
}

/// Kinds reported of a test, each once.
fn found(test: &Test) -> Vec<&'static str> {
    let format = VideoFormat {
        layout: Layout::Rgb,
        width: WIDTH,
        height: HEIGHT,
        range: Range::Full,
        matrix: Matrix::Bt709,
        transfer: Transfer::Srgb,
        frame_duration: Some(SECOND / RATE),
    };
    let mut runner = Runner::<Flash>::new(format, Flash::COMMON, FlashSettings::default());
    let mut bytes = vec![0; 3 * WIDTH * HEIGHT];
    let mut grid = Grid::new(&format);
    // Only its size counts here.
    Measurer::new(&format).measure(
        &Planes::new(&format, &[(&bytes, 3 * WIDTH)]).unwrap(),
        &mut grid,
    );
    let grid = Arc::new(grid);
    for (n, colour) in (0..).zip(&test.colours) {
        for (pixel, inside) in bytes.chunks_exact_mut(3).zip(&test.area) {
            pixel.copy_from_slice(if *inside { colour } else { &test.ground });
        }
        let planes = Planes::new(&format, &[(&bytes, 3 * WIDTH)]).unwrap();
        let picture = Picture {
            pixels: Some(&planes),
            ..Picture::progressive(&grid)
        };
        let time = |n: u64| n * SECOND / RATE;
        runner.push(Span::new(time(n), time(n + 1)), picture);
    }
    let found = ended(runner).into_iter();
    found.map(|f| INFO.kinds[f.kind].name).collect()
}

#[test]
fn all_media_are_judged_as_their_makers_say() {
    let tests = tests();
    assert_eq!(tests.len(), 74);
    let wrong: Vec<String> = tests
        .iter()
        .map(|test| (test, found(test)))
        .filter(|(test, found)| found.is_empty() != test.passes)
        .map(|(test, found)| format!("{}: {found:?}", test.name))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
