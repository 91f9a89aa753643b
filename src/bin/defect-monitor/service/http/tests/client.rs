// SPDX-License-Identifier: MPL-2.0
//! The least of an HTTP client: one request, one answer, one connection.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// Status line and headers, in lower case.
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|e| panic!("{e}: {}\n{}", self.head, self.text()))
    }

    /// What is said to be wrong.
    pub fn error(&self) -> String {
        self.json()["error"].as_str().unwrap_or_default().to_owned()
    }
}

/// Asks for something. `headers` are lines.
pub fn ask(to: SocketAddr, method: &str, path: &str, headers: &[&str], body: &str) -> Answer {
    let mut request = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
    if !headers.iter().any(|h| h.starts_with("Host:")) {
        request.push_str(&format!("Host: {to}\r\n"));
    }
    for header in headers {
        request.push_str(&format!("{header}\r\n"));
    }
    request.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
    send(to, request.as_bytes())
}

/// Asks for a page.
pub fn get(to: SocketAddr, path: &str) -> Answer {
    ask(to, "GET", path, &[], "")
}

/// Sends bytes as they are, and reads what comes back.
pub fn send(to: SocketAddr, request: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(to).unwrap();
    let limit = Some(Duration::from_secs(60));
    stream.set_read_timeout(limit).unwrap();
    // The server may have answered and closed before it has read all.
    let _ = stream.write_all(request);
    let mut bytes = Vec::new();
    let mut block = [0; 65536];
    loop {
        // Not every server closes the connection because it was asked to: the length counts.
        if let Some(answer) = whole(&bytes) {
            return answer;
        }
        let read = stream.read(&mut block).unwrap_or(0);
        assert!(read > 0, "no answer: {:?}", String::from_utf8_lossy(&bytes));
        bytes.extend_from_slice(&block[..read]);
    }
}

/// The answer in what has come so far, if it is all there.
fn whole(bytes: &[u8]) -> Option<Answer> {
    let end = bytes.windows(4).position(|w| w == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
    let chunked = head.contains("transfer-encoding: chunked");
    if chunked && !bytes.ends_with(b"\r\n0\r\n\r\n") {
        return None;
    }
    let length = head.split("\r\ncontent-length:").nth(1);
    let length = length.map_or(0, |l| {
        l.split("\r\n").next().unwrap().trim().parse().unwrap()
    });
    let body = match chunked {
        // With its chunks.
        true => bytes[end + 4..].to_vec(),
        false => bytes[end + 4..].get(..length)?.to_vec(),
    };
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some(Answer { status, head, body })
}
