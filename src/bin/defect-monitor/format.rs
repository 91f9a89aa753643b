// SPDX-License-Identifier: MPL-2.0
//! Streams and numbers of things in words.

/// A number with its noun: `1 stream`, `2 streams`.
pub fn counted(n: u64, what: &str) -> String {
    let plural = if n == 1 { "" } else { "s" };
    format!("{n} {what}{plural}")
}

/// How a stream is coded, e.g. `H.264 (Main Profile)`.
pub fn codec(stream: &gst::Stream) -> Option<String> {
    stream.tags().as_deref().and_then(codec_in).or_else(|| {
        let caps = stream.caps()?;
        let name = caps.structure(0)?.name().to_string();
        (!name.ends_with("x-raw")).then_some(name)
    })
}

/// How something is coded, by its tags.
pub fn codec_in(tags: &gst::TagListRef) -> Option<String> {
    let video = tags.get::<gst::tags::VideoCodec>();
    let audio = || tags.get::<gst::tags::AudioCodec>();
    video
        .map(|v| v.get().to_owned())
        .or_else(|| audio().map(|v| v.get().to_owned()))
}

/// What a stream carries, e.g. `video, H.264`.
pub fn stream(stream: &gst::Stream) -> String {
    let medium = stream.stream_type().to_string();
    match codec(stream) {
        Some(codec) => format!("{medium}, {codec}"),
        None => medium,
    }
}

/// A raw format, e.g. `1280x720 I420 25 fps` or `48 kHz stereo S16LE`.
pub fn raw(caps: &gst::Caps) -> String {
    let Some(s) = caps.structure(0) else {
        return "?".to_owned();
    };
    let number = |name| s.get::<i32>(name).unwrap_or(0);
    let format = s.get::<&str>("format").unwrap_or("?");
    if s.name() == "audio/x-raw" {
        let channels = match number("channels") {
            1 => "mono".to_owned(),
            2 => "stereo".to_owned(),
            n => format!("{n} channels"),
        };
        let rate = f64::from(number("rate")) / 1000.0;
        return format!("{rate} kHz {channels} {format}");
    }
    let rate = match s.get::<gst::Fraction>("framerate") {
        Ok(f) if f.numer() > 0 => {
            let fps = f64::from(f.numer()) / f64::from(f.denom());
            // Some streams claim absurd rates.
            if fps > 1000.0 {
                String::new()
            } else {
                format!(" {} fps", (fps * 1000.0).round() / 1000.0)
            }
        }
        _ => String::new(),
    };
    let scan = match s.get::<&str>("interlace-mode") {
        Ok("progressive") | Err(_) => "",
        Ok(_) => " interlaced",
    };
    format!(
        "{}x{} {format}{rate}{scan}",
        number("width"),
        number("height")
    )
}

/// How many channels a raw format has; 0 for pictures.
pub fn channels(caps: &gst::Caps) -> i32 {
    caps.structure(0)
        .and_then(|s| s.get("channels").ok())
        .unwrap_or(0)
}
