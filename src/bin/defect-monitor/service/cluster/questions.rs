// SPDX-License-Identifier: MPL-2.0
//! Members ask each other: what the API of one doesn't know goes to another through the engine, and the answer comes back. So members need
//! neither each other's addresses nor tokens; who asked is judged by the member that was asked first.

use std::io::{Read, Write};
use std::sync::Arc;
use std::time::Duration;

use async_nats::Client;
use async_nats::connection::State;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::PART;
use super::records::key;
use crate::service::log;
use crate::service::outcome::bytes;

/// A member that doesn't answer within this time counts as away.
const PATIENCE: Duration = Duration::from_secs(2);
/// Questions that are answered at a time.
const AT_ONCE: usize = 32;
/// The largest message, unpacked.
const LARGEST: u64 = 64 * 1024 * 1024;
/// Time before it is tried again to listen.
const RETRY: Duration = Duration::from_secs(1);

/// A request for the API of another member.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Question {
    /// The method of HTTP.
    pub method: String,
    /// The path below `/api/v1`, with its query.
    pub path: String,
    /// The body.
    #[serde(with = "bytes")]
    pub body: Arc<[u8]>,
}

/// What another member answers.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Answer {
    /// The status of HTTP.
    pub status: u16,
    /// The type of the body.
    pub kind: String,
    /// The body.
    #[serde(with = "bytes")]
    pub body: Arc<[u8]>,
}

/// The way to other members.
#[derive(Debug, Clone)]
pub struct Questions {
    client: Client,
    /// What the subjects of all members begin with.
    subjects: String,
}

impl Question {
    /// For something to read.
    pub fn get(path: &str) -> Self {
        Self {
            method: "GET".to_owned(),
            path: path.to_owned(),
            body: Arc::default(),
        }
    }

    /// For the same that was asked here.
    pub fn of(uri: &axum::http::Uri) -> Self {
        Self::get(uri.path_and_query().map_or("/", |path| path.as_str()))
    }
}

impl Questions {
    /// Of the members of a cluster that have the same detectors.
    pub fn new(client: &Client, name: &str, set: &str) -> Self {
        Self {
            client: client.clone(),
            subjects: format!("{name}.{set}.questions"),
        }
    }

    /// Asks a member. None if it doesn't answer.
    pub async fn ask(&self, member: &str, question: &Question) -> Option<Answer> {
        if self.client.connection_state() != State::Connected {
            return None;
        }
        let request = self
            .client
            .request(self.subject(member), pack(question)?.into());
        let reply = tokio::time::timeout(PATIENCE, request).await.ok()?.ok()?;
        unpack(&reply.payload)
    }

    /// Answers what others ask this member, until the process ends.
    pub async fn answer<F>(self, me: Arc<str>, answer: impl Fn(Question) -> F)
    where
        F: Future<Output = Answer>,
    {
        loop {
            let asked = match self.client.subscribe(self.subject(&me)).await {
                Ok(asked) => asked,
                Err(e) => {
                    log::warn(PART, format!("others can't ask this member: {e}"));
                    tokio::time::sleep(RETRY).await;
                    continue;
                }
            };
            let reply = async |message: async_nats::Message| {
                let (Some(to), Some(question)) = (message.reply, unpack(&message.payload)) else {
                    return;
                };
                let most = self.client.server_info().max_payload;
                let packed = pack(&answer(question).await);
                let packed = packed.filter(|packed| packed.len() <= most);
                let packed = packed.or_else(|| pack(&Answer::too_large()));
                if let Some(packed) = packed {
                    let _ = self.client.publish(to, packed.into()).await;
                }
            };
            asked.for_each_concurrent(AT_ONCE, reply).await;
            tokio::time::sleep(RETRY).await;
        }
    }

    fn subject(&self, member: &str) -> String {
        format!("{}.{}", self.subjects, key(member))
    }
}

impl Answer {
    /// In words.
    pub fn of(status: u16, text: &str) -> Self {
        Self {
            status,
            kind: "text/plain; charset=utf-8".to_owned(),
            body: text.as_bytes().into(),
        }
    }

    fn too_large() -> Self {
        let text = "the answer is larger than the cluster's servers allow (max_payload)";
        Self::of(507, text)
    }
}

fn pack(value: &impl Serialize) -> Option<Vec<u8>> {
    let plain = rmp_serde::to_vec(value).ok()?;
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(&plain).ok()?;
    packed.finish().ok()
}

fn unpack<T: DeserializeOwned>(packed: &[u8]) -> Option<T> {
    let mut plain = Vec::new();
    let mut reader = GzDecoder::new(packed).take(LARGEST);
    reader.read_to_end(&mut plain).ok()?;
    rmp_serde::from_slice(&plain).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_arrives_as_it_was_sent() {
        let question = Question {
            method: "POST".to_owned(),
            path: "/episodes/a.1/acknowledge".to_owned(),
            body: b"{}"[..].into(),
        };
        let arrived: Question = unpack(&pack(&question).unwrap()).unwrap();
        assert_eq!(arrived.path, question.path);
        assert_eq!(arrived.body, question.body);
        assert!(unpack::<Question>(b"anything else").is_none());
        assert!(pack(&Answer::too_large()).is_some());
    }
}
