// SPDX-License-Identifier: MPL-2.0
//! Runs the service: starts its parts, follows the configuration, ends them in order.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use sd_notify::NotifyState;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use super::alerts::{self, Alerts, Context, Operations};
use super::board::Board;
use super::cluster::{Cluster, Update};
use super::config::check::Section;
use super::config::cluster::ClusterConfig;
use super::config::results::ResultsConfig;
use super::config::state::StateConfig;
use super::config::{Config, Loaded, Problem, load, plan};
use super::http::{self, Control, Server, Sources};
use super::log;
use super::options::Serve;
use super::outlets::Outlets;
use super::overrides::Overrides;
use super::parts::{PartHealth, Parts};
use super::results::{self, Writer};
use super::shard::Share;
use super::state::{StateStore, folder};
use super::supervisor::{Changes, Supervisor};
use super::unwatched::Unwatched;
use super::workers::Workers;
use crate::TROUBLE;
use crate::format::counted;
use crate::signals::Signals;

/// How often signals are checked.
const TICK: Duration = Duration::from_millis(100);
/// Number of signs of life in the time that a service manager waits.
const SIGNS: u32 = 3;
/// How often the file is checked.
const LOOK: Duration = Duration::from_secs(1);

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
            complain(&problems);
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
    file: File,
    detectors: Vec<String>,
    cluster: Option<Arc<Cluster>>,
    parts: Parts,
    outlets: Outlets,
    workers: Arc<Workers>,
    supervisor: Arc<Supervisor>,
    overrides: Arc<Overrides>,
    server: Server,
    /// What it was started with. Streams, profiles, defaults and the capacity follow the file, the rest doesn't.
    started: Config,
    /// The last, since all others need it.
    _runtime: tokio::runtime::Runtime,
}

impl Service {
    fn start(serve: &Serve, loaded: Loaded) -> Result<Self, String> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("service")
            .enable_all()
            .build()
            .map_err(|e| format!("no threads for the service: {e}"))?;
        let handle = runtime.handle();
        let (parts, board) = (Parts::default(), Arc::new(Board::default()));
        let config = &loaded.config;
        if config.cluster.is_some() && serve.shard.is_some() {
            return Err("--shard and [cluster] exclude each other: the members of a cluster share the streams by themselves".to_owned());
        }
        let member = member(serve, config);
        let state = open_state(&config.state, &member, &parts)?;
        let results = Writer::start(config.results.as_ref(), &member, &state, &parts, handle)?;
        let operations = Arc::new(Operations::load(&state, oldest(&config.state)));
        // Before the alarms are read: in a cluster they are with the cluster.
        let mirror = config.cluster.as_ref().map(|_| state.mirror_alarms());
        let context = Context {
            member: &member,
            state: &state,
            operations: &operations,
            parts: &parts,
            runtime: handle,
        };
        let alerts = Alerts::start(&config.alerts, context)?;
        let outlets = Outlets::new(Arc::clone(&board), results, alerts, state);
        let share = match (&config.cluster, serve.shard) {
            (Some(_), _) => Share::Held(Arc::default()),
            (None, Some(shard)) => Share::Shard(shard),
            (None, None) => Share::All,
        };
        let detectors = serve.detectors.clone();
        let workers = Workers::new(outlets.clone(), parts.clone(), serve.log.arguments());
        let supervisor =
            Supervisor::new(Arc::clone(&board), Arc::clone(&workers), share, detectors);
        let supervisor = Arc::new(supervisor);
        let overrides = Overrides::load(&supervisor, &serve.detectors, &outlets.state);
        let overrides = Arc::new(overrides);
        let join = |(of, mirror)| {
            let known = (&outlets, &workers.gate);
            Cluster::start(of, &serve.detectors, known, mirror, &parts, handle).map(Arc::new)
        };
        let cluster = config.cluster.as_ref().zip(mirror);
        let cluster = cluster.map(join).transpose()?;
        let control: Arc<dyn Control> = match &cluster {
            Some(cluster) => Arc::clone(cluster) as _,
            None => Arc::clone(&overrides) as _,
        };
        let sources = Sources {
            board,
            parts: parts.clone(),
            control,
            state: outlets.state.clone(),
            operations,
            alerts: Arc::clone(&outlets.alerts),
            results: Arc::clone(&outlets.results),
            cluster: cluster.clone(),
        };
        let server = Server::start(config.http.as_ref(), sources, handle)?;
        let service = Self {
            file: File::new(&serve.config),
            detectors: serve.detectors.clone(),
            cluster,
            parts,
            outlets,
            workers,
            supervisor,
            overrides,
            server,
            started: loaded.config.clone(),
            _runtime: runtime,
        };
        let count = loaded.plans.len();
        let changes = service.apply(loaded);
        // A member of a cluster is ready when that has said what there is to watch.
        if service.cluster.is_none() {
            service.outlets.board.set_configured();
        }
        let others = match count.saturating_sub(changes.started) {
            0 => String::new(),
            n if service.cluster.is_some() => format!(", {n} shared with the cluster"),
            n => format!(", {n} left to others"),
        };
        let encrypted = service.started.http.as_ref();
        let encrypted = encrypted.is_some_and(|http| http.certificate.is_some());
        let scheme = if encrypted { "https" } else { "http" };
        let page = service
            .server
            .address()
            .map(|a| format!(", {scheme}://{a}/"));
        let page = page.unwrap_or_default();
        log::line("", format!("{} streams{others}{page}", changes.started));
        Ok(service)
    }

    /// Until a signal says to stop.
    fn watch(&self, signals: &Signals, hangup: &AtomicBool) {
        let mut file = self.file.clone();
        let mut looked = Instant::now();
        let mut config = self.started.clone();
        let mut unwatched = Unwatched::new(self.outlets.clone());
        let mut manager = Manager::new();
        notify(NotifyState::Ready);
        while !signals.caught() {
            std::thread::sleep(TICK);
            let asked = hangup.swap(false, Ordering::AcqRel);
            if asked || (looked.elapsed() >= LOOK && file.has_changed()) {
                file.note();
                if let Some(new) = self.reload(asked) {
                    config = new;
                }
            }
            if let Some(update) = self.cluster.as_ref().and_then(|cluster| cluster.news()) {
                self.follow(&update, &config, &mut unwatched);
            }
            self.workers.look();
            manager.tell_alive();
            if looked.elapsed() >= LOOK {
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
        let loaded = match load::read(&self.file.path, &self.detectors, check_sections) {
            Ok(loaded) => loaded,
            Err(problems) => {
                complain(&problems);
                let text = format!("{why}: the new configuration is refused, the old one goes on");
                log::error("", &text);
                // Everybody may read this: the details are in the log alone.
                let text = format!("{text}; the log says what is wrong");
                self.parts.report(PART, PartHealth::Degraded(text));
                return None;
            }
        };
        if asked {
            self.workers.release_all();
        }
        let config = loaded.config.clone();
        let changes = self.apply(loaded);
        log::line("", format!("{why}: {changes}"));
        Some(config)
    }

    /// Applies the configuration to the streams, and logs what can't be applied.
    fn apply(&self, loaded: Loaded) -> Changes {
        let mut remarks = Vec::new();
        let results = loaded.config.results.as_ref();
        self.outlets.results.set_retention(results);
        let sections = self.waiting(&loaded.config);
        if !sections.is_empty() {
            let sections = sections.join(", ");
            remarks.push(format!("what changed in {sections} needs a restart"));
        }
        complain(
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

    /// The sections that aren't as they were when this was started, also told as a metric.
    fn waiting(&self, config: &Config) -> Vec<&'static str> {
        let started = &self.started;
        let of_start = started.results.as_ref();
        let results = config.results.as_ref();
        let sections = [
            ("[results]", !is_same_store(of_start, results)),
            ("[[alerts]]", config.alerts != started.alerts),
            ("[state]", config.state != started.state),
            ("[http]", config.http != started.http),
            ("[cluster]", config.cluster != started.cluster),
        ];
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

/// Whether they differ at most in how much is kept, which needs no restart.
fn is_same_store(one: Option<&ResultsConfig>, other: Option<&ResultsConfig>) -> bool {
    let without_limits = |config: &ResultsConfig| ResultsConfig {
        retention_days: None,
        retention_bytes: None,
        ..config.clone()
    };
    one.map(without_limits) == other.map(without_limits)
}

/// What is wrong with the sections that aren't about streams.
pub fn check_sections(config: &Config) -> Vec<(Section, String)> {
    let of = |section, wrong: Option<Vec<String>>| {
        let wrong = wrong.unwrap_or_default().into_iter();
        wrong.map(move |why| (section, why))
    };
    let alerts = alerts::check(&config.alerts).into_iter();
    let mut wrong: Vec<_> = alerts.map(|(n, why)| (Section::Alerts(n), why)).collect();
    wrong.extend(of(
        Section::Results,
        config.results.as_ref().map(results::check),
    ));
    wrong.extend(of(Section::Http, config.http.as_ref().map(http::check)));
    wrong.extend(of(
        Section::Cluster,
        config.cluster.as_ref().map(ClusterConfig::check),
    ));
    wrong
}

/// Opens the state of this member. Without a folder only configured state is kept.
fn open_state(config: &StateConfig, member: &str, parts: &Parts) -> Result<StateStore, String> {
    let base = match &config.path {
        Some(path) => path.clone(),
        None => match folder::default_folder() {
            Ok(folder) => folder,
            Err(why) => return Ok(StateStore::in_memory(&why, parts)),
        },
    };
    let folder = base.join(folder::file_name(member));
    StateStore::open(&folder, history(config), parts).map_err(|why| format!("[state] {why}"))
}

/// For how long the history is kept.
fn history(config: &StateConfig) -> Duration {
    Duration::from_secs(u64::from(config.history_days) * 86_400)
}

/// What was before isn't kept.
fn oldest(config: &StateConfig) -> Timestamp {
    Timestamp::now()
        .checked_sub(history(config))
        .unwrap_or(Timestamp::MIN)
}

/// Tells systemd, if it has started this.
fn notify(state: NotifyState<'_>) {
    if let Err(e) = sd_notify::notify(false, &[state]) {
        log::line("", format!("systemd can't be told: {e}"));
    }
}

/// A service manager that ends this process if it doesn't hear from it.
struct Manager {
    every: Option<Duration>,
    told: Instant,
}

impl Manager {
    fn new() -> Self {
        let mut micros = 0;
        let is_there = sd_notify::watchdog_enabled(false, &mut micros);
        Self {
            every: is_there.then(|| Duration::from_micros(micros) / SIGNS),
            told: Instant::now(),
        }
    }

    fn tell_alive(&mut self) {
        if self.every.is_some_and(|every| self.told.elapsed() >= every) {
            self.told = Instant::now();
            notify(NotifyState::Watchdog);
        }
    }
}

/// The configuration, among the parts of the process.
const PART: &str = "configuration";

/// The configuration file, and what was in it. Names that point somewhere else, as those of mounted volumes do, change it as well.
#[derive(Debug, Clone)]
struct File {
    path: std::path::PathBuf,
    content: Option<Vec<u8>>,
}

impl File {
    fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            content: std::fs::read(path).ok(),
        }
    }

    /// A file that can't be read at the moment is being replaced.
    fn has_changed(&self) -> bool {
        let content = std::fs::read(&self.path).ok();
        content.is_some() && content != self.content
    }

    fn note(&mut self) {
        self.content = std::fs::read(&self.path).ok();
    }
}

/// Prints problems.
pub fn complain<'a>(problems: impl IntoIterator<Item = &'a Problem>) {
    for problem in problems {
        eprintln!("{problem}");
    }
}

/// What this process is called among those that write results to the same place; the same however many they are, since what an
/// earlier run left to be sent lies under that name.
fn member(serve: &Serve, config: &Config) -> String {
    let share = match (&config.cluster, &serve.shard) {
        (Some(cluster), _) => cluster.member(),
        (None, Some(share)) => format!("member-{}", share.member),
        (None, None) => "all".to_owned(),
    };
    match serve.detectors.as_slice() {
        [] => share,
        names => format!("{share}-{}", names.join("-")),
    }
}
