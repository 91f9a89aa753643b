// SPDX-License-Identifier: MPL-2.0
//! What a reload changes, and what it says of the rest.

use std::time::{Duration, Instant};

use super::client::{ask_socket, get};
use super::ports::free_port;
use super::running::{Folder, Running};
use super::webhook::Webhook;

/// The sections that wait for a restart, by the metrics.
fn waiting(port: u16) -> Vec<String> {
    let metrics = get(port, "/metrics").text();
    let lines = metrics.lines();
    let sections = lines.filter_map(|line| {
        let rest = line.strip_prefix("defect_configuration_restart_needed{part=\"")?;
        let (section, value) = rest.split_once("\"} ")?;
        value.starts_with('1').then(|| section.to_owned())
    });
    sections.collect()
}

#[test]
fn how_long_results_are_kept_changes_without_a_restart() {
    let (folder, port) = (Folder::new("retention"), free_port());
    let http = format!("[http]\nlisten = \"127.0.0.1:{port}\"\n");
    let old = folder.0.join("store/records/date=2020-01-01/hour=00");
    std::fs::create_dir_all(&old).unwrap();
    std::fs::write(old.join("old.jsonl.gz"), "old").unwrap();
    let service = Running::start(&folder.config(&http));
    service.wait("0 streams", 1);
    folder.config(&format!("retention-days = 7\n{http}"));
    service.signal("HUP");
    service.wait("0 streams started", 1);
    let start = Instant::now();
    while old.exists() {
        assert!(start.elapsed() < Duration::from_secs(10), "it is kept");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(get(port, "/readyz").text(), "ready\n");
    assert!(waiting(port).is_empty());
    // The rest of the section waits.
    folder.config(&format!("object-minutes = 5\n{http}"));
    service.wait("what changed in [results] needs a restart", 1);
    assert_eq!(waiting(port), ["[results]"]);
    assert_eq!(service.stop(), Some(0));
}

#[test]
fn what_a_reload_can_not_change_and_what_is_missing_is_said() {
    let (folder, port) = (Folder::new("reload"), free_port());
    let film = folder.film("film.webm");
    let good = format!("[[streams]]\nid = \"good\"\nuri = \"{film}\"\nloop = true\n");
    let (secret, socket) = (folder.path("secret"), folder.path("api.sock"));
    let lacking = format!(
        "[[streams]]\nid = \"lacking\"\nuri = \"http://127.0.0.1:1/${{NO_SUCH_X}}\"\n\
         [[streams]]\nid = \"later\"\nuri = \"http://127.0.0.1:1/${{file:{secret}}}\"\n"
    );
    let http = format!("[http]\nlisten = \"127.0.0.1:{port}\"\nsocket = \"{socket}\"\n");
    let config = folder.config(&format!("{http}{good}{lacking}"));
    // One whose secret isn't there keeps none of the others from being watched.
    let service = Running::start(&config);
    service.wait("good: watching", 1);
    service.wait("NO_SUCH_X isn't set", 1);
    let stream = |id: &str| get(port, &format!("/api/v1/streams/{id}")).text();
    assert!(
        stream("lacking").contains("NO_SUCH_X isn't set"),
        "{}",
        stream("lacking")
    );
    assert!(stream("lacking").contains("\"refused\""));
    let start = Instant::now();
    while get(port, "/readyz").status != 200 {
        let ready = get(port, "/readyz").text();
        assert!(start.elapsed() < Duration::from_secs(20), "{ready}");
        std::thread::sleep(Duration::from_millis(50));
    }
    let ready = get(port, "/readyz");
    assert!(ready.text().contains("lacking, later"), "{}", ready.text());
    // One that the API replaces counts once, and one that it removes not at all.
    let configured = || {
        let metrics = get(port, "/metrics").text();
        let mut lines = metrics.lines();
        let number = lines.find_map(|line| line.strip_prefix("defect_streams_configured "));
        number.and_then(|number| number.parse::<f64>().ok())
    };
    assert_eq!(configured(), Some(3.0));
    let path = "/api/v1/streams/lacking";
    let by_socket = |method: &str, body: &str| ask_socket(&socket, method, path, &[], body).status;
    let status = by_socket("PUT", r#"{"uri": "http://127.0.0.1:1/"}"#);
    assert!(matches!(status, 200 | 201), "{status}");
    assert_eq!(configured(), Some(3.0));
    assert_eq!(by_socket("DELETE", ""), 204);
    assert_eq!(configured(), Some(2.0));
    // Once it is there, the stream is.
    std::fs::write(&secret, "there").unwrap();
    let alerts = "[[alerts]]\ntype = \"stdout\"\n";
    let changed = format!("{http}hosts = [\"a.example\"]\n");
    folder.config(&format!("{changed}{good}{lacking}{alerts}"));
    service.signal("HUP");
    // It may have seen the file before the signal.
    service.wait(": 1 streams started, 0 changed, 0 stopped", 1);
    service.wait("1 receiver added, 0 changed, 0 removed", 1);
    service.wait("what changed in [http] needs a restart", 1);
    let ready = get(port, "/readyz").text();
    assert!(ready.contains("[http] needs a restart"), "{ready}");
    assert!(ready.contains("missing: lacking\n"), "{ready}");
    assert_eq!(waiting(port), ["[http]"]);
    folder.config(&format!("{http}{good}"));
    service.signal("HUP");
    service.wait(": 0 streams started, 0 changed, 1 stopped", 1);
    assert_eq!(get(port, "/readyz").text(), "ready\n");
    assert!(waiting(port).is_empty());
    assert_eq!(get(port, "/api/v1/streams/lacking").status, 404);
    assert_eq!(service.count("good: watching"), 1);
    assert_eq!(service.stop(), Some(0));
    // Nobody else of this machine reads what was kept.
    use std::os::unix::fs::PermissionsExt;
    for file in folder.files("records") {
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o007, 0, "{file}: {mode:o}");
    }
}

#[test]
fn receivers_are_added_changed_and_removed_without_a_restart() {
    let (folder, port) = (Folder::new("receivers"), free_port());
    let webhook = Webhook::start();
    let streams = format!(
        "[http]\nlisten = \"127.0.0.1:{port}\"\n\
         [[streams]]\nid = \"dead\"\nuri = \"http://127.0.0.1:9/\"\n"
    );
    let service = Running::start(&folder.config(&streams));
    service.wait("dead: the stream is lost", 1);
    // It is told what it would have been told.
    folder.config(&(streams.clone() + &webhook.section("hold-down-seconds = 0")));
    service.wait("1 receiver added, 0 changed, 0 removed", 1);
    webhook.wait(&[("kind", "lost"), ("state", "begin")], 1);
    let other = webhook.section("hold-down-seconds = 1");
    folder.config(&(streams.clone() + &other));
    service.wait("0 receivers added, 1 changed, 0 removed", 1);
    folder.config(&streams);
    service.wait("0 receivers added, 0 changed, 1 removed", 1);
    assert_eq!(get(port, "/readyz").text(), "ready\n");
    assert!(waiting(port).is_empty());
    webhook.wait(&[("kind", "lost"), ("reason", "receiver-removed")], 1);
    assert_eq!(service.stop(), Some(0));
    assert_eq!(webhook.count(&[("kind", "lost")]), 2);
}
