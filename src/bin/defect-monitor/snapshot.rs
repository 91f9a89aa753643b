// SPDX-License-Identifier: MPL-2.0
//! A picture of a pipeline as a JPEG.

use gst_video::prelude::*;
use gst_video::video_frame::Writable;
use gst_video::{
    VideoConverter, VideoConverterConfig, VideoFormat, VideoFrame, VideoFrameRef, VideoInfo,
    VideoResamplerMethod,
};
use image::codecs::jpeg::JpegEncoder;
use image::{ImageBuffer, imageops};

/// Quality of the JPEG: good enough to look at, and small.
const QUALITY: u8 = 80;

/// A picture in RGB, a byte for each colour.
#[derive(Debug, Clone)]
pub struct Rgb {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Row by row, without padding.
    pub pixels: Vec<u8>,
}

impl Rgb {
    /// The picture scaled down to that width, if it is wider.
    pub fn scaled(&self, width: u32) -> Option<Self> {
        let width = width.clamp(1, self.width);
        let height = u64::from(self.height) * u64::from(width) / u64::from(self.width);
        let height = u32::try_from(height).ok()?.max(1);
        let picture = ImageBuffer::<image::Rgb<u8>, _>::from_raw(
            self.width,
            self.height,
            self.pixels.as_slice(),
        )?;
        let pixels = imageops::thumbnail(&picture, width, height).into_raw();
        Some(Self {
            width,
            height,
            pixels,
        })
    }

    /// The picture as a JPEG.
    pub fn jpeg(&self) -> Result<Vec<u8>, String> {
        let mut file = Vec::new();
        JpegEncoder::new_with_quality(&mut file, QUALITY)
            .encode(
                &self.pixels,
                self.width,
                self.height,
                image::ExtendedColorType::Rgb8,
            )
            .map_err(|e| e.to_string())?;
        Ok(file)
    }
}

/// The picture in a sample, scaled down to that width if it is wider, in the shape in which it is shown, as a JPEG.
///
/// An error if it isn't a picture, or one that can't be converted.
#[cfg(feature = "service")]
pub fn jpeg(sample: &gst::Sample, width: u32) -> Result<Vec<u8>, String> {
    scaled(sample, width)?.jpeg()
}

/// The picture in a sample, scaled down to that width if it is wider, in the shape in which it is shown.
///
/// An error if it isn't a picture, or one that can't be converted.
pub fn scaled(sample: &gst::Sample, width: u32) -> Result<Rgb, String> {
    let caps = sample.caps().ok_or("a sample without caps")?;
    let buffer = sample.buffer().ok_or("a sample without a buffer")?;
    let stream = VideoInfo::from_caps(caps).map_err(|e| e.to_string())?;
    let from = still(&stream).map_err(|e| e.to_string())?;
    let to = shown(&stream, width)?;
    let source = VideoFrameRef::from_buffer_ref_readable(buffer, &from)
        .map_err(|_| "its memory can't be mapped as a picture")?;
    // In two steps, since the library scales most formats of 8 bits as they are much faster than on the way to another.
    let small = small(&from, &to).map_err(|e| e.to_string())?;
    let small = converted(&source, &small)?;
    rgb(&converted(&small.as_video_frame_ref(), &to)?)
}

/// A picture in another format or size, by the library that GStreamer's own elements use, in this thread.
fn converted<T>(from: &VideoFrameRef<T>, to: &VideoInfo) -> Result<VideoFrame<Writable>, String> {
    let mut config = VideoConverterConfig::new();
    config.set_resampler_method(VideoResamplerMethod::Linear);
    let converter =
        VideoConverter::new(from.info(), to, Some(config)).map_err(|e| e.to_string())?;
    let memory = gst::Buffer::with_size(to.size()).map_err(|e| e.to_string())?;
    let mut picture =
        VideoFrame::from_buffer_writable(memory, to).map_err(|_| "no memory for the picture")?;
    converter.frame_ref(from, &mut picture.as_mut_video_frame_ref());
    Ok(picture)
}

/// The format of a stream at another size.
fn small(from: &VideoInfo, to: &VideoInfo) -> Result<VideoInfo, gst::glib::BoolError> {
    VideoInfo::builder(from.format(), to.width(), to.height())
        .colorimetry(&from.colorimetry())
        .chroma_site(from.chroma_site())
        .build()
}

/// One picture of a stream by itself: the same memory, but progressive and without a frame rate, since the converter changes neither.
/// A buffer of alternate fields holds one field, of half the height.
fn still(stream: &VideoInfo) -> Result<VideoInfo, gst::glib::BoolError> {
    let height = match stream.interlace_mode() {
        gst_video::VideoInterlaceMode::Alternate => stream.field_height(),
        _ => stream.height(),
    };
    VideoInfo::builder(stream.format(), stream.width(), height)
        .colorimetry(&stream.colorimetry())
        .chroma_site(stream.chroma_site())
        .offset(stream.offset())
        .stride(stream.stride())
        .build()
}

/// RGB with square pixels, as high as the whole frame.
fn shown(from: &VideoInfo, width: u32) -> Result<VideoInfo, String> {
    let aspect = from.par();
    let stretched = f64::from(from.width()) * f64::from(aspect.numer()) / f64::from(aspect.denom());
    let target = (stretched.round() as u32).clamp(1, width.max(1));
    let height = f64::from(from.height()) * f64::from(target) / stretched.max(1.0);
    let height = (height.round() as u32).max(1);
    VideoInfo::builder(VideoFormat::Rgb, target, height)
        .build()
        .map_err(|e| e.to_string())
}

fn rgb(picture: &VideoFrame<Writable>) -> Result<Rgb, String> {
    let (width, height) = (picture.width(), picture.height());
    let stride = usize::try_from(picture.plane_stride()[0]).map_err(|e| e.to_string())?;
    let plane = picture.plane_data(0).map_err(|e| e.to_string())?;
    // Lines are padded to whole words.
    let line = width as usize * 3;
    let mut pixels = Vec::with_capacity(line * height as usize);
    for row in plane.chunks(stride).take(height as usize) {
        pixels.extend_from_slice(row.get(..line).ok_or("a line is too short")?);
    }
    Ok(Rgb {
        width,
        height,
        pixels,
    })
}

#[cfg(feature = "service")]
#[cfg(test)]
mod tests {
    use super::*;

    /// A grey picture.
    fn picture(caps: &str) -> gst::Sample {
        gst::init().unwrap();
        let caps: gst::Caps = caps.parse().unwrap();
        let info = VideoInfo::from_caps(&caps).unwrap();
        let mut buffer = gst::Buffer::with_size(info.size()).unwrap();
        let bytes = buffer.get_mut().unwrap().map_writable();
        bytes.unwrap().fill(100);
        gst::Sample::builder().caps(&caps).buffer(&buffer).build()
    }

    #[test]
    fn any_picture_becomes_one_that_can_be_looked_at() {
        let sizes = [
            ("format=I420,width=1920,height=1080", (640, 360)),
            ("format=v210,width=1280,height=720", (640, 360)),
            ("format=I420_10LE,width=64,height=50", (64, 50)),
            ("format=GRAY8,width=33,height=7", (33, 7)),
            ("format=NV12,width=351,height=287", (351, 287)),
            ("format=UYVY,width=720,height=486", (640, 432)),
            ("format=RGB,width=99,height=98", (99, 98)),
            ("format=BGRx,width=640,height=480", (640, 480)),
            (
                "format=I420,width=720,height=576,pixel-aspect-ratio=16/11",
                (640, 352),
            ),
        ];
        let ways = [
            "",
            "framerate=0/1",
            "framerate=25/1",
            "framerate=60000/1001",
            "framerate=0/1,max-framerate=50/1",
            "framerate=25/1,interlace-mode=interleaved,field-order=top-field-first",
            "framerate=30000/1001,interlace-mode=mixed",
            "framerate=25/1,interlace-mode=fields",
        ];
        for (caps, size) in sizes {
            for way in ways {
                let caps = format!("video/x-raw,{caps},{way}");
                let file = jpeg(&picture(caps.trim_end_matches(',')), 640);
                let file = file.unwrap_or_else(|why| panic!("{caps}: {why}"));
                let seen = image::load_from_memory(&file).unwrap();
                assert_eq!((seen.width(), seen.height()), size, "{caps}");
            }
        }
    }

    #[test]
    fn colours_stay_and_a_smaller_one_is_the_same_picture() {
        gst::init().unwrap();
        let caps = "format=I420,width=1280,height=720,colorimetry=bt709,framerate=25/1";
        let caps: gst::Caps = format!("video/x-raw,{caps}").parse().unwrap();
        // Red on the left, white on the right.
        let mut bytes = Vec::new();
        for (width, height, left, right) in [
            (1280, 720, 63, 235),
            (640, 360, 102, 128),
            (640, 360, 240, 128),
        ] {
            for _ in 0..height {
                bytes.extend(std::iter::repeat_n(left, width / 2));
                bytes.extend(std::iter::repeat_n(right, width / 2));
            }
        }
        let buffer = gst::Buffer::from_slice(bytes);
        let sample = gst::Sample::builder().caps(&caps).buffer(&buffer).build();
        let large = scaled(&sample, 480).unwrap();
        let small = large.scaled(128).unwrap();
        for (picture, width, height) in [(large, 480, 270), (small, 128, 72)] {
            assert_eq!((picture.width, picture.height), (width, height));
            for (x, colour) in [(width / 4, [255, 0, 0]), (width * 3 / 4, [255; 3])] {
                let at = (height / 2 * width + x) as usize * 3;
                let seen = &picture.pixels[at..at + 3];
                let off = seen.iter().zip(colour).map(|(a, b)| a.abs_diff(b)).max();
                assert!(off <= Some(3), "{width} {x}: {seen:?}");
            }
        }
    }

    #[test]
    fn an_alternate_field_is_shown_at_the_height_of_the_frame() {
        for (format, height) in [("I420", 576), ("NV12", 577), ("UYVY", 486)] {
            let caps = format!(
                "video/x-raw(format:Interlaced),format={format},width=720,height={height},\
                 framerate=25/1,interlace-mode=alternate"
            );
            let file = jpeg(&picture(&caps), 720).unwrap_or_else(|why| panic!("{caps}: {why}"));
            let seen = image::load_from_memory(&file).unwrap();
            assert_eq!((seen.width(), seen.height()), (720, height), "{caps}");
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
