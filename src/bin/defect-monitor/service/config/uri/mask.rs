// SPDX-License-Identifier: MPL-2.0
//! Which parts of a URI may be secrets. What can be one isn't shown, whatever it is called: only parameters known to be harmless are.
//!
//! Texts are outlines: a character of private use stands for each placeholder.

use super::super::placeholders::is_mark;

/// Stands for what isn't shown.
pub const HIDDEN: &str = "***";

/// Parameters of a query that are secrets by their names, without `-` and `_`: they are refused where they are written out.
const SECRET: &[&str] = &[
    "accesskey",
    "accesstoken",
    "apikey",
    "authtoken",
    "pass",
    "passphrase",
    "passwd",
    "password",
    "secret",
    "secretkey",
    "streamkey",
    "token",
];

/// Parameters whose values are shown: settings of SRT, RIST, RTP and UDP.
const HARMLESS: &[&str] = &[
    "bandwidth",
    "clock-rate",
    "encoding-name",
    "latency",
    "localaddr",
    "localport",
    "maxbw",
    "media",
    "mode",
    "multicast-iface",
    "payload",
    "pbkeylen",
    "poll-timeout",
    "rtcp-port",
    "timeout",
    "transtype",
    "ttl-mc",
];

/// What kind of secret is written out, if any.
pub fn written_secret(outline: &str) -> Option<&'static str> {
    let parts = Parts::of(outline)?;
    let is_written = |value: &str| !value.is_empty() && !value.contains(is_mark);
    let password = parts.user.and_then(|user| user.split_once(':'));
    if password.is_some_and(|(_, password)| is_written(password)) {
        return Some("a password");
    }
    let is_secret = |name: &str| {
        let name = name.replace(['-', '_'], "").to_ascii_lowercase();
        SECRET.contains(&name.as_str())
    };
    let query = parts.query.unwrap_or_default();
    query
        .split(['&', '#', ';'])
        .filter_map(|parameter| parameter.split_once('='))
        .any(|(name, value)| is_secret(name) && is_written(value))
        .then_some("a secret in a parameter")
}

/// A URI as it is shown, and what isn't shown of it.
pub fn mask(outline: &str) -> (String, Vec<String>) {
    let mut mask = Mask::default();
    let Some(parts) = Parts::of(outline) else {
        return (outline.to_owned(), Vec::new());
    };
    mask.show(parts.scheme);
    mask.show("://");
    if let Some(user) = parts.user {
        mask.hide_each(user, &[':']);
        mask.show("@");
    }
    mask.show(parts.host);
    mask.path(parts.scheme, parts.path);
    if let Some(query) = parts.query {
        mask.show("?");
        mask.query(query);
    }
    (mask.shown, mask.hidden)
}

/// The parts of `scheme://user@host:port/path?query`.
struct Parts<'a> {
    scheme: &'a str,
    user: Option<&'a str>,
    host: &'a str,
    path: &'a str,
    /// With the fragment, if there is one.
    query: Option<&'a str>,
}

impl<'a> Parts<'a> {
    fn of(uri: &'a str) -> Option<Self> {
        let (scheme, rest) = uri.split_once("://")?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at(end);
        let (user, host) = match authority.rsplit_once('@') {
            Some((user, host)) => (Some(user), host),
            None => (None, authority),
        };
        let (path, query) = match rest.split_once(['?', '#']) {
            Some((path, query)) => (path, Some(query)),
            None => (rest, None),
        };
        Some(Self {
            scheme,
            user,
            host,
            path,
            query,
        })
    }
}

#[derive(Default)]
struct Mask {
    shown: String,
    hidden: Vec<String>,
}

impl Mask {
    fn show(&mut self, text: &str) {
        self.shown += text;
    }

    /// Hides a text but for the placeholders in it.
    fn hide(&mut self, text: &str) {
        for piece in text.split_inclusive(is_mark) {
            let written = piece.trim_end_matches(is_mark);
            if !written.is_empty() {
                self.show(HIDDEN);
                self.hidden.push(written.to_owned());
            }
            self.show(&piece[written.len()..]);
        }
    }

    /// Hides what lies between characters that are shown.
    fn hide_each(&mut self, text: &str, between: &[char]) {
        for piece in text.split_inclusive(between) {
            let bare = piece.trim_end_matches(between);
            self.hide(bare);
            self.show(&piece[bare.len()..]);
        }
    }

    /// The path of RTMP ends with the key of the stream, after the application; others may have values in them.
    fn path(&mut self, scheme: &str, path: &str) {
        let keyed = ["rtmp", "rtmps"]
            .iter()
            .any(|s| s.eq_ignore_ascii_case(scheme));
        for (n, segment) in path.split('/').enumerate() {
            if n > 0 {
                self.show("/");
            }
            match segment.find(['=', ';']) {
                _ if keyed && n > 1 => self.hide(segment),
                Some(at) => {
                    let (name, value) = segment.split_at(at + 1);
                    self.show(name);
                    self.hide(value);
                }
                None => self.show(segment),
            }
        }
    }

    fn query(&mut self, query: &str) {
        for parameter in query.split_inclusive(['&', '#', ';']) {
            let bare = parameter.trim_end_matches(['&', '#', ';']);
            match bare.split_once('=') {
                Some((name, _)) if HARMLESS.contains(&name.to_ascii_lowercase().as_str()) => {
                    self.show(bare);
                }
                Some((name, value)) => {
                    self.show(name);
                    self.show("=");
                    self.hide(value);
                }
                None => self.hide(bare),
            }
            self.show(&parameter[bare.len()..]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_may_be_a_secret_is_shown() {
        for (uri, shown) in [
            ("udp://@239.0.0.1:5004", "udp://@239.0.0.1:5004"),
            (
                "srt://h:1?mode=caller&latency=200",
                "srt://h:1?mode=caller&latency=200",
            ),
            (
                "srt://h:1?streamid=hunter2&mode=caller",
                "srt://h:1?streamid=***&mode=caller",
            ),
            (
                "srt://h:1?streamid=#!::u=me,r=hunter2",
                "srt://h:1?streamid=#!::u=***",
            ),
            (
                "http://h/a/b.m3u8?sig=hunter2&x=hunter3",
                "http://h/a/b.m3u8?sig=***&x=***",
            ),
            ("http://h/?hunter2", "http://h/?***"),
            ("http://h/x#hunter2", "http://h/x?***"),
            ("https://hunter2@h/x", "https://***@h/x"),
            ("rtmp://h/live/hunter2", "rtmp://h/live/***"),
            (
                "RTMPS://h:1935/live/a/hunter2?x",
                "RTMPS://h:1935/live/***/***?***",
            ),
            (
                "rtsp://h/user=me_password=hunter2_1.sdp",
                "rtsp://h/user=***",
            ),
            ("http://h/x;jsessionid=hunter2/y", "http://h/x;***/y"),
            ("file:///a/b.ts", "file:///a/b.ts"),
            ("a=b.ts", "a=b.ts"),
        ] {
            let (masked, hidden) = mask(uri);
            assert_eq!(masked, shown);
            assert!(!masked.contains("hunter2"));
            assert!(!shown.contains("***") || !hidden.is_empty());
        }
        let (masked, hidden) = mask("http://me:\u{E000}@h/?a=\u{E001}x");
        assert_eq!(masked, "http://***:\u{E000}@h/?a=\u{E001}***");
        assert_eq!(hidden, ["me", "x"]);
    }
}
