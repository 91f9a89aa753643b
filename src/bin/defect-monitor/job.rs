// SPDX-License-Identifier: MPL-2.0
//! A watching job: source, pipeline, results.

use std::sync::Arc;

use super::address::Address;
use super::chain::Pace;
use super::choice::Choice;
use super::demo::Programme;
use super::line::Origin;
use super::options::Options;
use super::play::Play;
use super::report::Record;
use super::source::{self, Streams};
use super::tally::Tally;

/// The source of a job.
#[derive(Debug)]
pub enum Task {
    /// A URI.
    Play(Address),
    /// The built-in programme.
    Demo(Arc<Programme>),
}

/// A running job.
pub struct Job {
    /// For programs.
    pub uri: String,
    /// For people.
    pub label: String,
    /// The pipeline.
    pub play: Play,
    /// Counts of the defects.
    pub tally: Tally,
    /// The record for a report, if one is wanted.
    pub record: Option<Record>,
    /// The faults put in, if it is the built-in programme.
    pub programme: Option<Arc<Programme>>,
}

impl Job {
    /// Starts a job.
    pub fn start(task: Task, choice: &Arc<Choice>, options: &Options) -> Result<Self, String> {
        let pace = Pace {
            realtime: options.realtime,
            limit: options.duration,
        };
        let streams = Streams::new(Arc::clone(choice), pace);
        let mut record = None;
        let mut install = |pipeline: &gst::Pipeline| {
            record = options.report.as_ref().map(|_| Record::install(pipeline));
        };
        let (uri, label, play, programme) = match task {
            Task::Play(Address { uri, label }) => {
                let play = Play::start(&uri, streams, options.timeout, |pipeline, streams| {
                    install(pipeline);
                    source::uri(pipeline, &uri, streams)
                });
                (uri, label, play, None)
            }
            Task::Demo(programme) => {
                let uri = "demo:".to_owned();
                let play = Play::start(&uri, streams, options.timeout, |pipeline, streams| {
                    install(pipeline);
                    programme.clone().play(pipeline, streams)
                });
                (uri, "demonstration".to_owned(), play, Some(programme))
            }
        };
        Ok(Self {
            play: play.map_err(|why| format!("{label}: {why}"))?,
            uri,
            label,
            tally: Tally::default(),
            record,
            programme,
        })
    }

    /// Where a message of that stream comes from.
    pub fn origin<'a>(&'a self, stream: &'a str, named: bool) -> Origin<'a> {
        let chain = self.play.streams.chains();
        let caps = chain
            .iter()
            .rfind(|c| c.name == stream)
            .and_then(|c| c.seen.format());
        Origin {
            uri: &self.uri,
            label: named.then_some(self.label.as_str()),
            stream,
            channels: caps.as_ref().map_or(0, super::format::channels),
        }
    }
}
