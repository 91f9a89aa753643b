// SPDX-License-Identifier: MPL-2.0
//! Alarms of members: none is lost, and none comes twice.

use std::time::Duration;

use serde_json::Value;

use super::super::client::get;
use super::super::nats::{Nats, Way};
use super::super::running::Folder;
use super::super::sources::server;
use super::super::transport::Piece;
use super::super::webhook::{Webhook, once};
use super::operators::mute;
use super::{Member, apply, join, settled, stream, until};

/// A live stream of two minutes that can be cut, and its section of the configuration.
fn live(folder: &Folder) -> (Way, String) {
    let film = Piece {
        at: 0,
        seconds: 120,
        width: 160,
        sound: "",
        version: 0,
    };
    let source = Way::to(server(film.make(folder, "film.ts"), 120));
    let section = format!(
        "[[streams]]\nid = \"live\"\nuri = \"http://127.0.0.1:{}/\"\n",
        source.port
    );
    (source, section)
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
pub fn lost(member: &Member, streams: &[&str]) {
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
    let count = |state| webhook.different(&[("kind", "lost"), ("state", state)]);
    assert_eq!((count("begin"), count("end")), (2, 0));
    // One that was on its way when its member was killed may come again.
    assert!(webhook.count(&[("kind", "lost"), ("state", "begin")]) <= 4);

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
fn what_a_member_sees_while_the_engine_is_away_outlasts_its_process() {
    let folder = Folder::new("restarted");
    let (mut nats, webhook) = (Nats::start(&folder), Webhook::start());
    let (source, stream) = live(&folder);
    let receiver = webhook.section("hold-down-seconds = 0\nrestart-grace-seconds = 5");
    let of_member = [stream, receiver];
    let a = join(&folder, "a", nats.port, &of_member);
    a.service.wait("live: watching", 1);
    a.says_after("cluster: degraded", || nats.stop());
    source.cut();
    until("it is lost", &[&a], || {
        get(a.port, "/api/v1/streams/live").json()["open"][0]["kind"] == "lost"
    });
    until("it is to be told", &[&a], || {
        a.metric("defect_alerts_waiting") == Some(1.0)
    });
    // This is answered when all that came before is on the disk.
    mute(&a, "hum");
    a.service.kill();
    assert_eq!(webhook.events().len(), 0);

    source.mend();
    nats.start_again();
    let a = join(&folder, "a", nats.port, &of_member);
    webhook.wait(&[("kind", "lost"), ("state", "end")], 1);
    let events = webhook.events();
    let states: Vec<_> = events.iter().map(|event| &event["state"]).collect();
    assert_eq!(states, ["begin", "end"]);
    assert_eq!(events[0]["episode"], events[1]["episode"]);
    // A new process that has no data for too long finds the stream lost itself, and there again.
    if a.service.count("live: the stream is lost") == 0 {
        assert_eq!(events[1]["reason"], "monitor-restarted");
    }
    assert_eq!(a.service.stop(), Some(0));
}

#[test]
fn what_two_members_see_at_once_is_announced_once() {
    let folder = Folder::new("twice");
    let (nats, webhook) = (Nats::start(&folder), Webhook::start());
    let (source, stream) = live(&folder);
    let receiver = webhook.section("hold-down-seconds = 0");
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
    std::thread::sleep(Duration::from_secs(2));

    // One is cut off, the other takes over, and the source is away for both.
    let (one, other, way) = holder();
    let (before, returns) = (
        webhook.events().len(),
        one.service.count("cluster: works again"),
    );
    let said = || once(webhook.events().split_off(before));
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
    assert_eq!((count("begin"), count("end")), (1, 0), "{:?}", said());
    way.mend();
    one.service.wait("cluster: works again", returns + 1);
    settled(&members, 1);
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!((count("begin"), count("end")), (1, 0), "{:?}", said());
    source.mend();
    until("it is over", &members, || count("end") == 1);
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!((count("begin"), count("end")), (1, 1), "{:?}", said());
    assert_eq!(said()[0]["episode"], said()[1]["episode"]);
    for member in [a, b] {
        assert_eq!(member.service.stop(), Some(0));
    }
}
