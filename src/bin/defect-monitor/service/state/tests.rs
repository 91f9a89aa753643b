// SPDX-License-Identifier: MPL-2.0
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use super::*;
use crate::service::http::tests::made;

const WEEK: Duration = Duration::from_secs(7 * 86_400);

fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("defect-state-{}-{name}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    folder
}

fn open(folder: &Path) -> StateStore {
    StateStore::open(folder, WEEK, &Parts::default()).unwrap()
}

fn episode(stream: &str, state: &str, began: i64) -> Event {
    made::event(
        stream,
        "black",
        "error",
        state,
        began,
        Duration::from_secs(2),
    )
}

fn is_degraded(parts: &Parts) -> bool {
    let is = |health: &PartHealth| matches!(health, PartHealth::Degraded(_));
    parts.list().iter().any(|part| is(&part.health))
}

#[test]
fn what_was_flushed_outlasts_a_process_that_is_killed() {
    let folder = folder("killed");
    let state = open(&folder);
    state.set(Section::Mutes, "a", &1);
    state.set(Section::Mutes, "b", &2);
    state.set(Section::Queue, "a", &3);
    state.delete(Section::Mutes, "a");
    state.set(Section::Mutes, "b", &4);
    state.flush().unwrap();
    // As a power cut would find it: nothing is closed.
    let copy = folder.with_extension("copy");
    let _ = std::fs::remove_dir_all(&copy);
    std::fs::create_dir_all(&copy).unwrap();
    for file in std::fs::read_dir(&folder).unwrap().flatten() {
        std::fs::copy(file.path(), copy.join(file.file_name())).unwrap();
    }
    let after = open(&copy);
    let mutes: Vec<(String, i32)> = after.load(Section::Mutes, "");
    assert_eq!(mutes, [("b".to_owned(), 4)]);
    assert_eq!(after.load::<i32>(Section::Queue, "x").len(), 0);
    assert_eq!(after.load::<i32>(Section::Queue, "a").len(), 1);
}

#[test]
fn two_processes_dont_share_a_folder() {
    let folder = folder("shared");
    let first = open(&folder);
    let why = StateStore::open(&folder, WEEK, &Parts::default()).unwrap_err();
    assert!(
        why.contains("is used by another process") && why.contains("[state]"),
        "{why}"
    );
    first.close();
    drop(first);
    drop(open(&folder));
}

#[test]
fn episodes_are_found_by_stream_and_time_and_end_with_the_process() {
    let folder = folder("history");
    let state = open(&folder);
    state.record(&episode("a", "end", 100));
    state.record(&episode("b", "begin", 50));
    state.record(&episode("a", "begin", 10));
    let picture = episode("a", "begin", 10).episode;
    state.record_picture(&picture, Moment::Worst, "pictures/x.jpg");
    state.flush().unwrap();
    let all = Filter {
        limit: 10,
        ..Filter::default()
    };
    let of = |filter: &Filter, state: &StateStore| -> Vec<(String, bool)> {
        let found = state.episodes(filter).unwrap().into_iter();
        found
            .map(|e| {
                (
                    e.event["stream"].as_str().unwrap().to_owned(),
                    e.ended.is_some(),
                )
            })
            .collect()
    };
    let entry = |stream: &str, over| (stream.to_owned(), over);
    assert_eq!(
        of(&all, &state),
        [entry("a", false), entry("b", false), entry("a", true)]
    );
    let a = Filter {
        stream: Some("a".to_owned()),
        ..all.clone()
    };
    assert_eq!(of(&a, &state).len(), 2);
    let ago = |seconds: i64| Some(made::before(seconds).as_millisecond());
    let recent = Filter {
        from: ago(60),
        until: ago(30),
        ..all.clone()
    };
    assert_eq!(of(&recent, &state), [entry("b", false)]);
    let lasting = Filter {
        is_open: true,
        ..all.clone()
    };
    assert_eq!(of(&lasting, &state), [entry("a", false), entry("b", false)]);
    let newest = &state.episodes(&all).unwrap()[0];
    assert_eq!(newest.pictures, ["worst"]);
    assert_eq!(
        state.picture(&picture, "worst").unwrap().as_deref(),
        Some("pictures/x.jpg")
    );
    state.close();
    drop(state);
    let state = open(&folder);
    assert!(of(&all, &state).iter().all(|(_, over)| *over));
    assert_eq!(
        state.episodes(&all).unwrap()[0].event["reason"],
        "monitor-restarted"
    );
    assert_eq!(state.episodes(&all).unwrap()[2].event["reason"], "cleared");
}

#[test]
fn a_database_that_is_damaged_is_put_aside() {
    let folder = folder("damaged");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(FILE), vec![7; 10_000]).unwrap();
    let state = open(&folder);
    state.set(Section::Mutes, "a", &1);
    state.flush().unwrap();
    let names = std::fs::read_dir(&folder).unwrap().flatten();
    let aside = names.filter(|file| file.file_name().to_string_lossy().contains("damaged"));
    assert_eq!(aside.count(), 1);
}

#[test]
fn what_a_full_disk_refuses_waits_and_is_written_when_there_is_room() {
    let Some(disk) = Disk::mount("full", "4m") else {
        return;
    };
    let parts = Parts::default();
    let state = StateStore::open(&disk.0.join("state"), WEEK, &parts).unwrap();
    state.set(Section::Mutes, "before", &1);
    state.flush().unwrap();
    disk.fill();
    let long = "x".repeat(100_000);
    (0..40).for_each(|n| state.set(Section::Queue, &n.to_string(), &long));
    assert!(state.flush().is_err());
    assert!(is_degraded(&parts));
    // A process that begins on the full disk has what there was.
    disk.clear();
    (0..39).for_each(|n| state.delete(Section::Queue, &n.to_string()));
    while state.flush().is_err() {}
    assert!(!is_degraded(&parts));
    state.close();
    drop(state);
    disk.fill();
    let state = StateStore::open(&disk.0.join("state"), WEEK, &parts).unwrap();
    assert_eq!(state.load::<i32>(Section::Mutes, "").len(), 1);
    assert_eq!(state.load::<String>(Section::Queue, "").len(), 1);
    state.close();
}

/// A small disk that is really full when it is full.
pub struct Disk(pub PathBuf);

impl Disk {
    /// None for who may not mount.
    pub fn mount(name: &str, size: &str) -> Option<Self> {
        let folder = folder(&format!("disk-{name}"));
        std::fs::create_dir_all(&folder).unwrap();
        let mut mount = std::process::Command::new("mount");
        mount
            .args(["-t", "tmpfs", "-o", &format!("size={size}"), "none"])
            .arg(&folder);
        if !mount.status().is_ok_and(|status| status.success()) {
            eprintln!("not tested: only root may mount a disk that is full");
            return None;
        }
        Some(Self(folder))
    }

    pub fn fill(&self) {
        use std::io::Write;
        let mut file = std::fs::File::create(self.0.join("filler")).unwrap();
        while file.write_all(&[0; 4096]).is_ok() {}
    }

    pub fn clear(&self) {
        std::fs::remove_file(self.0.join("filler")).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // The files in it may still be open.
        let _ = std::process::Command::new("umount")
            .arg("-l")
            .arg(&self.0)
            .status();
    }
}
