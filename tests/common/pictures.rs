// SPDX-License-Identifier: MPL-2.0
//! Pictures in every format of the contract, the same content in each.

use gst_video::{VideoFrameExt, VideoFrameRef, VideoInfo, prelude::*};

/// Law 3 of the contract.
pub const VIDEO_FORMATS: [&str; 23] = [
    "GRAY8",
    "I420",
    "YV12",
    "NV12",
    "NV21",
    "NV16",
    "Y42B",
    "Y444",
    "YUY2",
    "UYVY",
    "AYUV",
    "RGB",
    "BGR",
    "RGBA",
    "BGRA",
    "RGBx",
    "BGRx",
    "GRAY16_LE",
    "I420_10LE",
    "I422_10LE",
    "Y444_10LE",
    "P010_10LE",
    "v210",
];

/// What a picture shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Look {
    /// Nominal black.
    Black,
    /// Grey of that luma, 0 to 1 from nominal black to white.
    Grey(f64),
    /// Coarse grey noise, another one in each picture.
    Noise,
    /// Coarse grey noise, always the same.
    Still,
}

/// A stream of pictures of one format; `time` is where the next one starts.
pub struct Pictures {
    pub info: VideoInfo,
    /// Bytes added to each line, filled with white, as a `VideoMeta` says.
    pub padding: usize,
    pub time: u64,
    pub duration: u64,
    count: u32,
}

/// The content is painted in this format, then converted.
const MASTER: gst_video::VideoFormat = gst_video::VideoFormat::Y444;

impl Pictures {
    /// Progressive, 25 pictures a second.
    pub fn new(format: &str, width: u32, height: u32) -> Self {
        super::init();
        let format: gst_video::VideoFormat = format.parse().unwrap();
        let info = VideoInfo::builder(format, width, height)
            .fps(gst::Fraction::new(25, 1))
            .build()
            .unwrap();
        Self::of(info)
    }

    /// As the caps say.
    pub fn from_caps(caps: &gst::Caps) -> Self {
        super::init();
        Self::of(VideoInfo::from_caps(caps).unwrap())
    }

    fn of(info: VideoInfo) -> Self {
        Self {
            info,
            padding: 0,
            time: 0,
            duration: 40_000_000,
            count: 0,
        }
    }

    /// With padding.
    pub fn padded(mut self, bytes: usize) -> Self {
        self.padding = bytes;
        self
    }

    pub fn caps(&self) -> gst::Caps {
        self.info.to_caps().unwrap()
    }

    /// The next picture.
    pub fn buffer(&mut self, look: Look) -> gst::Buffer {
        self.count += 1;
        let master = self.paint(look);
        let mut buffer = self.converted(&master);
        if self.padding > 0 {
            buffer = self.spread(&buffer);
        }
        let b = buffer.get_mut().unwrap();
        b.set_pts(gst::ClockTime::from_nseconds(self.time));
        b.set_duration(gst::ClockTime::from_nseconds(self.duration));
        self.time += self.duration;
        buffer
    }

    /// The same colorimetry, for not every converter minds a difference; RGB comes from GStreamer's default.
    fn master_info(&self) -> VideoInfo {
        let mut builder = VideoInfo::builder(MASTER, self.info.width(), self.info.height())
            .fps(self.info.fps())
            .interlace_mode(self.info.interlace_mode());
        let colorimetry = self.info.colorimetry();
        if !self.info.format_info().is_rgb() {
            builder = builder.colorimetry(&colorimetry);
        }
        builder.build().unwrap()
    }

    /// The codes of black and white.
    fn levels(&self) -> (f64, f64) {
        match self.master_info().colorimetry().range() {
            gst_video::VideoColorRange::Range0_255 => (0.0, 255.0),
            _ => (16.0, 235.0),
        }
    }

    fn paint(&self, look: Look) -> gst::Buffer {
        let info = self.master_info();
        let (width, height, stride) = (
            info.width() as usize,
            info.height() as usize,
            info.stride()[0] as usize,
        );
        let mut bytes = vec![128; info.size()];
        let (black, white) = self.levels();
        let seed = if look == Look::Still { 0 } else { self.count };
        for (y, line) in bytes.chunks_mut(stride).take(height).enumerate() {
            for (x, luma) in line[..width].iter_mut().enumerate() {
                let level = match look {
                    Look::Black => 0.0,
                    Look::Grey(level) => level,
                    // Blocks of 4x4, so that no format's chroma or filter blurs them away.
                    Look::Noise | Look::Still => {
                        f64::from(hash(x as u32 / 4, y as u32 / 4, seed) % 256) / 255.0
                    }
                };
                *luma = (black + level * (white - black)).round() as u8;
            }
        }
        gst::Buffer::from_mut_slice(bytes)
    }

    fn converted(&self, master: &gst::Buffer) -> gst::Buffer {
        let from = self.master_info();
        let mut config = gst_video::VideoConverterConfig::new();
        config.set_dither_method(gst_video::VideoDitherMethod::None);
        let converter = gst_video::VideoConverter::new(&from, &self.info, Some(config)).unwrap();
        let mut buffer = gst::Buffer::with_size(self.info.size()).unwrap();
        let source = VideoFrameRef::from_buffer_ref_readable(master, &from).unwrap();
        let target = buffer.get_mut().unwrap();
        let mut target = VideoFrameRef::from_buffer_ref_writable(target, &self.info).unwrap();
        converter.frame_ref(&source, &mut target);
        drop(target);
        buffer
    }

    /// The same picture with lines further apart, white in between.
    fn spread(&self, buffer: &gst::Buffer) -> gst::Buffer {
        let frame = VideoFrameRef::from_buffer_ref_readable(buffer, &self.info).unwrap();
        let (mut bytes, mut offsets, mut strides) = (vec![0xff; 32], Vec::new(), Vec::new());
        for plane in 0..frame.n_planes() {
            let stride = frame.plane_stride()[plane as usize] as usize;
            offsets.push(bytes.len());
            strides.push((stride + self.padding) as i32);
            for line in frame.plane_data(plane).unwrap().chunks_exact(stride) {
                bytes.extend_from_slice(line);
                bytes.extend(std::iter::repeat_n(0xff, self.padding));
            }
        }
        let mut spread = gst::Buffer::from_mut_slice(bytes);
        gst_video::VideoMeta::add_full(
            spread.get_mut().unwrap(),
            gst_video::VideoFrameFlags::empty(),
            self.info.format(),
            self.info.width(),
            self.info.height(),
            &offsets,
            &strides,
        )
        .unwrap();
        spread
    }
}

/// A number that looks like chance.
fn hash(x: u32, y: u32, z: u32) -> u32 {
    let mut h =
        x.wrapping_mul(0x9e37_79b1) ^ y.wrapping_mul(0x85eb_ca77) ^ z.wrapping_mul(0xc2b2_ae3d);
    h ^= h >> 15;
    h = h.wrapping_mul(0x2c1b_3c6d);
    h ^ (h >> 12)
}
