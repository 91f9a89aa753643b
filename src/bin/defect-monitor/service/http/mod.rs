// SPDX-License-Identifier: MPL-2.0
//! The page, the metrics, health, and the API that adds and removes streams.

use std::net::SocketAddr;

use serde::Deserialize;

/// The section `[http]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    /// Where it listens, e.g. `127.0.0.1:9464`.
    pub listen: SocketAddr,
}
