// SPDX-License-Identifier: MPL-2.0
//! FFmpeg's filters in a process of their own.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

/// Runs of each; they are long, so a few are enough.
const ROUNDS: usize = 3;

/// What it calls itself, if it is there.
pub fn version() -> Option<String> {
    let output = Command::new("ffmpeg").arg("-version").output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let words: Vec<_> = text.split_whitespace().take(3).collect();
    Some(words.join(" "))
}

/// Raw material in a file that goes when this does.
pub struct Material {
    path: PathBuf,
    /// How ffmpeg is told what is in it.
    describe: Vec<String>,
}

impl Material {
    /// The contents of these buffers.
    pub fn new(describe: &[&str], buffers: &[gst::Buffer]) -> Self {
        let path = std::env::temp_dir().join(format!("peers-{}.raw", std::process::id()));
        let mut file = std::fs::File::create(&path).unwrap();
        for buffer in buffers {
            file.write_all(&buffer.map_readable().unwrap()).unwrap();
        }
        Self {
            path,
            describe: describe.iter().map(|&word| word.to_owned()).collect(),
        }
    }

    /// CPU time in ms that the filters take for the material, `loops` times; `kind` is `-vf` or `-af`.
    pub fn cost(&self, kind: &str, filters: &str, null: &str, loops: u32) -> Option<f64> {
        let own = self.best(kind, filters, loops)?;
        Some(own - self.best(kind, null, loops)?)
    }

    fn best(&self, kind: &str, filters: &str, loops: u32) -> Option<f64> {
        let run = |_| self.run(&self.path, kind, filters, loops);
        let costs: Option<Vec<f64>> = (0..ROUNDS).map(run).collect();
        costs?.into_iter().min_by(f64::total_cmp)
    }

    fn run(&self, path: &Path, kind: &str, filters: &str, loops: u32) -> Option<f64> {
        let again = (loops - 1).to_string();
        let output = Command::new("ffmpeg")
            .args(["-nostdin", "-nostats", "-benchmark", "-threads", "1"])
            .args(["-filter_threads", "1", "-stream_loop", &again])
            .args(&self.describe)
            .arg("-i")
            .arg(path)
            .args([kind, filters, "-threads", "1", "-f", "null", "-"])
            .output()
            .ok()?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let line = said.lines().find(|l| l.contains("bench: utime="));
        let Some(line) = line.filter(|_| output.status.success()) else {
            eprintln!("ffmpeg {kind} {filters}: {said}");
            return None;
        };
        let part = |name: &str| -> Option<f64> {
            let value = line.split_once(name)?.1;
            value.split('s').next()?.parse().ok()
        };
        Some((part("utime=")? + part("stime=")?) * 1000.0)
    }
}

impl Drop for Material {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}
