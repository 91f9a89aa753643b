// SPDX-License-Identifier: MPL-2.0
//! What operators do on the page: find what is broken, take it, mute it, look back, and put streams where they want them.

use jiff::Timestamp;
use serde_json::json;

use super::super::super::alerts::operations::Acknowledgement;
use super::super::super::outcome::Outcome;
use super::browser::Browser;
use super::made::{board, event, id};
use super::page::{SHOWN, choose, open, seen};
use super::rig::{TOKEN, serve};

/// Writes into a field of the dialog that is open.
fn fill(browser: &Browser, name: &str, text: &str) {
    browser.run(&format!(
        "document.querySelector('#ask [name={name}]').value = '{text}'"
    ));
}

fn contains(text: &'static str) -> impl Fn(&serde_json::Value) -> bool {
    move |value| value.as_str().unwrap().contains(text)
}

#[test]
fn what_is_broken_is_there_with_its_picture_and_somebody_takes_it() {
    let Some(browser) = Browser::open(1440, 900) else {
        return;
    };
    let rig = serve(board(6));
    rig.remember();
    let _alive = open(&browser, &rig, 6);
    // Three that nobody has, the worst first.
    browser.until(
        &seen("#problems h2"),
        contains("3 streams have trouble, nobody has 3"),
    );
    let entry = format!("[data-problem={}]", id(1));
    let text = browser.until(&seen(&entry), contains("Black picture"));
    let text = text.as_str().unwrap();
    for part in ["Silence", "since ", "Nobody has it."] {
        assert!(text.contains(part), "no {part} in {text}");
    }
    let shown = "[...document.querySelectorAll('.problem')].map(p => p.dataset.problem)";
    let shown = browser.run(&format!("return {shown}"));
    assert_eq!(shown[0], id(1));
    // The picture of the defect, not that of now.
    let picture = format!("document.querySelector('{entry} img')");
    browser.until(&format!("{picture}.src"), contains("/pictures/worst.jpg"));
    browser.until(&format!("{picture}.naturalWidth"), |w| *w == 320);

    browser.click(&format!("{entry} .main"));
    fill(&browser, "who", "Anna");
    fill(&browser, "word", "called Graz");
    fill(&browser, "token", "wrong");
    browser.click("#ask [type=submit]");
    browser.until(&seen("#ask .trouble"), contains("none of the tokens"));
    fill(&browser, "token", TOKEN);
    browser.click("#ask [type=submit]");
    browser.until(&seen(&entry), contains("Anna has it since"));
    browser.until(&seen("#problems h2"), contains("nobody has 2"));
    for open in &rig.board.sheet(&id(1)).unwrap().open {
        let by = rig.operations.acknowledgement(&open.episode);
        let is_hers = |by: Acknowledgement| by.who == "Anna" && by.word == "called Graz";
        assert!(by.is_some_and(is_hers), "{}", open.episode);
    }
    let card = format!("[data-id={}]", id(1));
    browser.until(&seen(&card), contains("Anna has it"));
}

#[test]
fn a_stream_or_a_kind_is_muted_for_an_hour_and_the_mute_can_be_ended() {
    let Some(browser) = Browser::open(1440, 900) else {
        return;
    };
    let rig = serve(board(6));
    let _alive = open(&browser, &rig, 6);
    let entry = format!("[data-problem={}]", id(4));
    browser.until(&seen(&entry), contains("Loudness off target"));
    browser.click(&format!("{entry} .care button:last-child"));
    fill(&browser, "who", "Ben");
    fill(&browser, "token", TOKEN);
    browser.click("#ask [type=submit]");
    browser.until(&seen(&entry), contains("muted by Ben until"));
    let mutes = rig.operations.mutes();
    assert_eq!(mutes.len(), 1);
    assert_eq!(
        (mutes[0].stream.as_deref(), mutes[0].kind.as_deref()),
        (Some(&*id(4)), Some("loudness"))
    );
    let minutes = mutes[0].until.duration_since(Timestamp::now());
    assert!((59..=60).contains(&minutes.as_mins()), "{minutes:?}");
    browser.click("#mutes-open");
    browser.until(&seen("#mutes"), contains("Loudness off target of music-1"));
    browser.click("#mutes li button");
    browser.until(&seen("#mutes"), contains("Nothing is muted"));
    assert!(rig.operations.mutes().is_empty());
}

#[test]
fn the_history_has_days_pictures_and_who_had_it() {
    let Some(browser) = Browser::open(1440, 900) else {
        return;
    };
    let rig = serve(board(6));
    rig.remember();
    let lasted = std::time::Duration::from_secs(70);
    let old = event(&id(5), "slate", "warning", "end", 2 * 86_400, lasted);
    rig.tell(Outcome::Defect(old.into()));
    rig.state.flush().unwrap();
    let _alive = open(&browser, &rig, 6);
    browser.click("#history-open");
    let table = seen("#history table");
    let there = format!("document.querySelector('#history table') ? {table} : ''");
    browser.until(&there, contains("Black picture"));
    assert!(!contains("Slate")(&browser.run(&format!("return {table}"))));
    let picture = "document.querySelector('#history td img')?.naturalWidth";
    browser.until(picture, |w| *w == 320);
    browser.click("#history td .shot");
    browser.until(&seen("#picture"), contains("Black picture"));
    browser.click("#picture .close");
    // The day before yesterday.
    browser.click("#history [aria-label='The day before']");
    browser.click("#history [aria-label='The day before']");
    browser.until(&there, contains("Slate"));
    assert_eq!(browser.said(), "", "the console is empty");
}

#[test]
fn streams_stay_where_they_are_in_groups_and_by_hand() {
    let Some(browser) = Browser::open(1440, 900) else {
        return;
    };
    let rig = serve(board(6));
    let _alive = open(&browser, &rig, 6);
    let by_name = browser.run(&format!("return {SHOWN}"));
    let lasted = std::time::Duration::from_secs(2);
    let black = event(&id(5), "black", "critical", "begin", 2, lasted);
    rig.tell(Outcome::Defect(black.into()));
    browser.until(&seen("main"), contains("Black picture"));
    let level = format!(
        "document.querySelector('[data-id={}]').dataset.level",
        id(5)
    );
    browser.until(&level, |v| v == "critical");
    assert_eq!(browser.run(&format!("return {SHOWN}")), by_name);

    choose(&browser, "group", "site");
    let heads = "[...document.querySelectorAll('main h2')].map(h => h.firstChild.textContent)";
    let heads = browser.run(&format!("return {heads}"));
    assert_eq!(
        heads,
        json!(["site: graz ", "site: linz ", "site: vienna "])
    );
    choose(&browser, "group", "");

    choose(&browser, "order", "hand");
    let press = "document.querySelector('[data-id=film-1] .name')
        .dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight', altKey: true, bubbles: true }))";
    browser.run(press);
    browser.run(press);
    let moved = json!([
        "kids-1",
        "music-1",
        "film-1",
        "news-1",
        "regional-1",
        "sport-1"
    ]);
    assert_eq!(browser.run(&format!("return {SHOWN}")), moved);
    // This browser remembers it.
    browser.run("location.reload()");
    browser.until(SHOWN, |shown| *shown == moved);
}

#[test]
fn the_alarm_rings_until_somebody_has_it() {
    let Some(browser) = Browser::open(1440, 900) else {
        return;
    };
    let rig = serve(board(6));
    let _alive = open(&browser, &rig, 6);
    browser.run("document.querySelector('#alarm-every').append(new Option('1 s', '1'))");
    choose(&browser, "alarm-every", "1");
    browser.click("#alarm");
    let last = "document.querySelector('#alarm-last').textContent";
    browser.until(last, contains("still sport-1: "));
    let first = browser.run(&format!("return {last}"));
    browser.until(last, |now| *now != first);
    let mut open = Vec::new();
    rig.board
        .each(|sheet| open.extend(sheet.open.iter().cloned()));
    for event in open {
        let by = Acknowledgement {
            who: "Anna".to_owned(),
            word: String::new(),
            time: Timestamp::now(),
            stream: event.source.stream.to_string(),
            kind: event.defect.kind.clone(),
        };
        rig.operations.acknowledge(&event.episode, by).unwrap();
    }
    browser.until(&seen("#problems h2"), contains("nobody has 1"));
    let quiet = browser.run(&format!("return {last}"));
    std::thread::sleep(std::time::Duration::from_secs(5));
    assert_eq!(browser.run(&format!("return {last}")), quiet);
}

/// Names of elements, kinds and tracks are for programs.
#[test]
fn the_page_speaks_in_words_for_people() {
    let Some(browser) = Browser::open(1440, 900) else {
        return;
    };
    let rig = serve(board(6));
    rig.remember();
    let _alive = open(&browser, &rig, 6);
    browser.until(&seen("#problems"), contains("Black picture"));
    browser.click(&format!("[data-id={}] .name", id(1)));
    browser.until(&seen("#detail"), contains("Usual cause"));
    browser.run("document.querySelector('.measured').open = true");
    browser.until(
        &seen("#detail .measured"),
        contains("loudness of the last 400 ms"),
    );
    let text = browser.run("return document.body.innerText");
    for inner in [
        "detect ",
        "detect\n",
        "video-0",
        "audio-0",
        "not-analysed",
        "rms-0",
    ] {
        assert!(
            !text.as_str().unwrap().contains(inner),
            "{inner:?} in {text}"
        );
    }
}
