// SPDX-License-Identifier: MPL-2.0
//! Why a URI can't be played, or not further: of all that GStreamer says, what tells a person most.

use gst::glib;

use super::super::problem;
use super::super::reach::{Probe, Trouble};

/// What has gone wrong so far.
#[derive(Default)]
pub struct Failure {
    /// Each error with its rank: the lowest says most.
    errors: Vec<(u8, String)>,
    /// Whether the server can be reached, asked once something went wrong.
    probe: Option<Probe>,
}

impl Failure {
    /// Adds an error message of the bus.
    pub fn add(&mut self, error: &glib::Error, debug: Option<&str>) {
        let text = problem::text(error, debug);
        self.errors.push((problem::rank(error), text));
    }

    /// Adds a failure whose reason the bus may still name.
    pub fn add_unexplained(&mut self, text: &str) {
        self.errors.push((problem::LEAST, text.to_owned()));
    }

    /// Asks the server of a URI whether it can be reached, unless it was asked before.
    pub fn probe(&mut self, uri: &str) {
        if self.probe.is_none() {
            self.probe = Probe::start(uri);
        }
    }

    /// The reason, once all that there is to say has come; `None` if nothing failed. `missing`: names of decoders that are missing;
    /// `watched`: how much was watched before, in ns.
    pub fn why(&mut self, missing: &[String], watched: u64) -> Option<String> {
        let mut errors = std::mem::take(&mut self.errors);
        errors.sort_by_key(|(rank, _)| *rank);
        let (rank, first) = errors.into_iter().next()?;
        if !missing.is_empty() {
            return Some(format!(
                "GStreamer has no plugin for: {}",
                missing.join(", ")
            ));
        }
        let probe = self.probe.take().filter(|_| watched == 0);
        Some(match probe.and_then(Probe::why_not) {
            Some(Trouble::Unreachable(why)) => why,
            // A source that says something else has trusted the server.
            Some(Trouble::Untrusted(why)) if rank > 0 => why,
            _ => first,
        })
    }
}
