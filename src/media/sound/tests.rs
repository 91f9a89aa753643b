// SPDX-License-Identifier: MPL-2.0
use proptest::prelude::*;

use super::*;
use crate::media::{MS, SECOND, Span};

const TYPES: [SampleType; 5] = [
    SampleType::S16,
    SampleType::S24,
    SampleType::S32,
    SampleType::F32,
    SampleType::F64,
];
const LAYOUTS: [SampleLayout; 2] = [SampleLayout::Interleaved, SampleLayout::Planar];

fn format(sample: SampleType, layout: SampleLayout, rate: u32, channels: usize) -> AudioFormat {
    let positions = vec![Position::Unpositioned; channels];
    AudioFormat {
        sample,
        layout,
        rate,
        channels,
        positions,
    }
}

/// A 16-bit sample, so that it is the same in every type; differs from place to place.
fn sample(frame: usize, channel: usize) -> i16 {
    (frame.wrapping_mul(7919).wrapping_add(channel * 104_729) % 65_536) as u16 as i16
}

fn put(bytes: &mut Vec<u8>, sample: SampleType, value: i16) {
    match sample {
        SampleType::S16 => bytes.extend(value.to_le_bytes()),
        SampleType::S24 => bytes.extend(&(i32::from(value) << 8).to_le_bytes()[..3]),
        SampleType::S32 => bytes.extend((i32::from(value) << 16).to_le_bytes()),
        SampleType::F32 => bytes.extend((f32::from(value) / 32_768.0).to_le_bytes()),
        SampleType::F64 => bytes.extend((f64::from(value) / 32_768.0).to_le_bytes()),
    }
}

/// The bytes of frames `from..to`.
fn bytes(format: &AudioFormat, from: usize, to: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    match format.layout {
        SampleLayout::Interleaved => {
            for frame in from..to {
                (0..format.channels).for_each(|c| put(&mut bytes, format.sample, sample(frame, c)));
            }
        }
        SampleLayout::Planar => {
            for c in 0..format.channels {
                (from..to).for_each(|frame| put(&mut bytes, format.sample, sample(frame, c)));
            }
        }
    }
    bytes
}

mod cut;

#[test]
fn every_type_and_layout_gives_the_same_samples() {
    for channels in [1, 2, 3, 64] {
        for sample_type in TYPES {
            for layout in LAYOUTS {
                let format = format(sample_type, layout, 48_000, channels);
                let data = bytes(&format, 0, 77);
                let samples = Samples::packed(&format, &data);
                assert_eq!(samples.frames(), 77);
                let mut out = [0f32; 50];
                for c in 0..channels {
                    samples.read(c, 20, &mut out);
                    for (i, x) in out.iter().enumerate() {
                        assert_eq!(*x, f32::from(sample(20 + i, c)) / 32_768.0, "{format:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn floats_are_finite_whatever_comes() {
    let absurd = [
        f32::NAN,
        f32::INFINITY,
        f32::NEG_INFINITY,
        1e30,
        -1e30,
        f32::MIN_POSITIVE,
        -0.0,
    ];
    let expected = [0.0, 1.0, -1.0, 1.0, -1.0, f32::MIN_POSITIVE, 0.0];
    let single: Vec<u8> = absurd.iter().flat_map(|x| x.to_le_bytes()).collect();
    let double: Vec<u8> = absurd
        .iter()
        .flat_map(|x| f64::from(*x).to_le_bytes())
        .collect();
    for (sample_type, data) in [(SampleType::F32, single), (SampleType::F64, double)] {
        let format = format(sample_type, LAYOUTS[0], 48_000, 1);
        let mut out = [9f32; 7];
        Samples::packed(&format, &data).read(0, 0, &mut out);
        assert_eq!(out, expected);
    }
    let huge = f64::MAX.to_le_bytes();
    let mut out = [9f32];
    Samples::packed(&format(SampleType::F64, LAYOUTS[0], 48_000, 1), &huge).read(0, 0, &mut out);
    assert_eq!(out, [1.0]);
}

#[test]
fn planes_where_the_buffer_says() {
    let format = format(SampleType::S16, LAYOUTS[1], 48_000, 2);
    let data = [9, 9, 1, 0, 2, 0, 9, 9, 3, 0, 4, 0];
    let samples = Samples::planar(&format, &data, &[8, 2], 2);
    let mut out = [0f32; 2];
    let Ok(samples) = samples else {
        panic!("{samples:?}")
    };
    samples.read(0, 0, &mut out);
    assert_eq!(out.map(|x| x * 32_768.0), [3.0, 4.0]);
    samples.read(1, 1, &mut out[..1]);
    assert_eq!(out[0] * 32_768.0, 2.0);
}

#[test]
fn planes_that_do_not_fit_are_an_error() {
    let format = format(SampleType::S16, LAYOUTS[1], 48_000, 2);
    let data = [0u8; 12];
    for (offsets, frames) in [
        (&[0usize, 8][..], 3),
        (&[0], 2),
        (&[0, 4, 8], 2),
        (&[0, usize::MAX], 2),
        (&[0, 4], usize::MAX),
    ] {
        let result = Samples::planar(&format, &data, offsets, frames);
        assert!(result.is_err(), "{offsets:?} {frames}");
    }
}

#[test]
fn what_is_left_after_the_last_frame_is_ignored() {
    for layout in LAYOUTS {
        let format = format(SampleType::S24, layout, 48_000, 3);
        for (length, frames) in [(0, 0), (8, 0), (9, 1), (17, 1), (20, 2)] {
            assert_eq!(Samples::packed(&format, &vec![0; length]).frames(), frames);
        }
    }
}

#[test]
fn a_block_has_no_other_channels() {
    let block = Block::new(&[1.0, 2.0, 3.0, 4.0], 2, 48_000);
    assert_eq!(
        (block.channels(), block.channel(1), block.channel(2)),
        (2, &[3.0, 4.0][..], &[][..])
    );
    assert_eq!(Block::new(&[], 0, 48_000).channels(), 0);
}

#[test]
fn levels() {
    assert_eq!(amplitude_db(1.0), 0.0);
    assert!((power_db(0.5) + 3.0103).abs() < 1e-4);
    for nothing in [0.0, -1.0, f64::NAN] {
        assert_eq!(
            (amplitude_db(nothing), power_db(nothing)),
            (FLOOR_DB, FLOOR_DB)
        );
    }
}

#[test]
fn a_meter_adds_up() {
    let samples: Vec<f32> = (0..1001)
        .map(|i| f32::from(sample(i, 0)) / 32_768.0)
        .collect();
    let whole = Meter::of(&samples);
    let mut parts = Meter::default();
    assert_eq!(
        (parts.rms_db(), parts.peak_db(), parts.dc()),
        (None, None, None)
    );
    samples
        .chunks(37)
        .for_each(|part| parts.add(&Meter::of(part)));
    assert!((whole.ac_power() - parts.ac_power()).abs() < 1e-12);
    assert_eq!(
        (whole.peak_db(), whole.count()),
        (parts.peak_db(), parts.count())
    );
    assert_eq!(Meter::of(&[0.3; 480]).ac_power(), 0.0);
    assert_eq!(Meter::of(&[0.3; 480]).constant(), Some(0.3));
    // -100 dBFS on an offset of half of full scale.
    let small: Vec<f32> = (0..480)
        .map(|i| if i % 2 == 0 { 0.50001 } else { 0.49999 })
        .collect();
    assert!((power_db(Meter::of(&small).ac_power()) + 100.0).abs() < 0.1);
}

proptest! {
    #[test]
    fn arbitrary_bytes_make_finite_blocks(
        buffers in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..900), 0..8),
        times in proptest::collection::vec(any::<Option<u64>>(), 8),
        sample_type in 0..5usize, planar in any::<bool>(), channels in 0..9usize,
        rate in prop_oneof![Just(0u32), Just(1), Just(99), 8_000..192_000u32],
        offsets in proptest::collection::vec(any::<usize>(), 0..9), frames in any::<usize>(),
    ) {
        let format = format(TYPES[sample_type], LAYOUTS[usize::from(planar)], rate, channels);
        let mut blocks = Blocks::new(&format);
        for (data, time) in buffers.iter().zip(times) {
            let small: Vec<usize> = offsets.iter().map(|o| o % 1000).collect();
            let _ = Samples::planar(&format, data, &offsets, frames);
            let packed = Samples::packed(&format, data);
            let samples = Samples::planar(&format, data, &small, frames % 100).unwrap_or(packed);
            for samples in [packed, samples] {
                let mut all = true;
                blocks.push(time, &samples, |span, block| {
                    all &= span.end >= span.start && block.iter().flatten().all(|x| x.is_finite());
                });
                prop_assert!(all);
            }
        }
    }
}
