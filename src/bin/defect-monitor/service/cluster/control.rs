// SPDX-License-Identifier: MPL-2.0
//! The streams of the cluster as the API lists and changes them.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::Cluster;
use super::catalogue::complete;
use super::member::Edit;
use crate::lock::lock;
use crate::service::config::{Origin, Plan, StreamConfig};
use crate::service::http::Control;

impl Cluster {
    /// Has the streams of the cluster changed, and waits for it.
    fn edit(
        &self,
        edit: impl FnOnce(oneshot::Sender<Result<(), String>>) -> Edit,
    ) -> Result<(), String> {
        let (answer, answered) = oneshot::channel();
        let gone = || "this member has left the cluster".to_owned();
        self.edits.send(edit(answer)).map_err(|_| gone())?;
        answered.blocking_recv().unwrap_or_else(|_| Err(gone()))
    }
}

impl Control for Cluster {
    fn add(&self, stream: StreamConfig) -> Result<(), String> {
        let config = lock(&self.file).clone();
        Plan::of(&stream, Origin::Api, &config, &[]).map_err(|faults| {
            let faults = faults.iter().map(|f| format!("{}: {}", f.key, f.what));
            faults.collect::<Vec<_>>().join("; ")
        })?;
        let stream = complete(&stream, &config);
        self.edit(|answer| Edit::Put(stream, answer))
    }

    fn remove(&self, id: &str) -> Result<(), String> {
        self.edit(|answer| Edit::Remove(id.to_owned(), answer))
    }

    fn list(&self) -> Vec<StreamConfig> {
        let streams = Arc::clone(&lock(&self.news).borrow().streams);
        streams.0.iter().map(|plan| plan.config.clone()).collect()
    }
}
