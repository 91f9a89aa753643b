// SPDX-License-Identifier: MPL-2.0
//! Changes of the cluster's streams by this process.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::super::PART;
use super::super::engine::{self, Buckets, Refusal};
use super::super::records::key;
use super::{Edit, End, Member};
use crate::service::config::StreamConfig;
use crate::service::log;

impl Member {
    /// Without the engine: what the file says counts as soon as it is back.
    pub(super) fn refuse(&mut self, edit: Edit, why: &str) {
        match edit {
            Edit::File(streams) => self.new_file = Some(streams),
            Edit::Put(_, answer) | Edit::Remove(_, answer) => {
                let _ = answer.send(Err(format!("the cluster's servers don't answer: {why}")));
            }
        }
    }

    /// Puts a stream into the bucket unless this has, or had, one of that name.
    pub(super) async fn introduce(
        &mut self,
        stream: StreamConfig,
        buckets: &Buckets,
    ) -> Result<(), End> {
        if self.catalogue.knows(&stream.id) {
            return Ok(());
        }
        match engine::write(&buckets.streams, &key(&stream.id), &stream, 0).await {
            Ok(_) | Err(Refusal::Changed) => {}
            Err(away) => return Err(away.into()),
        }
        let id: Arc<str> = stream.id.as_str().into();
        self.note_stream(&id, stream);
        Ok(())
    }

    /// Changes the streams of the bucket.
    pub(super) async fn edit(&mut self, edit: Edit, buckets: &Buckets) -> Result<(), End> {
        match edit {
            Edit::File(streams) => {
                self.new_file = Some(streams.clone());
                self.follow_file(streams, buckets).await?;
                self.new_file = None;
                Ok(())
            }
            Edit::Put(stream, answer) => {
                let put = engine::put(&buckets.streams, &key(&stream.id), &stream).await;
                answered(put.map(drop), answer)
            }
            Edit::Remove(id, answer) => {
                if self.catalogue.get(&id).is_none() {
                    let _ = answer.send(Err(format!("there is no stream {id:?}")));
                    return Ok(());
                }
                answered(engine::remove(&buckets.streams, &key(&id)).await, answer)
            }
        }
    }

    /// What has changed in the file changes in the bucket.
    pub(super) async fn follow_file(
        &mut self,
        streams: Vec<StreamConfig>,
        buckets: &Buckets,
    ) -> Result<(), End> {
        // Only what is done is done: the next connection begins again with the rest.
        let before = self.file.clone();
        let before_of = |id: &str| before.iter().find(|stream| stream.id == id);
        for stream in &streams {
            match before_of(&stream.id) {
                None => self.introduce(stream.clone(), buckets).await?,
                Some(before) if before != stream => {
                    engine::put(&buckets.streams, &key(&stream.id), stream).await?;
                }
                Some(_) => {}
            }
        }
        let is_gone = |before: &&StreamConfig| !streams.iter().any(|stream| stream.id == before.id);
        for gone in before.iter().filter(is_gone) {
            engine::remove(&buckets.streams, &key(&gone.id)).await?;
        }
        self.file = streams;
        Ok(())
    }
}

/// Passes on what came of a change.
fn answered(
    done: Result<(), Refusal>,
    answer: oneshot::Sender<Result<(), String>>,
) -> Result<(), End> {
    match done {
        Ok(()) => {
            let _ = answer.send(Ok(()));
            Ok(())
        }
        Err(refusal) => {
            let end = End::from(refusal);
            if let End::Away(why) = &end {
                log::warn(PART, why);
                let _ = answer.send(Err(why.clone()));
            }
            Err(end)
        }
    }
}
