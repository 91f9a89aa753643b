// SPDX-License-Identifier: MPL-2.0
//! Members of a cluster share streams by themselves, with a real engine between them.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::client::{ask, ask_socket, get, port};
use super::nats::{Nats, Way};
use super::running::{Folder, Running};
use super::sources::server;
use super::transport::Piece;
use super::webhook::Webhook;

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
    let port = port();
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
    /// The streams that it watches.
    fn streams(&self) -> BTreeSet<String> {
        // It may not listen yet.
        if std::net::TcpStream::connect(("127.0.0.1", self.port)).is_err() {
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
    let file = config(folder, "streams", servers, port(), streams);
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
            let logs: Vec<_> = members
                .iter()
                .map(|member| member.service.lines().join("\n"))
                .collect();
            panic!(
                "never: {what}; {:?}\n{}",
                watched(members),
                logs.join("\n\n")
            );
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    start.elapsed()
}

/// Waits until each of so many streams is watched by exactly one; how long it took.
fn settled(members: &[&Member], streams: usize) -> Duration {
    let is_so = || {
        let watched = watched(members);
        watched.len() == streams && watched.values().all(|n| *n == 1)
    };
    until("each stream is watched by one", members, is_so)
}

#[test]
fn members_share_streams_and_take_over_what_another_leaves() {
    let folder = Folder::new("cluster");
    let film = folder.film("film.webm");
    let nats = Nats::start(&folder);
    let streams: Vec<String> = (0..60).map(|n| stream(n, &film)).collect();
    let start = Instant::now();
    let [a, b, c] = ["a", "b", "c"].map(|name| join(&folder, name, nats.port, &streams));
    settled(&[&a, &b, &c], 60);
    let took = start.elapsed();
    eprintln!("60 streams of three members after {took:?}");
    assert!(took < Duration::from_secs(10), "{took:?}");
    until("fair shares", &[&a, &b, &c], || {
        [&a, &b, &c]
            .iter()
            .all(|member| (18..=22).contains(&member.streams().len()))
    });
    until("numbers", &[&a, &b, &c], || {
        a.metric("defect_cluster_members") == Some(3.0)
            && a.metric("defect_cluster_streams_unclaimed") == Some(0.0)
            && a.metric("defect_cluster_streams_held") == Some(a.streams().len() as f64)
    });
    assert!(
        get(a.port, "/metrics")
            .text()
            .contains("defect_streams_configured 60")
    );

    // One is lost with its machine.
    b.service.kill();
    let took = settled(&[&a, &c], 60);
    eprintln!("the streams of a killed member after {took:?}");
    assert!(took < Duration::from_secs(15), "{took:?}");
    let before = [a.streams(), c.streams()];

    // Another comes, which gets its share from both, and nothing else moves.
    let d = join(&folder, "d", nats.port, &streams);
    let took = until("the new one has its share", &[&a, &c, &d], || {
        d.streams().len() >= 18
    });
    eprintln!("a new member has its share after {took:?}");
    settled(&[&a, &c, &d], 60);
    for (member, before) in [&a, &c].into_iter().zip(&before) {
        assert!(member.streams().is_subset(before) && member.streams().len() >= 18);
    }

    // One stops in good order.
    let start = Instant::now();
    c.service.signal("TERM");
    settled(&[&a, &d], 60);
    eprintln!("the streams of one that stops after {:?}", start.elapsed());
    assert!(start.elapsed() < Duration::from_secs(5));
    assert_eq!(c.service.ended(), Some(0));
    for member in [a, d] {
        assert_eq!(member.service.stop(), Some(0));
    }
}

#[test]
fn all_go_on_while_the_engine_is_away_and_nothing_is_watched_twice_afterwards() {
    let folder = Folder::new("away");
    let film = folder.film("film.webm");
    let mut nats = Nats::start(&folder);
    let way = Way::to(nats.port);
    let streams: Vec<String> = (0..12).map(|n| stream(n, &film)).collect();
    let a = join(&folder, "a", nats.port, &streams);
    let b = join(&folder, "b", way.port, &[]);
    settled(&[&a, &b], 12);
    until("fair shares", &[&a, &b], || {
        a.streams().len() == 6 && b.streams().len() == 6
    });
    let before = [a.streams(), b.streams()];

    // For longer than a lease.
    nats.stop();
    a.service.wait("cluster: degraded", 1);
    std::thread::sleep(Duration::from_secs(10));
    assert_eq!([a.streams(), b.streams()], before);
    nats.start_again();
    a.service.wait("cluster: works again", 2);
    b.service.wait("cluster: works again", 2);
    let back = Instant::now();
    while back.elapsed() < Duration::from_secs(4) {
        assert_eq!([a.streams(), b.streams()], before);
        std::thread::sleep(Duration::from_millis(100));
    }

    // One is cut off: it goes on, the other takes its streams over, and in the end each is watched by one.
    way.cut();
    let took = until("taken over", &[&a, &b], || a.streams().len() == 12);
    eprintln!("the streams of one that is cut off after {took:?}");
    assert_eq!(b.streams(), before[1]);
    way.mend();
    settled(&[&a, &b], 12);
    until("fair shares", &[&a, &b], || {
        (5..=7).contains(&b.streams().len())
    });
    settled(&[&a, &b], 12);

    // Any member knows who watches what, and where that one is.
    let is_known = |asked: &Member| {
        let status = get(asked.port, "/api/v1/cluster").json();
        let of = |name: &str| {
            let streams = status["streams"].as_array().unwrap().iter();
            let streams = streams.filter(|stream| stream["member"] == name);
            streams
                .map(|stream| stream["id"].as_str().unwrap().to_owned())
                .collect::<BTreeSet<_>>()
        };
        of("a") == a.streams()
            && of("b") == b.streams()
            && status["members"].as_array().unwrap().len() == 2
    };
    until("the holders are known", &[&a, &b], || {
        is_known(&a) && is_known(&b)
    });
    let other = format!("/api/v1/streams/{}", a.streams().first().unwrap());
    assert_eq!(get(b.port, &other).status, 200);
    assert_eq!(get(b.port, "/api/v1/streams/none").status, 404);

    // The streams change: through a file, and through any member.
    let mut fewer = streams;
    fewer.truncate(11);
    fewer[1] = fewer[1].replace("127.0.0.1:9", "127.0.0.1:10");
    fewer.push(stream(20, &film));
    let apply = || apply(&folder, nats.port, &fewer);
    assert_eq!(apply(), "12 streams: 1 added, 1 changed, 1 removed\n");
    assert_eq!(apply(), "12 streams: 0 added, 0 changed, 0 removed\n");
    until("the file counts", &[&a, &b], || {
        let all = watched(&[&a, &b]);
        !all.contains_key("stream.11") && all.contains_key("stream.20")
    });
    settled(&[&a, &b], 12);
    b.add("more");
    settled(&[&a, &b], 13);
    let removed = ask_socket(&b.socket, "DELETE", "/api/v1/streams/more", &[], "");
    assert_eq!(removed.status, 204, "{}", removed.text());
    settled(&[&a, &b], 12);

    // What changes in the file of a member changes for all: also what changed while the engine was away.
    let path = folder.path("a.toml");
    let file = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, file.clone() + &stream(30, &film)).unwrap();
    settled(&[&a, &b], 13);
    nats.stop();
    a.service.wait("cluster: degraded", 3);
    std::fs::write(&path, file).unwrap();
    a.service.wait("the file changed", 2);
    nats.start_again();
    settled(&[&a, &b], 12);
    for member in [a, b] {
        assert_eq!(member.service.stop(), Some(0));
    }
}

#[test]
fn a_stream_that_fits_nowhere_is_told_of_until_there_is_room() {
    let folder = Folder::new("unwatched");
    let film = folder.film("film.webm");
    let (nats, webhook) = (Nats::start(&folder), Webhook::start());
    // Two streams are more than that.
    let capacity = "[capacity]\nadmission = \"refuse\"\nheadroom = 0.001\n".to_owned();
    let small = [
        stream(0, &film),
        stream(10, &film),
        capacity,
        webhook.section("hold-down-seconds = 0"),
    ];
    let a = join(&folder, "a", nats.port, &small);
    a.service.wait(": watching", 2);
    until("its load is known", &[&a], || {
        let load = a.metric("defect_cluster_load_ratio");
        load.is_some_and(|load| load > 1.0)
    });
    a.add("more");
    let told =
        |state| webhook.count(&[("stream", "more"), ("kind", "unwatched"), ("state", state)]);
    let took = until("it is told of", &[&a], || told("begin") == 1);
    eprintln!("told after {took:?}");
    let full = get(a.port, "/api/v1/streams/more").json();
    assert_eq!(full["state"], "unwatched", "{full}");
    assert_eq!(full["open"][0]["severity"], "critical", "{full}");
    assert_eq!(a.metric("defect_cluster_streams_unclaimed"), Some(1.0));

    let b = join(&folder, "b", nats.port, &[]);
    until("that is over", &[&a, &b], || told("end") == 1);
    settled(&[&a, &b], 3);
    assert!(b.streams().contains("more"));
    assert_eq!(webhook.count(&[("kind", "unwatched")]), 2);
    for member in [a, b] {
        assert_eq!(member.service.stop(), Some(0));
    }
}

/// Waits until a member says that these streams are lost.
fn lost(member: &Member, streams: &[&str]) {
    until("they are lost", &[member], || {
        let is_lost = |stream: &&str| {
            let full = get(member.port, &format!("/api/v1/streams/{stream}"));
            full.status == 200 && full.json()["open"][0]["kind"] == "lost"
        };
        streams.iter().all(is_lost)
    });
    // What is to be sent is sent by then.
    std::thread::sleep(Duration::from_secs(2));
}

#[test]
fn an_alarm_outlives_the_member_that_saw_it_and_is_sent_once() {
    let folder = Folder::new("outlived");
    let film = folder.film("film.webm");
    let (nats, webhook) = (Nats::start(&folder), Webhook::start());
    let receiver = webhook.section("hold-down-seconds = 0");
    let streams = [stream(1, &film), stream(2, &film), receiver.clone()];
    let a = join(&folder, "a", nats.port, &streams);
    let b = join(&folder, "b", nats.port, std::slice::from_ref(&receiver));
    settled(&[&a, &b], 2);
    until("fair shares", &[&a, &b], || {
        a.streams().len() == 1 && b.streams().len() == 1
    });
    webhook.wait(&[("kind", "lost"), ("state", "begin")], 2);
    std::thread::sleep(Duration::from_secs(1));

    // The other one finds it again, and says nothing of it.
    let both = ["stream.1", "stream.2"];
    a.service.kill();
    settled(&[&b], 2);
    lost(&b, &both);
    let count = |state| webhook.count(&[("kind", "lost"), ("state", state)]);
    assert_eq!((count("begin"), count("end")), (2, 0));

    // Nor does one that takes over from a member that stops.
    let c = join(&folder, "c", nats.port, std::slice::from_ref(&receiver));
    settled(&[&b, &c], 2);
    assert_eq!(b.service.stop(), Some(0));
    settled(&[&c], 2);
    lost(&c, &both);
    assert_eq!((count("begin"), count("end")), (2, 0));

    // It is over where it didn't begin, under its name.
    let mended = stream(10, &film).replace("stream.10", "stream.2");
    let streams = [stream(1, &film), mended];
    apply(&folder, nats.port, &streams);
    webhook.wait(&[("kind", "lost"), ("state", "end")], 1);
    let events = webhook.events();
    let of = |state: &str| {
        let is_of = |event: &&Value| event["stream"] == "stream.2" && event["state"] == state;
        events
            .iter()
            .find(is_of)
            .map(|event| event["episode"].clone())
    };
    assert_eq!(of("begin"), of("end"));
    assert_eq!((count("begin"), count("end")), (2, 1));
    assert_eq!(c.service.stop(), Some(0));
}

#[test]
fn what_two_members_see_at_once_is_announced_once() {
    let folder = Folder::new("twice");
    let (nats, webhook) = (Nats::start(&folder), Webhook::start());
    let film = Piece {
        at: 0,
        seconds: 120,
        width: 160,
        sound: "",
        version: 0,
    };
    let source = Way::to(server(film.make(&folder, "film.ts"), 120));
    let url = format!("http://127.0.0.1:{}/", source.port);
    let receiver = webhook.section("hold-down-seconds = 0");
    let stream = format!("[[streams]]\nid = \"live\"\nuri = \"{url}\"\n");
    let ways = [Way::to(nats.port), Way::to(nats.port)];
    let b = join(&folder, "b", ways[1].port, &[stream, receiver.clone()]);
    b.service.wait("live: watching", 1);
    let a = join(&folder, "a", ways[0].port, &[receiver]);
    until("both are members", &[&a, &b], || {
        b.metric("defect_cluster_members") == Some(2.0)
    });
    let members = [&a, &b];
    let live = ["live".to_owned()].into();
    // Who watches it, the other one, and the way of the first to the engine.
    let holder = || {
        settled(&members, 1);
        match a.streams() == live {
            true => (&a, &b, &ways[0]),
            false => (&b, &a, &ways[1]),
        }
    };
    let is_lost = |member: &Member| {
        let full = get(member.port, "/api/v1/streams/live");
        full.status == 200 && full.json()["open"][0]["kind"] == "lost"
    };

    // What only one has seen, while it was cut off, is announced when it is back.
    let (one, _, way) = holder();
    way.cut();
    source.cut();
    until("it is lost", &members, || is_lost(one));
    source.mend();
    until("it is there again", &members, || !is_lost(one));
    assert_eq!(webhook.events().len(), 0);
    way.mend();
    webhook.wait(&[("kind", "lost"), ("state", "end")], 1);

    // One is cut off, the other takes over, and the source is away for both.
    let (one, other, way) = holder();
    let (before, returns) = (
        webhook.events().len(),
        one.service.count("cluster: works again"),
    );
    let said = || webhook.events().split_off(before);
    let count = |state| {
        said()
            .iter()
            .filter(|event| event["state"] == state)
            .count()
    };
    way.cut();
    source.cut();
    until("both watch it", &members, || {
        one.streams() == live && other.streams() == live
    });
    until("it is lost for both", &members, || {
        is_lost(one) && is_lost(other)
    });
    until("it is told", &members, || count("begin") == 1);
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!((count("begin"), count("end")), (1, 0));
    way.mend();
    one.service.wait("cluster: works again", returns + 1);
    settled(&members, 1);
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!((count("begin"), count("end")), (1, 0));
    source.mend();
    until("it is over", &members, || count("end") == 1);
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!((count("begin"), count("end")), (1, 1));
    assert_eq!(said()[0]["episode"], said()[1]["episode"]);
    for member in [a, b] {
        assert_eq!(member.service.stop(), Some(0));
    }
}

#[test]
fn any_member_answers_for_all() {
    let folder = Folder::new("answers");
    let film = folder.film("film.webm");
    let nats = Nats::start(&folder);
    let results = format!("[results]\nurl = \"file://{}\"\n", folder.path("store"));
    let streams = [0, 1, 10, 11].map(|n| stream(n, &film));
    let streams = [streams.concat(), results.clone()];
    let [a, b] = ["a", "b"].map(|name| join(&folder, name, nats.port, &streams));
    settled(&[&a, &b], 4);
    until("fair shares", &[&a, &b], || {
        a.streams().len() == 2 && b.streams().len() == 2
    });
    let of_b = b.streams();
    let is_film = |stream: &&String| ["stream.0", "stream.10"].contains(&stream.as_str());
    let (film, dead) = (of_b.iter().find(is_film), of_b.iter().find(|s| !is_film(s)));
    let all = |member: &Member| -> Vec<Value> {
        get(member.port, "/api/v1/streams")
            .json()
            .as_array()
            .unwrap()
            .clone()
    };
    for member in [&a, &b] {
        let ids: Vec<Value> = all(member).iter().map(|card| card["id"].clone()).collect();
        assert_eq!(ids, ["stream.0", "stream.1", "stream.10", "stream.11"]);
    }

    // What the page asks for: all once, and then what is new.
    let board = get(a.port, "/api/v1/board").json();
    assert_eq!(board["streams"].as_array().unwrap().len(), 4);
    assert_eq!(board["pulse"].as_object().unwrap().len(), 4);
    let days = get(a.port, "/api/v1/days").json();
    assert_eq!(days["days"].as_object().unwrap().len(), 4);
    std::thread::sleep(Duration::from_secs(2));
    let query = |board: &Value| {
        let (session, since) = (&board["session"], &board["revision"]);
        format!("/api/v1/board?session={session}&since={since}")
    };
    let later = get(a.port, &query(&board)).json();
    assert_eq!(later["all"], false);

    // A stream of another member, its picture, its defects.
    if let Some(film) = film {
        let path = format!("/api/v1/streams/{film}");
        assert_eq!(get(a.port, &path).json()["state"], "watching");
        until("a picture", &[&a, &b], || {
            let picture = get(a.port, &format!("{path}/thumbnail.jpg"));
            picture.status == 200 && picture.body.starts_with(&[0xff, 0xd8])
        });
    }
    let ids = ["stream.1", "stream.11"];
    until("the history of all", &[&a, &b], || {
        let episodes = get(a.port, "/api/v1/episodes?kind=lost&open=true").json();
        let events = get(b.port, "/api/v1/events?kind=lost").json();
        let has = |list: &Value, id: &str| {
            list.as_array()
                .unwrap()
                .iter()
                .any(|event| event["stream"] == id)
        };
        ids.iter()
            .all(|id| has(&episodes, id) && has(&events["open"], id))
    });

    // Who may change something is judged by the member that is asked.
    let episodes = get(a.port, "/api/v1/episodes?open=true").json();
    for episode in episodes.as_array().unwrap() {
        let episode = episode["episode"].as_str().unwrap();
        let path = format!("/api/v1/episodes/{episode}/acknowledge");
        let taken = ask(a.port, "POST", &path, &[], "{\"who\": \"anna\"}");
        assert_eq!(taken.status, 403, "{}", taken.text());
        let taken = ask_socket(&a.socket, "POST", &path, &[], "{\"who\": \"anna\"}");
        assert_eq!(taken.status, 200, "{}", taken.text());
    }
    let board = get(b.port, "/api/v1/board").json();
    assert_eq!(
        board["acknowledged"].as_object().unwrap().len(),
        2,
        "{board}"
    );
    assert_eq!(
        ask(
            a.port,
            "GET",
            "/api/v1/streams",
            &["Host: evil.example"],
            ""
        )
        .status,
        403
    );
    let mute = "{\"stream\": \"stream.1\", \"minutes\": 5, \"who\": \"anna\"}";
    let muted = ask_socket(&a.socket, "POST", "/api/v1/mutes", &[], mute);
    assert_eq!(muted.status, 201, "{}", muted.text());
    let mutes = get(b.port, "/api/v1/mutes").json();
    assert_eq!(mutes, serde_json::json!([muted.json()]));
    let path = format!("/api/v1/mutes/{}", mutes[0]["id"].as_str().unwrap());
    assert_eq!(ask_socket(&b.socket, "DELETE", &path, &[], "").status, 204);
    assert_eq!(get(a.port, "/api/v1/mutes").json(), serde_json::json!([]));

    // One is lost: its streams are nobody's until the other has them.
    let before = get(a.port, "/api/v1/board").json();
    b.service.kill();
    std::thread::sleep(Duration::from_millis(1500));
    let lost = dead.or(film).unwrap();
    let of_lost = |cards: &[Value]| cards.iter().find(|card| card["id"] == **lost).cloned();
    let card = of_lost(&all(&a)).unwrap();
    assert_eq!(card["state"], "unwatched", "{card}");
    assert_eq!(card["reason"], "the member b doesn't answer");
    let full = get(a.port, &format!("/api/v1/streams/{lost}")).json();
    assert_eq!(full["state"], "unwatched", "{full}");
    let news = get(a.port, &query(&before)).json();
    assert!(of_lost(news["streams"].as_array().unwrap()).is_some());
    settled(&[&a], 4);
    assert_eq!(all(&a).len(), 4);
    assert_eq!(a.service.stop(), Some(0));
}

#[test]
fn a_stream_is_watched_without_a_hole_while_its_member_stops() {
    let folder = Folder::new("drained");
    let film = folder.film("film.webm");
    let nats = Nats::start(&folder);
    let results = format!(
        "[results]\nurl = \"file://{}\"\nbatch-seconds = 1\n",
        folder.path("store")
    );
    let a = join(
        &folder,
        "a",
        nats.port,
        &[stream(0, &film), results.clone()],
    );
    a.service.wait(": watching", 1);
    let b = join(&folder, "b", nats.port, &[results]);
    until("both are members", &[&a, &b], || {
        a.metric("defect_cluster_members") == Some(2.0)
    });
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(a.service.stop(), Some(0));
    b.service.wait(": watching", 1);
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(b.service.stop(), Some(0));
    let records = folder.stored("records");
    let watched = records.iter().filter(|record| {
        record["detector"] == "blackdetect"
            && record["track"] == "video-0"
            && record["status"] == "ok"
    });
    let second = |record: &Value| {
        let time: jiff::Timestamp = record["time"].as_str().unwrap().parse().unwrap();
        time.as_second()
    };
    let seconds: BTreeSet<i64> = watched.map(second).collect();
    let (first, last) = (seconds.first().unwrap(), seconds.last().unwrap());
    let missing: Vec<i64> = (*first..*last)
        .filter(|second| !seconds.contains(second))
        .collect();
    assert!(last - first >= 8, "{seconds:?}");
    assert!(missing.is_empty(), "{missing:?} of {seconds:?}");
}
