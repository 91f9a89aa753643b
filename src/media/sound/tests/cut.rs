// SPDX-License-Identifier: MPL-2.0
//! Blocks and their times.

use super::*;
use crate::media::Ns;

/// The blocks of `frames` frames in buffers of `size`.
fn blocks(format: &AudioFormat, frames: usize, size: usize) -> Vec<(Span, Vec<f32>)> {
    let mut out = Vec::new();
    let mut blocks = Blocks::new(format);
    for from in (0..frames).step_by(size) {
        let data = bytes(format, from, (from + size).min(frames));
        let start = (from as u64 * SECOND) / u64::from(format.rate);
        blocks.push(
            Some(start),
            &Samples::packed(format, &data),
            |span, block| {
                out.push((span, block.iter().flatten().copied().collect()));
            },
        );
    }
    out
}

#[test]
fn blocks_do_not_depend_on_buffers_types_or_layouts() {
    for rate in [8_000, 11_025, 44_100, 48_000, 192_000] {
        let frames = rate as usize / 7 + 13;
        let expected = blocks(
            &format(SampleType::S16, LAYOUTS[0], rate, 2),
            frames,
            frames,
        );
        assert_eq!(expected.len(), frames / (rate as usize / 100));
        for (sample_type, layout) in TYPES.into_iter().flat_map(|t| LAYOUTS.map(|l| (t, l))) {
            let format = format(sample_type, layout, rate, 2);
            for size in [1, 64, 1024, 48_000] {
                assert!(
                    blocks(&format, frames, size) == expected,
                    "{format:?} {size}"
                );
            }
        }
    }
}

#[test]
fn blocks_follow_each_other_without_drift() {
    // 11025 Hz: blocks of 110 samples, not of exactly 10 ms.
    let format = format(SampleType::S16, LAYOUTS[0], 11_025, 1);
    let all = blocks(&format, 11_000, 64);
    for pair in all.windows(2) {
        assert_eq!(pair[0].0.end, pair[1].0.start);
    }
    assert_eq!(all[99].0.end, 11_000 * SECOND / 11_025);
}

/// The spans of blocks of buffers of 10 ms at these times.
fn spans(starts: &[Option<Ns>]) -> Vec<(Ns, Ns)> {
    let format = format(SampleType::S16, LAYOUTS[0], 48_000, 1);
    let data = bytes(&format, 0, 480);
    let mut blocks = Blocks::new(&format);
    let mut out = Vec::new();
    for start in starts {
        blocks.push(*start, &Samples::packed(&format, &data), |s, _| {
            out.push((s.start / MS, s.end / MS))
        });
    }
    out
}

#[test]
fn small_deviations_are_smoothed_and_jumps_taken() {
    let ms = |ms: u64| Some(ms * MS);
    assert_eq!(
        spans(&[ms(100), ms(111), ms(119)]),
        [(100, 110), (110, 120), (120, 130)]
    );
    assert_eq!(spans(&[ms(100), ms(500)]), [(100, 110), (500, 510)]);
    assert_eq!(spans(&[ms(500), ms(100)]), [(500, 510), (100, 110)]);
    assert_eq!(
        spans(&[ms(100), None, None]),
        [(100, 110), (110, 120), (120, 130)]
    );
    assert_eq!(spans(&[None, None]), [(0, 10), (10, 20)]);
    assert_eq!(spans(&[Some(u64::MAX - 1), None]).len(), 2);
}

#[test]
fn a_clock_that_drifts_is_followed() {
    // 1 % fast: at no time is a block farther from its buffer than the tolerance, the drift of the second until that
    // is believed, and a block.
    let starts: Vec<_> = (0..1000).map(|i| Some(i * 9_900_000)).collect();
    for (i, (start, _)) in spans(&starts).into_iter().enumerate() {
        assert!(
            start.abs_diff(i as u64 * 9_900_000 / MS) <= 40 + 10 + 10,
            "{i} {start}"
        );
    }
}

/// Starts in ms of the blocks of buffers of 10 ms, the n-th of which is `off(n)` ms late.
fn wandering(off: impl Fn(u64) -> u64, discont: Option<u64>) -> Vec<u64> {
    let format = format(SampleType::S16, LAYOUTS[0], 48_000, 1);
    let data = bytes(&format, 0, 480);
    let mut blocks = Blocks::new(&format);
    let mut starts = Vec::new();
    for n in 0..400 {
        if discont == Some(n) {
            blocks.mark_discontinuity();
        }
        let start = Some((n * 10 + off(n)) * MS);
        blocks.push(start, &Samples::packed(&format, &data), |span, _| {
            starts.push(span.start / MS)
        });
    }
    starts
}

#[test]
fn times_that_wander_go_on() {
    let even: Vec<u64> = (0..400).map(|n| n * 10).collect();
    assert_eq!(wandering(|n| n * 7 % 41, None), even);
    // Farther away, but not for a second.
    assert_eq!(wandering(|n| if n % 120 < 90 { 0 } else { 60 }, None), even);
}

#[test]
fn times_that_stay_away_are_believed() {
    let starts = wandering(|n| if n < 100 { 0 } else { 60 }, None);
    assert_eq!((starts[199], starts[200]), (1990, 2060));
    // At once where the buffer says so, and where it is far away.
    let starts = wandering(|n| if n < 100 { 0 } else { 60 }, Some(100));
    assert_eq!((starts[99], starts[100]), (990, 1060));
    let starts = wandering(|n| if n < 100 { 0 } else { 1500 }, None);
    assert_eq!((starts[99], starts[100]), (990, 2500));
}

#[test]
fn an_unfinished_block_is_lost_in_a_jump_and_a_reset() {
    let format = format(SampleType::S16, LAYOUTS[0], 48_000, 1);
    let (half, whole) = (bytes(&format, 0, 240), bytes(&format, 240, 720));
    let mut blocks = Blocks::new(&format);
    assert_eq!(blocks.position(), None);
    blocks.push(Some(0), &Samples::packed(&format, &half), |_, _| {
        panic!("half a block")
    });
    assert_eq!(blocks.position(), Some(5 * MS));
    let mut first = None;
    blocks.push(Some(SECOND), &Samples::packed(&format, &whole), |s, b| {
        first = Some((s, b.channel(0)[0]))
    });
    let expected = f32::from(sample(240, 0)) / 32_768.0;
    assert_eq!(first, Some((Span::new(SECOND, SECOND + 10 * MS), expected)));
    blocks.push(None, &Samples::packed(&format, &half), |_, _| {
        panic!("half a block")
    });
    blocks.reset();
    assert_eq!(blocks.position(), None);
}
