// SPDX-License-Identifier: MPL-2.0
//! How many streams fit on a core, by codec, size and `analyse`: `cargo bench --features service --bench capacity -- CLIP`.
//!
//! The first 110 s of the clip are scaled and coded, at bit rates that are usual for such programmes, with a key frame every two seconds
//! and stereo AAC; then `defect-monitor capacity` measures all detectors on them, of "all" and "keyframes" for 10 s. The table is
//! Markdown.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a benchmark that can't go on has failed"
)]

mod common;

use std::path::{Path, PathBuf};

/// Length of a programme in s: "adaptive" decodes the first ten in full, and three of each minute.
const SECONDS: u32 = 110;
/// Share of a core that streams may take.
const SHARE: f64 = 0.8;
const WAYS: [&str; 3] = ["all", "adaptive", "keyframes"];
/// Widths and heights.
const SIZES: [(u32, u32); 4] = [(720, 576), (1280, 720), (1920, 1080), (3840, 2160)];

/// A codec, and its bit rate in kbit/s for each of [`SIZES`]; none where it isn't used.
struct Codec {
    name: &'static str,
    kbits: [Option<u32>; 4],
}

const CODECS: [Codec; 3] = [
    Codec {
        name: "H.264",
        kbits: [Some(2000), Some(4000), Some(6000), Some(20_000)],
    },
    Codec {
        name: "H.265",
        kbits: [Some(1200), Some(2500), Some(4000), Some(12_000)],
    },
    Codec {
        name: "MPEG-2",
        kbits: [Some(4000), Some(8000), Some(15_000), None],
    },
];

impl Codec {
    /// Encoder and parser.
    fn chain(&self, kbits: u32) -> String {
        match self.name {
            "H.264" => {
                format!("x264enc bitrate={kbits} key-int-max=50 speed-preset=veryfast ! h264parse")
            }
            "H.265" => {
                format!("x265enc bitrate={kbits} key-int-max=50 speed-preset=ultrafast ! h265parse")
            }
            _ => format!("avenc_mpeg2video bitrate={kbits}000 gop-size=50 ! mpegvideoparse"),
        }
    }
}

/// Codes the clip's pictures, with sound of our own.
fn programme(clip: &Path, (width, height): (u32, u32), coder: &str, to: &Path) {
    let uri = gst::glib::filename_to_uri(clip, None).unwrap();
    let description = format!(
        "mpegtsmux name=mux ! filesink location={} \
         uridecodebin uri={uri} caps=video/x-raw ! videoconvert ! videoscale ! videorate ! \
         video/x-raw,format=I420,width={width},height={height},framerate=25/1 ! identity eos-after={} ! queue ! {coder} ! queue ! mux. \
         audiotestsrc num-buffers={} wave=pink-noise volume=0.1 ! audio/x-raw,rate=48000,channels=2 ! audioconvert ! \
         avenc_aac ! aacparse ! queue ! mux.",
        to.display(),
        SECONDS * 25 + 1,
        SECONDS * 48_000 / 1024,
    );
    common::run(&description);
}

/// CPU time in ms for a second of the programme, by way.
fn costs(programme: &Path) -> Vec<f64> {
    let (programme, adaptive) = (programme.to_string_lossy(), SECONDS.to_string());
    let cost = |way: &&str| {
        let mut arguments = vec!["--analyse", *way, &*programme];
        if *way == "adaptive" {
            arguments.extend(["--duration", &adaptive]);
        }
        common::capacity(env!("CARGO_BIN_EXE_defect-monitor"), &arguments)
    };
    WAYS.iter().map(cost).collect()
}

fn main() {
    common::init();
    let clip = std::env::args().skip(1).find(|a| !a.starts_with('-'));
    let Some(clip) = clip else {
        return println!("a clip of {SECONDS} s or more is needed: ... --bench capacity -- CLIP");
    };
    let clip = PathBuf::from(clip).canonicalize().unwrap();
    println!(
        "| codec, Mbit/s | size | `\"all\"` | `\"adaptive\"` | `\"keyframes\"` | CPU ms per second of stream (all, adaptive, keyframes) |"
    );
    println!("|---|---|--:|--:|--:|---|");
    let file = std::env::temp_dir().join(format!("defect-capacity-{}.ts", std::process::id()));
    for codec in CODECS {
        for (size, kbits) in SIZES.into_iter().zip(codec.kbits) {
            let Some(kbits) = kbits else { continue };
            programme(&clip, size, &codec.chain(kbits), &file);
            let costs = costs(&file);
            let fit: Vec<String> = costs
                .iter()
                .map(|cost| format!("{:.1}", SHARE * 1000.0 / cost))
                .collect();
            let ms: Vec<String> = costs.iter().map(|cost| format!("{cost:.1}")).collect();
            println!(
                "| {}, {:.1} | {}x{} | {} | {} |",
                codec.name,
                f64::from(kbits) / 1000.0,
                size.0,
                size.1,
                fit.join(" | "),
                ms.join(", ")
            );
        }
    }
    std::fs::remove_file(file).unwrap();
}
