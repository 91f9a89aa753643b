// SPDX-License-Identifier: MPL-2.0
//! Sound of every kind, and what is known of buffers alone.

use super::{
    steps::{Step, run},
    *,
};

pub fn audio_format() -> impl Strategy<Value = AudioFormat> {
    let samples = vec![
        SampleType::S16,
        SampleType::S24,
        SampleType::S32,
        SampleType::F32,
        SampleType::F64,
    ];
    let positions = vec![
        Position::Mono,
        Position::FrontLeft,
        Position::FrontRight,
        Position::FrontCenter,
        Position::Lfe,
        Position::SideLeft,
        Position::SideRight,
        Position::RearLeft,
        Position::RearRight,
        Position::Other,
        Position::Unpositioned,
    ];
    let channels = prop_oneof![3 => 1usize..9, 1 => Just(64)];
    (
        prop::sample::select(samples),
        any::<bool>(),
        prop_oneof![Just(48_000u32), Just(44_100), 8_000u32..=192_000],
        channels,
        prop::collection::vec(prop::sample::select(positions), 64),
    )
        .prop_map(|(sample, planar, rate, channels, positions)| AudioFormat {
            sample,
            layout: if planar {
                SampleLayout::Planar
            } else {
                SampleLayout::Interleaved
            },
            rate,
            channels,
            positions: positions[..channels].to_vec(),
        })
}

/// Bytes that are repeated, so many milliseconds of them, and whether the buffer says when it is.
pub type Sound = (Vec<u8>, u64, bool);

pub fn sound() -> impl Strategy<Value = Sound> + Clone {
    let flat = any::<u8>().prop_map(|b| vec![b]);
    let bytes = prop_oneof![flat, prop::collection::vec(any::<u8>(), 1..300)];
    (bytes, 0u64..150, any::<bool>())
}

pub struct Hearing {
    pub format: AudioFormat,
    pub steps: Vec<Step<Sound>>,
}

impl Visitor for Hearing {
    fn video<D: Detector<Medium = Video>>(&mut self) {}

    fn audio<D: Detector<Medium = Audio>>(&mut self) {
        let format = &self.format;
        let mut blocks = Blocks::new(format);
        run::<D, _>(
            format.clone(),
            &self.steps,
            |runner, (bytes, ms, timed), now| {
                let frames = *ms as usize * format.rate as usize / 1000;
                let size = frames * format.channels * format.sample.bytes();
                let data: Vec<u8> = bytes.iter().copied().cycle().take(size).collect();
                let samples = Samples::packed(format, &data);
                blocks.push(timed.then_some(now), &samples, |span, block| {
                    runner.push(span, block)
                });
                now.saturating_add(ms * 1_000_000)
            },
        );
    }

    /// The bytes say what sort of time buffers have, and whether something was waited for.
    fn timing<D: TimingDetector>(&mut self) {
        for raw in [false, true] {
            let content = match raw {
                true => Stream::Pictures,
                false => Stream::Sound,
            };
            let format = StreamFormat {
                content,
                raw,
                reorders: !raw,
                parts: false,
                frame_duration: raw.then_some(SECOND / 25),
            };
            let mut sequence = Sequence::new(format);
            run::<D, _>(format, &self.steps, |runner, (bytes, ms, timed), now| {
                let byte = bytes.first().copied().unwrap_or(0);
                let stamps = Stamps {
                    pts: timed.then_some(now),
                    dts: (byte & 1 == 1).then_some(now ^ u64::from(byte)),
                    duration: (byte & 2 == 2).then_some(ms * 1_000_000),
                    discontinuous: byte & 64 == 64,
                };
                if byte & 4 == 4 {
                    let idle = Idle {
                        position: runner.position().unwrap_or(0),
                        lasted: now.min(3600 * SECOND),
                        first: byte & 8 == 8,
                        blocked: byte & 16 == 16,
                        duration: *ms,
                    };
                    if byte & 32 == 32 {
                        runner.on_resume(idle);
                    } else {
                        runner.on_timeout(idle);
                    }
                    runner.on_buffer(idle.lasted);
                }
                let (span, check) = sequence.next(stamps);
                runner.push(span, check);
                now.saturating_add(ms * 1_000_000)
            });
        }
    }
}
