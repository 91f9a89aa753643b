// SPDX-License-Identifier: MPL-2.0
//! TLS of the listener: with a certificate that may be renewed while it runs.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use rustls::ServerConfig;
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio_rustls::TlsAcceptor;

use super::super::config::http::Config;
use super::super::tls;
use crate::lock::lock;

/// What encrypts connections, if certificates are configured; an error names the file that is wrong.
pub fn acceptor(config: &Config) -> Result<Option<TlsAcceptor>, String> {
    let (chain, key) = match (&config.certificate, &config.key) {
        (None, None) => return Ok(None),
        (Some(chain), Some(key)) => (chain.clone(), key.clone()),
        _ => return Err("`certificate` and `key` belong together".to_owned()),
    };
    tls::prepare();
    let current = Current::of(&chain, &key)?;
    let files = Files {
        chain,
        key,
        current: Mutex::new(current),
    };
    let mut config = ServerConfig::builder()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(files));
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Some(Arc::new(config).into()))
}

/// A certificate in files.
#[derive(Debug)]
struct Files {
    chain: PathBuf,
    key: PathBuf,
    current: Mutex<Current>,
}

/// What was in them when they were read.
#[derive(Debug)]
struct Current {
    pair: Arc<CertifiedKey>,
    changed: [Option<SystemTime>; 2],
}

impl Current {
    fn of(chain: &Path, key: &Path) -> Result<Self, String> {
        let changed = [changed(chain), changed(key)];
        let certificates = CertificateDer::pem_file_iter(chain).and_then(Iterator::collect);
        let certificates: Vec<_> =
            certificates.map_err(|e| format!("certificate: {}: {e}", chain.display()))?;
        if certificates.is_empty() {
            let chain = chain.display();
            return Err(format!(
                "certificate: {chain}: there is no certificate in it"
            ));
        }
        let wrong = |why: &dyn std::fmt::Display| format!("key: {}: {why}", key.display());
        let secret = PrivateKeyDer::from_pem_file(key).map_err(|e| wrong(&e))?;
        let secret = any_supported_type(&secret).map_err(|e| wrong(&e))?;
        let pair = CertifiedKey::new(certificates, secret);
        pair.keys_match().map_err(|e| wrong(&e))?;
        Ok(Self {
            pair: Arc::new(pair),
            changed,
        })
    }
}

fn changed(file: &Path) -> Option<SystemTime> {
    std::fs::metadata(file)
        .and_then(|about| about.modified())
        .ok()
}

impl ResolvesServerCert for Files {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let mut current = lock(&self.current);
        let now = [changed(&self.chain), changed(&self.key)];
        // Files that are being replaced may not fit together: the old ones count until they do.
        if now != current.changed
            && let Ok(new) = Current::of(&self.chain, &self.key)
        {
            *current = new;
        }
        Some(Arc::clone(&current.pair))
    }
}
