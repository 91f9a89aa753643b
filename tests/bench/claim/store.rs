// SPDX-License-Identifier: MPL-2.0
//! The object store: nginx, and the little of HTTP that is needed to put objects there and to get them.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::Duration;

/// The server's name and version, if it is installed.
pub fn version() -> Option<String> {
    let said = Command::new("nginx").arg("-v").output().ok()?;
    let text = String::from_utf8_lossy(&said.stderr);
    Some(text.trim().rsplit(' ').next()?.to_owned())
}

/// A running server; ends with this.
pub struct Store {
    child: Child,
    pub port: u16,
}

impl Store {
    /// Keeps its objects in that folder.
    pub fn start(folder: &Path) -> Self {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let place = folder.display();
        let temporary: String = ["proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|kind| format!("{kind}_temp_path {place}/{kind}; "))
            .concat();
        let config = format!(
            "daemon off; master_process off; user root; pid {place}/nginx.pid; error_log {place}/error.log warn;
             events {{ worker_connections 256; }}
             http {{
               access_log off; sendfile on; tcp_nopush on; keepalive_timeout 1h; keepalive_requests 1000000000;
               client_max_body_size 0; client_body_temp_path {place}/body; {temporary}
               server {{ listen 127.0.0.1:{port}; root {place}/objects; location / {{ dav_methods PUT; }} }}
             }}"
        );
        fs::create_dir_all(folder.join("objects")).unwrap();
        let file = folder.join("nginx.conf");
        fs::write(&file, config).unwrap();
        let mut nginx = Command::new("nginx");
        nginx.arg("-e").arg(folder.join("error.log"));
        let child = nginx.arg("-c").arg(file).spawn().unwrap();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            sleep(Duration::from_millis(20));
        }
        Self { child, port }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A connection that is kept open.
pub struct Client(BufReader<TcpStream>);

impl Client {
    pub fn new(port: &str) -> Self {
        let stream = TcpStream::connect(format!("127.0.0.1:{port}")).unwrap();
        stream.set_nodelay(true).unwrap();
        Self(BufReader::new(stream))
    }

    pub fn put(&mut self, key: &str, body: &[u8]) {
        let head = format!(
            "PUT /{key} HTTP/1.1\r\nHost: store\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let stream = self.0.get_mut();
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(body).unwrap();
        let mut rest = vec![0; self.answer()];
        self.0.read_exact(&mut rest).unwrap();
    }

    pub fn get(&mut self, key: &str) -> Vec<u8> {
        let head = format!("GET /{key} HTTP/1.1\r\nHost: store\r\n\r\n");
        self.0.get_mut().write_all(head.as_bytes()).unwrap();
        let length = self.answer();
        let mut body = Vec::with_capacity(length);
        // Into memory that nobody has written zeros to before.
        self.0
            .by_ref()
            .take(length as u64)
            .read_to_end(&mut body)
            .unwrap();
        body
    }

    /// The length of what follows the head of a good answer.
    fn answer(&mut self) -> usize {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        assert!(line.starts_with("HTTP/1.1 2"), "{line}");
        let mut length = 0;
        loop {
            line.clear();
            self.0.read_line(&mut line).unwrap();
            if line == "\r\n" {
                return length;
            }
            let (name, value) = line.split_once(':').unwrap();
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().unwrap();
            }
        }
    }
}
