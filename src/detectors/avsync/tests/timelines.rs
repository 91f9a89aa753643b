// SPDX-License-Identifier: MPL-2.0

use super::*;

/// Timestamps of ten seconds, moved by something that depends on the stream (0 sound, 1 picture) and its count.
fn timelines(evidence: Source, time: impl Fn(usize, u64) -> Ns) -> (Vec<Finding>, Vec<f64>) {
    let mut bench = Bench::new(evidence);
    let quiet = [0f32; 480];
    for frame in 0..250 {
        let at = time(1, frame);
        bench.stamp(1, at, 40 * MS);
        bench.picture(Side::Programme, at, |_, _| 20);
        for part in 0..4 {
            let at = time(0, frame * 4 + part);
            bench.stamp(0, at, 10 * MS);
            bench.sound(Side::Programme, at, &quiet);
        }
    }
    bench.finish()
}

fn even(which: usize, count: u64) -> Ns {
    count * if which == 0 { 10 * MS } else { 40 * MS }
}

#[test]
fn timestamps_tell_steps_starts_and_drift() {
    let alone = Source::Timestamps;
    let (findings, offsets) = timelines(alone, even);
    assert!(findings.is_empty() && last(&offsets).abs() < 0.01);

    let step = |which, count| even(which, count) + u64::from(which == 0 && count > 300) * 137 * MS;
    let (findings, offsets) = timelines(alone, step);
    assert!((last(&offsets) + 137.0).abs() < 0.01, "{offsets:?}");
    assert_eq!(findings.len(), 2);
    assert!(findings[0].at.abs_diff(3 * SECOND) < 200 * MS);
    assert!(
        timelines(Source::All, step)
            .1
            .iter()
            .all(|o| (o + 137.0).abs() < 0.01)
    );

    let begun = |which, count| even(which, count) + which as Ns * 83 * MS;
    assert!((last(&timelines(alone, begun).1) - 83.0).abs() < 0.01);
    assert!(timelines(Source::All, begun).0.is_empty());

    // 2000 ppm: 20 ms in ten seconds.
    let drift = |which, count| even(which, count) * if which == 0 { 1002 } else { 1000 } / 1000;
    let offset = last(&timelines(alone, drift).1);
    assert!((offset + 18.0).abs() < 3.0, "{offset}");
    // How long pictures last is known from their distances alone: a rate that is declared wrongly is no drift.
    let slow = |which, count| even(which, count) * if which == 1 { 1200 } else { 1000 } / 1000;
    assert!(last(&timelines(alone, slow).1).abs() < 1.0);
}

#[test]
fn what_was_lost_isnt_late() {
    let lost = |which, count| even(which, count) + u64::from(which == 1 && count > 99) * 200 * MS;
    assert!(timelines(Source::All, lost).0.is_empty());
    assert_eq!(timelines(Source::Timestamps, lost).0.len(), 2);
}

/// A ball that rolls to and fro before a wall, whose pictures are shown late or are missing from the 100th on; `moving`: how it rolls.
fn step_of_pictures(step: u64, lost: bool, moving: impl Fn(u64) -> f64) -> Vec<Finding> {
    let mut bench = Bench::new(Source::All);
    let quiet = [0f32; 480];
    for frame in 0..180 {
        let late = if frame > 99 { step * MS } else { 0 };
        let at = frame * 40 * MS + late;
        let shown = frame + if lost { late / (40 * MS) } else { 0 };
        let ball = moving(shown);
        bench.stamp(1, at, 40 * MS);
        bench.picture(Side::Programme, at, |x, y| {
            let (x, y) = (x as f64 - ball, y as f64 - 16.0);
            if x * x + y * y < 100.0 { 200 } else { 60 }
        });
        for part in 0..4 {
            let at = (frame * 4 + part) * 10 * MS;
            bench.stamp(0, at, 10 * MS);
            bench.sound(Side::Programme, at, &quiet);
        }
    }
    bench.finish().0
}

#[test]
fn a_step_over_which_pictures_go_on_is_no_loss() {
    let rolls = |n: u64| 32.0 + 20.0 * (n as f64 / 9.0).sin();
    let chance = |n: u64| (n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as f64 % 50.0;
    for step in [120, 200, 210, 400] {
        let found = step_of_pictures(step, false, rolls);
        assert_eq!(found.len(), 2, "{step} ms: {found:?}");
        assert!((found[0].observation.value - step as f64).abs() < 1.0);
    }
    for step in [80, 200, 400] {
        assert!(step_of_pictures(step, true, rolls).is_empty(), "{step} ms");
    }
    // Where nothing moves, or everything, nobody knows.
    assert!(step_of_pictures(200, true, |_| 20.0).is_empty());
    assert!(step_of_pictures(200, false, |_| 20.0).is_empty());
    assert!(step_of_pictures(200, true, chance).is_empty());
}

#[test]
fn steps_after_a_loss_are_no_fault() {
    // As decoders do with one packet of fifty lost: ahead by three, and back by one.
    let guessed = |which, count: u64| match which {
        0 => even(0, count + count / 40 * 3 - count.saturating_sub(20) / 40),
        _ => even(1, count),
    };
    assert!(timelines(Source::All, guessed).0.is_empty());
    // Back without a loss before.
    let back = |which, count| even(which, count) + u64::from(which == 0 && count < 300) * 200 * MS;
    assert_eq!(timelines(Source::All, back).0.len(), 2);
}

#[test]
fn what_both_streams_do_is_not_between_them() {
    // Sound by no whole number of buffers, the picture by 16, which may be a loss.
    let both = |which, count| match which {
        0 => even(0, count) + u64::from(count > 396) * 634 * MS,
        _ => even(1, count) + u64::from(count > 99) * 640 * MS,
    };
    let (findings, offsets) = timelines(Source::All, both);
    assert!(findings.is_empty(), "{findings:?}");
    assert!(offsets.iter().all(|o| o.abs() < 10.0), "{offsets:?}");
}

#[test]
fn a_jump_of_both_clocks_is_not_between_them() {
    // How far each steps depends on where the demuxer thinks that it is; the picture may follow a second later.
    for (sound, picture, later) in [
        (-180, 420, 0),
        (404, 420, 0),
        (404, 420, 25),
        (454, -340, 15),
    ] {
        let jump = |which, count: u64| {
            let (after, by) = match which {
                0 => (321, sound),
                _ => (80 + later, picture),
            };
            let by: i64 = if count >= after { by } else { 0 };
            even(which, count).saturating_add_signed(by * MS as i64)
        };
        let found = timelines(Source::All, jump).0;
        assert!(found.is_empty(), "{sound} {picture} {later}: {found:?}");
    }
    // Steps that have nothing to do with each other add up.
    let apart = |which, count| {
        even(which, count)
            + match which {
                0 => u64::from(count > 220) * 104 * MS,
                _ => u64::from(count > 150) * 214 * MS,
            }
    };
    assert!((last(&timelines(Source::All, apart).1) - 110.0).abs() < 0.1);
}

/// A picture that steps by 225 ms, with both streams side by side, or one of them far ahead.
#[test]
fn the_verdict_is_the_same_whoever_runs_ahead() {
    let moved = |which, count| even(which, count) + u64::from(which == 1 && count > 100) * 225 * MS;
    let verdict = |ahead: usize| {
        let mut bench = Bench::new(Source::All);
        let quiet = [0f32; 480];
        let mut feed = |which: usize, count: u64| {
            let at = moved(which, count);
            if which == 0 {
                bench.stamp(0, at, 10 * MS);
                bench.sound(Side::Programme, at, &quiet);
            } else {
                bench.stamp(1, at, 40 * MS);
                bench.picture(Side::Programme, at, |_, _| 20);
            }
        };
        let (sound, picture) = (0..1000u64, 0..250u64);
        match ahead {
            0 => {
                sound.for_each(|n| feed(0, n));
                picture.for_each(|n| feed(1, n));
            }
            1 => {
                picture.for_each(|n| feed(1, n));
                sound.for_each(|n| feed(0, n));
            }
            _ => picture.for_each(|n| {
                feed(1, n);
                (n * 4..n * 4 + 4).for_each(|n| feed(0, n));
            }),
        }
        bench.finish()
    };
    let (findings, offsets) = verdict(2);
    assert_eq!(findings.len(), 2, "{findings:?}");
    assert!((last(&offsets) - 225.0).abs() < 0.01, "{offsets:?}");
    for ahead in [0, 1] {
        assert_eq!(
            verdict(ahead),
            (findings.clone(), offsets.clone()),
            "{ahead}"
        );
    }
}

#[test]
fn pictures_of_a_varying_rate_and_late_ones_after_a_loss_are_in_step() {
    // A camera that declares 25 and gives what the light allows; one picture lost, and all later ones 3 ms later.
    let camera = |which, count: u64| match which {
        0 => even(0, count),
        _ => count * 55 * MS + count * 7919 % 9 * MS,
    };
    let lost = |which, count| even(which, count) + u64::from(which == 1 && count > 99) * 43 * MS;
    assert!(timelines(Source::All, camera).0.is_empty());
    assert!(timelines(Source::All, lost).0.is_empty());
}
