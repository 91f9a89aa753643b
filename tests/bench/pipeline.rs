// SPDX-License-Identifier: MPL-2.0
//! What detectors cost: CPU time per 1080p picture and per second of sound, in a chain between a source and a sink, against
//! `identity` in their place. `cargo bench --bench pipeline [-- WORD]`; with a word, only the detectors that have it in their name.
//!
//! Buffers are made beforehand and pushed by this thread, so that its CPU time is all there is. Each figure is the best of several
//! rounds: the others were disturbed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a benchmark that can't go on has failed"
)]

mod common;
#[path = "common/format.rs"]
mod format;

use common::{Chain, Look, MS, Pictures, Sounds, Wave, best, ms, over_identity};
use format::format;
use gstdefect::{
    detector::{
        Common, PairDriver, Runner, Severity,
        pair::{Content, Piece, Side},
        settings::{Setting, Settings},
    },
    detectors::avsync::{AvSync, AvSyncSettings, Source},
    media::{
        Span,
        picture::{Grid, Layout, Measurer, Picture, Planes, VideoFormat},
        sound::Block,
    },
};
use std::sync::Arc;

/// Each alone, then all in a row; what `identity` takes in their places is taken off.
fn table(
    title: &str,
    unit: &str,
    per: f64,
    names: &[&str],
    caps: &gst::Caps,
    buffers: &[gst::Buffer],
) {
    println!("\n{title}");
    let one = ms(Chain::new(&["identity"], caps).cost(buffers)) / per;
    println!("  {:<20} {one:>9.4} ms {unit}", "identity");
    let row = |name: &str, names: &[&str]| {
        let cost = over_identity(names, caps, buffers) / per;
        println!("  {name:<20} {cost:>9.4} ms {unit}");
    };
    for name in names {
        row(name, &[name]);
    }
    if names.len() > 1 {
        row("all in a row", names);
    }
}

fn pictures(names: &[&str]) {
    for format in ["I420", "NV12", "I420_10LE", "v210"] {
        let mut source = Pictures::new(format, 1920, 1080);
        let buffers: Vec<_> = (0..24)
            .map(|i| {
                source.buffer(if i % 12 == 11 {
                    Look::Still
                } else {
                    Look::Noise
                })
            })
            .collect();
        let title = format!("1080p {format}");
        table(
            &title,
            "a picture",
            buffers.len() as f64,
            names,
            &source.caps(),
            &buffers,
        );
    }
}

fn sounds(names: &[&str]) {
    for (format, channels) in [("S16LE", 2), ("F32LE", 2), ("S24LE", 16)] {
        let mut source = Sounds::new(format, 48_000, channels);
        let buffers: Vec<_> = (0..250)
            .map(|i| match i / 25 % 3 {
                0 => source.buffer(Wave::Noise, 20 * MS),
                1 => source.buffer(Wave::Sine(997.0, 0.3), 20 * MS),
                _ => source.buffer(Wave::Silence, 20 * MS),
            })
            .collect();
        let title = format!("48 kHz {format}, {channels} channels");
        table(&title, "a second", 5.0, names, &source.caps(), &buffers);
    }
}

/// Sound against moving pictures of 1080p25, by each evidence: what it takes beyond the grid.
fn together() {
    println!("\nSound against pictures of 1080p25, over the shared grid");
    let mut source = Pictures::new("I420", 1920, 1080);
    let format = format(Layout::I420, 1920, 1080);
    let mut measurer = Measurer::new(&format);
    let grids: Vec<_> = (0..25)
        .map(|_| {
            let buffer = source.buffer(Look::Noise);
            let map = buffer.into_mapped_buffer_readable().unwrap();
            let mut grid = Grid::new(&format);
            measurer.measure(&planes(&format, &source.info, &map), &mut grid);
            Arc::new(grid)
        })
        .collect();
    let mut sounds = Sounds::new("F32LE", 48_000, 2);
    let sound = sounds.buffer(Wave::Noise, 1000 * MS);
    let map = sound.into_mapped_buffer_readable().unwrap();
    let samples: &[f32] = bytemuck::cast_slice(&map);
    let evidence = AvSyncSettings::specs()
        .iter()
        .position(|s| s.name == "evidence");
    for source in [
        Source::Timestamps,
        Source::FlashBeep,
        Source::Reference,
        Source::Content,
        Source::All,
    ] {
        let mut settings = AvSyncSettings::default();
        settings.set(evidence.unwrap(), source.to_value());
        let mut runner: Runner<AvSync> =
            Runner::new((), Common::new(Severity::Error, 0, 0), settings);
        let (mut time, mut driver) = (0, PairDriver::default());
        let second = best(|| {
            for (i, grid) in grids.iter().enumerate() {
                for side in [Side::Reference, Side::Programme] {
                    let mut take = |from, to, content| {
                        let span = Span::new(time + from, time + to);
                        let piece = Piece {
                            side,
                            span,
                            content,
                        };
                        driver.push(&mut runner, piece);
                    };
                    for j in 0..4 {
                        let block = Block::new(&samples[(4 * i + j) * 960..][..960], 480, 48_000);
                        let from = j as u64 * 10 * MS;
                        take(from, from + 10 * MS, Content::Sound(block));
                    }
                    take(0, 40 * MS, Content::Picture(Picture::progressive(grid)));
                }
                time += 40 * MS;
            }
        });
        let (a_picture, a_core) = (ms(second) / 25.0, ms(second) / 10.0);
        println!(
            "  {:<20} {a_picture:>9.4} ms a picture, {a_core:.2} % of a core",
            source.nick()
        );
    }
}

fn planes<'a>(format: &VideoFormat, info: &gst_video::VideoInfo, bytes: &'a [u8]) -> Planes<'a> {
    let plane = |i: usize| (&bytes[info.offset()[i]..], info.stride()[i] as usize);
    let planes: Vec<_> = (0..format.plane_count()).map(plane).collect();
    Planes::new(format, &planes).unwrap()
}

/// The pass over a picture, against a plain read of the same bytes.
fn pass() {
    println!("\nThe pass over 1080p luma and chroma, against a plain read of the same bytes");
    for layout in [
        Layout::I420,
        Layout::Nv12,
        Layout::I42010Le,
        Layout::P01010Le,
        Layout::V210,
        Layout::Uyvy,
    ] {
        let format = format(layout, 1920, 1080);
        let mut source = Pictures::new(layout.name(), 1920, 1080);
        let map = source
            .buffer(Look::Noise)
            .into_mapped_buffer_readable()
            .unwrap();
        let planes = planes(&format, &source.info, &map);
        let (mut grid, mut fast) = (Grid::new(&format), Measurer::new(&format));
        let mut slow = Measurer::scalar(&format);
        let words: &[u64] = bytemuck::cast_slice(&map[..map.size() & !7]);
        let read = best(|| {
            let sum = words.iter().fold(0u64, |sum, word| sum.wrapping_add(*word));
            std::hint::black_box(sum);
        });
        let simd = best(|| fast.measure(&planes, &mut grid));
        let scalar = best(|| slow.measure(&planes, &mut grid));
        println!(
            "  {:<12} read {:.3} ms, pass {:.3} ms ({:.1}x), without vectors {:.3} ms",
            layout.name(),
            ms(read),
            ms(simd),
            ms(simd) / ms(read),
            ms(scalar)
        );
    }
}

fn main() {
    common::init();
    let wanted = std::env::args()
        .skip(1)
        .find(|a| !a.starts_with('-'))
        .unwrap_or_default();
    let named = |entry: &gstdefect::detectors::Entry| entry.info.element.contains(&wanted);
    let names = |entries: Vec<_>| -> Vec<&'static str> {
        entries
            .iter()
            .filter(|e| named(e))
            .map(|e| e.info.element)
            .collect()
    };
    if wanted.is_empty() {
        pass();
    }
    if "avsyncdetect".contains(&wanted) {
        together();
    }
    let (video, audio) = (
        names(common::video().collect()),
        names(common::audio().collect()),
    );
    if !video.is_empty() {
        pictures(&video);
    }
    if !audio.is_empty() {
        sounds(&audio);
    }
}
