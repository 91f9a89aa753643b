// SPDX-License-Identifier: MPL-2.0
//! Members of a cluster share streams by themselves, with a real engine between them.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::client::{ask_socket, get};
use super::ports::free_port;
use super::running::{Folder, Running};

mod alarms;
mod answers;
mod operators;
mod sharing;

/// A member, and where it answers.
struct Member {
    service: Running,
    port: u16,
    socket: String,
}

/// The configuration of a member: some streams play, of the others there is no source. Streams may be sections of any sort.
fn config(folder: &Folder, name: &str, servers: u16, port: u16, streams: &[String]) -> String {
    let path = folder.path(&format!("{name}.toml"));
    let socket = folder.path(&format!("{name}.sock"));
    let text = format!(
        "[cluster]\nservers = [\"nats://127.0.0.1:{servers}\"]\nname = \"test\"\nmember = \"{name}\"\n\
         url = \"http://127.0.0.1:{port}\"\n\
         [http]\nlisten = \"127.0.0.1:{port}\"\nsocket = \"{socket}\"\n\
         [workers]\nstreams-per-worker = 20\n\
         [defaults]\nprofile = \"none\"\ndetectors = \"black\"\n{}",
        streams.concat()
    );
    std::fs::write(&path, text).unwrap();
    path
}

fn stream(n: usize, film: &str) -> String {
    let source = match n.is_multiple_of(10) {
        true => format!("uri = \"{film}\"\nloop = true\n"),
        false => "uri = \"http://127.0.0.1:9/\"\n".to_owned(),
    };
    format!("[[streams]]\nid = \"stream.{n}\"\n{source}")
}

fn join(folder: &Folder, name: &str, servers: u16, streams: &[String]) -> Member {
    let port = free_port();
    let config = config(folder, name, servers, port, streams);
    let service = Running::start(&config);
    let socket = folder.path(&format!("{name}.sock"));
    Member {
        service,
        port,
        socket,
    }
}

impl Member {
    /// Whether it answers requests yet.
    fn listens(&self) -> bool {
        std::net::TcpStream::connect(("127.0.0.1", self.port)).is_ok()
    }

    /// The streams that it watches.
    fn streams(&self) -> BTreeSet<String> {
        if !self.listens() {
            return BTreeSet::new();
        }
        let cards: Value = get(self.port, "/api/v1/streams?own=true").json();
        let ids = cards.as_array().unwrap().iter();
        ids.map(|card| card["id"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Adds a stream without a source to those of the cluster.
    fn add(&self, stream: &str) {
        let (path, body) = (
            format!("/api/v1/streams/{stream}"),
            "{\"uri\": \"http://127.0.0.1:9/\"}",
        );
        let added = ask_socket(&self.socket, "PUT", &path, &[], body);
        assert_eq!(added.status, 201, "{}", added.text());
    }

    /// Does something, and waits until it says that once more.
    fn says_after(&self, text: &str, act: impl FnOnce()) {
        let before = self.service.count(text);
        act();
        self.service.wait(text, before + 1);
    }

    fn metric(&self, name: &str) -> Option<f64> {
        let metrics = get(self.port, "/metrics").text();
        let line = metrics
            .lines()
            .find(|line| line.starts_with(&format!("{name}{{")))?;
        line.rsplit(' ').next()?.parse().ok()
    }
}

/// Makes these the streams of the cluster; what is said of it.
fn apply(folder: &Folder, servers: u16, streams: &[String]) -> String {
    let file = config(folder, "streams", servers, free_port(), streams);
    let mut command = Command::new(env!("CARGO_BIN_EXE_defect-monitor"));
    let output = command.args(["streams", "apply", &file]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// How often each stream is watched.
fn watched(members: &[&Member]) -> BTreeMap<String, usize> {
    let mut watched = BTreeMap::new();
    for stream in members.iter().flat_map(|member| member.streams()) {
        *watched.entry(stream).or_default() += 1;
    }
    watched
}

/// Waits until that is so; how long it took.
fn until(what: &str, members: &[&Member], is_so: impl Fn() -> bool) -> Duration {
    let start = Instant::now();
    while !is_so() {
        if start.elapsed() > Duration::from_secs(30) {
            panic!("never: {what}; {}", told(members));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    start.elapsed()
}

/// Fails with what the members have said if it took longer than that.
fn within(seconds: u64, what: &str, took: Duration, members: &[&Member]) {
    eprintln!("{what}: after {took:?}");
    if took > Duration::from_secs(seconds) {
        panic!("{what}: after {took:?}, not {seconds} s; {}", told(members));
    }
}

/// What members watch, and what they have logged.
fn told(members: &[&Member]) -> String {
    let logs = members
        .iter()
        .map(|member| member.service.lines().join("\n"));
    let logs: Vec<_> = logs.collect();
    format!("{:?}\n{}", watched(members), logs.join("\n\n"))
}

/// Waits until each of so many streams is watched by exactly one; how long it took.
fn settled(members: &[&Member], streams: usize) -> Duration {
    let is_so = || {
        let watched = watched(members);
        watched.len() == streams && watched.values().all(|n| *n == 1)
    };
    until("each stream is watched by one", members, is_so)
}
