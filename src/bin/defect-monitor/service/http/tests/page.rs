// SPDX-License-Identifier: MPL-2.0
//! The page in a browser.

use std::time::{Duration, Instant};

use serde_json::json;

use super::super::super::board::State;
use super::super::super::outcome::Outcome;
use super::super::super::parts::PartHealth;
use super::browser::Browser;
use super::made::{board, event, id};
use super::rig::{Alive, Rig, serve};

/// The text of an element if it is to be seen. `innerText` alone tells that of hidden ones too.
pub fn seen(selector: &str) -> String {
    format!("(e => e.checkVisibility() ? e.innerText : '')(document.querySelector('{selector}'))")
}

/// The ids of the streams that are shown, in their order.
pub const SHOWN: &str =
    "[...document.querySelectorAll('.card')].filter(c => !c.hidden).map(c => c.dataset.id)";

/// Opens the page and waits for so many streams, which are alive as long as what it gives.
pub fn open(browser: &Browser, rig: &Rig, streams: usize) -> Alive {
    let alive = Alive::new(&rig.board, streams);
    browser.go(&format!("http://{}/", rig.address()));
    browser.until("document.querySelectorAll('.card').length", |n| {
        *n == streams
    });
    alive
}

fn text_of(browser: &Browser, id: &str) -> String {
    let text = browser.run(&format!(
        "return document.querySelector('[data-id=\"{id}\"]').innerText"
    ));
    text.as_str().unwrap().to_owned()
}

/// Chooses in a select.
pub fn choose(browser: &Browser, select: &str, value: &str) {
    browser.run(&format!(
        "const s = document.querySelector('#{select}'); s.value = '{value}'; s.dispatchEvent(new Event('change'))"
    ));
}

#[test]
fn streams_defects_and_what_is_lost_are_on_the_page() {
    let Some(browser) = Browser::open(1280, 900) else {
        return;
    };
    let rig = serve(board(6));
    let _alive = open(&browser, &rig, 6);
    browser.until(
        "document.querySelector('#live-text').textContent.startsWith('live')",
        |v| *v == true,
    );
    // By name. Worst first is a choice: black and silence, then the lost one, then the warning.
    let by_name = [
        "film-1",
        "kids-1",
        "music-1",
        "news-1",
        "regional-1",
        "sport-1",
    ];
    assert_eq!(browser.run(&format!("return {SHOWN}")), json!(by_name));
    choose(&browser, "order", "worst");
    let shown = browser.until(SHOWN, |v| v[0] == id(1));
    assert_eq!((&shown[1], &shown[2]), (&id(3).into(), &id(4).into()));
    // A card that is drawn again has no text for a moment.
    browser.until(
        &format!(
            "document.querySelector('[data-id=\"{}\"]').innerText",
            id(1)
        ),
        |v| {
            let text = v.as_str().unwrap_or_default();
            text.contains("Black picture") && text.contains("Silence")
        },
    );
    // It began 75 s before it was made.
    let lasts = format!(
        "document.querySelector('[data-id=\"{}\"] time').textContent",
        id(1)
    );
    let lasts = browser.run(&format!("return {lasts}"));
    let (minutes, seconds) = lasts.as_str().unwrap().split_once(':').unwrap();
    let lasts = minutes.parse::<u64>().unwrap() * 60 + seconds.parse::<u64>().unwrap();
    assert!((74..600).contains(&lasts), "{lasts} s");
    assert!(text_of(&browser, &id(3)).contains("no data for 5 s"));
    assert!(text_of(&browser, &id(0)).contains("LUFS"));
    assert_eq!(browser.run("return document.title"), "(3) defect-monitor");
    // The picture arrives, and the time line isn't empty.
    let picture = format!(
        "document.querySelector('[data-id=\"{}\"] img').naturalWidth",
        id(0)
    );
    browser.until(&picture, |w| *w == 320);
    let drawn = "(() => { const c = document.querySelector('canvas.day');
        return c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some(v => v > 150) })()";
    browser.until(drawn, |v| *v == true);

    // It follows what happens.
    rig.board
        .set_state(&id(0), State::Waiting, Some("gone fishing".to_owned()));
    browser.until(
        "document.querySelector('main').innerText.includes('gone fishing')",
        |v| *v == true,
    );
    assert_eq!(browser.said(), "", "the console is empty");
    rig.board.forget(&id(5));
    browser.until("document.querySelectorAll('.card').length", |n| *n == 5);
    rig.parts.report(
        "results",
        PartHealth::Degraded("the store is away".to_owned()),
    );
    browser.until(&seen("#parts"), |v| {
        v.as_str()
            .unwrap()
            .contains("The monitor itself: 1 trouble")
    });
    browser.click("#parts summary");
    let why = browser.run(&format!("return {}", seen("#parts")));
    assert!(why.as_str().unwrap().contains("the store is away"), "{why}");
}

#[test]
fn filters_details_and_keys_work() {
    let Some(browser) = Browser::open(1280, 900) else {
        return;
    };
    let rig = serve(board(42));
    let _alive = open(&browser, &rig, 42);
    let search = |words: &str| {
        browser.run(&format!(
            "const s = document.querySelector('#search'); s.value = '{words}'; s.dispatchEvent(new Event('input'))"
        ));
        let shown = browser.run(&format!("return {SHOWN}"));
        shown.as_array().unwrap().len()
    };
    assert_eq!(search("news"), 6);
    assert_eq!(search("site=graz black"), 1);
    assert_eq!(search("waiting"), 1);
    assert_eq!(search("nothing like that"), 0);
    assert_eq!(
        browser.run(&format!("return {}", seen("#none"))),
        "No stream fits the filter."
    );
    search("");
    browser.click("[data-show=broken]");
    let shown = browser.run(&format!("return {SHOWN}"));
    assert_eq!(shown, json!([id(41), id(12), id(1)]));
    assert_eq!(browser.run("return location.hash"), "#show=broken");
    // Each stream is in one of them.
    let counts = ["broken", "lost", "warned", "fine", "all"].map(|group| {
        let count = browser.run(&format!(
            "return Number(document.querySelector('#count-{group}').textContent)"
        ));
        count.as_u64().unwrap()
    });
    assert_eq!(counts, [3, 2, 2, 35, 42]);
    browser.click("[data-show=all]");

    browser.click(&format!("[data-id='{}'] .name", id(1)));
    browser.until(
        "document.querySelector('#detail').innerText.includes('Usual cause')",
        |v| *v == true,
    );
    browser.run("document.querySelector('dialog canvas.day').focus()");
    // The next minute may have begun since the defects were made.
    let minutes = ["End", "ArrowLeft"].map(|key| {
        browser.run(&format!(
            "document.querySelector('dialog canvas.day').dispatchEvent(new KeyboardEvent('keydown', {{ key: '{key}' }}))"
        ));
        browser.run("return document.querySelector('.minute').textContent")
    });
    let is_bad = |minute: &serde_json::Value| minute.as_str().unwrap().contains("(error)");
    assert!(minutes.iter().any(is_bad), "{minutes:?}");
    browser.click("#detail .close");
    // It opens again, for another stream.
    let name = format!("document.querySelector(\"[data-id='{}'] .name\")", id(12));
    browser.run(&format!("{name}.click()"));
    browser.until(&seen("#detail"), |v| v.as_str().unwrap().contains(&id(12)));
    browser.click("#detail .close");
    browser.run(
        "document.body.dispatchEvent(new KeyboardEvent('keydown', { key: '/', bubbles: true }))",
    );
    assert_eq!(browser.run("return document.activeElement.id"), "search");
    assert_eq!(browser.said(), "", "the console is empty");
}

/// Tests the sound of the alarm, which is off, until the browser gives it: its process for sound may take a while to start.
fn test_sound(browser: &Browser, last: &str) {
    let said = || {
        let said = browser.run(&format!("return {last}"));
        said.as_str().unwrap().to_owned()
    };
    let is_tested = || {
        browser.click("#alarm-test");
        // The page waits for the sound for half a second.
        (0..10).any(|_| {
            std::thread::sleep(Duration::from_millis(100));
            said().starts_with("tested")
        })
    };
    assert!((0..60).any(|_| is_tested()), "{}", said());
    assert!(said().contains("off"), "{}", said());
}

#[test]
fn the_alarm_rings_for_what_is_new_and_a_dead_server_is_not_quiet() {
    let Some(browser) = Browser::open(1280, 900) else {
        return;
    };
    let mut rig = serve(board(6));
    let _alive = open(&browser, &rig, 6);
    let last = "document.querySelector('#alarm-last').textContent";
    test_sound(&browser, last);
    browser.click("#alarm");
    browser.until("document.querySelector('#alarm').dataset.state", |v| {
        v == "on"
    });
    // Over before it is seen, and alarming all the same.
    let lasted = Duration::from_millis(40);
    for state in ["begin", "end"] {
        let click = event(&id(0), "click", "warning", state, 0, lasted);
        rig.board.note(&Outcome::Defect(click.into()));
    }
    browser.until(last, |v| {
        v.as_str().unwrap().starts_with("rang") && v.as_str().unwrap().contains("news-1: Clicks")
    });
    // Information isn't worth it, unless it is asked for.
    let hum = event(&id(2), "hum", "info", "begin", 1, lasted);
    rig.board.note(&Outcome::Defect(hum.into()));
    browser.until(
        "document.querySelector('main').innerText.includes('Hum')",
        |v| *v == true,
    );
    assert!(
        browser
            .run(&format!("return {last}"))
            .as_str()
            .unwrap()
            .contains("Clicks")
    );

    rig.server.close();
    browser.until(&seen("#gone"), |v| {
        v.as_str().unwrap().contains("No answer from the monitor")
    });
    assert_eq!(
        browser.run("return document.body.classList.contains('old')"),
        true
    );
    browser.until(last, |v| {
        v.as_str().unwrap().contains("rang") && v.as_str().unwrap().contains("no answer")
    });
    assert!(
        browser
            .run("return document.title")
            .as_str()
            .unwrap()
            .contains("no answer")
    );
}

#[test]
fn it_fits_a_phone() {
    let Some(browser) = Browser::open(360, 740) else {
        return;
    };
    let rig = serve(board(60));
    let _alive = open(&browser, &rig, 60);
    browser.until(
        "document.querySelector('#live-text').textContent.startsWith('live')",
        |v| *v == true,
    );
    let wider = "[...document.querySelectorAll('.bar, .problem, .problem *, .card, .card *, footer *')]
        .filter(e => e.getBoundingClientRect().right > innerWidth + 0.5).map(e => e.outerHTML.slice(0, 80))";
    // What is broken comes first, then a list.
    assert_eq!(
        browser.run("return document.querySelector('main').dataset.layout"),
        "list"
    );
    let above = "const [a, b] = ['#problems', 'main'].map(s => document.querySelector(s).getBoundingClientRect());
        return a.bottom <= b.top && a.top < innerHeight / 2";
    assert_eq!(browser.run(above), true);
    browser.click("#view summary");
    for layout in ["tiles", "list"] {
        browser.click(&format!("[data-layout={layout}]"));
        let width = browser.run("return [innerWidth, document.documentElement.scrollWidth]");
        assert_eq!(
            (&width[0], &width[1]),
            (&360.into(), &360.into()),
            "{layout}"
        );
        let wider = browser.run(&format!("return {wider}"));
        assert_eq!(wider.as_array().unwrap().len(), 0, "{layout}: {wider}");
    }
    browser.click(".card .name");
    browser.until(
        "document.querySelector('#detail').innerText.includes('Everything that is measured')",
        |v| *v == true,
    );
    let width = browser
        .run("const d = document.querySelector('#detail'); return d.scrollWidth - d.clientWidth");
    assert_eq!(width, 0);
}

#[test]
fn five_hundred_streams_are_there_at_once_and_stay_quick() {
    let Some(browser) = Browser::open(1280, 900) else {
        return;
    };
    let rig = serve(board(500));
    // Programs of other tests may take the processors for a while.
    let mut tries = (0..3).map(|_| {
        let start = Instant::now();
        let alive = open(&browser, &rig, 500);
        (start.elapsed(), alive)
    });
    let quick = tries.find(|(took, _)| *took < Duration::from_secs(10));
    let (took, _alive) = quick.expect("it takes 10 s and more each time");
    assert_eq!(
        browser.run("return document.querySelector('main').dataset.layout"),
        "list"
    );
    // Seconds of all streams, and how long the page is busy with it.
    browser.run(
        "window.tasks = [0, 0]; new PerformanceObserver(l => l.getEntries().forEach(e => window.tasks.push(e.duration)))
            .observe({ type: 'longtask' })",
    );
    std::thread::sleep(Duration::from_secs(4));
    browser.click("[data-layout=tiles]");
    browser.until(
        "document.querySelector('.card .picture').clientHeight > 50",
        |v| *v == true,
    );
    // What is slow is so each time; the longest may have waited for other programs.
    let busy = browser.run("return window.tasks.sort((a, b) => b - a)[1]");
    let busy = busy.as_f64().unwrap();
    eprintln!("there after {took:?}; busy for {busy} ms more than once");
    // Far above what it takes alone.
    assert!(busy < 5000.0, "{busy} ms");
}
