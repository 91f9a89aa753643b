// SPDX-License-Identifier: MPL-2.0
//! Starts the parts of the service, each with those that it needs.

use std::sync::Arc;

use super::super::alerts::{Alerts, Context, Operations};
use super::super::board::Board;
use super::super::cluster::Cluster;
use super::super::config::state::StateConfig;
use super::super::config::{Config, Loaded};
use super::super::http::{Control, Server, Sources};
use super::super::log;
use super::super::options::Serve;
use super::super::outlets::Outlets;
use super::super::overrides::Overrides;
use super::super::parts::Parts;
use super::super::results::Writer;
use super::super::shard::Share;
use super::super::state::{StateStore, folder};
use super::super::supervisor::{Changes, Supervisor};
use super::super::workers::Workers;
use super::Service;
use super::config_file::ConfigFile;

impl Service {
    /// Starts the service; an error if a part can't work as configured.
    pub fn start(serve: &Serve, loaded: Loaded) -> Result<Self, String> {
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
        let operations = Arc::new(Operations::load(&state, config.state.oldest()));
        // Before the alarms are read: in a cluster they are with the cluster.
        let mirror = config.cluster.as_ref().map(|_| state.mirror_alarms());
        let context = Context {
            member: member.clone(),
            monitor: config
                .cluster
                .as_ref()
                .map_or_else(|| member.clone(), |cluster| cluster.name.clone()),
            state: state.clone(),
            operations: Arc::clone(&operations),
            parts: parts.clone(),
            runtime: handle.clone(),
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
            let shared = (mirror, &operations);
            Cluster::start(of, &serve.detectors, known, shared, &parts, handle).map(Arc::new)
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
            file: ConfigFile::new(&serve.config),
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
        let changes = service.apply(loaded, Vec::new());
        // A member of a cluster is ready when that has said what there is to watch.
        if service.cluster.is_none() {
            service.outlets.board.set_configured();
        }
        service.say_started(count, &changes);
        Ok(service)
    }

    /// Logs how many of the configured streams this process watches, and where its page is.
    fn say_started(&self, count: usize, changes: &Changes) {
        let others = match count.saturating_sub(changes.started) {
            0 => String::new(),
            n if self.cluster.is_some() => format!(", {n} shared with the cluster"),
            n => format!(", {n} left to others"),
        };
        let encrypted = self.started.http.as_ref();
        let encrypted = encrypted.is_some_and(|http| http.certificate.is_some());
        let scheme = if encrypted { "https" } else { "http" };
        let page = self.server.address().map(|a| format!(", {scheme}://{a}/"));
        let page = page.unwrap_or_default();
        log::line("", format!("{} streams{others}{page}", changes.started));
    }
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
    StateStore::open(&folder, config.history(), parts).map_err(|why| format!("[state] {why}"))
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
