// SPDX-License-Identifier: MPL-2.0
//! Sound: caps, mapping, and the blocks that detectors see.

use super::{
    reader::{BufferContext, GstMedium},
    unreadable::{Unreadable, refuse_negative},
};
use crate::detector::Audio;
use crate::media::{
    Ns, SECOND, Span,
    sound::{AudioFormat, Block, Blocks, Position, SampleLayout, SampleType, Samples},
};

/// Limits of the contract: sound beyond them isn't analysed.
const MOST_CHANNELS: u32 = 64;
const RATES: std::ops::RangeInclusive<u32> = 8_000..=192_000;

/// The reader for sound of one format.
pub struct AudioReader {
    format: AudioFormat,
    blocks: Blocks,
}

impl GstMedium for Audio {
    type Reader = AudioReader;
    type BufferMeta = ();
    const CLASS: &'static str = "Filter/Analyzer/Audio";
    const ANALYSED_BACKWARDS: bool = false;
    const CAPS: &'static str = "audio/x-raw(ANY)";

    fn parse(caps: &gst::CapsRef) -> Result<(AudioFormat, AudioReader), Unreadable> {
        refuse_negative(caps)?;
        let info = gst_audio::AudioInfo::from_caps(caps)
            .map_err(|_| Unreadable::Caps(caps.to_string()))?;
        let format = format(&info)?;
        let reader = AudioReader {
            blocks: Blocks::new(&format),
            format: format.clone(),
        };
        Ok((format, reader))
    }

    fn read(
        reader: &mut AudioReader,
        source: &BufferContext<'_>,
        unit: &mut dyn FnMut(Span, Block<'_>),
    ) -> Result<Option<()>, Unreadable> {
        let map = source
            .buffer
            .map_readable()
            .map_err(|_| Unreadable::Unmappable(source.buffer.size()))?;
        let meta = source.buffer.meta::<gst_audio::AudioMeta>();
        let planes = meta.as_ref().map(|meta| (meta.offsets(), meta.samples()));
        let samples = samples(&reader.format, planes, &map)?;
        if source.buffer.flags().contains(gst::BufferFlags::DISCONT) {
            reader.blocks.mark_discontinuity();
        }
        reader.blocks.push(source.time(), &samples, unit);
        Ok(None)
    }

    fn span(reader: &AudioReader, source: &BufferContext<'_>) -> Option<Span> {
        let start = source.time().or(reader.blocks.position())?;
        let duration = source.duration();
        let duration = duration.unwrap_or_else(|| counted(reader, source.buffer));
        Some(Span::new(start, start.saturating_add(duration)))
    }

    fn skip(reader: &mut AudioReader, to: Ns) {
        reader.blocks.skip(to);
    }

    fn reset(reader: &mut AudioReader) {
        reader.blocks.reset();
    }

    fn attach(_: &mut gst::Buffer, (): ()) {}
}

/// How long a buffer lasts by its samples.
pub fn counted(reader: &AudioReader, buffer: &gst::BufferRef) -> Ns {
    let frame = reader.format.sample.bytes() * reader.format.channels;
    // Planes may have padding, which only the meta tells.
    let samples = match buffer.meta::<gst_audio::AudioMeta>() {
        Some(meta) => meta.samples() as u64,
        None => buffer.size() as u64 / frame.max(1) as u64,
    };
    (u128::from(samples) * u128::from(SECOND) / u128::from(reader.format.rate.max(1))) as Ns
}

/// `planes`: where the buffer says that its planes start, and how many samples each has.
fn samples<'a>(
    format: &AudioFormat,
    planes: Option<(&'a [usize], usize)>,
    data: &'a [u8],
) -> Result<Samples<'a>, Unreadable> {
    match (format.layout, planes) {
        (SampleLayout::Planar, Some((offsets, frames))) => {
            Samples::planar(format, data, offsets, frames)
                .map_err(|e| Unreadable::Planes(e.to_string()))
        }
        _ => Ok(Samples::packed(format, data)),
    }
}

fn format(info: &gst_audio::AudioInfo) -> Result<AudioFormat, Unreadable> {
    use gst_audio::AudioFormat as F;
    let sample = match info.format() {
        F::S16le => SampleType::S16,
        F::S24le => SampleType::S24,
        F::S32le => SampleType::S32,
        F::F32le => SampleType::F32,
        F::F64le => SampleType::F64,
        other => {
            return Err(Unreadable::Format(format!(
                "sound of format {other} isn't known; convert it with audioconvert"
            )));
        }
    };
    if !RATES.contains(&info.rate()) {
        return Err(Unreadable::Format(format!(
            "a rate of {} Hz; {} to {} can be read",
            info.rate(),
            RATES.start(),
            RATES.end()
        )));
    }
    if !(1..=MOST_CHANNELS).contains(&info.channels()) {
        return Err(Unreadable::Format(format!(
            "{} channels; 1 to {MOST_CHANNELS} can be read",
            info.channels()
        )));
    }
    let channels = info.channels() as usize;
    let mut positions: Vec<Position> = info
        .positions()
        .unwrap_or_default()
        .iter()
        .copied()
        .map(position)
        .collect();
    positions.resize(channels, Position::Unpositioned);
    Ok(AudioFormat {
        sample,
        layout: match info.layout() {
            gst_audio::AudioLayout::NonInterleaved => SampleLayout::Planar,
            _ => SampleLayout::Interleaved,
        },
        rate: info.rate(),
        channels,
        positions,
    })
}

fn position(position: gst_audio::AudioChannelPosition) -> Position {
    use gst_audio::AudioChannelPosition as P;
    match position {
        P::Mono => Position::Mono,
        P::FrontLeft => Position::FrontLeft,
        P::FrontRight => Position::FrontRight,
        P::FrontCenter => Position::FrontCenter,
        P::Lfe1 | P::Lfe2 => Position::Lfe,
        P::RearLeft | P::SurroundLeft => Position::RearLeft,
        P::RearRight | P::SurroundRight => Position::RearRight,
        P::RearCenter => Position::RearCenter,
        P::FrontLeftOfCenter => Position::FrontLeftOfCenter,
        P::FrontRightOfCenter => Position::FrontRightOfCenter,
        P::SideLeft => Position::SideLeft,
        P::SideRight => Position::SideRight,
        P::TopFrontLeft => Position::TopFrontLeft,
        P::TopFrontRight => Position::TopFrontRight,
        P::TopRearLeft => Position::TopRearLeft,
        P::TopRearRight => Position::TopRearRight,
        P::TopSideLeft => Position::TopSideLeft,
        P::TopSideRight => Position::TopSideRight,
        P::None => Position::Unpositioned,
        _ => Position::Other,
    }
}
