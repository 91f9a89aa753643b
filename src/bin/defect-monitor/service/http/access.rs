// SPDX-License-Identifier: MPL-2.0
//! Who may add and remove streams. Everyone who reaches the server may look.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, StatusCode, Uri, header};

use super::Config;
use super::reply::Fault;

/// Who may change something.
pub enum Access {
    /// Who knows the token.
    Token(String),
    /// Everyone on this machine.
    Local,
    /// Nobody.
    Nobody,
}

impl Access {
    /// As configured.
    pub fn of(config: &Config, listens: SocketAddr) -> Result<Self, String> {
        match &config.api_token {
            Some(secret) => {
                let token = secret.read().map_err(|e| format!("http.api-token: {e}"))?;
                if token.is_empty() {
                    return Err("http.api-token: it is empty".to_owned());
                }
                Ok(Self::Token(token))
            }
            None if listens.ip().is_loopback() => Ok(Self::Local),
            None => Ok(Self::Nobody),
        }
    }

    /// Whether who asks may change something.
    pub fn check(&self, headers: &HeaderMap) -> Result<(), Fault> {
        match self {
            Self::Token(token) => {
                let given = text(headers, header::AUTHORIZATION)
                    .and_then(|value| value.strip_prefix("Bearer "));
                match given {
                    Some(given) if equal(given.trim(), token) => Ok(()),
                    Some(_) => Err(refused("this isn't the token that `api-token` names")),
                    None => Err(refused(
                        "the token that `api-token` names is needed: Authorization: Bearer TOKEN",
                    )),
                }
            }
            // A page of another site in a browser on this machine must not get through, by its own name for this address either.
            Self::Local => {
                let host = text(headers, header::HOST).map(is_local);
                let origin = text(headers, header::ORIGIN).map(|origin| {
                    let uri = origin.parse::<Uri>().ok();
                    uri.and_then(|uri| uri.host().map(is_local_name))
                        .unwrap_or(false)
                });
                if host == Some(true) && origin != Some(false) {
                    return Ok(());
                }
                Err(forbidden(
                    "only programs on this machine may change streams, by the address localhost; set `api-token` for others",
                ))
            }
            Self::Nobody => Err(forbidden(
                "streams can only be changed here if [http] has an `api-token`, or listens on a loopback address",
            )),
        }
    }
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn is_local(host: &str) -> bool {
    let uri = host.parse::<axum::http::uri::Authority>();
    uri.is_ok_and(|authority| is_local_name(authority.host()))
}

fn is_local_name(name: &str) -> bool {
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    name == "localhost" || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// In a time that doesn't tell how much of it is right.
fn equal(a: &str, b: &str) -> bool {
    let differing = a.bytes().zip(b.bytes()).fold(0, |d, (x, y)| d | (x ^ y));
    a.len() == b.len() && differing == 0
}

fn refused(what: &str) -> Fault {
    Fault(StatusCode::UNAUTHORIZED, what.to_owned())
}

fn forbidden(what: &str) -> Fault {
    Fault(StatusCode::FORBIDDEN, what.to_owned())
}
