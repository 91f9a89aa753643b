// SPDX-License-Identifier: MPL-2.0
//! How clips are encoded before the coded picture is damaged.

use clap::ValueEnum;

/// A codec, as users write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Codec {
    /// H.264 by x264enc, a picture in one slice
    H264,
    /// H.264 by x264enc, four slices a picture
    H264Slices,
    /// H.265 by x265enc
    H265,
    /// MPEG-2 by mpeg2enc, a slice each row of blocks, no B pictures
    Mpeg2,
}

impl Codec {
    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Self::H264 => "h264",
            Self::H264Slices => "h264-slices",
            Self::H265 => "h265",
            Self::Mpeg2 => "mpeg2",
        }
    }

    /// For people: decoded and coded again.
    pub fn baked_name(self) -> &'static str {
        match self {
            Self::H264 => "h264+",
            Self::H264Slices => "h264-slices+",
            Self::H265 => "h265+",
            Self::Mpeg2 => "mpeg2+",
        }
    }

    /// Encoder and parser, refreshed every second or half.
    pub fn chain(self, kbits: u32) -> String {
        let h264 = |slices: u32| {
            format!(
                "x264enc bitrate={kbits} key-int-max=25 speed-preset=veryfast threads=1 \
                 option-string=slices={slices}:sliced-threads=0 ! h264parse"
            )
        };
        match self {
            Self::H264 => h264(1),
            Self::H264Slices => h264(4),
            Self::H265 => {
                format!("x265enc bitrate={kbits} key-int-max=25 speed-preset=ultrafast ! h265parse")
            }
            // FFmpeg's encoder doesn't start in GStreamer 1.22. This one gives times in the order of coding: with B
            // pictures they'd be wrong, and other pictures would be compared after a loss.
            Self::Mpeg2 => format!(
                "mpeg2enc format=3 bitrate={kbits} min-gop-size=12 max-gop-size=12 b-per-refframe=0 constraints=false \
                 ! mpegvideoparse"
            ),
        }
    }
}
