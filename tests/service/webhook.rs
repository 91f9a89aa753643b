// SPDX-License-Identifier: MPL-2.0
//! A server that takes events.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

/// What takes longer doesn't come.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server on loopback.
pub struct Webhook {
    pub url: String,
    events: Arc<Mutex<Vec<Value>>>,
}

impl Webhook {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let events = Arc::<Mutex<_>>::default();
        let shared = Arc::clone(&events);
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || while serve(&connection, &shared).is_some() {});
            }
        });
        Self { url, events }
    }

    /// The section of a configuration that sends to it.
    pub fn section(&self, more: &str) -> String {
        let url = &self.url;
        format!("[[alerts]]\ntype = \"webhook\"\nurl = \"{url}\"\n{more}\n")
    }

    /// What has come and was taken.
    pub fn events(&self) -> Vec<Value> {
        self.events.lock().unwrap().clone()
    }

    /// How many of them have these fields.
    pub fn count(&self, fields: &[(&str, &str)]) -> usize {
        let events = self.events();
        events.iter().filter(|event| has(event, fields)).count()
    }

    /// How many of them there are without those that came twice.
    pub fn different(&self, fields: &[(&str, &str)]) -> usize {
        let once = once(self.events());
        once.iter().filter(|event| has(event, fields)).count()
    }

    /// Waits until so many of them have these fields.
    pub fn wait(&self, fields: &[(&str, &str)], times: usize) {
        let start = Instant::now();
        while self.count(fields) < times {
            let events = self.events();
            assert!(start.elapsed() < PATIENCE, "no {fields:?} in {events:#?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn has(event: &Value, fields: &[(&str, &str)]) -> bool {
    fields.iter().all(|(key, value)| event[*key] == *value)
}

/// Leaves out notices that came twice: members may send one again, with the same key, and who receives it knows.
pub fn once(mut events: Vec<Value>) -> Vec<Value> {
    let mut keys = BTreeSet::new();
    events.retain(|event| keys.insert(format!("{}/{}", event["episode"], event["state"])));
    events
}

/// Answers a request; none at the end of the connection.
fn serve(mut connection: &TcpStream, events: &Mutex<Vec<Value>>) -> Option<()> {
    let mut reader = BufReader::new(connection);
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let event = serde_json::from_slice(&body).unwrap_or(Value::Null);
    events.lock().unwrap().push(event);
    write!(connection, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").ok()
}
