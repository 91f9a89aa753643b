// SPDX-License-Identifier: MPL-2.0
//! The report of a run that watches as well: `defect-monitor FILE --report FILE.html`.

use std::path::{Path, PathBuf};

use super::data::{File, Setting};
use super::{Outputs, Record, record, run, settings};
use crate::choice::Choice;
use crate::play::Play;

/// What was found in the files that are done.
#[derive(Debug)]
pub struct Collection {
    outputs: Outputs,
    settings: Vec<Setting>,
    files: Vec<File>,
}

impl Collection {
    /// For a page at that path; an error says why it can't be written.
    pub fn new(page: &Path, choice: &Choice) -> Result<Self, String> {
        let outputs = Outputs {
            output: Some(page.to_owned()),
            json: None,
            ebu_qc: None,
        };
        outputs.check()?;
        Ok(Self {
            outputs,
            settings: settings::of(choice)?,
            files: Vec::new(),
        })
    }

    /// Takes in a file that is done; name and URI.
    pub fn add(&mut self, record: Record, names: (&str, &str), play: &Play, choice: &Choice) {
        let file = record.finish(names, play, choice, &self.settings);
        self.files.push(file);
    }

    /// Takes in a file that couldn't be opened.
    pub fn add_unplayable(&mut self, name: &str, why: &str) {
        self.files.push(record::unplayable(name, why.to_owned()));
    }

    /// Writes the report; gives the files that it wrote.
    pub fn write(self) -> Result<Vec<PathBuf>, String> {
        let mut report = run::new(self.settings, self.files);
        self.outputs.write(&mut report)
    }
}
