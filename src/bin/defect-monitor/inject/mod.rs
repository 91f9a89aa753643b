// SPDX-License-Identifier: MPL-2.0
//! `defect-monitor inject`: puts faults into a clip, or damages a transport stream, the same way every time.

mod damage;
mod dice;
pub mod faults;
mod slices;
mod ts;

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use faults::{Fault, Timing};

pub use damage::{Damage, Harm, Tally};

/// Put faults into a clip, or damage an MPEG transport stream, on purpose
///
/// With --faults a clip is decoded, the faults are put into picture, sound and captions at times that are printed,
/// and it is coded again (H.264 with FLAC or AAC) into a file that any player plays. Without, packets of a transport
/// stream are lost, bits flipped and slices of the coded picture lost, the same with the same seed; only video is
/// damaged unless --pid says otherwise. So a chain and its alarms can be tested end to end.
#[derive(Debug, Args)]
pub struct Inject {
    /// With --faults any clip; else a file with packets of 188 bytes, or - for standard input
    #[arg(value_name = "IN")]
    pub input: OsString,
    /// Where it goes: with --faults a file whose name ends in .mkv, .mp4 or .ts; else a file, or - for standard output
    #[arg(value_name = "OUT")]
    pub output: OsString,
    /// Faults of picture, sound and captions to put in
    #[arg(long, value_name = "FAULTS", value_delimiter = ',', conflicts_with_all = ["loss", "bit_errors", "slices", "pid", "spare"])]
    pub faults: Vec<Fault>,
    /// With --faults: bit rate of the pictures, in kbit/s
    #[arg(long, value_name = "KBIT/S", default_value_t = 4000, value_parser = clap::value_parser!(u32).range(50..=200_000))]
    pub bitrate: u32,
    #[command(flatten)]
    pub timing: Timing,
    #[command(flatten)]
    pub harm: HarmArgs,
    /// Damage the packets of this PID (decimal, or 0x and hexadecimal) instead of all video
    #[arg(long, value_parser = pid)]
    pub pid: Option<u16>,
    /// Leave so many seconds undamaged at the start
    #[arg(long, value_name = "SECONDS", default_value_t = 0.0, value_parser = time)]
    pub spare: f64,
    /// Print nothing
    #[arg(short, long)]
    pub quiet: bool,
}

/// How a stream is damaged.
#[derive(Debug, Clone, Args)]
pub struct HarmArgs {
    /// Share of the packets that are lost, 0 to 1
    #[arg(long, value_name = "RATE", default_value_t = 0.0, value_parser = rate)]
    pub loss: f64,
    /// Packets that are lost in a row, on average (their number is geometrically distributed)
    #[arg(long, value_name = "PACKETS", default_value_t = 1.0, value_parser = burst)]
    pub burst: f64,
    /// Share of the payload bits that are flipped, 0 to 1, e.g. 1e-6
    #[arg(long, value_name = "RATE", default_value_t = 0.0, value_parser = rate)]
    pub bit_errors: f64,
    /// Share of the slices (but the first of each picture) that are lost, 0 to 1: H.264, H.265 and MPEG-2
    #[arg(long, value_name = "RATE", default_value_t = 0.0, value_parser = rate)]
    pub slices: f64,
    /// Where the dice begin: the same seed does the same damage
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub seed: u64,
}

impl HarmArgs {
    /// In the terms of the damage itself.
    pub fn harm(&self) -> Harm {
        Harm {
            loss: self.loss,
            burst: self.burst,
            bit_errors: self.bit_errors,
            slices: self.slices,
            seed: self.seed,
        }
    }
}

/// Runs the command.
pub fn run(args: &Inject) -> Result<(), String> {
    if args.input != "-" && same(Path::new(&args.input), Path::new(&args.output)) {
        return Err("the damaged stream can't go where the undamaged one is".into());
    }
    if !args.faults.is_empty() {
        return write_faults(args);
    }
    if args.timing.length.is_some() || args.timing.pause.is_some() {
        return Err("--length and --pause go with --faults".into());
    }
    let shown = |path: &OsString| path.to_string_lossy().into_owned();
    let input: Box<dyn Read> = if args.input == "-" {
        Box::new(io::stdin().lock())
    } else {
        Box::new(File::open(&args.input).map_err(|e| format!("{}: {e}", shown(&args.input)))?)
    };
    let output: Box<dyn Write> = if args.output == "-" {
        Box::new(io::stdout().lock())
    } else {
        Box::new(File::create(&args.output).map_err(|e| format!("{}: {e}", shown(&args.output)))?)
    };
    let mut damage = Damage::new(args.harm.harm(), args.pid, args.spare);
    let tally = stream(input, output, &mut damage)
        .map_err(|e| format!("{} to {}: {e}", shown(&args.input), shown(&args.output)))?;
    if tally.packets == 0 {
        return Err(format!(
            "{}: no packets of a transport stream in it",
            shown(&args.input)
        ));
    }
    if tally.hittable == 0 {
        return Err(format!(
            "{}: nothing to damage: no video, or no such PID",
            shown(&args.input)
        ));
    }
    if !args.quiet {
        eprintln!("{tally}");
    }
    Ok(())
}

/// Puts faults into a clip and prints when they are there.
fn write_faults(args: &Inject) -> Result<(), String> {
    gst::init().map_err(|e| format!("GStreamer doesn't start: {e}"))?;
    let (from, to) = (Path::new(&args.input), Path::new(&args.output));
    let written = faults::write(from, to, (&args.faults, args.timing), args.bitrate)?;
    for fault in &args.faults {
        let events = written.events(*fault);
        if events.is_empty() {
            let medium = fault.medium().name();
            return Err(format!(
                "{}: no {}: the clip is too short or has no {medium}",
                from.display(),
                fault.kind()
            ));
        }
        for event in events.iter().filter(|_| !args.quiet) {
            let [start, end] = [event.start, event.end].map(super::time::clock);
            eprintln!("{start} - {end}  {}", fault.kind());
        }
    }
    Ok(())
}

/// Damages everything that comes.
pub fn stream(input: impl Read, output: impl Write, damage: &mut Damage) -> io::Result<Tally> {
    let mut packets = ts::Packets::new(BufReader::new(input));
    let mut output = BufWriter::new(output);
    let mut keep = |packet: &ts::Packet| output.write_all(packet);
    while let Some(packet) = packets.next_packet()? {
        damage.take(packet, &mut keep)?;
    }
    damage.flush(&mut keep)?;
    output.flush()?;
    Ok(damage.tally())
}

fn same(a: &Path, b: &Path) -> bool {
    let real = |p: &Path| -> Option<PathBuf> { p.canonicalize().ok() };
    real(a).is_some_and(|a| real(b) == Some(a))
}

fn number(text: &str) -> Option<f64> {
    text.parse::<f64>().ok().filter(|n| n.is_finite())
}

fn rate(text: &str) -> Result<f64, String> {
    number(text)
        .filter(|n| (0.0..=1.0).contains(n))
        .ok_or_else(|| "not a number from 0 to 1".into())
}

fn burst(text: &str) -> Result<f64, String> {
    number(text)
        .filter(|n| (1.0..=1e6).contains(n))
        .ok_or_else(|| "not a number of packets from 1 on".into())
}

fn time(text: &str) -> Result<f64, String> {
    number(text)
        .filter(|n| (0.0..=1e6).contains(n))
        .ok_or_else(|| "not a number of seconds".into())
}

fn pid(text: &str) -> Result<u16, String> {
    let parsed = match text.strip_prefix("0x") {
        Some(hex) => u16::from_str_radix(hex, 16),
        None => text.parse(),
    };
    parsed
        .ok()
        .filter(|pid| *pid < 0x1fff)
        .ok_or_else(|| "not a PID".into())
}

#[cfg(test)]
mod tests;
