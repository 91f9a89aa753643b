// SPDX-License-Identifier: MPL-2.0
//! Certificates: of servers that aren't trusted, those that are shown to servers that ask for one, and that of the service itself.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::ports::free_port;
use super::running::{Folder, Running};

/// A process that ends with the test.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Makes `NAME.pem` and `NAME.key` for that name, signed by itself or by another of these.
fn certificate(folder: &Folder, name: &str, alternative: &str, by: Option<&str>) {
    let file = |name: &str, end: &str| folder.path(&format!("{name}.{end}"));
    let mut command = Command::new("openssl");
    command.args(["req", "-x509", "-newkey", "rsa:2048", "-nodes"]);
    command.args(["-days", "2", "-subj", &format!("/CN={name}")]);
    command.args(["-keyout", &file(name, "key"), "-out", &file(name, "pem")]);
    if let Some(by) = by {
        command.args(["-CA", &file(by, "pem"), "-CAkey", &file(by, "key")]);
        command.args(["-addext", "basicConstraints=critical,CA:FALSE"]);
        command.args(["-addext", &format!("subjectAltName=DNS:{alternative}")]);
    }
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}

/// An authority, and what it has signed: a server's certificate and one of the monitor.
fn signed(name: &str) -> Folder {
    let folder = Folder::new(name);
    certificate(&folder, "authority", "", None);
    certificate(&folder, "server", "localhost", Some("authority"));
    certificate(&folder, "monitor", "monitor", Some("authority"));
    folder
}

/// What a receiver is told of certificates.
fn keys(folder: &Folder) -> String {
    format!(
        "ca-file = \"{}\"\ncertificate = \"{}\"\nkey = \"{}\"\n",
        folder.path("authority.pem"),
        folder.path("monitor.pem"),
        folder.path("monitor.key")
    )
}

#[test]
fn a_source_with_a_certificate_that_nobody_trusts_is_lost_for_that_reason() {
    let (folder, port) = (signed("untrusted"), free_port());
    // The service is a server like any other.
    let config = folder.config(&format!(
        "[http]\nlisten = \"127.0.0.1:{port}\"\ncertificate = \"{}\"\nkey = \"{}\"\n\
         [[streams]]\nid = \"a\"\nuri = \"https://localhost:{port}/x.ts\"\n",
        folder.path("server.pem"),
        folder.path("server.key")
    ));
    // A busy machine may find the reason too late once.
    let is_named_at_once = || {
        let service = Running::start(&config);
        service.wait(
            "a: the certificate of localhost isn't trusted: no authority",
            1,
        );
        let is_named = service.count("Internal data stream error") == 0;
        assert_eq!(service.stop(), Some(0));
        is_named
    };
    let is_ever = (0..3).any(|_| is_named_at_once());
    assert!(is_ever, "another reason comes first each time");
}

#[test]
fn a_broker_that_asks_for_a_certificate_gets_it() {
    let (folder, port) = (signed("broker"), free_port());
    let (file, log) = (folder.path("mosquitto.conf"), folder.path("log"));
    let text = format!(
        "listener {port}\nuser root\nlog_type all\nlog_dest file {log}\nrequire_certificate true\n\
         use_identity_as_username true\ncafile {}\ncertfile {}\nkeyfile {}\n",
        folder.path("authority.pem"),
        folder.path("server.pem"),
        folder.path("server.key")
    );
    std::fs::write(&file, text).unwrap();
    let broker = ["mosquitto", "/usr/sbin/mosquitto"]
        .into_iter()
        .find_map(|program| {
            let mut command = Command::new(program);
            command
                .args(["-c", &file])
                .stdout(Stdio::null())
                .stderr(Stdio::null());
            command.spawn().ok()
        });
    let Some(broker) = broker.map(Server) else {
        eprintln!("not tested: there is no mosquitto; pipelines/install --tests brings it");
        return;
    };
    let config = folder.config(&format!(
        "[[alerts]]\ntype = \"mqtt\"\nhost = \"localhost\"\nport = {port}\n{}",
        keys(&folder)
    ));
    let service = Running::start(&config);
    let start = Instant::now();
    loop {
        let said = std::fs::read_to_string(&log).unwrap_or_default();
        if said.contains("u'monitor'") && said.contains("Received PUBLISH") {
            break;
        }
        assert!(start.elapsed() < Duration::from_secs(30), "{said}");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(service.stop(), Some(0));
    drop(broker);
}

#[test]
fn a_webhook_that_asks_for_a_certificate_gets_it() {
    let (folder, port) = (signed("webhook"), free_port());
    let mut server = Command::new("openssl");
    server.args(["s_server", "-accept", &port.to_string(), "-Verify", "1"]);
    server.args([
        "-verify_return_error",
        "-CAfile",
        &folder.path("authority.pem"),
    ]);
    server.args([
        "-cert",
        &folder.path("server.pem"),
        "-key",
        &folder.path("server.key"),
    ]);
    server
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let mut server = Server(server.spawn().unwrap());
    let said = BufReader::new(server.0.stderr.take().unwrap());
    let config = folder.config(&format!(
        "[[alerts]]\ntype = \"webhook\"\nurl = \"https://localhost:{port}/\"\nheartbeat-seconds = 1\n{}",
        keys(&folder)
    ));
    let service = Running::start(&config);
    // The server names whom it has verified; one without a certificate ends the connection before.
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for line in said.lines().map_while(Result::ok) {
            let _ = tell.send(line);
        }
    });
    let mut all = Vec::new();
    while !all
        .iter()
        .any(|line: &String| line.replace(' ', "").contains("CN=monitor"))
    {
        let line = told.recv_timeout(Duration::from_secs(30));
        all.push(line.unwrap_or_else(|_| panic!("{all:?}")));
    }
    assert_eq!(service.stop(), Some(0));
}

#[test]
fn a_password_that_is_sent_in_the_clear_is_said() {
    let folder = Folder::new("clear");
    // An address of documentation (RFC 5737): nobody is there.
    let broker = "[[alerts]]\ntype = \"mqtt\"\nhost = \"192.0.2.1\"\nusername = \"u\"\n\
                  password = { env = \"HOME\" }\n";
    let service = Running::start(&folder.config(broker));
    service.wait(
        "warn: alerts: mqtt: the password goes to the broker without encryption",
        1,
    );
    assert_eq!(service.stop(), Some(0));
}

#[test]
fn with_a_certificate_nothing_is_said_in_the_clear() {
    let folder = Folder::new("tls");
    let make = |name: &str| {
        let (certificate, key) = (folder.path("cert.pem"), folder.path("key.pem"));
        let subject = format!("/CN={name}");
        let made = Command::new("openssl")
            .args([
                "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", &subject,
            ])
            .args(["-addext", "basicConstraints=critical,CA:FALSE"])
            .args(["-addext", "subjectAltName=DNS:localhost"])
            .args(["-keyout", &key, "-out", &certificate])
            .output();
        made.unwrap().status.success()
    };
    assert!(make("first"));
    let port = free_port();
    let config = folder.config(&format!(
        "[http]\nlisten = \"127.0.0.1:{port}\"\ncertificate = \"{}\"\nkey = \"{}\"\n",
        folder.path("cert.pem"),
        folder.path("key.pem")
    ));
    let service = Running::start(&config);
    service.wait(" streams, https://", 1);
    let ask = || {
        let output = Command::new("curl")
            .args([
                "--silent",
                "--show-error",
                "--cacert",
                &folder.path("cert.pem"),
            ])
            .args(["--verbose", &format!("https://localhost:{port}/readyz")])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.stdout, b"ready\n", "{said}");
        said
    };
    assert!(ask().contains("CN=first"));
    let mut plain = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let _ = plain.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
    // Renewed while it runs.
    std::thread::sleep(Duration::from_millis(20));
    assert!(make("second"));
    assert!(ask().contains("CN=second"));
    assert_eq!(service.stop(), Some(0));
}
