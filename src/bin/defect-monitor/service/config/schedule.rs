// SPDX-License-Identifier: MPL-2.0
//! When maintenance is, by the clocks of the place.

use jiff::Timestamp;
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;

use super::Window;

/// All windows of a stream.
#[derive(Debug, Clone, Default)]
pub struct Schedule(Vec<Weekly>);

#[derive(Debug, Clone)]
struct Weekly {
    days: Vec<Weekday>,
    from: Time,
    to: Time,
    zone: TimeZone,
}

const DAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

impl Schedule {
    /// Those windows; an error names the window by number, its key, and what is wrong.
    pub fn of(windows: &[Window]) -> Result<Self, (usize, &'static str, String)> {
        let weekly = windows.iter().enumerate();
        weekly
            .map(|(n, window)| Weekly::of(window).map_err(|(key, why)| (n, key, why)))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Whether work is done at that time.
    pub fn has(&self, time: Timestamp) -> bool {
        self.0.iter().any(|window| window.has(time))
    }
}

impl Weekly {
    fn of(window: &Window) -> Result<Self, (&'static str, String)> {
        let from = clock(&window.from).map_err(|why| ("from", why))?;
        let to = clock(&window.to).map_err(|why| ("to", why))?;
        if from == to && window.to != "24:00" {
            let why = "a window that begins and ends at the same time has no length; 00:00 to 24:00 is a day";
            return Err(("to", why.to_owned()));
        }
        let days = window.days.iter().map(|name| day(name));
        let days = days
            .collect::<Result<_, _>>()
            .map_err(|why| ("days", why))?;
        let zone = match &window.zone {
            None => TimeZone::UTC,
            Some(name) => TimeZone::get(name).map_err(|_| {
                let why = format!(
                    "there is no time zone {name:?} on this machine; names are like \"Europe/Vienna\""
                );
                ("zone", why)
            })?,
        };
        Ok(Self {
            days,
            from,
            to,
            zone,
        })
    }

    /// Begin and end are instants on the clock of the place, so that a night in which clocks change is longer or shorter.
    fn has(&self, time: Timestamp) -> bool {
        let today = time.to_zoned_datetime(self.zone.clone()).date();
        let yesterday = today.yesterday().unwrap_or(today);
        [yesterday, today].into_iter().any(|day| {
            let on_day = self.days.is_empty() || self.days.contains(&day.weekday());
            on_day
                && self
                    .span(day)
                    .is_some_and(|(from, to)| from <= time && time < to)
        })
    }

    fn span(&self, day: Date) -> Option<(Timestamp, Timestamp)> {
        let at = |day: Date, time: Time| {
            let local = day.to_datetime(time);
            self.zone.to_timestamp(local).ok()
        };
        let last = if self.to <= self.from {
            day.tomorrow().ok()?
        } else {
            day
        };
        Some((at(day, self.from)?, at(last, self.to)?))
    }
}

/// `HH:MM`; 24:00 is the end of the day, which is when the next begins.
fn clock(text: &str) -> Result<Time, String> {
    let parsed = text.split_once(':').and_then(|(hour, minute)| {
        let two = |part: &str| (part.len() == 2).then(|| part.parse::<i8>().ok())?;
        let (hour, minute) = (two(hour)?, two(minute)?);
        let hour = if (hour, minute) == (24, 0) { 0 } else { hour };
        Time::new(hour, minute, 0, 0).ok()
    });
    parsed.ok_or_else(|| format!("{text:?} isn't a time of day from 00:00 to 24:00"))
}

fn day(name: &str) -> Result<Weekday, String> {
    let known = DAYS.iter().find(|(short, _)| *short == name);
    known.map(|(_, day)| *day).ok_or_else(|| {
        let names: Vec<_> = DAYS.iter().map(|(short, _)| *short).collect();
        format!(
            "{name:?} isn't a day of the week; they are: {}",
            names.join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(days: &[&str], from: &str, to: &str, zone: Option<&str>) -> Schedule {
        let window = Window {
            days: days.iter().map(|d| (*d).to_owned()).collect(),
            from: from.to_owned(),
            to: to.to_owned(),
            zone: zone.map(ToOwned::to_owned),
        };
        Schedule::of(&[window]).unwrap_or_else(|e| panic!("{e:?}"))
    }

    fn at(schedule: &Schedule, time: &str) -> bool {
        schedule.has(time.parse().unwrap_or_else(|e| panic!("{time}: {e}")))
    }

    #[test]
    fn a_night_belongs_to_the_day_on_which_it_begins() {
        // 2026-11-25 is a Wednesday.
        let night = schedule(&["wed"], "23:00", "02:00", None);
        assert!(at(&night, "2026-11-25T23:00:00Z") && at(&night, "2026-11-26T01:59:59Z"));
        assert!(!at(&night, "2026-11-26T02:00:00Z") && !at(&night, "2026-11-25T01:00:00Z"));
        assert!(!at(&night, "2026-11-26T23:30:00Z"));
        let all = schedule(&[], "00:00", "24:00", None);
        assert!(at(&all, "2026-11-25T00:00:00Z") && at(&all, "2026-11-25T23:59:59Z"));
    }

    #[test]
    fn clocks_that_change_make_nights_longer_and_shorter() {
        let night = schedule(&[], "01:30", "03:30", Some("Europe/Vienna"));
        // Spring: 02:00 becomes 03:00, so that an hour is left.
        assert!(at(&night, "2026-03-29T00:30:00Z") && at(&night, "2026-03-29T01:29:59Z"));
        assert!(!at(&night, "2026-03-29T00:29:59Z") && !at(&night, "2026-03-29T01:30:00Z"));
        // Autumn: 03:00 becomes 02:00, so that there are three.
        assert!(at(&night, "2026-10-24T23:30:00Z") && at(&night, "2026-10-25T02:29:59Z"));
        assert!(!at(&night, "2026-10-24T23:29:59Z") && !at(&night, "2026-10-25T02:30:00Z"));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let window = |from: &str, to: &str, day: &str, zone: &str| Window {
            days: vec![day.to_owned()],
            from: from.to_owned(),
            to: to.to_owned(),
            zone: Some(zone.to_owned()),
        };
        for (wrong, key) in [
            (window("1:00", "02:00", "mon", "UTC"), "from"),
            (window("01:00", "25:00", "mon", "UTC"), "to"),
            (window("01:00", "01:00", "mon", "UTC"), "to"),
            (window("01:00", "02:00", "monday", "UTC"), "days"),
            (window("01:00", "02:00", "mon", "Europe/Wien"), "zone"),
        ] {
            let found = Schedule::of(std::slice::from_ref(&wrong)).err();
            assert_eq!(found.map(|(_, key, _)| key), Some(key), "{wrong:?}");
        }
    }
}
