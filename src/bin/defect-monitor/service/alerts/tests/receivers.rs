// SPDX-License-Identifier: MPL-2.0
//! Receivers that fail, refuse, are slow, or were away for long.

use super::super::queue::Queue;
use super::*;

#[test]
fn a_webhook_gets_every_event_however_often_it_fails() {
    let runtime = runtime();
    let (url, came) = server(&runtime, |_, _, before| {
        [500, 503, 429].get(before).copied().unwrap_or(200)
    });
    let rig = Rig::start(&webhook(&url), &folder("fails"), runtime.handle()).unwrap();
    for stream in ["a", "b", "c"] {
        rig.alerts.send(&event(stream, "black", "error"));
    }
    wait("all three", || lock(&came).len() >= 6);
    wait("counted", || {
        rig.number("defect_alerts_sent", "alerts: webhook") == 3.0
    });
    assert_eq!(rig.number("defect_alerts_failures", "alerts: webhook"), 3.0);
    let keys: Vec<String> = lock(&came).iter().map(|(_, key, _)| key.clone()).collect();
    assert!(keys[0].ends_with("/begin\""), "{keys:?}");
    for stream in ["a", "b", "c"] {
        assert!(count(&came, stream, "begin") >= 1);
    }
    rig.close();
}

#[test]
fn what_is_refused_for_good_holds_up_nobody_and_can_be_sent_again() {
    let runtime = runtime();
    let is_mended = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let mended = Arc::clone(&is_mended);
    let (url, came) = server(&runtime, move |_, body, _| {
        let is_refused =
            body["stream"] == "a" && !mended.load(std::sync::atomic::Ordering::Relaxed);
        if is_refused { 400 } else { 200 }
    });
    let place = folder("refused");
    let rig = Rig::start(&webhook(&url), &place, runtime.handle()).unwrap();
    rig.alerts.send(&event("a", "black", "error"));
    rig.alerts.send(&event("b", "black", "error"));
    wait("the second", || count(&came, "b", "begin") == 1);
    assert!(count(&came, "a", "begin") <= 1);
    wait("put aside", || rig.alerts.undelivered().len() == 1);
    wait("visible", || {
        rig.degraded()
            .is_some_and(|why| why.contains("400") && why.contains("undelivered"))
    });
    let one = serde_json::to_value(rig.alerts.undelivered()).unwrap();
    assert_eq!(
        (&one[0]["receiver"], &one[0]["notice"]["stream"]),
        (&"webhook".into(), &"a".into())
    );
    assert_eq!(one[0]["why"], "the server answers 400 Bad Request");
    rig.close();
    // It outlasts the process.
    let rig = Rig::start(&webhook(&url), &place, runtime.handle()).unwrap();
    assert_eq!(rig.alerts.undelivered().len(), 1);
    is_mended.store(true, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(rig.alerts.resend(Some("other"), None), Ok(0));
    assert_eq!(rig.alerts.resend(Some("webhook"), None), Ok(1));
    wait("the first", || count(&came, "a", "begin") == 2);
    wait("well again", || rig.degraded().is_none());
    assert!(rig.alerts.undelivered().is_empty());
    rig.close();
}

#[test]
fn one_that_always_fails_and_one_that_never_answers_hold_up_no_other() {
    let runtime = runtime();
    let (url, came) = server(
        &runtime,
        |_, body, _| if body["stream"] == "poison" { 500 } else { 200 },
    );
    // It takes connections and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent_url = format!("http://{}/", silent.local_addr().unwrap());
    let text = format!(
        "[[alerts]]\n{}\n[[alerts]]\nname = \"silent\"\n{}",
        webhook(&url),
        webhook(&silent_url)
    );
    let rig = Rig::start(&text, &folder("poison"), runtime.handle()).unwrap();
    let start = Instant::now();
    rig.alerts.send(&event("poison", "black", "critical"));
    for n in 0..50 {
        rig.alerts.send(&event(&format!("s{n}"), "black", "error"));
    }
    wait("all others", || {
        rig.number("defect_alerts_sent", "alerts: webhook") == 50.0
    });
    assert!(
        start.elapsed() < Duration::from_secs(10),
        "{:?}",
        start.elapsed()
    );
    assert!(count(&came, "poison", "begin") >= 1);
    rig.kill();
}

#[test]
fn what_was_not_delivered_goes_out_at_the_next_start() {
    let (runtime, place) = (runtime(), folder("next-start"));
    let rig = Rig::start(&webhook("http://127.0.0.1:9/"), &place, runtime.handle()).unwrap();
    rig.alerts.send(&event("a", "freeze", "error"));
    wait("degraded", || rig.degraded().is_some());
    rig.kill();
    let (url, came) = server(&runtime, |_, _, _| 200);
    let rig = Rig::start(&webhook(&url), &place, runtime.handle()).unwrap();
    wait("delivered", || count(&came, "a", "begin") == 1);
    rig.close();
}

#[test]
fn tonights_alarm_doesnt_wait_behind_thousands_of_old_ones() {
    let (runtime, place) = (runtime(), folder("backlog"));
    let parts = Parts::default();
    let state = StateStore::open(&place, Duration::from_secs(86_400), &parts).unwrap();
    let queue = Queue::load("webhook", &state);
    let start = Instant::now();
    let begun = event("old", "black", "error");
    let notice = |name: String, event: &Event| Notice {
        event: Event {
            episode: name.into(),
            ..event.clone()
        },
        flapping: false,
        repeats: 0,
        acknowledged: None,
    };
    // A hundred thousand take five times as long.
    const MANY: usize = 20_000;
    (0..MANY - 1).for_each(|n| assert_eq!(queue.put(notice(format!("old.{n}"), &begun), false), 0));
    // It began and ended while the receiver was away: one notice.
    queue.put(
        notice("over".to_owned(), &episode("over", 1, "begin")),
        false,
    );
    queue.put(notice("over".to_owned(), &episode("over", 1, "end")), false);
    assert_eq!(queue.len(), MANY);
    while state.flush().is_err() {}
    eprintln!(
        "{MANY} are queued and on the disk after {:?}",
        start.elapsed()
    );
    drop(queue);
    state.close();
    drop(state);
    let came = Arc::new(Mutex::new(Vec::<String>::new()));
    let all = Arc::clone(&came);
    let (url, _) = server(&runtime, move |_, body, _| {
        lock(&all).push(body["episode"].as_str().unwrap().to_owned());
        200
    });
    let start = Instant::now();
    let rig = Rig::start(&webhook(&url), &place, runtime.handle()).unwrap();
    eprintln!("loaded after {:?}", start.elapsed());
    rig.alerts.send(&Event {
        episode: "tonight".into(),
        ..event("new", "black", "critical")
    });
    let place_of = || lock(&came).iter().position(|episode| episode == "tonight");
    wait("tonight's", || place_of().is_some());
    eprintln!(
        "tonight's came as number {:?} after {:?}",
        place_of(),
        start.elapsed()
    );
    // Those that had left before it came can't be overtaken.
    assert!(place_of().unwrap() < 2000);
    // Other programs may take the processors for a while.
    let rate = || {
        let (before, from) = (lock(&came).len(), Instant::now());
        std::thread::sleep(Duration::from_millis(500));
        (lock(&came).len() - before) as f64 / from.elapsed().as_secs_f64()
    };
    let rates: Vec<f64> = std::iter::repeat_with(rate).take(4).collect();
    eprintln!("{rates:.0?} notices a second");
    assert!(rates.iter().any(|rate| *rate > 100.0), "{rates:?}");
    rig.kill();
}

#[test]
fn what_couldnt_be_sent_in_time_is_put_aside_with_the_reason() {
    let (runtime, place) = (runtime(), folder("expired"));
    let rig = Rig::start(&webhook("http://127.0.0.1:9/"), &place, runtime.handle()).unwrap();
    let queue = Queue::load("other", &rig.state);
    let notice = Notice {
        event: event("a", "black", "error"),
        flapping: false,
        repeats: 0,
        acknowledged: None,
    };
    queue.put(notice, false);
    assert!(queue.expired(SignedDuration::from_secs(60)).is_empty());
    std::thread::sleep(Duration::from_millis(5));
    assert_eq!(queue.expired(SignedDuration::from_millis(1)).len(), 1);
    assert_eq!(queue.len(), 0);
    rig.kill();
}

#[test]
fn a_full_disk_keeps_no_alarm_from_who_is_there() {
    use crate::service::state::tests::Disk;
    let Some(disk) = Disk::mount("alerts", "2m") else {
        return;
    };
    let runtime = runtime();
    let (url, came) = server(&runtime, |_, _, before| if before == 0 { 500 } else { 200 });
    let rig = Rig::start(&webhook(&url), &disk.0.join("state"), runtime.handle()).unwrap();
    disk.fill();
    // More than a log of the database that is there already takes.
    for n in 0..2000 {
        rig.alerts.send(&event(&format!("s{n}"), "black", "error"));
    }
    wait("all", || {
        rig.number("defect_alerts_sent", "alerts: webhook") == 2000.0
    });
    assert!(lock(&came).len() > 2000);
    let is_visible = rig
        .parts
        .list()
        .into_iter()
        .any(|part| part.name == "state" && part.health != PartHealth::Fine);
    assert!(is_visible);
    disk.clear();
    wait("well again", || rig.state.flush().is_ok());
    rig.close();
}

#[test]
fn filters_are_by_kind_and_severity() {
    let runtime = runtime();
    let (url, came) = server(&runtime, |_, _, _| 200);
    let text = format!(
        "kinds = [\"black\", \"silence\"]\nseverity = \"error\"\n{}",
        webhook(&url)
    );
    let rig = Rig::start(&text, &folder("filter"), runtime.handle()).unwrap();
    rig.alerts.send(&event("a", "freeze", "critical"));
    rig.alerts.send(&event("b", "black", "warning"));
    let silence = event("c", "silence", "error");
    rig.alerts.send(&silence);
    // It got milder, and is over: who knows of it is told so.
    let mut milder = silence.clone();
    milder.defect.severity = "warning".to_owned();
    milder.defect.state = "end".to_owned();
    wait("the begin", || count(&came, "c", "begin") == 1);
    rig.alerts.send(&milder);
    wait("the end", || count(&came, "c", "end") == 1);
    rig.close();
    let told = ["begin", "end"].map(|state| ("c".to_owned(), state.to_owned()));
    assert_eq!(states(&came), told);
}

#[test]
fn a_begin_that_is_sent_again_does_not_take_the_place_of_an_end() {
    let runtime = runtime();
    let rig = Rig::start("type = \"stdout\"", &folder("sent-again"), runtime.handle()).unwrap();
    let queue = Queue::load("test", &rig.state);
    let notice = |state: &str| Notice {
        event: Event {
            defect: gstdefect::DefectMessage {
                state: state.to_owned(),
                ..event("a", "black", "error").defect
            },
            ..event("a", "black", "error")
        },
        flapping: false,
        repeats: 0,
        acknowledged: None,
    };
    for state in ["begin", "end", "begin", "ongoing"] {
        queue.put(notice(state), false);
    }
    let taken = queue.take(false).unwrap();
    assert_eq!(taken.notice.event.defect.state, "end");
    queue.put(notice("begin"), false);
    queue.done(&taken);
    assert!(queue.take(false).is_none());
}

#[test]
fn in_a_cluster_a_notice_waits_until_it_is_known_who_sends_it() {
    let runtime = runtime();
    let place = folder("answered");
    let rig = Rig::start("type = \"stdout\"", &place, runtime.handle()).unwrap();
    let mut told = rig.state.mirror_alarms().told;
    let queue = Queue::load("other", &rig.state);
    let notice = |episode: &str, state: &str| Notice {
        event: Event {
            episode: episode.into(),
            ..made::event("a", "black", "error", state, 5, Duration::from_secs(2))
        },
        flapping: false,
        repeats: 0,
        acknowledged: None,
    };
    let mut put = |episode: &str, state: &str, is_certain| {
        queue.put(notice(episode, state), is_certain);
        told.try_recv().unwrap()
    };
    let first = put("1", "begin", false);
    let second = put("2", "begin", false);
    assert!(queue.take(false).is_none());
    let answer = |mirrored: &Mirrored, is_sent_here| {
        let value = mirrored.value.as_deref().unwrap();
        queue.answer(&mirrored.key, value, is_sent_here);
    };
    answer(&first, true);
    answer(&second, false);
    let taken = queue.take(false).unwrap();
    assert_eq!(&*taken.notice.event.episode, "1");
    queue.done(&taken);
    assert_eq!((queue.len(), queue.was_alone("1")), (0, false));

    // What is announced without an answer is over without one.
    put("3", "begin", false);
    let taken = queue.take(true).unwrap();
    queue.done(&taken);
    put("3", "end", false);
    assert!(queue.take(false).is_some());
    assert!(queue.was_alone("3"));
    rig.close();
}

#[test]
fn what_was_sent_without_an_answer_ends_only_if_another_announces_it_under_another_name() {
    let runtime = runtime();
    let (url, came) = server(&runtime, |_, _, _| 200);
    let rig = Rig::start(&webhook(&url), &folder("alone"), runtime.handle()).unwrap();
    let mut told = rig.state.mirror_alarms().told;
    let [_, known, replaced] = ["moved", "known", "replaced"].map(|stream| {
        rig.alerts.send(&episode(stream, 1, "begin"));
        let mut told = std::iter::from_fn(|| told.try_recv().ok());
        let alarm = told.find(|mirrored| mirrored.section == Section::Alarms);
        wait("its begin", || count(&came, stream, "begin") == 1);
        alarm.unwrap()
    });
    let settle = |alarm: &Mirrored, is_replaced| {
        let value = alarm.value.as_deref().unwrap();
        rig.alerts.settle(&alarm.key, value, is_replaced);
    };
    // It lasts where its stream goes.
    rig.alerts.hand_over(&["moved".into()].into());
    // The engine has it under this name.
    settle(&known, false);
    settle(&known, true);
    settle(&replaced, true);
    wait("the end", || count(&came, "replaced", "end") == 1);
    let ends = |stream| count(&came, stream, "end");
    assert_eq!((ends("moved"), ends("known")), (0, 0));
    let reason = lock(&came).last().unwrap().2["reason"].clone();
    assert_eq!(reason, "announced-by-another-member");
    rig.close();
}

#[test]
fn what_the_engine_has_not_acknowledged_outlasts_the_process() {
    let runtime = runtime();
    let place = folder("unacknowledged");
    let start = || Rig::start(&webhook("http://127.0.0.1:9/"), &place, runtime.handle()).unwrap();
    let rig = start();
    let mut told = rig.state.mirror_alarms().told;
    for stream in ["sent", "waits", "known"] {
        rig.alerts.send(&episode(stream, 1, "begin"));
    }
    let all: Vec<Mirrored> = std::iter::from_fn(|| told.try_recv().ok()).collect();
    for one in &all {
        let is_sent = one.key.contains("sent") && one.section == Section::Queue;
        if is_sent || one.key.contains("known") {
            rig.state.forget(one.section, &one.key);
        }
    }
    rig.kill();

    let rig = start();
    let left = rig.state.mirror_alarms().left;
    let left: Vec<_> = left
        .iter()
        .map(|one| (one.section, one.key.as_str()))
        .collect();
    assert_eq!(
        left,
        [
            (Section::Alarms, "webhook\u{1f}sent\u{1f}black"),
            (Section::Alarms, "webhook\u{1f}waits\u{1f}black"),
            (Section::Queue, "webhook\u{1f}waits.1"),
        ]
    );
    let queue = Queue::load("webhook", &rig.state);
    assert!(queue.take(false).is_none());
    let taken = queue.take(true).unwrap();
    assert_eq!(&*taken.notice.event.episode, "waits.1");
    assert!(queue.was_alone("sent.1") && !queue.was_alone("known.1"));
    rig.kill();
}

#[test]
fn a_url_may_be_in_a_file() {
    let runtime = runtime();
    let (url, came) = server(&runtime, |_, _, _| 200);
    let place = folder("url-in-file");
    let file = place.join("url");
    std::fs::write(&file, format!("{url}T000/hunter2\n")).unwrap();
    let text = webhook(&format!("${{file:{}}}", file.display()));
    let rig = Rig::start(
        &format!("heartbeat-seconds = 1\n{text}"),
        &place.join("state"),
        runtime.handle(),
    )
    .unwrap();
    wait("one", || !lock(&came).is_empty());
    assert_eq!(lock(&came)[0].0, "/T000/hunter2");
    rig.close();
}

#[test]
fn a_heartbeat_comes_as_long_as_the_monitor_lives() {
    let runtime = runtime();
    let (url, came) = server(&runtime, |_, _, _| 200);
    let text = format!(
        "heartbeat-seconds = 1\nheartbeat-url = \"{url}alive\"\n{}",
        webhook(&url)
    );
    let rig = Rig::start(&text, &folder("heartbeat"), runtime.handle()).unwrap();
    wait("two", || lock(&came).len() >= 2);
    let (path, _, body) = lock(&came)[0].clone();
    assert_eq!(
        (path.as_str(), &body["state"], &body["member"]),
        ("/alive", &"heartbeat".into(), &"a".into())
    );
    rig.close();
}

#[test]
fn what_can_never_work_is_refused_with_what_there_is() {
    let runtime = runtime();
    for (n, (text, part)) in [
        ("type = \"stdout\"\nseverity = \"bad\"", "there are info, warning, error, critical"),
        ("type = \"stdout\"\nkinds = [\"blak\"]", "there is no \"blak\"; there are av-sync, black, "),
        ("type = \"stdout\"\nrepeat-minutes = 0", "repeat-minutes: takes a number from 1"),
        ("type = \"webhook\"\nurl = \"x\"", "url: relative URL"),
        ("type = \"webhook\"\nurl = \"ftp://x/\"", "there are https://... and http://..."),
        ("type = \"alertmanager\"\nurl = \"ftp://x/\"", "there are https://... and http://..."),
        ("type = \"webhook\"\nurl = \"${NO_SUCH_URL}\"", "url: the environment variable NO_SUCH_URL isn't set"),
        ("type = \"webhook\"\nurl = \"https://x/${file:/no/such/token}\"", "url: /no/such/token"),
        ("type = \"webhook\"\nurl = \"https://x/\"\nca-file = \"/no/ca.pem\"", "ca-file /no/ca.pem"),
        (
            "type = \"webhook\"\nurl = \"https://x/\"\nheaders = { Authorization = { env = \"NO_SUCH_VARIABLE\" } }",
            "NO_SUCH_VARIABLE",
        ),
        ("type = \"webhook\"\nurl = \"https://x/\"\nformat = \"pagerduty\"", "routing_key"),
        ("type = \"webhook\"\nurl = \"https://x/\"\nformat = \"slack\"\nheartbeat-seconds = 5", "heartbeat-url"),
        ("type = \"mqtt\"\nhost = \"x\"\nca-file = \"/no/ca.pem\"", "ca-file /no/ca.pem"),
        ("type = \"mqtt\"\nhost = \"x\"\ntopic = \"a/#\"", "patterns"),
        ("type = \"mqtt\"\nhost = \"x\"\nstatus-topic = \"a/+\"", "status-topic"),
        ("[[alerts]]\ntype = \"stdout\"\n[[alerts]]\ntype = \"stdout\"", "two of that name"),
    ]
    .into_iter()
    .enumerate()
    {
        let why = Rig::start(text, &folder(&format!("wrong-{n}")), runtime.handle()).err();
        let why = why.unwrap_or_default();
        assert!(why.starts_with("[[alerts]] ") && why.contains(part), "{text}: {why}");
    }
}
