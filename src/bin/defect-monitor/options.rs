// SPDX-License-Identifier: MPL-2.0
//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use super::accuracy::Accuracy;
use super::capacity::Capacity;
use super::generate::Generate;
use super::inject::Inject;
use super::report::ReportArgs;

/// Watches picture and sound for defects and prints each as it happens.
///
/// Plays every URI or file through all detectors (or those chosen), one chain for each video and audio stream, as fast as
/// the data comes. Without a URI it plays a demonstration programme with faults in it.
#[derive(Debug, Parser)]
#[command(
    name = "defect-monitor",
    version = crate::VERSION,
    max_term_width = 100,
    after_help = EXAMPLES,
    after_long_help = EXAMPLES,
    args_conflicts_with_subcommands = true
)]
pub struct Options {
    #[command(subcommand)]
    pub command: Option<Command>,

    /// What to watch: files, or URIs (http://, udp://, srt://, rtsp://, ... whatever GStreamer has a source for), or - for
    /// standard input;
    /// several are watched one after the other
    #[arg(value_name = "URI or FILE")]
    pub inputs: Vec<OsString>,

    /// Watch all URIs at the same time
    #[arg(long)]
    pub together: bool,

    #[command(flatten)]
    pub choice: DetectorArgs,

    /// List the detectors, what they report and what they can be told
    #[arg(long)]
    pub list: bool,

    /// Print JSON lines: the fields of the defect message, `uri` and `stream`
    #[arg(long)]
    pub json: bool,

    /// Also print the detectors' measures, every so many seconds of the stream
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub measure: Option<Duration>,

    /// Also write a page with time line, pictures and waveforms, as `defect-monitor report` does
    #[arg(long, value_name = "FILE.html")]
    pub report: Option<PathBuf>,

    /// Exit with status 1 if there was a defect
    #[arg(long)]
    pub fail_on_defect: bool,

    /// Print nothing but defects and errors
    #[arg(short, long)]
    pub quiet: bool,

    /// Print no progress line
    #[arg(long)]
    pub no_progress: bool,

    /// Play files in real time
    #[arg(long)]
    pub realtime: bool,

    /// Stop after so many seconds of each stream
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub duration: Option<Duration>,

    /// Give up after so many seconds without data; by default 30 for files and servers, never for live sources
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub timeout: Option<Duration>,
}

/// Which detectors are used, and their settings.
#[derive(Debug, Default, Args)]
pub struct DetectorArgs {
    /// Use only these detectors, in the syntax of `defectbin`, e.g. black,silence or "corruption map=true, black min-duration=1s"
    #[arg(long, value_name = "TEXT")]
    pub detectors: Vec<String>,

    /// Use all detectors but these
    #[arg(
        long,
        value_name = "NAMES",
        value_delimiter = ',',
        conflicts_with = "detectors"
    )]
    pub without: Vec<String>,

    /// Change a setting of a detector, e.g. black.min-duration=500ms; may be given several times
    #[arg(long, value_name = "DETECTOR.PROPERTY=VALUE")]
    pub set: Vec<String>,
}

/// What it can do besides watching.
#[derive(Debug, Subcommand)]
pub enum Command {
    Report(ReportArgs),
    #[cfg(feature = "service")]
    Serve(super::service::options::Serve),
    #[cfg(feature = "service")]
    Streams(super::service::options::Streams),
    Capacity(Capacity),
    Inject(Inject),
    Accuracy(Accuracy),
    Generate(Generate),
    #[cfg(feature = "service")]
    #[command(hide = true)]
    Worker(super::service::options::Worker),
}

const EXAMPLES: &str = "\
Examples:
  defect-monitor                                        the demonstration programme
  defect-monitor programme.mxf                          a file, every defect with its time
  defect-monitor --json --fail-on-defect *.mp4          for scripts
  defect-monitor --detectors black,silence srt://encoder:7001
  defect-monitor --set black.min-duration=500ms --measure 10 udp://239.0.0.1:5004
  defect-monitor report programme.mxf -o report.html    a page with time line, pictures and waveforms
  defect-monitor inject --loss 0.001 --burst 3 --seed 7 in.ts out.ts
  defect-monitor inject --faults black,hum clip.mp4 out.mkv
  defect-monitor accuracy clips/                        how well faults are found
  defect-monitor capacity programme.ts                  how many such streams this machine can watch

Exit status:
  0    watched to the end
  1    there was a defect (with --fail-on-defect)
  2    wrong use, or something could not be opened or decoded
  130  interrupted (Ctrl-C); SIGTERM ends like the end of the stream";

/// A time in seconds, as users write it.
pub fn seconds(text: &str) -> Result<Duration, String> {
    let text = text.strip_suffix('s').unwrap_or(text);
    text.parse::<f64>()
        .ok()
        .filter(|s| *s > 0.0)
        .and_then(|s| Duration::try_from_secs_f64(s).ok())
        .ok_or_else(|| "not a number of seconds over 0".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_positive_numbers() {
        assert_eq!(seconds("1.5"), Ok(Duration::from_millis(1500)));
        assert_eq!(seconds("2s"), Ok(Duration::from_secs(2)));
        for wrong in ["", "0", "-1", "nan", "inf", "1e300", "x"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_declaration_is_sound() {
        use clap::CommandFactory;
        Options::command().debug_assert();
    }
}
