// SPDX-License-Identifier: MPL-2.0
use super::*;
use crate::detector::{Common, Severity};
use crate::media::SECOND;

setting_enum! {
    /// A choice.
    pub enum Way: "GstDefectTestWay" {
        /// The one
        Left = "left",
        /// The
        /// other
        Right = "right",
    }
}

crate::settings! {
    /// One of each type.
    pub struct Each {
        /// Yes or no
        "flag" flag: bool = true;
        /// A real
        /// number
        "real" real: f64 = 0.5, in -1.0..=1.0;
        /// A count
        "count" count: u64 = 3, in 1..=5;
        /// A time
        "time" time: u64 = SECOND;
        /// A text
        "text" text: String = "a".into();
        /// A part
        "region" region: Region = Region::ALL;
        /// A way
        "way" way: Way = Way::Right;
    }
}

#[test]
fn declared_once() {
    let specs = Each::specs();
    let names: Vec<_> = specs.iter().map(|s| s.name).collect();
    assert_eq!(
        names,
        ["flag", "real", "count", "time", "text", "region", "way"]
    );
    assert_eq!(specs[1].doc, "A real number");
    assert_eq!(specs[1].domain, Domain::F64(-1.0, 1.0));
    assert_eq!(specs[2].domain, Domain::U64(1, 5));
    assert_eq!(specs[3].domain, Domain::U64(0, MAX_TIME));
    assert!(matches!(
        specs[6].domain,
        Domain::Choice("GstDefectTestWay", Way::ALTERNATIVES)
    ));
    for (i, spec) in specs.iter().enumerate() {
        assert_eq!(Each::default().get(i), spec.default, "{}", spec.name);
    }
}

#[test]
fn set_and_get() {
    let mut each = Each::default();
    let values = [
        Value::Bool(false),
        Value::F64(-0.25),
        Value::U64(5),
        Value::U64(7),
        Value::Text("b".into()),
        Value::Region(Region {
            x: 0.5,
            ..Region::ALL
        }),
        Value::Choice(0),
    ];
    for (i, value) in values.into_iter().enumerate() {
        each.set(i, value.clone());
        assert_eq!(each.get(i), value);
    }
    assert_eq!((each.way, each.count), (Way::Left, 5));
}

#[test]
fn what_does_not_fit_changes_nothing() {
    let mut each = Each::default();
    for i in 0..9 {
        each.set(
            i,
            if i == 4 {
                Value::Bool(true)
            } else {
                Value::Text("x".into())
            },
        );
    }
    each.set(6, Value::Choice(2));
    assert_eq!(each, Each::default());
}

#[test]
fn a_choice_by_its_name() {
    assert_eq!(
        Way::ALL.iter().map(|w| w.nick()).collect::<Vec<_>>(),
        ["left", "right"]
    );
    assert_eq!(Way::ALTERNATIVES[1].doc, "The other");
}

#[test]
fn the_common_settings_are_what_they_declare() {
    let mut common = Common::new(Severity::Warning, 2 * SECOND, SECOND);
    let specs = common.specs();
    assert_eq!(specs.len(), Common::COUNT);
    for (i, spec) in specs.iter().enumerate() {
        assert_eq!(common.get(i), spec.default, "{}", spec.name);
    }
    let changed = [
        Value::Bool(false),
        Severity::Info.to_value(),
        Value::U64(3),
        Value::U64(4),
        Value::U64(5),
        Value::U64(6),
        Value::Bool(false),
    ];
    for (i, value) in changed.into_iter().enumerate() {
        common.set(i, value.clone());
        assert_eq!(common.get(i), value, "{}", specs[i].name);
        let before = common.clone();
        common.set(i, Value::Text("x".into()));
        common.set(1, Value::Choice(99));
        assert_eq!(common, before);
    }
    common.set(Common::COUNT, Value::U64(9));
    assert_eq!((common.min_duration, common.measurement_interval), (3, 6));
}
