// SPDX-License-Identifier: MPL-2.0
//! A NATS server with JetStream, and a way to it that can be cut.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::ports::free_port;
use super::running::Folder;

/// A server on loopback. What it keeps lies in a folder, so that it can be started again.
pub struct Nats {
    folder: String,
    pub port: u16,
    child: Child,
}

impl Nats {
    pub fn start(folder: &Folder) -> Self {
        let (folder, port) = (folder.path("nats"), free_port());
        let child = spawn(&folder, port);
        Self {
            folder,
            port,
            child,
        }
    }

    pub fn stop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub fn start_again(&mut self) {
        self.child = spawn(&self.folder, self.port);
    }
}

fn spawn(folder: &str, port: u16) -> Child {
    let child = Command::new("nats-server")
        .args([
            "-js",
            "-sd",
            folder,
            "-a",
            "127.0.0.1",
            "-p",
            &port.to_string(),
        ])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let child = child.expect("there is no nats-server: see pipelines/install --tests");
    let start = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(start.elapsed() < Duration::from_secs(20));
        std::thread::sleep(Duration::from_millis(20));
    }
    child
}

impl Drop for Nats {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A way to a server on loopback that can be cut.
pub struct Way {
    pub port: u16,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    is_cut: bool,
    connections: Vec<TcpStream>,
}

impl Way {
    pub fn to(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::<Mutex<State>>::default();
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for near in listener.incoming().flatten() {
                let mut state = shared.lock().unwrap();
                let Ok(far) = TcpStream::connect(("127.0.0.1", server)) else {
                    continue;
                };
                if state.is_cut {
                    continue;
                }
                for (from, to) in [(&near, &far), (&far, &near)] {
                    let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    std::thread::spawn(move || pass(from, to));
                }
                state.connections.extend([near, far]);
            }
        });
        Self { port, state }
    }

    pub fn cut(&self) {
        let mut state = self.state.lock().unwrap();
        state.is_cut = true;
        for connection in state.connections.drain(..) {
            let _ = connection.shutdown(Shutdown::Both);
        }
    }

    pub fn mend(&self) {
        self.state.lock().unwrap().is_cut = false;
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream) {
    let mut buffer = [0; 16384];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        if to.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
}
