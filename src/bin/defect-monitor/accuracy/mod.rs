// SPDX-License-Identifier: MPL-2.0
//! `defect-monitor accuracy`: puts faults into clean clips, watches them, and says how many were found.

mod codec;
mod faults;
mod luma;
mod play;
mod table;
mod truth;

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::analysis::Analysis;
use super::choice::Choice;
use super::inject::{
    self, Damage, HarmArgs,
    faults::{Fault, Timing},
};
use super::scratch::Scratch;
use super::screen::{Screen, Style};
#[cfg(feature = "service")]
use super::service::config::Analyse;
use codec::Codec;
use faults::Faults;
use table::Table;

/// Measure how well faults are found, on clean clips of your own
///
/// Every fault that `inject` makes is put into each clip, which is then watched by the detector of that kind; without
/// faults it is watched by all that were chosen. Prints recall, delay, how far start and end are off, and alarms per
/// hour without faults, by kind.
///
/// Block corruption is damage of the coded picture: each clip is encoded into a transport stream, damaged as `inject`
/// does it without --faults, and both streams are decoded and watched by detectors of pictures. The damage is
/// measured: blocks of 16x16 pixels that differ from the undamaged stream by more than 8 codes on average (gross:
/// 24); visible are those of them that leave a trace: a border that doesn't belong there, or too little or too much
/// texture.
#[derive(Debug, Args)]
pub struct Accuracy {
    /// Clean clips: all files in it that can be decoded
    #[arg(value_name = "FOLDER")]
    pub folder: PathBuf,
    /// Which faults: block-corruption, those of `inject --faults`, or all
    #[arg(
        long,
        value_name = "FAULTS",
        value_delimiter = ',',
        default_value = "all"
    )]
    pub faults: Vec<String>,
    /// How the clips are encoded before the coded picture is damaged
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
    /// Damaged pictures are also decoded, coded again in H.264 and watched, as damage that came with a contribution
    #[arg(long)]
    pub baked: bool,
    /// Detectors, in the syntax of `defectbin`, e.g. "corruption map=true, black"; all by default
    #[arg(long, value_name = "TEXT")]
    pub detectors: Vec<String>,
    /// What the detectors know of block corruption beside the pictures
    #[arg(long, default_value = "monitor")]
    pub evidence: Evidence,
    /// Which pictures are decoded and analysed, as the service's `analyse` says it; block-corruption is measured on all
    #[cfg(feature = "service")]
    #[arg(long, value_name = "ANALYSE", default_value = "all")]
    pub analyse: Analyse,
    #[command(flatten)]
    pub timing: Timing,
    #[command(flatten)]
    pub harm: HarmArgs,
    /// Where the streams are kept while they are needed
    #[arg(long, value_name = "FOLDER")]
    pub scratch: Option<PathBuf>,
}

/// The evidence of damage besides the pictures themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Evidence {
    /// Nothing
    None,
    /// What the stream of pictures says, in any chain: flags, missing times
    Stream,
    /// Also what demuxers and decoders say elsewhere, as `defect-monitor` hears it
    Monitor,
}

/// The damage if none was asked for: a poor line.
const LOSS: (f64, f64) = (0.001, 4.0);

/// Runs the command; gives the exit status.
pub fn run(args: &Accuracy, screen: &mut Screen) -> Result<u8, String> {
    gst::init().map_err(|e| format!("GStreamer doesn't start: {e}"))?;
    gstdefect::plugin_register_static().map_err(|e| e.to_string())?;
    let wanted = Wanted::of(&args.faults)?;
    let timing = args.timing;
    if wanted.faults.is_empty() && (timing.length.is_some() || timing.pause.is_some()) {
        return Err("--length and --pause go with the faults of inject".to_owned());
    }
    let analysis = args.analysis();
    let choice = analysis.fit(choice(args, &wanted)?);
    let clips = clips(&args.folder)?;
    let scratch = Scratch::new(args.scratch.as_deref(), "accuracy")?;
    let mut harm = args.harm.harm();
    if harm.loss + harm.bit_errors + harm.slices <= 0.0 {
        (harm.loss, harm.burst) = LOSS;
    }
    let (mut table, mut faults) = (Table::default(), Faults::default());
    let mut trouble = false;
    for (number, clip) in (0u64..).zip(&clips) {
        let mut note = |screen: &mut Screen, label: &str, done: Result<(), String>| {
            if let Err(why) = done {
                trouble = true;
                screen.complain(Style::Yellow, &format!("{label}: {why}"));
            }
        };
        let place = format!("({} of {})", number + 1, clips.len());
        harm.seed = args.harm.seed.wrapping_add(1000 * number);
        for codec in args.codecs.iter().filter(|_| wanted.corruption) {
            let label = format!("{} as {}", clip.display(), codec.name());
            screen.show_progress(&format!("{label} {place}"));
            let results = measure(args, &choice, clip, *codec, harm, &scratch);
            let added = results.map(|results| {
                results
                    .into_iter()
                    .for_each(|(name, result)| table.add(name, result));
            });
            note(screen, &label, added);
        }
        if !wanted.faults.is_empty() {
            let label = clip.display().to_string();
            screen.show_progress(&format!("{label} {place}"));
            let what = (wanted.faults.as_slice(), timing);
            let done = faults.measure(clip, what, (&choice, analysis), args.bitrate, &scratch);
            note(screen, &label, done);
        }
    }
    if table.is_empty() && faults.is_empty() {
        return Err("nothing could be measured".into());
    }
    let mut lines = Vec::new();
    if !table.is_empty() {
        lines.extend(table.lines());
    }
    if !faults.is_empty() {
        lines.extend(faults.lines());
    }
    for line in lines {
        screen.line(&line);
    }
    Ok(if trouble { super::TROUBLE } else { 0 })
}

impl Accuracy {
    /// Which pictures of each clip are analysed.
    fn analysis(&self) -> Analysis {
        #[cfg(feature = "service")]
        return Analysis {
            analyse: self.analyse,
            program: None,
        };
        #[cfg(not(feature = "service"))]
        Analysis::default()
    }
}

/// Which faults are measured.
struct Wanted {
    /// Damage of the coded picture.
    corruption: bool,
    /// Those that are put into decoded pictures and sound.
    faults: Vec<Fault>,
}

/// The name of damage of the coded picture, and that of all faults.
const CORRUPTION: &str = "block-corruption";
const ALL: &str = "all";

impl Wanted {
    /// From what the user wrote; an error says what is possible.
    fn of(names: &[String]) -> Result<Self, String> {
        let mut wanted = Self {
            corruption: false,
            faults: Vec::new(),
        };
        for name in names {
            match name.as_str() {
                ALL => {
                    wanted.corruption = true;
                    wanted.faults = Fault::value_variants().to_vec();
                }
                CORRUPTION => wanted.corruption = true,
                name => {
                    let fault = Fault::from_str(name, false).map_err(|_| {
                        let known = Fault::value_variants()
                            .iter()
                            .filter_map(ValueEnum::to_possible_value);
                        let known = known.map(|value| value.get_name().to_owned());
                        let known = known.collect::<Vec<_>>().join(", ");
                        format!(
                            "there is no fault {name:?}; there are: {ALL}, {CORRUPTION}, {known}"
                        )
                    })?;
                    wanted.faults.push(fault);
                }
            }
        }
        Ok(wanted)
    }
}

/// The detectors; without any that reports one of the faults there is nothing to measure.
fn choice(args: &Accuracy, wanted: &Wanted) -> Result<Choice, String> {
    let mut choice = Choice::from_text(&args.detectors.join(","))?;
    let reports_any = wanted.faults.iter().any(|f| choice.reports(f.kind()))
        || (wanted.corruption && choice.reports(CORRUPTION));
    if !reports_any {
        return Err("none of the chosen detectors reports one of the faults".to_owned());
    }
    if args.evidence == Evidence::None && choice.reports(CORRUPTION) {
        choice.set("corruption", "decoder", "false")?;
    }
    Ok(choice)
}

/// One clip, in one codec, and coded again if that is asked for; each with the name of its row.
fn measure(
    args: &Accuracy,
    choice: &Choice,
    clip: &Path,
    codec: Codec,
    harm: inject::Harm,
    scratch: &Scratch,
) -> Result<Vec<(&'static str, truth::Result)>, String> {
    let (undamaged, broken) = (scratch.file("undamaged.ts"), scratch.file("broken.ts"));
    play::encode(clip, &codec.chain(args.bitrate), args.pictures, &undamaged)?;
    let damage = || -> std::io::Result<()> {
        // The start has to be undamaged, or nothing can be decoded at all.
        let mut damage = Damage::new(harm, None, 1.0);
        inject::stream(File::open(&undamaged)?, File::create(&broken)?, &mut damage)?;
        Ok(())
    };
    damage().map_err(|e| e.to_string())?;
    let mut reference = truth::Reference::default();
    let clean = play::watch(&undamaged, choice, args.evidence, &mut |time, picture| {
        reference.keep(time, picture)
    })?;
    let mut compared = truth::Comparison::new(&reference);
    let found = play::watch(&broken, choice, args.evidence, &mut |time, picture| {
        compared.take(time, picture)
    })?;
    let mut results = vec![(codec.name(), compared.result(&clean, &found))];
    if args.baked {
        let again = |stream: &Path| {
            let file = scratch.file("baked.mkv");
            play::recode(stream, &Codec::H264.chain(args.bitrate), &file)?;
            play::watch(&file, choice, args.evidence, &mut |_, _| {})
        };
        let (clean, found) = (again(&undamaged)?, again(&broken)?);
        results.push((codec.baked_name(), compared.result(&clean, &found)));
    }
    Ok(results)
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
