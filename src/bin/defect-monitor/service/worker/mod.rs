// SPDX-License-Identifier: MPL-2.0
//! `defect-monitor worker`: a process that watches some of the supervisor's streams, from source to verdict.
//!
//! Its standard input is a socket: commands come that way, and reports go. It ends when the supervisor does.

use std::collections::BTreeMap;
use std::io::{BufReader, BufWriter, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

mod faults;

use super::log;
use super::options::Worker as Options;
use super::protocol::{self, Command, Footprint, Report, StreamReport};
use super::start_pacing::StartPacing;
use super::stream::{Reason, Reports, Running};
use crate::machine;

/// How often it reports to the supervisor.
const PULSE: Duration = Duration::from_secs(1);

/// Watches what it is told to, until it is told to end; gives the exit status.
pub fn run(options: &Options) -> Result<u8, String> {
    options.log.start();
    faults::end_the_process();
    // Whoever ends all processes of a group means the supervisor, which ends its workers in good order.
    for signal in [SIGHUP, SIGINT, SIGTERM] {
        signal_hook::flag::register(signal, Arc::default()).map_err(|e| e.to_string())?;
    }
    let socket = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdin(), 3)
        .map(UnixStream::from)
        .map_err(|e| format!("no socket as standard input: {e}"))?;
    // What plugins or their helpers read there is nothing of ours.
    let nothing = std::fs::File::open("/dev/null").map_err(|e| e.to_string())?;
    rustix::stdio::dup2_stdin(nothing).map_err(|e| e.to_string())?;
    let reading = socket.try_clone().map_err(|e| e.to_string())?;
    gst::init().map_err(|e| format!("GStreamer doesn't start: {e}"))?;
    gstdefect::plugin_register_static().map_err(|e| e.to_string())?;
    let (commands, received) = channel();
    let (reports, sent) = Reports::channel();
    spawn("commands", move || read_commands(reading, &commands))?;
    let writer = spawn("reports", move || write_reports(socket, &sent))?;
    Worker::new(reports).work(&received);
    // Without a sender it ends when all is written.
    let _ = writer.join();
    Ok(0)
}

fn spawn(
    name: &str,
    work: impl FnOnce() + Send + 'static,
) -> Result<std::thread::JoinHandle<()>, String> {
    let thread = std::thread::Builder::new().name(name.to_owned());
    thread
        .spawn(work)
        .map_err(|e| format!("no thread for {name}: {e}"))
}

fn read_commands(socket: UnixStream, to: &Sender<Command>) {
    let mut socket = BufReader::new(socket);
    while let Ok(Some(command)) = protocol::read(&mut socket) {
        if to.send(command).is_err() {
            return;
        }
    }
    end_at_once();
}

fn write_reports(socket: UnixStream, reports: &Receiver<Report>) {
    let mut socket = BufWriter::with_capacity(1 << 16, socket);
    while let Ok(report) = reports.recv() {
        let mut report = Some(report);
        while let Some(next) = report {
            if protocol::write(&mut socket, &next).is_err() {
                end_at_once();
            }
            report = reports.try_recv().ok();
        }
        if socket.flush().is_err() {
            end_at_once();
        }
    }
}

/// Ends the process without running destructors, which might hang: without a supervisor nothing is watched.
fn end_at_once() {
    let own = rustix::process::getpid();
    let _ = rustix::process::kill_process(own, rustix::process::Signal::KILL);
}

/// The streams of this process.
struct Worker {
    reports: Reports,
    start_pacing: Arc<StartPacing>,
    streams: BTreeMap<Arc<str>, Running>,
}

impl Worker {
    fn new(reports: Reports) -> Self {
        Self {
            reports,
            start_pacing: Arc::default(),
            streams: BTreeMap::new(),
        }
    }

    /// Executes commands until the one to end.
    fn work(mut self, commands: &Receiver<Command>) {
        let mut pulse = Instant::now();
        loop {
            let left = pulse.saturating_duration_since(Instant::now());
            match commands.recv_timeout(left) {
                Ok(Command::Close) | Err(RecvTimeoutError::Disconnected) => break,
                Ok(command) => self.obey(command),
                Err(RecvTimeoutError::Timeout) => {
                    self.report();
                    pulse = Instant::now() + PULSE;
                }
            }
        }
        for stream in self.streams.values() {
            stream.stop(Reason::Stopped);
        }
        for stream in std::mem::take(&mut self.streams).into_values() {
            stream.join();
        }
        self.report();
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Watch { assignment, answer } => {
                let id = Arc::clone(&assignment.plan.id);
                let before = self.streams.remove(&id);
                let (reports, run) = (self.reports.clone(), assignment.run);
                match Running::start(*assignment, answer, reports, &self.start_pacing, before) {
                    Ok(running) => {
                        self.streams.insert(id, running);
                    }
                    Err(why) => {
                        log::error(&id, format!("it can't be started: {why}"));
                        self.reports.send(Report::Stream {
                            stream: id,
                            run,
                            report: StreamReport::NotStarted(why),
                        });
                    }
                }
            }
            Command::Stop { stream, reason } => {
                if let Some(running) = self.streams.get(&stream) {
                    running.stop(reason);
                }
            }
            Command::Admission { stream, answer } => {
                if let Some(running) = self.streams.get(&stream) {
                    running.link.set_admission(answer);
                }
            }
            Command::LateReason { stream, why } => {
                if let Some(running) = self.streams.get(&stream) {
                    running.link.set_late_reason(why);
                }
            }
            Command::View { stream } => {
                if let Some(running) = self.streams.get(&stream) {
                    running.link.view();
                }
            }
            Command::Close => {}
        }
    }

    fn report(&mut self) {
        self.streams.retain(|_, stream| !stream.is_over());
        self.reports.send(Report::Alive(footprint()));
        match self.reports.lost() {
            0 => {}
            lost => self.reports.send(Report::Overrun(lost)),
        }
    }
}

/// The footprint of this process.
fn footprint() -> Footprint {
    let count =
        |folder: &str| std::fs::read_dir(folder).map_or(0, |entries| entries.count() as u64);
    Footprint {
        threads: count("/proc/self/task"),
        descriptors: count("/proc/self/fd"),
        memory: machine::resident(),
        cpu: machine::process_cpu(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::admission::Answer;
    use super::super::config::{Config, Plan, uri::Origin};
    use super::super::protocol::Assignment;
    use super::*;

    #[test]
    fn a_stream_that_cannot_be_started_is_reported() {
        gst::init().unwrap();
        let config = Config::default();
        let stream = toml::from_str("id = \"a\"\nuri = \"udp://127.0.0.1:5004\"").unwrap();
        let plan = Plan::of(&stream, Origin::Configuration, &config, &[]).unwrap();
        let assignment = Assignment {
            plan: Plan {
                detectors: "no-such-detector".to_owned(),
                ..plan
            },
            run: 7,
            delay: Duration::ZERO,
            resume: Default::default(),
        };
        let (reports, sent) = Reports::channel();
        let mut worker = Worker::new(reports);
        worker.obey(Command::Watch {
            assignment: assignment.into(),
            answer: Answer::Start,
        });
        let Ok(Report::Stream {
            run: 7,
            report: StreamReport::NotStarted(why),
            ..
        }) = sent.try_recv()
        else {
            panic!("nothing is reported");
        };
        assert!(why.contains("no-such-detector"), "{why}");
    }
}
