// SPDX-License-Identifier: MPL-2.0
//! From what the user wrote to a URI, and what can be said about it before it is played.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use gst::glib;

/// Something to watch.
#[derive(Debug, Clone)]
pub struct Address {
    /// For GStreamer and for programs.
    pub uri: String,
    /// For people.
    pub label: String,
}

impl Address {
    /// Whether it is a file, which can be read at any speed, and repeatedly.
    pub fn is_file(&self) -> bool {
        self.uri.starts_with("file:")
    }

    /// What an argument means; an error says why it can't be played.
    pub fn of(argument: &OsStr) -> Result<Self, String> {
        let shown = argument.to_string_lossy();
        if shown == "-" {
            return Ok(Self {
                uri: "fd://0".to_owned(),
                label: "standard input".to_owned(),
            });
        }
        // A file may be called like a URI.
        if !Path::new(argument).exists() && is_uri(&shown) {
            let file = shown
                .get(..5)
                .filter(|scheme| scheme.eq_ignore_ascii_case("file:"))
                .map(|_| glib::filename_from_uri(&shown));
            match file {
                Some(Ok((path, _))) => check(&path)?,
                Some(Err(e)) => return Err(e.message().to_owned()),
                None => {}
            }
            return Ok(Self {
                label: shown.to_string(),
                uri: shown.into_owned(),
            });
        }
        let path = PathBuf::from(argument);
        check(&path)?;
        let path = std::path::absolute(&path).map_err(|e| plain(&e))?;
        let uri = glib::filename_to_uri(&path, None).map_err(|e| e.message().to_owned())?;
        let label = path.file_name().map(OsStr::to_string_lossy);
        Ok(Self {
            uri: uri.to_string(),
            label: label.map_or_else(|| shown.to_string(), |l| l.to_string()),
        })
    }

    /// Gives those that would look alike their whole name.
    pub fn tell_apart(addresses: &mut [(OsString, Result<Self, String>)]) {
        let labels: Vec<String> = addresses
            .iter()
            .filter_map(|(_, a)| a.as_ref().ok().map(|a| a.label.clone()))
            .collect();
        for (argument, address) in addresses {
            if let Ok(address) = address
                && labels.iter().filter(|l| **l == address.label).count() > 1
            {
                address.label = argument.to_string_lossy().into_owned();
            }
        }
    }
}

/// `scheme:...` with a scheme of two letters or more.
pub fn is_uri(text: &str) -> bool {
    text.split_once(':').is_some_and(|(scheme, _)| {
        scheme.len() > 1
            && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    })
}

/// GStreamer would report these later, and less clearly.
fn check(path: &Path) -> Result<(), String> {
    let about = std::fs::metadata(path).map_err(|e| plain(&e))?;
    if about.is_dir() {
        return Err("is a directory, not a file".to_owned());
    }
    if about.is_file() {
        if about.len() == 0 {
            return Err("the file is empty".to_owned());
        }
        std::fs::File::open(path).map_err(|e| plain(&e))?;
    }
    Ok(())
}

/// Without the number of the error.
fn plain(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error")
        .next()
        .unwrap_or(&text)
        .to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_are_told_from_names() {
        for uri in ["http://x/y", "udp://@:1234", "SRT://h:1", "file:///x"] {
            assert!(is_uri(uri), "{uri}");
        }
        for name in ["a.mp4", "c:\\a.mp4", "10:30.ts", "ein film: teil 2.mkv", ""] {
            assert!(!is_uri(name), "{name}");
        }
    }

    #[test]
    fn odd_names_become_uris() {
        let folder = std::env::temp_dir().join(format!("defect-monitor-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap_or_default();
        let path = folder.join("ä %20 #1?.ts");
        std::fs::write(&path, b"x").unwrap_or_default();
        let address = Address::of(path.as_os_str()).map(|a| a.uri);
        std::fs::remove_dir_all(&folder).unwrap_or_default();
        let uri = address.unwrap_or_else(|e| e);
        assert!(
            uri.starts_with("file:///") && uri.ends_with("/%C3%A4%20%2520%20%231%3F.ts"),
            "{uri}"
        );
    }

    #[test]
    fn what_is_not_there_is_refused() {
        for name in ["/no/such/file.mp4", "/", "file:///no/such/file", ""] {
            assert!(Address::of(OsStr::new(name)).is_err(), "{name}");
        }
    }
}
