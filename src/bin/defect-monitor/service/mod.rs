// SPDX-License-Identifier: MPL-2.0
//! `defect-monitor serve`: many streams, from one configuration file.
//!
//! ```text
//! config ──> supervisor ──> workers ══socket══> worker process ──> stream (one thread each)
//!               ^             │ <═══reports═══ worker process ──> stream
//!               │             v
//!               │          outlets ──> results (a store, batched)
//!               │             ├──────> state   (history, what outlasts the process)
//!               │             ├──────> alerts  (webhook, Alertmanager, MQTT, ...)
//!               └─ http <── board      (what is known now)
//! ```
//!
//! Streams never wait for each other, nor for a store, a broker or a reader of the page. What makes a worker process
//! fail costs the streams of that process, for seconds.

pub mod admission;
pub mod alerts;
mod backoff;
pub mod board;
pub mod cluster;
pub mod config;
mod gate;
pub mod http;
pub mod log;
pub mod options;
pub mod outcome;
pub mod outlets;
pub mod overrides;
pub mod parts;
pub mod protocol;
pub mod results;
pub mod run;
pub mod shard;
pub mod start_pacing;
pub mod state;
pub mod stream;
pub mod streams;
pub mod supervisor;
pub mod tls;
pub mod trust;
pub mod unwatched;
pub mod worker;
pub mod workers;

pub use run::run;

/// A number at random, from one up to the other.
fn chance(from: f64, to: f64) -> f64 {
    use std::hash::{BuildHasher, RandomState};
    // Each state has keys of its own.
    let share = RandomState::new().hash_one(0_u8) as f64 / u64::MAX as f64;
    from + (to - from) * share
}

/// An error with its causes.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    if text.contains("CaUsedAsEndEntity") {
        text += " (the server shows the certificate of an authority as its own; make it one with basicConstraints CA:FALSE that the \
        authority signs)";
    }
    text
}
