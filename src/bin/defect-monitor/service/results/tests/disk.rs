// SPDX-License-Identifier: MPL-2.0
//! A disk that is full, or takes nothing.

use super::*;

#[test]
fn a_full_spool_gives_up_records_first_and_events_last() {
    let (folder, parts) = (folder("full"), Parts::default());
    let spool = Spool::for_bucket(folder.clone(), 2500, &parts).unwrap();
    for n in 0..2 {
        for section in place::EXPENDABLE {
            spool.put(format!("{section}/{n}"), vec![0; 600], 1);
        }
    }
    spool.settle();
    let left: Vec<_> = files(&folder)
        .into_keys()
        .filter(|path| path != "lock")
        .collect();
    assert_eq!(left, ["events/0", "events/1", "pictures/0", "pictures/1"]);
    assert_eq!(
        parts.numbers()["defect_results_dropped_objects"].values[PART],
        2.0
    );
    let second = Spool::for_bucket(folder, 2500, &parts).unwrap_err();
    assert!(second.contains("is used by another process"), "{second}");
}

#[test]
fn what_the_disk_does_not_take_waits_in_memory() {
    let (folder, parts) = (folder("blocked"), Parts::default());
    let spool = Spool::in_place(folder.clone(), &parts).unwrap();
    // Where a folder is to be there is a file: as little can be written as on a full disk, also by root.
    std::fs::write(folder.join("events"), b"").unwrap();
    spool.put("events/1".to_owned(), vec![1; 10], 1);
    spool.append("events/date=2026-01-01/hour=00/a.jsonl.gz", vec![2; 10], 3);
    let is_in_trouble = |parts: &Parts| {
        let is = |p: Part| p.name == SPOOL && p.health != PartHealth::Fine;
        parts.list().into_iter().any(is)
    };
    assert!(is_in_trouble(&parts));
    // What the store says of itself doesn't mend it.
    parts.report(PART, PartHealth::Fine);
    assert!(is_in_trouble(&parts));
    std::fs::remove_file(folder.join("events")).unwrap();
    spool.settle();
    let written: Vec<_> = files(&folder).into_keys().collect();
    assert_eq!((written.len(), written[0].as_str()), (2, "events/1"));
    assert!(
        written[1].starts_with("events/date=2026-01-01/hour=00/a-"),
        "{written:?}"
    );
    assert!(!is_in_trouble(&parts));
}

#[test]
fn what_the_disk_does_not_take_goes_to_the_bucket_all_the_same() {
    let (folder, runtime) = (folder("held-spool"), runtime());
    let (endpoint, away, kept) = store(&runtime);
    away.store(false, Ordering::Release);
    let config = bucket(endpoint, &folder);
    let parts = Parts::default();
    let writer = start(&config, &parts, runtime.handle()).unwrap();
    let own = folder.join("a");
    for place in [own.clone(), own.join("growing")] {
        std::fs::create_dir_all(&place).unwrap();
        for section in place::EXPENDABLE {
            std::fs::write(place.join(section), b"").unwrap();
        }
    }
    say(&writer, "one");
    wait("taken by the bucket", || lock(&kept).len() == 3);
    writer.close();
    let left: usize = files(&folder).values().map(Vec::len).sum();
    assert_eq!(left, 0, "nothing but what was in the way");
}

#[test]
fn what_a_killed_process_left_half_written_goes_also_where_all_is_kept() {
    let (folder, runtime, parts) = (folder("unfinished"), runtime(), Parts::default());
    let [old, new, whole] = ["old.part", "new.part", "whole.jpg"].map(|name| {
        let path = folder.join("pictures/date=2026-01-01").join(name);
        super::super::files::make_folders(&path).unwrap();
        std::fs::write(&path, b"x").unwrap();
        path
    });
    let two_hours_ago = std::time::SystemTime::now() - Duration::from_secs(7200);
    for path in [&old, &whole] {
        let file = std::fs::File::options().write(true).open(path).unwrap();
        file.set_modified(two_hours_ago).unwrap();
    }
    let url = format!("file://{}", folder.display());
    let writer = start(&config(url, &folder), &parts, runtime.handle()).unwrap();
    wait("removed", || !old.exists());
    assert!(new.exists() && whole.exists());
    writer.close();
}
