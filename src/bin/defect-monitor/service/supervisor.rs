// SPDX-License-Identifier: MPL-2.0
//! Starts and stops streams as the configuration and the API say.

use super::config::StreamConfig;

/// All streams of this process.
#[derive(Debug)]
pub struct Supervisor {}

impl Supervisor {
    /// Adds a stream, or replaces the one of that id.
    pub fn add(&self, _stream: StreamConfig) -> Result<(), String> {
        Ok(())
    }

    /// Removes a stream; an error if there is none of that id.
    pub fn remove(&self, _id: &str) -> Result<(), String> {
        Ok(())
    }
}
