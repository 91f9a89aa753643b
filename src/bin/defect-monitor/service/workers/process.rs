// SPDX-License-Identifier: MPL-2.0
//! One worker process, as the supervisor has it.

use std::io::BufReader;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use super::growth::Growth;
use crate::service::protocol::{self, Command, Footprint};

/// This program, also if another version was installed in its place meanwhile.
const PROGRAM: &str = "/proc/self/exe";
/// Time after which a worker that doesn't read hangs.
const PATIENCE: Duration = Duration::from_secs(1);

/// A worker process.
#[derive(Debug)]
pub struct Process {
    /// Serial number, unique among all workers so far.
    pub serial: u64,
    /// Its name: the lowest number that was free.
    pub number: usize,
    /// Whether it is for one stream alone.
    pub is_alone: bool,
    /// Whether it gets no more streams.
    pub leaves: bool,
    /// Whether it was told to end.
    pub is_closed: bool,
    /// When it was started.
    pub started: Instant,
    /// Time of its last report.
    pub heard: Instant,
    /// Its footprint in that report.
    pub footprint: Footprint,
    /// How often its streams were started again.
    pub reconnects: u64,
    /// Whether it leaks.
    pub growth: Growth,
    /// Why it was killed, if it was.
    pub killed: Option<&'static str>,
    child: Child,
    socket: UnixStream,
}

impl Process {
    /// Starts a worker; also returns the socket of its reports.
    ///
    /// # Errors
    /// If there are no processes or descriptors left.
    pub fn start(
        serial: u64,
        (number, is_alone): (usize, bool),
        arguments: &[String],
    ) -> std::io::Result<(Self, BufReader<UnixStream>)> {
        let (socket, theirs) = UnixStream::pair()?;
        socket.set_write_timeout(Some(PATIENCE))?;
        // What plugins print there is no result of ours.
        let output = std::io::stderr().as_fd().try_clone_to_owned()?;
        let child = std::process::Command::new(PROGRAM)
            .arg0("defect-monitor")
            .arg("worker")
            .args(arguments)
            // It is the supervisor that the service manager hears from.
            .env_remove("NOTIFY_SOCKET")
            .env_remove("WATCHDOG_USEC")
            .env_remove("WATCHDOG_PID")
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::from(output))
            .spawn()?;
        let reports = BufReader::with_capacity(1 << 16, socket.try_clone()?);
        Ok((
            Self::new(serial, (number, is_alone), child, socket),
            reports,
        ))
    }

    fn new(
        serial: u64,
        (number, is_alone): (usize, bool),
        child: Child,
        socket: UnixStream,
    ) -> Self {
        let now = Instant::now();
        Self {
            serial,
            number,
            is_alone,
            leaves: false,
            is_closed: false,
            started: now,
            heard: now,
            footprint: Footprint::default(),
            reconnects: 0,
            growth: Growth::default(),
            killed: None,
            child,
            socket,
        }
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a command. A worker that doesn't read is killed and gets no more commands: only the first one waits.
    pub fn tell(&mut self, command: &Command) {
        if self.killed.is_none() && protocol::write(&mut self.socket, command).is_err() {
            self.kill("it doesn't read");
        }
    }

    /// Ends it at once. Its reports end then.
    pub fn kill(&mut self, why: &'static str) {
        self.killed.get_or_insert(why);
        let _ = self.child.kill();
    }

    /// Waits until it has ended.
    ///
    /// # Errors
    /// If the system doesn't say how it ended.
    pub fn wait(mut self) -> std::io::Result<std::process::ExitStatus> {
        let _ = self.child.kill();
        self.child.wait()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::stream::Reason;

    /// Of all that such a worker is told, one for each of its streams, only the first costs the supervisor a second.
    #[test]
    fn a_worker_that_does_not_read_is_waited_for_once() {
        let (socket, _unread) = UnixStream::pair().unwrap();
        socket.set_write_timeout(Some(PATIENCE)).unwrap();
        let child = std::process::Command::new("sleep").arg("60").spawn();
        let mut process = Process::new(1, (0, false), child.unwrap(), socket);
        let stop = Command::Stop {
            stream: "a".repeat(1 << 20).into(),
            reason: Reason::Stopped,
        };
        let start = Instant::now();
        for _ in 0..20 {
            process.tell(&stop);
        }
        let took = start.elapsed();
        assert_eq!(process.killed, Some("it doesn't read"));
        assert!(took < 10 * PATIENCE, "{took:?}");
        let _ = process.wait();
    }
}
