// SPDX-License-Identifier: MPL-2.0
use super::*;

/// A unit from a time in ms, that long in ms; 0: it has no duration.
fn unit(clock: &mut StreamClock, at: u64, length: u64) -> (Continuation, Span) {
    let span = Span::new(at * MS, (at + length) * MS);
    let step = clock.classify(span);
    (step, clock.advance(span, step))
}

fn pictures() -> StreamClock {
    StreamClock::new(Continuity::Spaced, None)
}

fn sound() -> StreamClock {
    StreamClock::new(Continuity::Contiguous, None)
}

#[test]
fn the_observed_spacing_is_the_length() {
    for spacing in [40, 400, 2000, 30_000] {
        let mut clock = pictures();
        assert_eq!(
            unit(&mut clock, 0, 0),
            (Continuation::Continues, Span::new(0, 0))
        );
        for n in 1..20 {
            let (step, span) = unit(&mut clock, n * spacing, 0);
            assert_eq!(
                (step, span.duration()),
                (Continuation::Continues, spacing * MS)
            );
        }
        assert_eq!(clock.position(), Some(20 * spacing * MS));
    }
}

#[test]
fn the_spacing_may_change_slowly() {
    let mut clock = pictures();
    let (mut at, mut spacing) = (0, 40);
    for _ in 0..40 {
        assert_eq!(
            unit(&mut clock, at, 0).0,
            Continuation::Continues,
            "{at} {spacing}"
        );
        at += spacing;
        spacing = (spacing * 5 / 4).min(20_000);
    }
    for _ in 0..40 {
        assert_eq!(
            unit(&mut clock, at, 0).0,
            Continuation::Continues,
            "{at} {spacing}"
        );
        at += spacing;
        spacing = (spacing * 4 / 5).max(33);
    }
}

#[test]
fn a_rate_that_is_only_declared_does_not_count() {
    // 30/1 declared, with and without durations made of it; 12 to 30 pictures a second in fact.
    for length in [0, 33] {
        let mut clock = StreamClock::new(Continuity::Spaced, Some(33 * MS));
        let mut at = 0;
        for n in 0..200u64 {
            assert_eq!(
                unit(&mut clock, at, length).0,
                Continuation::Continues,
                "{at}"
            );
            at += 33 + n * 37 % 51;
        }
    }
    // One picture in two seconds.
    for length in [0, 33] {
        let mut clock = StreamClock::new(Continuity::Spaced, Some(33 * MS));
        let steps: Vec<_> = (0..10)
            .map(|n| unit(&mut clock, n * 2000, length).0)
            .collect();
        assert!(
            steps[2..].iter().all(|s| *s == Continuation::Continues),
            "{steps:?}"
        );
    }
}

#[test]
fn missing_pictures_are_a_gap_and_a_jump_breaks_off() {
    for length in [0, 40] {
        let mut clock = pictures();
        for n in 0..10 {
            unit(&mut clock, n * 40, length);
        }
        let gap = Continuation::AfterGap(Span::new(400 * MS, 1200 * MS));
        assert_eq!(unit(&mut clock, 1200, length).0, gap);
        assert_eq!(unit(&mut clock, 1240, length).0, Continuation::Continues);
        assert_eq!(unit(&mut clock, 4000, length).0, Continuation::Breaks);
        assert_eq!(unit(&mut clock, 4040, length).0, Continuation::Continues);
        assert_eq!(unit(&mut clock, 100, length).0, Continuation::Breaks);
        assert_eq!(unit(&mut clock, 140, length).0, Continuation::Continues);
    }
}

#[test]
fn pictures_may_change_places_but_a_stream_played_backwards_breaks_off() {
    for length in [0, 40] {
        for order in [[0, 2, 1, 3, 4, 5], [0, 3, 1, 2, 4, 5], [0, 3, 2, 1, 4, 5]] {
            let mut clock = pictures();
            for n in 0..10 {
                unit(&mut clock, n * 40, length);
            }
            for n in order {
                let at = 400 + n * 40;
                assert_eq!(
                    unit(&mut clock, at, length).0,
                    Continuation::Continues,
                    "{order:?} {n}"
                );
            }
        }
        let mut clock = pictures();
        let back: Vec<_> = (0..100)
            .rev()
            .map(|n| unit(&mut clock, n * 40, length).0)
            .collect();
        let parts: Vec<_> = back.split(|step| *step == Continuation::Breaks).collect();
        assert!(parts.iter().all(|part| part.len() <= 3), "{back:?}");
    }
}

#[test]
fn sound_that_goes_back_a_little_again_and_again_breaks_off() {
    let mut clock = sound();
    for n in 0..10 {
        assert_eq!(unit(&mut clock, n * 10, 10).0, Continuation::Continues);
    }
    let back: Vec<_> = (0..9)
        .rev()
        .map(|n| unit(&mut clock, n * 10, 10).0)
        .collect();
    assert!(back.contains(&Continuation::Breaks), "{back:?}");
}

#[test]
fn a_missing_picture_does_not_become_the_spacing() {
    let mut clock = pictures();
    for n in (0..10).chain(11..20) {
        assert_eq!(
            unit(&mut clock, n * 2000, 0).0,
            Continuation::Continues,
            "{n}"
        );
    }
    assert_eq!(unit(&mut clock, 100_000, 0).0, Continuation::Breaks);
}

#[test]
fn sound_has_no_time_between_its_blocks() {
    let mut clock = sound();
    for n in 0..10 {
        assert_eq!(unit(&mut clock, n * 10, 10).0, Continuation::Continues);
    }
    let gap = Continuation::AfterGap(Span::new(100 * MS, 160 * MS));
    assert_eq!(unit(&mut clock, 160, 10).0, gap);
    let overlap = Continuation::AfterGap(Span::new(150 * MS, 150 * MS));
    assert_eq!(unit(&mut clock, 150, 10).0, overlap);
    assert_eq!(unit(&mut clock, 1500, 10).0, Continuation::Breaks);
    assert_eq!(unit(&mut clock, 1400, 10).0, Continuation::Breaks);
}

#[test]
fn a_gap_of_any_length_is_no_spacing() {
    let mut clock = pictures();
    for n in 0..10 {
        unit(&mut clock, n * 40, 0);
    }
    let gap = Span::new(400 * MS, 10_000 * MS);
    let step = clock.classify(gap);
    clock.pass(gap, step);
    assert_eq!(unit(&mut clock, 10_000, 0).0, Continuation::Continues);
    assert_eq!(clock.position(), Some(10_040 * MS));
}

#[test]
fn a_unit_of_several_streams_may_take_no_time() {
    let mut clock = StreamClock::new(Continuity::Merged, None);
    unit(&mut clock, 0, 40);
    assert_eq!(
        unit(&mut clock, 40, 0),
        (Continuation::Continues, Span::new(40 * MS, 40 * MS))
    );
}

#[test]
fn nothing_wraps_in_years() {
    let start = 3 * 365 * 86_400_000;
    let mut clock = pictures();
    for n in 0..10 {
        assert_eq!(
            unit(&mut clock, start + n * 40, 40).0,
            Continuation::Continues
        );
    }
    for start in [u64::MAX - 1, u64::MAX, 0] {
        let span = Span::new(start, u64::MAX);
        let step = clock.classify(span);
        let covered = clock.advance(span, step);
        assert!(covered.end <= crate::media::LATEST);
    }
}
