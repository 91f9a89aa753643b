// SPDX-License-Identifier: MPL-2.0
//! `defect-monitor capacity`: what a stream takes of this machine, and how many fit.

mod cost;
mod made;
mod material;
mod report;
mod watch;

use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;

use super::address::Address;
use super::choice::Choice;
use super::machine::Machine;
use super::options::seconds;
use super::scratch::Scratch;
use super::screen::{Screen, Style};
use report::{Programme, Report};

/// Measure what a stream takes of this machine, and say how many fit
///
/// Watches each programme as the monitor does, as fast as it can be decoded, and counts CPU time and memory; then shows a piece of it to
/// each detector alone. Without a programme it makes two: 1080p25 and 720p50, H.264 at 6 Mbit/s with stereo AAC. Programmes of your own say
/// more: what decoding takes depends on codec, bit rate and content.
#[derive(Debug, Args)]
pub struct Capacity {
    /// Programmes: files, or URIs
    #[arg(value_name = "URI or FILE")]
    pub inputs: Vec<OsString>,
    /// Detectors, in the words of `defectbin`, e.g. "black, freeze, silence"; all by default
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub detectors: String,
    /// Watch only so many seconds of each programme
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "10")]
    pub duration: Duration,
    /// Share of the machine that streams may take
    #[arg(long, value_name = "SHARE", value_parser = share, default_value_t = 0.8)]
    pub headroom: f64,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

fn share(text: &str) -> Result<f64, String> {
    let share = text.parse::<f64>().ok();
    share
        .filter(|s| *s > 0.0 && *s <= 1.0)
        .ok_or_else(|| "not a number over 0, up to 1".to_owned())
}

/// Runs the command; gives the exit status.
pub fn run(args: &Capacity, screen: &mut Screen) -> Result<u8, String> {
    gst::init().map_err(|e| format!("GStreamer doesn't start: {e}"))?;
    gstdefect::plugin_register_static().map_err(|e| e.to_string())?;
    let choice = Arc::new(Choice::from_text(&args.detectors)?);
    // Before there is anything to take off from it.
    let mut report = Report::new(Machine::here(), args.headroom);
    let scratch = Scratch::new(None, "capacity")?;
    let mut trouble = false;
    let inputs = match args.inputs.as_slice() {
        [] => made::programmes(args.duration, &scratch, screen)?,
        inputs => inputs.to_vec(),
    };
    for input in inputs {
        // By its name alone: where it is doesn't matter here.
        let label = Path::new(&input)
            .file_name()
            .unwrap_or(&input)
            .to_string_lossy()
            .into_owned();
        let measured = Address::of(&input)
            .and_then(|address| measure(&address, label.clone(), &choice, args, screen));
        match measured {
            Ok(programme) => report.programmes.push(programme),
            Err(why) => {
                trouble = true;
                screen.complain(Style::Red, &format!("{label}: {why}"));
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
    Ok(if trouble { super::TROUBLE } else { 0 })
}

fn measure(
    address: &Address,
    label: String,
    choice: &Arc<Choice>,
    args: &Capacity,
    screen: &mut Screen,
) -> Result<Programme, String> {
    let mut show = |what: &str| screen.show_progress(&format!("{label}: {what}"));
    show("its streams");
    // First, so that what is loaded once for all streams is there.
    let materials = material::of(address, choice, args.duration)?;
    show("one stream");
    let one = watch::watch(address, choice, args.duration, 1)?;
    show("several streams");
    let several = watch::watch(address, choice, args.duration, watch::SEVERAL)?;
    let memory = several.memory.saturating_sub(one.memory) / (watch::SEVERAL as u64 - 1);
    show("each detector");
    let mut programme = Programme {
        label: label.clone(),
        streams: materials.iter().map(material::Material::words).collect(),
        cpu: one.cpu.as_secs_f64() * 1000.0 / one.stream.as_secs_f64(),
        together: 0.0,
        alone: Vec::new(),
        memory,
    };
    for material in &materials {
        programme.together += cost::of(choice.element(material.is_video, false)?, material)?;
        for name in choice.names(material.is_video) {
            let alone = cost::of(choice.alone(name)?, material)?;
            programme.alone.push((name, alone));
        }
    }
    Ok(programme)
}
