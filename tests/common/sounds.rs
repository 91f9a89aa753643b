// SPDX-License-Identifier: MPL-2.0
//! Sound in every format of the contract, the same content in each.

use gst_audio::AudioInfo;

/// Law 3 of the contract.
pub const AUDIO_FORMATS: [&str; 5] = ["S16LE", "S24LE", "S32LE", "F32LE", "F64LE"];

/// What is to be heard.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Wave {
    Silence,
    /// Noise at about -9 dBFS, another in each channel.
    Noise,
    /// A sine of that frequency and amplitude in every channel.
    Sine(f64, f64),
}

/// A stream of sound; `time` is where the next buffer starts.
pub struct Sounds {
    pub info: AudioInfo,
    pub time: u64,
    /// Bytes between the planes, filled with full-scale samples, as an `AudioMeta` says.
    pub padding: usize,
    state: u64,
    sample: u64,
}

impl Sounds {
    /// Interleaved.
    pub fn new(format: &str, rate: u32, channels: u32) -> Self {
        Self::with_layout(format, rate, channels, gst_audio::AudioLayout::Interleaved)
    }

    /// One plane per channel.
    pub fn planar(format: &str, rate: u32, channels: u32) -> Self {
        Self::with_layout(
            format,
            rate,
            channels,
            gst_audio::AudioLayout::NonInterleaved,
        )
    }

    fn with_layout(format: &str, rate: u32, channels: u32, layout: gst_audio::AudioLayout) -> Self {
        super::init();
        let none = [gst_audio::AudioChannelPosition::None; 64];
        let mut builder =
            AudioInfo::builder(format.parse().unwrap(), rate, channels).layout(layout);
        if channels > 2 {
            builder = builder.positions(&none[..channels as usize]);
        }
        Self::of(builder.build().unwrap())
    }

    /// Of that format.
    pub fn of(info: AudioInfo) -> Self {
        super::init();
        Self {
            info,
            time: 0,
            padding: 0,
            state: 1,
            sample: 0,
        }
    }

    pub fn caps(&self) -> gst::Caps {
        self.info.to_caps().unwrap()
    }

    /// The next buffer, of that length in ns.
    pub fn buffer(&mut self, wave: Wave, duration: u64) -> gst::Buffer {
        let frames = (duration * u64::from(self.info.rate()) / 1_000_000_000).max(1) as usize;
        self.frames(wave, frames)
    }

    /// The next buffer, of so many samples per channel.
    pub fn frames(&mut self, wave: Wave, frames: usize) -> gst::Buffer {
        let channels = self.info.channels() as usize;
        let mut samples = Vec::with_capacity(frames * channels);
        for i in 0..frames {
            let time = (self.sample + i as u64) as f64 / f64::from(self.info.rate());
            for _ in 0..channels {
                samples.push(match wave {
                    Wave::Silence => 0.0,
                    Wave::Noise => self.noise(),
                    Wave::Sine(hz, amplitude) => {
                        amplitude * (std::f64::consts::TAU * hz * time).sin()
                    }
                });
            }
        }
        self.sample += frames as u64;
        let mut buffer = self.packed(&samples, frames);
        let b = buffer.get_mut().unwrap();
        let duration = frames as u64 * 1_000_000_000 / u64::from(self.info.rate());
        b.set_pts(gst::ClockTime::from_nseconds(self.time));
        b.set_duration(gst::ClockTime::from_nseconds(duration));
        self.time += duration;
        buffer
    }

    /// A part of these channels, at its place in time.
    pub fn part(&self, channels: &[Vec<f32>], frames: std::ops::Range<usize>) -> gst::Buffer {
        let samples: Vec<f64> = frames
            .clone()
            .flat_map(|i| channels.iter().map(move |c| f64::from(c[i])))
            .collect();
        let mut buffer = self.packed(&samples, frames.len());
        let b = buffer.get_mut().unwrap();
        let time = |frame: usize| {
            let ns = frame as u64 * 1_000_000_000 / u64::from(self.info.rate());
            gst::ClockTime::from_nseconds(ns)
        };
        b.set_pts(time(frames.start));
        b.set_duration(time(frames.end) - time(frames.start));
        buffer
    }

    /// From -0.6 to 0.6. The generator is Knuth's MMIX.
    fn noise(&mut self) -> f64 {
        self.state = self
            .state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.state >> 33) as f64 / f64::from(1u32 << 30) - 1.0) * 0.6
    }

    fn packed(&self, samples: &[f64], frames: usize) -> gst::Buffer {
        let channels = self.info.channels() as usize;
        if self.info.layout() == gst_audio::AudioLayout::Interleaved {
            let mut bytes = Vec::new();
            samples.iter().for_each(|s| self.encode(*s, &mut bytes));
            return gst::Buffer::from_mut_slice(bytes);
        }
        let (mut bytes, mut offsets) = (Vec::new(), Vec::new());
        for channel in 0..channels {
            offsets.push(bytes.len());
            for sample in samples.iter().skip(channel).step_by(channels) {
                self.encode(*sample, &mut bytes);
            }
            bytes.extend(std::iter::repeat_n(0x7f, self.padding));
        }
        let mut buffer = gst::Buffer::from_mut_slice(bytes);
        let b = buffer.get_mut().unwrap();
        gst_audio::AudioMeta::add(b, &self.info, frames, &offsets).unwrap();
        buffer
    }

    fn encode(&self, sample: f64, bytes: &mut Vec<u8>) {
        use gst_audio::AudioFormat as F;
        let integer = |scale: f64| (sample * scale).round().clamp(-scale, scale - 1.0) as i32;
        match self.info.format() {
            F::S16le => bytes.extend(&integer(32_768.0).to_le_bytes()[..2]),
            F::S24le => bytes.extend(&integer(8_388_608.0).to_le_bytes()[..3]),
            F::S32le => bytes.extend(integer(2_147_483_648.0).to_le_bytes()),
            F::F32le => bytes.extend((sample as f32).to_le_bytes()),
            F::F64le => bytes.extend(sample.to_le_bytes()),
            other => panic!("no samples of format {other}"),
        }
    }
}
