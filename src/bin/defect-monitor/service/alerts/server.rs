// SPDX-License-Identifier: MPL-2.0
//! An HTTP server that takes notices: where it is, and how the two know each other.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Certificate, Client, Identity, Url, redirect};

use crate::service::config::Secret;
use crate::service::config::alerts::{AlertmanagerConfig, WebhookConfig};
use crate::service::config::check::errors;
use crate::service::config::placeholders;
use crate::service::tls;

/// Time that a server gets to answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A server as configured.
#[derive(Debug, Clone, Copy)]
pub struct Server<'a> {
    url: &'a str,
    headers: &'a BTreeMap<String, Secret>,
    ca_file: Option<&'a Path>,
    certificate: Option<&'a Path>,
    key: Option<&'a Path>,
}

impl<'a> From<&'a WebhookConfig> for Server<'a> {
    fn from(config: &'a WebhookConfig) -> Self {
        Self {
            url: &config.url,
            headers: &config.headers,
            ca_file: config.ca_file.as_deref(),
            certificate: config.certificate.as_deref(),
            key: config.key.as_deref(),
        }
    }
}

impl<'a> From<&'a AlertmanagerConfig> for Server<'a> {
    fn from(config: &'a AlertmanagerConfig) -> Self {
        Self {
            url: &config.url,
            headers: &config.headers,
            ca_file: config.ca_file.as_deref(),
            certificate: config.certificate.as_deref(),
            key: config.key.as_deref(),
        }
    }
}

impl Server<'_> {
    /// What is wrong with it.
    pub fn check(self) -> Vec<String> {
        let headers = self.headers.iter().map(|one| header(one).map(drop));
        let others = [
            url("url", self.url).map(drop),
            authority(self.ca_file).map(drop),
            identity(self.certificate, self.key).map(drop),
        ];
        errors(others.into_iter().chain(headers))
    }

    /// A client for it, and its URL.
    ///
    /// # Errors
    /// If anything is wrong with it.
    pub fn connect(self) -> Result<(Client, Url), String> {
        tls::prepare();
        let headers = self.headers.iter().map(header);
        let headers: HeaderMap = headers.collect::<Result<_, _>>()?;
        let mut client = Client::builder()
            .timeout(TIMEOUT)
            // A redirected POST arrives without its body, and headers would go to strangers.
            .redirect(redirect::Policy::none())
            .default_headers(headers);
        let authority = authority(self.ca_file)?;
        if !authority.is_empty() {
            client = client.tls_certs_merge(authority);
        }
        if let Some(identity) = identity(self.certificate, self.key)? {
            client = client.identity(identity);
        }
        let client = client.build().map_err(|e| e.to_string())?;
        Ok((client, url("url", self.url)?))
    }
}

/// A URL with the secrets in place of its placeholders. It isn't repeated if it is wrong: it may have a token in it.
pub fn url(key: &str, text: &str) -> Result<Url, String> {
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
