// SPDX-License-Identifier: MPL-2.0
//! Which coded pictures are decoded.

use super::*;

const PICTURE: u64 = SECOND / 25;

/// Pictures with a key frame every `distance`; pictures are shown in the order of decoding.
fn coded(n: u64, distance: u64) -> Coded {
    Coded {
        time: n * PICTURE,
        shown: n * PICTURE,
        size: if n.is_multiple_of(distance) {
            60_000
        } else {
            5_000
        },
        is_key: n.is_multiple_of(distance),
        is_damaged: false,
        is_field: false,
    }
}

fn steps(policy: &mut Policy, numbers: std::ops::Range<u64>, distance: u64) -> Vec<Step> {
    let steps = numbers.map(|n| policy.step(&coded(n, distance), false));
    steps.collect()
}

fn share(steps: &[Step]) -> f64 {
    let decoded = steps.iter().filter(|s| !matches!(s, Step::Hold));
    decoded.count() as f64 / steps.len() as f64
}

#[test]
fn quiet_streams_are_decoded_at_key_frames_and_on_patrol() {
    let mut policy = Policy::default();
    let start = steps(&mut policy, 0..250, 50);
    assert!(start.iter().all(|s| *s == Step::Decode));
    let hour = share(&steps(&mut policy, 250..90_250, 50));
    assert!((0.02..0.10).contains(&hour), "{hour}");
}

#[test]
fn a_suspicion_decodes_what_was_held_and_goes_on_for_a_while() {
    let mut policy = Policy::default();
    steps(&mut policy, 0..320, 50);
    assert!(policy.is_sparse());
    assert_eq!(policy.step(&coded(320, 50), true), Step::DecodeHeld);
    assert!(!policy.is_sparse());
    let after = steps(&mut policy, 321..395, 50);
    assert!(after.iter().all(|s| *s == Step::Decode), "{after:?}");
    assert!(share(&steps(&mut policy, 400..600, 50)) < 0.4);
}

#[test]
fn a_damaged_or_small_picture_and_a_jump_are_suspicious() {
    for change in [
        |c: &mut Coded| c.is_damaged = true,
        |c: &mut Coded| c.time += 3 * SECOND,
        |c: &mut Coded| c.time -= 3 * SECOND,
    ] {
        let mut policy = Policy::default();
        steps(&mut policy, 0..320, 50);
        let mut next = coded(320, 50);
        change(&mut next);
        assert_eq!(policy.step(&next, false), Step::DecodeHeld);
    }
    let mut policy = Policy::default();
    steps(&mut policy, 0..350, 50);
    let small = Coded {
        size: 6_000,
        ..coded(350, 50)
    };
    assert_eq!(policy.step(&small, false), Step::DecodeHeld);
}

#[test]
fn streams_with_seldom_key_frames_are_decoded_whole() {
    let mut policy = Policy::default();
    let all = steps(&mut policy, 0..3_000, 250);
    let changes: Vec<Step> = all
        .into_iter()
        .filter(|s| !matches!(s, Step::Decode | Step::Hold))
        .collect();
    assert!(changes.len() >= 4, "{changes:?}");
    for pair in changes.chunks(2) {
        assert_eq!(pair, [Step::BeginAndDrain, Step::DecodeHeld]);
    }
    let mut policy = Policy::default();
    let all = steps(&mut policy, 0..2_000, 100_000);
    assert!(all.iter().all(|s| *s == Step::Decode));
}

#[test]
fn a_key_frame_is_a_new_start_if_pictures_before_it_were_left_out() {
    let mut policy = Policy::default();
    steps(&mut policy, 0..251, 50);
    assert!(policy.is_sparse());
    assert_eq!(policy.joined_at(), None);
    steps(&mut policy, 251..301, 50);
    assert_eq!(policy.joined_at(), Some(300 * PICTURE));
    assert_eq!(policy.step(&coded(301, 50), true), Step::DecodeHeld);
    steps(&mut policy, 302..351, 50);
    assert_eq!(policy.joined_at(), None);
}

#[test]
fn a_key_frame_that_cannot_be_decoded_alone_makes_all_be_decoded() {
    let mut policy = Policy::default();
    steps(&mut policy, 0..251, 50);
    assert!(policy.is_sparse() && policy.is_awaited());
    policy.fail();
    // Nothing up to the next key frame is fit to be seen.
    assert!(
        policy
            .joined_at()
            .is_some_and(|joined| joined > 299 * PICTURE)
    );
    let all = steps(&mut policy, 251..1000, 50);
    assert!(all.iter().all(|s| *s == Step::Decode));
    policy.reset();
    steps(&mut policy, 1000..1051, 50);
    assert_eq!(policy.joined_at(), None);
}

#[test]
fn a_second_field_is_decoded_with_the_first() {
    let mut policy = Policy::default();
    steps(&mut policy, 0..300, 50);
    let field = |n| Coded {
        is_field: true,
        ..coded(n, 50)
    };
    assert_eq!(policy.step(&field(300), false), Step::Begin);
    let second = Coded {
        shown: 300 * PICTURE,
        ..field(301)
    };
    assert_eq!(policy.step(&second, false), Step::HoldAndDrain);
    assert_eq!(policy.step(&field(302), false), Step::Hold);
}

#[test]
fn a_key_frame_is_given_out_once() {
    let mut policy = Policy::default();
    policy.step(&coded(0, 50), false);
    policy.step(&coded(1, 50), false);
    assert!(policy.given_out(0));
    assert!(!policy.given_out(PICTURE));
}

#[test]
fn where_each_picture_is_a_key_frame_all_are_decoded() {
    let mut policy = Policy::default();
    let all = steps(&mut policy, 0..2_000, 1);
    assert!(all.iter().all(|s| *s == Step::Decode));
    assert!(!policy.is_sparse());
}

#[test]
fn after_a_flush_all_are_decoded_for_a_while() {
    let mut policy = Policy::default();
    steps(&mut policy, 0..320, 50);
    policy.reset();
    let all = steps(&mut policy, 333..550, 50);
    assert!(all.iter().all(|s| *s == Step::Decode));
}
