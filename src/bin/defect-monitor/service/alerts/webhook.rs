// SPDX-License-Identifier: MPL-2.0
//! Notices by HTTP POST, with an `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header).

use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Client, StatusCode, Url};
use serde_json::json;

use super::body::Body;
use super::notice::Notice;
use super::server::{self, Server};
use super::target::Failure;
use crate::service::causes;
use crate::service::config::alerts::{AlertmanagerConfig, Format, WebhookConfig};
use crate::service::config::check::errors;

/// The longest that a server may ask to wait.
const LONGEST_RETRY: Duration = Duration::from_secs(3600);
/// Statuses that mean that this notice is wrong. All others may be cured on the server.
const REFUSALS: [StatusCode; 5] = [
    StatusCode::BAD_REQUEST,
    StatusCode::METHOD_NOT_ALLOWED,
    StatusCode::PAYLOAD_TOO_LARGE,
    StatusCode::UNSUPPORTED_MEDIA_TYPE,
    StatusCode::UNPROCESSABLE_ENTITY,
];

/// A server that takes notices.
#[derive(Debug)]
pub struct Webhook {
    client: Client,
    url: Url,
    body: Body,
    heartbeat: Option<Heartbeat>,
    member: String,
}

impl Webhook {
    /// Ready to send; an error if it can never work.
    pub fn new(config: &WebhookConfig, member: &str) -> Result<Self, String> {
        let (client, url) = Server::from(config).connect()?;
        Ok(Self {
            client,
            url,
            body: Body::of(config)?,
            heartbeat: Heartbeat::of(config)?,
            member: member.to_owned(),
        })
    }

    /// An Alertmanager. `monitor` is the name of the cluster, or of this process without one.
    pub fn alertmanager(
        config: &AlertmanagerConfig,
        monitor: &str,
        member: &str,
    ) -> Result<Self, String> {
        let (client, url) = Server::from(config).connect()?;
        let (monitor, member) = (monitor.to_owned(), member.to_owned());
        let body = Body::Alertmanager {
            monitor,
            member: member.clone(),
        };
        Ok(Self {
            client,
            url,
            body,
            heartbeat: None,
            member,
        })
    }

    /// What is wrong with a server.
    pub fn check(config: &WebhookConfig) -> Vec<String> {
        let own = [Heartbeat::of(config).map(drop), Body::of(config).map(drop)];
        let mut wrong = Server::from(config).check();
        wrong.extend(errors(own));
        wrong
    }

    /// What is wrong with an Alertmanager.
    pub fn check_alertmanager(config: &AlertmanagerConfig) -> Vec<String> {
        Server::from(config).check()
    }

    /// How often it is told that this process lives.
    pub fn heartbeat_interval(&self) -> Option<Duration> {
        self.heartbeat.as_ref().map(|heartbeat| heartbeat.interval)
    }

    /// Tells it that this process lives. What becomes of it doesn't matter.
    pub async fn beat(&self, time: Timestamp) {
        if let Some(Heartbeat { interval, url }) = &self.heartbeat {
            let body = json!({
                "state": "heartbeat", "time": time, "member": self.member, "interval-seconds": interval.as_secs(),
            });
            let url = url.as_ref().unwrap_or(&self.url);
            let request = self
                .client
                .post(url.clone())
                .header(CONTENT_TYPE, "application/json");
            let _ = request.body(body.to_string()).send().await;
        }
    }

    /// Sends a notice and waits for the answer.
    pub async fn deliver(&self, notice: &Notice) -> Result<(), Failure> {
        let made = self
            .body
            .of_notice(notice)
            .and_then(|(path, body)| Ok((self.url_with(&path)?, body)));
        let (url, body) = made.map_err(|why| Failure {
            why,
            for_good: true,
            after: None,
        })?;
        let request = self
            .client
            .post(url)
            .header(CONTENT_TYPE, "application/json")
            .header("Idempotency-Key", format!("{:?}", notice.key()))
            .body(body);
        // Without the URL, which may have a token in it.
        let answer = request
            .send()
            .await
            .map_err(|e| Failure::for_now(causes(&e.without_url())))?;
        let status = answer.status();
        if status.is_success() {
            return Ok(());
        }
        let seconds = answer
            .headers()
            .get(RETRY_AFTER)
            .and_then(|v| v.to_str().ok()?.parse().ok());
        Err(Failure {
            why: format!("the server answers {status}"),
            for_good: REFUSALS.contains(&status),
            after: seconds.map(|s| Duration::from_secs(s).min(LONGEST_RETRY)),
        })
    }

    /// The URL with a path, and parameters, added to its path.
    fn url_with(&self, path: &str) -> Result<Url, String> {
        let mut url = self.url.clone();
        if path.is_empty() {
            return Ok(url);
        }
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let whole = format!("{}{path}", url.path().trim_end_matches('/'));
        url.set_path(&whole);
        if !query.is_empty() {
            url.set_query(Some(query));
        }
        Ok(url)
    }
}

/// How a server is told that this process lives.
#[derive(Debug)]
struct Heartbeat {
    interval: Duration,
    /// `None`: to the URL of the notices.
    url: Option<Url>,
}

impl Heartbeat {
    /// As configured; `None` if it isn't.
    fn of(config: &WebhookConfig) -> Result<Option<Self>, String> {
        let url = &config.heartbeat_url;
        let seconds = match (config.heartbeat_seconds, url) {
            (None, None) => return Ok(None),
            (None, Some(_)) => {
                return Err("heartbeat-url: set `heartbeat-seconds` as well".to_owned());
            }
            (Some(0), _) => return Err("heartbeat-seconds: takes a number from 1".to_owned()),
            (Some(_), None) if config.format != Format::Json => {
                return Err("heartbeat-seconds: set `heartbeat-url` as well, since a service that takes alarms takes no \
                heartbeat".to_owned());
            }
            (Some(seconds), _) => seconds,
        };
        let url = url.as_ref().map(|text| server::url("heartbeat-url", text));
        Ok(Some(Self {
            interval: Duration::from_secs(seconds),
            url: url.transpose()?,
        }))
    }
}
