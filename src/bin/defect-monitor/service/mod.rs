// SPDX-License-Identifier: MPL-2.0
//! `defect-monitor serve`: many streams in one process, from one configuration file.
//!
//! ```text
//! config ──> supervisor ──> stream (one thread each) ──outcomes──> outlets ──> results  (a store, batched)
//!               ^                                                        ├──> alerts   (webhook, MQTT, standard output)
//!               └───────────────────── http (API) <──── board <──────────┘    board    (what is known now)
//! ```
//!
//! Streams never wait for each other, nor for a store, a broker or a reader of the page.

pub mod admission;
pub mod alerts;
pub mod board;
pub mod config;
pub mod http;
pub mod options;
pub mod outcome;
pub mod outlets;
pub mod results;
pub mod shard;
pub mod snapshot;
pub mod stream;
pub mod supervisor;
