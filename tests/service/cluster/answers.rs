// SPDX-License-Identifier: MPL-2.0
//! Any member answers for all.

use std::time::Duration;

use serde_json::Value;

use super::super::client::{ask, ask_socket, get};
use super::super::nats::Nats;
use super::super::running::Folder;
use super::{Member, join, settled, stream, until};

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

    // What the page asks for: all once, and then what is new. A member that is slow to answer isn't in it.
    until("the pulse and the days of all", &[&a, &b], || {
        let board = get(a.port, "/api/v1/board").json();
        let days = get(a.port, "/api/v1/days").json();
        let count = |all: &Value| all.as_object().unwrap().len();
        count(&board["pulse"]) == 4 && count(&days["days"]) == 4
    });
    let board = get(a.port, "/api/v1/board").json();
    assert_eq!(board["streams"].as_array().unwrap().len(), 4);
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
        until("it is watched", &[&a, &b], || {
            get(a.port, &path).json()["state"] == "watching"
        });
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
    let mutes = serde_json::json!([muted.json()]);
    until("the other knows it", &[&a, &b], || {
        get(b.port, "/api/v1/mutes").json() == mutes
    });
    let path = format!("/api/v1/mutes/{}", mutes[0]["id"].as_str().unwrap());
    assert_eq!(ask_socket(&b.socket, "DELETE", &path, &[], "").status, 204);
    until("it is over", &[&a, &b], || {
        get(a.port, "/api/v1/mutes").json() == serde_json::json!([])
    });

    // One is lost: its streams are nobody's until the other has them.
    let before = get(a.port, "/api/v1/board").json();
    b.service.kill();
    let lost = dead.or(film).unwrap();
    let of_lost = |cards: &[Value]| cards.iter().find(|card| card["id"] == **lost).cloned();
    until("that is said", &[&a], || {
        let card = of_lost(&all(&a)).unwrap();
        let full = get(a.port, &format!("/api/v1/streams/{lost}")).json();
        card["reason"] == "the member b doesn't answer"
            && [&card, &full]
                .iter()
                .all(|said| said["state"] == "unwatched")
    });
    let news = get(a.port, &query(&before)).json();
    assert!(of_lost(news["streams"].as_array().unwrap()).is_some());
    settled(&[&a], 4);
    assert_eq!(all(&a).len(), 4);
    assert_eq!(a.service.stop(), Some(0));
}
