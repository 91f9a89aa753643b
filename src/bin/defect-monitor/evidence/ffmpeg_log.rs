// SPDX-License-Identifier: MPL-2.0
//! Reads the log of FFmpeg's decoders: which pictures are damaged.
//!
//! GStreamer's category `libav` passes the log on without the element, so a line is attributed to the picture that
//! the logging thread is decoding.

use std::cell::{Cell, RefCell};
use std::sync::{Arc, Once};

use super::marks::Marks;

/// Beginnings of the lines about blocks of a picture that couldn't be decoded, or about a missing reference picture.
/// Other lines (about headers or supplementary data) don't mean visible damage.
const DAMAGE: &[&str] = &[
    // MPEG-1, -2 and -4, H.264: the number of macroblocks follows.
    "concealing ",
    // H.265.
    MISSING,
    "The cu_qp_delta",
    "CABAC_MAX_BIN",
];
/// Beginning of the line that the H.265 decoder logs for each missing reference picture.
const MISSING: &str = "Could not find ref with POC";
/// Beginning of the line that the H.265 decoder logs for each undamaged picture.
const WHOLE: &str = "Decoded frame with POC";

/// The picture that a thread decodes.
struct Decoding {
    marks: Arc<Marks>,
    time: gst::ClockTime,
    /// Whether the decoder confirms undamaged pictures, and this one isn't confirmed yet.
    unconfirmed: bool,
}

thread_local! {
    static DECODING: RefCell<Option<Decoding>> = const { RefCell::new(None) };
    /// Whether this thread's decoder ever logged the confirmation: other versions may word it differently.
    static CONFIRMED: Cell<bool> = const { Cell::new(false) };
}

/// Listens to the log of this process, from the first call on.
pub fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // Whoever wants to see the log has set its level already.
        if std::env::var_os("GST_DEBUG").is_none() {
            gst::log::remove_default_log_function();
        }
        gst::log::set_threshold_for_name("libav", gst::DebugLevel::Debug);
        gst::log::add_log_function(|category, _, _, _, _, _, message| {
            if category.name() == "libav"
                && let Some(text) = message.get()
            {
                hear(&text);
            }
        });
    });
}

/// Notes that this thread decodes the picture of that time now. `confirms`: its decoder confirms undamaged pictures.
pub fn decoding(marks: Option<Arc<Marks>>, time: Option<gst::ClockTime>, confirms: bool) {
    DECODING.with_borrow_mut(|decoding| {
        if let Some(last) = decoding.take().filter(|last| last.unconfirmed)
            && CONFIRMED.get()
        {
            last.marks.add_undecoded(last.time);
        }
        *decoding = marks.zip(time).map(|(marks, time)| Decoding {
            marks,
            time,
            unconfirmed: confirms,
        });
    });
}

/// The picture that this thread decodes is damaged.
pub fn damaged() {
    DECODING.with_borrow(|decoding| {
        if let Some(decoding) = decoding {
            decoding.marks.add_undecoded(decoding.time);
        }
    });
}

/// Whether the picture that this thread decodes needs no references.
fn is_start() -> bool {
    DECODING.with_borrow(|decoding| {
        let decoding = decoding.as_ref();
        decoding.is_some_and(|d| d.marks.is_start(d.time))
    })
}

fn hear(text: &str) {
    if text.starts_with(WHOLE) {
        CONFIRMED.set(true);
        DECODING.with_borrow_mut(|decoding| {
            if let Some(decoding) = decoding {
                decoding.unconfirmed = false;
            }
        });
    } else if text.starts_with(MISSING) && is_start() {
        // It states which pictures its followers may refer to.
    } else if DAMAGE.iter().any(|damage| text.starts_with(damage)) {
        damaged();
    }
}

#[cfg(test)]
mod tests {
    use super::super::marks::MarksByStream;
    use super::*;

    /// The times of the pictures, in ms, that are damaged after these lines; each comes with the picture of that second.
    fn heard(confirms: bool, lines: &[&str]) -> Vec<u64> {
        let marks = MarksByStream::default().of("");
        for (second, line) in (0..).zip(lines) {
            let time = gst::ClockTime::from_seconds(second);
            decoding(Some(Arc::clone(&marks)), Some(time), confirms);
            hear(line);
        }
        decoding(None, None, false);
        (0..lines.len() as u64)
            .filter(|second| marks.take(gst::ClockTime::from_seconds(*second)))
            .collect()
    }

    #[test]
    fn lines_count_for_the_picture_that_is_decoded() {
        let lines = [
            "",
            "",
            "concealing 1200 DC, 1200 AC, 1200 MV errors in P frame",
            "no picture ",
            "SEI type 5 truncated",
        ];
        assert_eq!(heard(false, &lines), [2]);
    }

    #[test]
    fn pictures_that_are_left_out_before_a_key_frame_are_no_damage() {
        let marks = MarksByStream::default().of("");
        let second = gst::ClockTime::from_seconds;
        assert!(!marks.take(second(0)));
        let decode = |time, line| {
            decoding(Some(Arc::clone(&marks)), Some(second(time)), false);
            hear(line);
        };
        marks.start_anew(Some(second(10)));
        decode(10, "Could not find ref with POC 8");
        decode(9, "concealing 30 DC, 30 AC, 30 MV errors in B frame");
        assert!(!marks.take(second(10)));
        decode(11, "Could not find ref with POC 10");
        assert!(marks.take(second(11)));
        // What the decoder says of pictures that aren't shown, and what the demuxer says.
        decode(12, "concealing 30 DC, 30 AC, 30 MV errors in P frame");
        marks.start_anew(Some(second(15)));
        assert!(!marks.take(second(15)));
        marks.add(second(18));
        marks.start_anew(Some(second(20)));
        assert!(marks.take(second(20)));
        // Times begin anew.
        decode(3, "concealing 30 DC, 30 AC, 30 MV errors in P frame");
        assert!(marks.take(second(3)));
        decode(20, "concealing 30 DC, 30 AC, 30 MV errors in I frame");
        assert!(marks.take(second(20)));
    }

    #[test]
    fn a_decoder_that_never_calls_a_picture_whole_says_nothing_by_its_silence() {
        assert!(heard(true, &["", "", "", ""]).is_empty());
    }

    #[test]
    fn a_picture_that_nobody_calls_whole_is_not() {
        let whole = "Decoded frame with POC 4.";
        let lines = [
            whole,
            whole,
            "Output frame with POC 3.",
            whole,
            "CABAC_MAX_BIN : 7",
        ];
        assert_eq!(heard(true, &lines), [2, 4]);
        // Of no decoder.
        hear("concealing 1 DC, 1 AC, 1 MV errors in I frame");
        damaged();
    }
}
