// SPDX-License-Identifier: MPL-2.0
//! The samples of one buffer, borrowed as bytes.

use super::{AudioFormat, SampleLayout, SampleType};

/// Largest magnitude that a sample can have, 24 dB over full scale: more headroom than any mixer has. Beyond it a float is no level (a
/// wrong format, infinity) and is clipped to full scale, as a converter would, so that one such sample doesn't make the programme loud.
const LIMIT: f64 = 16.0;

/// The samples of one buffer.
#[derive(Debug, Clone, Copy)]
pub struct Samples<'a> {
    data: &'a [u8],
    planes: Planes<'a>,
    frames: usize,
    sample: SampleType,
}

/// Where the channels lie.
#[derive(Debug, Clone, Copy)]
enum Planes<'a> {
    /// Interleaved: each frame has that many bytes.
    Interleaved(usize),
    /// Planes of that many bytes, one right after the other.
    Even(usize),
    /// Planes that begin at these bytes.
    At(&'a [usize]),
}

/// Why a buffer can't be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SamplesError {
    expected: usize,
    found: usize,
}

impl std::fmt::Display for SamplesError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "the planes need {} bytes, the buffer has {}",
            self.expected, self.found
        )
    }
}

impl std::error::Error for SamplesError {}

impl<'a> Samples<'a> {
    /// Interleaved samples; what is left over after the last whole frame is ignored.
    pub fn interleaved(format: &AudioFormat, data: &'a [u8]) -> Self {
        let frame = format.sample.bytes() * format.channels.max(1);
        Self {
            data,
            planes: Planes::Interleaved(frame),
            frames: data.len() / frame,
            sample: format.sample,
        }
    }

    /// Planes of `frames` samples that start at these bytes, one for each channel.
    pub fn planar(
        format: &AudioFormat,
        data: &'a [u8],
        offsets: &'a [usize],
        frames: usize,
    ) -> Result<Self, SamplesError> {
        let length = frames.saturating_mul(format.sample.bytes());
        let expected = offsets
            .iter()
            .map(|o| o.saturating_add(length))
            .max()
            .unwrap_or(0);
        if expected > data.len() || offsets.len() != format.channels {
            return Err(SamplesError {
                expected,
                found: data.len(),
            });
        }
        Ok(Self {
            data,
            planes: Planes::At(offsets),
            frames,
            sample: format.sample,
        })
    }

    /// The samples of a buffer that doesn't say where its planes are: one right after the other.
    pub fn packed(format: &AudioFormat, data: &'a [u8]) -> Self {
        let samples = Self::interleaved(format, data);
        match format.layout {
            SampleLayout::Interleaved => samples,
            SampleLayout::Planar => Self {
                planes: Planes::Even(samples.frames * format.sample.bytes()),
                ..samples
            },
        }
    }

    /// Samples per channel.
    pub fn frames(&self) -> usize {
        self.frames
    }

    /// Copies samples of a channel from `from` on into `out`, full scale = 1. What isn't a number becomes 0.
    pub fn read(&self, channel: usize, from: usize, out: &mut [f32]) {
        let bytes = self.sample.bytes();
        let (start, step) = match self.planes {
            Planes::Interleaved(frame) => (channel * bytes + from * frame, frame),
            Planes::Even(plane) => (channel * plane + from * bytes, bytes),
            Planes::At(offsets) => (
                offsets
                    .get(channel)
                    .map_or(usize::MAX, |o| o + from * bytes),
                bytes,
            ),
        };
        let data = self.data.get(start..).unwrap_or_default();
        match self.sample {
            SampleType::S16 => fill(data, step, out, |b: [u8; 2]| {
                f32::from(i16::from_le_bytes(b)) / 32_768.0
            }),
            SampleType::S24 => fill(data, step, out, |[a, b, c]: [u8; 3]| {
                (i32::from_le_bytes([0, a, b, c]) >> 8) as f32 / 8_388_608.0
            }),
            SampleType::S32 => fill(data, step, out, |b: [u8; 4]| {
                i32::from_le_bytes(b) as f32 / 2_147_483_648.0
            }),
            SampleType::F32 => fill(data, step, out, |b: [u8; 4]| {
                clamped_f32(f32::from_le_bytes(b))
            }),
            SampleType::F64 => fill(data, step, out, |b: [u8; 8]| clamped(f64::from_le_bytes(b))),
        }
    }
}

fn fill<const N: usize>(
    data: &[u8],
    step: usize,
    out: &mut [f32],
    convert: impl Fn([u8; N]) -> f32,
) {
    // Planes and stereo are what there is most of: with a step that is known beforehand vectors can be used.
    if step == N {
        stride(data, N, out, convert);
    } else if step == 2 * N {
        stride(data, 2 * N, out, convert);
    } else {
        stride(data, step, out, convert);
    }
}

#[inline(always)]
fn stride<const N: usize>(
    data: &[u8],
    step: usize,
    out: &mut [f32],
    convert: impl Fn([u8; N]) -> f32,
) {
    let frames = data.chunks_exact(step);
    // The last may be cut short: behind its sample there is nothing of it left.
    let last = frames.len();
    for (value, bytes) in out.iter_mut().zip(frames) {
        *value = bytes.first_chunk::<N>().map_or(0.0, |b| convert(*b));
    }
    let rest = data.get(last * step..).and_then(<[u8]>::first_chunk::<N>);
    if let (Some(value), Some(bytes)) = (out.get_mut(last), rest) {
        *value = convert(*bytes);
    }
}

/// A number within the limit.
fn clamped(value: f64) -> f32 {
    if value.is_nan() {
        0.0
    } else if value.abs() > LIMIT {
        value.signum() as f32
    } else {
        value as f32
    }
}

/// The same, without a detour.
fn clamped_f32(value: f32) -> f32 {
    if value.is_nan() {
        0.0
    } else if value.abs() > LIMIT as f32 {
        value.signum()
    } else {
        value
    }
}
