// SPDX-License-Identifier: MPL-2.0
//! `defect-monitor serve`, run as users run it.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]

mod adaptive;
mod alarms;
mod attacks;
mod capacity;
mod certificates;
mod checks;
mod client;
mod clocks;
mod cluster;
mod core;
mod kubernetes;
mod members;
mod monitoring;
mod nats;
mod pictures;
#[path = "../common/ports.rs"]
mod ports;
mod proxy;
mod reload;
mod running;
mod sources;
mod state;
mod transport;
mod webhook;
mod workers;
