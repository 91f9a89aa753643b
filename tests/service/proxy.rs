// SPDX-License-Identifier: MPL-2.0
//! A reverse proxy before the service gives nobody more than his token does.

use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::attacks::{TOKEN, Target};
use super::client::{ask, get};
use super::ports::free_port;
use super::running::Folder;

/// nginx before a port.
struct Proxy {
    child: Child,
    port: u16,
}

impl Proxy {
    /// None if it isn't installed.
    fn start(folder: &Folder, to: u16, headers: &str) -> Option<Self> {
        let (port, path) = (free_port(), folder.path(&format!("nginx-{to}")));
        std::fs::create_dir_all(&path).unwrap();
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
        let temporary = temporary.map(|name| format!("{name}_temp_path {path}/{name};"));
        let text = format!(
            "daemon off; master_process off; pid {path}/pid; error_log {path}/errors; events {{}}\n\
             http {{ access_log off; {}\n\
             server {{ listen 127.0.0.1:{port}; location /mon/ {{ proxy_pass http://127.0.0.1:{to}/; {headers} }} }} }}",
            temporary.join(" ")
        );
        let config = format!("{path}/nginx.conf");
        std::fs::write(&config, text).unwrap();
        let child = Command::new("nginx")
            .args(["-p", &path, "-c", &config, "-e", &format!("{path}/errors")])
            .stdin(Stdio::null())
            .spawn();
        let Ok(child) = child else {
            eprintln!("left out: there is no nginx");
            return None;
        };
        let proxy = Self { child, port };
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let errors = || std::fs::read_to_string(format!("{path}/errors"));
            assert!(start.elapsed() < Duration::from_secs(20), "{:?}", errors());
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(proxy)
    }

    fn ask(&self, method: &str, path: &str, headers: &[&str]) -> u16 {
        let mut all = vec!["Host: monitor.example"];
        all.extend(headers);
        let body = r#"{"uri": "srt://127.0.0.1:2"}"#;
        ask(self.port, method, &format!("/mon{path}"), &all, body).status
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_reverse_proxy_opens_nothing() {
    let one = "/api/v1/streams/one";
    // As it comes: without a header that says that something was forwarded, by an address of this machine.
    let target = Target::start("attack-proxy", "");
    let Some(proxy) = Proxy::start(&target.folder, target.port, "") else {
        return;
    };
    assert_eq!(proxy.ask("GET", one, &[]), 200);
    assert_eq!(proxy.ask("PUT", one, &[]), 403);
    assert_eq!(proxy.ask("DELETE", one, &[]), 403);
    assert_eq!(get(target.port, one).status, 200);
    // As manuals have it, but the monitor doesn't know of it.
    let usual =
        "proxy_set_header Host $host; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;";
    let target = Target::start("attack-proxy-2", "TOKEN");
    let proxy = Proxy::start(&target.folder, target.port, usual).unwrap();
    for method in ["GET", "PUT", "DELETE"] {
        assert_eq!(proxy.ask(method, one, &[TOKEN]), 403, "{method}");
    }
    // Known: its users have what their tokens give them.
    let known = "TOKENtrusted-proxies = [\"127.0.0.1\"]\nhosts = [\"monitor.example\"]\n";
    let target = Target::start("attack-proxy-3", known);
    let proxy = Proxy::start(&target.folder, target.port, usual).unwrap();
    assert_eq!(proxy.ask("GET", one, &[]), 200);
    assert_eq!(proxy.ask("PUT", one, &[]), 401);
    assert_eq!(proxy.ask("PUT", one, &[TOKEN]), 200);
    target
        .service
        .wait("from 127.0.0.1 (by the proxy 127.0.0.1): 200", 1);
    let other = ask(target.port, "GET", one, &["Host: evil.example"], "");
    assert_eq!(other.status, 403);
}
