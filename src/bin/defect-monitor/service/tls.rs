// SPDX-License-Identifier: MPL-2.0
//! Encryption of connections.

use std::path::Path;

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
