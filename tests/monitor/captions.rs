// SPDX-License-Identifier: MPL-2.0
//! Captions in pictures and tracks of subtitles, and faults that are put into captions.

use cea608_types::{
    Cea608Writer,
    tables::{Channel, Code, Control, ControlCode, Field},
};
use gst_video::{VideoCaptionMeta, VideoCaptionType};

use super::*;

/// Coded pictures with captions in them: a new line as soon as the one before is over.
fn captioned(folder: &Folder, seconds: u32) -> String {
    let path = folder.file("captioned.ts");
    gst::init().unwrap();
    let pipeline = gst::parse::launch(&format!(
        "videotestsrc name=film num-buffers={} pattern=ball ! video/x-raw,format=I420,width=160,height=96,framerate=25/1 \
         ! x264enc bitrate=200 speed-preset=ultrafast threads=1 ! h264parse ! mpegtsmux ! filesink location={path}",
        25 * seconds
    ));
    let pipeline = pipeline.unwrap();
    let film = pipeline.downcast_ref::<gst::Bin>().unwrap().by_name("film");
    let mut writer = Cea608Writer::default();
    let mut line = 0;
    let pair = move || {
        if writer.n_codes() == 0 {
            line += 1;
            let control =
                |control| Code::Control(ControlCode::new(Field::ONE, Channel::ONE, control));
            writer.push(control(Control::ResumeCaptionLoading));
            for c in format!("this is line {line}").chars() {
                writer.push(Code::from_char(c, Channel::ONE).unwrap());
            }
            writer.push(control(Control::EndOfCaption));
        }
        writer.pop()
    };
    let pair = std::sync::Mutex::new(pair);
    let src = film.unwrap().static_pad("src").unwrap();
    src.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
        let [a, b] = pair.lock().unwrap()();
        let buffer = info.buffer_mut().unwrap().make_mut();
        VideoCaptionMeta::add(buffer, VideoCaptionType::Cea708Raw, &[0xfc, a, b]);
        gst::PadProbeReturn::Ok
    });
    finish(&pipeline);
    path
}

fn told(ran: &Ran) -> Vec<String> {
    let ends = ran.defects().into_iter().filter(|d| d.state == "end");
    ends.map(|d| {
        let (start, end) = (d.timestamp, d.timestamp + d.duration);
        let [start, end] = [start, end].map(|time| (time + 500_000_000) / 1_000_000_000);
        let detail = d.detail.unwrap_or_default();
        format!("{} {detail} {start}-{end}", d.kind)
    })
    .collect()
}

#[test]
fn faults_of_captions_are_put_in_and_found() {
    let folder = Folder::new("captions");
    let clip = captioned(&folder, 50);
    let watch = |file: &str| {
        told(&monitor(&[
            "--json",
            "--quiet",
            "--detectors=caption",
            file,
        ]))
    };
    assert_eq!(watch(&clip), [""; 0]);
    for (fault, found) in [
        ("captions-missing", &["captions-missing absent 10-30"][..]),
        // Broken pairs count for five seconds and more.
        (
            "captions-corrupt",
            &[
                "captions-corrupt parity 11-25",
                "captions-corrupt parity 30-45",
            ],
        ),
    ] {
        let broken = folder.file("broken.ts");
        let ran = monitor(&["inject", "--faults", fault, &clip, &broken]);
        assert_eq!(ran.status, 0, "{}", ran.err);
        assert!(ran.err.contains(fault), "{}", ran.err);
        assert_eq!(watch(&broken), found);
    }
    let broken = folder.file("broken.ts");
    let ran = monitor(&["inject", "--faults=captions-stopped", &clip, &broken]);
    assert_eq!(ran.status, 2, "too short for that");
}

const FILM: &str = "videotestsrc num-buffers=750 ! video/x-raw,format=I420,width=160,height=96,framerate=25/1 \
    ! x264enc bitrate=200 speed-preset=ultrafast threads=1 ! h264parse ! mpegtsmux name=m ! filesink name=file";

fn watch_subtitles(file: &str) -> Ran {
    let detectors = "--detectors=caption text-timeout=10000000000";
    monitor(&["--json", detectors, file])
}

#[test]
fn tracks_of_dvb_subtitles_are_watched() {
    let folder = Folder::new("subtitles");
    let file = folder.file("subtitled.ts");
    let watch = |last: u32| {
        let subtitles = format!(
            "videotestsrc num-buffers={last} pattern=ball ! video/x-raw,format=AYUV,width=160,height=96,framerate=1/1 ! dvbsubenc ! m."
        );
        play(&format!("{FILM} {subtitles}"), &file);
        watch_subtitles(&file)
    };
    let whole = watch(30);
    assert!(whole.err.contains("DVB subtitles"), "{}", whole.err);
    assert_eq!(told(&whole), [""; 0]);
    let stopped = told(&watch(12));
    let [stopped] = &stopped[..] else {
        panic!("{stopped:?}")
    };
    assert!(
        stopped.starts_with("captions-missing stopped 12-"),
        "{stopped}"
    );
}

#[test]
fn tracks_of_teletext_are_watched() {
    let folder = Folder::new("teletext");
    let file = folder.file("teletext.ts");
    play(
        &format!(
            "{FILM} fakesrc num-buffers=20 sizetype=fixed sizemax=184 filltype=pattern format=time datarate=184 ! application/x-teletext ! m."
        ),
        &file,
    );
    let ran = watch_subtitles(&file);
    assert!(ran.err.contains("teletext"), "{}", ran.err);
}
