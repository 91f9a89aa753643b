// SPDX-License-Identifier: MPL-2.0
//! A picture of a pipeline as a JPEG.

use gst_video::prelude::*;
use image::codecs::jpeg::JpegEncoder;

/// Fit to be looked at, and small.
const QUALITY: u8 = 80;

/// The picture in a sample, scaled down to that width if it is wider, in the shape in which it is shown, as a JPEG.
///
/// An error if it isn't a picture, or one that can't be converted.
pub fn jpeg(sample: &gst::Sample, width: u32) -> Result<Vec<u8>, String> {
    let caps = sample.caps().ok_or("a sample without caps")?;
    let buffer = sample.buffer().ok_or("a sample without a buffer")?;
    let from = gst_video::VideoInfo::from_caps(caps).map_err(|e| e.to_string())?;
    let to = shown(&from, width)?;
    // In this thread, by the library that GStreamer's own elements use.
    let converter = gst_video::VideoConverter::new(&from, &to, None).map_err(|e| e.to_string())?;
    let source = gst_video::VideoFrameRef::from_buffer_ref_readable(buffer, &from)
        .map_err(|_| "its memory can't be mapped as a picture")?;
    let memory = gst::Buffer::with_size(to.size()).map_err(|e| e.to_string())?;
    let mut picture = gst_video::VideoFrame::from_buffer_writable(memory, &to)
        .map_err(|_| "no memory for the picture")?;
    converter.frame_ref(&source, &mut picture.as_mut_video_frame_ref());
    encode(&picture)
}

/// RGB with square pixels.
fn shown(from: &gst_video::VideoInfo, width: u32) -> Result<gst_video::VideoInfo, String> {
    let aspect = from.par();
    let stretched = f64::from(from.width()) * f64::from(aspect.numer()) / f64::from(aspect.denom());
    let target = (stretched.round() as u32).clamp(1, width.max(1));
    let height = f64::from(from.height()) * f64::from(target) / stretched.max(1.0);
    let height = (height.round() as u32).max(1);
    gst_video::VideoInfo::builder(gst_video::VideoFormat::Rgb, target, height)
        .build()
        .map_err(|e| e.to_string())
}

fn encode(
    picture: &gst_video::VideoFrame<gst_video::video_frame::Writable>,
) -> Result<Vec<u8>, String> {
    let (width, height) = (picture.width(), picture.height());
    let stride = usize::try_from(picture.plane_stride()[0]).map_err(|e| e.to_string())?;
    let plane = picture.plane_data(0).map_err(|e| e.to_string())?;
    // Lines are padded to whole words.
    let line = width as usize * 3;
    let mut pixels = Vec::with_capacity(line * height as usize);
    for row in plane.chunks(stride).take(height as usize) {
        pixels.extend_from_slice(row.get(..line).ok_or("a line is too short")?);
    }
    let mut file = Vec::new();
    JpegEncoder::new_with_quality(&mut file, QUALITY)
        .encode(&pixels, width, height, image::ExtendedColorType::Rgb8)
        .map_err(|e| e.to_string())?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(caps: &str) -> gst::Sample {
        gst::init().unwrap();
        let caps: gst::Caps = caps.parse().unwrap();
        let info = gst_video::VideoInfo::from_caps(&caps).unwrap();
        let mut buffer = gst::Buffer::with_size(info.size()).unwrap();
        let bytes = buffer.get_mut().unwrap().map_writable();
        bytes.unwrap().fill(100);
        gst::Sample::builder().caps(&caps).buffer(&buffer).build()
    }

    #[test]
    fn any_picture_becomes_one_that_can_be_looked_at() {
        for (caps, size) in [
            ("video/x-raw,format=I420,width=1920,height=1080", (640, 360)),
            ("video/x-raw,format=v210,width=1280,height=720", (640, 360)),
            ("video/x-raw,format=I420_10LE,width=64,height=50", (64, 50)),
            ("video/x-raw,format=GRAY8,width=33,height=7", (33, 7)),
            (
                "video/x-raw,format=I420,width=720,height=576,pixel-aspect-ratio=16/11",
                (640, 352),
            ),
        ] {
            let file = jpeg(&picture(caps), 640).unwrap();
            let seen = image::load_from_memory(&file).unwrap();
            assert_eq!((seen.width(), seen.height()), size, "{caps}");
        }
    }

    #[test]
    fn what_is_no_picture_is_an_error() {
        gst::init().unwrap();
        assert!(jpeg(&gst::Sample::builder().build(), 640).is_err());
        let caps = gst::Caps::builder("audio/x-raw").build();
        let buffer = gst::Buffer::with_size(8).unwrap();
        let sound = gst::Sample::builder().caps(&caps).buffer(&buffer).build();
        assert!(jpeg(&sound, 640).is_err());
    }
}
