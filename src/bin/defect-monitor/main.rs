// SPDX-License-Identifier: MPL-2.0
//! `defect-monitor`: plays URIs through every detector and prints defects as they happen.

mod accuracy;
mod address;
mod analysis;
mod arenas;
mod buffer_time;
mod capacity;
mod chain;
mod choice;
mod coded;
mod decoder;
mod demo;
mod ending;
mod evidence;
mod fill;
mod format;
mod generate;
mod inject;
mod jitter;
mod job;
mod line;
mod list;
mod lock;
mod machine;
mod options;
mod passage;
mod pipeline;
mod play;
mod playlist;
mod problem;
mod progress;
mod reach;
mod report;
mod scratch;
mod screen;
#[cfg(feature = "service")]
mod service;
mod session;
mod signals;
mod snapshot;
mod source;
mod subtitles;
mod summary;
mod tally;
mod time;
mod together;
mod unit;
mod words;

use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;

use choice::Choice;
use options::{Command, Options};
use screen::{Screen, Style};
use session::Session;

/// The version, with the commit that it was built from.
const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "-", env!("COMMIT_ID"));

/// Something couldn't be opened or decoded, or was asked for wrongly.
const TROUBLE: u8 = 2;

fn main() -> ExitCode {
    arenas::one_per_core();
    let options = Options::parse();
    let quiet = match &options.command {
        Some(Command::Report(args)) => args.quiet || args.no_progress,
        _ => options.quiet || options.no_progress,
    };
    let mut screen = Screen::new(!quiet);
    match run(options, &mut screen) {
        Ok(status) => ExitCode::from(status),
        Err(why) => {
            screen.complain(Style::Red, &why);
            ExitCode::from(TROUBLE)
        }
    }
}

fn run(options: Options, screen: &mut Screen) -> Result<u8, String> {
    match &options.command {
        Some(Command::Inject(inject)) => return inject::run(inject).map(|()| 0),
        Some(Command::Accuracy(accuracy)) => return accuracy::run(accuracy, screen),
        Some(Command::Capacity(capacity)) => return capacity::run(capacity, screen),
        Some(Command::Report(args)) => return report::run(args, screen),
        Some(Command::Generate(args)) => return generate::run(args).map(|()| 0),
        #[cfg(feature = "service")]
        Some(Command::Serve(serve)) => return service::run(serve),
        #[cfg(feature = "service")]
        Some(Command::Streams(streams)) => return service::streams::run(streams),
        #[cfg(feature = "service")]
        Some(Command::Worker(worker)) => return service::worker::run(worker),
        None => {}
    }
    let signals = signals::Signals::new().map_err(|e| e.to_string())?;
    gst::init().map_err(|e| format!("GStreamer doesn't start: {e}"))?;
    gstdefect::plugin_register_static().map_err(|e| e.to_string())?;
    if options.list {
        screen.line(list::list().trim_end());
        return Ok(0);
    }
    let choice = Arc::new(Choice::of(&options)?);
    Session::new(&options, choice, screen, signals)?.run()
}
