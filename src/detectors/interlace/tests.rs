// SPDX-License-Identifier: MPL-2.0
use super::*;
use crate::detector::{Report, Runner, State};
use crate::media::{
    MS,
    picture::{
        VideoFormat,
        canvas::{Canvas, cosine, i420, sine},
    },
};

const WIDTH: usize = 320;
const HEIGHT: usize = 192;

/// Luma of a scene that moves sideways, at a time in frames.
fn moving(x: usize, y: usize, time: f64) -> u8 {
    let (x, y) = (x as f64, y as f64);
    (120.0
        + 50.0 * sine((x + 5.0 * time + y / 3.0) / 11.0)
        + 30.0 * cosine((x - 3.0 * time) / 23.0 + y / 17.0)) as u8
}

/// A scene of fine lines that moves sideways: teeth in every picture.
fn blinds(x: usize, y: usize, time: f64) -> u8 {
    let inside = (x + (4.0 * time) as usize) % 200 < 140;
    if inside {
        60 + 120 * (y % 2) as u8
    } else {
        100
    }
}

/// A picture whose even lines are of one time and whose odd ones are of another.
fn woven(scene: fn(usize, usize, f64) -> u8, even: f64, odd: f64) -> Canvas {
    let mut canvas = Canvas::new(WIDTH, HEIGHT, [0, 128, 128]);
    canvas.luma(|x, y, _| scene(x, y, if y % 2 == 0 { even } else { odd }));
    canvas
}

/// Kinds and details of what begins in these pictures.
fn run(
    fields: Fields,
    pictures: impl Iterator<Item = Canvas>,
) -> Vec<(&'static str, Option<String>)> {
    run_at(i420(WIDTH, HEIGHT), fields, pictures)
}

fn run_at(
    format: VideoFormat,
    fields: Fields,
    pictures: impl Iterator<Item = Canvas>,
) -> Vec<(&'static str, Option<String>)> {
    let mut runner =
        Runner::<Interlace>::new(format, Interlace::COMMON, InterlaceSettings::default());
    for (i, canvas) in (0u64..).zip(pictures) {
        let grid = canvas.grid_as(&format);
        runner.push(
            Span::new(i * 40 * MS, (i + 1) * 40 * MS),
            Picture {
                fields,
                ..Picture::progressive(&grid)
            },
        );
    }
    let reports = runner.take_reports().into_iter();
    reports
        .filter_map(|r| match r {
            Report::Defect(f) if f.state == State::Begin => Some((
                INFO.kinds[f.kind].name,
                f.observation.detail.map(|d| d.into_owned()),
            )),
            _ => None,
        })
        .collect()
}

const TOP_FIRST: Fields = Fields {
    interlaced: true,
    top_first: true,
    single: None,
};
const BOTTOM_FIRST: Fields = Fields {
    top_first: false,
    ..TOP_FIRST
};

#[test]
fn progressive_pictures_are_fine_with_and_without_motion() {
    let fields = Fields::default();
    assert_eq!(
        run(fields, (0..100).map(|i| woven(moving, i.into(), i.into()))),
        []
    );
    assert_eq!(
        run(fields, (0..100).map(|_| woven(moving, 1.0, 0.0))),
        [],
        "no motion: not decidable"
    );
}

#[test]
fn moving_lines_are_texture() {
    let grid = woven(blinds, 0.0, 0.0).grid();
    assert!(
        Teeth::of(&grid, None, &Cells::all(&grid)).combed_share() > 0.1,
        "there are teeth"
    );
    assert_eq!(
        run(
            Fields::default(),
            (0..100).map(|i| woven(blinds, i.into(), i.into()))
        ),
        []
    );
}

#[test]
fn woven_fields_in_progressive_pictures_are_combing() {
    for lag in [0.5, -0.5, 1.0] {
        let pictures = (0..100).map(|i| woven(moving, f64::from(i), f64::from(i) - lag));
        assert_eq!(
            run(Fields::default(), pictures),
            [("combing", None)],
            "{lag}"
        );
    }
}

/// A still room in which something of 2 % of the picture moves to and fro: a hand, a small animal. Its fields are `lag` frames apart while
/// `moves`.
fn hand(n: usize, lag: f64, moves: bool) -> Canvas {
    const SIZE: (usize, usize) = (64, 72);
    let at = |time: f64| {
        if moves {
            200.0 + 60.0 * (time / 5.0).sin()
        } else {
            200.0
        }
    };
    let time = n as f64;
    let mut canvas = Canvas::new(640, 360, [0, 128, 128]);
    canvas.luma(|x, y, _| {
        let left = at(if y % 2 == 0 { time } else { time + lag });
        let inside = (x as f64 - left, y.wrapping_sub(150));
        if (0.0..SIZE.0 as f64).contains(&inside.0) && inside.1 < SIZE.1 {
            (150.0 + 60.0 * sine((inside.0 + inside.1 as f64 / 2.0) / 5.0)) as u8
        } else {
            (90.0 + 20.0 * sine(x as f64 / 40.0) + 10.0 * cosine(y as f64 / 30.0)) as u8
        }
    });
    canvas
}

#[test]
fn a_hand_with_teeth_for_half_a_second_is_combing() {
    for lag in [0.5, -0.5, 1.0] {
        let pictures = (0..60).map(|n| hand(n, lag, (20..35).contains(&n)));
        let found = run_at(i420(640, 360), Fields::default(), pictures);
        assert_eq!(found, [("combing", None)], "{lag}");
    }
    let progressive = (0..60).map(|n| hand(n, 0.0, true));
    let found = run_at(i420(640, 360), Fields::default(), progressive);
    assert_eq!(found, []);
}

/// A soft ground that pans, with a sharp thing on 2 % of it.
fn ground(n: usize, lag: f64) -> Canvas {
    let mut canvas = Canvas::new(640, 360, [0, 128, 128]);
    canvas.luma(|x, y, _| {
        let time = n as f64 + if y % 2 == 0 { 0.0 } else { lag };
        let x = x as f64 + 5.0 * time;
        let soft = 110.0 + 40.0 * sine((x + y as f64) / 16.0);
        let is_sharp = (500.0..564.0).contains(&x) && (150..214).contains(&y);
        let sharp = || 60.0 * sine((x + y as f64 / 2.0) / 5.0);
        (if is_sharp { soft + sharp() } else { soft }) as u8
    });
    canvas
}

#[test]
fn teeth_on_little_of_what_moves_are_combing() {
    let found = |lag| {
        let pictures = (0..60).map(move |n| ground(n, if n >= 20 { lag } else { 0.0 }));
        run_at(i420(640, 360), Fields::default(), pictures)
    };
    for lag in [0.5, -0.5, 1.0] {
        assert_eq!(found(lag), [("combing", None)], "{lag}");
    }
    assert_eq!(found(0.0), []);
}

#[test]
fn a_ribbed_roof_that_passes_is_not_combed() {
    // Ribs nearly two lines apart: their pattern of aliases wanders as the camera tilts, and everything around moves, too.
    for speed in [0.3, 0.7, 1.0, 1.6] {
        for ribs in [2.1, 2.3, 2.6] {
            let pictures = (0..100).map(|n| {
                let mut canvas = Canvas::new(640, 360, [0, 128, 128]);
                canvas.luma(|x, y, _| {
                    let line = y as f64 + speed * f64::from(n);
                    let roof = (300..520).contains(&x) && ((line as usize) % 200) < 70;
                    let shade = 110.0
                        + 30.0 * sine((line + x as f64 / 3.0) / 13.0)
                        + 30.0 * cosine((x as f64 - line / 2.0) / 17.0);
                    let rib =
                        || 40.0 * sine((line + x as f64 / 6.0) * std::f64::consts::TAU / ribs);
                    (if roof { shade + rib() } else { shade }) as u8
                });
                canvas
            });
            let found = run_at(i420(640, 360), Fields::default(), pictures);
            assert_eq!(found, [], "{speed} {ribs}");
        }
    }
}

/// In a mixed stream, interlaced pictures lie between two stretches of combed progressive ones: two suspicions, each with its own start.
#[test]
fn combing_doesnt_last_over_interlaced_pictures() {
    let format = i420(WIDTH, HEIGHT);
    let mut runner =
        Runner::<Interlace>::new(format, Interlace::COMMON, InterlaceSettings::default());
    for i in 0..150u64 {
        let progressive = !(5..100).contains(&i);
        let grid = woven(moving, i as f64, i as f64 + 0.5).grid_as(&format);
        let picture = Picture {
            fields: if progressive {
                Fields::default()
            } else {
                TOP_FIRST
            },
            ..Picture::progressive(&grid)
        };
        runner.push(Span::new(i * 40 * MS, (i + 1) * 40 * MS), picture);
    }
    let begun: Vec<_> = runner
        .take_reports()
        .into_iter()
        .filter_map(Report::finding)
        .filter(|f| f.state == State::Begin && INFO.kinds[f.kind].name == "combing")
        .map(|f| f.at)
        .collect();
    assert_eq!(begun, [4000 * MS]);
}

#[test]
fn the_order_of_fields_is_told() {
    let top = || (0..150).map(|i| woven(moving, f64::from(i), f64::from(i) + 0.5));
    let bottom = || (0..150).map(|i| woven(moving, f64::from(i) + 0.5, f64::from(i)));
    let still = || (0..150).map(|i| woven(moving, f64::from(i), f64::from(i)));
    assert_eq!(run(TOP_FIRST, top()), []);
    assert_eq!(run(BOTTOM_FIRST, bottom()), []);
    assert_eq!(run(TOP_FIRST, still()), [], "progressive, segmented frames");
    let found = |kind: &str| vec![("field-order", Some(kind.to_owned()))];
    assert_eq!(run(TOP_FIRST, bottom()), found("bottom-first"));
    assert_eq!(run(BOTTOM_FIRST, top()), found("top-first"));
}

#[test]
fn fields_in_buffers_of_their_own() {
    let format = VideoFormat {
        height: HEIGHT / 2,
        ..i420(WIDTH, HEIGHT / 2)
    };
    let run = |times: [f64; 2]| {
        let mut runner =
            Runner::<Interlace>::new(format, Interlace::COMMON, InterlaceSettings::default());
        for i in 0..300u64 {
            let (bottom, frame) = ((i % 2) as usize, (i / 2) as f64);
            let mut canvas = Canvas::new(WIDTH, HEIGHT / 2, [0, 128, 128]);
            canvas.luma(|x, y, _| moving(x, 2 * y + bottom, frame + times[bottom]));
            let grid = canvas.grid_as(&format);
            let field = if bottom == 0 {
                Field::Top
            } else {
                Field::Bottom
            };
            let fields = Fields {
                single: Some(field),
                ..TOP_FIRST
            };
            runner.push(
                Span::new(i * 20 * MS, (i + 1) * 20 * MS),
                Picture {
                    fields,
                    ..Picture::progressive(&grid)
                },
            );
        }
        runner.take_reports().len()
    };
    assert_eq!(run([0.0, 0.5]), 0, "top, then bottom, as they come");
    assert_eq!(run([0.5, 0.0]), 1, "the later field comes first");
}
