// SPDX-License-Identifier: MPL-2.0
//! With a face that is drawn: what real ones give is measured by `cargo bench --bench lipsync`.

use super::*;
use crate::media::picture::{Layout, Matrix, Measurer, Planes, Range, Transfer, VideoFormat};

const WIDTH: usize = 360;
const HEIGHT: usize = 288;
const RATE: u32 = 48_000;

/// Half the width of the face, in pixels.
const FACE: f32 = 60.0;

/// An ellipse, in halves of the face's width from its middle, and its colour.
type Shape = ([f32; 4], [u8; 3]);

fn shapes(open: f32) -> Vec<Shape> {
    let mut shapes = vec![
        ([0.0, 2.3, 1.7, 1.1], [60, 140, 118]),
        ([0.0, 1.2, 0.45, 0.7], [140, 110, 148]),
        ([0.0, -0.25, 1.08, 1.35], [45, 125, 132]),
        ([0.0, 0.0, 0.9, 1.2], [165, 108, 152]),
    ];
    for side in [-1.0, 1.0] {
        shapes.extend([
            ([side * 0.37, -0.38, 0.24, 0.05], [60, 122, 136]),
            ([side * 0.37, -0.2, 0.19, 0.09], [200, 126, 130]),
            ([side * 0.37, -0.2, 0.08, 0.085], [35, 128, 128]),
            ([side * 0.1, 0.22, 0.05, 0.03], [90, 115, 145]),
            ([side * 0.37, -0.29, 0.21, 0.025], [90, 118, 140]),
        ]);
    }
    shapes.extend([
        ([0.0, 0.02, 0.04, 0.22], [175, 110, 150]),
        ([0.09, 0.05, 0.03, 0.2], [140, 110, 150]),
        ([0.0, 0.52, 0.34, 0.075 + open * 0.5], [110, 112, 165]),
        ([0.0, 0.52, 0.26, 0.015 + open], [30, 125, 135]),
    ]);
    shapes
}

/// A face whose middle is there, with its mouth so far open.
fn face(measurer: &mut Measurer, format: &VideoFormat, open: f32, at: (f32, f32)) -> Arc<Grid> {
    let mut planes = [70u8, 128, 128].map(|v| vec![v; WIDTH * HEIGHT]);
    for ([x, y, width, height], colour) in shapes(open) {
        let (x, y) = (at.0 + x * FACE, at.1 + y * FACE);
        let (width, height) = (width * FACE, height * FACE);
        let lines = (y - height).max(0.0) as usize..((y + height) as usize + 1).min(HEIGHT);
        for line in lines {
            let part = 1.0 - ((line as f32 - y) / height).powi(2);
            let half = width * part.max(0.0).sqrt();
            let from = (x - half).max(0.0) as usize;
            let to = ((x + half) as usize).clamp(from, WIDTH);
            for (plane, value) in planes.iter_mut().zip(colour) {
                plane[line * WIDTH + from..line * WIDTH + to].fill(value);
            }
        }
    }
    let mut grid = Grid::new(format);
    let planes = planes.each_ref().map(|p| (&p[..], WIDTH));
    if let Ok(planes) = Planes::new(format, &planes) {
        measurer.measure(&planes, &mut grid);
    }
    Arc::new(grid)
}

fn chance(n: u64) -> f32 {
    let mut x = n.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5bf0_3635;
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((x ^ (x >> 31)) >> 40) as f32 / (1u64 << 24) as f32
}

/// How loud somebody speaks: syllables of random strength, about five a second, with pauses.
fn voice(who: u64, seconds: f64) -> f32 {
    let along = seconds * 5.0;
    let at = |i: f64| {
        let strength = chance(who.wrapping_add(i as u64));
        if strength < 0.3 { 0.0 } else { strength }
    };
    let (i, part) = (along.floor(), along.fract() as f32);
    let (from, to) = (at(i), at(i + 1.0));
    from + (to - from) * (0.5 - 0.5 * (part * std::f32::consts::PI).cos())
}

/// Fourteen seconds of a face that speaks with one voice, or not at all, and of a voice that is so many ms early.
fn play(shown: Option<u64>, heard: u64, early: f64) -> SpeechSync {
    let format = VideoFormat {
        layout: Layout::Y444,
        width: WIDTH,
        height: HEIGHT,
        range: Range::Limited,
        matrix: Matrix::Bt601,
        transfer: Transfer::Sdr,
        frame_duration: Some(INSTANT),
    };
    let mut measurer = Measurer::new(&format);
    let mut speech_sync = SpeechSync::new(Maps::default());
    for picture in 0..350u64 {
        let span = Span::new(picture * INSTANT, (picture + 1) * INSTANT);
        let middle = (picture as f64 + 0.5) / 25.0;
        let open = shown.map_or(0.0, |who| voice(who, middle + 10.0) * 0.12);
        // It nods, slowly.
        let nod = (middle * 2.0).sin() as f32;
        let grid = face(
            &mut measurer,
            &format,
            open,
            (180.0 + 6.0 * nod, 140.0 + 4.0 * nod),
        );
        speech_sync.look(span, &grid);
        for block in picture * 4..picture * 4 + 4 {
            let start = block * 10 * MS;
            let samples: Vec<f32> = (block * 480..(block + 1) * 480)
                .map(|i| {
                    let loud = voice(heard, i as f64 / f64::from(RATE) + 10.0 + early / 1000.0);
                    (chance(i.wrapping_add(1 << 40)) - 0.5) * (0.002 + 0.3 * loud)
                })
                .collect();
            speech_sync.listen(
                Span::new(start, start + 10 * MS),
                &Block::new(&samples, 480, RATE),
            );
        }
        if span.end >= 10 * SECOND {
            speech_sync.compare(span.end);
        }
    }
    speech_sync
}

#[test]
fn a_mouth_tells_the_offset() {
    for early in [-200.0, 320.0] {
        let last = play(Some(1000), 1000, early).last();
        let Some((confident, Comparison { offset, .. })) = last else {
            panic!("no face");
        };
        // Loudness alone leads the mouth by what the map has learnt of real ones.
        assert!(
            confident && (offset - early).abs() <= 80.0,
            "{early}: {last:?}"
        );
    }
}

#[test]
fn another_voice_tells_nothing_and_a_closed_mouth_neither() {
    for (shown, heard) in [(Some(1000), 5000), (None, 1000)] {
        let speech_sync = play(shown, heard, 0.0);
        let last = speech_sync.last();
        assert!(last.is_none_or(|l| !l.0), "{shown:?}: {last:?}");
        assert!(speech_sync.estimate().is_none());
    }
}

#[test]
fn maps_are_read_whole_or_not_at_all() {
    let bytes = include_bytes!("maps.bin");
    assert!(Maps::read(bytes).is_some_and(|m| m.mouth.iter().any(|v| *v != 0.0)));
    assert!(Maps::read(&bytes[..bytes.len() - 4]).is_none());
    assert!(Maps::read(&bytes[..bytes.len() - 1]).is_none());
}
