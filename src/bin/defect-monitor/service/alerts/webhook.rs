// SPDX-License-Identifier: MPL-2.0
//! Events by HTTP POST, as JSON, with an `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header).

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Certificate, Client, StatusCode, Url, redirect};
use serde::Deserialize;

use super::courier::Failure;
use super::outbox::Letter;
use crate::service::causes;
use crate::service::config::Secret;
use crate::service::tls;

/// So long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The longest that a server may ask to wait.
const LONGEST: Duration = Duration::from_secs(3600);

/// Where to, and how.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    /// `https://...` or `http://...`
    pub url: String,
    /// Further headers, whose values are secrets.
    #[serde(default)]
    pub headers: BTreeMap<String, Secret>,
    /// Certificates (PEM) of the authority that signed the server's.
    pub ca_file: Option<PathBuf>,
}

/// A server that takes events.
#[derive(Debug)]
pub struct Webhook {
    client: Client,
    url: Url,
}

impl Webhook {
    /// Ready to send; an error if it can never work.
    pub fn new(config: &Config) -> Result<Self, String> {
        tls::prepare();
        // Not repeated: it may have a token in it.
        let url = Url::parse(&config.url).map_err(|e| format!("url: {e}"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err("url: there are https://... and http://...".to_owned());
        }
        let mut headers = HeaderMap::new();
        for (name, secret) in &config.headers {
            let wrong = |why: &str| format!("header {name:?}: {why}");
            let key: HeaderName = name.parse().map_err(|_| {
                "headers: a name isn't that of a header, such as Authorization".to_owned()
            })?;
            let text = secret.read().map_err(|why| wrong(&why))?;
            let mut value = HeaderValue::from_str(&text)
                .map_err(|_| wrong("its value has characters that headers can't have"))?;
            value.set_sensitive(true);
            headers.insert(key, value);
        }
        let mut client = Client::builder()
            .timeout(TIMEOUT)
            // A redirected POST arrives without its body, and headers would go to strangers.
            .redirect(redirect::Policy::none())
            .default_headers(headers);
        if let Some(file) = &config.ca_file {
            let text = tls::authority(file)?;
            let certificates = Certificate::from_pem_bundle(&text).map_err(|e| e.to_string())?;
            client = client.tls_certs_merge(certificates);
        }
        let client = client.build().map_err(|e| e.to_string())?;
        Ok(Self { client, url })
    }

    /// Sends an event and waits for the answer.
    pub async fn deliver(&self, letter: &Letter) -> Result<(), Failure> {
        let request = self
            .client
            .post(self.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .header("Idempotency-Key", format!("{:?}", letter.key))
            .body(letter.body.clone());
        let answer = request.send().await.map_err(|e| Failure {
            // Without the URL, which may have a token in it.
            why: causes(&e.without_url()),
            for_good: false,
            after: None,
        })?;
        let status = answer.status();
        if status.is_success() {
            return Ok(());
        }
        let seconds = answer
            .headers()
            .get(RETRY_AFTER)
            .and_then(|v| v.to_str().ok()?.parse().ok());
        // What concerns the event itself; all others may be mended over there.
        let refusals = [
            StatusCode::BAD_REQUEST,
            StatusCode::PAYLOAD_TOO_LARGE,
            StatusCode::UNPROCESSABLE_ENTITY,
        ];
        Err(Failure {
            why: format!("the server answers {status}"),
            for_good: refusals.contains(&status),
            after: seconds.map(|s| Duration::from_secs(s).min(LONGEST)),
        })
    }
}
