// SPDX-License-Identifier: MPL-2.0
//! The rules of sections 3 and 4 on real defects: every example of `pipelines/`, with everything that a detector can say turned on.

use gst::prelude::*;

use super::*;

#[test]
fn every_example_keeps_the_rules() {
    for example in Example::all() {
        let heard = run_with(&example.line, |pipeline| {
            for element in pipeline.iterate_recurse().into_iter().flatten() {
                if element.type_().name().starts_with("GstDefect")
                    && element.has_property("measurement-interval")
                {
                    element.set_property("measurement-interval", SECOND / 2);
                    element.set_property("update-interval", SECOND / 2);
                }
            }
        });
        for entry in all() {
            for element in named(&entry, &heard) {
                let mut own = heard.clone();
                own.0.retain(|seen| match seen {
                    Seen::Defect(d) => d.element == element,
                    Seen::Measurement(m) => m.element == element,
                    _ => false,
                });
                println!("{}: {element}: {} messages", example.name, own.0.len());
                Rules::check(&entry, &own);
            }
        }
    }
}

/// The elements of that detector that said something, by the kinds that they name.
fn named(entry: &Entry, heard: &Heard) -> Vec<String> {
    let kinds: Vec<_> = entry.info.kinds.iter().map(|k| k.name).collect();
    let defects = heard.defects().into_iter().map(|d| (d.element, d.kind));
    let measurements = heard
        .measurements()
        .into_iter()
        .map(|m| (m.element, m.kind));
    let mut names: Vec<_> = defects
        .chain(measurements)
        .filter(|(_, kind)| kinds.contains(&&**kind))
        .map(|(element, _)| element)
        .collect();
    names.sort();
    names.dedup();
    names
}
