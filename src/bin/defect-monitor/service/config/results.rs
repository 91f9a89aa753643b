// SPDX-License-Identifier: MPL-2.0
//! The section `[results]`.

use std::path::PathBuf;

use serde::Deserialize;

use super::Secret;

/// Where results are kept, and for how long.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ResultsConfig {
    /// `file:///var/lib/defect-monitor/results`, `s3://bucket/prefix`.
    pub url: String,
    /// How often results are written to the disk, in seconds: so much is lost by a crash at most.
    #[serde(default = "ResultsConfig::minute")]
    pub batch_seconds: u64,
    /// How much time an object of a bucket covers, in minutes; 0: each batch is one.
    #[serde(default = "ResultsConfig::hour")]
    pub object_minutes: u64,
    /// Where objects wait for a bucket; by default in the folder of the state.
    pub spool: Option<PathBuf>,
    /// How much may wait there; beyond it the oldest records go first, then pictures, events last.
    #[serde(default = "ResultsConfig::gibibyte")]
    pub spool_limit_bytes: u64,
    /// For how long results are kept in a folder, in days; for ever by default. A bucket has rules of its own for that.
    pub retention_days: Option<u64>,
    /// How much is kept in a folder: beyond it the oldest goes. All by default.
    pub retention_bytes: Option<u64>,
    /// Another server than Amazon's, e.g. `https://minio.example:9000`.
    pub endpoint: Option<String>,
    /// The region of the bucket.
    pub region: Option<String>,
    /// Access key; by default what AWS's environment variables say.
    pub access_key: Option<Secret>,
    /// Its secret.
    pub secret_key: Option<Secret>,
    /// Whether the endpoint may be spoken to without encryption.
    #[serde(default)]
    pub allow_http: bool,
    /// Certificates (PEM) of the authority that signed the endpoint's.
    pub ca_file: Option<PathBuf>,
}

impl ResultsConfig {
    fn minute() -> u64 {
        60
    }

    fn hour() -> u64 {
        60
    }

    fn gibibyte() -> u64 {
        1 << 30
    }
}
