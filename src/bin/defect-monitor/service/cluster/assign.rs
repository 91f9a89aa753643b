// SPDX-License-Identifier: MPL-2.0
//! Which member is to watch which stream: by cost, with few moves. Pure: the same input gives every member the same answer.
//!
//! Streams that nobody watches go, the dearest first, to whoever is least full (Graham, "Bounds on multiprocessing timing anomalies", SIAM
//! Journal on Applied Mathematics 17 (1969)). Others stay where they are, unless a member has no room for them or the members are unequally
//! full.

use std::cmp::Ordering;

/// Share of the mean by which a member may be fuller or emptier before streams move.
const TOLERANCE: f64 = 0.1;

/// A member that may watch streams.
#[derive(Debug, Clone, PartialEq)]
pub struct Seat {
    /// How much it is meant to take, in relation to the others: its cores.
    pub weight: f64,
    /// The cost that it can take by what it has measured; `None`: it hasn't measured anything yet.
    pub room: Option<f64>,
}

/// A stream that is to be watched.
#[derive(Debug, Clone, PartialEq)]
pub struct Load {
    /// What it costs, in cores.
    pub cost: f64,
    /// Who watches it, as an index of the members; none: nobody.
    pub holder: Option<usize>,
}

/// The member of each stream. `strict`: none rather than a member without room.
///
/// The order of members and streams decides between equals, so it has to be the same everywhere.
pub fn assign(seats: &[Seat], loads: &[Load], strict: bool) -> Vec<Option<usize>> {
    let mut hall = Hall::new(seats, loads);
    if seats.is_empty() {
        return hall.places;
    }
    hall.seat_free(strict);
    hall.relieve();
    hall.balance();
    hall.places
}

struct Hall<'a> {
    seats: &'a [Seat],
    loads: &'a [Load],
    places: Vec<Option<usize>>,
    /// The streams of each member, and what they cost together.
    streams: Vec<Vec<usize>>,
    taken: Vec<f64>,
}

impl<'a> Hall<'a> {
    fn new(seats: &'a [Seat], loads: &'a [Load]) -> Self {
        let mut hall = Self {
            seats,
            loads,
            places: vec![None; loads.len()],
            streams: vec![Vec::new(); seats.len()],
            taken: vec![0.0; seats.len()],
        };
        for (stream, load) in loads.iter().enumerate() {
            if let Some(holder) = load.holder.filter(|holder| *holder < seats.len()) {
                hall.put(stream, holder);
            }
        }
        hall
    }

    fn put(&mut self, stream: usize, member: usize) {
        self.places[stream] = Some(member);
        self.streams[member].push(stream);
        self.taken[member] += self.loads[stream].cost;
    }

    fn shift(&mut self, stream: usize, from: usize, to: usize) {
        self.streams[from].retain(|other| *other != stream);
        self.taken[from] -= self.loads[stream].cost;
        self.put(stream, to);
    }

    /// How full a member is with so much more.
    fn fullness(&self, member: usize, more: f64) -> f64 {
        (self.taken[member] + more) / self.seats[member].weight.max(1e-6)
    }

    fn has_room(&self, member: usize, more: f64) -> bool {
        let room = self.seats[member].room;
        room.is_none_or(|room| self.taken[member] + more <= room)
    }

    /// The member that is least full with so much more, of those with room.
    fn emptiest(&self, more: f64) -> Option<usize> {
        let with_room = (0..self.seats.len()).filter(|member| self.has_room(*member, more));
        self.least_full(with_room, more)
    }

    fn least_full(&self, members: impl Iterator<Item = usize>, more: f64) -> Option<usize> {
        members.min_by(|a, b| less(self.fullness(*a, more), self.fullness(*b, more)))
    }

    fn dearest_first(&self, streams: &mut [usize]) {
        streams.sort_by(|a, b| less(self.loads[*b].cost, self.loads[*a].cost).then(a.cmp(b)));
    }

    /// Gives a member to each stream that has none.
    fn seat_free(&mut self, strict: bool) {
        let is_free = |stream: &usize| self.places[*stream].is_none();
        let mut free: Vec<usize> = (0..self.loads.len()).filter(is_free).collect();
        self.dearest_first(&mut free);
        for stream in free {
            let cost = self.loads[stream].cost;
            let any = || self.least_full(0..self.seats.len(), cost);
            let member = self.emptiest(cost).or_else(|| any().filter(|_| !strict));
            if let Some(member) = member {
                self.put(stream, member);
            }
        }
    }

    /// Moves the dearest streams away from members that have no room for what they have, to those with room.
    fn relieve(&mut self) {
        for member in 0..self.seats.len() {
            let mut streams = self.streams[member].clone();
            self.dearest_first(&mut streams);
            for stream in streams {
                if self.has_room(member, 0.0) {
                    break;
                }
                let cost = self.loads[stream].cost;
                if let Some(to) = self.emptiest(cost).filter(|to| *to != member) {
                    self.shift(stream, member, to);
                }
            }
        }
    }

    /// Moves streams from the fullest member to the emptiest one until all are about equally full.
    fn balance(&mut self) {
        let all = 0..self.seats.len();
        let weight: f64 = self.seats.iter().map(|seat| seat.weight.max(1e-6)).sum();
        let mean = self.taken.iter().sum::<f64>() / weight;
        // Each move makes the fullest less full; the bound is for rounding.
        for _ in 0..self.loads.len() {
            let fullest = all
                .clone()
                .max_by(|a, b| less(self.fullness(*a, 0.0), self.fullness(*b, 0.0)));
            let (Some(from), Some(to)) = (fullest, self.least_full(all.clone(), 0.0)) else {
                return;
            };
            let is_even = self.fullness(from, 0.0) <= mean * (1.0 + TOLERANCE)
                && self.fullness(to, 0.0) >= mean * (1.0 - TOLERANCE);
            let Some(stream) = self.worth_moving(from, to).filter(|_| !is_even) else {
                return;
            };
            self.shift(stream, from, to);
        }
    }

    /// The stream whose move makes two members most alike.
    fn worth_moving(&self, from: usize, to: usize) -> Option<usize> {
        let worst_after = |stream: &usize| {
            let cost = self.loads[*stream].cost;
            self.fullness(to, cost).max(self.fullness(from, -cost))
        };
        let candidates = self.streams[from].iter().copied();
        let candidates = candidates.filter(|stream| self.has_room(to, self.loads[*stream].cost));
        let best = candidates.min_by(|a, b| less(worst_after(a), worst_after(b)).then(a.cmp(b)))?;
        (worst_after(&best) < self.fullness(from, 0.0) * 0.999).then_some(best)
    }
}

fn less(a: f64, b: f64) -> Ordering {
    a.total_cmp(&b)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seats(n: usize) -> Vec<Seat> {
        let seat = Seat {
            weight: 4.0,
            room: None,
        };
        vec![seat; n]
    }

    fn loads(holders: &[Option<usize>]) -> Vec<Load> {
        let load = |holder: &Option<usize>| Load {
            cost: 1.0,
            holder: *holder,
        };
        holders.iter().map(load).collect()
    }

    /// What each member has.
    fn taken(places: &[Option<usize>], loads: &[Load], members: usize) -> Vec<f64> {
        let mut taken = vec![0.0; members];
        for (place, load) in places.iter().zip(loads) {
            if let Some(member) = place {
                taken[*member] += load.cost;
            }
        }
        taken
    }

    fn moves(places: &[Option<usize>], loads: &[Load]) -> usize {
        let held = places.iter().zip(loads).filter(|(_, l)| l.holder.is_some());
        held.filter(|(place, load)| **place != load.holder).count()
    }

    #[test]
    fn what_is_fair_stays_as_it_is() {
        let holders: Vec<_> = (0..60).map(|n| Some(n % 3)).collect();
        let loads = loads(&holders);
        assert_eq!(assign(&seats(3), &loads, false), holders);
        assert_eq!(assign(&[], &loads, false), vec![None; 60]);
    }

    #[test]
    fn a_new_member_gets_its_share_and_nothing_else_moves() {
        let holders: Vec<_> = (0..60).map(|n| Some(n % 3)).collect();
        let loads = loads(&holders);
        let places = assign(&seats(4), &loads, false);
        let to_new = places.iter().filter(|place| **place == Some(3)).count();
        assert!((14..=16).contains(&to_new), "{to_new}");
        assert_eq!(moves(&places, &loads), to_new);
    }

    #[test]
    fn the_streams_of_a_lost_member_are_shared_by_the_others() {
        let holders: Vec<_> = (0..60).map(|n| Some(n % 3).filter(|m| *m < 2)).collect();
        let loads = loads(&holders);
        let places = assign(&seats(2), &loads, false);
        assert_eq!(moves(&places, &loads), 0);
        assert_eq!(taken(&places, &loads, 2), [30.0, 30.0]);
    }

    #[test]
    fn more_cores_get_more() {
        let mut seats = seats(2);
        seats[1].weight = 12.0;
        let loads = loads(&[None; 40]);
        let places = assign(&seats, &loads, false);
        assert_eq!(taken(&places, &loads, 2), [10.0, 30.0]);
    }

    #[test]
    fn nobody_gets_more_than_fits_unless_it_fits_nowhere() {
        let mut seats = seats(2);
        seats[0].room = Some(5.0);
        seats[1].room = Some(8.0);
        let loads = loads(&[None; 20]);
        let strict = assign(&seats, &loads, true);
        assert_eq!(taken(&strict, &loads, 2), [5.0, 8.0]);
        let all = assign(&seats, &loads, false);
        assert_eq!(taken(&all, &loads, 2).iter().sum::<f64>(), 20.0);
    }

    #[test]
    fn who_has_too_much_gives_up_the_dearest() {
        let mut seats = seats(2);
        seats[0].room = Some(6.5);
        let mut loads = loads(&[Some(0); 4]);
        loads[2].cost = 4.0;
        let places = assign(&seats, &loads, true);
        assert_eq!(places, [Some(0), Some(0), Some(1), Some(0)]);
    }

    /// Costs that differ by ten, in an order that tells nothing.
    fn costs() -> Vec<Load> {
        let cost =
            |n: u32| 0.05 * (1.0 + f64::from(n.wrapping_mul(2_654_435_761) >> 16) * 9.0 / 65_535.0);
        let load = |n| Load {
            cost: cost(n),
            holder: None,
        };
        (0..5000).map(load).collect()
    }

    #[test]
    fn five_thousand_streams_are_shared_evenly_by_a_hundred_members_and_by_one_more() {
        let mut loads = costs();
        let start = std::time::Instant::now();
        for members in [100, 101, 90] {
            let places = assign(&seats(members), &loads, false);
            let taken = taken(&places, &loads, members);
            let mean = taken.iter().sum::<f64>() / members as f64;
            let most = taken.iter().copied().fold(0.0, f64::max);
            let moved = moves(&places, &loads);
            eprintln!(
                "{members} members: fullest {:.3} of the mean, {moved} moved",
                most / mean
            );
            assert!(most / mean < 1.15, "{most} {mean}");
            assert!(moved < 200, "{moved}");
            let next = places
                .into_iter()
                .map(|place| place.filter(|m| *m < 90 || members < 101));
            loads
                .iter_mut()
                .zip(next)
                .for_each(|(load, place)| load.holder = place);
        }
        eprintln!("all in {:?}", start.elapsed());
    }
}
