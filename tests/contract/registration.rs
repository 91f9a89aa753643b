// SPDX-License-Identifier: MPL-2.0
//! The elements as GStreamer knows them.

use gst::prelude::*;

use super::*;

#[test]
fn every_detector_is_an_element_of_its_medium() {
    init();
    for entry in all() {
        let info = entry.info;
        let factory = gst::ElementFactory::find(info.element).unwrap();
        let element = factory.create().build().unwrap();
        assert_eq!(element.type_().name(), info.type_name);
        assert!(info.type_name.starts_with("GstDefect") && info.type_name.ends_with("Detect"));
        assert_eq!(
            factory.metadata(gst::ELEMENT_METADATA_LONGNAME),
            Some(info.long_name)
        );
        assert_eq!(factory.rank(), gst::Rank::NONE);
        for pad in ["sink", "src"] {
            let caps = element.pad_template(pad).unwrap().caps().clone();
            let media = caps.structure(0).map(|s| s.name().as_str());
            let expected = match entry.input {
                Input::Pictures => Some("video/x-raw"),
                Input::Sound => Some("audio/x-raw"),
                _ => None,
            };
            assert_eq!(media, expected);
        }
    }
}

/// As every other element: the name of the factory and a number, unless the application gives one.
#[test]
fn instances_are_named_after_their_factory() {
    init();
    let names = gstdefect::detectors::all();
    for factory in names.iter().map(|e| e.info.element).chain(["defectbin"]) {
        let make = || gst::ElementFactory::make(factory);
        let (one, two) = (make().build().unwrap(), make().build().unwrap());
        for element in [&one, &two] {
            let name = element.name();
            let number = name.strip_prefix(factory);
            assert!(number.is_some_and(|n| n.parse::<u32>().is_ok()), "{name}");
        }
        assert_ne!(one.name(), two.name());
        let named = make().name("mine").build().unwrap();
        assert_eq!(named.name(), "mine");
        let author = one
            .factory()
            .unwrap()
            .metadata("author")
            .unwrap()
            .to_owned();
        assert!(author.contains('<'), "{author}");
    }
}

#[test]
fn names_are_unique_and_in_the_house_style() {
    let (mut elements, mut types, mut kinds) = (Vec::new(), Vec::new(), Vec::new());
    let plain = |name: &str| {
        name.chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    };
    for entry in all() {
        elements.push(entry.info.element);
        types.push(entry.info.type_name);
        assert!(!entry.info.kinds.is_empty() && !entry.info.description.ends_with('.'));
        for kind in entry.info.kinds {
            kinds.push(kind.name);
            assert!(
                plain(kind.name) && kind.details.iter().all(|(d, _)| plain(d)),
                "{kind:?}"
            );
        }
        assert!(entry.info.measures.iter().all(|m| plain(m.name)));
        assert!(
            entry
                .settings
                .iter()
                .all(|s| plain(s.name) && !s.doc.is_empty())
        );
    }
    for names in [&mut elements, &mut types, &mut kinds] {
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count, "{names:?}");
    }
}

/// Two detectors of one medium have their own properties: what has to be static exists once per type.
#[test]
fn types_share_nothing() {
    init();
    for entry in all() {
        let element = gst::ElementFactory::make(entry.info.element)
            .build()
            .unwrap();
        let own = element
            .list_properties()
            .iter()
            .filter(|p| p.owner_type() == element.type_())
            .count();
        assert_eq!(
            own,
            entry.common.specs().len() + entry.settings.len(),
            "{}",
            entry.info.element
        );
    }
}

/// A program that has the plugin linked in may meet its file as well.
#[test]
fn static_and_dynamic_in_one_process() {
    init();
    let file = library();
    let loaded = gst::Plugin::load_file(&file).unwrap();
    assert_eq!(loaded.plugin_name(), "defect");
    gstdefect::plugin_register_static().unwrap();
    for entry in all() {
        let (rig, mut stream) = opened(&entry);
        feed_full(&rig, &mut stream, SECOND);
        let heard = rig.finish_playing();
        assert_eq!(heard.warnings(), Vec::<String>::new());
    }
    nothing_critical();
}

/// What an application sees that finds the plugin by itself.
#[test]
fn the_file_is_a_plugin() {
    let elements = all().iter().map(|e| e.info.element).collect::<Vec<_>>();
    let said = tool("gst-inspect-1.0").arg("defect").output().unwrap();
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    for element in elements {
        assert!(
            said.contains(&format!("  {element}: ")),
            "{element} is missing in {said}"
        );
    }
    assert!(
        said.contains("MPL-2.0") && said.contains("gst-plugin-defect"),
        "{said}"
    );
}
