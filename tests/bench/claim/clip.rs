// SPDX-License-Identifier: MPL-2.0
//! A programme of its own: 1080p25 in H.264 at 6 Mbit/s with stereo AAC.

use std::path::{Path, PathBuf};

use super::common;

const SECONDS: u32 = 10;

/// Makes it in that folder. Every pixel moves, so that decoding costs what it costs with a real programme of that rate.
pub fn make(folder: &Path) -> PathBuf {
    let path = folder.join("made.mp4");
    let pictures = SECONDS * 25;
    let blocks = SECONDS * 48_000 / 1024;
    common::run(&format!(
        "mp4mux name=mux ! filesink location={} \
         videotestsrc num-buffers={pictures} pattern=zone-plate kx2=12 ky2=8 kt=1 kxt=1 \
         ! video/x-raw,format=I420,width=1920,height=1080,framerate=25/1 \
         ! x264enc bitrate=6000 speed-preset=faster key-int-max=50 ! h264parse ! queue ! mux. \
         audiotestsrc num-buffers={blocks} wave=pink-noise volume=0.1 ! audio/x-raw,rate=48000,channels=2 \
         ! avenc_aac ! aacparse ! queue ! mux.",
        path.display()
    ));
    path
}
