// SPDX-License-Identifier: MPL-2.0
//! Man pages and shell completions, made from the command line's declaration.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Command, CommandFactory};
use clap_complete::{Shell, generate};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use crate::options::Options;

/// Write man pages and shell completions into a folder such as ~/.local/share
///
/// The files lie below the folder where man, bash, zsh and fish look for them: man/man1, bash-completion/completions,
/// zsh/vendor-completions and fish/vendor_completions.d.
#[derive(Debug, Args)]
pub struct Generate {
    /// The folder; it is made if it isn't there
    #[arg(value_name = "FOLDER")]
    pub folder: PathBuf,
}

/// Where the completions of each shell belong, below `share`.
const COMPLETIONS: &[(Shell, &str)] = &[
    (Shell::Bash, "bash-completion/completions/defect-monitor"),
    (Shell::Zsh, "zsh/vendor-completions/_defect-monitor"),
    (Shell::Fish, "fish/vendor_completions.d/defect-monitor.fish"),
];

/// Runs the command.
pub fn run(args: &Generate) -> Result<(), String> {
    let folder = &args.folder;
    write_all(folder).map_err(|e| format!("{}: {e}", folder.display()))
}

fn write_all(folder: &Path) -> io::Result<()> {
    let mut command = Options::command().disable_help_subcommand(true);
    for (shell, path) in COMPLETIONS {
        let mut script = Vec::new();
        generate(*shell, &mut command, "defect-monitor", &mut script);
        write(&folder.join(path), &script)?;
    }
    command.build();
    let visible = command.get_subcommands().filter(|c| !c.is_hide_set());
    for command in visible.chain([&command]) {
        let mut page = Vec::new();
        let man = Man::new(command.clone())
            .source(concat!("defect-monitor ", env!("CARGO_PKG_VERSION")))
            .date(env!("BUILD_REL_DATE"))
            .manual("User Commands");
        let path = folder.join("man/man1").join(man.get_filename());
        render(&man, command.clone(), &mut page)?;
        write(&path, &page)?;
    }
    Ok(())
}

fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, content)
}

/// A page as `clap_mangen` makes it, but with the synopsis that `--help` shows, and with the sections of the text behind the options as
/// sections.
fn render(man: &Man, mut command: Command, page: &mut Vec<u8>) -> io::Result<()> {
    man.render_title(page)?;
    man.render_name_section(page)?;
    synopsis(&command.render_usage().to_string()).to_writer(page)?;
    man.render_description_section(page)?;
    man.render_options_section(page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(page)?;
    }
    if let Some(text) = command.get_after_help() {
        sections(&text.to_string()).to_writer(page)?;
    }
    if !command.has_subcommands() {
        let mut roff = Roff::new();
        roff.control("SH", ["SEE ALSO"]);
        roff.text([bold("defect-monitor"), roman("(1)")]);
        roff.to_writer(page)?;
    }
    page.flush()
}

fn synopsis(usage: &str) -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["SYNOPSIS"]);
    for line in usage.trim_start_matches("Usage:").lines() {
        roff.text([roman(line.trim())]);
        roff.control("br", []);
    }
    roff
}

/// The text behind the options: a heading with a colon, under it indented lines that stay as they are.
fn sections(text: &str) -> Roff {
    let mut roff = Roff::new();
    let mut inside = false;
    for line in text.lines() {
        if let Some(heading) = line.strip_suffix(':').filter(|h| !h.starts_with(' ')) {
            if inside {
                roff.control("fi", []);
            }
            roff.control("SH", [&*heading.to_uppercase()]);
            roff.control("nf", []);
            inside = true;
        } else if !line.is_empty() {
            roff.text([roman(line.strip_prefix("  ").unwrap_or(line))]);
        }
    }
    if inside {
        roff.control("fi", []);
    }
    roff
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn every_command_has_a_page_and_every_shell_its_completions() {
        let scratch = Scratch::new(None, "generate").unwrap();
        let folder = scratch.file("share");
        write_all(&folder).unwrap();
        for (_, path) in COMPLETIONS {
            let script = fs::read_to_string(folder.join(path)).unwrap();
            for word in ["report", "fail-on-defect"] {
                assert!(script.contains(word), "{path}: {word}");
            }
        }
        let pages = folder.join("man/man1");
        let page = fs::read_to_string(pages.join("defect-monitor.1")).unwrap();
        for line in [".SH SYNOPSIS", ".SH EXAMPLES", ".SH \"EXIT STATUS\""] {
            assert!(page.lines().any(|l| l == line), "{line} in {page}");
        }
        assert!(!page.contains("worker"), "{page}");
        for command in ["report", "inject", "accuracy", "capacity", "generate"] {
            let page = pages.join(format!("defect-monitor-{command}.1"));
            assert!(page.exists(), "{}", page.display());
        }
    }
}
