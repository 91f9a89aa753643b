// SPDX-License-Identifier: MPL-2.0
//! Finds out what is wrong with the certificate of a server: GStreamer's sources only say that there is no data.

use std::net::TcpStream;
use std::sync::Arc;

use rustls::{CertificateError, ClientConnection, Error};

use super::tls;

/// What is wrong with it, if anything is.
pub fn why_not(host: &str, connection: &mut TcpStream) -> Option<String> {
    let config = Arc::new(tls::client(None, None).ok()?);
    let name = host.to_owned().try_into().ok()?;
    let mut client = ClientConnection::new(config, name).ok()?;
    let error = client.complete_io(connection).err()?;
    match error.get_ref()?.downcast_ref()? {
        Error::InvalidCertificate(why) => Some(format!(
            "the certificate of {host} isn't trusted: {}",
            words(why)
        )),
        _ => None,
    }
}

fn words(why: &CertificateError) -> String {
    match why {
        CertificateError::UnknownIssuer => {
            "no authority that this machine knows has signed it (update-ca-certificates adds one)"
                .to_owned()
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "it has expired".to_owned()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "it isn't valid yet".to_owned()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "it is for another name".to_owned()
        }
        other => other.to_string(),
    }
}
