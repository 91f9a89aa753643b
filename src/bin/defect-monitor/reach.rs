// SPDX-License-Identifier: MPL-2.0
//! Finds out why a server can't be reached: not every source of GStreamer says so.

use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::mpsc::{Receiver, channel};
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

/// Time for a connection to a server that is there.
const PATIENCE: Duration = Duration::from_secs(3);
/// Longest wait for the reason: name service and server may be slow.
const ANSWER: Duration = Duration::from_secs(1);

/// A server that is tried, in a thread of its own.
#[derive(Debug)]
pub struct Probe(Receiver<Option<Trouble>>);

/// What is wrong with a server.
#[derive(Debug, PartialEq, Eq)]
pub enum Trouble {
    /// There is no connection.
    Unreachable(String),
    /// Its certificate isn't trusted.
    Untrusted(String),
}

impl Probe {
    /// Starts to try the server of a URI.
    pub fn start(uri: &str) -> Option<Self> {
        let (host, port) = server(uri)?;
        let is_encrypted = uri
            .split_once("s://")
            .is_some_and(|(scheme, _)| is_known(scheme));
        let (answer, probe) = channel();
        let thread = std::thread::Builder::new().name("probe".to_owned());
        let work = move || {
            // The result may no longer be wanted.
            let _ = answer.send(why_not(&host, port, is_encrypted));
        };
        thread.spawn(work).ok().map(|_| Self(probe))
    }

    /// What is wrong, if that is known soon.
    pub fn why_not(self) -> Option<Trouble> {
        self.0.recv_timeout(ANSWER).ok().flatten()
    }
}

fn why_not(host: &str, port: u16, is_encrypted: bool) -> Option<Trouble> {
    let addresses = (host, port).to_socket_addrs();
    let connected = match addresses {
        Err(_) => Err(format!("the host {host} isn't known")),
        Ok(addresses) => {
            connect(addresses).unwrap_or_else(|| Err(format!("the host {host} has no address")))
        }
    };
    match connected {
        Err(why) => Some(Trouble::Unreachable(why)),
        Ok(connection) if is_encrypted => untrusted(host, connection).map(Trouble::Untrusted),
        Ok(_) => None,
    }
}

/// A connection to the first of the addresses that takes one, or why the first doesn't; `None` without addresses.
fn connect(addresses: impl Iterator<Item = SocketAddr>) -> Option<Result<TcpStream, String>> {
    let mut first = None;
    for address in addresses {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(connection) => return Some(Ok(connection)),
            Err(e) => {
                first.get_or_insert(format!("no connection to {address}: {}", e.kind()));
            }
        }
    }
    first.map(Err)
}

#[cfg(feature = "service")]
fn untrusted(host: &str, mut connection: TcpStream) -> Option<String> {
    connection.set_read_timeout(Some(ANSWER)).ok()?;
    crate::service::trust::why_not(host, &mut connection)
}

/// Only the service has the means to find out.
#[cfg(not(feature = "service"))]
fn untrusted(_: &str, _: TcpStream) -> Option<String> {
    None
}

/// Whether there are ports for that scheme, with encryption and without.
fn is_known(scheme: &str) -> bool {
    PORTS
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case(scheme))
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
    fn the_reason_is_known_soon_or_not_at_all() {
        // A thread may not get its turn in time now and then.
        let refused = || {
            let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            let port = closed.local_addr().unwrap().port();
            drop(closed);
            let probe = Probe::start(&format!("http://127.0.0.1:{port}/")).unwrap();
            probe.why_not()
        };
        let Some(Trouble::Unreachable(why)) = (0..5).find_map(|_| refused()) else {
            panic!("it is reached");
        };
        assert!(why.contains("refused"), "{why}");
        // An address of documentation (RFC 5737) answers nobody.
        let is_soon = || {
            let start = std::time::Instant::now();
            let _ = Probe::start("http://192.0.2.1/").unwrap().why_not();
            start.elapsed() < Duration::from_secs(2)
        };
        assert!((0..5).any(|_| is_soon()));
    }

    #[test]
    fn every_address_of_a_host_is_tried() {
        let open = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let [open, shut] = [&open, &closed].map(|l| l.local_addr().unwrap());
        drop(closed);
        assert!(connect([shut, open].into_iter()).unwrap().is_ok());
        let why = connect([shut].into_iter()).unwrap().unwrap_err();
        assert!(why.contains(&shut.to_string()), "{why}");
        assert!(connect(std::iter::empty()).is_none());
    }

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
