// SPDX-License-Identifier: MPL-2.0
//! Law 6: nothing is allocated per picture or block once a detector is warm, but for messages.
//!
//! This program's `malloc` counts, for Rust and for GStreamer alike.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that can't go on has failed"
)]

mod common;

use std::{cell::Cell, sync::Arc};

use common::{Look, MS, Pictures, Rig, SECOND, Sounds, Wave};
use gstdefect::detector::{
    Audio, Detector, Pair, Runner, TimingDetector, Video, Visitor,
    pair::{Content, Piece, Side},
};
use gstdefect::media::{
    Span,
    picture::{Grid, Layout, Matrix, Measurer, Picture, Planes, Range, Transfer, VideoFormat},
    sound::{AudioFormat, Block, Position, SampleLayout, SampleType},
    timestamps::{StreamFormat, TimestampCheck},
};

mod counter {
    #![allow(unsafe_code, reason = "takes the place of the C library's functions")]
    use std::{cell::Cell, ffi::c_void};

    thread_local! {
        static COUNT: Cell<u64> = const { Cell::new(0) };
    }

    unsafe extern "C" {
        fn __libc_malloc(size: usize) -> *mut c_void;
        fn __libc_calloc(count: usize, size: usize) -> *mut c_void;
        fn __libc_realloc(old: *mut c_void, size: usize) -> *mut c_void;
    }

    fn count() {
        let _ = COUNT.try_with(|n| n.set(n.get() + 1));
    }

    /// Allocations of this thread so far.
    pub fn so_far() -> u64 {
        COUNT.with(Cell::get)
    }

    #[unsafe(no_mangle)]
    extern "C" fn malloc(size: usize) -> *mut c_void {
        count();
        // SAFETY: the same function by its other name.
        unsafe { __libc_malloc(size) }
    }

    #[unsafe(no_mangle)]
    extern "C" fn calloc(n: usize, size: usize) -> *mut c_void {
        count();
        // SAFETY: as above.
        unsafe { __libc_calloc(n, size) }
    }

    #[unsafe(no_mangle)]
    unsafe extern "C" fn realloc(old: *mut c_void, size: usize) -> *mut c_void {
        count();
        // SAFETY: as above.
        unsafe { __libc_realloc(old, size) }
    }
}

#[test]
fn the_counter_counts() {
    let before = counter::so_far();
    let kept = std::hint::black_box(vec![1u8; 100]);
    assert!(counter::so_far() > before);
    drop(kept);
    // GLib's allocations, too.
    common::init();
    let before = counter::so_far();
    let buffer = gst::Buffer::with_size(1000).unwrap();
    assert!(counter::so_far() > before);
    drop(buffer);
}

/// Content changes from one to another, over and over: every detector gets warm, and has something to say.
const PHASE: u64 = 15 * SECOND;
const PHASES: u64 = 4;
const WARM: u64 = 2 * PHASES * PHASE;

/// Pushes units of that length; counts from the second round on, but for units about which there was something to say.
fn count<D: Detector>(
    runner: &mut Runner<D>,
    length: u64,
    push: impl Fn(&mut Runner<D>, Span, u64),
) {
    let mut guilty = Vec::new();
    let mut time = 0;
    while time < WARM + PHASES * PHASE {
        let before = counter::so_far();
        push(
            runner,
            Span::new(time, time + length),
            time / PHASE % PHASES,
        );
        let allocated = counter::so_far() - before;
        let spoke = !runner.take_reports().is_empty();
        if time >= WARM && allocated > 0 && !spoke {
            guilty.push((time / MS, allocated));
        }
        time += length;
    }
    let name = D::INFO.element;
    assert!(
        guilty.is_empty(),
        "{name} allocates: (ms, how often) {guilty:?}"
    );
    println!("{name}: nothing");
}

struct Warm {
    grids: Vec<Vec<Arc<Grid>>>,
    blocks: Vec<Vec<f32>>,
}

fn format() -> VideoFormat {
    VideoFormat {
        layout: Layout::Gray8,
        width: 160,
        height: 96,
        range: Range::Limited,
        matrix: Matrix::Bt709,
        transfer: Transfer::Sdr,
        frame_duration: Some(40 * MS),
    }
}

fn sound() -> AudioFormat {
    AudioFormat {
        sample: SampleType::F32,
        layout: SampleLayout::Interleaved,
        rate: 48_000,
        channels: 2,
        positions: vec![Position::FrontLeft, Position::FrontRight],
    }
}

/// Something like chance, from 0 to 1.
fn chance(n: usize) -> f64 {
    let h = (n as u64 ^ 0x5bd1_e995).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    ((h ^ (h >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 40) as f64 / f64::from(1 << 24)
}

/// For each phase a few pictures: noise, black, a bar that moves, a still.
fn grids() -> Vec<Vec<Arc<Grid>>> {
    let format = format();
    let mut measurer = Measurer::new(&format);
    let mut of = |paint: &dyn Fn(usize, usize, usize) -> f64| -> Vec<Arc<Grid>> {
        (0..25)
            .map(|n| {
                let luma = |i: usize| (16.0 + 219.0 * paint(i % 160, i / 160, n)) as u8;
                let bytes: Vec<u8> = (0..160 * 96).map(luma).collect();
                let planes = Planes::new(&format, &[(&bytes, 160)]).unwrap();
                let mut grid = Grid::new(&format);
                measurer.measure(&planes, &mut grid);
                Arc::new(grid)
            })
            .collect()
    };
    vec![
        of(&|x, y, n| chance(x / 4 + 1000 * (y / 4) + 100_000 * n)),
        of(&|_, _, _| 0.0),
        of(&|x, _, n| if x / 8 == n % 20 { 0.9 } else { 0.3 }),
        of(&|x, y, _| chance(x / 4 + 1000 * (y / 4))),
    ]
}

/// For each phase a second of sound, both channels one after the other: noise, silence, a tone, clicks.
fn blocks() -> Vec<Vec<f32>> {
    let second = |wave: &dyn Fn(usize) -> f64| (0..96_000).map(|i| wave(i) as f32).collect();
    vec![
        second(&|i| chance(i) - 0.5),
        second(&|_| 0.0),
        second(&|i| 0.7 * (i as f64 * 0.06).sin()),
        second(&|i| {
            if i % 960 == 3 {
                0.9
            } else {
                0.01 * (chance(i) - 0.5)
            }
        }),
    ]
}

impl Visitor for Warm {
    fn video<D: Detector<Medium = Video>>(&mut self) {
        let mut runner = Runner::<D>::new(format(), D::COMMON, D::Settings::default());
        let next = Cell::new(0);
        count(&mut runner, 40 * MS, |runner, span, phase| {
            next.set((next.get() + 1) % 25);
            let grid = &self.grids[phase as usize][next.get()];
            runner.push(span, Picture::progressive(grid));
        });
    }

    fn timing<D: TimingDetector>(&mut self) {
        let format = StreamFormat::default();
        let mut runner = Runner::<D>::new(format, D::COMMON, D::Settings::default());
        count(&mut runner, 40 * MS, |runner, span, _| {
            let check = TimestampCheck {
                late: Some(span.start as i64 % 2),
                ..TimestampCheck::default()
            };
            runner.push(span, check);
        });
    }

    fn pair<D: Detector<Medium = Pair>>(&mut self) {
        let mut runner = Runner::<D>::new((), D::COMMON, D::Settings::default());
        let (next, sample) = (Cell::new(0), Cell::new(0));
        count(&mut runner, 40 * MS, |runner, span, phase| {
            next.set((next.get() + 1) % 25);
            let grid = &self.grids[phase as usize][next.get()];
            let picture = Content::Picture(Picture::progressive(grid));
            let side = |reference| {
                if reference {
                    Side::Reference
                } else {
                    Side::Programme
                }
            };
            for reference in [true, false] {
                for part in 0..4 {
                    sample.set((sample.get() + 960) % 96_000);
                    let samples = &self.blocks[phase as usize][sample.get()..][..960];
                    let start = span.start + part * 10 * MS;
                    runner.push_untimed(Piece {
                        side: side(reference),
                        span: Span::new(start, start + 10 * MS),
                        content: Content::Sound(Block::new(samples, 480, 48_000)),
                    });
                }
            }
            for reference in [true, false] {
                let piece = Piece {
                    side: side(reference),
                    span,
                    content: picture,
                };
                runner.push_untimed(piece);
            }
            let side = side(false);
            let content = Content::Nothing;
            runner.push(
                span,
                Piece {
                    side,
                    span,
                    content,
                },
            );
        });
    }

    fn audio<D: Detector<Medium = Audio>>(&mut self) {
        let mut runner = Runner::<D>::new(sound(), D::COMMON, D::Settings::default());
        let next = Cell::new(0);
        count(&mut runner, 10 * MS, |runner, span, phase| {
            next.set((next.get() + 960) % 96_000);
            let samples = &self.blocks[phase as usize][next.get()..][..960];
            runner.push(span, Block::new(samples, 480, 48_000));
        });
    }
}

#[test]
fn no_detector_allocates_once_warm() {
    gstdefect::detectors::visit(&mut Warm {
        grids: grids(),
        blocks: blocks(),
    });
}

/// Allocations of one push, the same for a detector that is switched off taken away.
fn of_element(entry: &gstdefect::detectors::Entry, shared: bool) -> f64 {
    use gst::prelude::*;
    const COUNTED: u64 = 200;
    // Longer than the longest window of a detector of sound; pictures are dear to paint.
    let warm = if entry.is_video { 100 } else { 1500 };
    let mut counts = [0, 0];
    for (count, active) in counts.iter_mut().zip([false, true]) {
        let rig = Rig::new(entry.info.element);
        rig.element.set_property("active", active);
        // What is off by default counts, too.
        if rig.element.has_property("map") {
            rig.element.set_property("map", true);
        }
        let mut pictures = Pictures::new("I420", 160, 96);
        let mut sounds = Sounds::new("S16LE", 48_000, 2);
        rig.open(&if entry.is_video {
            pictures.caps()
        } else {
            sounds.caps()
        });
        for i in 0..COUNTED + warm {
            let buffer = if entry.is_video {
                pictures.buffer(Look::Noise)
            } else {
                sounds.buffer(Wave::Noise, 20 * MS)
            };
            let held = shared.then(|| buffer.clone());
            let before = counter::so_far();
            rig.push(buffer);
            if i >= warm {
                *count += counter::so_far() - before;
            }
            rig.take();
            drop(held);
        }
    }
    (counts[1] as f64 - counts[0] as f64) / COUNTED as f64
}

/// The grid's meta is all: its structure and header, and a new buffer header where the buffer is shared.
#[test]
fn an_element_allocates_the_meta_and_no_more() {
    for entry in common::all() {
        let (own, shared) = (of_element(&entry, false), of_element(&entry, true));
        println!(
            "{}: {own} a buffer, {shared} if it is shared",
            entry.info.element
        );
        let most = if entry.is_video {
            (8.0, 12.0)
        } else {
            (0.0, 0.0)
        };
        assert!(
            own <= most.0 && shared <= most.1,
            "{}: {own}, {shared}",
            entry.info.element
        );
    }
}
