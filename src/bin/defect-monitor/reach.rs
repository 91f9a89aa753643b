// SPDX-License-Identifier: MPL-2.0
//! Why a server can't be reached: not every source of GStreamer says so.

use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use gst::glib;

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

fn server(uri: &str) -> Option<(String, u16)> {
    let uri = glib::Uri::parse(uri, glib::UriFlags::NONE).ok()?;
    let scheme = uri.scheme().to_ascii_lowercase();
    let (_, port) = PORTS.iter().find(|(name, _)| *name == scheme)?;
    let port = u16::try_from(uri.port())
        .ok()
        .filter(|p| *p > 0)
        .unwrap_or(*port);
    Some((uri.host()?.to_string(), port))
}
