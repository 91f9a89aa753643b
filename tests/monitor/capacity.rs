// SPDX-License-Identifier: MPL-2.0
//! What a stream takes of the machine.

use super::*;

#[test]
fn capacity_is_measured_and_told() {
    let folder = Folder::new("capacity");
    let film = folder.film("film.mkv", "matroskamux", JPEG);
    let ran = monitor(&[
        "capacity",
        "--json",
        "--duration",
        "3",
        "--detectors",
        "black, silence",
        &film,
    ]);
    assert_eq!(ran.status, 0, "{}", ran.err);
    let report: serde_json::Value = serde_json::from_str(&ran.out).expect(&ran.out);
    let programme = &report["programmes"][0];
    assert_eq!(programme["programme"], "film.mkv");
    let cpu = &programme["cpu-ms-per-second"];
    for figure in [
        &cpu["all"],
        &cpu["without-detectors"],
        &cpu["detectors-alone"]["video"]["blackdetect"],
        &cpu["detectors-alone"]["audio"]["silencedetect"],
    ] {
        let [low, median, high] =
            ["low", "median", "high"].map(|key| figure[key].as_f64().unwrap());
        assert!(0.0 < low && low <= median && median <= high, "{report}");
    }
    let audio = cpu["detectors-alone"]["audio"].as_object().unwrap();
    assert_eq!(audio.len(), 1);
    let fits = &programme["fits"]["by-cpu"];
    let cores = report["machine"]["cores"].as_f64().unwrap();
    let all = cpu["all"]["median"].as_f64().unwrap();
    assert_eq!(fits.as_u64(), Some((cores * 0.8 * 1000.0 / all) as u64));

    let ran = monitor(&["capacity", "--detectors", "blak", &film]);
    assert_eq!(ran.status, 2);
    assert!(ran.err.contains("blackdetect"), "{}", ran.err);
    let ran = monitor(&["capacity", "--headroom", "1.5", &film]);
    assert_eq!(ran.status, 2);
    let ran = monitor(&["capacity", &folder.file("none.ts")]);
    assert_eq!(ran.status, 2);
    assert!(ran.err.contains("none.ts: "), "{}", ran.err);
}

#[cfg(feature = "service")]
#[test]
fn capacity_compares_ways_to_analyse_fewer_pictures() {
    let folder = Folder::new("capacity-ways");
    let film = folder.film("film.mkv", "matroskamux", JPEG);
    let ways = ["--analyse", "all,adaptive,keyframes", "--duration", "2"];
    let ran = monitor(
        &[
            &["capacity", "--json", "--detectors", "black"],
            &ways[..],
            &[&film],
        ]
        .concat(),
    );
    assert_eq!(ran.status, 0, "{}", ran.err);
    let report: serde_json::Value = serde_json::from_str(&ran.out).expect(&ran.out);
    let programmes = report["programmes"].as_array().unwrap();
    let labels: Vec<&str> = programmes
        .iter()
        .map(|programme| programme["programme"].as_str().unwrap())
        .collect();
    let expected = ["film.mkv", "film.mkv, adaptive", "film.mkv, keyframes"];
    assert_eq!(labels, expected);
    // Each detector alone is measured once.
    let alone = |n: usize| programmes[n]["cpu-ms-per-second"]["detectors-alone"]["video"].clone();
    assert!(alone(0)["blackdetect"].is_object(), "{report}");
    assert_eq!(
        [alone(1), alone(2)],
        [serde_json::json!({}), serde_json::json!({})]
    );

    let ran = monitor(&["capacity", "--analyse", "sometimes", &film]);
    assert_eq!(ran.status, 2);
    assert!(ran.err.contains("adaptive"), "{}", ran.err);
}
