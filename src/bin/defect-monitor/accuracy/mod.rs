// SPDX-License-Identifier: MPL-2.0
//! `defect-monitor accuracy`: damages clean clips, watches them, and says how much of it was found.

mod luma;
mod play;
mod table;
mod truth;

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::choice::Choice;
use super::inject::{self, Damage, HarmArgs};
use super::scratch::Scratch;
use super::screen::{Screen, Style};
use table::Table;

/// Measure how well damage of the coded picture is found, on clean clips of your own
///
/// Each clip is encoded into a transport stream, damaged as `inject` does it, and both streams are decoded and watched by
/// detectors of pictures. What is damaged is measured: blocks of 16x16 pixels that differ from the sound stream by more than 8 codes on
/// average (gross: 24); visible are those of them that leave a trace: a border that doesn't belong there, or too little or too much texture.
/// Prints recall, precision, delay, and false alarms per hour of each kind on the sound streams.
#[derive(Debug, Args)]
pub struct Accuracy {
    /// Clean clips: all files in it that can be decoded
    #[arg(value_name = "FOLDER")]
    pub folder: PathBuf,
    /// How the clips are encoded
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "h264,h264-slices,h265,mpeg2"
    )]
    pub codecs: Vec<Codec>,
    /// Bit rate of the encoded clips, in kbit/s
    #[arg(long, value_name = "KBIT/S", default_value_t = 4000, value_parser = clap::value_parser!(u32).range(50..=200_000))]
    pub bitrate: u32,
    /// Pictures used of each clip, at most
    #[arg(long, value_name = "PICTURES", default_value_t = 500, value_parser = clap::value_parser!(u32).range(10..=100_000))]
    pub pictures: u32,
    /// Detectors of pictures, in the words of `defectbin`, e.g. "corruption map=true"; all by default
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub detectors: String,
    /// What the detectors know beside the pictures
    #[arg(long, default_value = "monitor")]
    pub evidence: Evidence,
    #[command(flatten)]
    pub harm: HarmArgs,
    /// Where the streams are kept while they are needed
    #[arg(long, value_name = "FOLDER")]
    pub scratch: Option<PathBuf>,
}

/// What is known of damage beside the pictures themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Evidence {
    /// Nothing
    None,
    /// What the stream of pictures says, in any chain: flags, missing times
    Stream,
    /// Also what demuxers and decoders say elsewhere, as `defect-monitor` hears it
    Monitor,
}

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

    /// Encoder and parser, refreshed every second or half.
    fn chain(self, kbits: u32) -> String {
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
            // FFmpeg's encoder doesn't start in GStreamer 1.22. This one gives times in the order of coding: with B pictures they'd be wrong,
            // and other pictures would be compared after a loss.
            Self::Mpeg2 => format!(
                "mpeg2enc format=3 bitrate={kbits} min-gop-size=12 max-gop-size=12 b-per-refframe=0 constraints=false \
                 ! mpegvideoparse"
            ),
        }
    }
}

/// Without any harm asked for: what a poor line does.
const LOSS: (f64, f64) = (0.001, 4.0);

/// Runs the command; gives the exit status.
pub fn run(args: &Accuracy, screen: &mut Screen) -> Result<u8, String> {
    gst::init().map_err(|e| format!("GStreamer doesn't start: {e}"))?;
    gstdefect::plugin_register_static().map_err(|e| e.to_string())?;
    let choice = choice(args)?;
    let clips = clips(&args.folder)?;
    let scratch = Scratch::new(args.scratch.as_deref(), "accuracy")?;
    let mut harm = args.harm.harm();
    if harm.loss + harm.bit_errors + harm.slices <= 0.0 {
        (harm.loss, harm.burst) = LOSS;
    }
    let mut table = Table::default();
    let mut trouble = false;
    for (number, clip) in (0u64..).zip(&clips) {
        for codec in &args.codecs {
            harm.seed = args.harm.seed.wrapping_add(1000 * number);
            let label = format!("{} as {}", clip.display(), codec.name());
            screen.show_progress(&format!("{label} ({} of {})", number + 1, clips.len()));
            match measure(args, &choice, clip, *codec, harm, &scratch) {
                Ok(result) => table.add(codec.name(), result),
                Err(why) => {
                    trouble = true;
                    screen.complain(Style::Yellow, &format!("{label}: {why}"));
                }
            }
        }
    }
    if table.is_empty() {
        return Err("nothing could be measured".into());
    }
    for line in table.lines() {
        screen.line(&line);
    }
    Ok(if trouble { super::TROUBLE } else { 0 })
}

/// The detectors; the one of corruption has to be among them.
fn choice(args: &Accuracy) -> Result<Choice, String> {
    let mut choice = Choice::from_text(&args.detectors)?;
    if !choice.reports("block-corruption") {
        return Err("corruption isn't among the chosen detectors".to_owned());
    }
    if args.evidence == Evidence::None {
        choice.set("corruption", "decoder", "false")?;
    }
    Ok(choice)
}

/// One clip, in one codec.
fn measure(
    args: &Accuracy,
    choice: &Choice,
    clip: &Path,
    codec: Codec,
    harm: inject::Harm,
    scratch: &Scratch,
) -> Result<truth::Result, String> {
    let (sound, broken) = (scratch.file("sound.ts"), scratch.file("broken.ts"));
    play::encode(clip, &codec.chain(args.bitrate), args.pictures, &sound)?;
    let damage = || -> std::io::Result<()> {
        // The start has to be sound, or nothing can be decoded at all.
        let mut damage = Damage::new(harm, None, 1.0);
        inject::stream(File::open(&sound)?, File::create(&broken)?, &mut damage)?;
        Ok(())
    };
    damage().map_err(|e| e.to_string())?;
    let mut reference = truth::Reference::default();
    let clean = play::watch(&sound, choice, args.evidence, &mut |time, picture| {
        reference.keep(time, picture)
    })?;
    let mut compared = truth::Comparison::new(&reference);
    let found = play::watch(&broken, choice, args.evidence, &mut |time, picture| {
        compared.take(time, picture)
    })?;
    Ok(compared.result(&clean, &found))
}

/// The files of the folder, in order.
fn clips(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let failed = |e: std::io::Error| format!("{}: {e}", folder.display());
    let mut clips = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_file() {
            clips.push(path);
        }
    }
    clips.sort();
    if clips.is_empty() {
        return Err(format!("{}: no files in it", folder.display()));
    }
    Ok(clips)
}
