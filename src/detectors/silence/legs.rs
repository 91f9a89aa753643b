// SPDX-License-Identifier: MPL-2.0
//! Which channels belong together: the silence of one is a fault if its partner goes on.
//!
//! Surrounds, heights and the centre are silent for minutes in good programmes; left without right is not. Channels without
//! a position are pairs by the custom of embedded sound (1 and 2, 3 and 4, ...), where unused ones stay silent for ever.

use super::channel::Channel;
use crate::media::{MS, Ns, Span, sound::Position};

/// The partner has to go on for so long, and for a quarter of the time after which silence is reported: the two sides of a stereo
/// picture don't fall silent and come back at the same moment (chosen).
const EVIDENCE: Ns = 200 * MS;

setting_enum! {
    /// Which channels are reported on their own.
    pub enum Legs: "GstDefectSilenceLegs" {
        /// None: only the programme as a whole
        None = "none",
        /// Front left and right; both channels of stereo; channels without a position, in pairs, once they carried sound
        Front = "front",
        /// Like front, and the pairs at the sides, behind and above, once they carried sound
        Pairs = "pairs",
        /// Every channel but the LFE that once carried sound, while any other does
        All = "all",
    }
}

/// What is known of the channels from the format.
#[derive(Debug)]
pub struct Partners {
    places: Vec<Place>,
}

#[derive(Debug, Clone, Copy)]
struct Place {
    /// The LFE isn't, unless there is nothing else.
    member: bool,
    partner: Option<usize>,
    /// The least setting that reports it.
    legs: Legs,
    /// Silent from the first sample is a fault.
    from_start: bool,
    /// How long its partner has clearly gone on in this silence.
    evidence: Ns,
}

impl Partners {
    /// Of channels at these positions.
    pub fn new(positions: &[Position]) -> Self {
        let all_lfe = positions.iter().all(|p| *p == Position::Lfe);
        let place = |(channel, position): (usize, &Position)| {
            let partner = partner(channel, positions);
            let front = matches!(position, Position::FrontLeft | Position::FrontRight)
                || positions.len() <= 2;
            Place {
                member: all_lfe || *position != Position::Lfe,
                partner,
                legs: match position {
                    _ if partner.is_none() => Legs::All,
                    Position::Unpositioned => Legs::Front,
                    _ if front => Legs::Front,
                    _ => Legs::Pairs,
                },
                from_start: front,
                evidence: 0,
            }
        };
        Self {
            places: positions.iter().enumerate().map(place).collect(),
        }
    }

    /// Whether a channel belongs to the programme.
    pub fn is_member(&self, channel: usize) -> bool {
        self.places[channel].member
    }

    /// Whether a silent channel is a dead leg: its partner has gone on for a part of `least` in this silence.
    pub fn is_dead(
        &mut self,
        c: usize,
        span: Span,
        (legs, least): (Legs, Ns),
        channels: &[Channel],
    ) -> bool {
        let place = self.places[c];
        let goes_on = |other: usize| other != c && channels[other].goes_on();
        let expected =
            place.member && legs >= place.legs && (place.from_start || channels[c].has_carried());
        let evident = match place.partner {
            _ if legs == Legs::All => {
                (0..channels.len()).any(|other| self.places[other].member && goes_on(other))
            }
            Some(partner) => goes_on(partner),
            None => false,
        };
        let place = &mut self.places[c];
        place.evidence += if evident { span.duration() } else { 0 };
        expected && place.evidence >= EVIDENCE.max(least / 4)
    }

    /// There is sound in it again.
    pub fn revive(&mut self, channel: usize) {
        self.places[channel].evidence = 0;
    }
}

fn partner(channel: usize, positions: &[Position]) -> Option<usize> {
    use Position as P;
    let wanted = match positions[channel] {
        _ if positions.len() == 2 => return Some(1 - channel),
        P::FrontLeft => P::FrontRight,
        P::FrontRight => P::FrontLeft,
        P::RearLeft => P::RearRight,
        P::RearRight => P::RearLeft,
        P::FrontLeftOfCenter => P::FrontRightOfCenter,
        P::FrontRightOfCenter => P::FrontLeftOfCenter,
        P::SideLeft => P::SideRight,
        P::SideRight => P::SideLeft,
        P::TopFrontLeft => P::TopFrontRight,
        P::TopFrontRight => P::TopFrontLeft,
        P::TopRearLeft => P::TopRearRight,
        P::TopRearRight => P::TopRearLeft,
        P::TopSideLeft => P::TopSideRight,
        P::TopSideRight => P::TopSideLeft,
        P::Unpositioned => {
            let other = channel ^ 1;
            return (positions.get(other) == Some(&P::Unpositioned)).then_some(other);
        }
        _ => return None,
    };
    positions.iter().position(|p| *p == wanted)
}
