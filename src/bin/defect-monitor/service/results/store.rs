// SPDX-License-Identifier: MPL-2.0
//! The store, and what brings files from the spool to it.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{Certificate, ClientOptions, ObjectStore, ObjectStoreExt, RetryConfig};
use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};

use super::spool::Spool;
use super::{Config, PART};
use crate::service::parts::{Health, Parts};
use crate::service::tls;

/// How often the spool is looked at.
const LOOK: Duration = Duration::from_millis(500);
/// The longest time between two tries while the store is away.
const LONGEST: Duration = Duration::from_secs(60);
/// So long the end of the process waits for the store; the rest stays in the spool.
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
enum Place<'a> {
    Folder(&'a str),
    /// Bucket and prefix.
    Bucket(&'a str),
}

impl<'a> Place<'a> {
    fn of(config: &'a Config) -> Result<Self, String> {
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

/// Whether it can work, as far as that is known without the store.
pub fn check(config: &Config) -> Result<(), String> {
    match Place::of(config)? {
        Place::Folder(_) => Ok(()),
        Place::Bucket(place) => s3(config, place).map(drop),
    }
}

/// What the configuration names; an error says what is possible.
pub fn open(config: &Config) -> Result<Arc<dyn ObjectStore>, String> {
    match Place::of(config)? {
        Place::Folder(path) => {
            let wrong = |e: &dyn std::fmt::Display| format!("{path}: {e}");
            std::fs::create_dir_all(path).map_err(|e| wrong(&e))?;
            let store = LocalFileSystem::new_with_prefix(path)
                .map_err(|e| wrong(&e))?
                .with_fsync(true);
            Ok(Arc::new(store))
        }
        Place::Bucket(place) => s3(config, place),
    }
}

fn s3(config: &Config, place: &str) -> Result<Arc<dyn ObjectStore>, String> {
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
fn check_keys(config: &Config) -> Result<(), String> {
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

/// Brings files from the spool to the store, for as long as it takes.
#[derive(Debug)]
pub struct Uploader {
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
        let (parts, end) = (parts.clone(), Arc::clone(&ending));
        runtime.spawn(async move {
            let mut pause = LOOK;
            let mut last = false;
            loop {
                pause = match upload(&*store, &spool, &parts).await {
                    Ok(()) => LOOK,
                    Err(_) if last => break,
                    Err(()) => (pause * 2).min(LONGEST),
                };
                if last {
                    break;
                }
                // A part of it at random, so that many processes don't come back at once.
                let pause = pause.mul_f64(crate::service::chance(0.75, 1.25));
                last = tokio::select! {
                    () = tokio::time::sleep(pause) => false,
                    () = end.notified() => true,
                };
            }
            let _ = tell.send(true);
        });
        Self {
            runtime: runtime.clone(),
            ending,
            done,
        }
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
async fn upload(store: &dyn ObjectStore, spool: &Spool, parts: &Parts) -> Result<(), ()> {
    spool.settle();
    let mut brought = stream::iter(spool.waiting())
        .map(|path| async move { bring(store, spool, parts, &path).await })
        .buffer_unordered(AT_ONCE);
    while let Some(done) = brought.next().await {
        done?;
    }
    Ok(())
}

async fn bring(
    store: &dyn ObjectStore,
    spool: &Spool,
    parts: &Parts,
    path: &str,
) -> Result<(), ()> {
    let Some(content) = spool.read(path) else {
        return Ok(());
    };
    let bytes = content.len() as f64;
    if let Err(e) = store.put(&Path::from(path), content.into()).await {
        let text = format!("the store takes nothing, results wait in the spool: {e}");
        parts.report(PART, Health::Degraded(text));
        let help = "Tries to bring results to the store that failed.";
        parts.add("defect_results_failures_total", help, PART, 1.0);
        return Err(());
    }
    spool.done(path);
    parts.report(PART, Health::Fine);
    let help = "Results that the store has taken.";
    parts.add("defect_results_written_bytes_total", help, PART, bytes);
    Ok(())
}
