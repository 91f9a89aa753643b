// SPDX-License-Identifier: MPL-2.0
use super::*;
use crate::detector::{State, testing::watch};
use crate::media::{
    MS,
    picture::canvas::{Canvas, DARK, i420, noise},
};

/// 75 % bars by BT.709: white, yellow, cyan, green, magenta, red, blue.
const BARS_75: [[u8; 3]; 7] = [
    [180, 128, 128],
    [168, 44, 136],
    [145, 147, 44],
    [133, 63, 52],
    [63, 193, 204],
    [51, 109, 212],
    [28, 212, 120],
];

/// 75 % bars by BT.601.
const BARS_601: [[u8; 3]; 7] = [
    [180, 128, 128],
    [162, 44, 142],
    [131, 156, 44],
    [112, 72, 58],
    [84, 184, 198],
    [65, 100, 212],
    [35, 212, 114],
];

fn painted(width: usize, bars: &[[u8; 3]], left: usize, right: usize, depth: usize) -> Canvas {
    let mut canvas = Canvas::new(width, 360, DARK);
    let span = right - left;
    for (i, colour) in bars.iter().enumerate() {
        let (from, to) = (
            left + i * span / bars.len(),
            left + (i + 1) * span / bars.len(),
        );
        canvas.fill(from, 0, to - from, depth, *colour);
    }
    canvas
}

fn bars_in(canvas: &Canvas) -> Option<&'static str> {
    let grid = canvas.grid();
    bars::find_bars(
        &grid,
        &Cells::all(&grid),
        &Colours::new(&i420(canvas.width, canvas.height)),
    )
    .map(|b| b.name)
}

fn solid_in(canvas: &Canvas) -> Option<(&'static str, f64)> {
    let grid = canvas.grid();
    let solid = solid::find_solid(
        &grid,
        &Cells::all(&grid),
        &Colours::new(&i420(canvas.width, canvas.height)),
    )?;
    (!solid.is_black()).then(|| (solid.name(), solid.share))
}

#[test]
fn bars_of_all_sorts() {
    assert_eq!(bars_in(&painted(640, &BARS_75, 0, 640, 240)), Some("smpte"));
    assert_eq!(
        bars_in(&painted(640, &BARS_601, 0, 640, 240)),
        Some("smpte"),
        "the wrong matrix"
    );
    let mut ebu = BARS_75.to_vec();
    ebu.push(DARK);
    assert_eq!(bars_in(&painted(640, &ebu, 0, 640, 360)), Some("ebu-75"));
    let mut hd = painted(640, &BARS_75, 80, 560, 210);
    hd.fill(0, 0, 80, 210, [104, 128, 128])
        .fill(560, 0, 80, 210, [104, 128, 128]);
    assert_eq!(bars_in(&hd), Some("smpte-hd"));
    assert_eq!(
        bars_in(&painted(640, &BARS_75, 80, 560, 240)),
        Some("smpte"),
        "4:3 in a 16:9 picture"
    );
}

#[test]
fn bars_with_noise_and_a_counter_over_them() {
    let mut canvas = painted(640, &BARS_75, 0, 640, 240);
    let mut noise = noise(3);
    canvas.each(|_, _, _, v| v.saturating_add(noise() % 13).saturating_sub(6));
    canvas.fill(230, 96, 180, 48, DARK);
    assert_eq!(bars_in(&canvas), Some("smpte"));
}

#[test]
fn bars_on_a_monitor_in_shot_are_none() {
    let mut shot = painted(640, &BARS_75, 180, 460, 200);
    let mut noise = noise(5);
    shot.luma(|x, _, y| if (180..460).contains(&x) { y } else { noise() });
    assert_eq!(bars_in(&shot), None, "small");
    let mut wide = painted(640, &BARS_75, 100, 540, 200);
    wide.luma(|x, _, y| if (100..540).contains(&x) { y } else { noise() });
    assert_eq!(bars_in(&wide), None, "with something beside them");
    let reversed: Vec<_> = BARS_75.into_iter().rev().collect();
    assert_eq!(
        bars_in(&painted(640, &reversed, 0, 640, 240)),
        None,
        "another order"
    );
}

#[test]
fn colours_have_names() {
    for (codes, name) in [
        ([0, 0, 0], "zeroed-buffer"),
        ([20, 20, 20], "zeroed-buffer"),
        ([32, 240, 118], "receiver-blue"),
        ([235, 128, 128], "white"),
        ([126, 128, 128], "grey"),
        ([63, 102, 240], "red"),
        ([173, 42, 26], "green"),
        ([188, 154, 16], "cyan"),
        ([219, 16, 138], "yellow"),
        ([78, 214, 230], "magenta"),
    ] {
        assert_eq!(
            solid_in(&Canvas::new(320, 180, codes)),
            Some((name, 1.0)),
            "{codes:?}"
        );
    }
    assert_eq!(
        solid_in(&Canvas::new(320, 180, DARK)),
        None,
        "black is another detector's"
    );
}

#[test]
fn a_colour_must_fill_the_picture() {
    let mut canvas = Canvas::new(640, 360, [126, 90, 160]);
    canvas.fill(0, 0, 640, 72, [200, 128, 128]);
    let (_, share) = solid_in(&canvas).expect("a colour");
    assert!((share - 0.8).abs() < 0.01, "{share}");
    let mut gradient = Canvas::new(640, 360, [126, 90, 160]);
    gradient.luma(|x, _, _| 90 + (x / 8) as u8);
    let (_, share) = solid_in(&gradient).expect("a colour");
    assert!(share < 0.2, "{share}");
}

fn slate_card() -> Canvas {
    let mut card = Canvas::new(640, 360, [60, 150, 110]);
    card.fill(80, 60, 480, 80, [200, 128, 128])
        .fill(160, 200, 320, 60, [120, 90, 180]);
    card
}

/// Writes a picture as a PNG, as a user would have it.
fn save(canvas: &Canvas, name: &str) -> std::path::PathBuf {
    let grid = canvas.grid();
    let colours = Colours::new(&i420(canvas.width, canvas.height));
    let image = image::RgbImage::from_fn(canvas.width as u32, canvas.height as u32, |x, y| {
        let rgb = colours.of_cell(&grid, y as usize / 8 * grid.columns() + x as usize / 8);
        image::Rgb(rgb.map(|c| (c * 255.0).round().clamp(0.0, 255.0) as u8))
    });
    let path = std::env::temp_dir().join(format!("{name}-{}.png", std::process::id()));
    image.save(&path).expect("a writable folder");
    path
}

/// The slate seen in a picture, once the files are read.
fn slate_in(files: &str, canvas: &Canvas) -> (Option<String>, Vec<String>) {
    let mut warnings = Vec::new();
    let mut slates = Slates::default();
    for _ in 0..6000 {
        slates.want(files, &mut |w| warnings.push(w));
        if !slates.is_empty() || !warnings.is_empty() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let grid = canvas.grid();
    let mut thumbnail = pictures::blank();
    pictures::reduce(
        &grid,
        &Cells::all(&grid),
        &Colours::new(&i420(canvas.width, canvas.height)),
        &mut thumbnail,
    );
    let found = slates.best(&thumbnail).filter(|(_, share)| *share >= 0.85);
    (found.map(|(slate, _)| slate.name.clone()), warnings)
}

#[test]
fn a_slate_is_known_again_with_a_clock_on_it() {
    let path = save(&slate_card(), "slate-card");
    let file = path.to_string_lossy().into_owned();
    let name = path.file_stem().map(|n| n.to_string_lossy().into_owned());
    assert_eq!(slate_in(&file, &slate_card()).0, name);
    let mut clock = slate_card();
    clock.fill(480, 300, 120, 40, [235, 128, 128]);
    assert_eq!(slate_in(&file, &clock).0, name, "with a clock");
    let mut other = slate_card();
    other
        .fill(80, 60, 240, 80, [60, 150, 110])
        .fill(0, 150, 640, 60, [200, 128, 128]);
    assert_eq!(slate_in(&file, &other).0, None, "another card");
    std::fs::remove_file(path).expect("it was written");
}

#[test]
fn a_slate_that_cannot_be_read_is_named() {
    let (found, warnings) = slate_in("/nonexistent/card.png", &slate_card());
    assert_eq!(found, None);
    assert!(
        warnings[0].contains("/nonexistent/card.png"),
        "{warnings:?}"
    );
}

/// Details of what begins in five seconds of these pictures.
fn run(picture: impl Fn(usize) -> Canvas) -> Vec<String> {
    begun(picture)
        .into_iter()
        .map(|(detail, _)| detail)
        .collect()
}

/// The same, and in which picture.
fn begun(picture: impl Fn(usize) -> Canvas) -> Vec<(String, usize)> {
    let found = watch::<Slate>(SlateSettings::default(), (0..125).map(picture)).into_iter();
    found
        .filter(|f| f.state == State::Begin)
        .map(|f| {
            let detail = f.observation.detail.map(|d| d.to_string());
            (detail.unwrap_or_default(), (f.at / (40 * MS)) as usize)
        })
        .collect()
}

#[test]
fn a_colour_with_text_or_motion_on_it_is_a_programme() {
    let ground = |colour: [u8; 3]| Canvas::new(640, 360, colour);
    let (white, blue, green) = ([235, 128, 128], [32, 240, 118], [112, 72, 58]);
    let none: Vec<String> = Vec::new();
    let letters = |canvas: &mut Canvas, x: usize, y: usize, count: usize| {
        for letter in 0..count {
            canvas.fill(x + 14 * letter, y, 8, 14, [16, 128, 128]);
        }
    };
    let presentation = |_| {
        let mut canvas = ground(white);
        (0..3).for_each(|line| letters(&mut canvas, 60, 60 + 80 * line, 20));
        canvas
    };
    assert_eq!(run(presentation), none, "a presentation");
    let countdown = |n: usize| {
        let mut canvas = ground([126, 128, 128]);
        canvas.fill(290, 140, 30 + n / 25 * 6, 70, [16, 128, 128]);
        canvas
    };
    assert_eq!(run(countdown), none, "a countdown");
    let title = |_| {
        let mut canvas = ground(blue);
        letters(&mut canvas, 200, 170, 16);
        canvas
    };
    assert_eq!(run(title), none, "a title card");
    let ticker = |n: usize| {
        let mut canvas = ground(white);
        (0..30).for_each(|i| letters(&mut canvas, (i * 40 + 600 - 3 * n) % 600, 330, 1));
        canvas
    };
    assert_eq!(run(ticker), none, "a ticker");
    let arrives = |n: usize| {
        let mut canvas = ground([40, 140, 120]);
        let first = 660usize.saturating_sub(3 * n);
        for letter in 0..12 {
            let x = first + 16 * letter;
            canvas.fill(x.min(640), 335, 8, 14, [235, 128, 128]);
        }
        canvas
    };
    assert_eq!(run(arrives), none, "a ticker that comes in at the corner");
    let small = |n: usize| {
        let (mut canvas, mut noise) = (ground(green), noise(n as u32 + 1));
        canvas.luma(|x, y, v| {
            if (240..400).contains(&x) && (130..220).contains(&y) {
                noise()
            } else {
                v
            }
        });
        canvas
    };
    assert_eq!(run(small), none, "a small picture on green");
}

#[test]
fn a_colour_alone_with_noise_a_logo_or_a_line_of_data_is_reported() {
    let ground = || Canvas::new(640, 360, [32, 240, 118]);
    assert_eq!(run(|_| ground()), ["receiver-blue"]);
    let noisy = |n: usize| {
        let (mut canvas, mut noise) = (ground(), noise(n as u32 + 3));
        canvas.luma(|_, _, v| v + noise() % 7);
        canvas
    };
    assert_eq!(run(noisy), ["receiver-blue"], "noise");
    let logo = |_| {
        let mut canvas = ground();
        canvas.fill(560, 24, 40, 30, [230, 128, 128]);
        canvas
    };
    assert_eq!(run(logo), ["receiver-blue"], "a logo");
    let data = |n: usize| {
        let (mut canvas, mut noise) = (ground(), noise(n as u32 + 3));
        canvas.luma(|_, y, v| if (2..352).contains(&y) { v } else { noise() });
        canvas
    };
    assert_eq!(
        run(data),
        ["receiver-blue"],
        "a line of data and noise of a tape"
    );
}

/// The logo is the same all the time, and known from the first time on.
#[test]
fn a_colour_begins_when_it_comes_not_when_its_logo_did() {
    let picture = |n: usize, other: [u8; 3]| {
        let colour = if n < 60 { [32, 240, 118] } else { other };
        let mut canvas = Canvas::new(640, 360, colour);
        if (50..60).contains(&n) {
            let mut noise = noise(n as u32);
            canvas.luma(|_, _, _| noise());
        }
        canvas.fill(560, 24, 40, 30, [230, 128, 128]);
        canvas
    };
    let again = begun(|n| picture(n, [32, 240, 118]));
    let first = ("receiver-blue".to_string(), 0);
    assert_eq!(again, [first.clone(), ("receiver-blue".to_string(), 60)]);
    let another = begun(|n| picture(n, [63, 102, 240]));
    assert_eq!(another, [first, ("red".to_string(), 60)]);
}

#[test]
fn slates_are_read_once_whatever_the_stream_does() {
    let path = save(&slate_card(), "slate-kept");
    let mut slate = Slate::new(&i420(640, 360));
    for _ in 0..6000 {
        slate.slates.want(&path.to_string_lossy(), &mut |_| {});
        if !slate.slates.is_empty() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    slate.reset(&i420(640, 360));
    assert!(!slate.slates.is_empty());
    std::fs::remove_file(path).expect("it was written");
}
