// SPDX-License-Identifier: MPL-2.0
//! The metrics of worker processes.

use std::fmt::Error;

use super::super::super::board::{Board, State, WorkerStatus};
use super::Families;

/// What each worker has, and how many streams are configured and watched in all.
pub fn of_workers(out: &mut Families, board: &Board) -> Result<(), Error> {
    let workers = board.workers();
    type Value = fn(&WorkerStatus) -> f64;
    let gauges: [(&str, &str, Value); 5] = [
        (
            "defect_worker_streams",
            "Streams that a worker process watches",
            |w| w.streams.len() as f64,
        ),
        (
            "defect_worker_threads",
            "Threads of a worker process",
            |w| w.footprint.threads as f64,
        ),
        (
            "defect_worker_open_fds",
            "Open descriptors of a worker process",
            |w| w.footprint.descriptors as f64,
        ),
        (
            "defect_worker_resident_memory_bytes",
            "Memory of a worker process",
            |w| w.footprint.memory as f64,
        ),
        (
            "defect_worker_uptime_seconds",
            "How long a worker process has run",
            |w| w.lived.as_secs_f64(),
        ),
    ];
    for (name, help, value) in gauges {
        out.gauge(name, help, |v| {
            let mut workers = workers.iter();
            workers.try_for_each(|w| v.put(&[("worker", w.number.to_string())], value(w)))
        })?;
    }
    out.counter(
        "defect_worker_cpu_seconds",
        "Processor time of a worker process",
        |v| {
            let mut workers = workers.iter();
            workers.try_for_each(|w| {
                let cpu = w.footprint.cpu.as_secs_f64();
                v.put(&[("worker", w.number.to_string())], cpu)
            })
        },
    )?;
    out.counter(
        "defect_worker_reconnects",
        "How often streams of a worker process were started again",
        |v| {
            let mut workers = workers.iter();
            workers.try_for_each(|w| {
                let labels = [("worker", w.number.to_string())];
                v.put(&labels, w.reconnects as f64)
            })
        },
    )?;
    let mut aside = 0_u32;
    board.each(|sheet| aside += u32::from(sheet.state == State::Quarantined));
    let configured = board.streams_configured() as f64;
    out.gauge(
        "defect_streams_configured",
        "Streams of the configuration, those of other members included; each has a defect_stream_up at one member",
        |v| v.0.encode_gauge(&configured),
    )?;
    out.gauge(
        "defect_streams_quarantined",
        "Streams that are set aside, since workers fail with them",
        |v| v.0.encode_gauge(&f64::from(aside)),
    )
}
