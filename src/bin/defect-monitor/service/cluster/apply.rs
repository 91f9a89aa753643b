// SPDX-License-Identifier: MPL-2.0
//! `defect-monitor streams apply`: the streams of a file become those of the cluster.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::catalogue::all_complete;
use super::engine::{self, Engine, Refusal};
use super::records::{key, name};
use crate::service::config::cluster::ClusterConfig;
use crate::service::config::{Config, StreamConfig};

/// Time that the servers get to be reached.
const PATIENCE: Duration = Duration::from_secs(10);

/// Makes the streams of the cluster those of the file; says what has changed.
pub async fn apply(config: &Config, cluster: &ClusterConfig) -> Result<String, String> {
    let wrong = |why: String| format!("[cluster] {why}");
    let engine = Engine::connect(cluster).await.map_err(wrong)?;
    let start = Instant::now();
    while !engine.is_connected() {
        if start.elapsed() > PATIENCE {
            return Err(wrong(engine.trouble()));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let store = engine.streams().await.map_err(wrong)?;
    let (entries, _) = engine::follow(&store).await.map_err(wrong)?;
    let known: BTreeMap<_, StreamConfig> = entries
        .iter()
        .filter_map(|entry| Some((name(&entry.key), engine::value(entry)?)))
        .collect();
    let (mut added, mut changed, mut removed) = (0, 0, 0);
    let away = |refusal| match refusal {
        Refusal::Changed => wrong("another has written at the same time".to_owned()),
        Refusal::Away(why) => wrong(why),
    };
    let streams = all_complete(config);
    for stream in &streams {
        match known.get(&*stream.id) {
            Some(known) if known == stream => continue,
            Some(_) => changed += 1,
            None => added += 1,
        }
        engine::put(&store, &key(&stream.id), stream)
            .await
            .map_err(away)?;
    }
    for id in known
        .keys()
        .filter(|id| !streams.iter().any(|stream| *stream.id == ***id))
    {
        engine::remove(&store, &key(id)).await.map_err(away)?;
        removed += 1;
    }
    Ok(format!(
        "{} streams: {added} added, {changed} changed, {removed} removed",
        streams.len()
    ))
}
