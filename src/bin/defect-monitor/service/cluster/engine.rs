// SPDX-License-Identifier: MPL-2.0
//! The engine: key-value buckets of NATS JetStream.

use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_nats::connection::State;
use async_nats::jetstream::kv::{Entry, Operation, Store, UpdateErrorKind, Watch};
use async_nats::jetstream::{self, Context, stream};
use async_nats::{Client, ConnectOptions, Event};
use futures_util::StreamExt;
use serde::Serialize;

use super::LEASE;
use super::questions::Questions;
use crate::lock::lock;
use crate::service::config::Secret;
use crate::service::config::cluster::ClusterConfig;
use crate::service::{causes, tls};

/// Time that the engine gets to answer: a lease isn't missed for one answer that is late.
const TIMEOUT: Duration = Duration::from_secs(3);
/// For how long alarms, notices and what operators said are kept that nobody has changed.
pub const ALARMS: Duration = Duration::from_secs(7 * 86_400);
/// How often it is tried to connect again.
const RETRY: Duration = Duration::from_millis(500);
/// Time after which no more entries of a bucket are waited for: those that lapse in that moment never come.
const QUIET: Duration = Duration::from_secs(1);

/// A connection to the engine, which is made again when it breaks.
#[derive(Debug, Clone)]
pub struct Engine {
    client: Client,
    context: Context,
    /// Why there is no connection.
    trouble: Arc<Mutex<String>>,
    name: String,
    replicas: usize,
}

/// What the cluster has in common.
#[derive(Debug, Clone)]
pub struct Buckets {
    /// The streams that are to be watched, by name.
    pub streams: Store,
    /// What members say of themselves, by name; an entry lives for [`LEASE`].
    pub members: Store,
    /// Who watches which stream, by name of the stream.
    pub claims: Store,
    /// Alarms that are open, notices that wait to be sent, and what operators said of them.
    pub alarms: Store,
}

/// Why something wasn't written.
#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It isn't any more as it was thought to be.
    Changed,
    /// The engine can't be reached.
    Away(String),
}

impl Engine {
    /// Starts to connect, and doesn't wait for it. An error if it can never work.
    pub async fn connect(config: &ClusterConfig) -> Result<Self, String> {
        tls::prepare();
        let trouble = Arc::<Mutex<String>>::default();
        let told = Arc::clone(&trouble);
        let options = options(config)?.event_callback(move |event| {
            let text = match event {
                Event::ServerError(e) => e.to_string(),
                Event::ClientError(e) => e.to_string(),
                _ => String::new(),
            };
            *lock(&told) = text;
            std::future::ready(())
        });
        let client = options.connect(config.addresses()?).await;
        let client = client.map_err(|e| causes(&e))?;
        let mut context = jetstream::new(client.clone());
        context.set_timeout(TIMEOUT);
        Ok(Self {
            client,
            context,
            trouble,
            name: config.name.clone(),
            replicas: config.replicas,
        })
    }

    /// Whether there is a connection.
    pub fn is_connected(&self) -> bool {
        self.client.connection_state() == State::Connected
    }

    /// Why there is no connection.
    pub fn trouble(&self) -> String {
        let why = lock(&self.trouble).clone();
        match why.trim_start_matches("nats: ") {
            "" => "the cluster's servers can't be reached".to_owned(),
            why => format!("the cluster's servers can't be reached: {why}"),
        }
    }

    /// The way to the members with that set of detectors.
    pub fn questions(&self, set: &str) -> Questions {
        Questions::new(&self.client, &self.name, set)
    }

    /// How often it was connected so far.
    pub fn connects(&self) -> u64 {
        self.client.statistics().connects.load(Ordering::Relaxed)
    }

    /// The buckets of members with that set of detectors; those that aren't there are made. The streams are those of all sets.
    pub async fn buckets(&self, set: &str) -> Result<Buckets, String> {
        let name = &self.name;
        Ok(Buckets {
            streams: self.streams().await?,
            members: self.bucket(format!("{name}-{set}-members"), LEASE).await?,
            claims: self
                .bucket(format!("{name}-{set}-claims"), Duration::ZERO)
                .await?,
            alarms: self.bucket(format!("{name}-{set}-alarms"), ALARMS).await?,
        })
    }

    /// The bucket of the streams.
    pub async fn streams(&self) -> Result<Store, String> {
        self.bucket(format!("{}-streams", self.name), Duration::ZERO)
            .await
    }

    async fn bucket(&self, bucket: String, max_age: Duration) -> Result<Store, String> {
        if let Ok(store) = self.context.get_key_value(&bucket).await {
            return Ok(store);
        }
        // As `create_key_value` would make it, but that asks for what servers before 2.10 don't say.
        let config = stream::Config {
            name: format!("KV_{bucket}"),
            subjects: vec![format!("$KV.{bucket}.>")],
            max_messages_per_subject: 1,
            max_age,
            discard: stream::DiscardPolicy::New,
            allow_rollup: true,
            deny_delete: true,
            allow_direct: true,
            num_replicas: self.replicas,
            ..stream::Config::default()
        };
        let made = self.context.create_stream(config).await;
        // Another member may just have made it.
        let store = self.context.get_key_value(&bucket).await;
        let made = made.map_err(|e| format!("the bucket {bucket}: {}", causes(&e)));
        store.map_err(|e| made.err().unwrap_or_else(|| causes(&e)))
    }
}

fn options(config: &ClusterConfig) -> Result<ConnectOptions, String> {
    let read = |secret: &Option<Secret>| secret.as_ref().map(Secret::read).transpose();
    let mut options = ConnectOptions::new()
        .name(format!("defect-monitor {}", config.member()))
        .retry_on_initial_connect()
        .connection_timeout(TIMEOUT)
        .request_timeout(Some(TIMEOUT))
        // A cut connection is noticed within three of these.
        .ping_interval(Duration::from_secs(2))
        .reconnect_delay_callback(|_| RETRY);
    if let Some(text) = read(&config.credentials)? {
        let wrong = |_| "credentials: that isn't what is in a .creds file".to_owned();
        options = options.credentials(&text).map_err(wrong)?;
    }
    if let Some(token) = read(&config.token)? {
        options = options.token(token);
    }
    if let (Some(user), Some(password)) = (&config.username, read(&config.password)?) {
        options = options.user_and_password(user.clone(), password);
    }
    if let Some(file) = &config.ca_file {
        tls::authority(file)?;
        options = options
            .add_root_certificates(file.clone())
            .require_tls(true);
    }
    if let (Some(certificate), Some(key)) = (&config.certificate, &config.key) {
        let files: [PathBuf; 2] = [certificate.clone(), key.clone()];
        let [certificate, key] = files;
        options = options
            .add_client_certificate(certificate, key)
            .require_tls(true);
    }
    Ok(options)
}

/// All that a bucket has at present, removed entries among them, and what comes from then on.
pub async fn follow(store: &Store) -> Result<(Vec<Entry>, Watch), String> {
    let wrong = |e: &dyn std::error::Error| format!("the bucket {}: {}", store.name, causes(e));
    let info = store.stream.get_info().await.map_err(|e| wrong(&e))?;
    let mut watch = store.watch_with_history(">").await.map_err(|e| wrong(&e))?;
    let mut entries = Vec::new();
    let mut is_more = info.state.messages > 0;
    while is_more {
        match tokio::time::timeout(QUIET, watch.next()).await {
            Ok(Some(Ok(entry))) => {
                is_more = entry.delta > 0;
                entries.push(entry);
            }
            Ok(Some(Err(e))) => return Err(wrong(&e)),
            Ok(None) => return Err(format!("the bucket {} says nothing more", store.name)),
            Err(_) => is_more = false,
        }
    }
    Ok((entries, watch))
}

/// The value of an entry; none if it was removed, or can't be read.
pub fn value<T: serde::de::DeserializeOwned>(entry: &Entry) -> Option<T> {
    let is_there = entry.operation == Operation::Put;
    is_there.then(|| serde_json::from_slice(&entry.value).ok())?
}

/// An entry as it is, which may be a removed one; none if there never was one, or it has lapsed.
pub async fn entry(store: &Store, key: &str) -> Result<Option<Entry>, Refusal> {
    let entry = store.entry(key).await;
    entry.map_err(|e| Refusal::Away(causes(&e)))
}

/// Writes an entry if it still has that revision (0: if there never was one). The new revision.
pub async fn write(
    store: &Store,
    key: &str,
    value: &impl Serialize,
    revision: u64,
) -> Result<u64, Refusal> {
    let json = json(value)?;
    store
        .update(key, json.into(), revision)
        .await
        .map_err(|e| match e.kind() {
            UpdateErrorKind::WrongLastRevision => Refusal::Changed,
            _ => Refusal::Away(causes(&e)),
        })
}

/// Writes an entry, whatever was there. The new revision.
pub async fn put(store: &Store, key: &str, value: &impl Serialize) -> Result<u64, Refusal> {
    let put = store.put(key, json(value)?.into()).await;
    put.map_err(|e| Refusal::Away(causes(&e)))
}

/// Removes an entry, whatever was there.
pub async fn remove(store: &Store, key: &str) -> Result<(), Refusal> {
    let removed = store.delete(key).await;
    removed.map_err(|e| Refusal::Away(causes(&e)))
}

fn json(value: &impl Serialize) -> Result<Vec<u8>, Refusal> {
    serde_json::to_vec(value).map_err(|e| Refusal::Away(e.to_string()))
}
