// SPDX-License-Identifier: MPL-2.0

//! The pass over frames of 1080p, next to a plain read of the same bytes: `cargo bench --bench grid`.
#![allow(missing_docs, reason = "criterion's macros make undocumented items")]

#[path = "common/format.rs"]
mod format;

use criterion::{Criterion, criterion_group, criterion_main};
use format::format;
use gstdefect::media::picture::{Grid, Layout, Measurer, Planes};
use std::hint::black_box;

/// Frames to go round, so that none is still in a near cache, as in a real chain.
const FRAMES: usize = 8;

const LAYOUTS: [Layout; 12] = [
    Layout::I420,
    Layout::Nv12,
    Layout::I42010Le,
    Layout::P01010Le,
    Layout::V210,
    Layout::Rgba,
    Layout::Rgb,
    Layout::Yuy2,
    Layout::Ayuv,
    Layout::Y42b,
    Layout::Y444,
    Layout::Nv16,
];

/// Planes, as bytes and stride, of noise that is valid at any depth.
fn frame(layout: Layout, seed: u32) -> Vec<(Vec<u8>, usize)> {
    use Layout::*;
    let sizes: &[(usize, usize)] = match layout {
        I420 => &[(1920, 1080), (960, 540), (960, 540)],
        Nv12 => &[(1920, 1080), (1920, 540)],
        I42010Le => &[(3840, 1080), (1920, 540), (1920, 540)],
        P01010Le => &[(3840, 1080), (3840, 540)],
        Y42b => &[(1920, 1080), (960, 1080), (960, 1080)],
        Y444 => &[(1920, 1080), (1920, 1080), (1920, 1080)],
        Nv16 => &[(1920, 1080), (1920, 1080)],
        V210 => &[(5120, 1080)],
        Rgb => &[(5760, 1080)],
        Yuy2 => &[(3840, 1080)],
        _ => &[(7680, 1080)],
    };
    let mut state = seed | 1;
    let plane = |&(stride, lines): &(usize, usize)| {
        let bytes = (0..stride * lines).map(|at| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = (state >> 24) as u8;
            if matches!(layout, I42010Le) && at % 2 == 1 {
                noise & 3
            } else {
                noise
            }
        });
        (bytes.collect(), stride)
    };
    sizes.iter().map(plane).collect()
}

/// Reads all bytes and does next to nothing with them, with AVX2 where there is some.
fn read(planes: &[(Vec<u8>, usize)]) -> u64 {
    #[inline(always)]
    fn sum(planes: &[(Vec<u8>, usize)]) -> u64 {
        let words = planes
            .iter()
            .flat_map(|(bytes, _)| bytes.as_chunks::<256>().0);
        let mut sums = [0_u64; 32];
        for block in words {
            for (sum, word) in sums.iter_mut().zip(block.as_chunks::<8>().0) {
                *sum = sum.wrapping_add(u64::from_ne_bytes(*word));
            }
        }
        sums.iter().fold(0, |sum, next| sum.wrapping_add(*next))
    }
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        #[target_feature(enable = "avx2")]
        fn avx2(planes: &[(Vec<u8>, usize)]) -> u64 {
            sum(planes)
        }
        #[allow(
            unsafe_code,
            reason = "an AVX2 function is called after the check for AVX2"
        )]
        // SAFETY: checked just above.
        return unsafe { avx2(planes) };
    }
    sum(planes)
}

fn pass(criterion: &mut Criterion) {
    for layout in LAYOUTS {
        let format = format(layout, 1920, 1080);
        let frames: Vec<_> = (0..FRAMES)
            .map(|seed| frame(layout, seed as u32 * 77 + 5))
            .collect();
        let mut group = criterion.benchmark_group(layout.name());
        let mut next = (0..FRAMES).cycle();
        group.bench_function("read", |bencher| {
            bencher.iter(|| black_box(read(&frames[next.next().unwrap_or(0)])));
        });
        let mut grid = Grid::new(&format);
        let mut run = |name: &str, mut measurer: Measurer| {
            group.bench_function(name, |bencher| {
                bencher.iter(|| {
                    let planes = &frames[next.next().unwrap_or(0)];
                    let planes: Vec<_> = planes
                        .iter()
                        .map(|(bytes, stride)| (&bytes[..], *stride))
                        .collect();
                    if let Ok(planes) = Planes::new(&format, &planes) {
                        measurer.measure(&planes, &mut grid);
                    }
                    black_box(&grid);
                });
            });
        };
        run("pass", Measurer::new(&format));
        run("scalar", Measurer::scalar(&format));
        group.finish();
    }
}

criterion_group!(benches, pass);
criterion_main!(benches);
