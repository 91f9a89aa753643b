// SPDX-License-Identifier: MPL-2.0
//! The files of results in a folder.

use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use flate2::bufread::GzDecoder;

use super::place::EXPENDABLE;

/// A file that is being written is finished within moments. After this time it is left of a process that was killed.
pub const UNFINISHED: Duration = Duration::from_secs(3600);

/// Free space that results leave to alarms: this, or a twentieth of a small disk.
const RESERVE: u64 = 256 << 20;

/// A file of results.
pub struct Found {
    /// As it is in the store.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// When it was written last.
    pub written: std::time::SystemTime,
}

/// All files of results in a folder; not those that are being written.
pub fn files(root: &Path) -> Vec<Found> {
    let mut found = Vec::new();
    for section in EXPENDABLE {
        collect(root, &root.join(section), &mut found);
    }
    found
}

fn collect(root: &Path, folder: &Path, found: &mut Vec<Found>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let Ok(about) = entry.metadata() else {
            continue;
        };
        if about.is_dir() {
            collect(root, &path, found);
        } else if path.extension().is_some_and(|e| e == "part") {
            let is_old = about
                .modified()
                .is_ok_and(|at| at.elapsed().is_ok_and(|age| age >= UNFINISHED));
            if is_old {
                let _ = fs::remove_file(&path);
            }
        } else if let Ok(inner) = path.strip_prefix(root) {
            found.push(Found {
                path: inner.to_string_lossy().into_owned(),
                bytes: about.len(),
                written: about.modified().unwrap_or(std::time::UNIX_EPOCH),
            });
        }
    }
}

/// How many bytes are free on the disk of a folder, and how many of them results leave to alarms.
pub fn room(folder: &Path) -> io::Result<(u64, u64)> {
    let disk = rustix::fs::statvfs(folder)?;
    let (all, free) = (disk.f_blocks * disk.f_frsize, disk.f_bavail * disk.f_frsize);
    Ok((free, RESERVE.min(all / 20)))
}

/// Makes the folder of a file, with those that it lies in, and syncs the entry of each.
pub fn make_folders(file: &Path) -> io::Result<()> {
    let missing: Vec<&Path> = file
        .ancestors()
        .skip(1)
        .take_while(|f| !f.as_os_str().is_empty() && !f.exists())
        .collect();
    for folder in missing.into_iter().rev() {
        match fs::create_dir(folder) {
            Err(e) if e.kind() != io::ErrorKind::AlreadyExists => return Err(e),
            _ => sync(folder)?,
        }
    }
    Ok(())
}

/// Removes the files of a folder that a process which was killed has left half written.
pub fn remove_unfinished(root: &Path) {
    drop(files(root));
}

/// Removes the folders of a file that are empty now; those that aren't stay.
pub fn remove_empty_folders(root: &Path, file: &Path) {
    for folder in file.ancestors().skip(1) {
        if folder == root || fs::remove_dir(folder).is_err() {
            break;
        }
    }
}

/// Cuts off a batch that a power cut left half written, so that the others can be read.
pub fn repair(file: &Path) {
    let Ok(content) = fs::read(file) else { return };
    let mut rest = content.as_slice();
    let mut whole = 0;
    while !rest.is_empty() {
        let mut batch = GzDecoder::new(rest);
        if io::copy(&mut batch, &mut io::sink()).is_err() {
            break;
        }
        rest = batch.into_inner();
        whole = content.len() - rest.len();
    }
    if whole < content.len()
        && let Ok(file) = fs::File::options().write(true).open(file)
    {
        let _ = file.set_len(whole as u64);
    }
}

/// Has the disk know a file by its name: the name is in the folder, not in the file.
pub fn sync(file: &Path) -> io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("/"));
    let is_here = folder.as_os_str().is_empty();
    let folder = if is_here { Path::new(".") } else { folder };
    fs::File::open(folder)?.sync_all()
}
