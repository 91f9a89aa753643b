// SPDX-License-Identifier: MPL-2.0
//! Connections: so many at most, in total and from each address. A monitor has few file descriptors to give away.
//!
//! None is turned away. When there are too many, the oldest of the address that has most makes room: whoever opens hundreds closes its own,
//! and who asks whether the process lives is answered.

use std::io;
use std::net::{IpAddr, Ipv6Addr};
use std::pin::pin;
use std::sync::Mutex;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};
use tower::ServiceExt;

use super::access::Peer;
use crate::lock::lock;

/// Most connections that are open at the same time.
const MOST: usize = 256;
/// Most of these from one address, see [`counted`]. A browser opens six.
const MOST_OF_ONE: usize = 64;
/// The header of a request takes no longer, nor the pause before the next.
const HEADER: Duration = Duration::from_secs(10);
/// A connection lasts no longer, and clients open another.
const LONGEST: Duration = Duration::from_secs(300);
/// The last answer of a connection is read within this time.
const LAST_ANSWER: Duration = Duration::from_secs(30);

/// All that are open, the oldest first.
#[derive(Debug, Default)]
pub struct Connections(Mutex<Vec<Open>>);

#[derive(Debug)]
struct Open {
    /// The address as it is counted; none for a program on this machine.
    from: Option<IpAddr>,
    task: AbortHandle,
}

impl Connections {
    /// Answers the requests of a connection in a task of its own, until `stopped` changes.
    ///
    /// The stream is made in that task too, since a handshake takes its time.
    pub fn serve<S>(
        &self,
        stream: impl Future<Output = io::Result<S>> + Send + 'static,
        peer: Peer,
        router: Router,
        mut stopped: watch::Receiver<()>,
    ) where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let service = router.map_request(move |request: Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(peer);
            request
        });
        let task = tokio::spawn(async move {
            let Ok(Ok(stream)) = timeout(HEADER, stream).await else {
                return;
            };
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEADER)
                .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
            let mut connection = pin!(connection);
            // What a client does wrong ends its connection, and nothing else.
            tokio::select! {
                _ = connection.as_mut() => return,
                _ = stopped.changed() => {}
                () = sleep(LONGEST) => {}
            }
            connection.as_mut().graceful_shutdown();
            let _ = timeout(LAST_ANSWER, connection).await;
        });
        let from = match peer {
            Peer::Local => None,
            Peer::Remote(address) => Some(address),
        };
        self.keep(from, task.abort_handle());
    }

    fn keep(&self, from: Option<IpAddr>, task: AbortHandle) {
        let from = from.map(counted);
        let mut open = lock(&self.0);
        open.retain(|one| !one.task.is_finished());
        open.push(Open { from, task });
        let crowd = match count(&open, from) > MOST_OF_ONE {
            true => Some(from),
            // `max_by_key` gives the last of equals: of addresses with as many, that is the one that has the oldest connection.
            false if open.len() > MOST => open
                .iter()
                .rev()
                .map(|one| one.from)
                .max_by_key(|from| count(&open, *from)),
            false => None,
        };
        if let Some(crowd) = crowd
            && let Some(oldest) = open.iter().position(|one| one.from == crowd)
        {
            open.remove(oldest).task.abort();
        }
    }
}

fn count(open: &[Open], from: Option<IpAddr>) -> usize {
    open.iter().filter(|one| one.from == from).count()
}

/// The address by which a connection is counted: whoever has one address of IPv6 has all of its /64.
fn counted(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let network = address.to_bits() & !u128::from(u64::MAX);
            IpAddr::V6(Ipv6Addr::from_bits(network))
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::net::Ipv4Addr;

    use super::*;

    /// Opens a connection that asks nothing.
    fn open(connections: &Connections, from: IpAddr) {
        let task = tokio::spawn(pending::<()>());
        connections.keep(Some(from), task.abort_handle());
    }

    fn left(connections: &Connections, from: IpAddr) -> usize {
        count(&lock(&connections.0), Some(counted(from)))
    }

    fn v4(n: u32) -> IpAddr {
        Ipv4Addr::from_bits(n).into()
    }

    fn named(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[tokio::test]
    async fn who_comes_last_gets_in_and_the_oldest_of_those_with_most_goes() {
        let connections = Connections::default();
        for n in 0..300 {
            open(&connections, v4(n));
            assert_eq!(left(&connections, v4(n)), 1, "{n}");
        }
        let there = |n: &u32| left(&connections, v4(*n)) == 1;
        let all: Vec<u32> = (0..300).filter(there).collect();
        let last: Vec<u32> = (44..300).collect();
        assert_eq!(all, last);
        // One that has two loses one, though others are older.
        open(&connections, v4(299));
        assert_eq!(left(&connections, v4(299)), 1);
        assert!(there(&44));
    }

    #[tokio::test]
    async fn a_network_of_ipv6_counts_as_one_address() {
        let connections = Connections::default();
        for n in 0..100 {
            open(&connections, named(&format!("2001:db8:1:2::{n:x}")));
        }
        open(&connections, named("2001:db8:1:3::1"));
        assert_eq!(
            left(&connections, named("2001:db8:1:2:ffff::")),
            MOST_OF_ONE
        );
        assert_eq!(left(&connections, named("2001:db8:1:3::2")), 1);
        // What an address of IPv4 is called on a socket for both is no such network.
        for n in 0..100 {
            open(&connections, named(&format!("::ffff:10.0.0.{n}")));
        }
        assert_eq!(left(&connections, named("10.0.0.1")), 1);
    }
}
