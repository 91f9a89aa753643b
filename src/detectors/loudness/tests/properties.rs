// SPDX-License-Identifier: MPL-2.0
//! How preset and single limits combine.

use super::*;

const PRESET: usize = 0;

fn limits(s: &LoudnessSettings) -> [f64; 3] {
    [s.target(), s.tolerance(), s.max_true_peak()]
}

#[test]
fn the_order_of_properties_makes_no_difference() {
    let a85 = Value::Choice(Preset::A85 as usize);
    let mut s = LoudnessSettings::default();
    assert_eq!(limits(&s), [-23.0, 1.0, -1.0]);
    s.set(PRESET, a85.clone());
    assert_eq!(limits(&s), [-24.0, 2.0, -2.0]);
    s.set(2, Value::F64(0.5));
    assert_eq!(limits(&s), [-24.0, 0.5, -2.0]);
    let mut other = LoudnessSettings::default();
    other.set(2, Value::F64(0.5));
    other.set(PRESET, a85);
    assert_eq!(other, s);
    assert_eq!(s.get(1), Value::F64(-24.0));
}

#[test]
fn nonsense_changes_nothing() {
    let mut s = LoudnessSettings::default();
    for i in 0..9 {
        s.set(i, Value::Text("?".into()));
    }
    assert_eq!(s, LoudnessSettings::default());
}
