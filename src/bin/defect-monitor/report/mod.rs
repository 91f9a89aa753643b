// SPDX-License-Identifier: MPL-2.0
//! `defect-monitor report`: what is wrong with files, as a page with time lines, pictures and waveforms, as JSON, and by the EBU QC model.

mod collection;
mod data;
mod ebu;
mod film;
mod limits;
mod output;
mod page;
mod probes;
mod progress;
mod record;
mod run;
mod settings;
mod sound;
mod strips;

use std::ffi::OsString;
use std::num::NonZero;
use std::path::PathBuf;

use clap::Args;

pub use collection::Collection;
pub use output::{Outputs, summarise};
pub use record::Record;
pub use run::run;

use crate::options::DetectorArgs;

/// Time between two measurements, in ns.
pub const INTERVAL: &str = "500000000";
/// Time between two messages about a defect that goes on, in ns: when it becomes worse, a picture is taken.
pub const UPDATES: &str = "1000000000";

/// Show what is wrong with files, on one page
///
/// Plays every file through all detectors (or those chosen), as fast as it can be decoded and several at the same
/// time, and writes a page with a verdict, a time line with all measurements, and every defect with its picture or
/// its waveform and spectrum. The page needs no network and can be printed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ReportArgs {
    /// Files, folders (all files of media in them) or URIs
    #[arg(value_name = "FILE or FOLDER", required = true)]
    pub inputs: Vec<OsString>,
    #[command(flatten)]
    pub outputs: Outputs,
    #[command(flatten)]
    pub choice: DetectorArgs,
    /// Files that are analysed at the same time; by default as many as there are cores
    #[arg(long, value_name = "NUMBER")]
    pub jobs: Option<NonZero<usize>>,
    /// Exit with status 1 if there was a defect
    #[arg(long)]
    pub fail_on_defect: bool,
    /// Print nothing but errors
    #[arg(short, long)]
    pub quiet: bool,
    /// Print no progress line
    #[arg(long)]
    pub no_progress: bool,
}

const EXAMPLES: &str = "\
Examples:
  defect-monitor report programme.mxf -o programme.html
  defect-monitor report recordings/ -o recordings.html --json recordings.json
  defect-monitor report programme.mxf --ebu-qc programme.xml --fail-on-defect

Exit status:
  that of defect-monitor";

/// Files whose names end like this are taken out of a folder.
const MEDIA: &[&str] = &[
    "3gp", "aac", "ac3", "aif", "aiff", "avi", "caf", "dv", "eac3", "flac", "flv", "gxf", "h264",
    "h265", "hevc", "m2t", "m2ts", "m2v", "m4a", "m4v", "mka", "mkv", "mov", "mp2", "mp3", "mp4",
    "mpeg", "mpg", "mts", "mxf", "oga", "ogg", "ogv", "opus", "rf64", "ts", "vob", "w64", "wav",
    "webm", "wma", "wmv", "y4m",
];

/// The arguments, with folders replaced by the files in them; an error names a folder that can't be read or has none.
fn files(inputs: &[OsString]) -> Vec<(OsString, Result<(), String>)> {
    let mut files = Vec::new();
    for input in inputs {
        let folder = PathBuf::from(input);
        if !folder.is_dir() {
            files.push((input.clone(), Ok(())));
            continue;
        }
        let mut found = Vec::new();
        match collect(&folder, &mut found) {
            Err(why) => files.push((input.clone(), Err(why.to_string()))),
            Ok(()) if found.is_empty() => files.push((
                input.clone(),
                Err("there are no files of media in it".to_owned()),
            )),
            Ok(()) => {
                found.sort();
                files.extend(
                    found
                        .into_iter()
                        .map(|path| (path.into_os_string(), Ok(()))),
                );
            }
        }
    }
    files
}

fn collect(folder: &std::path::Path, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let (path, kind) = entry.and_then(|e| Ok((e.path(), e.file_type()?)))?;
        let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase());
        if kind.is_dir() {
            collect(&path, found)?;
        } else if ending.is_some_and(|e| MEDIA.contains(&e.as_str())) {
            found.push(path);
        }
    }
    Ok(())
}

/// The version with the commit that it was built from.
pub fn program() -> String {
    format!("{} {}", env!("CARGO_BIN_NAME"), crate::VERSION)
}
