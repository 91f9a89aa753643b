// SPDX-License-Identifier: MPL-2.0
//! Several members share the streams of one file: each stream is watched by one, while they grow and while one is lost.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;

use super::client::ask_socket;
use super::running::{Folder, Running};

const STREAMS: usize = 12;

fn member(config: &str, share: &str) -> Running {
    Running::start_with(&[&format!("--shard={share}"), config])
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
fn members_share_streams_and_one_that_is_lost_comes_back() {
    let folder = Folder::new("members");
    let film = folder.film("film.webm");
    let streams = (0..STREAMS)
        .map(|n| format!("[[streams]]\nid = \"stream-{n}\"\nuri = \"{film}\"\nloop = true\n"));
    let streams: String = streams.collect();
    let config = folder.config(&format!(
        "[defaults]\nprofile = \"none\"\ndetectors = \"black\"\n{streams}"
    ));
    let (first, second) = (member(&config, "0/2"), member(&config, "1/2"));
    let two = settled(&[&first, &second]);
    let all: BTreeSet<String> = (0..STREAMS).map(|n| format!("stream-{n}")).collect();
    assert!(two[0].is_disjoint(&two[1]));
    assert_eq!(&two[0] | &two[1], all);

    std::thread::sleep(Duration::from_millis(2500));
    let lost = Timestamp::now();
    second.kill();
    let second = member(&config, "1/2");
    second.wait(": watching", two[1].len());
    assert_eq!(watched(&second), two[1]);
    let back = Timestamp::now();
    std::thread::sleep(Duration::from_millis(1000));
    for member in [first, second] {
        assert_eq!(member.stop(), Some(0));
    }

    // What both have stored, merged by listing it.
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
            // A batch of one second is lost with the process.
            let margin = jiff::SignedDuration::from_millis(1500);
            let paused =
                two[1].contains(stream) && lost - margin < pair[1] && pair[0] < back + margin;
            assert!(apart >= 900, "{stream} twice: {pair:?}");
            assert!(paused || apart <= 1100, "{stream} has a hole: {pair:?}");
        }
    }
}

#[test]
fn a_stream_that_is_added_at_the_wrong_member_is_refused_with_the_number_of_the_right_one() {
    let folder = Folder::new("wrong-member");
    let start = |n: usize| {
        let socket = folder.path(&format!("{n}.sock"));
        let path = folder.path(&format!("{n}.toml"));
        std::fs::write(&path, format!("[http]\nsocket = \"{socket}\"\n")).unwrap();
        let service = member(&path, &format!("{n}/2"));
        service.wait("0 streams", 1);
        (service, socket)
    };
    let members = [start(0), start(1)];
    let body = "{\"uri\": \"udp://127.0.0.1:5004\"}";
    for n in 0..8 {
        let id = format!("added-{n}");
        let add = |member: usize| {
            let path = format!("/api/v1/streams/{id}");
            let answer = ask_socket(&members[member].1, "PUT", &path, &[], body);
            (answer.status, answer.text())
        };
        let answers = [add(0), add(1)];
        let owner = usize::from(answers[0].0 != 201);
        let (status, why) = &answers[1 - owner];
        assert_eq!((answers[owner].0, *status), (201, 422), "{answers:?}");
        assert!(
            why.contains(&format!("is a stream of member {owner} of 2")),
            "{why}"
        );
    }
    for (member, _) in members {
        assert_eq!(member.stop(), Some(0));
    }
}
