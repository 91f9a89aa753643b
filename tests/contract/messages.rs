// SPDX-License-Identifier: MPL-2.0
//! Sections 3 and 4, field by field: names and types as documented.

use std::sync::{Arc, Mutex};

use gst::prelude::*;
use gstdefect::{
    DefectMessage, MeasurementMessage,
    message::{DEFECT, DEFECT_FIELDS, Field, MEASUREMENT, MEASUREMENT_FIELDS},
};

use super::*;

/// Everything that a detector posts over a stream with something to say.
fn posted(entry: &Entry) -> (gst::Element, Vec<gst::Message>) {
    let rig = Rig::of(entry);
    rig.element.set_property("measurement-interval", SECOND);
    rig.element.set_property("update-interval", SECOND);
    let messages = Arc::new(Mutex::new(Vec::new()));
    let log = messages.clone();
    rig.on_message(move |message| log.lock().unwrap().push(message.clone()));
    let mut stream = Stream::of(entry);
    rig.open(&stream.caps());
    feed_full(&rig, &mut stream, SECOND);
    feed_empty(&rig, &mut stream, 10 * SECOND);
    rig.eos();
    let element = rig.element.clone();
    rig.finish();
    let messages = messages.lock().unwrap().clone();
    (element, messages)
}

/// Fields that aren't documented may only be numbers.
fn documented(structure: &gst::StructureRef, fields: &[Field]) {
    for (name, value) in structure.iter() {
        let field = fields.iter().find(|f| f.name == name.as_str());
        let expected = field.map_or("gdouble", |f| f.type_name);
        assert_eq!(value.type_().name(), expected, "{name} in {structure}");
    }
}

#[test]
fn fields_are_as_documented() {
    for entry in streams() {
        let (element, messages) = posted(&entry);
        let (mut defects, mut measurements) = (0, 0);
        for message in messages
            .iter()
            .filter(|m| m.type_() == gst::MessageType::Element)
        {
            assert_eq!(message.src(), Some(element.upcast_ref()));
            let structure = message.structure().unwrap();
            match structure.name().as_str() {
                DEFECT => {
                    documented(structure, DEFECT_FIELDS);
                    let read = DefectMessage::try_from(&**message).unwrap();
                    let text = serde_json::to_string(&read).unwrap();
                    assert_eq!(serde_json::from_str::<DefectMessage>(&text).unwrap(), read);
                    assert!(MeasurementMessage::try_from(&**message).is_err());
                    defects += 1;
                }
                MEASUREMENT => {
                    documented(structure, MEASUREMENT_FIELDS);
                    let read = MeasurementMessage::try_from(&**message).unwrap();
                    let text = serde_json::to_string(&read).unwrap();
                    assert_eq!(
                        serde_json::from_str::<MeasurementMessage>(&text).unwrap(),
                        read
                    );
                    measurements += 1;
                }
                other => panic!("a message {other}"),
            }
        }
        assert!(measurements >= 11, "{}", entry.info.element);
        assert!(
            defects >= 3 || !minds_emptiness(&entry),
            "{}",
            entry.info.element
        );
    }
}

#[test]
fn other_messages_arent_ours() {
    init();
    let eos = gst::message::Eos::new();
    assert!(DefectMessage::try_from(&*eos).is_err());
    let half = gst::Structure::builder(DEFECT)
        .field("kind", "black")
        .build();
    let half = gst::message::Element::new(half);
    let error = DefectMessage::try_from(&*half).unwrap_err();
    assert!(error.to_string().contains("state"), "{error}");
}

/// What was wrong goes into the warning's own text, where applications look.
#[test]
fn warnings_say_what_is_wrong() {
    for entry in readers() {
        let (rig, mut stream) = opened(&entry);
        rig.push(unmappable(&stream.full()));
        let heard = rig.finish_playing();
        assert!(
            heard.warnings()[0].contains("couldn't be analysed"),
            "{:?}",
            heard.warnings()
        );
    }
}
