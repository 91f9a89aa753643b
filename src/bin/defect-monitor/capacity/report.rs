// SPDX-License-Identifier: MPL-2.0
//! What was measured, as a table and as JSON.

use serde_json::{Map, Value, json};

use super::super::machine::Machine;

/// All of it.
pub struct Report {
    machine: Machine,
    headroom: f64,
    /// One after the other.
    pub programmes: Vec<Programme>,
}

/// A programme. CPU times are in ms for a second of it.
pub struct Programme {
    /// For people.
    pub label: String,
    /// Formats of what is in it.
    pub streams: Vec<String>,
    /// To watch it, all in all.
    pub cpu: f64,
    /// The part of all detectors in a row.
    pub together: f64,
    /// Each detector, were it the only one.
    pub alone: Vec<(&'static str, f64)>,
    /// Bytes that one more such stream takes.
    pub memory: u64,
}

impl Programme {
    /// Source, decoder, queues, bus: all but the detectors.
    fn decoding(&self) -> f64 {
        (self.cpu - self.together).max(0.0)
    }
}

impl Report {
    /// Of that machine, of which streams may take a share.
    pub fn new(machine: Machine, headroom: f64) -> Self {
        Self {
            machine,
            headroom,
            programmes: Vec::new(),
        }
    }

    /// How many streams fit by CPU time and by memory.
    fn fits(&self, programme: &Programme) -> (u64, u64) {
        let cores = self.machine.cores * self.headroom * 1000.0 / programme.cpu;
        let memory = self.machine.memory as f64 * self.headroom / programme.memory.max(1) as f64;
        (cores as u64, memory as u64)
    }

    /// For people.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!(
            "{} cores and {:.1} GB of memory, of which streams may take {:.0} %",
            self.machine.cores,
            self.machine.memory as f64 / 1e9,
            self.headroom * 100.0
        )];
        for programme in &self.programmes {
            let streams = programme.streams.join(", ");
            let mut row =
                |what: &str, figure: String| lines.push(format!("  {what:<34}{figure:>12}"));
            let ms = |ms: f64| format!("{ms:.2} ms");
            row("", String::new());
            row(&programme.label, "CPU time".to_owned());
            row(&streams, "per second".to_owned());
            row("all in all", ms(programme.cpu));
            row("  source and decoding", ms(programme.decoding()));
            row("  all detectors in a row", ms(programme.together));
            for (name, alone) in &programme.alone {
                row(&format!("    {name} alone"), ms(*alone));
            }
            row("memory", format!("{:.1} MB", programme.memory as f64 / 1e6));
            let (cpu, memory) = self.fits(programme);
            lines.push(format!(
                "  {} such streams fit: {cpu} by CPU time, {memory} by memory",
                cpu.min(memory)
            ));
        }
        lines
    }

    /// For programs.
    pub fn json(&self) -> Value {
        let programme = |p: &Programme| {
            let (cpu, memory) = self.fits(p);
            let alone: Map<String, Value> = p
                .alone
                .iter()
                .map(|(name, ms)| ((*name).to_owned(), json!(ms)))
                .collect();
            json!({
                "programme": p.label,
                "streams": p.streams,
                "cpu-ms-per-second": {
                    "all": p.cpu,
                    "decoding": p.decoding(),
                    "detectors": p.together,
                    "detectors-alone": alone,
                },
                "memory-bytes": p.memory,
                "fits": { "streams": cpu.min(memory), "by-cpu": cpu, "by-memory": memory },
            })
        };
        json!({
            "machine": self.machine,
            "headroom": self.headroom,
            "programmes": self.programmes.iter().map(programme).collect::<Vec<_>>(),
        })
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
        report.programmes.push(Programme {
            label: "x".to_owned(),
            streams: Vec::new(),
            cpu: 200.0,
            together: 50.0,
            alone: vec![("blackdetect", 20.0)],
            memory: 50_000_000,
        });
        let json = report.json();
        assert_eq!(
            json["programmes"][0]["fits"],
            json!({ "streams": 8, "by-cpu": 8, "by-memory": 16 })
        );
        assert_eq!(
            json["programmes"][0]["cpu-ms-per-second"]["decoding"],
            150.0
        );
        assert!(
            report
                .lines()
                .iter()
                .any(|l| l.contains("8 such streams fit"))
        );
    }
}
