// SPDX-License-Identifier: MPL-2.0
//! The files of a report, and the line printed about each analysed file.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use gst::glib;

use super::data::{File, Report, SEVERITIES, Verdict};
use super::{ebu, limits, page};
use crate::screen::{Style, paint};
use crate::{time, words};

/// The files that are written.
#[derive(Debug, Clone, Args)]
pub struct Outputs {
    /// The page; by default report.html if no other output is asked for
    #[arg(short, long, value_name = "FILE.html")]
    pub output: Option<PathBuf>,
    /// The same data as JSON
    #[arg(long, value_name = "FILE.json")]
    pub json: Option<PathBuf>,
    /// By the EBU QC data model; of several files each has its own, FILE-1.xml, FILE-2.xml, ...
    #[arg(long, value_name = "FILE.xml")]
    pub ebu_qc: Option<PathBuf>,
}

impl Outputs {
    /// Where the page goes, if there is to be one.
    pub fn page(&self) -> Option<PathBuf> {
        let is_alone = self.json.is_none() && self.ebu_qc.is_none();
        let usual = is_alone.then(|| PathBuf::from("report.html"));
        self.output.clone().or(usual)
    }

    /// Whether all of it can be written: better known before a long film than after it.
    pub fn check(&self) -> Result<(), String> {
        let page = self.page();
        let all = [&page, &self.json, &self.ebu_qc];
        for path in all.into_iter().flatten() {
            let folder = path.parent().filter(|p| !p.as_os_str().is_empty());
            let folder = folder.unwrap_or(Path::new("."));
            let probe = folder.join(format!(".defect-report-{}", std::process::id()));
            if path.is_dir() {
                return Err(format!("{} is a folder, not a file", path.display()));
            }
            fs::write(&probe, "")
                .map_err(|e| format!("{} can't be written: {e}", path.display()))?;
            let _ = fs::remove_file(&probe);
        }
        Ok(())
    }

    /// Writes the report; gives the files that it wrote.
    pub fn write(&self, report: &mut Report) -> Result<Vec<PathBuf>, String> {
        limits::apply(report);
        let defects = report.files.iter().flat_map(|f| &f.defects);
        report.kinds = defects
            .map(|d| (d.message.kind.clone(), words::of(&d.message.kind)))
            .collect();
        let mut written = Vec::new();
        let page = self.page();
        if let Some(path) = &page {
            put(path, &page::html(report)?, &mut written)?;
        }
        if let Some(path) = &self.json {
            let text = serde_json::to_string(report).map_err(|e| e.to_string())?;
            put(path, &text, &mut written)?;
        }
        if let Some(path) = &self.ebu_qc {
            let group = format!("urn:uuid:{}", glib::uuid_string_random());
            let page = page.as_ref().map(|p| p.to_string_lossy().into_owned());
            for (n, file) in report.files.iter().enumerate() {
                let path = match report.files.len() {
                    1 => path.clone(),
                    _ => numbered(path, n + 1),
                };
                let page = page.as_deref().map(|page| (page, n));
                put(&path, &ebu::xml(report, file, &group, page), &mut written)?;
            }
        }
        Ok(written)
    }
}

/// `a.xml` becomes `a-3.xml`.
fn numbered(path: &Path, number: usize) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let ending = path
        .extension()
        .map_or_else(String::new, |e| format!(".{}", e.to_string_lossy()));
    path.with_file_name(format!("{stem}-{number}{ending}"))
}

/// Writes it beside first, so that a report is whole or not there.
fn put(path: &Path, text: &str, written: &mut Vec<PathBuf>) -> Result<(), String> {
    let mut fresh = path.as_os_str().to_owned();
    fresh.push(".part");
    let done = fs::write(&fresh, text).and_then(|()| fs::rename(&fresh, path));
    done.map_err(|e| format!("{} can't be written: {e}", path.display()))?;
    written.push(path.to_owned());
    Ok(())
}

/// What is said about a file when it is done.
pub fn summarise(colour: bool, file: &File) -> Vec<String> {
    let length = time::clock((file.duration * 1e9) as u64);
    let count = |severity: &str| {
        file.defects
            .iter()
            .filter(|d| d.message.severity == severity)
            .count()
    };
    let counts = SEVERITIES.map(|s| (count(s), s));
    let counts: Vec<_> = counts
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, s)| format!("{n} {s}"))
        .collect();
    let (style, words) = match file.verdict {
        Verdict::Clean => (Style::Green, "no defects".to_owned()),
        Verdict::Defects => (Style::Red, counts.join(", ")),
        Verdict::Failed => (Style::Red, format!("failed: {}", file.problems.join("; "))),
    };
    vec![format!(
        "{}: {}, {length} in {:.1} s",
        paint(colour, Style::Bold, &file.name),
        paint(colour, style, &words),
        file.took
    )]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_the_default_output() {
        let mut outputs = Outputs {
            output: None,
            json: None,
            ebu_qc: None,
        };
        assert_eq!(outputs.page(), Some(PathBuf::from("report.html")));
        outputs.json = Some("a.json".into());
        assert_eq!(outputs.page(), None);
        outputs.output = Some("a.html".into());
        assert_eq!(outputs.page(), Some(PathBuf::from("a.html")));
        assert_eq!(numbered(Path::new("x/a.xml"), 2), Path::new("x/a-2.xml"));
    }

    #[test]
    fn what_cannot_be_written_is_known_before() {
        let outputs = Outputs {
            output: Some("/nowhere/at/all/a.html".into()),
            json: None,
            ebu_qc: None,
        };
        assert!(
            outputs
                .check()
                .unwrap_err()
                .contains("/nowhere/at/all/a.html")
        );
        let outputs = Outputs {
            output: Some("/".into()),
            json: None,
            ebu_qc: None,
        };
        assert!(outputs.check().unwrap_err().contains("folder"));
    }
}
