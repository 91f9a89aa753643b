// SPDX-License-Identifier: MPL-2.0
//! Section 5: properties, as declared, and while playing.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use gst::prelude::*;
use gstdefect::detector::settings::{Domain, Spec, Value};

use super::*;

const COMMON: [&str; 7] = [
    "active",
    "severity",
    "min-duration",
    "clear-duration",
    "update-interval",
    "measurement-interval",
    "post-messages",
];

fn specs(entry: &Entry) -> Vec<Spec> {
    let mut specs = entry.common.specs();
    specs.extend_from_slice(entry.settings);
    specs
}

#[test]
fn every_declared_setting_is_a_property_with_that_default() {
    init();
    for entry in streams() {
        let element = gst::ElementFactory::make(entry.info.element)
            .build()
            .unwrap();
        for name in COMMON {
            assert!(element.find_property(name).is_some(), "{name}");
        }
        for spec in specs(&entry) {
            let what = format!("{}.{}", entry.info.element, spec.name);
            let property = element
                .find_property(spec.name)
                .unwrap_or_else(|| panic!("no {what}"));
            assert_eq!(property.blurb(), Some(spec.doc), "{what}");
            let flags = property.flags();
            assert!(
                flags.contains(gst::PARAM_FLAG_MUTABLE_PLAYING | gst::glib::ParamFlags::READWRITE)
            );
            let value = element.property_value(spec.name);
            match &spec.default {
                Value::Bool(v) => assert_eq!(value.get::<bool>().unwrap(), *v, "{what}"),
                Value::F64(v) => assert_eq!(value.get::<f64>().unwrap(), *v, "{what}"),
                Value::U64(v) => assert_eq!(value.get::<u64>().unwrap(), *v, "{what}"),
                Value::Text(v) => assert_eq!(value.get::<String>().unwrap(), *v, "{what}"),
                Value::Choice(v) => {
                    let Domain::Choice(_, alternatives) = spec.domain else {
                        panic!("{what}")
                    };
                    let (_, chosen) = gst::glib::EnumValue::from_value(&value).unwrap();
                    assert_eq!(chosen.nick(), alternatives[*v].nick, "{what}");
                }
                Value::Region(v) => {
                    let array = value.get::<gst::Array>().unwrap();
                    let numbers: Vec<f64> = array.iter().map(|n| n.get().unwrap()).collect();
                    assert_eq!(numbers, [v.x, v.y, v.width, v.height], "{what}");
                }
            }
            // What it says of itself may be said to it.
            element.set_property_from_value(spec.name, &value);
            let text = value.serialize().unwrap();
            element.set_property_from_str(spec.name, &text);
            assert_eq!(
                element.property_value(spec.name).serialize().unwrap(),
                text,
                "{what}"
            );
        }
    }
}

#[test]
fn ends_of_every_range_are_taken() {
    init();
    for entry in streams() {
        let (rig, mut stream) = opened(&entry);
        for spec in specs(&entry) {
            for first in [true, false] {
                match &spec.domain {
                    Domain::F64(min, max) => {
                        let value = if first { *min } else { *max };
                        rig.element.set_property(spec.name, value);
                        assert_eq!(rig.element.property::<f64>(spec.name), value);
                    }
                    Domain::U64(min, max) => {
                        let value = if first { *min } else { *max };
                        rig.element.set_property(spec.name, value);
                        assert_eq!(rig.element.property::<u64>(spec.name), value);
                    }
                    Domain::Choice(_, alternatives) => {
                        let alternative = if first {
                            alternatives.first()
                        } else {
                            alternatives.last()
                        };
                        rig.element
                            .set_property_from_str(spec.name, alternative.unwrap().nick);
                    }
                    Domain::Bool => rig.element.set_property(spec.name, first),
                    Domain::Text => rig
                        .element
                        .set_property(spec.name, if first { "" } else { "?" }),
                    Domain::Region => rig.element.set_property_from_str(
                        spec.name,
                        if first {
                            "<0, 0, 1, 1>"
                        } else {
                            "<0.99, 0.99, 0.001, 0.001>"
                        },
                    ),
                }
                feed_full(&rig, &mut stream, SECOND / 5);
                feed_empty(&rig, &mut stream, SECOND / 5);
            }
        }
        Rules::check(&entry, &rig.finish_playing());
    }
}

#[test]
fn regions_that_are_none_are_refused_with_a_warning() {
    init();
    let warnings = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&warnings);
    let handler = gst::glib::log_set_handler(
        Some("gst-plugin-defect"),
        gst::glib::LogLevels::LEVEL_WARNING,
        false,
        false,
        move |_, _, text| heard.lock().unwrap().push(text.to_owned()),
    );
    for entry in video() {
        for spec in entry.settings.iter().filter(|s| s.domain == Domain::Region) {
            let element = gst::ElementFactory::make(entry.info.element)
                .build()
                .unwrap();
            element.set_property_from_str(spec.name, "<0.5, 0.25, 0.5, 0.5>");
            let before = element.property_value(spec.name).serialize().unwrap();
            for wrong in [vec![], vec![0.5; 3], vec![0.0; 4], vec![1.0, 1.0, 0.5, 0.5]] {
                element.set_property(spec.name, gst::Array::new(wrong));
                assert_eq!(
                    element.property_value(spec.name).serialize().unwrap(),
                    before
                );
                let warning = warnings.lock().unwrap().pop().unwrap_or_default();
                assert!(
                    warning.contains(entry.info.element)
                        && warning.contains(spec.name)
                        && warning.contains("<x, y, width, height>"),
                    "{warning:?}"
                );
            }
        }
    }
    gst::glib::log_remove_handler(Some("gst-plugin-defect"), handler);
}

#[test]
fn a_change_applies_from_the_next_buffer() {
    for entry in all().iter().filter(|e| minds_emptiness(e)) {
        let rig = Rig::of(entry);
        rig.element.set_property("min-duration", 3600 * SECOND);
        let mut stream = Stream::of(entry);
        rig.open(&stream.caps());
        feed_empty(&rig, &mut stream, 5 * SECOND);
        assert!(rig.take().defects().is_empty());
        rig.element.set_property("min-duration", SECOND);
        rig.element.set_property_from_str("severity", "critical");
        rig.push(stream.empty());
        let begun = rig.take().state("begin");
        assert!(!begun.is_empty(), "{}", entry.info.element);
        assert!(begun.iter().all(|d| d.severity == "critical"), "{begun:?}");
    }
}

#[test]
fn switched_on_again_it_begins_anew() {
    for entry in streams() {
        let (rig, mut stream) = troubled(&entry);
        rig.element.set_property("active", false);
        feed_empty(&rig, &mut stream, 5 * SECOND);
        assert_eq!(rig.take().warnings(), Vec::<String>::new());
        feed_empty(&rig, &mut stream, 5 * SECOND);
        assert!(rig.take().defects().is_empty(), "{}", entry.info.element);
        rig.element.set_property("active", true);
        let since = stream.time();
        feed_empty(&rig, &mut stream, 10 * SECOND);
        let begun = rig.take().state("begin");
        assert!(
            begun.iter().all(|d| d.timestamp + 40 * MS >= since),
            "{begun:?}"
        );
        assert!(!begun.is_empty() || !minds_emptiness(&entry));
    }
}

/// A sync handler runs in the streaming thread, in the middle of the element's work.
#[test]
fn a_sync_handler_may_call_back() {
    for entry in streams() {
        let (rig, mut stream) = opened(&entry);
        rig.element.set_property("measurement-interval", SECOND);
        rig.element.set_property("update-interval", SECOND);
        let element = rig.element.clone();
        static FLIP: AtomicBool = AtomicBool::new(false);
        rig.on_message(move |_| {
            for name in COMMON {
                let value = element.property_value(name);
                element.set_property_from_value(name, &value);
            }
            let min = if FLIP.fetch_xor(true, Ordering::Relaxed) {
                SECOND
            } else {
                2 * SECOND
            };
            element.set_property("min-duration", min);
            let _ = element.query_position::<gst::ClockTime>();
        });
        for _ in 0..3 {
            feed_empty(&rig, &mut stream, 4 * SECOND);
            feed_full(&rig, &mut stream, 4 * SECOND);
        }
        let heard = rig.finish_playing();
        assert!(heard.measurements().len() >= 22, "{}", entry.info.element);
        let begun = heard.state("begin").len();
        assert!(begun >= 3 || !minds_emptiness(&entry), "{begun}");
    }
}

/// Two threads, one of which changes everything all the time.
#[test]
fn changes_from_another_thread_harm_nothing() {
    for entry in streams() {
        let (rig, mut stream) = opened(&entry);
        let stop = std::sync::Arc::new(AtomicBool::new(false));
        let (element, stopped) = (rig.element.clone(), stop.clone());
        let other = std::thread::spawn(move || {
            let mut n = 0u64;
            while !stopped.load(Ordering::Relaxed) {
                n += 1;
                element.set_property("active", !n.is_multiple_of(7));
                element.set_property("min-duration", n % 5 * SECOND);
                element.set_property("measurement-interval", n % 3 * SECOND);
                std::thread::sleep(std::time::Duration::from_micros(100));
            }
            element.set_property("active", true);
        });
        feed_empty(&rig, &mut stream, 20 * SECOND);
        stop.store(true, Ordering::Relaxed);
        other.join().unwrap();
        feed_empty(&rig, &mut stream, 10 * SECOND);
        let heard = rig.finish_playing();
        let ends = heard.state("end").len();
        assert_eq!(heard.state("begin").len(), ends, "{}", entry.info.element);
        // The last word counts.
        assert!(ends > 0 || !minds_emptiness(&entry));
    }
}
