// SPDX-License-Identifier: MPL-2.0
//! Sound: caps, mapping, and the blocks that detectors see.

use super::medium::{GstMedium, Source};
use crate::detector::Audio;
use crate::media::{
    Ns, SECOND, Span,
    sound::{AudioFormat, Block, Blocks, Position, SampleLayout, SampleType, Samples},
};

/// Law 3 of the contract: more is not promised, so not pretended either.
const MOST_CHANNELS: u32 = 64;
const RATES: std::ops::RangeInclusive<u32> = 8_000..=192_000;

/// What it takes to read the sound of one format.
pub struct Feed {
    format: AudioFormat,
    blocks: Blocks,
}

impl GstMedium for Audio {
    type Feed = Feed;
    type Mark = ();
    const CLASS: &'static str = "Filter/Analyzer/Audio";
    const CAPS: &'static str = "audio/x-raw(ANY)";
    const HAS_CHANNELS: bool = true;

    fn parse(caps: &gst::CapsRef) -> Result<(AudioFormat, Feed), String> {
        let info = gst_audio::AudioInfo::from_caps(caps)
            .map_err(|_| format!("caps without a known sound format: {caps}"))?;
        let format = format(&info)?;
        let feed = Feed {
            blocks: Blocks::new(&format),
            format: format.clone(),
        };
        Ok((format, feed))
    }

    fn read(
        feed: &mut Feed,
        source: &Source<'_>,
        unit: &mut dyn FnMut(Span, Block<'_>),
    ) -> Result<Option<()>, String> {
        let map = source
            .buffer
            .map_readable()
            .map_err(|_| "its memory can't be mapped".to_owned())?;
        let meta = source.buffer.meta::<gst_audio::AudioMeta>();
        let planes = meta.as_ref().map(|meta| (meta.offsets(), meta.samples()));
        let samples = samples(&feed.format, planes, &map)?;
        if source.buffer.flags().contains(gst::BufferFlags::DISCONT) {
            feed.blocks.mark_discontinuity();
        }
        feed.blocks.push(source.time(), &samples, unit);
        Ok(None)
    }

    fn span(feed: &Feed, source: &Source<'_>) -> Option<Span> {
        let start = source.time().or(feed.blocks.position())?;
        let duration = source.duration();
        let duration = duration.unwrap_or_else(|| counted(feed, source.buffer));
        Some(Span::new(start, start.saturating_add(duration)))
    }

    fn skip(feed: &mut Feed, to: Ns) {
        feed.blocks.skip(to);
    }

    fn reset(feed: &mut Feed) {
        feed.blocks.reset();
    }

    fn attach(_: &mut gst::Buffer, (): ()) {}
}

/// How long a buffer lasts by its samples.
pub fn counted(feed: &Feed, buffer: &gst::BufferRef) -> Ns {
    let frame = feed.format.sample.bytes() * feed.format.channels;
    // Planes may have padding, of which the meta knows.
    let samples = match buffer.meta::<gst_audio::AudioMeta>() {
        Some(meta) => meta.samples() as u64,
        None => buffer.size() as u64 / frame.max(1) as u64,
    };
    (u128::from(samples) * u128::from(SECOND) / u128::from(feed.format.rate.max(1))) as Ns
}

/// `planes`: where the buffer says that its planes start, and how many samples each has.
fn samples<'a>(
    format: &AudioFormat,
    planes: Option<(&'a [usize], usize)>,
    data: &'a [u8],
) -> Result<Samples<'a>, String> {
    match (format.layout, planes) {
        (SampleLayout::Planar, Some((offsets, frames))) => {
            Samples::planar(format, data, offsets, frames).map_err(|e| e.to_string())
        }
        _ => Ok(Samples::packed(format, data)),
    }
}

fn format(info: &gst_audio::AudioInfo) -> Result<AudioFormat, String> {
    use gst_audio::AudioFormat as F;
    let sample = match info.format() {
        F::S16le => SampleType::S16,
        F::S24le => SampleType::S24,
        F::S32le => SampleType::S32,
        F::F32le => SampleType::F32,
        F::F64le => SampleType::F64,
        other => {
            return Err(format!(
                "sound of format {other} isn't known; convert it with audioconvert"
            ));
        }
    };
    if !RATES.contains(&info.rate()) {
        return Err(format!(
            "a rate of {} Hz; {} to {} can be read",
            info.rate(),
            RATES.start(),
            RATES.end()
        ));
    }
    if !(1..=MOST_CHANNELS).contains(&info.channels()) {
        return Err(format!(
            "{} channels; 1 to {MOST_CHANNELS} can be read",
            info.channels()
        ));
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
