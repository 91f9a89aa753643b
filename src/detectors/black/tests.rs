// SPDX-License-Identifier: MPL-2.0
use super::*;

mod clock;

use crate::detector::{Finding, State, testing::watch};
use crate::media::{
    MS,
    picture::{Transfer, VideoFormat, canvas::*},
};

const SCENE: [u8; 3] = [120, 110, 140];
const LOGO: [u8; 3] = [225, 128, 128];

fn dark() -> Canvas {
    Canvas::new(640, 360, DARK)
}

/// One look at a picture with the default settings.
fn seen(canvas: &Canvas) -> Observation {
    seen_as(
        canvas,
        &i420(canvas.width, canvas.height),
        &BlackSettings::default(),
    )
}

fn seen_as(canvas: &Canvas, format: &VideoFormat, settings: &BlackSettings) -> Observation {
    let grid = canvas.grid_as(format);
    Black::new(format).judge(
        Span::new(0, 40 * MS),
        &DarkCells::of(&grid, settings),
        &grid,
        settings,
    )
}

fn verdict(canvas: &Canvas) -> Option<String> {
    let seen = seen(canvas);
    (seen.evidence == Evidence::Present).then(|| seen.detail.unwrap_or_default().into_owned())
}

/// The findings about pictures at 25 per second.
fn run(pictures: impl IntoIterator<Item = Canvas>) -> Vec<Finding> {
    watch::<Black>(BlackSettings::default(), pictures)
}

#[test]
fn a_filler_is_uniform_and_a_night_scene_is_a_picture() {
    assert_eq!(verdict(&dark()).as_deref(), Some("uniform"));
    assert_eq!(
        verdict(&Canvas::new(640, 360, [0, 128, 128])).as_deref(),
        Some("uniform"),
        "blacker than black"
    );
    let mut noise = noise(1);
    let mut grainy = dark();
    grainy.luma(|_, _, y| y + noise() % 5);
    assert_eq!(
        verdict(&grainy).as_deref(),
        Some("uniform"),
        "noise has no shape"
    );
    let mut scene = dark();
    scene.luma(|x, y, _| 16 + ((x / 40 + y / 40) % 2 * 12) as u8);
    assert_eq!(verdict(&scene).as_deref(), Some("picture"));
}

#[test]
fn bright_coloured_and_sparse_pictures_are_not_black() {
    assert_eq!(verdict(&Canvas::new(640, 360, SCENE)), None);
    assert_eq!(
        verdict(&Canvas::new(640, 360, [30, 220, 118])),
        None,
        "saturated dark blue"
    );
    let mut credits = dark();
    for line in 0..6 {
        credits.fill(200 + line * 9, 60 + line * 40, 180, 6, [200, 128, 128]);
    }
    assert_eq!(verdict(&credits), None, "credits");
    let mut stars = dark();
    stars.luma(|x, y, v| if (x * 7 + y * 13) % 997 == 0 { 200 } else { v });
    assert_eq!(verdict(&stars), None, "stars");
}

#[test]
fn bars_do_not_make_a_dim_scene_black() {
    // 1.7 % of the whole picture stand out, but 3.4 % of what is between the bars.
    let mut scene = dark();
    scene.fill(0, 90, 640, 180, [24, 128, 128]).luma(|x, y, v| {
        if (96..104).contains(&y) && x < 480 {
            50
        } else {
            v.max(if (90..270).contains(&y) { 26 } else { 16 })
        }
    });
    assert_eq!(verdict(&scene), None);
}

#[test]
fn a_logo_in_a_corner_is_allowed_and_located() {
    let mut picture = dark();
    picture.fill(560, 24, 56, 40, LOGO);
    let seen = seen(&picture);
    assert_eq!(
        (seen.evidence, seen.detail.as_deref()),
        (Evidence::Present, Some("with-logo"))
    );
    let area = seen.area.expect("a place");
    assert_eq!((area.x, area.y, area.width, area.height), (560, 24, 56, 40));
    let mut large = dark();
    large.fill(480, 24, 136, 80, LOGO);
    assert_eq!(verdict(&large), None, "4.7 % of the picture");
    let mut title = dark();
    title.fill(290, 160, 56, 40, LOGO);
    assert_eq!(verdict(&title), None, "in the middle: a title");
    let without = BlackSettings {
        logo: 0.0,
        ..Default::default()
    };
    let mut small = dark();
    small.fill(560, 24, 16, 16, LOGO);
    assert_eq!(
        seen_as(&small, &i420(640, 360), &without).evidence,
        Evidence::Absent,
        "logo=0"
    );
}

#[test]
fn a_logo_that_wanders_is_none() {
    let mut detector = Black::new(&i420(640, 360));
    let settings = BlackSettings::default();
    let mut at = |x| {
        let mut picture = dark();
        picture.fill(x, 24, 40, 40, LOGO);
        let grid = picture.grid();
        detector
            .judge(
                Span::new(0, 40 * MS),
                &DarkCells::of(&grid, &settings),
                &grid,
                &settings,
            )
            .evidence
    };
    assert_eq!(at(520), Evidence::Present);
    assert_eq!(at(528), Evidence::Present, "a glimmer");
    assert_eq!(at(568), Evidence::Absent);
}

#[test]
fn each_transfer_curve_and_range_has_its_own_black() {
    let settings = BlackSettings::default();
    let with = |transfer, range| VideoFormat {
        transfer,
        range,
        ..i420(640, 360)
    };
    let grey = |y| Canvas::new(640, 360, [y, 128, 128]);
    let present =
        |y, f: &VideoFormat| seen_as(&grey(y), f, &settings).evidence == Evidence::Present;
    use crate::media::picture::Range;
    // The limit is 0.1 of 219 codes in SDR, 0.108 in PQ, 0.066 in HLG.
    for (transfer, last) in [(Transfer::Sdr, 37), (Transfer::Pq, 39), (Transfer::Hlg, 30)] {
        let format = with(transfer, Range::Limited);
        assert!(
            present(last, &format) && !present(last + 2, &format),
            "{transfer:?}"
        );
    }
    let full = with(Transfer::Sdr, Range::Full);
    assert!(present(25, &full) && !present(27, &full));
}

#[test]
fn only_the_region_counts() {
    let mut picture = dark();
    picture.fill(0, 180, 640, 180, SCENE);
    assert_eq!(verdict(&picture), None);
    let upper = BlackSettings {
        region: Region {
            height: 0.5,
            ..Region::ALL
        },
        ..Default::default()
    };
    assert_eq!(
        seen_as(&picture, &i420(640, 360), &upper).evidence,
        Evidence::Present
    );
}

#[test]
fn it_raises_while_the_picture_is_black_and_ends_when_it_is_back() {
    let bright = || Canvas::new(640, 360, SCENE);
    let pictures = (0..140).map(|i| {
        if (20..120).contains(&i) && i != 90 {
            dark()
        } else {
            bright()
        }
    });
    let findings = run(pictures);
    let brief: Vec<_> = findings
        .iter()
        .map(|f| (f.state, f.at / MS, f.duration / MS))
        .collect();
    // One bright picture is no end.
    let expected = [
        (State::Begin, 800, 2000),
        (State::End(crate::detector::Reason::Cleared), 800, 4000),
    ];
    assert_eq!(brief, expected);
}

#[test]
fn lines_of_data_and_noise_of_tapes_do_not_hide_black() {
    for (lines, columns) in [
        (0..1, 0..640),
        (352..360, 0..640),
        (0..360, 0..3),
        (0..360, 634..640),
    ] {
        let mut noise = noise(9);
        let mut picture = dark();
        picture.luma(|x, y, v| {
            if lines.contains(&y) && columns.contains(&x) {
                noise()
            } else {
                v
            }
        });
        assert_eq!(
            verdict(&picture).as_deref(),
            Some("uniform"),
            "{lines:?} {columns:?}"
        );
    }
    let mut second = dark();
    second.fill(0, 0, 640, 24, SCENE);
    assert_eq!(verdict(&second), None, "three rows of cells are picture");
}

#[test]
fn a_large_light_that_moves_slowly_in_a_corner_is_no_logo() {
    let found = run((0..150).map(|i: usize| {
        let mut picture = Canvas::new(1920, 1080, DARK);
        picture.fill(150 + i * 6 / 5, 150, 240, 240, LOGO);
        picture
    }));
    assert!(found.is_empty(), "{found:?}");
}
