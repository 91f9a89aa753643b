// SPDX-License-Identifier: MPL-2.0
//! Receivers that are added, changed and removed while alarms are sent.

use super::*;

/// A receiver of that name.
fn named(name: &str, url: &str, more: &str) -> String {
    format!(
        "[[alerts]]\nname = \"{name}\"\n{}\nhold-down-seconds = 0\n{more}\n",
        webhook(url)
    )
}

#[test]
fn a_changed_receiver_goes_on_with_its_alarms_and_others_notice_nothing() {
    let runtime = runtime();
    let (first, came_first) = server(&runtime, |_, _, _| 200);
    let (second, came_second) = server(&runtime, |_, _, _| 200);
    let nowhere = "http://127.0.0.1:9/";
    let text = named("one", &first, "") + &named("two", nowhere, "");
    let rig = Rig::start(&text, &folder("changed"), runtime.handle()).unwrap();
    rig.alerts.send(&episode("a", 1, "begin"));
    wait("one has it", || count(&came_first, "a", "begin") == 1);
    wait("two is away", || rig.degraded().is_some());
    let open = [episode("a", 1, "begin")];
    assert_eq!(rig.apply(&text, &open, false), (0, 0, 0));
    let text = named("one", &first, "") + &named("two", &second, "");
    assert_eq!(rig.apply(&text, &open, false), (0, 1, 0));
    wait("what waited", || count(&came_second, "a", "begin") == 1);
    wait("well again", || rig.degraded().is_none());
    rig.alerts.send(&episode("a", 1, "end"));
    wait("the end", || {
        count(&came_first, "a", "end") == 1 && count(&came_second, "a", "end") == 1
    });
    assert_eq!(count(&came_first, "a", "begin"), 1);
    assert_eq!(count(&came_second, "a", "begin"), 1);
    assert!(lock(&came_second)[1].2["count"].is_null());
    rig.close();
}

#[test]
fn a_new_receiver_is_told_what_is_open_and_one_that_goes_that_it_is_over() {
    let runtime = runtime();
    let (first, came_first) = server(&runtime, |_, _, _| 200);
    let (second, came_second) = server(&runtime, |_, _, _| 200);
    let place = folder("added");
    let rig = Rig::start(&named("one", &first, ""), &place, runtime.handle()).unwrap();
    let open = [episode("a", 1, "begin"), event("b", "freeze", "error")];
    let planned = Event {
        maintenance: true,
        ..episode("c", 1, "begin")
    };
    open.iter().for_each(|event| rig.alerts.send(event));
    wait("the first", || lock(&came_first).len() == 2);
    let open = [&open[..], &[planned]].concat();
    let text = named("two", &second, "kinds = [\"black\"]");
    assert_eq!(rig.apply(&text, &open, false), (1, 0, 1));
    wait("what is open", || count(&came_second, "a", "begin") == 1);
    wait("over for the first", || lock(&came_first).len() == 4);
    let ends: Vec<Value> = lock(&came_first)[2..].iter().map(|c| c.2.clone()).collect();
    for end in ends {
        assert_eq!(
            (&end["state"], &end["reason"]),
            (&"end".into(), &"receiver-removed".into())
        );
    }
    wait("forgotten", || {
        let parts = rig.parts.list();
        parts.iter().all(|part| part.name != "alerts: one")
    });
    rig.alerts.send(&episode("a", 1, "end"));
    wait("the end", || count(&came_second, "a", "end") == 1);
    assert_eq!((lock(&came_first).len(), lock(&came_second).len()), (4, 2));
    rig.close();
    // Nothing of it is left for a later one of that name.
    let rig = Rig::start(&named("one", &first, ""), &place, runtime.handle()).unwrap();
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(lock(&came_first).len(), 4);
    rig.close();
}

#[test]
fn alarms_that_a_receiver_does_not_want_any_more_go_on_to_their_end() {
    let runtime = runtime();
    let (url, came) = server(&runtime, |_, _, _| 200);
    let (text, place) = (named("one", &url, ""), folder("narrowed"));
    let rig = Rig::start(&text, &place, runtime.handle()).unwrap();
    let warning = event("b", "freeze", "warning");
    let open = [episode("a", 1, "begin"), warning.clone()];
    open.iter().for_each(|event| rig.alerts.send(event));
    wait("both", || lock(&came).len() == 2);
    let narrow = named("one", &url, "kinds = [\"black\"]");
    assert_eq!(rig.apply(&narrow, &open, false), (0, 1, 0));
    rig.alerts.send(&event("c", "freeze", "error"));
    let mut end = warning;
    end.defect.state = "end".to_owned();
    rig.alerts.send(&end);
    wait("its end", || count(&came, "b", "end") == 1);
    // What goes on is told when it is wanted again, as its begin, whatever was said of it last.
    let mut ongoing = event("c", "freeze", "error");
    ongoing.defect.state = "ongoing".to_owned();
    let open = [episode("a", 1, "begin"), ongoing];
    assert_eq!(count(&came, "c", "begin"), 0);
    assert_eq!(rig.apply(&text, &open, false), (0, 1, 0));
    wait("wanted again", || count(&came, "c", "begin") == 1);
    assert_eq!(count(&came, "a", "begin"), 1);
    rig.close();
}

#[test]
fn a_receiver_that_comes_back_under_its_name_begins_anew() {
    let runtime = runtime();
    let (url, came) = server(
        &runtime,
        |_, body, _| {
            if body["state"] == "end" { 503 } else { 200 }
        },
    );
    let (text, place) = (named("one", &url, ""), folder("comes-back"));
    let rig = Rig::start(&text, &place, runtime.handle()).unwrap();
    let open = [episode("a", 1, "begin")];
    rig.alerts.send(&open[0]);
    wait("the begin", || count(&came, "a", "begin") == 1);
    assert_eq!(rig.apply("", &open, false), (0, 0, 1));
    assert_eq!(rig.apply(&text, &open, false), (1, 0, 0));
    wait("the begin again", || count(&came, "a", "begin") == 2);
    let ends = count(&came, "a", "end");
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(count(&came, "a", "end"), ends, "the end of the earlier one");
    assert_eq!(rig.alerts.undelivered_count(), 0);
    rig.close();
}

#[test]
fn secrets_are_read_again_when_that_is_asked_for() {
    let (runtime, place) = (runtime(), folder("rotated"));
    let token = place.join("token");
    std::fs::write(&token, "old").unwrap();
    let (url, came) = server(&runtime, |_, _, _| 200);
    let url = format!("{url}${{file:{}}}", token.display());
    let text = named("one", &url, "");
    let rig = Rig::start(&text, &place, runtime.handle()).unwrap();
    std::fs::write(&token, "new").unwrap();
    let send = |n: usize| {
        let name = format!("s{n}");
        rig.alerts.send(&event(&name, "black", "error"));
        wait(&name, || count(&came, &name, "begin") == 1);
        lock(&came).last().unwrap().0.clone()
    };
    assert_eq!(rig.apply(&text, &[], false), (0, 0, 0));
    assert_eq!(send(1), "/old");
    assert_eq!(rig.apply(&text, &[], true), (0, 0, 0));
    assert_eq!(send(2), "/new");
    rig.close();
}
