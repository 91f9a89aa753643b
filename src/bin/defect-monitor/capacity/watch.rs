// SPDX-License-Identifier: MPL-2.0
//! Watching a programme just as the monitor does, to see what the process takes for it.

use std::sync::Arc;
use std::time::Duration;

use super::super::address::Address;
use super::super::chain::Pace;
use super::super::choice::Choice;
use super::super::machine::{process_cpu, resident};
use super::super::play::{News, Play};
use super::super::source::{self, Streams};

/// How many streams show what one more takes of memory.
pub const SEVERAL: usize = 3;

/// How long to wait for news of one stream.
const TICK: Duration = Duration::from_millis(20);

/// What was taken.
pub struct Taken {
    /// CPU time of the process.
    pub cpu: Duration,
    /// How much stream was watched for it.
    pub stream: Duration,
    /// The most bytes of memory that the process had meanwhile.
    pub memory: u64,
}

/// Starts to watch a programme.
pub fn start(address: &Address, choice: &Arc<Choice>, length: Duration) -> Result<Play, String> {
    let pace = Pace {
        realtime: false,
        limit: Some(length),
    };
    let streams = Streams::new(Arc::clone(choice), pace);
    Play::start(
        &address.uri,
        streams,
        Some(PATIENCE),
        |pipeline, streams| source::uri(pipeline, &address.uri, streams),
    )
}

/// Without data for so long there is none.
const PATIENCE: Duration = Duration::from_secs(30);

/// Watches it so many times at once.
pub fn watch(
    address: &Address,
    choice: &Arc<Choice>,
    length: Duration,
    times: usize,
) -> Result<Taken, String> {
    let before = process_cpu();
    let plays: Result<Vec<Play>, String> =
        (0..times).map(|_| start(address, choice, length)).collect();
    let mut plays = plays?;
    let mut memory = 0;
    while !plays.iter().all(Play::is_over) {
        for play in plays.iter_mut().filter(|play| !play.is_over()) {
            trouble(play.news(TICK))?;
        }
        memory = memory.max(resident());
    }
    let watched: u64 = plays.iter().map(Play::watched).sum();
    for play in &mut plays {
        trouble(play.stop())?;
    }
    if let Some(missing) = plays.iter().find_map(|play| play.missing.first()) {
        return Err(format!("GStreamer has no plugin for: {missing}"));
    }
    if watched == 0 {
        return Err("there is nothing in it to watch".to_owned());
    }
    Ok(Taken {
        cpu: process_cpu().saturating_sub(before),
        stream: Duration::from_nanos(watched),
        memory,
    })
}

/// Whatever it is that hinders; defects don't matter here.
pub fn trouble(news: Vec<News>) -> Result<(), String> {
    let failed = news.into_iter().find_map(|news| match news {
        News::Failed(why) => Some(why),
        _ => None,
    });
    failed.map_or(Ok(()), Err)
}
