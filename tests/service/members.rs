// SPDX-License-Identifier: MPL-2.0
//! Several members share the streams of one file: each stream is watched by one, while they grow and while one is lost.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;

use super::running::{Folder, Running};

const STREAMS: usize = 12;

/// Answers as the API of Kubernetes does when asked for a StatefulSet.
pub struct Api {
    set: Arc<Mutex<String>>,
    url: String,
}

impl Api {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let set: Arc<Mutex<String>> = Arc::default();
        let answer = Arc::clone(&set);
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                let mut connection = connection.unwrap();
                let lines = BufReader::new(&connection).lines().map_while(Result::ok);
                // To the end of the request.
                let _ = lines.take_while(|line| !line.is_empty()).count();
                let body = answer.lock().unwrap().clone();
                let length = body.len();
                let _ = write!(
                    connection,
                    "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
                );
            }
        });
        let url = format!("http://{address}/apis/apps/v1/namespaces/n/statefulsets/s");
        Self { set, url }
    }

    pub fn says(&self, replicas: usize, ready: usize) {
        *self.set.lock().unwrap() = format!(
            r#"{{"kind":"StatefulSet","spec":{{"replicas":{replicas}}},"status":{{"readyReplicas":{ready}}}}}"#
        );
    }

    fn fails(&self) {
        r#"{"kind":"Status","code":500}"#.clone_into(&mut self.set.lock().unwrap());
    }

    pub fn member(&self, config: &str, member: usize) -> Running {
        Running::start_with(&[&format!("--shard={member}/{}", self.url), config])
    }
}

/// The streams that a process watches.
fn watched(member: &Running) -> BTreeSet<String> {
    let of = |line: String| {
        Some(
            line.split_once("  ")?
                .1
                .split_once(": watching")?
                .0
                .to_owned(),
        )
    };
    member.lines().into_iter().filter_map(of).collect()
}

/// Waits until they watch all streams between them; what each watches.
fn settled(members: &[&Running]) -> Vec<BTreeSet<String>> {
    for _ in 0..1500 {
        let watched: Vec<_> = members.iter().map(|m| watched(m)).collect();
        if watched.iter().map(BTreeSet::len).sum::<usize>() >= STREAMS {
            return watched;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("not all streams are watched");
}

#[test]
fn members_share_streams_grow_and_are_lost_one_at_a_time() {
    let folder = Folder::new("members");
    let film = folder.film("film.webm");
    let streams = (0..STREAMS)
        .map(|n| format!("[[streams]]\nid = \"stream-{n}\"\nuri = \"{film}\"\nloop = true\n"));
    let streams: String = streams.collect();
    let config = folder.config(&format!(
        "[defaults]\nprofile = \"none\"\ndetectors = \"black\"\n{streams}"
    ));
    let api = Api::start();
    api.says(2, 2);
    let (first, second) = (api.member(&config, 0), api.member(&config, 1));
    let two = settled(&[&first, &second]);
    let all: BTreeSet<String> = (0..STREAMS).map(|n| format!("stream-{n}")).collect();
    assert!(two[0].is_disjoint(&two[1]));
    assert_eq!(&two[0] | &two[1], all);

    // A third is wanted: it takes its share at once, which the others let go when it is ready.
    api.says(3, 2);
    let growing = Timestamp::now();
    let third = api.member(&config, 2);
    third.wait("left to others", 1);
    let moved: usize = STREAMS - {
        let line = third
            .lines()
            .into_iter()
            .find(|l| l.contains("left to others"));
        let line = line.unwrap();
        let count = line
            .split(" streams, ")
            .nth(1)
            .unwrap()
            .split(' ')
            .next()
            .unwrap()
            .to_owned();
        count.parse::<usize>().unwrap()
    };
    third.wait(": watching", moved);
    let moved = watched(&third);
    for member in [&first, &second] {
        member.signal("HUP");
        member.wait("SIGHUP: 0 streams started, 0 changed, 0 stopped", 1);
        assert_eq!(member.count("3 members"), 0);
    }
    api.says(3, 3);
    for (member, before) in [(&first, &two[0]), (&second, &two[1])] {
        let gone = before.intersection(&moved).count();
        member.signal("HUP");
        member.wait(
            &format!("3 members: 0 streams started, 0 changed, {gone} stopped"),
            1,
        );
    }
    let grown = Timestamp::now();
    assert!((2..=6).contains(&moved.len()), "a third of 12: {moved:?}");

    // One is lost, and comes back.
    std::thread::sleep(Duration::from_millis(2500));
    let lost = Timestamp::now();
    second.kill();
    let second = api.member(&config, 1);
    let share: BTreeSet<String> = two[1].difference(&moved).cloned().collect();
    second.wait(": watching", share.len());
    assert_eq!(watched(&second), share);
    let back = Timestamp::now();

    // Without an answer all goes on as it was; who never had one doesn't guess.
    api.fails();
    first.signal("HUP");
    first.wait("the streams stay shared among 3", 1);
    let fourth = api.member(&config, 3);
    fourth.wait("--shard: the number of members: ", 1);
    assert_eq!(fourth.ended(), Some(2));
    std::thread::sleep(Duration::from_millis(1000));
    for member in [first, second, third] {
        assert_eq!(member.stop(), Some(0));
    }

    // What all of them have stored, merged by listing it.
    let mut seconds: BTreeMap<String, Vec<Timestamp>> = BTreeMap::new();
    for record in folder.stored("records") {
        if record["detector"] == "blackdetect" && record["track"] == "video-0" {
            let stream = record["stream"].as_str().unwrap().to_owned();
            let time = record["time"].as_str().unwrap().parse().unwrap();
            seconds.entry(stream).or_default().push(time);
        }
    }
    assert!(seconds.keys().eq(&all));
    for (stream, times) in &mut seconds {
        times.sort_unstable();
        for pair in times.windows(2) {
            let apart = pair[0].duration_until(pair[1]).as_millis();
            let between = |from: Timestamp, to: Timestamp| {
                let margin = jiff::SignedDuration::from_millis(1500);
                from - margin < pair[1] && pair[0] < to + margin
            };
            let moves = moved.contains(stream) && between(growing, grown);
            // A batch of one second is lost with the process.
            let paused = share.contains(stream) && between(lost, back);
            assert!(moves || apart >= 900, "{stream} twice: {pair:?}");
            assert!(
                moves || paused || apart <= 1100,
                "{stream} has a hole: {pair:?}"
            );
        }
    }
}
