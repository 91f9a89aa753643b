// SPDX-License-Identifier: MPL-2.0
//! What is told to those who are to be alarmed: neither a false all-clear nor nothing at all.

use std::time::Duration;

use jiff::Timestamp;

use super::nats::Nats;
use super::ports::free_port;
use super::running::{Folder, Running, play};
use super::webhook::Webhook;

/// Forty seconds of black pictures: more than a test takes, so that none sees the loop.
pub fn black(folder: &Folder) -> String {
    let path = folder.path("black.webm");
    play(&format!(
        "videotestsrc pattern=black num-buffers=1000 ! video/x-raw,format=I420,width=160,height=120,framerate=25/1 \
         ! vp8enc keyframe-max-dist=25 deadline=1 ! webmmux ! filesink location={path}"
    ));
    path
}

/// The reasons of the ends in the store.
fn reasons(folder: &Folder, stream: &str, kind: &str) -> Vec<String> {
    let ends = folder.stored("events").into_iter();
    let ends = ends.filter(|e| e["stream"] == stream && e["kind"] == kind && e["state"] == "end");
    ends.map(|e| e["reason"].as_str().unwrap().to_owned())
        .collect()
}

const LOST: (&str, &str) = ("kind", "lost");

#[test]
fn who_stops_watching_gives_no_all_clear() {
    let (folder, webhook) = (Folder::new("no-all-clear"), Webhook::start());
    let (black, garbage) = (black(&folder), folder.path("garbage.ts"));
    std::fs::write(&garbage, [7; 100_000]).unwrap();
    let dead = |id: &str| {
        let port = free_port();
        format!("[[streams]]\nid = \"{id}\"\nuri = \"udp://127.0.0.1:{port}\"\n")
    };
    let text = format!(
        "{}[defaults]\nprofile = \"none\"\ndetectors = \"black\"\n\
         [[streams]]\nid = \"black\"\nuri = \"{black}\"\nloop = true\n\
         [[streams]]\nid = \"garbage\"\nuri = \"{garbage}\"\n{}",
        webhook.section(""),
        dead("dead"),
    );
    let service = Running::start(&folder.config(&format!("{text}{}", dead("removed"))));
    for id in ["dead", "removed", "garbage"] {
        webhook.wait(&[("stream", id), LOST, ("state", "begin")], 1);
    }
    webhook.wait(&[("stream", "black"), ("state", "begin")], 1);
    // Enough for the garbage to be tried some more times.
    std::thread::sleep(Duration::from_secs(12));
    folder.config(&text);
    service.signal("HUP");
    service.wait("0 changed, 1 stopped", 1);
    // What is told after this has had its time to arrive.
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(service.stop(), Some(0));
    std::thread::sleep(Duration::from_secs(1));
    // Nobody would end it later.
    let removed = [
        ("stream", "removed"),
        LOST,
        ("state", "end"),
        ("reason", "stream-removed"),
    ];
    assert_eq!(webhook.count(&removed), 1);
    assert_eq!(webhook.count(&[LOST, ("state", "end")]), 1);
    assert_eq!(webhook.count(&[LOST, ("state", "begin")]), 3);
    let black = webhook.events();
    let black = black.iter().rfind(|e| e["stream"] == "black");
    assert_eq!(black.unwrap()["state"], "begin", "{black:?}");
    for (id, kind) in [("dead", "lost"), ("removed", "lost"), ("garbage", "lost")] {
        assert_eq!(reasons(&folder, id, kind), ["stopped"], "{id}");
    }
    let black = reasons(&folder, "black", "black");
    assert!(black.contains(&"stopped".to_owned()), "{black:?}");
}

#[test]
fn who_hands_a_stream_over_gives_no_all_clear() {
    let (folder, webhook) = (Folder::new("handed-over"), Webhook::start());
    let streams = (0..6).map(|n| {
        let port = free_port();
        format!("[[streams]]\nid = \"s{n}\"\nuri = \"udp://127.0.0.1:{port}\"\n")
    });
    let streams: String = streams.collect();
    let nats = Nats::start(&folder);
    let cluster = |member: &str| {
        format!(
            "{}[cluster]\nservers = [\"nats://127.0.0.1:{}\"]\nname = \"test\"\nmember = \"{member}\"\n\
             [defaults]\nprofile = \"none\"\ndetectors = \"black\"\n",
            webhook.section(""),
            nats.port
        )
    };
    let first = folder.config(&format!("{}{streams}", cluster("first")));
    let first = Running::start(&first);
    webhook.wait(&[LOST, ("state", "begin")], 6);
    let path = folder.path("second.toml");
    std::fs::write(&path, cluster("second")).unwrap();
    let second = Running::start(&path);
    second.wait("cluster: 3 streams are this member's", 1);
    first.wait("cluster: 3 streams are this member's", 1);
    assert_eq!(first.stop(), Some(0));
    assert_eq!(webhook.count(&[("state", "end")]), 0);
    assert_eq!(webhook.count(&[LOST, ("state", "begin")]), 6);
    assert_eq!(second.stop(), Some(0));
    let ends = folder.stored("events");
    let handed = ends.iter().filter(|e| e["reason"] == "handed-over").count();
    let stopped = ends.iter().filter(|e| e["reason"] == "stopped").count();
    assert!(handed >= 1 && handed + stopped == 6, "{handed} {stopped}");
}

#[test]
fn a_stream_that_is_lost_stays_the_same_episode_when_its_configuration_changes() {
    let (folder, webhook) = (Folder::new("changed"), Webhook::start());
    let port = free_port();
    let text = |label: &str| {
        format!(
            "{}[defaults]\nprofile = \"none\"\ndetectors = \"black\"\n\
             [[streams]]\nid = \"dead\"\nuri = \"udp://127.0.0.1:{port}\"\nlabels = {{ site = \"{label}\" }}\n",
            webhook.section("")
        )
    };
    let service = Running::start(&folder.config(&text("a")));
    webhook.wait(&[LOST, ("state", "begin")], 1);
    folder.config(&text("b"));
    service.signal("HUP");
    service.wait("1 changed", 1);
    std::thread::sleep(Duration::from_secs(7));
    assert_eq!(webhook.events().len(), 1);
    let pieces = super::transport::Piece {
        at: 0,
        seconds: 30,
        width: 160,
        sound: "",
        version: 0,
    };
    let packets = pieces.make(&folder, "piece.ts");
    // For so long as a busy machine takes to find it.
    std::thread::spawn(move || super::transport::send(port, &packets, 30));
    webhook.wait(&[LOST, ("state", "end"), ("reason", "cleared")], 1);
    let events = webhook.events();
    assert_eq!(events[0]["episode"], events[1]["episode"], "{events:#?}");
    drop(service);
}

#[test]
fn what_outlasts_a_maintenance_window_is_told_when_it_ends() {
    let (folder, webhook) = (Folder::new("window"), Webhook::start());
    let black = black(&folder);
    // Windows have whole minutes of UTC. This one ends in 20 to 80 s.
    let end = (Timestamp::now().as_second() + 20) / 60 * 60 + 60;
    let clock = |second: i64| format!("{:02}:{:02}", second / 3600 % 24, second / 60 % 60);
    let (from, to) = (clock(end - 3600), clock(end));
    let port = free_port();
    let service = Running::start(&folder.config(&format!(
        "{}[defaults]\nprofile = \"none\"\ndetectors = \"black update-interval=0\"\n\
         maintenance = [{{ from = \"{from}\", to = \"{to}\" }}]\n\
         [[streams]]\nid = \"black\"\nuri = \"{black}\"\nloop = true\nrealtime = true\n\
         [[streams]]\nid = \"dead\"\nuri = \"udp://127.0.0.1:{port}\"\n",
        webhook.section("")
    )));
    service.wait("dead: the stream is lost", 1);
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(webhook.events(), Vec::<serde_json::Value>::new());
    let left = end - Timestamp::now().as_second();
    std::thread::sleep(Duration::from_secs(left.try_into().unwrap()));
    for id in ["dead", "black"] {
        webhook.wait(&[("stream", id), ("state", "begin")], 1);
    }
    let late = Timestamp::now().as_second() - end;
    assert!((0..20).contains(&late), "{late} s after the end");
    assert_eq!(service.stop(), Some(0));
}
