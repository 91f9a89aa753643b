// SPDX-License-Identifier: MPL-2.0
//! Makes a programme to measure with, for users who have none at hand.

use std::ffi::OsString;
use std::time::Duration;

use super::super::pipeline::{launch, run, set};
use super::super::scratch::Scratch;

/// Encoders, of which one is enough, with 6 Mbit/s; and where they come from.
const PICTURES: &[&str] = &[
    "x264enc bitrate=6000 speed-preset=faster key-int-max=50",
    "openh264enc bitrate=6000000 gop-size=50",
];
const SOUND: &[&str] = &["avenc_aac", "voaacenc", "fdkaacenc"];

/// Makes a file of 1080p25 and stereo; returns its path.
///
/// Every pixel moves, so that the 6 Mbit/s are needed, and decoding costs as much as that of a real programme of that
/// rate.
pub fn programme(length: Duration, scratch: &Scratch) -> Result<OsString, String> {
    let (pictures, sound) = (first(PICTURES)?, first(SOUND)?);
    let path = scratch.file("made-1080p25.mp4");
    let pipeline = launch(&format!(
        "mp4mux name=mux ! filesink name=to \
         videotestsrc num-buffers={} pattern=zone-plate kx2=12 ky2=8 kt=1 kxt=1 \
         ! video/x-raw,format=I420,width=1920,height=1080,framerate=25/1 ! {pictures} ! h264parse ! queue ! mux. \
         audiotestsrc num-buffers={} wave=pink-noise volume=0.1 ! audio/x-raw,rate=48000,channels=2 ! audioconvert \
         ! {sound} ! aacparse ! queue ! mux.",
        (length.as_secs_f64() * 25.0).ceil(),
        (length.as_secs_f64() * 48_000.0 / 1024.0).ceil(),
    ))?;
    set(&pipeline, "to", "location", &path.to_string_lossy())?;
    run(&pipeline, &mut |_| {})?;
    Ok(path.into_os_string())
}

/// The first of these elements that is installed.
fn first(elements: &'static [&'static str]) -> Result<&'static str, String> {
    let name = |text: &'static str| text.split(' ').next().unwrap_or_default();
    let is_there = |text: &&'static str| gst::ElementFactory::find(name(text)).is_some();
    elements.iter().copied().find(is_there).ok_or_else(|| {
        let names: Vec<_> = elements.iter().copied().map(name).collect();
        format!(
            "to make a programme, one of GStreamer's elements {} is needed; or name a file or URI of your own",
            names.join(", ")
        )
    })
}
