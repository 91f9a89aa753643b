// SPDX-License-Identifier: MPL-2.0
//! `post-messages`: an episode is posted from begin to end or not at all.

use gst::prelude::*;

use super::*;

#[test]
fn nothing_is_posted_while_it_is_off() {
    for entry in all() {
        let faulty = Faulty::of(&entry);
        let rig = Rig::around(faulty.element());
        rig.element.set_property("measurement-interval", SECOND / 5);
        rig.element.set_property("post-messages", false);
        rig.open(&faulty.caps);
        for buffer in &faulty.buffers {
            rig.push(buffer.clone());
            rig.drop_buffers();
        }
        let heard = rig.take();
        assert!(heard.measurements().is_empty(), "{}", entry.info.element);
        assert_eq!(heard.defects(), [], "{}", entry.info.element);
        // What began before it was switched on stays unsaid to its end.
        rig.element.set_property("post-messages", true);
        let defects = rig.finish_playing().defects();
        assert_eq!(defects, [], "{}", entry.info.element);
    }
}

#[test]
fn what_was_posted_gets_its_end() {
    for entry in all() {
        let (rig, _) = in_episode(&entry);
        rig.element.set_property("post-messages", false);
        let heard = rig.finish_playing();
        Rules::check(&entry, &heard);
        assert!(!heard.state("end").is_empty(), "{}", entry.info.element);
    }
}

#[test]
fn once_on_again_the_next_episode_is_posted() {
    for entry in all().iter().filter(|e| minds_emptiness(e)) {
        let (rig, mut stream) = opened(entry);
        rig.element.set_property("post-messages", false);
        feed_empty(&rig, &mut stream, 10 * SECOND);
        feed_full(&rig, &mut stream, 10 * SECOND);
        rig.element.set_property("post-messages", true);
        let since = stream.time();
        feed_empty(&rig, &mut stream, 10 * SECOND);
        let heard = rig.finish_playing();
        Rules::check(entry, &heard);
        let begun = heard.state("begin");
        let is_new = |d: &gstdefect::DefectMessage| d.timestamp + 40 * MS >= since;
        let element = entry.info.element;
        assert!(begun.iter().any(is_new), "{element}: {begun:?}");
    }
}
