// SPDX-License-Identifier: MPL-2.0
//! Reports about files: the page, the same as JSON, and by the EBU QC model.

use serde_json::Value;

use super::*;

fn json(path: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The data that stands in a page.
fn data(page: &str) -> Value {
    let (_, rest) = page
        .split_once(r#"<script type="application/json" id="data">"#)
        .unwrap();
    let (data, _) = rest.split_once("</script>").unwrap();
    serde_json::from_str(data).unwrap()
}

#[test]
fn a_film_with_black_in_it() {
    let folder = Folder::new("report");
    let film = folder.film("a film <b>&\".mkv", "matroskamux", JPEG);
    let [page, data_file, xml] = ["a.html", "a.json", "a.xml"].map(|name| folder.file(name));
    let ran = monitor(&[
        "report",
        &film,
        "--detectors=black,silence,loudness,hum",
        "--set=black.threshold=0.2",
        "-o",
        &page,
        "--json",
        &data_file,
        "--ebu-qc",
        &xml,
    ]);
    assert_eq!(ran.status, 0, "{}", ran.err);
    assert!(ran.out.contains("1 error"), "{}", ran.out);

    let report = json(&data_file);
    let file = &report["files"][0];
    assert_eq!(file["verdict"], "defects");
    let defect = &file["defects"][0];
    assert_eq!(
        (&defect["kind"], &defect["state"]),
        (&"black".into(), &"end".into())
    );
    assert_eq!(
        (defect["start"].as_f64(), defect["end"].as_f64()),
        (Some(1.0), Some(5.0))
    );
    assert!(report["kinds"]["black"]["cause"].as_str().unwrap().len() > 20);
    let changed = report["settings"].as_array().unwrap().iter();
    let changed: Vec<_> = changed.filter(|s| s["is-changed"] == true).collect();
    assert_eq!(changed.len(), 1);
    assert_eq!(
        (&changed[0]["property"], &changed[0]["value"]),
        (&"threshold".into(), &"0.2".into())
    );
    let titles: Vec<_> = file["strips"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| s["title"].as_str().unwrap())
        .collect();
    for wanted in ["Luma", "Loudness", "True peak", "Level of each channel"] {
        assert!(titles.iter().any(|t| t.starts_with(wanted)), "{titles:?}");
    }
    let luma = file["strips"]
        .as_array()
        .unwrap()
        .iter()
        .find(|s| s["title"].as_str().unwrap().starts_with("Luma"));
    let mean = luma.unwrap()["lines"][1]["values"].as_array().unwrap();
    assert!(
        mean[0].as_f64().unwrap() > 0.2 && mean[mean.len() / 2].as_f64().unwrap() < 0.1,
        "{mean:?}"
    );
    assert!(file["thumbnails"].as_array().unwrap().len() >= 10);
    for picture in [&defect["start-picture"], &file["thumbnails"][0]] {
        let start = picture["image"].as_str().unwrap();
        assert!(
            start.starts_with("data:image/jpeg;base64,/9j/"),
            "{}",
            &start[..40]
        );
        assert_eq!(picture["frame"], serde_json::json!([320, 240]));
    }
    assert!((defect["start-picture"]["time"].as_f64().unwrap() - 1.0).abs() < 0.5);

    let page = std::fs::read_to_string(&page).unwrap();
    assert_eq!(data(&page), report);
    for load in ["src=\"http", "href=\"http", "@import", "url(http"] {
        assert!(!page.contains(load), "the page loads {load}");
    }
    let xml = std::fs::read_to_string(&xml).unwrap();
    for part in [
        "<CheckResult>false</CheckResult>",
        "<EBUQCID>0272B</EBUQCID><EBUQCName>black</EBUQCName>",
        "<Start>0:00:01.000</Start><End>0:00:05.000</End>",
        "<Input><Name>threshold</Name><Value>0.2</Value></Input>",
        "a.html#defect-0-0</VerificationMedia><Confidence>",
    ] {
        assert!(xml.contains(part), "no {part} in {xml}");
    }
}

/// Defects, pictures and luma of a transport stream count from the first picture, not from the zero of its clock.
#[test]
fn times_of_a_transport_stream_count_from_its_first_picture() {
    let folder = Folder::new("report-clock");
    let mpeg = (
        "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=25 ! h264parse",
        "avenc_mp2 ! mpegaudioparse",
    );
    let film = folder.film("film.ts", "mpegtsmux", mpeg);
    let [page, data_file] = ["a.html", "a.json"].map(|name| folder.file(name));
    let ran = monitor(&[
        "report",
        &film,
        "--detectors=black,silence",
        "-o",
        &page,
        "--json",
        &data_file,
    ]);
    assert_eq!(ran.status, 0, "{}", ran.err);
    let file = &json(&data_file)["files"][0];
    let mut defects = file["defects"].as_array().unwrap().iter();
    let black = defects.find(|d| d["kind"] == "black").unwrap();
    let at = |time: &Value, seconds: f64| {
        let time = time.as_f64().unwrap();
        assert!((time - seconds).abs() < 0.5, "{time} isn't {seconds}");
    };
    at(&black["start"], 1.0);
    at(&black["start-picture"]["time"], 1.0);
    at(&file["thumbnails"][0]["time"], 0.0);
    let strips = file["strips"].as_array().unwrap().iter();
    for strip in strips {
        at(&strip["times"][0], 0.0);
    }
}

#[test]
fn sound_has_its_waveform_and_spectrum() {
    let folder = Folder::new("report-sound");
    let tone = folder.file("tone.wav");
    play(
        "audiotestsrc num-buffers=470 freq=1000 volume=0.5 ! audio/x-raw,rate=48000,channels=2,format=S16LE ! wavenc ! filesink name=file",
        &tone,
    );
    let data_file = folder.file("tone.json");
    let ran = monitor(&[
        "report",
        &tone,
        "--detectors=tone",
        "--fail-on-defect",
        "--json",
        &data_file,
    ]);
    assert_eq!(ran.status, 1, "{}", ran.err);
    let report = json(&data_file);
    let sound = &report["files"][0]["defects"][0]["sound"];
    let high = sound["waves"][0]["high"].as_array().unwrap();
    assert!(
        high.iter()
            .any(|h| (h.as_f64().unwrap() - 0.5).abs() < 0.01),
        "{high:?}"
    );
    let levels = sound["levels"].as_array().unwrap();
    let loudest = (0..levels.len()).max_by(|a, b| {
        levels[*a]
            .as_f64()
            .unwrap()
            .total_cmp(&levels[*b].as_f64().unwrap())
    });
    let frequency = sound["frequencies"][loudest.unwrap()].as_f64().unwrap();
    assert!((frequency - 1000.0).abs() < 60.0, "{frequency}");
}

#[test]
fn several_files_keep_their_order_and_a_missing_one_is_named() {
    let folder = Folder::new("report-several");
    let media = folder.file("media");
    std::fs::create_dir_all(&media).unwrap();
    folder.film("media/b.mkv", "matroskamux", JPEG);
    folder.film("media/a.mkv", "matroskamux", JPEG);
    folder.write("media/notes.txt", b"not media");
    let (gone, data_file) = (folder.file("gone.mkv"), folder.file("all.json"));
    let ran = monitor(&[
        "report",
        &gone,
        &media,
        "--detectors=black",
        "--json",
        &data_file,
    ]);
    assert_eq!(ran.status, 2, "{}", ran.out);
    assert!(ran.err.contains("gone.mkv"), "{}", ran.err);
    let report = json(&data_file);
    let files = report["files"].as_array().unwrap();
    let found: Vec<_> = files
        .iter()
        .map(|f| (f["name"].as_str().unwrap(), f["verdict"].as_str().unwrap()))
        .collect();
    for (name, end) in found.iter().zip(["gone.mkv", "a.mkv", "b.mkv"]) {
        assert!(name.0.ends_with(end), "{found:?}");
    }
    assert_eq!(
        [found[0].1, found[1].1, found[2].1],
        ["failed", "defects", "defects"]
    );
}

#[test]
fn a_place_that_cannot_be_written_is_named_before_anything_is_played() {
    let ran = monitor(&["report", "any.mkv", "-o", "/nowhere/at/all/a.html"]);
    assert_eq!(ran.status, 2);
    assert!(
        ran.err.contains("/nowhere/at/all/a.html can't be written"),
        "{}",
        ran.err
    );
}

/// In a browser, if there is one: the scripts of the page build it without an error.
#[test]
fn the_page_is_built_in_a_browser() {
    let Ok(version) = Command::new("chromium").arg("--version").output() else {
        eprintln!("left out: there is no chromium");
        return;
    };
    assert!(version.status.success());
    let folder = Folder::new("report-browser");
    let film = folder.film("film.mkv", "matroskamux", JPEG);
    let page = folder.file("film.html");
    let ran = monitor(&["report", &film, "--detectors=black,loudness", "-o", &page]);
    assert_eq!(ran.status, 0, "{}", ran.err);
    let profile = format!("--user-data-dir={}", folder.file("profile"));
    let output = Command::new("chromium")
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--enable-logging=stderr",
            "--virtual-time-budget=3000",
            &profile,
            "--dump-dom",
        ])
        .arg(format!("file://{page}"))
        .output()
        .unwrap();
    let (dom, log) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(dom.contains("✗ 1 defect: 1 error"), "{log}");
    assert!(
        dom.contains("id=\"defect-0-0\"") && dom.contains("u-legend"),
        "{log}"
    );
    assert!(!log.contains("CONSOLE"), "{log}");
}

#[test]
fn a_watch_can_write_a_report_as_well_and_prints_the_same() {
    let folder = Folder::new("report-watch");
    let film = folder.film("film.mkv", "matroskamux", JPEG);
    let page = folder.file("film.html");
    let plain = monitor(&["--json", "--detectors=black", &film]);
    let both = monitor(&["--json", "--detectors=black", "--report", &page, &film]);
    assert_eq!(both.status, 0, "{}", both.err);
    assert_eq!(plain.out, both.out);
    let report = data(&std::fs::read_to_string(&page).unwrap());
    assert_eq!(report["files"][0]["defects"][0]["kind"], "black");
    assert_eq!(report["files"][0]["verdict"], "defects");
}
