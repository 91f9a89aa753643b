// SPDX-License-Identifier: MPL-2.0
//! GStreamer's errors and warnings, and panics, in a line.

use gst::glib;

/// The message and, where there is one, the reason behind it.
pub fn text(error: &glib::Error, debug: Option<&str>) -> String {
    if error.matches(gst::StreamError::TypeNotFound) {
        return "not a kind of media that GStreamer knows".to_owned();
    }
    let message = error.message().trim_end_matches('.');
    match debug.and_then(reason) {
        Some(reason) if !message.contains(&reason) => format!("{message} ({reason})"),
        _ => message.to_owned(),
    }
}

/// Rank of an error that says almost nothing.
pub const LEAST: u8 = 2;

/// How little an error says: "internal data stream error" is what follows from another, and that a type isn't known may be so
/// because no data came.
pub fn rank(error: &glib::Error) -> u8 {
    let follows =
        error.matches(gst::StreamError::Failed) || error.matches(gst::StreamError::TypeNotFound);
    u8::from(follows)
}

/// The lines of the debug text after the first, which only says where in the code it was.
fn reason(debug: &str) -> Option<String> {
    let (_, lines) = debug.split_once('\n')?;
    let text = lines.split('\n').map(str::trim).collect::<Vec<_>>();
    let text = text.join(" ");
    let text = text.trim().trim_end_matches('.').to_owned();
    (!text.is_empty()).then_some(text)
}

/// The text of a panic.
#[cfg(feature = "service")]
pub fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("for unknown reasons")
}

/// What a message about a missing plugin names, e.g. `H.265 decoder`.
pub fn missing(structure: &gst::StructureRef) -> Option<String> {
    (structure.name() == "missing-plugin").then(|| {
        let name = structure
            .get::<String>("name")
            .or_else(|_| structure.get::<String>("detail"));
        name.unwrap_or_else(|_| "unknown".to_owned())
    })
}

/// A text with `#` for each number: equal for two warnings that differ in a packet's number or a time.
pub fn without_numbers(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.chars() {
        match c.is_ascii_digit() {
            false => folded.push(c),
            true if folded.ends_with('#') => {}
            true => folded.push('#'),
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_follows_the_message() {
        let error = glib::Error::new(gst::ResourceError::NotFound, "Could not open.");
        let debug = "souphttpsrc.c(1): f (): /GstPipeline/x:\nNot Found (404), URL: x.";
        assert_eq!(
            text(&error, Some(debug)),
            "Could not open (Not Found (404), URL: x)"
        );
        assert_eq!(text(&error, Some("x.c(1): f ():")), "Could not open");
        assert_eq!(text(&error, None), "Could not open");
    }

    #[test]
    fn warnings_that_differ_in_numbers_are_one() {
        let folded = [4, 5, 17].map(|n| without_numbers(&format!("Mismatch packet {n}, stream 2")));
        assert!(
            folded
                .iter()
                .all(|text| text == "Mismatch packet #, stream #")
        );
    }
}
