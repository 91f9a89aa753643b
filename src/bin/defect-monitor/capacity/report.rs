// SPDX-License-Identifier: MPL-2.0
//! The measurements, as a table and as JSON.

use serde_json::{Map, Value, json};

use super::super::machine::Machine;
use super::figure::Figure;

/// All measurements.
pub struct Report {
    machine: Machine,
    /// Share of it that streams may take.
    pub headroom: f64,
    /// The programmes are to be watched all together.
    pub is_whole: bool,
    /// One after the other.
    pub programmes: Vec<Programme>,
}

/// A programme. CPU times are in ms for a second of it.
pub struct Programme {
    /// For people.
    pub label: String,
    /// Which pictures are analysed, if not all.
    pub analyse: Option<String>,
    /// Formats of what is in it.
    pub streams: Vec<String>,
    /// CPU time for watching it, all in all.
    pub cpu: Figure,
    /// The same without detectors: source, decoder, queues, bus.
    pub decoding: Figure,
    /// Each detector alone. Together they take less: what they need of a picture is computed once.
    pub alone: Vec<Alone>,
    /// Bytes that one more such stream takes.
    pub memory: u64,
}

/// A detector alone.
pub struct Alone {
    /// `video` or `audio`.
    pub medium: &'static str,
    /// The element.
    pub detector: &'static str,
    /// CPU time in ms for a second of the stream.
    pub cpu: Figure,
}

impl Programme {
    /// The part of the detectors.
    fn detectors(&self) -> f64 {
        (self.cpu.median - self.decoding.median).max(0.0)
    }
}

impl Report {
    /// A report for this machine; `share`: the part that streams may take.
    pub fn new(machine: Machine, headroom: f64) -> Self {
        Self {
            machine,
            headroom,
            is_whole: false,
            programmes: Vec::new(),
        }
    }

    /// Cores that may be used.
    fn cores(&self) -> f64 {
        self.machine.cores * self.headroom
    }

    /// Bytes that may be used.
    fn memory(&self) -> f64 {
        self.machine.memory as f64 * self.headroom
    }

    /// How many streams fit by CPU time and by memory.
    fn fits(&self, programme: &Programme) -> (u64, u64) {
        let cores = self.cores() * 1000.0 / programme.cpu.median;
        let memory = self.memory() / programme.memory.max(1) as f64;
        (cores as u64, memory as u64)
    }

    /// What all take together, one of each: cores and bytes.
    fn all(&self) -> (f64, f64) {
        let cores: f64 = self.programmes.iter().map(|p| p.cpu.median / 1000.0).sum();
        let memory: u64 = self.programmes.iter().map(|p| p.memory).sum();
        (cores, memory as f64)
    }

    /// Whether all fit together.
    pub fn all_fit(&self) -> bool {
        let (cores, memory) = self.all();
        cores <= self.cores() && memory <= self.memory()
    }

    /// For people.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!(
            "{} cores and {:.1} GB of memory, of which streams may take {:.0} %; CPU time in ms for a second of the stream",
            self.machine.cores,
            self.machine.memory as f64 / 1e9,
            self.headroom * 100.0
        )];
        for programme in &self.programmes {
            lines.push(String::new());
            lines.push(format!(
                "{}: {}",
                programme.label,
                programme.streams.join(", ")
            ));
            let spread = |f: &Figure| format!("{:>8.2}   {:.2} to {:.2}", f.median, f.low, f.high);
            let mut row = |what: &str, value: String| lines.push(format!("  {what:<26}{value}"));
            row("all in all", spread(&programme.cpu));
            row("without detectors", spread(&programme.decoding));
            row("detectors", format!("{:>8.2}", programme.detectors()));
            if !programme.alone.is_empty() {
                row("each alone (together they share work)", String::new());
            }
            for alone in &programme.alone {
                let name = format!("  {} {}", alone.medium, alone.detector);
                row(&name, spread(&alone.cpu));
            }
            row(
                "memory",
                format!("{:>8.1} MB", programme.memory as f64 / 1e6),
            );
            let (cpu, memory) = self.fits(programme);
            let fits = cpu.min(memory);
            row(
                "such streams that fit",
                format!("{fits:>8}   {cpu} by CPU time, {memory} by memory"),
            );
        }
        if self.is_whole {
            let (cores, memory) = self.all();
            let verdict = if self.all_fit() {
                "they fit"
            } else {
                "they don't fit"
            };
            lines.push(String::new());
            lines.push(format!(
                "all {} streams: {cores:.2} of {:.2} cores, {:.0} of {:.0} MB: {verdict}",
                self.programmes.len(),
                self.cores(),
                memory / 1e6,
                self.memory() / 1e6
            ));
        }
        lines
    }

    /// For programs.
    pub fn json(&self) -> Value {
        let programme = |p: &Programme| {
            let (cpu, memory) = self.fits(p);
            let alone = |medium: &str| {
                let named = p.alone.iter().filter(|a| a.medium == medium);
                let named = named.map(|a| (a.detector.to_owned(), json!(a.cpu)));
                Value::Object(named.collect::<Map<String, Value>>())
            };
            json!({
                "programme": p.label,
                "analyse": p.analyse.as_deref().unwrap_or("all"),
                "streams": p.streams,
                "cpu-ms-per-second": {
                    "all": p.cpu,
                    "without-detectors": p.decoding,
                    "detectors": p.detectors(),
                    "detectors-alone": { "video": alone("video"), "audio": alone("audio") },
                },
                "memory-bytes": p.memory,
                "fits": { "streams": cpu.min(memory), "by-cpu": cpu, "by-memory": memory },
            })
        };
        let mut report = json!({
            "machine": self.machine,
            "headroom": self.headroom,
            "programmes": self.programmes.iter().map(programme).collect::<Vec<_>>(),
        });
        if self.is_whole {
            let (cores, memory) = self.all();
            report["all"] =
                json!({ "cores": cores, "memory-bytes": memory, "fits": self.all_fit() });
        }
        report
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_is_the_scarcer_of_cores_and_memory() {
        let machine = Machine {
            cores: 2.0,
            memory: 1_000_000_000,
        };
        let mut report = Report::new(machine, 0.8);
        let programme = || Programme {
            label: "x".to_owned(),
            analyse: None,
            streams: Vec::new(),
            cpu: Figure::of(vec![200.0, 190.0, 260.0]),
            decoding: Figure::of(vec![150.0]),
            alone: vec![Alone {
                medium: "video",
                detector: "blackdetect",
                cpu: Figure::of(vec![20.0]),
            }],
            memory: 50_000_000,
        };
        report.programmes.push(programme());
        let json = report.json();
        let first = &json["programmes"][0];
        assert_eq!(
            first["fits"],
            json!({ "streams": 8, "by-cpu": 8, "by-memory": 16 })
        );
        assert_eq!(first["cpu-ms-per-second"]["detectors"], 50.0);
        assert_eq!(json.get("all"), None);
        let lines = report.lines().join("\n");
        assert!(lines.contains("8   8 by CPU time, 16 by memory"), "{lines}");
        report.is_whole = true;
        report.programmes.extend((0..7).map(|_| programme()));
        assert!(report.all_fit());
        report.programmes.push(programme());
        assert!(!report.all_fit());
        assert_eq!(report.json()["all"]["fits"], false);
    }
}
