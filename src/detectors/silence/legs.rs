// SPDX-License-Identifier: MPL-2.0
//! Decides which silent channels ("legs") are reported on their own: a channel is dead if its partner goes on.
//!
//! Surrounds, heights and the centre are silent for minutes in undamaged programmes; left without right is not.
//! Channels without a position are pairs by the custom of embedded audio (1 and 2, 3 and 4, ...), where unused ones
//! stay silent for ever.

use super::channel::Channel;
use crate::media::{MS, Ns, Span, sound::Position};

/// Time for which the partner has to be active, besides a quarter of the time after which silence is reported: the
/// two sides of a stereo programme don't fall silent and come back at the same moment (chosen).
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

/// The roles of the channels, by their positions.
#[derive(Debug)]
pub struct Partners {
    roles: Vec<ChannelRole>,
}

#[derive(Debug, Clone, Copy)]
struct ChannelRole {
    /// Whether it belongs to the programme: the LFE doesn't, unless there is nothing else.
    member: bool,
    partner: Option<usize>,
    /// The least setting of `legs` that reports it.
    legs: Legs,
    /// Whether silence from the first sample on is a fault.
    from_start: bool,
    /// How long its partner has been active in this silence.
    evidence: Ns,
}

impl Partners {
    /// For channels at these positions.
    pub fn new(positions: &[Position]) -> Self {
        let all_lfe = positions.iter().all(|p| *p == Position::Lfe);
        let role = |(channel, position): (usize, &Position)| {
            let partner = partner(channel, positions);
            let front = matches!(position, Position::FrontLeft | Position::FrontRight)
                || positions.len() <= 2;
            ChannelRole {
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
            roles: positions.iter().enumerate().map(role).collect(),
        }
    }

    /// Whether a channel belongs to the programme.
    pub fn is_member(&self, channel: usize) -> bool {
        self.roles[channel].member
    }

    /// Whether the silent channel `c` is a dead leg: its partner has been active for long enough in this silence.
    /// `least`: time after which silence is reported.
    pub fn is_dead(
        &mut self,
        c: usize,
        span: Span,
        (legs, least): (Legs, Ns),
        channels: &[Channel],
    ) -> bool {
        let role = self.roles[c];
        let is_active = |other: usize| other != c && channels[other].is_active();
        let expected =
            role.member && legs >= role.legs && (role.from_start || channels[c].was_active());
        let evident = match role.partner {
            _ if legs == Legs::All => {
                (0..channels.len()).any(|other| self.roles[other].member && is_active(other))
            }
            Some(partner) => is_active(partner),
            None => false,
        };
        let role = &mut self.roles[c];
        role.evidence += if evident { span.duration() } else { 0 };
        expected && role.evidence >= EVIDENCE.max(least / 4)
    }

    /// Called when the channel has sound again.
    pub fn reset_evidence(&mut self, channel: usize) {
        self.roles[channel].evidence = 0;
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
