// SPDX-License-Identifier: MPL-2.0
//! Why a server can't be reached: not every source of GStreamer says so.

use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

/// The default ports of what is spoken over TCP.
const PORTS: &[(&str, u16)] = &[
    ("http", 80),
    ("https", 443),
    ("rtsp", 554),
    ("rtsps", 322),
    ("rtmp", 1935),
    ("rtmps", 443),
];

/// Enough for a server that is there.
const PATIENCE: Duration = Duration::from_secs(3);

/// Tries it; the reason if there is no connection.
pub fn why_not(uri: &str) -> Option<String> {
    let (host, port) = server(uri)?;
    let connected = (host.as_str(), port)
        .to_socket_addrs()
        .map_err(|_| format!("the host {host} isn't known"))
        .and_then(|mut addresses| {
            addresses
                .next()
                .ok_or_else(|| format!("the host {host} has no address"))
        })
        .and_then(|address| {
            TcpStream::connect_timeout(&address, PATIENCE)
                .map_err(|e| format!("no connection to {address}: {}", e.kind()))
        });
    connected.err()
}

/// Host and port of `scheme://user@host:port/...`.
fn server(uri: &str) -> Option<(String, u16)> {
    let (scheme, rest) = uri.split_once("://")?;
    let (_, usual) = PORTS
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(scheme))?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let place = authority.rsplit('@').next()?;
    let (host, port) = match place.strip_prefix('[').and_then(|p| p.split_once(']')) {
        Some((v6, port)) => (v6, port.strip_prefix(':')),
        None => place
            .split_once(':')
            .map_or((place, None), |(host, port)| (host, Some(port))),
    };
    let port = port.map_or(Some(*usual), |p| p.parse().ok())?;
    (!host.is_empty()).then(|| (host.to_owned(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_read_from_uris() {
        let is = |uri, host: &str, port| assert_eq!(server(uri), Some((host.to_owned(), port)));
        is("http://a.b/c:d@e", "a.b", 80);
        is("RTSP://me:secret@cam:8554/live", "cam", 8554);
        is("https://[::1]:8443", "::1", 8443);
        is("https://[::1]/x", "::1", 443);
        for none in ["udp://h:1", "file:///x", "http:///x", "http://h:port", "x"] {
            assert_eq!(server(none), None, "{none}");
        }
    }
}
