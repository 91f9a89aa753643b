// SPDX-License-Identifier: MPL-2.0
//! Where connections come from: an address of the network, and a Unix socket.

use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::serve::Listener;
use rustix::fs::{Mode, fchmod};
use rustix::net::{
    AddressFamily, SocketAddrUnix, SocketFlags, SocketType, bind, listen, socket_with,
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::watch;

use super::access::Peer;
use super::connections::Connections;

/// Connections that wait to be accepted.
const BACKLOG: i32 = 128;

/// The file of a Unix socket, removed in the end.
#[derive(Debug)]
pub struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Listens on an address; from within a runtime.
pub fn tcp(address: SocketAddr) -> Result<(TcpListener, SocketAddr), String> {
    let listen = || {
        let listener = std::net::TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        Ok((TcpListener::from_std(listener)?, address))
    };
    listen().map_err(|e: io::Error| format!("[http] listen: can't listen on {address}: {e}"))
}

/// Listens on a Unix socket that nobody else may open; from within a runtime.
pub fn unix(path: &Path) -> Result<(UnixListener, SocketFile), String> {
    let wrong = |why: String| format!("[http] socket: can't listen on {}: {why}", path.display());
    let is_socket = std::fs::symlink_metadata(path).map(|about| about.file_type().is_socket());
    if is_socket.is_ok_and(|is| is) {
        // One that an earlier run left, or one that is in use?
        if std::os::unix::net::UnixStream::connect(path).is_ok() {
            return Err(wrong("another program listens there".to_owned()));
        }
        std::fs::remove_file(path).map_err(|e| wrong(e.to_string()))?;
    }
    let listen = || {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
        // Before it has a name: at no time can others open it.
        fchmod(&socket, Mode::RUSR | Mode::WUSR)?;
        bind(&socket, &SocketAddrUnix::new(path)?)?;
        listen(&socket, BACKLOG)?;
        UnixListener::from_std(socket.into())
    };
    let listener = listen().map_err(|e: io::Error| wrong(e.to_string()))?;
    Ok((listener, SocketFile(path.to_owned())))
}

/// Accepts connections until `stopped` changes. `peer`: who is at the other end; `open`: what is done first with a connection.
pub async fn accept<L, S, F>(
    mut listener: L,
    peer: fn(&L::Addr) -> Peer,
    open: impl Fn(L::Io) -> F,
    connections: Arc<Connections>,
    router: Router,
    mut stopped: watch::Receiver<()>,
) where
    L: Listener,
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    F: Future<Output = io::Result<S>> + Send + 'static,
{
    loop {
        let (stream, from) = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopped.changed() => return,
        };
        let peer = peer(&from);
        connections.serve(open(stream), peer, router.clone(), stopped.clone());
    }
}
