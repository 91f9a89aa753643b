// SPDX-License-Identifier: MPL-2.0
//! Messages between the supervisor and its workers, over a socket: frames of MessagePack, each after its length (32
//! bits, big-endian).

use std::io::{self, Read, Write};
use std::sync::Arc;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::admission::Answer;
use super::board::{State, Track, Usage};
use super::config::Plan;
use super::outcome::{Event, Outcome, bytes};
use super::stream::{Reason, Resume};

/// From the supervisor to a worker.
#[derive(Debug, Serialize, Deserialize)]
pub enum Command {
    /// Watch a stream; one of that id that is watched already is ended first.
    Watch {
        /// The stream.
        assignment: Box<Assignment>,
        /// Whether it may start, as far as that is known.
        answer: Answer,
    },
    /// Stop watching a stream.
    Stop {
        /// Its id.
        stream: Arc<str>,
        /// Why.
        reason: Reason,
    },
    /// The answer to [`StreamReport::Admission`].
    Admission {
        /// The id of the stream that asked.
        stream: Arc<str>,
        /// Whether it may start.
        answer: Answer,
    },
    /// Why the results of a stream may come late: more is watched than the machine can analyse in time. `None`: they don't.
    LateReason {
        /// Its id.
        stream: Arc<str>,
        /// For people.
        why: Option<Arc<str>>,
    },
    /// Somebody looks at a stream: make thumbnails for a while.
    View {
        /// Its id.
        stream: Arc<str>,
    },
    /// Stop watching all streams, and end.
    Close,
}

/// A stream for a worker.
#[derive(Debug, Serialize, Deserialize)]
pub struct Assignment {
    /// What to watch, and how.
    pub plan: Plan,
    /// Number of the assignment: tells its reports from those of earlier assignments of the same stream.
    pub run: u64,
    /// How long to wait before the stream is started.
    pub delay: Duration,
    /// Where another worker left it.
    pub resume: Resume,
}

/// From a worker to the supervisor.
#[derive(Debug, Serialize, Deserialize)]
pub enum Report {
    /// Of a stream.
    Stream {
        /// Its id.
        stream: Arc<str>,
        /// As in its [`Assignment`].
        run: u64,
        /// What there is to report.
        report: StreamReport,
    },
    /// Of the process, once a second.
    Alive(Footprint),
    /// Number of reports that were lost, since the supervisor didn't read them.
    Overrun(u64),
}

/// A report of a stream.
#[derive(Debug, Serialize, Deserialize)]
pub enum StreamReport {
    /// A record, event or picture to be shown and stored. Labels are left out: the supervisor has them.
    Outcome(Outcome),
    /// An event for the receivers of alarms.
    Alarm(Box<Event>),
    /// The state of the stream, and why in words.
    State(State, Option<String>),
    /// Its tracks.
    Tracks(Vec<Track>),
    /// What it has used in this run, and how much more of it was watched since the last time.
    Usage(Usage, Duration),
    /// A small picture, as a JPEG.
    Thumbnail(#[serde(with = "bytes")] Arc<[u8]>),
    /// Idle: it isn't played at the moment.
    Idle,
    /// Asks whether it may start.
    Admission,
    /// It couldn't be started, and why.
    NotStarted(String),
    /// The last report: it isn't watched any more.
    Ended,
}

/// What a process has of the machine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Footprint {
    /// Threads.
    pub threads: u64,
    /// Open descriptors.
    pub descriptors: u64,
    /// Bytes of memory.
    pub memory: u64,
    /// CPU time so far.
    pub cpu: Duration,
}

/// Longest frame that is valid; the longest holds a picture.
const LONGEST: u32 = 16 << 20;

/// Reads the next frame; none at the end.
///
/// # Errors
/// If the other side breaks off within a frame, or sends what isn't one.
pub fn read<T: DeserializeOwned>(from: &mut impl Read) -> io::Result<Option<T>> {
    let mut length = [0; 4];
    if let Err(e) = from.read_exact(&mut length) {
        let is_end = matches!(
            e.kind(),
            io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset
        );
        return if is_end { Ok(None) } else { Err(e) };
    }
    let length = u32::from_be_bytes(length);
    if length > LONGEST {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut frame = vec![0; length as usize];
    from.read_exact(&mut frame)?;
    let message = rmp_serde::from_slice(&frame);
    message.map(Some).map_err(io::Error::other)
}

/// Writes a frame.
///
/// # Errors
/// If the other side is gone, or doesn't read.
pub fn write(to: &mut impl Write, message: &impl Serialize) -> io::Result<()> {
    let frame = rmp_serde::to_vec_named(message).map_err(io::Error::other)?;
    let length = u32::try_from(frame.len()).map_err(io::Error::other)?;
    to.write_all(&length.to_be_bytes())?;
    to.write_all(&frame)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::Timestamp;

    use super::super::http::made;
    use super::super::outcome::{Analysed, Moment, Record, Snapshot, Source, Status};
    use super::*;

    fn back(report: StreamReport) -> StreamReport {
        let report = Report::Stream {
            stream: "s.1".into(),
            run: 7,
            report,
        };
        let mut bytes = Vec::new();
        write(&mut bytes, &report).unwrap();
        let mut bytes = bytes.as_slice();
        let report = read(&mut bytes).unwrap();
        assert!(read::<Report>(&mut bytes).unwrap().is_none());
        match report {
            Some(Report::Stream { run: 7, report, .. }) => report,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_streams_say_arrives_as_it_was() {
        let mut event = made::event("s.1", "black", "error", "begin", 9, Duration::from_secs(2));
        event.defect.extra.insert("level-0".to_owned(), 3.0);
        event.defect.area = Some([1, 2, 3, 4]);
        let sent = serde_json::to_value(&event).unwrap();
        let StreamReport::Alarm(event) = back(StreamReport::Alarm(event.into())) else {
            panic!("no alarm");
        };
        assert_eq!(serde_json::to_value(&event).unwrap(), sent);
        // Silence has no level, which JSON can't say.
        let record = Record {
            source: Source {
                stream: "s.1".into(),
                labels: Arc::default(),
                track: "audio-0".into(),
            },
            time: Timestamp::from_second(1_700_000_000).unwrap(),
            stream_time: None,
            detector: "silencedetect".into(),
            status: Status::Defect,
            kinds: BTreeMap::from([("silence".to_owned(), Status::Defect)]),
            analysed: Analysed::ALL,
            reason: None,
            measures: BTreeMap::from([("rms-0".to_owned(), f64::NEG_INFINITY)]),
        };
        let report = back(StreamReport::Outcome(Outcome::Second(record.clone())));
        assert!(matches!(report, StreamReport::Outcome(Outcome::Second(r)) if r == record));
        let picture = Snapshot {
            source: record.source,
            episode: "e".into(),
            time: record.time,
            moment: Moment::Worst,
            jpeg: vec![0, 255, 7].into(),
        };
        let report = back(StreamReport::Outcome(Outcome::Picture(picture)));
        assert!(
            matches!(report, StreamReport::Outcome(Outcome::Picture(p)) if *p.jpeg == [0, 255, 7])
        );
    }

    #[test]
    fn a_plan_arrives_as_it_was() {
        gst::init().unwrap();
        let text = "[[streams]]\nid = \"a\"\nuri = \"http://me@host/x\"\nloop = true\nanalyse = { every = 5 }\n\
                    labels = { site = \"vienna\" }\nmaintenance = [{ from = \"01:00\", to = \"02:00\" }]\n";
        let loaded = super::super::config::load::parse(text).unwrap();
        let assignment = Assignment {
            plan: loaded.plans[0].clone(),
            run: 1,
            delay: Duration::from_millis(20),
            resume: Resume::default(),
        };
        let command = Command::Watch {
            assignment: Box::new(assignment),
            answer: Answer::Refuse("no room".to_owned()),
        };
        let mut bytes = Vec::new();
        write(&mut bytes, &command).unwrap();
        let command = read(&mut bytes.as_slice()).unwrap();
        let Some(Command::Watch { assignment, .. }) = command else {
            panic!("{command:?}");
        };
        assert_eq!(assignment.plan, loaded.plans[0]);
    }

    #[test]
    fn what_is_no_frame_is_refused() {
        let long = u32::MAX.to_be_bytes();
        assert!(read::<Report>(&mut long.as_slice()).is_err());
        let cut = [0, 0, 0, 9, 1];
        assert!(read::<Report>(&mut cut.as_slice()).is_err());
        let wrong = [0, 0, 0, 1, 0xc1];
        assert!(read::<Report>(&mut wrong.as_slice()).is_err());
    }
}
