// SPDX-License-Identifier: MPL-2.0
//! The API and health: right requests and wrong ones.

use std::io::Read;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::super::board::{Board, State};
use super::super::super::parts::PartHealth;
use super::client::{ask, get, send};
use super::made::{self, board, id};
use super::rig::{OPERATOR, on, serve, serve_on};

#[test]
fn readiness_says_what_is_missing() {
    let rig = serve(Arc::default());
    let ready = || {
        let answer = get(rig.address(), "/readyz");
        (answer.status, answer.text())
    };
    let (status, text) = ready();
    assert_eq!(status, 503);
    assert!(text.contains("the configuration is being read"), "{text}");
    made::register(&rig.board, 0);
    rig.board.set_configured();
    let (status, text) = ready();
    assert_eq!(status, 503);
    assert!(
        text.contains("1 of 1 streams aren't started yet: news-1"),
        "{text}"
    );
    // A source that is away is no reason.
    rig.board.set_state(&id(0), State::Waiting, None);
    assert_eq!(ready(), (200, "ready\n".to_owned()));
    rig.parts.report(
        "results",
        PartHealth::Degraded("the store is away".to_owned()),
    );
    assert_eq!(
        ready(),
        (
            200,
            "ready, but:\n- results: the store is away\n".to_owned()
        )
    );
    rig.parts
        .report("results", PartHealth::Broken("the disk is full".to_owned()));
    // Streams are watched all the same: nobody is to start this process again, or to take its streams.
    let (status, text) = ready();
    assert_eq!(status, 200);
    assert!(text.contains("results: the disk is full"), "{text}");
    assert_eq!(get(rig.address(), "/healthz").status, 200);
}

#[test]
fn streams_are_listed_added_changed_and_removed() {
    let rig = serve(board(3));
    let to = rig.address();
    let list = get(to, "/api/v1/streams").json();
    assert_eq!(list.as_array().unwrap().len(), 3);
    let new = r#"{"uri": "srt://a:1", "detectors": "blackdetect", "labels": {"site": "x"}}"#;
    let put = |body: &str| ask(to, "PUT", "/api/v1/streams/a-1", &[OPERATOR], body);
    assert_eq!(put(new).status, 201);
    let kept = rig.control.0.lock().unwrap().clone();
    assert_eq!((&*kept[0].id, &*kept[0].uri), ("a-1", "srt://a:1"));
    let full = get(to, &format!("/api/v1/streams/{}", id(1))).json();
    assert_eq!(full["open"].as_array().unwrap().len(), 2);
    assert_eq!(full["uri"], "srt://encoder-1.example:7001");
    let minutes: u64 = full["day"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r[2].as_u64().unwrap())
        .sum();
    assert_eq!(minutes, 1440);
    let delete = |id: &str| {
        let path = format!("/api/v1/streams/{id}");
        ask(to, "DELETE", &path, &[OPERATOR], "").status
    };
    assert_eq!(delete("a-1"), 204);
    assert_eq!(delete("a-1"), 404);
    assert_eq!(delete(&id(0)), 409);
}

#[test]
fn what_is_wrong_is_said_and_nothing_happens() {
    let rig = serve(board(1));
    let to = rig.address();
    let put = |body: &str| ask(to, "PUT", "/api/v1/streams/x", &[OPERATOR], body);
    let cases = [
        ("{", 400, "isn't JSON"),
        ("[]", 400, "isn't a JSON object"),
        (r#"{"id": "x"}"#, 400, "uri"),
        (r#"{"uri": 7}"#, 400, "expected a string"),
        (r#"{"uri": "srt://a", "id": "y"}"#, 400, "in the path"),
        (r#"{"uri": "srt://a", "profil": "all"}"#, 400, "profil"),
        (
            r#"{"uri": "srt://a", "uri": "srt://b"}"#,
            400,
            "`uri` is there twice",
        ),
        (
            r#"{"uri": "srt://a", "labels": {"a": "1", "a": "2"}}"#,
            400,
            "`a` is there twice",
        ),
        (r#"{"uri": "a"}"#, 422, "no URI"),
    ];
    for (body, status, says) in cases {
        let answer = put(body);
        assert_eq!(answer.status, status, "{body}");
        assert!(answer.error().contains(says), "{body}: {}", answer.error());
    }
    assert_eq!(put(&" ".repeat(100_000)).status, 413);
    for path in [
        "/x",
        "/api/v1/x",
        "/api/v1/streams/none",
        "/api/v1/streams/none/thumbnail.jpg",
    ] {
        let answer = get(to, path);
        assert_eq!(answer.status, 404, "{path}");
        assert!(!answer.error().is_empty(), "{path}");
    }
    assert_eq!(ask(to, "POST", "/metrics", &[OPERATOR], "").status, 405);
    assert_eq!(get(to, "/api/v1/events?limt=3").status, 400);
    assert_eq!(get(to, "/api/v1/board?since=-1").status, 400);
    assert!(rig.control.0.lock().unwrap().is_empty());
}

#[test]
fn an_address_in_use_is_named() {
    let rig = serve(board(1));
    let config = on(&rig.address().to_string());
    let why = serve_on(board(1), &config).err().unwrap();
    assert!(why.contains("can't listen on 127.0.0.1:"), "{why}");
}

#[test]
fn news_are_what_changed() {
    let rig = serve(board(4));
    let first = get(rig.address(), "/api/v1/board").json();
    assert_eq!(first["all"], true);
    assert_eq!(first["streams"].as_array().unwrap().len(), 4);
    let again = |since: &serde_json::Value| {
        let (session, revision) = (&since["session"], &since["revision"]);
        get(
            rig.address(),
            &format!("/api/v1/board?session={session}&since={revision}"),
        )
        .json()
    };
    // A second without news changes measures alone.
    made::second(&rig.board, 0);
    let second = again(&first);
    assert_eq!(second["streams"].as_array().unwrap().len(), 0);
    assert_eq!(second["pulse"].as_object().unwrap().len(), 4);
    rig.board
        .set_state(&id(2), State::Waiting, Some("gone".to_owned()));
    let third = again(&second);
    assert_eq!(third["all"], false);
    assert_eq!(third["streams"][0]["id"], id(2));
    assert_eq!(third["streams"][0]["reason"], "gone");
    rig.board.forget(&id(0));
    let fourth = again(&third);
    assert_eq!(fourth["all"], true);
    assert_eq!(fourth["streams"].as_array().unwrap().len(), 3);
    let other = get(rig.address(), "/api/v1/board?session=1&since=9999").json();
    assert_eq!(other["all"], true);
}

#[test]
fn pictures_are_made_for_who_looks() {
    let rig = serve(Arc::new(Board::default()));
    made::register(&rig.board, 0);
    let path = format!("/api/v1/streams/{}/thumbnail.jpg", id(0));
    assert!(!rig.board.wants_thumbnail(&id(0)));
    assert_eq!(get(rig.address(), &path).status, 204);
    assert!(rig.board.wants_thumbnail(&id(0)));
    let jpeg = made::picture(1);
    rig.board.set_thumbnail(&id(0), jpeg.clone());
    let answer = get(rig.address(), &path);
    assert_eq!(answer.body, &*jpeg);
    assert!(
        answer.head.contains("content-type: image/jpeg"),
        "{}",
        answer.head
    );
}

#[test]
fn events_are_found_by_stream_and_kind() {
    let rig = serve(board(5));
    let events = get(rig.address(), "/api/v1/events?kind=black&limit=1000").json();
    let open = events["open"].as_array().unwrap();
    assert_eq!(open.len(), 1);
    assert_eq!(
        (&open[0]["stream"], &open[0]["kind"]),
        (&id(1).into(), &"black".into())
    );
    let none = get(rig.address(), "/api/v1/events?stream=none").json();
    assert_eq!(none["open"].as_array().unwrap().len(), 0);
}

#[test]
fn rubbish_and_silence_on_a_connection_hurt_nobody() {
    let rig = serve(board(1));
    assert_eq!(
        send(rig.address(), b"\x16\x03\x01 rubbish\r\n\r\n").status,
        400
    );
    let silent: Vec<_> = (0..50)
        .map(|_| std::net::TcpStream::connect(rig.address()).unwrap())
        .collect();
    assert_eq!(get(rig.address(), "/healthz").status, 200);
    drop(silent);
}

#[test]
fn it_ends_when_it_is_closed() {
    // An address of its own, so that no other test can be given its port.
    let mut rig = serve_on(board(1), &on("127.0.0.9:0")).unwrap();
    let to = rig.address();
    let mut idle = std::net::TcpStream::connect(to).unwrap();
    idle.set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    let start = Instant::now();
    rig.server.close();
    assert!(start.elapsed() < Duration::from_secs(30));
    // A process that another test starts has a copy of the socket until its program runs.
    let end = Instant::now() + Duration::from_secs(30);
    while std::net::TcpStream::connect(to).is_ok() {
        assert!(Instant::now() < end, "it still listens");
        std::thread::sleep(Duration::from_millis(20));
    }
    let ended = idle.read(&mut [0]);
    let is_waiting = |e: &std::io::Error| e.kind() == std::io::ErrorKind::WouldBlock;
    assert!(!ended.as_ref().is_err_and(is_waiting), "{ended:?}");
    assert!(!ended.is_ok_and(|read| read > 0));
}

#[test]
fn answers_are_compressed_and_load_nothing_from_elsewhere() {
    let rig = serve(board(20));
    let plain = get(rig.address(), "/api/v1/board");
    let small = ask(
        rig.address(),
        "GET",
        "/api/v1/board",
        &["Accept-Encoding: gzip, br"],
        "",
    );
    assert!(small.head.contains("content-encoding: gzip"));
    assert!(small.body.len() * 3 < plain.body.len());
    let page = get(rig.address(), "/");
    assert!(
        page.head
            .contains("content-security-policy: default-src 'none'")
    );
    // All files that the page and its scripts name.
    let mut files = vec!["poll.js".to_owned()];
    files.extend(named(&page.text(), "href=\"").filter(|name| name.ends_with(".css")));
    files.extend(named(&page.text(), "src=\""));
    let mut done = 0;
    while let Some(file) = files.get(done).cloned() {
        done += 1;
        let answer = get(rig.address(), &format!("/{file}"));
        assert_eq!(answer.status, 200, "{file}");
        let text = answer.text();
        assert!(
            !text.contains("http://") && !text.contains("https://"),
            "{file}"
        );
        let new: Vec<_> = named(&text, "from \"./").collect();
        files.extend(
            new.into_iter()
                .filter(|name| !files.contains(name))
                .collect::<Vec<_>>(),
        );
    }
    assert!(done > 15, "{files:?}");
}

/// What stands behind a text, up to the next quotation mark.
fn named(text: &str, before: &str) -> impl Iterator<Item = String> {
    let names = text.split(before).skip(1);
    let names: Vec<_> = names
        .filter_map(|rest| rest.split('"').next())
        .map(ToOwned::to_owned)
        .collect();
    names.into_iter()
}
