// SPDX-License-Identifier: MPL-2.0
//! `defect-monitor streams`: the streams of a cluster, changed from outside of it.

use super::cluster;
use super::config::load;
use super::options::{Streams, StreamsCommand};
use super::run::{check_sections, complain};
use crate::TROUBLE;

/// Does what is asked for; gives the exit status.
pub fn run(streams: &Streams) -> Result<u8, String> {
    let StreamsCommand::Apply { config: file } = &streams.command;
    gst::init().map_err(|e| format!("GStreamer doesn't start: {e}"))?;
    gstdefect::plugin_register_static().map_err(|e| e.to_string())?;
    let loaded = match load::read(file, &[], check_sections) {
        Ok(loaded) => loaded,
        Err(problems) => {
            complain(&problems);
            return Ok(TROUBLE);
        }
    };
    let config = loaded.config;
    let Some(of) = &config.cluster else {
        return Err(format!("{}: there is no section [cluster]", file.display()));
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| e.to_string())?;
    println!("{}", runtime.block_on(cluster::apply(&config, of))?);
    Ok(0)
}
