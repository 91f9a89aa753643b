// SPDX-License-Identifier: MPL-2.0
//! Ports of this machine for servers and receivers that are started later.
#![allow(dead_code, reason = "no program uses all of it")]
#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::io::{ErrorKind, Result};
use std::net::{Ipv4Addr, Ipv6Addr, TcpListener, UdpSocket};
use std::sync::atomic::{AtomicU16, Ordering};

/// The kernel gives ports from 32768 on to whoever asks for any: those would be taken before they are used.
const FIRST: u16 = 10_000;
/// Number of ranges of ports; a program takes one by its process id.
const RANGES: u32 = 40;
/// Ports in a range.
const RANGE: u16 = 500;

/// A port that nobody uses, by TCP or UDP. Each call gives another.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = FIRST + (std::process::id() % RANGES) as u16 * RANGE;
    let mut ports = (0..RANGE).map(|_| first + NEXT.fetch_add(1, Ordering::Relaxed) % RANGE);
    ports.find(|port| is_free(*port)).unwrap()
}

fn is_free(port: u16) -> bool {
    let (v4, v6) = (Ipv4Addr::UNSPECIFIED, Ipv6Addr::UNSPECIFIED);
    !is_taken(TcpListener::bind((v4, port)))
        && !is_taken(TcpListener::bind((v6, port)))
        && !is_taken(UdpSocket::bind((v4, port)))
        && !is_taken(UdpSocket::bind((v6, port)))
}

/// Not so where there is no IPv6: that is another error.
fn is_taken<T>(bound: Result<T>) -> bool {
    bound.is_err_and(|e| e.kind() == ErrorKind::AddrInUse)
}

/// Whether somebody receives on a port by UDP.
pub fn is_bound(port: u16) -> bool {
    let sockets = std::fs::read_to_string("/proc/net/udp").unwrap();
    sockets.contains(&format!(":{port:04X} "))
}
