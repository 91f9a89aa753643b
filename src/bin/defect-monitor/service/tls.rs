// SPDX-License-Identifier: MPL-2.0
//! Encryption of connections.

/// Chooses the cryptography of the process; whoever speaks TLS calls it first.
pub fn prepare() {
    // An error says that it was chosen before.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
