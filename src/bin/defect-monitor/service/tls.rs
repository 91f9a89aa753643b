// SPDX-License-Identifier: MPL-2.0
//! Encryption of connections.

use std::path::Path;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

/// Chooses the cryptography of the process; whoever speaks TLS calls it first.
pub fn prepare() {
    // An error says that it was chosen before.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Certificates (PEM) of an authority, known to be some; an error names the file.
pub fn authority(file: &Path) -> Result<Vec<u8>, String> {
    let wrong = |why: String| format!("ca-file {}: {why}", file.display());
    let text = std::fs::read(file).map_err(|e| wrong(e.to_string()))?;
    let found = reqwest::Certificate::from_pem_bundle(&text).map_err(|e| wrong(e.to_string()))?;
    match found.is_empty() {
        true => Err(wrong("there is no certificate in it".to_owned())),
        false => Ok(text),
    }
}

/// What a client shows to a server that asks who it is.
#[derive(Debug)]
pub struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    /// Both as PEM.
    pub pem: Vec<u8>,
}

/// The identity in the files `certificate` and `key` (PEM), if they are given; an error begins with the key.
pub fn identity(
    certificate: Option<&Path>,
    key: Option<&Path>,
) -> Result<Option<Identity>, String> {
    let (chain, key) = match (certificate, key) {
        (Some(chain), Some(key)) => (chain, key),
        (None, None) => return Ok(None),
        _ => return Err("certificate and key belong together".to_owned()),
    };
    let read = |name: &str, file: &Path| {
        std::fs::read(file).map_err(|e| format!("{name}: {}: {e}", file.display()))
    };
    let (chain, key) = (read("certificate", chain)?, read("key", key)?);
    let certificates = CertificateDer::pem_slice_iter(&chain).collect::<Result<Vec<_>, _>>();
    let certificates = certificates.map_err(|e| format!("certificate: {e}"))?;
    if certificates.is_empty() {
        return Err("certificate: there is no certificate in it".to_owned());
    }
    let secret = PrivateKeyDer::from_pem_slice(&key).map_err(|e| format!("key: {e}"))?;
    Ok(Some(Identity {
        chain: certificates,
        key: secret,
        pem: [key, b"\n".to_vec(), chain].concat(),
    }))
}

/// How a client encrypts: it trusts an authority, or those that the system knows.
pub fn client(ca_file: Option<&Path>, identity: Option<Identity>) -> Result<ClientConfig, String> {
    prepare();
    let mut roots = RootCertStore::empty();
    let trusted = match ca_file {
        None => rustls_native_certs::load_native_certs().certs,
        Some(file) => CertificateDer::pem_slice_iter(&authority(file)?)
            .collect::<Result<_, _>>()
            .map_err(|e| format!("ca-file: {e}"))?,
    };
    // Those of a system needn't all be right.
    let _ = roots.add_parsable_certificates(trusted);
    let client = ClientConfig::builder().with_root_certificates(roots);
    match identity {
        None => Ok(client.with_no_client_auth()),
        Some(Identity { chain, key, .. }) => client
            .with_client_auth_cert(chain, key)
            .map_err(|e| format!("key: {e}")),
    }
}
