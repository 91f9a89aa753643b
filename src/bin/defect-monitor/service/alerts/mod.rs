// SPDX-License-Identifier: MPL-2.0
//! Alarms people and programs: by HTTP, Alertmanager, MQTT, on standard output.
//!
//! ```text
//! send ──> alarms (one a stream and kind) ──> queue ──> delivery ──> receiver
//!             for each receiver
//! ```
//!
//! Each notice is delivered at least once: it is in the state until the receiver has acknowledged it, so that neither
//! an absent receiver nor the end of this process loses it. A receiver recognises duplicates by the key. Senders wait
//! neither for a disk nor for a receiver.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use super::config::alerts::AlertConfig;
use super::outcome::Event;
use super::parts::Parts;
use super::state::{Mirrored, Section, StateStore};
use crate::lock::lock;

mod alarms;
mod apply;
mod body;
mod check;
mod delivery;
mod mqtt;
mod notice;
pub mod operations;
mod queue;
mod route;
mod server;
mod target;
#[cfg(test)]
mod tests;
mod undelivered;
mod webhook;

pub use alarms::key as alarm_key;
pub use check::check;
pub use operations::Operations;
use route::Route;
use undelivered::Undelivered;

/// The kind of streams that nobody watches: whoever tells of them doesn't watch them either.
pub const UNWATCHED: &str = "unwatched";
/// How often due notices are checked.
const DUE_INTERVAL: Duration = Duration::from_millis(200);

/// All receivers.
#[derive(Debug)]
pub struct Alerts {
    routes: Arc<Mutex<Routes>>,
    /// Streams that were handed over to other processes.
    elsewhere: Mutex<BTreeSet<Arc<str>>>,
    /// Streams that were removed.
    removed: Mutex<BTreeSet<Arc<str>>>,
    looking: JoinHandle<()>,
    context: Context,
}

/// The receivers of a moment.
type Routes = Arc<[Arc<Route>]>;

/// The undelivered notices of a receiver.
#[derive(Debug, Serialize)]
pub struct UndeliveredTo {
    /// The name of the receiver.
    receiver: String,
    #[serde(flatten)]
    one: Undelivered,
}

/// What the receivers have in common.
#[derive(Debug, Clone)]
pub struct Context {
    /// The name of this process.
    pub member: String,
    /// The name of the cluster, or of this process without one.
    pub monitor: String,
    /// The persistent state.
    pub state: StateStore,
    /// Acknowledgements and mutes.
    pub operations: Arc<Operations>,
    /// Where their health is reported.
    pub parts: Parts,
    /// The runtime of the deliveries.
    pub runtime: Handle,
}

impl Alerts {
    /// Starts to send; an error if one of them can never work as configured.
    pub fn start(configs: &[AlertConfig], context: Context) -> Result<Self, String> {
        if let Some((n, why)) = check(configs).into_iter().next() {
            return Err(format!("[[alerts]] {}: {why}", configs[n].name()));
        }
        let start = |config: &AlertConfig| {
            apply::remark(config);
            let route = Route::start(config, &context).map(Arc::new);
            route.map_err(|why| format!("[[alerts]] {}: {why}", config.name()))
        };
        let routes: Routes = configs.iter().map(start).collect::<Result<_, _>>()?;
        let routes = Arc::new(Mutex::new(routes));
        let all = Arc::clone(&routes);
        let looking = context.runtime.spawn(async move {
            let mut looks = tokio::time::interval(DUE_INTERVAL);
            loop {
                looks.tick().await;
                let routes = Arc::clone(&lock(&all));
                routes.iter().for_each(|route| route.send_due(false));
            }
        });
        Ok(Self {
            routes,
            elsewhere: Mutex::default(),
            removed: Mutex::default(),
            looking,
            context,
        })
    }

    fn routes(&self) -> Routes {
        Arc::clone(&lock(&self.routes))
    }

    /// Sends an event to all that want it.
    pub fn send(&self, event: &Event) {
        // The last of a stream that is being given up.
        let is_unwatched = event.defect.kind == UNWATCHED;
        if !is_unwatched && lock(&self.elsewhere).contains(&event.source.stream) {
            return;
        }
        // Under the lock: a new receiver is told of what is open, and misses nothing that ends meanwhile; and no alarm begins once the
        // stream is removed.
        let routes = lock(&self.routes);
        if is_unwatched || !lock(&self.removed).contains(&event.source.stream) {
            routes.iter().for_each(|route| route.take(event));
        }
    }

    /// A stream is removed: its alarms end, and what comes of it later isn't sent.
    pub fn remove_stream(&self, stream: &str) {
        let routes = lock(&self.routes);
        lock(&self.removed).insert(stream.into());
        routes.iter().for_each(|route| route.remove_stream(stream));
    }

    /// A stream is watched, again if it was removed.
    pub fn add_stream(&self, stream: &str) {
        lock(&self.removed).remove(stream);
    }

    /// Of these streams the alarms are another process' from now on.
    pub fn hand_over(&self, streams: &BTreeSet<Arc<str>>) {
        let mut elsewhere = lock(&self.elsewhere);
        elsewhere.extend(streams.iter().cloned());
        for route in self.routes().iter() {
            lock(&route.alarms).hand_over(|stream| streams.contains(stream));
        }
    }

    /// The engine has an alarm, which is that entry of the state. `is_replaced`: under the name that another process gave it; then the end
    /// is sent under its own name, if its begin was sent before the engine answered.
    pub fn settle(&self, key: &str, value: &str, is_replaced: bool) {
        for route in self.routes().iter() {
            let end = lock(&route.alarms).replaced(key, value);
            match end {
                Some(end) if is_replaced => route.delivery.give_up(end),
                Some(end) => route.delivery.settle(&end.event.episode),
                None => {}
            }
        }
    }

    /// The engine has answered whether a notice, which is that entry of the queue, is to be sent from here.
    pub fn answer(&self, key: &str, value: &str, is_sent_here: bool) {
        for route in self.routes().iter() {
            route.delivery.answer(key, value, is_sent_here);
        }
    }

    /// The alarms of these streams are this process'.
    pub fn own(&self, streams: &BTreeSet<Arc<str>>) {
        lock(&self.elsewhere).retain(|stream| !streams.contains(stream));
    }

    /// Continues what another process has left of alarms and unsent notices. False if no receiver here is meant.
    pub fn take_over(&self, left: &Mirrored) -> bool {
        let (key, Some(value)) = (&left.key, &left.value) else {
            return false;
        };
        self.routes().iter().any(|route| match left.section {
            Section::Alarms => route.take_over(key, value),
            _ => route.delivery.take_over(key, value),
        })
    }

    /// Since when there is an alarm of that kind in a stream for any receiver, over restarts and members. None if it is over.
    pub fn open_since(&self, stream: &Arc<str>, kind: &str) -> Option<Timestamp> {
        let of_route = |route: &Arc<Route>| lock(&route.alarms).open_since(stream, kind);
        self.routes().iter().filter_map(of_route).min()
    }

    /// What wasn't delivered, the oldest first.
    pub fn undelivered(&self) -> Vec<UndeliveredTo> {
        let of_route = |route: &Arc<Route>| {
            let receiver = route.name.clone();
            let all = route.delivery.undelivered().list().into_iter();
            all.map(move |one| UndeliveredTo {
                receiver: receiver.clone(),
                one,
            })
        };
        self.routes().iter().flat_map(of_route).collect()
    }

    /// How many notices weren't delivered.
    pub fn undelivered_count(&self) -> usize {
        let count = |route: &Arc<Route>| route.delivery.undelivered().len();
        self.routes().iter().map(count).sum()
    }

    /// Sends again what wasn't delivered: to that receiver or all, of that alarm or all. Gives how many. An error says why that won't
    /// outlast this process; they are sent nevertheless.
    pub fn resend(&self, receiver: Option<&str>, alarm: Option<&str>) -> Result<usize, String> {
        let resend = |route: &Arc<Route>| route.delivery.resend(alarm);
        let count = self.named(receiver).iter().map(resend).sum();
        self.context.state.flush()?;
        Ok(count)
    }

    /// Forgets what wasn't delivered. Gives how many. An error says why they may be back after this process.
    pub fn discard(&self, receiver: Option<&str>, alarm: Option<&str>) -> Result<usize, String> {
        let discard = |route: &Arc<Route>| route.delivery.undelivered().take(alarm).len();
        let count = self.named(receiver).iter().map(discard).sum();
        self.context.state.flush()?;
        Ok(count)
    }

    fn named(&self, receiver: Option<&str>) -> Vec<Arc<Route>> {
        let routes = self.routes();
        let named = routes.iter();
        let named = named.filter(|route| receiver.is_none_or(|name| *route.name == *name));
        named.cloned().collect()
    }

    /// Sends what is left, for a limited time; the rest is sent at the next start.
    pub fn close(&self) {
        self.looking.abort();
        for route in self.routes().iter() {
            route.send_due(true);
        }
        // All at once: one that doesn't answer takes its time.
        self.routes().iter().for_each(|route| route.delivery.end());
        self.routes()
            .iter()
            .for_each(|route| route.delivery.close());
    }
}
