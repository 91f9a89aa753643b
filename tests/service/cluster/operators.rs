// SPDX-License-Identifier: MPL-2.0
//! What operators say is known to all members, and outlasts each of them.

use serde_json::Value;

use super::super::client::{ask_socket, get};
use super::super::nats::Nats;
use super::super::running::Folder;
use super::super::webhook::Webhook;
use super::alarms::lost;
use super::{Member, join, settled, stream, until};

/// Who has the open defects, by the page of a member.
fn owners(member: &Member) -> Vec<Value> {
    let board = get(member.port, "/api/v1/board").json();
    let all = board["acknowledged"].as_object().unwrap().values();
    all.map(|by| by["who"].clone()).collect()
}

fn mutes(member: &Member) -> Vec<Value> {
    let mutes = get(member.port, "/api/v1/mutes").json();
    let mutes = mutes.as_array().unwrap().iter();
    mutes.map(|mute| mute["kind"].clone()).collect()
}

/// Mutes a kind; the name of the mute.
pub fn mute(member: &Member, kind: &str) -> String {
    let body = format!("{{\"kind\": \"{kind}\", \"minutes\": 5, \"who\": \"anna\"}}");
    let muted = ask_socket(&member.socket, "POST", "/api/v1/mutes", &[], &body);
    assert_eq!(muted.status, 201, "{}", muted.text());
    muted.json()["id"].as_str().unwrap().to_owned()
}

#[test]
fn what_operators_say_outlasts_the_members_that_were_told() {
    let folder = Folder::new("operators");
    let film = folder.film("film.webm");
    let (mut nats, webhook) = (Nats::start(&folder), Webhook::start());
    let receiver = webhook.section("hold-down-seconds = 0");
    let of_a = [stream(1, &film), receiver.clone()];
    let a = join(&folder, "a", nats.port, &of_a);
    webhook.wait(&[("kind", "lost"), ("state", "begin")], 1);
    let full = get(a.port, "/api/v1/streams/stream.1").json();
    let episode = full["open"][0]["episode"].as_str().unwrap();
    let path = format!("/api/v1/episodes/{episode}/acknowledge");
    let taken = "{\"who\": \"anna\", \"word\": \"called the site\"}";
    let taken = ask_socket(&a.socket, "POST", &path, &[], taken);
    assert_eq!(taken.status, 200, "{}", taken.text());
    mute(&a, "black");
    let freeze = mute(&a, "freeze");

    // A member that comes later knows it, and what it ends is over for all.
    let b = join(&folder, "b", nats.port, std::slice::from_ref(&receiver));
    settled(&[&a, &b], 1);
    until("both know the mutes", &[&a, &b], || {
        b.listens() && mutes(&b) == ["black", "freeze"]
    });
    let path = format!("/api/v1/mutes/{freeze}");
    let ended = ask_socket(&b.socket, "DELETE", &path, &[], "");
    assert_eq!(ended.status, 204, "{}", ended.text());
    until("one is over", &[&a, &b], || mutes(&a) == ["black"]);

    // Another goes on with the alarm, which is still hers.
    a.service.kill();
    settled(&[&b], 1);
    lost(&b, &["stream.1"]);
    assert_eq!(owners(&b), ["anna"]);

    // What is said while the engine is away it knows later. What it had is still there.
    b.says_after("cluster: degraded", || nats.stop());
    mute(&b, "silence");
    b.says_after("cluster: works again", || nats.start_again());

    // All are replaced, with their disks.
    assert_eq!(b.service.stop(), Some(0));
    std::fs::remove_dir_all(folder.path("state")).unwrap();
    let c = join(&folder, "c", nats.port, std::slice::from_ref(&receiver));
    settled(&[&c], 1);
    lost(&c, &["stream.1"]);
    assert_eq!(owners(&c), ["anna"]);
    assert_eq!(mutes(&c), ["black", "silence"]);
    let lost = |state| webhook.different(&[("kind", "lost"), ("state", state)]);
    assert_eq!((lost("begin"), lost("end")), (1, 0));
    assert_eq!(c.service.stop(), Some(0));
}
