// SPDX-License-Identifier: MPL-2.0
//! Which member of several watches a stream: rendezvous hashing, so that a member more or less moves only its share of them.
//!
//! Source: Thaler and Ravishankar, "Using name-based mappings to increase hit rates", IEEE/ACM Transactions on Networking 6 (1998).

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// What a process watches of all streams.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Share {
    /// All of them.
    #[default]
    All,
    /// What a hash of their names says.
    Shard(Shard),
    /// Those that it has claimed in its cluster.
    Held(Arc<BTreeSet<Arc<str>>>),
}

impl Share {
    /// Whether this process watches that stream.
    pub fn has(&self, stream: &str) -> bool {
        match self {
            Self::All => true,
            Self::Shard(shard) => shard.has(stream),
            Self::Held(streams) => streams.contains(stream),
        }
    }
}

/// One of several members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// Which, from 0.
    pub member: u32,
    /// How many there are.
    pub members: u32,
}

impl Shard {
    /// Whether this member watches that stream.
    pub fn has(&self, stream: &str) -> bool {
        owner(stream, self.members) == self.member
    }
}

/// The member of so many that watches a stream.
pub fn owner(stream: &str, members: u32) -> u32 {
    (0..members)
        .max_by_key(|member| weight(stream, *member))
        .unwrap_or(0)
}

/// FNV-1a of the name, mixed with the member's number by the finaliser of SplitMix64: the same in every process and version.
fn weight(stream: &str, member: u32) -> u64 {
    let name = stream
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    let mut z = name
        ^ u64::from(member)
            .wrapping_add(1)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "{text:?} isn't I/N with I from 0 to N - 1, e.g. 0/3, 1/3, 2/3 for three members"
            )
        };
        let (member, members) = text.split_once('/').ok_or_else(wrong)?;
        let number = |text: &str| text.parse::<u32>().map_err(|_| wrong());
        let (member, members) = (number(member)?, number(members)?);
        (member < members)
            .then_some(Self { member, members })
            .ok_or_else(wrong)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.member, self.members)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::super::config::load;
    use super::*;

    fn streams() -> Vec<String> {
        (0..5000).map(|n| format!("channel-{n:04}")).collect()
    }

    #[test]
    fn every_member_gets_its_share() {
        for members in [1_u32, 2, 3, 7, 32] {
            let mut count = vec![0_u32; members as usize];
            for stream in streams() {
                count[owner(&stream, members) as usize] += 1;
            }
            let fair = 5000.0 / f64::from(members);
            for n in count {
                // Five standard deviations of a fair draw.
                assert!(
                    (f64::from(n) - fair).abs() < 5.0 * fair.sqrt() + 1.0,
                    "{n} of {fair}"
                );
            }
        }
    }

    #[test]
    fn one_member_more_moves_only_what_it_takes_over() {
        for members in [1_u32, 3, 10] {
            let moved = streams()
                .iter()
                .map(|s| (owner(s, members), owner(s, members + 1)))
                .filter(|(before, after)| before != after)
                .inspect(|(_, after)| assert_eq!(*after, members))
                .count() as f64;
            let fair = 5000.0 / f64::from(members + 1);
            assert!(
                (moved - fair).abs() < 5.0 * fair.sqrt(),
                "{moved} of {fair}"
            );
        }
    }

    #[test]
    fn five_thousand_streams_are_read_and_shared_in_less_than_a_second() {
        gst::init().unwrap();
        let mut text = "[defaults]\nlabels = { site = \"vienna\" }\n".to_owned();
        for id in streams() {
            let stream =
                format!("[[streams]]\nid = {id:?}\nuri = \"srt://encoder:7001?streamid={id}\"\n");
            text.push_str(&stream);
        }
        // The quickest of some: other tests run beside.
        let read = || {
            let start = Instant::now();
            let loaded = load::parse(&text).unwrap();
            (start.elapsed(), loaded)
        };
        let (read, loaded) = (0..4)
            .map(|_| read())
            .min_by_key(|(took, _)| *took)
            .unwrap();
        eprintln!("{} streams read in {read:?}", loaded.plans.len());
        for members in [3_u32, 32, 100] {
            let start = Instant::now();
            // As each member does, at its start and when there are more.
            let shards = [members, members + 1].map(|members| Shard { member: 1, members });
            let [before, after] = shards.map(|shard| {
                let mine = loaded.plans.iter().filter(|plan| shard.has(&plan.id));
                mine.count()
            });
            let shared = start.elapsed();
            eprintln!(
                "{members} members: {before} streams for one, {after} with one more, in {shared:?}"
            );
            assert!(0 < after && after <= before);
            assert!(
                read + shared < Duration::from_secs(1),
                "{read:?} + {shared:?}"
            );
        }
    }

    #[test]
    fn shares_are_read_and_wrong_ones_refused() {
        let share = "1/3".parse();
        assert_eq!(
            share,
            Ok(Shard {
                member: 1,
                members: 3
            })
        );
        for wrong in ["3/3", "1", "a/b", "-1/3", "0/0", "", "0/http://h/"] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }
}
