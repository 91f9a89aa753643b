// SPDX-License-Identifier: MPL-2.0
//! Sends defects on as they happen: to a webhook, an MQTT broker, standard output.
//!
//! Each event is delivered at least once: it lies in a file until the other side has said that it has it, so that neither a broker
//! that is away nor the end of this process loses it. Who gets an event twice knows by its key.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use serde::Deserialize;
use tokio::runtime::Handle;

use super::outcome::Event;
use super::parts::{Health, Parts};
use super::results::place;
use crate::lock::lock;

mod courier;
mod mqtt;
mod outbox;
#[cfg(test)]
mod tests;
mod webhook;

use courier::{Courier, Target};
use outbox::Outbox;

/// One `[[alerts]]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Config {
    /// What it is called in messages and metrics; its type by default.
    pub name: Option<String>,
    /// Only these kinds of defects; all by default.
    #[serde(default)]
    pub kinds: Vec<String>,
    /// Only defects of this severity or more: `info`, `warning`, `error`, `critical`.
    pub severity: Option<String>,
    /// Where events wait; by default in the folder for state of the service or the user.
    pub spool: Option<PathBuf>,
    /// Where they go.
    #[serde(flatten)]
    pub to: To,
}

/// Where events go.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", tag = "type")]
pub enum To {
    /// JSON lines on standard output.
    Stdout {},
    /// JSON by HTTP POST.
    Webhook(webhook::Config),
    /// JSON by MQTT 3.1.1.
    Mqtt(mqtt::Config),
}

/// Severities, the least first.
const SEVERITIES: [&str; 4] = ["info", "warning", "error", "critical"];
/// What streams as a whole report: nothing comes, or picture and sound are gone.
const OF_STREAMS: [&str; 2] = ["lost", "outage"];
/// Events that may wait to be written to their files.
const QUEUE: usize = 1 << 14;

/// All of them.
#[derive(Debug)]
pub struct Alerts {
    routes: Arc<Vec<Route>>,
    /// None once closed.
    queue: Mutex<Option<SyncSender<Box<Event>>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    /// More came than could be kept.
    has_overrun: AtomicBool,
    parts: Parts,
}

#[derive(Debug)]
struct Route {
    kinds: Vec<String>,
    /// Index of the least severity.
    severity: usize,
    /// None: standard output.
    courier: Option<Courier>,
}

/// What is wrong with any of them, as far as that is known before something is sent: which, and why.
pub fn check(configs: &[Config]) -> Vec<(usize, String)> {
    let wrong = |(n, config): (usize, &Config)| {
        let is_taken = configs[..n]
            .iter()
            .any(|other| other.called() == config.called());
        let taken = is_taken.then(|| {
            "there are two of that name; give them names of their own with name = \"...\""
                .to_owned()
        });
        Some((n, taken.or_else(|| config.check().err())?))
    };
    configs.iter().enumerate().filter_map(wrong).collect()
}

impl Config {
    /// What it is called.
    fn called(&self) -> &str {
        self.name.as_deref().unwrap_or_else(|| self.to.kind())
    }

    fn check(&self) -> Result<(), String> {
        self.least_severity()?;
        self.check_kinds()?;
        match &self.to {
            To::Stdout {} => Ok(()),
            To::Webhook(config) => webhook::Webhook::new(config).map(drop),
            To::Mqtt(config) => mqtt::check(config),
        }
    }

    /// As an index of the severities.
    fn least_severity(&self) -> Result<usize, String> {
        match self.severity.as_deref() {
            None => Ok(0),
            Some(wanted) => SEVERITIES
                .iter()
                .position(|s| *s == wanted)
                .ok_or_else(|| format!("severity {wanted:?}: there are {}", SEVERITIES.join(", "))),
        }
    }

    fn check_kinds(&self) -> Result<(), String> {
        let all = gstdefect::detectors::all();
        let known: Vec<_> = all
            .iter()
            .flat_map(|e| e.info.kinds)
            .map(|k| k.name)
            .chain(OF_STREAMS)
            .collect();
        if let Some(kind) = self.kinds.iter().find(|k| !known.contains(&k.as_str())) {
            return Err(format!(
                "kinds: there is no {kind:?}; there are {}",
                known.join(", ")
            ));
        }
        Ok(())
    }
}

impl Alerts {
    /// Starts to send; an error if one of them can never work as configured.
    pub fn start(
        configs: &[Config],
        member: &str,
        parts: &Parts,
        runtime: &Handle,
    ) -> Result<Self, String> {
        if let Some((n, why)) = check(configs).into_iter().next() {
            return Err(format!("[[alerts]] {}: {why}", configs[n].called()));
        }
        let mut routes: Vec<Route> = Vec::new();
        for config in configs {
            let name = config.called();
            let wrong = |why: String| format!("[[alerts]] {name}: {why}");
            let part = format!("alerts: {name}");
            routes.push(Route::start(config, (part, member), parts, runtime).map_err(wrong)?);
        }
        let routes = Arc::new(routes);
        let (queue, events) = sync_channel::<Box<Event>>(QUEUE);
        let all = Arc::clone(&routes);
        // Files are written by a thread of their own: no stream waits for a disk.
        let work = move || {
            for event in events {
                all.iter().for_each(|route| route.take(&event));
            }
        };
        let thread = std::thread::Builder::new()
            .name("alerts".to_owned())
            .spawn(work)
            .map_err(|e| format!("[[alerts]] no thread to send: {e}"))?;
        Ok(Self {
            routes,
            queue: Mutex::new(Some(queue)),
            thread: Mutex::new(Some(thread)),
            has_overrun: AtomicBool::new(false),
            parts: parts.clone(),
        })
    }

    /// Sends an event to all that want it; never waits for any.
    pub fn send(&self, event: &Event) {
        if !self.routes.iter().any(|route| route.wants(event)) {
            return;
        }
        let queue = lock(&self.queue);
        let Some(queue) = &*queue else { return };
        if queue.try_send(Box::new(event.clone())).is_err() {
            self.has_overrun.store(true, Ordering::Release);
            let text = "more events than can be kept; some were lost".to_owned();
            self.parts.report("alerts", Health::Broken(text));
            self.parts
                .add(courier::DROPPED, courier::DROPPED_HELP, "alerts", 1.0);
        } else if self.has_overrun.swap(false, Ordering::AcqRel) {
            self.parts.report("alerts", Health::Fine);
        }
    }

    /// Sends what is left, for a while; the rest goes out at the next start.
    pub fn close(&self) {
        drop(lock(&self.queue).take());
        let thread = lock(&self.thread).take();
        if let Some(thread) = thread {
            let _ = thread.join();
        }
        for courier in self
            .routes
            .iter()
            .filter_map(|route| route.courier.as_ref())
        {
            courier.close();
        }
    }
}

impl Route {
    fn start(
        config: &Config,
        (part, member): (String, &str),
        parts: &Parts,
        runtime: &Handle,
    ) -> Result<Self, String> {
        let severity = config.least_severity()?;
        let target = match &config.to {
            To::Stdout {} => None,
            To::Webhook(config) => Some(Target::Webhook(webhook::Webhook::new(config)?)),
            To::Mqtt(config) => Some(Target::Mqtt(mqtt::Mqtt::start(
                config, &part, parts, runtime,
            )?)),
        };
        let courier = match target {
            None => None,
            Some(target) => {
                let outbox = Outbox::open(&folder(config.spool.as_deref(), member, &part)?)?;
                Some(Courier::start(target, outbox, &part, parts, runtime))
            }
        };
        parts.report(&part, Health::Fine);
        Ok(Self {
            kinds: config.kinds.clone(),
            severity,
            courier,
        })
    }

    fn wants(&self, event: &Event) -> bool {
        let severity = SEVERITIES.iter().position(|s| *s == event.defect.severity);
        (self.kinds.is_empty() || self.kinds.contains(&event.defect.kind))
            && severity.is_none_or(|severity| severity >= self.severity)
    }

    fn take(&self, event: &Event) {
        if !self.wants(event) {
            return;
        }
        match &self.courier {
            Some(courier) => courier.take(event),
            None => {
                use std::io::Write;
                let line = serde_json::to_string(event).unwrap_or_default();
                // A reader that has gone is not a reason to stop watching.
                let _ = writeln!(std::io::stdout().lock(), "{line}");
            }
        }
    }
}

impl To {
    fn kind(&self) -> &'static str {
        match self {
            Self::Stdout {} => "stdout",
            Self::Webhook(_) => "webhook",
            Self::Mqtt(_) => "mqtt",
        }
    }
}

fn folder(wanted: Option<&Path>, member: &str, part: &str) -> Result<PathBuf, String> {
    let base = match wanted {
        Some(folder) => folder.to_owned(),
        None => place::state()?,
    };
    Ok(base
        .join(place::file_name(member))
        .join(place::file_name(part)))
}
