// SPDX-License-Identifier: MPL-2.0
//! What outlasts the process: alarms, history, what operators did.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::alarms::black;
use super::client::{Answer, ask, ask_socket, get};
use super::ports::free_port;
use super::running::{Folder, Running, command};
use super::webhook::Webhook;

/// A service whose only stream is black.
struct Target {
    folder: Folder,
    webhook: Webhook,
    config: String,
    port: u16,
}

impl Target {
    fn new(name: &str) -> Self {
        let (folder, webhook, port) = (Folder::new(name), Webhook::start(), free_port());
        let (film, socket) = (black(&folder), folder.path("api.sock"));
        let config = folder.config(&format!(
            "{}[http]\nlisten = \"127.0.0.1:{port}\"\nsocket = \"{socket}\"\n\
             [defaults]\nprofile = \"none\"\ndetectors = \"blackdetect min-duration=500ms\"\n\
             [[streams]]\nid = \"one\"\nuri = \"{film}\"\nloop = true\nrealtime = true\n",
            webhook.section("restart-grace-seconds = 20\nhold-down-seconds = 0")
        ));
        Self {
            folder,
            webhook,
            config,
            port,
        }
    }

    fn post(&self, path: &str, body: &str) -> Answer {
        let socket = self.folder.path("api.sock");
        ask_socket(&socket, "POST", &format!("/api/v1/{path}"), &[], body)
    }

    fn read(&self, path: &str) -> Value {
        let answer = get(self.port, &format!("/api/v1/{path}"));
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        serde_json::from_slice(&answer.body).unwrap()
    }

    /// The first episode of the history, once there is one.
    fn episode(&self) -> Value {
        let start = Instant::now();
        loop {
            let all = self.read("episodes?stream=one&limit=1");
            if let Some(first) = all.as_array().unwrap().first() {
                return first.clone();
            }
            assert!(start.elapsed() < Duration::from_secs(40), "no episode");
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

const BEGIN: (&str, &str) = ("state", "begin");

#[test]
fn nothing_that_was_acknowledged_is_lost_by_a_kill_and_what_lasts_is_the_same_alarm() {
    let target = Target::new("killed-state");
    let service = Running::start(&target.config);
    target.webhook.wait(&[BEGIN], 1);
    let episode = target.episode()["episode"].as_str().unwrap().to_owned();
    let by = r#"{"who": "anna", "word": "called the encoder room"}"#;
    let path = format!("episodes/{episode}/acknowledge");
    // Who may only read may not.
    let read_only = ask(target.port, "POST", &format!("/api/v1/{path}"), &[], by);
    assert_eq!(read_only.status, 403, "{}", read_only.text());
    assert_eq!(target.post(&path, "{\"who\": \"\"}").status, 400);
    assert_eq!(target.post("episodes/none/acknowledge", by).status, 404);
    let mute = r#"{"kind": "hum", "minutes": 60, "who": "anna"}"#;
    assert_eq!(
        target
            .post("mutes", r#"{"minutes": 60, "who": "a"}"#)
            .status,
        400
    );
    assert_eq!(target.post("mutes", mute).status, 201);
    let other = r#"{"kind": "click", "minutes": 60, "who": "anna"}"#;
    let other = target.post("mutes", other).json();
    let other = format!("/api/v1/mutes/{}", other["id"].as_str().unwrap());
    let socket = target.folder.path("api.sock");
    let unmute = || ask_socket(&socket, "DELETE", &other, &[], "").status;
    assert_eq!((unmute(), unmute()), (204, 404));
    let answer = target.post(&path, by);
    assert_eq!(answer.status, 200, "{}", answer.text());
    // In the moment when that was answered.
    service.kill();
    let service = Running::start(&target.config);
    service.wait(" streams, http://", 1);
    let all = target.read("episodes?stream=one");
    let same = |e: &&Value| e["episode"] == episode.as_str();
    let known = all.as_array().unwrap().iter().find(same).unwrap();
    assert_eq!(known["acknowledged"]["who"], "anna");
    assert_eq!(
        (&known["state"], &known["reason"]),
        (&"end".into(), &"monitor-restarted".into())
    );
    let mutes = target.read("mutes");
    assert_eq!(mutes.as_array().unwrap().len(), 1, "{mutes}");
    assert_eq!(mutes[0]["kind"], "hum");
    // It is found again, within the grace: nobody is told that it is over, nor that it has begun.
    let start = Instant::now();
    let found = || {
        target.read("events?kind=black")["open"]
            .as_array()
            .unwrap()
            .len()
    };
    while found() == 0 {
        assert!(start.elapsed() < Duration::from_secs(18), "not found again");
        std::thread::sleep(Duration::from_millis(100));
    }
    std::thread::sleep(Duration::from_secs(22).saturating_sub(start.elapsed()));
    let told = target.webhook.events();
    assert_eq!(told.len(), 1, "{told:#?}");
    assert_eq!(service.stop(), Some(0));
}

#[test]
fn a_second_process_is_refused_the_folder_of_the_first() {
    let target = Target::new("two-processes");
    let service = Running::start(&target.config);
    service.wait(" streams, http://", 1);
    let state = target.folder.path("state");
    let second = command(&[&target.config])
        .env("XDG_STATE_HOME", state)
        .output()
        .unwrap();
    let said = String::from_utf8(second.stderr).unwrap();
    assert_eq!(second.status.code(), Some(2), "{said}");
    assert!(
        said.contains("is used by another process") && said.contains("[state]"),
        "{said}"
    );
    assert_eq!(service.stop(), Some(0));
}

#[test]
fn the_pictures_of_an_episode_are_shown_with_it() {
    let target = Target::new("evidence");
    let service = Running::start(&target.config);
    service.wait(" streams, http://", 1);
    let start = Instant::now();
    let episode = loop {
        let episode = target.episode();
        if episode["pictures"]
            .as_array()
            .is_some_and(|all| !all.is_empty())
        {
            break episode;
        }
        assert!(start.elapsed() < Duration::from_secs(40), "{episode}");
        std::thread::sleep(Duration::from_millis(100));
    };
    let name = episode["episode"].as_str().unwrap();
    let picture = get(
        target.port,
        &format!("/api/v1/episodes/{name}/pictures/begin.jpg"),
    );
    assert_eq!(picture.status, 200, "{}", picture.text());
    assert!(image::load_from_memory(&picture.body).unwrap().width() >= 100);
    let none = get(
        target.port,
        &format!("/api/v1/episodes/{name}/pictures/other.jpg"),
    );
    assert_eq!(none.status, 404);
    let days = |day: &str| target.read(&format!("episodes?day={day}&zone=Europe/Vienna"));
    assert_eq!(days("2001-01-01"), Value::Array(Vec::new()));
    assert_eq!(service.stop(), Some(0));
    // Stopped, it isn't over for anybody who was alarmed.
    assert!(
        target
            .webhook
            .events()
            .iter()
            .all(|event| event["state"] == "begin")
    );
}

#[test]
fn what_the_api_said_of_streams_outlasts_a_restart_until_the_file_says_something_else() {
    let (folder, own) = (Folder::new("overrides"), free_port());
    let (socket, source) = (folder.path("api.sock"), free_port());
    let text = |label: &str| {
        format!(
            "[http]\nlisten = \"127.0.0.1:{own}\"\nsocket = \"{socket}\"\n\
             [defaults]\nprofile = \"none\"\ndetectors = \"black\"\n\
             [[streams]]\nid = \"file\"\nuri = \"udp://127.0.0.1:{source}\"\nlabels = {{ a = \"{label}\" }}\n"
        )
    };
    let config = folder.config(&text("before"));
    let ids = || -> Vec<String> {
        let all: Value = serde_json::from_slice(&get(own, "/api/v1/streams").body).unwrap();
        let all = all.as_array().unwrap().iter();
        all.map(|stream| stream["id"].as_str().unwrap().to_owned())
            .collect()
    };
    let service = Running::start(&config);
    service.wait(" streams, http://", 1);
    let body = format!("{{\"uri\": \"udp://127.0.0.1:{}\"}}", free_port());
    let put = ask_socket(&socket, "PUT", "/api/v1/streams/added", &[], &body);
    assert_eq!(put.status, 201, "{}", put.text());
    let delete = ask_socket(&socket, "DELETE", "/api/v1/streams/file", &[], "");
    assert_eq!(delete.status, 204, "{}", delete.text());
    service.signal("HUP");
    service.wait("SIGHUP: ", 1);
    assert_eq!(ids(), ["added"]);
    service.kill();
    let service = Running::start(&config);
    service.wait(" streams, http://", 1);
    assert_eq!(ids(), ["added"]);
    folder.config(&text("after"));
    service.signal("HUP");
    service.wait("SIGHUP: ", 1);
    assert_eq!(ids(), ["added", "file"]);
    assert_eq!(service.stop(), Some(0));
}
