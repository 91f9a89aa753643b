// SPDX-License-Identifier: MPL-2.0
//! Each stream is watched by one member, whoever comes, stops, is lost or cut off.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::super::client::{ask_socket, get};
use super::super::nats::{Nats, Way};
use super::super::running::{Folder, replace};
use super::{Member, apply, join, settled, stream, until, watched, within};

#[test]
fn members_share_streams_and_take_over_what_another_leaves() {
    let folder = Folder::new("cluster");
    let film = folder.film("film.webm");
    let nats = Nats::start(&folder);
    let streams: Vec<String> = (0..60).map(|n| stream(n, &film)).collect();
    let start = Instant::now();
    let [a, b, c] = ["a", "b", "c"].map(|name| join(&folder, name, nats.port, &streams));
    settled(&[&a, &b, &c], 60);
    let all = [&a, &b, &c];
    within(25, "60 streams of three", start.elapsed(), &all);
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
    within(25, "the streams of one that is killed", took, &[&a, &c]);
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

    // One stops in good order: others needn't wait until its lease lapses.
    let start = Instant::now();
    c.service.signal("TERM");
    settled(&[&a, &d], 60);
    // If it has ended by now, more than 3 s are over: it must not have been a whole lease.
    if !c.service.is_there() {
        let what = "the streams of one that stops";
        within(8, what, start.elapsed(), &[&a, &c, &d]);
    }
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
    a.says_after("cluster: degraded", || nats.stop());
    std::thread::sleep(Duration::from_secs(10));
    assert_eq!([a.streams(), b.streams()], before);
    let of_other = format!("/api/v1/streams/{}", before[0].first().unwrap());
    let removed = ask_socket(&b.socket, "DELETE", &of_other, &[], "");
    assert_eq!(removed.status, 409, "{}", removed.text());
    b.says_after("cluster: works again", || {
        a.says_after("cluster: works again", || nats.start_again());
    });
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
    replace(&path, &(file.clone() + &stream(30, &film)));
    settled(&[&a, &b], 13);
    a.says_after("cluster: degraded", || nats.stop());
    a.says_after("the file changed", || replace(&path, &file));
    nats.start_again();
    settled(&[&a, &b], 12);
    for member in [a, b] {
        assert_eq!(member.service.stop(), Some(0));
    }
}

#[test]
fn a_stream_is_watched_without_a_hole_while_its_member_stops() {
    let folder = Folder::new("drained");
    // It doesn't begin again in the meantime: a second could be missing then.
    let film = folder.film_of("film.webm", 60);
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
