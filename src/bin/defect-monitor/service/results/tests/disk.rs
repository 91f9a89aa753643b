// SPDX-License-Identifier: MPL-2.0
//! A disk that is full, or takes nothing.

use super::*;

#[test]
fn a_full_spool_gives_up_records_first_and_events_last() {
    let (folder, parts) = (folder("full"), Parts::default());
    let spool = Spool::open(folder.clone(), 2500, &parts).unwrap();
    for n in 0..2 {
        for section in [spool::EVENTS, spool::PICTURES, spool::RECORDS] {
            spool.put(format!("{section}/{n}"), vec![0; 600]);
        }
    }
    spool.settle();
    let left: Vec<_> = files(&folder).into_keys().collect();
    assert_eq!(left, ["events/0", "events/1", "pictures/0", "pictures/1"]);
    assert_eq!(parts.numbers()["defect_results_dropped"].values[PART], 2.0);
}

#[test]
fn what_the_disk_does_not_take_waits_in_memory() {
    let (folder, parts) = (folder("blocked"), Parts::default());
    let spool = Spool::open(folder.clone(), 1 << 30, &parts).unwrap();
    // Where a folder is to be there is a file: as little can be written as on a full disk, also by root.
    std::fs::write(folder.join("events"), b"").unwrap();
    spool.put("events/1".to_owned(), vec![1; 10]);
    let broken = |parts: &Parts| {
        let is_broken = |p: Part| p.name == SPOOL && matches!(p.health, Health::Broken(_));
        parts.list().into_iter().any(is_broken)
    };
    assert!(broken(&parts));
    // What the store says of itself doesn't mend it.
    parts.report(PART, Health::Fine);
    assert!(broken(&parts));
    std::fs::remove_file(folder.join("events")).unwrap();
    spool.settle();
    assert_eq!(files(&folder).into_keys().collect::<Vec<_>>(), ["events/1"]);
    assert!(!broken(&parts));
}

#[test]
fn what_the_disk_does_not_take_goes_to_the_store_all_the_same() {
    let (store, folder, runtime) = (folder("held"), folder("held-spool"), runtime());
    let config = config(format!("file://{}", store.display()), &folder);
    let parts = Parts::default();
    let writer = Writer::start(Some(&config), "a", &parts, runtime.handle()).unwrap();
    for section in [spool::EVENTS, spool::RECORDS, spool::PICTURES] {
        std::fs::write(folder.join("a").join(section), b"").unwrap();
    }
    // Time for the store to take what is in the way for results, if it would.
    std::thread::sleep(Duration::from_secs(2));
    say(&writer, "one");
    wait("taken by the store", || files(&store).len() == 3);
    writer.close();
    assert!(files(&store).keys().all(|path| path.contains('/')));
    let left: usize = files(&folder).values().map(Vec::len).sum();
    assert_eq!(left, 0, "nothing but what was in the way");
}
