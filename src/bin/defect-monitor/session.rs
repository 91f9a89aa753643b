// SPDX-License-Identifier: MPL-2.0
//! Runs all jobs of the command line, sequentially or in parallel, and gives the exit status.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::sync::Arc;
use std::time::Duration;

use super::address::Address;
use super::choice::Choice;
use super::demo::Programme;
use super::job::{Job, Task};
use super::options::Options;
use super::play::PlayEvent;
use super::progress::Progress;
use super::report::Collection;
use super::screen::{Screen, Style};
use super::signals::Signals;
use super::{TROUBLE, format, line, summary, time};

/// How often the bus is polled when nothing happens.
const TICK: Duration = Duration::from_millis(50);

/// One run of the program.
pub struct Session<'a> {
    options: &'a Options,
    choice: Arc<Choice>,
    screen: &'a mut Screen,
    signals: Signals,
    report: Option<Collection>,
    /// Whether several sources are watched, so that lines name them.
    named: bool,
    defects: bool,
    /// What went wrong, as it was said.
    trouble: Vec<String>,
}

impl<'a> Session<'a> {
    /// Ready to run.
    pub fn new(
        options: &'a Options,
        choice: Arc<Choice>,
        screen: &'a mut Screen,
        signals: Signals,
    ) -> Result<Self, String> {
        let report = match &options.report {
            Some(page) => Some(Collection::new(page, &choice)?),
            None => None,
        };
        Ok(Self {
            report,
            named: options.inputs.len() > 1,
            options,
            choice,
            screen,
            signals,
            defects: false,
            trouble: Vec::new(),
        })
    }

    /// Runs to the end; gives the exit status.
    pub fn run(mut self) -> Result<u8, String> {
        let mut tasks = self.tasks();
        let mut jobs: Vec<Job> = Vec::new();
        let mut progress = Progress::new();
        while !(self.must_stop() || tasks.is_empty() && jobs.is_empty()) {
            while jobs.is_empty() || self.options.together {
                let Some(task) = tasks.pop_front() else {
                    break;
                };
                match Job::start(task, &self.choice, self.options) {
                    Ok(job) => jobs.push(job),
                    Err(why) => self.fail(&why),
                }
            }
            let wait = TICK / jobs.len().max(1) as u32;
            for job in &mut jobs {
                for event in job.play.events(wait) {
                    self.tell(job, event);
                }
            }
            for over in jobs.extract_if(.., |job| job.play.is_over()) {
                self.finish(over);
            }
            if self.screen.has_progress()
                && let Some(line) = progress.line(&jobs, self.named)
            {
                self.screen.show_progress(&line);
            }
        }
        for job in jobs {
            self.finish(job);
        }
        if let Some(report) = self.report.take() {
            for path in report.write()? {
                self.screen.note(&format!("report: {}", path.display()));
            }
        }
        self.recall_trouble();
        Ok(self.status())
    }

    fn must_stop(&self) -> bool {
        self.signals.caught() || self.screen.is_closed()
    }

    fn status(&self) -> u8 {
        if let Some(status) = self.signals.status() {
            return status;
        }
        match (
            !self.trouble.is_empty(),
            self.defects && self.options.fail_on_defect,
        ) {
            (true, _) => TROUBLE,
            (false, true) => 1,
            (false, false) => 0,
        }
    }

    fn tasks(&mut self) -> VecDeque<Task> {
        if self.options.inputs.is_empty() {
            let programme = Arc::new(Programme::new(&self.choice));
            if !self.options.quiet {
                for line in programme.announcement() {
                    self.say(&line);
                }
            }
            return VecDeque::from([Task::Demo(programme)]);
        }
        let mut addresses: Vec<(OsString, Result<Address, String>)> = self
            .options
            .inputs
            .iter()
            .map(|input| (input.clone(), Address::of(input)))
            .collect();
        Address::tell_apart(&mut addresses);
        let mut tasks = VecDeque::new();
        for (input, address) in addresses {
            match address {
                Ok(address) => tasks.push_back(Task::Play(address)),
                Err(why) => {
                    let name = input.to_string_lossy();
                    if let Some(report) = &mut self.report {
                        report.add_unplayable(&name, &why);
                    }
                    self.fail(&format!("{name}: {why}"));
                }
            }
        }
        tasks
    }

    /// Information for people: beside the lines, not among them, where programs read those.
    fn say(&mut self, text: &str) {
        if self.options.json {
            self.screen.note(text);
        } else {
            self.screen.line(text);
        }
    }

    fn fail(&mut self, why: &str) {
        self.screen.complain(Style::Red, why);
        self.trouble.push(why.to_owned());
    }

    /// Of several files: what went wrong, again, since it may have scrolled away.
    fn recall_trouble(&mut self) {
        if !self.named || self.options.quiet || self.trouble.is_empty() {
            return;
        }
        let problems = format::counted(self.trouble.len() as u64, "problem");
        self.screen.note(&format!("{problems}:"));
        for why in &self.trouble {
            self.screen.note(&format!("  {why}"));
        }
    }

    fn tell(&mut self, job: &mut Job, event: PlayEvent) {
        if let Some(record) = &mut job.record {
            record.note(&event);
            if self.is_for_the_report(&event) {
                return;
            }
        }
        let colour = self.screen.has_colour();
        match event {
            PlayEvent::Defect(stream, defect) => {
                self.defects = true;
                job.tally.note(&stream, &defect);
                let origin = job.origin(&stream, self.named);
                let line = match self.options.json {
                    true => line::json(&origin, &defect),
                    false => line::defect(colour, &origin, &defect),
                };
                self.screen.line(&line);
            }
            PlayEvent::Measurement(stream, measurement) => {
                let origin = job.origin(&stream, self.named);
                let line = match self.options.json {
                    true => Some(line::json(&origin, &measurement)),
                    false => line::measurement(colour, &origin, &measurement),
                };
                if let Some(line) = line {
                    self.screen.line(&line);
                }
            }
            PlayEvent::Warning(text) => {
                if !self.options.quiet {
                    let text = format!("{}: {text}", job.label);
                    self.screen.complain(Style::Yellow, &text);
                }
            }
            PlayEvent::Element(..) => {}
            PlayEvent::Failed(text) => self.fail(&format!("{}: {text}", job.label)),
        }
    }

    /// Whether it was sent because a report needs it, and nobody asked to see it.
    fn is_for_the_report(&self, event: &PlayEvent) -> bool {
        match event {
            PlayEvent::Defect(_, defect) => defect.state == "ongoing",
            PlayEvent::Measurement(..) => self.options.measure.is_none(),
            _ => false,
        }
    }

    /// Prints problems of a file as a whole.
    fn fail_job(&mut self, job: &mut Job, why: String) {
        self.fail(&format!("{}: {why}", job.label));
        if let Some(record) = &mut job.record {
            record.fail(why);
        }
    }

    fn finish(&mut self, mut job: Job) {
        if self.options.duration.is_none()
            && let Some((at, length)) = job.play.cut_short()
        {
            let (at, length) = (time::clock(at), time::clock(length));
            let why = format!(
                "ends at {at}, although it says that it is {length} long; is it truncated?"
            );
            self.fail_job(&mut job, why);
        }
        for event in job.play.stop() {
            self.tell(&mut job, event);
        }
        if !job.play.missing.is_empty() && !job.play.has_failed() {
            let missing = job.play.missing.join(", ");
            self.fail_job(&mut job, format!("GStreamer has no plugin for: {missing}"));
        }
        if let Some((record, report)) = job.record.take().zip(self.report.as_mut()) {
            report.add(record, (&job.label, &job.uri), &job.play, &self.choice);
        }
        let empty = job.play.has_failed() && job.play.watched() == 0;
        if self.options.quiet || empty {
            return;
        }
        let colour = if self.options.json {
            self.screen.notes_have_colour()
        } else {
            self.screen.has_colour()
        };
        let mut lines = summary::lines(colour, &job.label, &job.play, &self.choice, &job.tally);
        if let Some(programme) = &job.programme {
            lines.extend(programme.comparison(colour, &job.tally, job.play.position()));
        }
        for line in lines {
            self.say(&line);
        }
    }
}
