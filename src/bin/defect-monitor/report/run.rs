// SPDX-License-Identifier: MPL-2.0
//! Plays the files, several at the same time, and writes the report.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use gst::glib;

use super::data::{File, Report, Setting, Verdict};
use super::progress::{Progress, Share};
use super::record::{self, Record};
use super::{INTERVAL, ReportArgs, UPDATES, files, program, settings, summarise};
use crate::address::Address;
use crate::chain::Pace;
use crate::choice::Choice;
use crate::lock::lock;
use crate::play::Play;
use crate::screen::{Screen, Style};
use crate::signals::Signals;
use crate::source::{self, Streams};
use crate::{TROUBLE, time};

/// How often a file is asked for events.
const TICK: Duration = Duration::from_millis(20);
/// How often the progress line is drawn.
const FRAME: Duration = Duration::from_millis(200);

/// Makes a report; gives the exit status.
pub fn run(args: &ReportArgs, screen: &mut Screen) -> Result<u8, String> {
    args.outputs.check()?;
    let signals = Signals::new().map_err(|e| e.to_string())?;
    gst::init().map_err(|e| format!("GStreamer doesn't start: {e}"))?;
    gstdefect::plugin_register_static().map_err(|e| e.to_string())?;
    let mut choice = Choice::new(&args.choice)?;
    choice.fill("measurement-interval", INTERVAL)?;
    choice.fill("update-interval", UPDATES)?;
    let settings = settings::of(&choice)?;
    let work = Work::new(args, Arc::new(choice), &settings, &signals);
    let mut report = new(settings.clone(), work.run(args, screen));
    let written = args.outputs.write(&mut report)?;
    if !args.quiet {
        for file in &report.files {
            for line in summarise(screen.has_colour(), file) {
                screen.line(&line);
            }
        }
        for path in written {
            screen.line(&path.display().to_string());
        }
    }
    Ok(status(args, screen, &report, &signals))
}

/// A report about those files.
pub fn new(settings: Vec<Setting>, files: Vec<File>) -> Report {
    let now = glib::DateTime::now_utc().and_then(|t| t.format("%Y-%m-%dT%H:%M:%SZ"));
    Report {
        program: program(),
        created: now.map(|t| t.to_string()).unwrap_or_default(),
        settings,
        kinds: std::collections::BTreeMap::new(),
        omitted_pictures: 0,
        files,
    }
}

fn status(args: &ReportArgs, screen: &mut Screen, report: &Report, signals: &Signals) -> u8 {
    let failed: Vec<_> = report
        .files
        .iter()
        .filter(|f| f.verdict == Verdict::Failed)
        .collect();
    for file in &failed {
        screen.complain(
            Style::Red,
            &format!("{}: {}", file.name, file.problems.join("; ")),
        );
    }
    let has_defects = report.files.iter().any(|f| !f.defects.is_empty());
    match signals.status() {
        Some(status) => status,
        None if !failed.is_empty() => TROUBLE,
        None => u8::from(has_defects && args.fail_on_defect),
    }
}

/// The files that are left to do, and those that are done.
struct Work<'a> {
    choice: Arc<Choice>,
    settings: &'a [Setting],
    signals: &'a Signals,
    tasks: Mutex<VecDeque<(usize, Address)>>,
    done: Mutex<Vec<(usize, File)>>,
    progress: Progress,
}

impl<'a> Work<'a> {
    fn new(
        args: &ReportArgs,
        choice: Arc<Choice>,
        settings: &'a [Setting],
        signals: &'a Signals,
    ) -> Self {
        let mut addresses: Vec<_> = files(&args.inputs)
            .into_iter()
            .map(|(input, found)| {
                let address = found.and_then(|()| Address::of(&input));
                (input, address)
            })
            .collect();
        Address::tell_apart(&mut addresses);
        let progress = Progress::new(addresses.len());
        let (mut tasks, mut done) = (VecDeque::new(), Vec::new());
        for (n, (input, address)) in addresses.into_iter().enumerate() {
            match address {
                Ok(address) => tasks.push_back((n, address)),
                Err(why) => {
                    progress.set(
                        n,
                        Share {
                            is_done: true,
                            ..Share::default()
                        },
                    );
                    done.push((n, record::unplayable(&input.to_string_lossy(), why)));
                }
            }
        }
        let (tasks, done) = (Mutex::new(tasks), Mutex::new(done));
        Self {
            choice,
            settings,
            signals,
            tasks,
            done,
            progress,
        }
    }

    /// Does all of it; the files come in the order of the arguments.
    fn run(self, args: &ReportArgs, screen: &mut Screen) -> Vec<File> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let jobs = args
            .jobs
            .map_or(cores, usize::from)
            .min(lock(&self.tasks).len());
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..jobs).map(|_| scope.spawn(|| self.work())).collect();
            while workers.iter().any(|w| !w.is_finished()) {
                screen.show_progress(&self.progress.line());
                std::thread::sleep(FRAME);
            }
        });
        screen.clear();
        let mut done = lock(&self.done);
        done.sort_by_key(|(n, _)| *n);
        std::mem::take(&mut *done)
            .into_iter()
            .map(|(_, file)| file)
            .collect()
    }

    fn work(&self) {
        while !self.signals.caught() {
            let Some((n, address)) = lock(&self.tasks).pop_front() else {
                return;
            };
            let file = self.play(n, &address);
            let file = file.unwrap_or_else(|why| record::unplayable(&address.label, why));
            self.progress.set(
                n,
                Share {
                    is_done: true,
                    ..Share::default()
                },
            );
            lock(&self.done).push((n, file));
        }
    }

    fn play(&self, n: usize, address: &Address) -> Result<File, String> {
        let pace = Pace {
            realtime: false,
            limit: None,
        };
        let streams = Streams::new(Arc::clone(&self.choice), pace);
        let uri = &address.uri;
        let mut record = None;
        let mut play = Play::start(uri, streams, None, |pipeline, streams| {
            record = Some(Record::install(pipeline));
            source::uri(pipeline, uri, streams)
        })?;
        let mut record = record.ok_or("no record")?;
        while !play.is_over() && !self.signals.caught() {
            play.events(TICK)
                .iter()
                .for_each(|event| record.note(event));
            let (position, length) = (play.progress(), play.length());
            self.progress.set(
                n,
                Share {
                    position,
                    length,
                    is_done: false,
                },
            );
        }
        if self.signals.caught() {
            record.fail(format!("interrupted at {}", time::clock(play.position())));
        } else if let Some((at, length)) = play.cut_short() {
            let (at, length) = (time::clock(at), time::clock(length));
            record.fail(format!(
                "ends at {at}, although it says that it is {length} long; is it truncated?"
            ));
        }
        play.stop().iter().for_each(|event| record.note(event));
        if !play.missing.is_empty() && !play.has_failed() {
            record.fail(format!(
                "GStreamer has no plugin for: {}",
                play.missing.join(", ")
            ));
        }
        Ok(record.finish((&address.label, uri), &play, &self.choice, self.settings))
    }
}
