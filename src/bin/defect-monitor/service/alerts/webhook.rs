// SPDX-License-Identifier: MPL-2.0
//! Notices by HTTP POST, with an `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header).

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Certificate, Client, Identity, StatusCode, Url, redirect};
use serde_json::json;

use super::body::Body;
use super::notice::Notice;
use super::target::Failure;
use crate::service::causes;
use crate::service::config::Secret;
use crate::service::config::alerts::{AlertmanagerConfig, Format, WebhookConfig};
use crate::service::config::check::errors;
use crate::service::config::placeholders;
use crate::service::tls;

/// Time that a server gets to answer.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The longest that a server may ask to wait.
const LONGEST: Duration = Duration::from_secs(3600);
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
    /// How often, and where.
    heartbeat: Option<(Duration, Url)>,
    member: String,
}

impl Webhook {
    /// Ready to send; an error if it can never work.
    pub fn new(config: &WebhookConfig, member: &str) -> Result<Self, String> {
        Ok(Self {
            client: client(
                &config.headers,
                config.ca_file.as_deref(),
                identity(config.certificate.as_deref(), config.key.as_deref())?,
            )?,
            url: parse("url", &config.url)?,
            body: Body::of(config)?,
            heartbeat: heartbeat(config)?,
            member: member.to_owned(),
        })
    }

    /// What is wrong with a server.
    pub fn check(config: &WebhookConfig) -> Vec<String> {
        let headers = config.headers.iter().map(|one| header(one).map(drop));
        let others = [
            parse("url", &config.url).map(drop),
            heartbeat(config).map(drop),
            authority(config.ca_file.as_deref()).map(drop),
            identity(config.certificate.as_deref(), config.key.as_deref()).map(drop),
            Body::of(config).map(drop),
        ];
        errors(others.into_iter().chain(headers))
    }

    /// What is wrong with an Alertmanager.
    pub fn check_alertmanager(config: &AlertmanagerConfig) -> Vec<String> {
        let headers = config.headers.iter().map(|one| header(one).map(drop));
        let others = [
            parse("url", &config.url).map(drop),
            authority(config.ca_file.as_deref()).map(drop),
            identity(config.certificate.as_deref(), config.key.as_deref()).map(drop),
        ];
        errors(others.into_iter().chain(headers))
    }

    /// An Alertmanager.
    pub fn alertmanager(config: &AlertmanagerConfig, member: &str) -> Result<Self, String> {
        let member = member.to_owned();
        Ok(Self {
            client: client(
                &config.headers,
                config.ca_file.as_deref(),
                identity(config.certificate.as_deref(), config.key.as_deref())?,
            )?,
            url: parse("url", &config.url)?,
            body: Body::Alertmanager {
                member: member.clone(),
            },
            heartbeat: None,
            member,
        })
    }

    /// How often it is told that this process lives.
    pub fn heartbeat_interval(&self) -> Option<Duration> {
        self.heartbeat.as_ref().map(|(every, _)| *every)
    }

    /// Tells it that this process lives. What becomes of it doesn't matter.
    pub async fn beat(&self, time: Timestamp) {
        if let Some((every, url)) = &self.heartbeat {
            let body = json!({
                "state": "heartbeat", "time": time, "member": self.member, "interval-seconds": every.as_secs(),
            });
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
            after: seconds.map(|s| Duration::from_secs(s).min(LONGEST)),
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

/// How often it is told that this process lives, and where.
fn heartbeat(config: &WebhookConfig) -> Result<Option<(Duration, Url)>, String> {
    let seconds = match (config.heartbeat_seconds, &config.heartbeat_url) {
        (None, None) => return Ok(None),
        (None, Some(_)) => return Err("heartbeat-url: set `heartbeat-seconds` as well".to_owned()),
        (Some(0), _) => return Err("heartbeat-seconds: takes a number from 1".to_owned()),
        (Some(_), None) if config.format != Format::Json => {
            return Err("heartbeat-seconds: set `heartbeat-url` as well, since a service that takes alarms takes no heartbeat".to_owned());
        }
        (Some(seconds), _) => seconds,
    };
    let url = match &config.heartbeat_url {
        Some(text) => parse("heartbeat-url", text)?,
        None => parse("url", &config.url)?,
    };
    Ok(Some((Duration::from_secs(seconds), url)))
}

/// A URL with the secrets in place of its placeholders. It isn't repeated if it is wrong: it may have a token in it.
fn parse(key: &str, text: &str) -> Result<Url, String> {
    let text = placeholders::fill(text).map_err(|why| format!("{key}: {why}"))?;
    let url = Url::parse(&text).map_err(|e| format!("{key}: {e}"))?;
    match url.scheme() {
        "http" | "https" => Ok(url),
        _ => Err(format!("{key}: there are https://... and http://...")),
    }
}

fn header((name, secret): (&String, &Secret)) -> Result<(HeaderName, HeaderValue), String> {
    let wrong = |why: &str| format!("headers: {name:?}: {why}");
    let key = name
        .parse()
        .map_err(|_| "headers: a name isn't that of a header, such as Authorization".to_owned())?;
    let text = secret.read().map_err(|why| wrong(&why))?;
    let mut value = HeaderValue::from_str(&text)
        .map_err(|_| wrong("its value has characters that headers can't have"))?;
    value.set_sensitive(true);
    Ok((key, value))
}

fn authority(file: Option<&Path>) -> Result<Vec<Certificate>, String> {
    let Some(file) = file else {
        return Ok(Vec::new());
    };
    let text = tls::authority(file)?;
    Certificate::from_pem_bundle(&text).map_err(|e| format!("ca-file: {e}"))
}

fn identity(certificate: Option<&Path>, key: Option<&Path>) -> Result<Option<Identity>, String> {
    tls::prepare();
    let identity = tls::identity(certificate, key)?;
    let identity = identity.map(|identity| Identity::from_pem(&identity.pem));
    identity
        .transpose()
        .map_err(|e| format!("certificate: {e}"))
}

fn client(
    headers: &BTreeMap<String, Secret>,
    ca_file: Option<&Path>,
    identity: Option<Identity>,
) -> Result<Client, String> {
    tls::prepare();
    let headers: HeaderMap = headers.iter().map(header).collect::<Result<_, _>>()?;
    let mut client = Client::builder()
        .timeout(TIMEOUT)
        // A redirected POST arrives without its body, and headers would go to strangers.
        .redirect(redirect::Policy::none())
        .default_headers(headers);
    let authority = authority(ca_file)?;
    if !authority.is_empty() {
        client = client.tls_certs_merge(authority);
    }
    if let Some(identity) = identity {
        client = client.identity(identity);
    }
    client.build().map_err(|e| e.to_string())
}
