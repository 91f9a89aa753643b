// SPDX-License-Identifier: MPL-2.0
//! `defect-monitor capacity`: measures what a stream takes of this machine, and how many fit.

mod cost;
mod figure;
mod made;
mod material;
mod report;
#[cfg(feature = "service")]
mod streams;
mod watch;

use std::ffi::OsString;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;

use super::address::Address;
use super::analysis::Analysis;
use super::choice::Choice;
use super::machine::{HEADROOM, Machine, share};
use super::options::seconds;
use super::scratch::Scratch;
use super::screen::{Screen, Style};
#[cfg(feature = "service")]
use super::service::config::Analyse;
use figure::Figure;
use report::{Alone, Programme, Report};
use watch::Subject;

/// Runs with and without detectors.
const ROUNDS: usize = 3;
/// Number of streams with which the memory of one more is measured.
const SEVERAL: usize = 3;
/// Length that is watched without `--duration`.
const LENGTH: Duration = Duration::from_secs(10);
/// The same of a file with adaptive analysis: the first 10 s, which are decoded in full, weigh little.
const ADAPTIVE_LENGTH: Duration = Duration::from_secs(300);
/// Exit status if the streams don't all fit.
const TOO_MANY: u8 = 1;

/// Measure what a stream takes of this machine, and say how many fit
///
/// Watches each programme as fast as it can be decoded, with detectors and without, and counts CPU time and memory of this process; then
/// shows a piece of it to each detector alone. Without a programme it makes one: 1080p25, H.264 at 6 Mbit/s, with stereo AAC. Programmes
/// of your own say more: what decoding takes depends on codec, bit rate and content.
#[derive(Debug, Args)]
#[command(after_help = STATUS)]
pub struct Capacity {
    /// Programmes: files, or URIs
    #[arg(value_name = "URI or FILE")]
    pub inputs: Vec<OsString>,
    /// Instead, measure each stream of that configuration with its own detectors, and say whether all fit together
    #[cfg(feature = "service")]
    #[arg(long, value_name = "CONFIG.toml", conflicts_with_all = ["inputs", "detectors"])]
    pub config: Option<std::path::PathBuf>,
    /// Detectors, in the syntax of `defectbin`, e.g. "black, freeze, silence"; all by default
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub detectors: String,
    /// Which pictures are decoded and analysed, as the service's `analyse` says it: all, adaptive, keyframes, or several of these
    #[cfg(feature = "service")]
    #[arg(
        long,
        value_name = "ANALYSE",
        value_delimiter = ',',
        default_value = "all",
        conflicts_with = "config"
    )]
    pub analyse: Vec<Analyse>,
    /// Watch only so many seconds of each programme; by default 10, of files with adaptive analysis 300
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub duration: Option<Duration>,
    /// Share of the machine that streams may take; 0.8 by default, or what the configuration says
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub headroom: Option<f64>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

const STATUS: &str = "\
Exit status:
  0    measured; with --config: all streams fit
  1    with --config: they don't fit
  2    wrong use, or something could not be measured";

/// Runs the command; gives the exit status.
pub fn run(args: &Capacity, screen: &mut Screen) -> Result<u8, String> {
    gst::init().map_err(|e| format!("GStreamer doesn't start: {e}"))?;
    gstdefect::plugin_register_static().map_err(|e| e.to_string())?;
    // Measured first, before anything else uses memory.
    let report = Report::new(Machine::here(), args.headroom.unwrap_or(HEADROOM));
    let scratch = Scratch::new(None, "capacity")?;
    #[cfg(feature = "service")]
    if let Some(file) = &args.config {
        let mut report = report;
        report.is_whole = true;
        let (subjects, headroom) = streams::of(file, args.duration)?;
        report.headroom = args.headroom.unwrap_or(headroom);
        return finish(subjects, args, report, screen);
    }
    // Wrong words are refused before anything else is done.
    Choice::from_text(&args.detectors)?;
    let analyses = args.analyses();
    let inputs = match args.inputs.as_slice() {
        [] => {
            screen.show_progress("making a programme");
            let is_adaptive = analyses.iter().any(Analysis::is_adaptive);
            let usual = if is_adaptive { ADAPTIVE_LENGTH } else { LENGTH };
            vec![made::programme(args.duration.unwrap_or(usual), &scratch)?]
        }
        inputs => inputs.to_vec(),
    };
    let subjects = inputs.iter().flat_map(|input| {
        let subject = |analysis: &Analysis| args.subject(input, *analysis);
        analyses.iter().map(subject)
    });
    finish(subjects.collect(), args, report, screen)
}

/// Length that is watched without `--duration`. What is live takes as long as that, several times.
fn length(analysis: Analysis, address: &Address) -> Duration {
    match analysis.is_adaptive() && address.is_file() {
        true => ADAPTIVE_LENGTH,
        false => LENGTH,
    }
}

impl Capacity {
    /// The ways to analyse that are compared, each once.
    fn analyses(&self) -> Vec<Analysis> {
        #[cfg(feature = "service")]
        return self
            .analyse
            .iter()
            .enumerate()
            .filter(|(n, analyse)| !self.analyse[..*n].contains(analyse))
            .map(|(_, analyse)| Analysis {
                analyse: *analyse,
                program: None,
            })
            .collect();
        #[cfg(not(feature = "service"))]
        vec![Analysis::default()]
    }

    /// That programme, analysed in that way.
    fn subject(&self, input: &OsString, analysis: Analysis) -> Result<Subject, String> {
        let named = |why| format!("{}: {why}", input.to_string_lossy());
        let address = Address::of(input).map_err(named)?;
        let label = match analysis.name() {
            Some(name) => format!("{}, {name}", address.label),
            None => address.label.clone(),
        };
        let choice = analysis.fit(Choice::from_text(&self.detectors)?);
        let length = self.duration.unwrap_or(length(analysis, &address));
        Ok(Subject {
            label,
            address,
            choice: Arc::new(choice),
            length,
            analysis,
            measures_alone: analysis.name().is_none(),
            redact: Box::new(ToOwned::to_owned),
        })
    }
}

/// Measures everything that can be measured, and prints it.
fn finish(
    subjects: Vec<Result<Subject, String>>,
    args: &Capacity,
    mut report: Report,
    screen: &mut Screen,
) -> Result<u8, String> {
    let mut trouble = false;
    for subject in subjects {
        let measured = subject.and_then(|subject| {
            let named = |why: String| format!("{}: {}", subject.label, (subject.redact)(&why));
            measure(&subject, screen).map_err(named)
        });
        match measured {
            Ok(programme) => report.programmes.push(programme),
            Err(why) => {
                trouble = true;
                screen.complain(Style::Red, &why);
            }
        }
    }
    if report.programmes.is_empty() {
        return Err("nothing could be measured".to_owned());
    }
    if args.json {
        let text = serde_json::to_string_pretty(&report.json()).map_err(|e| e.to_string())?;
        screen.line(&text);
    } else {
        report.lines().iter().for_each(|line| screen.line(line));
    }
    Ok(match trouble {
        true => super::TROUBLE,
        false if report.is_whole && !report.all_fit() => TOO_MANY,
        false => 0,
    })
}

fn measure(subject: &Subject, screen: &mut Screen) -> Result<Programme, String> {
    let label = &subject.label;
    let mut show = |what: &str| screen.show_progress(&format!("{label}: {what}"));
    show("its streams");
    // Run once first, so that everything that is loaded once for all streams is loaded.
    let materials = material::of(subject)?;
    show("decoding, with and without detectors");
    // What is live takes its time.
    let rounds = if subject.address.is_file() { ROUNDS } else { 1 };
    let nothing = Arc::new(Choice::none());
    let (mut with, mut without, mut memory) = (Vec::new(), Vec::new(), 0);
    for _ in 0..rounds {
        without.push(subject.watch(&nothing, 1)?.cpu);
        let one = subject.watch(&subject.choice, 1)?;
        with.push(one.cpu);
        memory = one.memory;
    }
    if subject.address.is_file() {
        show("several at once");
        let more = subject.watch(&subject.choice, SEVERAL)?.memory;
        memory = more.saturating_sub(memory) / (SEVERAL as u64 - 1);
    }
    let mut programme = Programme {
        label: label.clone(),
        analyse: subject.analysis.name(),
        streams: materials.iter().map(material::Material::words).collect(),
        cpu: Figure::of(with),
        decoding: Figure::of(without),
        alone: Vec::new(),
        memory,
    };
    show("each detector");
    for material in materials.iter().filter(|_| subject.measures_alone) {
        for name in subject.choice.single(material.is_video) {
            programme.alone.push(Alone {
                medium: if material.is_video { "video" } else { "audio" },
                detector: name,
                cpu: cost::of(subject.choice.alone(name)?, material)?,
            });
        }
    }
    Ok(programme)
}
