// SPDX-License-Identifier: MPL-2.0
//! The command line of `defect-monitor serve`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::log;
use super::shard::Shard;

/// Watch all streams of a configuration file, until stopped
///
/// SIGHUP and a change of the file reload it; only streams that changed are touched. SIGTERM and Ctrl-C end all episodes, write what is
/// left and stop.
#[derive(Debug, Args)]
pub struct Serve {
    /// The configuration; pipelines/defect-monitor.toml is an example with all keys
    #[arg(value_name = "CONFIG.toml")]
    pub config: PathBuf,

    /// Check the configuration, say what is wrong with it, and stop
    #[arg(long)]
    pub check: bool,

    /// Watch only this process' share of the streams: member I (from 0) of N
    ///
    /// For a few machines without NATS; the members of a [cluster] share the streams by themselves.
    #[arg(long, value_name = "I/N", env = "DEFECT_MONITOR_SHARD")]
    pub shard: Option<Shard>,

    /// Use only these detectors of those configured, e.g. black,silence; for several copies with different ones
    #[arg(
        long,
        value_name = "NAMES",
        value_delimiter = ',',
        env = "DEFECT_MONITOR_DETECTORS"
    )]
    pub detectors: Vec<String>,

    #[command(flatten)]
    pub log: log::Options,
}

/// Watch some of the streams of `serve`, which starts it
#[derive(Debug, Args)]
pub struct Worker {
    #[command(flatten)]
    pub log: log::Options,
}

/// Change the streams of a cluster
#[derive(Debug, Args)]
pub struct Streams {
    #[command(subcommand)]
    pub command: StreamsCommand,
}

/// What can be done with them.
#[derive(Debug, Subcommand)]
pub enum StreamsCommand {
    /// Make the streams of a file those of the cluster that its section [cluster] names: what the file doesn't have is removed
    Apply {
        /// The configuration
        #[arg(value_name = "CONFIG.toml")]
        config: PathBuf,
    },
}
