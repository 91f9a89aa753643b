// SPDX-License-Identifier: MPL-2.0
//! Video caps as a format.

use super::super::unreadable::Unreadable;
use crate::media::{
    Ns,
    picture::{Layout, Matrix, Range, Transfer, VideoFormat},
};

/// Memory that is passed on by a kernel handle. Some can be mapped, but the exporter doesn't say at what speed.
const DMABUF: &str = "memory:DMABuf";

/// Accepts only memory that the CPU can read at full speed: reading back from a GPU would stall the stream.
pub fn check_memory(caps: &gst::CapsRef) -> Result<(), Unreadable> {
    let foreign = |f: &gst::CapsFeaturesRef| {
        !f.is_any()
            && f.iter().any(|name| {
                name.as_str().starts_with("memory:")
                    && name.as_str() != gst::CAPS_FEATURE_MEMORY_SYSTEM_MEMORY.as_str()
            })
    };
    match caps.features(0) {
        Some(features) if features.contains(DMABUF) => Err(Unreadable::MemoryType(format!(
            "pictures in {features} aren't analysed: the CPU may read them only slowly or not at all; have the source deliver system \
            memory \
             (video/x-raw without {DMABUF}; for v4l2src io-mode=mmap), or put the detectors before the element that exports the buffers"
        ))),
        Some(features) if foreign(features) => Err(Unreadable::MemoryType(format!(
            "pictures in {features} aren't analysed: the CPU can't read them; put the detectors before the upload, or behind a download"
        ))),
        _ => Ok(()),
    }
}

/// The format of these caps; an error if it can't be read.
pub fn format(caps: &gst::CapsRef, info: &gst_video::VideoInfo) -> Result<VideoFormat, Unreadable> {
    let colorimetry = info.colorimetry();
    let layout = Layout::from_name(info.format().to_str().as_str()).ok_or_else(|| {
        Unreadable::Format(format!("pictures of format {} aren't known", info.format()))
    })?;
    let rgb = info.format_info().is_rgb();
    Ok(VideoFormat {
        layout,
        width: info.width() as usize,
        height: lines(info),
        range: match declared_range(caps).unwrap_or(colorimetry.range()) {
            gst_video::VideoColorRange::Range0_255 => Range::Full,
            gst_video::VideoColorRange::Range16_235 => Range::Limited,
            _ if rgb => Range::Full,
            _ => Range::Limited,
        },
        matrix: match colorimetry.matrix() {
            gst_video::VideoColorMatrix::Bt709 => Matrix::Bt709,
            gst_video::VideoColorMatrix::Bt2020 => Matrix::Bt2020,
            gst_video::VideoColorMatrix::Bt601 => Matrix::Bt601,
            // By the size of the picture, as GStreamer does: over 576 lines it is HD.
            _ if info.height() > 576 => Matrix::Bt709,
            _ => Matrix::Bt601,
        },
        transfer: match colorimetry.transfer() {
            gst_video::VideoTransferFunction::Smpte2084 => Transfer::Pq,
            gst_video::VideoTransferFunction::AribStdB67 => Transfer::Hlg,
            gst_video::VideoTransferFunction::Srgb => Transfer::Srgb,
            gst_video::VideoTransferFunction::Unknown if rgb => Transfer::Srgb,
            _ => Transfer::Sdr,
        },
        frame_duration: frame_duration(info),
    })
}

/// The range in caps that say no more of the colours: then GStreamer takes them for unknown, and the range for limited.
fn declared_range(caps: &gst::CapsRef) -> Option<gst_video::VideoColorRange> {
    let text = caps.structure(0)?.get::<&str>("colorimetry").ok()?;
    let declared = text.parse::<gst_video::VideoColorimetry>().ok()?;
    Some(declared.range()).filter(|range| *range != gst_video::VideoColorRange::Unknown)
}

/// Lines that a buffer holds: those of a field where each has a buffer of its own.
pub fn lines(info: &gst_video::VideoInfo) -> usize {
    let lines = if info.interlace_mode() == gst_video::VideoInterlaceMode::Alternate {
        info.field_height()
    } else {
        info.height()
    };
    lines as usize
}

fn frame_duration(info: &gst_video::VideoInfo) -> Option<Ns> {
    let (n, d) = (
        u64::try_from(info.fps().numer()).ok()?,
        u64::try_from(info.fps().denom()).ok()?,
    );
    (n > 0).then(|| d * crate::media::SECOND / n)
}
