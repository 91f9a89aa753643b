// SPDX-License-Identifier: MPL-2.0
//! Members that share one set of buckets, without an engine and without time passing by itself.

use super::*;

/// The buckets, and who reads them.
struct Cluster {
    now: Instant,
    revision: u64,
    claims: BTreeMap<Arc<str>, (Option<Claim>, u64)>,
    streams: Vec<Arc<str>>,
    members: BTreeMap<Arc<str>, View>,
}

fn named(prefix: &str, n: usize) -> Arc<str> {
    format!("{prefix}{n:04}").into()
}

/// Costs that differ by ten, in an order that tells nothing.
fn cost(n: usize) -> f64 {
    let dice = (n as u32).wrapping_mul(2_654_435_761) >> 16;
    0.05 * (1.0 + f64::from(dice) * 9.0 / 65_535.0)
}

impl Cluster {
    fn new(streams: usize, members: usize) -> Self {
        let mut cluster = Self {
            now: Instant::now(),
            revision: 0,
            claims: BTreeMap::new(),
            streams: (0..streams).map(|n| named("s", n)).collect(),
            members: BTreeMap::new(),
        };
        for n in 0..members {
            cluster.join(n);
        }
        cluster
    }

    fn join(&mut self, n: usize) {
        let own = Record {
            process: n as u64,
            cores: 4.0,
            ..Record::default()
        };
        let mut view = View::new(named("m", n), own);
        self.read(&mut view);
        self.members.insert(named("m", n), view);
        self.renew();
    }

    /// Reads all buckets, as after the engine was away.
    fn read(&self, view: &mut View) {
        view.forget();
        for (stream, (claim, revision)) in &self.claims {
            view.note_claim(stream, claim.clone(), *revision, self.now);
        }
        for (n, stream) in self.streams.iter().enumerate() {
            view.note_stream(stream, true);
            view.costs.insert(Arc::clone(stream), cost(n));
        }
        view.begin(self.now);
    }

    /// All members renew their leases.
    fn renew(&mut self) {
        let records: Vec<_> = self
            .members
            .iter()
            .map(|(n, v)| (Arc::clone(n), v.own.clone()))
            .collect();
        for view in self.members.values_mut() {
            for (name, record) in &records {
                view.note_member(name, Some(record.clone()), self.now);
            }
        }
    }

    /// Each member acts once on what it knew at the start of the round; how many changes were made.
    fn round(&mut self) -> usize {
        self.round_with(true)
    }

    fn round_with(&mut self, may_claim: bool) -> usize {
        let now = self.now;
        let wanted: Vec<_> = self
            .members
            .values()
            .flat_map(|view| view.changes(now, may_claim, false))
            .collect();
        self.write(wanted)
    }

    /// Makes those changes that come first; how many.
    fn write(&mut self, wanted: Vec<Change>) -> usize {
        let now = self.now;
        let mut made = 0;
        for change in wanted {
            let revision = self
                .claims
                .get(&change.stream)
                .map_or(0, |(_, revision)| *revision);
            if revision != change.revision {
                continue;
            }
            self.revision += 1;
            made += 1;
            self.claims.insert(
                Arc::clone(&change.stream),
                (change.claim.clone(), self.revision),
            );
            for view in self.members.values_mut() {
                view.note_claim(&change.stream, change.claim.clone(), self.revision, now);
            }
        }
        self.members.values_mut().for_each(View::settle);
        made
    }

    /// Rounds until nothing changes.
    fn rounds(&mut self) -> usize {
        (0..100)
            .find(|_| self.round() == 0)
            .expect("it never settles")
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
    }

    /// The fullest member's share of the mean; each stream is watched by exactly one.
    fn fullest(&self) -> f64 {
        let mut watched = BTreeMap::new();
        for view in self.members.values() {
            for stream in view.held() {
                *watched.entry(stream).or_insert(0) += 1;
            }
        }
        assert!(watched.values().all(|n| *n == 1));
        assert_eq!(watched.len(), self.streams.len());
        let costs: BTreeMap<_, _> = self
            .streams
            .iter()
            .enumerate()
            .map(|(n, s)| (s, cost(n)))
            .collect();
        let taken = self
            .members
            .values()
            .map(|view| view.held().iter().map(|s| costs[s]).sum::<f64>());
        let taken: Vec<f64> = taken.collect();
        let mean = taken.iter().sum::<f64>() / taken.len() as f64;
        taken.into_iter().fold(0.0, f64::max) / mean
    }
}

#[test]
fn three_members_share_sixty_streams_in_one_round() {
    let mut cluster = Cluster::new(60, 3);
    assert_eq!(cluster.rounds(), 1);
    assert!(cluster.fullest() < 1.1);
}

#[test]
fn five_thousand_streams_are_shared_by_a_hundred_members_in_one_round() {
    let mut cluster = Cluster::new(5000, 100);
    let start = Instant::now();
    let rounds = cluster.rounds();
    let fullest = cluster.fullest();
    eprintln!(
        "{rounds} rounds, {:?} for all members, fullest {fullest:.3} of the mean",
        start.elapsed()
    );
    assert!(rounds <= 2 && fullest < 1.15, "{rounds} {fullest}");
    // Ten are lost at a time.
    for n in 0..10 {
        cluster.members.remove(&named("m", n));
    }
    cluster.pass(LEASE);
    cluster.renew();
    let rounds = cluster.rounds();
    let fullest = cluster.fullest();
    eprintln!("without ten: {rounds} rounds, fullest {fullest:.3} of the mean");
    assert!(rounds <= 3 && fullest < 1.15, "{rounds} {fullest}");
}

#[test]
fn a_new_member_gets_its_share() {
    let mut cluster = Cluster::new(60, 3);
    cluster.rounds();
    cluster.join(3);
    assert!(cluster.rounds() <= 8);
    assert!(cluster.fullest() < 1.15);
    // The dearest move, so that few do.
    assert!((5..=15).contains(&cluster.members[&named("m", 3)].held().len()));
}

#[test]
fn the_streams_of_a_lost_member_stay_its_own_until_its_lease_lapses() {
    let mut cluster = Cluster::new(12, 3);
    cluster.rounds();
    cluster.members.remove(&named("m", 1));
    cluster.pass(LEASE - Duration::from_millis(1));
    cluster.renew();
    assert_eq!(cluster.round(), 0);
    cluster.pass(Duration::from_millis(1));
    assert!(cluster.rounds() <= 2);
    assert!(cluster.fullest() < 1.3);
}

#[test]
fn who_leaves_is_followed_at_once() {
    let mut cluster = Cluster::new(12, 3);
    cluster.rounds();
    let gone = named("m", 1);
    cluster.members.remove(&gone);
    let now = cluster.now;
    cluster
        .members
        .values_mut()
        .for_each(|view| view.note_member(&gone, None, now));
    assert_eq!(cluster.rounds(), 1);
    cluster.fullest();
}

#[test]
fn nothing_moves_when_the_engine_was_away() {
    let mut cluster = Cluster::new(60, 3);
    cluster.rounds();
    cluster.pass(Duration::from_secs(60));
    let mut members = std::mem::take(&mut cluster.members);
    members.values_mut().for_each(|view| cluster.read(view));
    cluster.members = members;
    // Before anybody was heard, and after.
    assert_eq!(cluster.round(), 0);
    cluster.renew();
    assert_eq!(cluster.round(), 0);
    cluster.fullest();
}

#[test]
fn who_was_cut_off_gives_up_what_others_have_taken_over() {
    let mut cluster = Cluster::new(12, 3);
    cluster.rounds();
    let mut cut_off = cluster.members.remove(&named("m", 0)).unwrap();
    cluster.pass(LEASE);
    cluster.renew();
    cluster.rounds();
    cluster.fullest();
    assert_eq!(cut_off.held().len(), 4);
    cluster.read(&mut cut_off);
    assert!(cut_off.held().is_empty());
    cluster.members.insert(named("m", 0), cut_off);
    cluster.renew();
    cluster.rounds();
    assert!(cluster.fullest() < 1.3);
}

#[test]
fn what_is_watched_is_claimed_again_if_the_engine_has_forgotten_it() {
    let mut cluster = Cluster::new(12, 3);
    cluster.rounds();
    let held: Vec<_> = cluster
        .members
        .values()
        .map(|view| view.held().clone())
        .collect();
    cluster.claims.clear();
    let mut members = std::mem::take(&mut cluster.members);
    members.values_mut().for_each(|view| cluster.read(view));
    cluster.members = members;
    // As long as others may still claim theirs.
    assert_eq!(cluster.round_with(false), 12);
    cluster.rounds();
    assert!(cluster.members.values().map(View::held).eq(&held));
}

#[test]
fn a_stream_that_is_removed_is_given_up() {
    let mut cluster = Cluster::new(12, 3);
    cluster.rounds();
    let gone = cluster.streams.remove(0);
    for view in cluster.members.values_mut() {
        view.note_stream(&gone, false);
        view.settle();
    }
    assert_eq!(cluster.rounds(), 1);
    assert_eq!(cluster.claims[&gone].0, None);
}

#[test]
fn of_two_processes_of_one_name_the_earlier_one_has_it() {
    let mut cluster = Cluster::new(12, 1);
    cluster.rounds();
    let view = cluster.members.values_mut().next().unwrap();
    view.own().started = 7;
    let (me, now) = (Arc::clone(&view.me), cluster.now);
    let other = |started| Record {
        started,
        process: 99,
        ..Record::default()
    };
    view.note_member(&me, Some(other(8)), now);
    assert!(!view.has_rival(now));
    view.note_member(&me, Some(other(6)), now);
    view.settle();
    assert!(view.has_rival(now) && view.held().is_empty());
    assert!(!view.has_rival(now + LEASE));
}

#[test]
fn what_fits_nowhere_is_told_by_the_one_that_lives_longest() {
    let mut cluster = Cluster::new(12, 2);
    for (n, view) in cluster.members.values_mut().enumerate() {
        view.own().room = Some(0.5);
        view.own().started = 7 - n as i64;
    }
    cluster.renew();
    for _ in 0..3 {
        let strict = cluster
            .members
            .values()
            .flat_map(|view| view.changes(cluster.now, true, true));
        let strict: Vec<_> = strict.collect();
        cluster.write(strict);
    }
    let told = |cluster: &mut Cluster| {
        let now = cluster.now;
        cluster
            .members
            .values_mut()
            .for_each(|view| view.look_for_free(now));
        let told = cluster.members.values().map(|view| view.unwatched(now));
        told.map(|told| told.len()).collect::<Vec<_>>()
    };
    let held: usize = cluster.members.values().map(|view| view.held().len()).sum();
    assert!((1..12).contains(&held), "{held}");
    assert_eq!(told(&mut cluster), [0, 0]);
    cluster.pass(UNWATCHED);
    cluster.renew();
    assert_eq!(told(&mut cluster), [0, 12 - held]);
    cluster.rounds();
    assert_eq!(told(&mut cluster), [0, 0]);
}
