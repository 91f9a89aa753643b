// SPDX-License-Identifier: MPL-2.0
//! The bucket, and the upload of objects from the spool to it.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{Certificate, ClientOptions, ObjectStore, ObjectStoreExt, RetryConfig};
use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};

use super::PART;
use super::spool::Spool;
use crate::service::backoff;
use crate::service::config::results::ResultsConfig;
use crate::service::parts::{PartHealth, Parts};
use crate::service::tls;

/// How often the spool is looked at without being told.
const LOOK: Duration = Duration::from_secs(60);
/// Time that shutdown waits for the store; the rest stays in the spool.
const PATIENCE: Duration = Duration::from_secs(10);
/// Files that are on their way together: most of the time of each is waiting.
const AT_ONCE: usize = 8;
/// The store's own tries of one request, before it counts as away.
const TRIES: RetryConfig = RetryConfig {
    backoff: object_store::BackoffConfig {
        init_backoff: Duration::from_millis(100),
        max_backoff: Duration::from_secs(2),
        base: 2.0,
    },
    max_retries: 2,
    retry_timeout: Duration::from_secs(20),
};

/// Where results go.
pub enum Place<'a> {
    /// Its path.
    Folder(&'a str),
    /// Bucket and prefix.
    Bucket(&'a str),
}

impl<'a> Place<'a> {
    fn of(config: &'a ResultsConfig) -> Result<Self, String> {
        if let Some(path) = config.url.strip_prefix("file://") {
            return match path.starts_with('/') {
                true => Ok(Self::Folder(path)),
                false => Err(
                    "url: an absolute path is needed, e.g. file:///var/lib/defect-monitor/results"
                        .to_owned(),
                ),
            };
        }
        let place = config.url.strip_prefix("s3://");
        place
            .map(Self::Bucket)
            .ok_or_else(|| "url: there are file:///FOLDER and s3://BUCKET/PREFIX".to_owned())
    }
}

/// Where results go; an error if it can't work, as far as that is known without the store.
pub fn check(config: &ResultsConfig) -> Result<Place<'_>, String> {
    let place = Place::of(config)?;
    if let Place::Bucket(name) = place {
        bucket(config, name)?;
    }
    Ok(place)
}

/// A bucket and the prefix in it; an error says what is possible.
pub fn bucket(config: &ResultsConfig, place: &str) -> Result<Arc<dyn ObjectStore>, String> {
    tls::prepare();
    let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
    // Both are part of error messages.
    let endpoint = config.endpoint.as_deref().unwrap_or_default();
    for (key, text) in [("url", bucket), ("endpoint", endpoint)] {
        if text.contains(['@', '?', '#']) {
            return Err(format!(
                "{key}: no user, password or parameter belongs here; keys are `access-key` and `secret-key`"
            ));
        }
    }
    let mut options = ClientOptions::new()
        .with_timeout(Duration::from_secs(30))
        .with_connect_timeout(Duration::from_secs(5))
        .with_allow_http(config.allow_http);
    if let Some(file) = &config.ca_file {
        let text = tls::authority(file)?;
        let certificates = Certificate::from_pem_bundle(&text).map_err(|e| e.to_string())?;
        for certificate in certificates {
            options = options.with_root_certificate(certificate);
        }
    }
    let mut builder = AmazonS3Builder::from_env()
        .with_bucket_name(bucket)
        .with_retry(TRIES)
        .with_client_options(options)
        .with_allow_http(config.allow_http);
    let given = [
        (AmazonS3ConfigKey::Endpoint, config.endpoint.clone()),
        (AmazonS3ConfigKey::Region, config.region.clone()),
        (
            AmazonS3ConfigKey::AccessKeyId,
            secret(config.access_key.as_ref())?,
        ),
        (
            AmazonS3ConfigKey::SecretAccessKey,
            secret(config.secret_key.as_ref())?,
        ),
    ];
    for (key, value) in given {
        if let Some(value) = value {
            builder = builder.with_config(key, value);
        }
    }
    check_keys(config)?;
    let store = builder.build().map_err(|e| e.to_string())?;
    match prefix.trim_end_matches('/') {
        "" => Ok(Arc::new(store)),
        prefix => Ok(Arc::new(PrefixStore::new(store, prefix))),
    }
}

/// Without keys every request would first wait for a metadata service that only machines of some clouds have.
fn check_keys(config: &ResultsConfig) -> Result<(), String> {
    match (&config.access_key, &config.secret_key) {
        (Some(_), Some(_)) => return Ok(()),
        (None, None) => {}
        _ => return Err("`access-key` and `secret-key` belong together".to_owned()),
    }
    const VARIABLES: [&str; 5] = [
        "AWS_ACCESS_KEY_ID",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_METADATA_ENDPOINT",
    ];
    match VARIABLES
        .iter()
        .any(|name| std::env::var_os(name).is_some())
    {
        true => Ok(()),
        false => Err(format!(
            "no keys for the store: set `access-key` and `secret-key`, or one of the variables {}",
            VARIABLES.join(", ")
        )),
    }
}

fn secret(of: Option<&crate::service::config::Secret>) -> Result<Option<String>, String> {
    of.map(crate::service::config::Secret::read).transpose()
}

/// Brings objects from the spool to the bucket, for as long as it takes.
#[derive(Debug)]
pub struct Uploader {
    store: Arc<dyn ObjectStore>,
    runtime: Handle,
    ending: Arc<Notify>,
    done: watch::Receiver<bool>,
}

impl Uploader {
    /// Starts.
    pub fn start(
        store: Arc<dyn ObjectStore>,
        spool: Arc<Spool>,
        parts: &Parts,
        runtime: &Handle,
    ) -> Self {
        let ending = Arc::new(Notify::new());
        let (tell, done) = watch::channel(false);
        let (parts, end, to) = (parts.clone(), Arc::clone(&ending), Arc::clone(&store));
        runtime.spawn(async move {
            let (mut failures, mut is_last) = (0_u32, false);
            loop {
                failures = match upload(&*to, &spool, &parts).await {
                    Ok(()) => 0,
                    Err(()) => failures.saturating_add(1),
                };
                if is_last {
                    break;
                }
                let pause = if failures == 0 {
                    LOOK
                } else {
                    backoff::retry_delay(failures)
                };
                is_last = tokio::select! {
                    () = tokio::time::sleep(pause) => false,
                    () = spool.ready.notified(), if failures == 0 => false,
                    () = end.notified() => true,
                };
            }
            let _ = tell.send(true);
        });
        Self {
            store,
            runtime: runtime.clone(),
            ending,
            done,
        }
    }

    /// An object of the bucket; none if it can't be had.
    pub async fn read(&self, path: &str) -> Option<Vec<u8>> {
        let object = self.store.get(&Path::from(path)).await.ok()?;
        object.bytes().await.ok().map(|bytes| bytes.to_vec())
    }

    /// Once more, and then no more.
    pub fn close(&self) {
        self.ending.notify_one();
        let mut done = self.done.clone();
        let wait = async move {
            tokio::time::timeout(PATIENCE, done.wait_for(|d| *d))
                .await
                .is_ok()
        };
        let _ = self.runtime.block_on(wait);
    }
}

/// Everything that waits, the oldest first, some at a time.
async fn upload(store: &dyn ObjectStore, spool: &Arc<Spool>, parts: &Parts) -> Result<(), ()> {
    let waiting = on_disk(spool, |spool| {
        spool.settle();
        spool.waiting()
    });
    let mut brought = stream::iter(waiting.await.unwrap_or_default())
        .map(|path| bring(store, spool, parts, path))
        .buffer_unordered(AT_ONCE);
    while let Some(done) = brought.next().await {
        done?;
    }
    Ok(())
}

async fn bring(
    store: &dyn ObjectStore,
    spool: &Arc<Spool>,
    parts: &Parts,
    path: String,
) -> Result<(), ()> {
    let name = path.clone();
    let Some(content) = on_disk(spool, move |spool| spool.read(&name))
        .await
        .flatten()
    else {
        return Ok(());
    };
    // A power cut may leave the file of a picture empty.
    if content.is_empty() {
        let _ = on_disk(spool, move |spool| spool.done(&path)).await;
        return Ok(());
    }
    let bytes = content.len() as f64;
    if let Err(e) = store.put(&Path::from(path.as_str()), content.into()).await {
        let why = reason(&e.to_string());
        let text = format!("the store takes nothing, results wait in the spool: {why}");
        parts.report(PART, PartHealth::Degraded(text));
        let help = "Tries to bring results to the store that failed.";
        parts.add("defect_results_failures_total", help, PART, 1.0);
        return Err(());
    }
    let _ = on_disk(spool, move |spool| spool.done(&path)).await;
    parts.report(PART, PartHealth::Fine);
    let help = "Results that the store has taken.";
    parts.add("defect_results_written_bytes_total", help, PART, bytes);
    let help = "Objects that the store has taken.";
    parts.add("defect_results_objects_total", help, PART, 1.0);
    Ok(())
}

/// Why a request failed, by the text of the error. Of an answer of the store only status and code are told: the rest of it has the name
/// of the access key and what was signed with it, and everybody may read `/readyz`.
fn reason(error: &str) -> String {
    // As `object_store` has them; the answer itself comes after the status.
    let after = |start: &str| error.split_once(start).map(|(_, answer)| answer);
    let (status, answer) = match after("non-2xx status code: ") {
        Some(answer) => answer.split_once(": ").unwrap_or((answer, "")),
        None => match after("Server returned error response: ") {
            Some(answer) => ("an error", answer),
            None => return error.to_owned(),
        },
    };
    match code(answer) {
        Some(code) => format!("the store answers {status} ({code})"),
        None => format!("the store answers {status}"),
    }
}

/// The code in an answer of S3, such as `AccessDenied`.
fn code(answer: &str) -> Option<&str> {
    let (_, rest) = answer.split_once("<Code>")?;
    let (code, _) = rest.split_once("</Code>")?;
    let is_code = code.len() <= 64 && code.bytes().all(|b| b.is_ascii_alphanumeric());
    is_code.then_some(code)
}

/// Runs work that waits for the disk on a thread where nothing else waits for it.
async fn on_disk<T: Send + 'static>(
    spool: &Arc<Spool>,
    work: impl FnOnce(&Spool) -> T + Send + 'static,
) -> Option<T> {
    let spool = Arc::clone(spool);
    tokio::task::spawn_blocking(move || work(&spool)).await.ok()
}
