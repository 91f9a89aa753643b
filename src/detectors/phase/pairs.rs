// SPDX-License-Identifier: MPL-2.0
//! Finds the channels that belong together as left and right.

use crate::media::sound::{AudioFormat, Position};

/// Positions that form a pair, left first.
const PARTNERS: &[(Position, Position)] = &[
    (Position::FrontLeft, Position::FrontRight),
    (Position::RearLeft, Position::RearRight),
    (Position::SideLeft, Position::SideRight),
    (Position::FrontLeftOfCenter, Position::FrontRightOfCenter),
    (Position::TopFrontLeft, Position::TopFrontRight),
    (Position::TopSideLeft, Position::TopSideRight),
    (Position::TopRearLeft, Position::TopRearRight),
];

/// The pairs of a layout, left first. Channels without a known place are paired as they come: 0 and 1, 2 and 3, ...
pub fn pairs(format: &AudioFormat) -> Vec<[usize; 2]> {
    let places = format.positions.get(..format.channels).unwrap_or_default();
    let at = |wanted| places.iter().position(|p| *p == wanted);
    if places.iter().all(|p| *p == Position::Unpositioned) {
        return (1..format.channels)
            .step_by(2)
            .map(|c| [c - 1, c])
            .collect();
    }
    PARTNERS
        .iter()
        .filter_map(|(l, r)| Some([at(*l)?, at(*r)?]))
        .collect()
}
