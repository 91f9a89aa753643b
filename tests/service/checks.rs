// SPDX-License-Identifier: MPL-2.0
//! What `--check` says of a configuration with much that is wrong.

use super::running::{Folder, check};

/// Several things that are wrong in one section, each in a line of its own.
const MANY: &str = r#"[defaults]
profil = "all"
realtime = "yes"
[[streams]]
id = "a"
uri = "x.ts"
loop = "yes"
detectors = "blak"
program = 0
colour = "red"
maintenance = [{ from = "1" }, { from = "01:00", to = "02:00", zome = "UTC" }]
[[streams]]
loop = 1
[results]
url = 5
batch-secs = 1
spool-limit-bytes = "many"
[[alerts]]
kinds = ["blak", "silnce"]
severity = "bad"
url = "htp//x"
type = "webhook"
heartbeat-seconds = 0
colour = "red"
[[alerts]]
type = "mqtt"
port = "x"
tls = "yes"
hold-down-seconds = "long"
[http]
listen = "x"
trusted-proxies = ["x", "10.0.0.1", "y"]
colour = "red"
[capacity]
admision = "all"
[cluster]
servers = ["http://h"]
name = "a b"
replicas = 9
"#;

#[test]
fn each_wrong_key_and_value_is_named() {
    let folder = Folder::new("many");
    let path = folder.path("many.toml");
    std::fs::write(&path, MANY).unwrap();
    let output = check(&path);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    let lines = [
        (2, "unknown field `profil`, expected one of `profile`"),
        (3, "invalid type: string, expected a boolean"),
        (7, "invalid type: string, expected a boolean"),
        (8, "blak"),
        (9, "invalid value: integer"),
        (10, "unknown field `colour`, expected one of `id`"),
        (11, "missing field `to`"),
        (11, "unknown field `zome`, expected one of `days`"),
        (12, "missing field `id`"),
        (12, "missing field `uri`"),
        (13, "invalid type: integer, expected a boolean"),
        (15, "invalid type: integer, expected a string"),
        (16, "unknown field `batch-secs`, expected one of `url`"),
        (17, "invalid type: string, expected u64"),
        (19, "there is no \"blak\", no \"silnce\"; there are "),
        (20, "there are info"),
        (21, "url: "),
        (23, "takes a number from 1"),
        (24, "unknown field `colour`, expected one of `url`"),
        (24, "all receivers: `name`, `kinds`"),
        (25, "missing field `host`"),
        (27, "invalid type: string, expected u16"),
        (28, "invalid type: string, expected a boolean"),
        (29, "invalid type: string, expected u64"),
        (31, "not an ADDRESS:PORT such as"),
        (32, "not an address or range such as"),
        (33, "unknown field `colour`, expected one of `listen`"),
        (35, "unknown field `admision`, expected `admission` or"),
        (37, "servers: an address"),
        (38, "name: 1 to 100"),
        (39, "replicas: 1 to 5"),
    ];
    for (line, what) in lines {
        let place = format!("many.toml:{line}:");
        let mut all = said.lines();
        let found = all.any(|said| said.contains(&place) && said.contains(what));
        assert!(found, "{place} {what} in:\n{said}");
    }
    // Two of these are in one line, and nothing else is said.
    assert_eq!(said.lines().count(), lines.len() - 1, "{said}");
}
