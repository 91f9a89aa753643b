// SPDX-License-Identifier: MPL-2.0
//! Runs the service: starts its parts (`start`), follows the configuration, ends them in order.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use sd_notify::NotifyState;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use super::cluster::{Cluster, Update};
use super::config::{Config, Loaded, Problem, load, plan};
use super::http::Server;
use super::log;
use super::options::Serve;
use super::outlets::Outlets;
use super::overrides::Overrides;
use super::parts::{PartHealth, Parts};
use super::shard::Share;
use super::supervisor::{Changes, Supervisor};
use super::unwatched::Unwatched;
use super::workers::Workers;
use crate::TROUBLE;
use crate::format::counted;
use crate::signals::Signals;

mod config_file;
mod sections;
mod start;
mod systemd;

pub use sections::check_sections;

use config_file::ConfigFile;
use systemd::{Watchdog, notify};

/// How often signals are checked.
const SIGNAL_INTERVAL: Duration = Duration::from_millis(100);
/// How often the configuration file is checked.
const FILE_INTERVAL: Duration = Duration::from_secs(1);

/// The name of the configuration among the parts of the process.
const PART: &str = "configuration";

/// Watches what the configuration says, until stopped; gives the exit status.
pub fn run(serve: &Serve) -> Result<u8, String> {
    serve.log.start();
    let signals = Signals::of(&[SIGINT, SIGTERM]).map_err(|e| e.to_string())?;
    let hangup = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(SIGHUP, Arc::clone(&hangup)).map_err(|e| e.to_string())?;
    gst::init().map_err(|e| format!("GStreamer doesn't start: {e}"))?;
    gstdefect::plugin_register_static().map_err(|e| e.to_string())?;
    plan::check_names(&serve.detectors).map_err(|why| format!("--detectors: {why}"))?;
    let loaded = match load::read(&serve.config, &serve.detectors, check_sections) {
        Ok(loaded) => loaded,
        Err(problems) => {
            match serve.check {
                true => complain(&problems),
                false => log_problems(&problems),
            }
            return Ok(TROUBLE);
        }
    };
    if serve.check {
        let missing: Vec<_> = loaded
            .unwatchable
            .iter()
            .map(|unwatchable| &unwatchable.problem)
            .collect();
        complain(missing.iter().copied());
        if !missing.is_empty() {
            return Ok(TROUBLE);
        }
        println!("{}, ok", counted(loaded.plans.len() as u64, "stream"));
        return Ok(0);
    }
    // Files are for this user and group alone, whoever started the service.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o027));
    let service = Service::start(serve, loaded)?;
    service.watch(&signals, &hangup);
    service.close();
    Ok(signals.status().unwrap_or(0))
}

/// The running service.
struct Service {
    file: ConfigFile,
    detectors: Vec<String>,
    cluster: Option<Arc<Cluster>>,
    parts: Parts,
    outlets: Outlets,
    workers: Arc<Workers>,
    supervisor: Arc<Supervisor>,
    overrides: Arc<Overrides>,
    server: Server,
    /// What it was started with. Streams, profiles, defaults, receivers and the capacity follow the file, the rest doesn't.
    started: Config,
    /// The last, since all others need it.
    _runtime: tokio::runtime::Runtime,
}

impl Service {
    /// Until a signal says to stop.
    fn watch(&self, signals: &Signals, hangup: &AtomicBool) {
        let mut file = self.file.clone();
        let mut looked = Instant::now();
        let mut config = self.started.clone();
        let mut unwatched = Unwatched::new(self.outlets.clone());
        let mut watchdog = Watchdog::new();
        notify(NotifyState::Ready);
        while !signals.caught() {
            std::thread::sleep(SIGNAL_INTERVAL);
            let asked = hangup.swap(false, Ordering::AcqRel);
            if asked || (looked.elapsed() >= FILE_INTERVAL && file.has_changed()) {
                file.note();
                if let Some(new) = self.reload(asked) {
                    config = new;
                }
            }
            if let Some(update) = self.cluster.as_ref().and_then(|cluster| cluster.news()) {
                self.follow(&update, &config, &mut unwatched);
            }
            self.workers.look();
            watchdog.tell_alive();
            if looked.elapsed() >= FILE_INTERVAL {
                looked = Instant::now();
            }
        }
        notify(NotifyState::Stopping);
        log::line("", "stopping");
    }

    /// Watches what the cluster says.
    fn follow(&self, update: &Update, config: &Config, unwatched: &mut Unwatched) {
        unwatched.end(update);
        let changes = [
            self.supervisor.apply(update.loaded(config)),
            self.supervisor.share(Share::Held(Arc::clone(&update.held))),
        ];
        let changes = changes.into_iter().fold(Changes::default(), Changes::and);
        unwatched.begin(update);
        self.outlets.board.set_configured();
        let held = update.held.len();
        log::line(
            "cluster",
            format!("{held} streams are this member's: {changes}"),
        );
    }

    /// Reads the file again; gives the new configuration, unless it is refused.
    fn reload(&self, asked: bool) -> Option<Config> {
        let why = if asked { "SIGHUP" } else { "the file changed" };
        if !asked && self.file.is_empty() {
            log::error(
                "",
                "the configuration file is empty; SIGHUP applies it nevertheless",
            );
            return self.refuse(why);
        }
        let loaded = match load::read(self.file.path(), &self.detectors, check_sections) {
            Ok(loaded) => loaded,
            Err(problems) => {
                log_problems(&problems);
                return self.refuse(why);
            }
        };
        if asked {
            self.workers.release_all();
        }
        let config = loaded.config.clone();
        let (receivers, remarks) = self.apply_alerts(&loaded.config, asked);
        let changes = self.apply(loaded, remarks);
        log::line("", format!("{why}: {changes}{receivers}"));
        Some(config)
    }

    /// Says that the old configuration goes on.
    fn refuse(&self, why: &str) -> Option<Config> {
        let text = format!("{why}: the new configuration is refused, the old one goes on");
        // Everybody may read this: the details are in the log alone.
        let health = PartHealth::Degraded(format!("{text}; the log says what is wrong"));
        self.parts.report(PART, health);
        log::error("", &text);
        None
    }

    /// Applies the configuration to the receivers of alarms. Returns what changed, and what is wrong.
    fn apply_alerts(&self, config: &Config, asked: bool) -> (String, Vec<String>) {
        let open = || {
            let mut open = Vec::new();
            let board = &self.outlets.board;
            board.each(|sheet| open.extend(sheet.open.iter().cloned()));
            open
        };
        let (changes, wrong) = self.outlets.alerts.apply(&config.alerts, open, asked);
        let changes = match changes.is_empty() {
            true => String::new(),
            false => format!("; {changes}"),
        };
        let remark = |name: String| {
            format!(
                "the receiver {name} can't work as configured, see the log; an earlier one goes on"
            )
        };
        (changes, wrong.into_iter().map(remark).collect())
    }

    /// Applies the configuration to the streams. Logs what can't be applied, and the remarks.
    fn apply(&self, loaded: Loaded, mut remarks: Vec<String>) -> Changes {
        let results = loaded.config.results.as_ref();
        self.outlets.results.set_retention(results);
        let sections = self.restart_needed(&loaded.config);
        if !sections.is_empty() {
            let sections = sections.join(", ");
            remarks.push(format!("what changed in {sections} needs a restart"));
        }
        log_problems(
            loaded
                .unwatchable
                .iter()
                .map(|unwatchable| &unwatchable.problem),
        );
        if !loaded.unwatchable.is_empty() {
            let ids: Vec<&str> = loaded
                .unwatchable
                .iter()
                .map(|unwatchable| &*unwatchable.id)
                .collect();
            remarks.push(format!(
                "set aside, since a secret is missing: {}",
                ids.join(", ")
            ));
        }
        let health = match remarks.is_empty() {
            true => PartHealth::Fine,
            false => PartHealth::Degraded(remarks.join("; ")),
        };
        self.parts.report(PART, health);
        for remark in remarks {
            log::warn("", format!("configuration: {remark}"));
        }
        match &self.cluster {
            Some(cluster) => {
                cluster.follow_file(&loaded.config);
                self.supervisor.apply(cluster.now().loaded(&loaded.config))
            }
            None => self.supervisor.apply(self.overrides.apply(loaded)),
        }
    }

    /// Names the sections whose changes wait for a restart, and says so in the metrics.
    fn restart_needed(&self, config: &Config) -> Vec<&'static str> {
        let sections = sections::that_need_a_restart(&self.started, config);
        for (section, is_changed) in sections {
            let help = "1 for a section of the configuration whose change waits for a restart.";
            let value = f64::from(u8::from(is_changed));
            let name = "defect_configuration_restart_needed";
            self.parts.gauge(name, help, section, value);
        }
        let changed = sections.into_iter().filter(|(_, is_changed)| *is_changed);
        changed.map(|(section, _)| section).collect()
    }

    /// Stops the streams first: they still send final events; then the receivers of these.
    fn close(mut self) {
        // Others take over while the streams stop here.
        if let Some(cluster) = &self.cluster {
            cluster.leave();
        }
        self.supervisor.close();
        self.outlets.alerts.close();
        if let Some(cluster) = &self.cluster {
            self.outlets.state.end_mirror();
            cluster.close();
        }
        self.outlets.results.close();
        self.server.close();
        self.outlets.state.close();
        log::line("", "stopped");
    }
}

/// Logs problems.
fn log_problems<'a>(problems: impl IntoIterator<Item = &'a Problem>) {
    for problem in problems {
        log::error("", problem.to_string());
    }
}

/// Prints problems for who has asked for them by a command that ends then.
pub fn complain<'a>(problems: impl IntoIterator<Item = &'a Problem>) {
    for problem in problems {
        eprintln!("{problem}");
    }
}
